/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/error.h"
#include "wire/address.h"

enum { BACKLOG = 4096, UNIX_MODE = 0666 };

static int fail(const char **why, int r, const char *said)
{
        *why = said;
        return error_origin(r);
}

/* A socket in the way is removed if nobody answers there. */
static int stale_remove(const struct sockaddr_un *name, const char **why)
{
        struct stat st;
        if (lstat(name->sun_path, &st) < 0)
                return fail(why, -errno, "the path is in use");
        if (!S_ISSOCK(st.st_mode))
                return fail(why, -EEXIST, "the path is taken by something that is no socket");
        _cleanup_(closep) int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (probe < 0)
                return fail(why, -errno, "no socket can be made");
        if (connect(probe, (const struct sockaddr *)name, sizeof *name) == 0 || errno != ECONNREFUSED)
                return fail(why, -EADDRINUSE, "somebody listens there already");
        if (unlink(name->sun_path) < 0)
                return fail(why, -errno, "the socket left there cannot be removed");
        return 0;
}

static int unix_listen(const char *path, int *fdp, const char **why)
{
        struct sockaddr_un name = { .sun_family = AF_UNIX };
        if (path[0] == '\0' || strlen(path) >= sizeof name.sun_path)
                return fail(why, -ENAMETOOLONG, "a socket's path has 1 to 107 bytes");
        memcpy(name.sun_path, path, strlen(path));
        _cleanup_(closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return fail(why, -errno, "no socket can be made");
        int r = bind(fd, (const struct sockaddr *)&name, sizeof name);
        if (r < 0 && errno == EADDRINUSE) {
                r = stale_remove(&name, why);
                if (r < 0)
                        return r;
                r = bind(fd, (const struct sockaddr *)&name, sizeof name);
        }
        if (r < 0)
                return fail(why, -errno, "the path cannot be bound");
        /* Nobody can connect before listen(), so the mode is never wider than this. */
        if (chmod(path, UNIX_MODE) < 0 || listen(fd, BACKLOG) < 0)
                return fail(why, -errno, "the socket cannot be listened on");
        *fdp = take_fd(fd);
        return 0;
}

static int tcp_listen(const struct addrinfo *info, int *fdp)
{
        int on = 1;
        _cleanup_(closep) int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return -errno;
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        if (info->ai_family == AF_INET6)
                setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
        if (bind(fd, info->ai_addr, info->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0)
                return -errno;
        *fdp = take_fd(fd);
        return 0;
}

/* Host and port of "HOST:PORT", "[HOST]:PORT"; the port is what follows the last colon. */
static bool tcp_split(char *text, char **host, char **port)
{
        char *colon = strrchr(text, ':');
        if (!colon || colon[1] == '\0')
                return false;
        *colon = '\0';
        *port = colon + 1;
        size_t length = strlen(text);
        if (length >= 2 && text[0] == '[' && text[length - 1] == ']') {
                text[length - 1] = '\0';
                text++;
        }
        *host = text[0] == '\0' || strcmp(text, "*") == 0 ? NULL : text;
        return true;
}

static int tcp_listen_all(const char *text, int fds[static ADDRESS_SOCKETS_MAX], const char **why)
{
        _cleanup_(freep) char *copy = xstrdup(text);
        char *host, *port;
        struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM };
        struct addrinfo *found;
        int count = 0, r = -EADDRNOTAVAIL;
        if (!tcp_split(copy, &host, &port))
                return fail(why, -EINVAL, "a TCP address is tcp:HOST:PORT");
        if (getaddrinfo(host, port, &hints, &found) != 0)
                return fail(why, -EADDRNOTAVAIL, "no such host or port");
        for (const struct addrinfo *info = found; info && count < ADDRESS_SOCKETS_MAX; info = info->ai_next) {
                r = tcp_listen(info, &fds[count]);
                if (r == 0)
                        count++;
                else if (r != -EAFNOSUPPORT && r != -EADDRNOTAVAIL)
                        break;
        }
        freeaddrinfo(found);
        if (count > 0 && (r == 0 || r == -EAFNOSUPPORT || r == -EADDRNOTAVAIL))
                return count;
        while (count > 0)
                close(fds[--count]);
        return fail(why, r, r == -EADDRINUSE ? "the port is in use" : "the address cannot be bound");
}

int address_listen(const char *address, int fds[static ADDRESS_SOCKETS_MAX], const char **why)
{
        if (strncmp(address, "unix:", 5) == 0) {
                int r = unix_listen(address + 5, &fds[0], why);
                return r < 0 ? r : 1;
        }
        if (strncmp(address, "tcp:", 4) == 0)
                return tcp_listen_all(address + 4, fds, why);
        return fail(why, -EINVAL, "an address is unix:PATH or tcp:HOST:PORT");
}

void address_write(int fd, struct buffer *out)
{
        struct sockaddr_storage name = { 0 };
        socklen_t length = sizeof name;
        char host[NI_MAXHOST], port[NI_MAXSERV];
        if (getsockname(fd, (struct sockaddr *)&name, &length) < 0)
                return;
        if (name.ss_family == AF_UNIX) {
                buffer_addf(out, "unix:%s", ((const struct sockaddr_un *)(const void *)&name)->sun_path);
        } else if (getnameinfo((const struct sockaddr *)&name, length, host, sizeof host, port, sizeof port,
                           NI_NUMERICHOST | NI_NUMERICSERV) == 0) {
                buffer_addf(out, name.ss_family == AF_INET6 ? "tcp:[%s]:%s" : "tcp:%s:%s", host, port);
        }
}
