/* SPDX-License-Identifier: Apache-2.0 */
/* Accepts peers; what is too many is told so and turned away. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/error.h"
#include "base/log.h"
#include "wire/address.h"
#include "wire/private.h"

enum { ACCEPTS_A_TURN = 64, REST_US = 100000 };

struct listener {
        LIST_ENTRY(listener) link;
        struct wire *wire;
        int fd;
        char *path; /* of a Unix socket of our own: removed at the end, if it is still that one */
        dev_t device;
        ino_t inode;
        struct event accept;
};

static int spare_open(void)
{
        return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* A last word is tried; nobody waits for it. */
static void turn_away(int fd, size_t limit)
{
        struct buffer text = BUFFER_NULL;
        message_write_error(&(struct message_error){ MESSAGE_FAULT_TOO_LARGE, limit }, NULL, &text);
        buffer_add_text(&text, "\n{\"jsonrpc\":\"2.0\",\"method\":\"server.closing\",\"params\":{\"reason\":"
                               "\"too_large\"}}\n");
        ssize_t sent = send(fd, text.data, text.length, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0)
                log_debug("a caller was turned away unheard: %s", strerror(errno));
        buffer_deinit(&text);
        close(fd);
}

static void prepare_tcp(int fd)
{
        int on = 1, idle = 60, interval = 15, count = 4;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on); /* a watcher may be silent for hours */
        setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
        setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
        setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
}

static void listener_welcome(struct wire *wire, int fd, const struct sockaddr *address)
{
        struct ucred credentials = { .uid = (uid_t)-1 };
        socklen_t length = sizeof credentials;
        bool local = address->sa_family == AF_UNIX;
        char name[INET6_ADDRSTRLEN];
        if (local)
                getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length);
        else
                prepare_tcp(fd);
        origin_name(address, credentials.uid, name);
        if (wire->peer_count >= wire->settings.max_connections) {
                turn_away(fd, wire->settings.max_connections);
                return;
        }
        struct origin *origin = origin_take(&wire->origins, name);
        if (origin->peers > wire->settings.before_login.connections) {
                origin_drop(&wire->origins, origin);
                turn_away(fd, wire->settings.before_login.connections);
                return;
        }
        peer_new(wire, fd, local ? PEER_UNIX : PEER_TCP, credentials.uid, origin);
}

/*
 * No descriptor is left, and the socket would stay readable: the spare one takes a caller in to send it away, then
 * the listeners rest.
 */
static void listener_rest(struct listener *listener)
{
        struct wire *wire = listener->wire;
        if (wire->spare_fd >= 0)
                close(wire->spare_fd);
        int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0)
                turn_away(fd, wire->peer_count);
        wire->spare_fd = spare_open();
        log_warning("no descriptor is left: nobody is let in for a moment");
        struct listener *each;
        LIST_FOREACH(each, &wire->listeners, link)
        event_del(&each->accept);
        event_add(&wire->rest, &(struct timeval){ 0, REST_US });
}

static void listeners_resume(evutil_socket_t fd, short what, void *context)
{
        (void)fd, (void)what;
        struct wire *wire = context;
        struct listener *listener;
        if (wire->spare_fd < 0)
                wire->spare_fd = spare_open();
        LIST_FOREACH(listener, &wire->listeners, link)
        event_add(&listener->accept, NULL);
}

static void listener_accept(evutil_socket_t fd, short what, void *context)
{
        (void)what;
        struct listener *listener = context;
        for (int i = 0; i < ACCEPTS_A_TURN; i++) {
                struct sockaddr_storage address = { 0 };
                socklen_t length = sizeof address;
                int peer = accept4(fd, (struct sockaddr *)&address, &length, SOCK_CLOEXEC | SOCK_NONBLOCK);
                if (peer >= 0) {
                        listener_welcome(listener->wire, peer, (const struct sockaddr *)&address);
                        continue;
                }
                int why = errno;
                if (why == EMFILE || why == ENFILE || why == ENOBUFS || why == ENOMEM)
                        listener_rest(listener);
                if (why != ECONNABORTED && why != EINTR)
                        return;
        }
}

static void listener_new(struct wire *wire, int fd, bool own)
{
        struct listener *listener = xcalloc(1, sizeof *listener);
        struct sockaddr_un name = { 0 };
        socklen_t length = sizeof name;
        struct stat st;
        listener->wire = wire;
        listener->fd = fd;
        if (own && getsockname(fd, (struct sockaddr *)&name, &length) == 0 && name.sun_family == AF_UNIX &&
                stat(name.sun_path, &st) == 0) {
                listener->path = xstrdup(name.sun_path);
                listener->device = st.st_dev;
                listener->inode = st.st_ino;
        }
        event_assign(&listener->accept, wire->base, fd, EV_READ | EV_PERSIST, listener_accept, listener);
        event_add(&listener->accept, NULL);
        LIST_INSERT_HEAD(&wire->listeners, listener, link);
}

static void listener_free(struct listener *listener)
{
        struct stat st;
        event_del(&listener->accept);
        close(listener->fd);
        if (listener->path && stat(listener->path, &st) == 0 && st.st_dev == listener->device &&
                st.st_ino == listener->inode)
                unlink(listener->path);
        LIST_REMOVE(listener, link);
        free(listener->path);
        free(listener);
}

void listeners_init(struct wire *wire)
{
        LIST_INIT(&wire->listeners);
        wire->spare_fd = spare_open();
        evtimer_assign(&wire->rest, wire->base, listeners_resume, wire);
}

void listeners_close(struct wire *wire)
{
        event_del(&wire->rest);
        struct listener *listener = LIST_FIRST(&wire->listeners);
        while (listener) {
                struct listener *next = LIST_NEXT(listener, link);
                listener_free(listener);
                listener = next;
        }
        if (wire->spare_fd >= 0)
                close(wire->spare_fd);
        wire->spare_fd = -1;
}

int wire_listen(struct wire *wire, const char *address, const char **why)
{
        int fds[ADDRESS_SOCKETS_MAX];
        int count = address_listen(address, fds, why);
        for (int i = 0; i < count; i++)
                listener_new(wire, fds[i], true);
        return count < 0 ? count : 0;
}

int wire_listen_fd(struct wire *wire, int fd)
{
        int listening = 0;
        socklen_t length = sizeof listening;
        if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &length) < 0)
                return error_origin(-errno);
        if (!listening)
                return error_origin(-EINVAL);
        if (evutil_make_socket_nonblocking(fd) < 0 || evutil_make_socket_closeonexec(fd) < 0)
                return error_origin(-errno);
        listener_new(wire, fd, false);
        return 0;
}

void wire_addresses(const struct wire *wire, struct buffer *out)
{
        const struct listener *listener;
        LIST_FOREACH(listener, &wire->listeners, link)
        {
                address_write(listener->fd, out);
                buffer_add_char(out, '\n');
        }
}
