/* SPDX-License-Identifier: Apache-2.0 */
#include "client/dial.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include "client/usher_client.h"

int64_t dial_now_ms(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int dial_finish(int fd, int64_t until, int timeout_ms)
{
        for (;;) {
                struct pollfd pollfd = { fd, POLLOUT, 0 };
                int64_t left = until - dial_now_ms();
                int error = 0;
                socklen_t size = sizeof(error);
                int n = poll(&pollfd, 1, timeout_ms < 0 ? -1 : left > 0 ? (int)left : 0);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        return USHER_E_TIMEOUT;
                if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
                        return -errno;
                return -error;
        }
}

static int dial_socket(int family, const struct sockaddr *to, socklen_t length, int timeout_ms, int *fdp)
{
        int64_t until = dial_now_ms() + timeout_ms;
        /* A Unix socket whose backlog is full answers EAGAIN when asked without blocking; blocking, it waits its turn. */
        int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | (family == AF_UNIX ? 0 : SOCK_NONBLOCK), 0);
        int on = 1;
        int r = 0;

        if (fd < 0)
                return -errno;
        if (connect(fd, to, length) < 0)
                r = errno == EINPROGRESS || errno == EINTR ? dial_finish(fd, until, timeout_ms) : -errno;
        if (r) {
                close(fd);
                return r;
        }
        if (family != AF_UNIX)
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        *fdp = fd;
        return 0;
}

static int dial_unix(const char *path, int timeout_ms, int *fdp)
{
        struct sockaddr_un to = { .sun_family = AF_UNIX };

        if (!*path)
                return USHER_E_ADDRESS;
        if (strlen(path) >= sizeof(to.sun_path))
                return -ENAMETOOLONG;
        strcpy(to.sun_path, path);
        return dial_socket(AF_UNIX, (const struct sockaddr *)&to, sizeof(to), timeout_ms, fdp);
}

/* HOST:PORT or [HOST]:PORT. Every address of the host is tried in turn; the last failure is told. */
static int dial_tcp(const char *where, int timeout_ms, int *fdp)
{
        struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG };
        struct addrinfo *found = NULL;
        const char *colon = strrchr(where, ':');
        char host[256];
        size_t length;
        int r = USHER_E_NO_HOST;

        if (!colon || !colon[1] || colon == where)
                return USHER_E_ADDRESS;
        length = (size_t)(colon - where);
        if (where[0] == '[' && colon[-1] == ']') {
                where++;
                length -= 2;
        } else if (memchr(where, ':', length)) {
                return USHER_E_ADDRESS; /* an IPv6 address stands in brackets */
        }
        if (!length || length >= sizeof(host))
                return USHER_E_ADDRESS;
        memcpy(host, where, length);
        host[length] = '\0';
        if (getaddrinfo(host, colon + 1, &hints, &found) != 0)
                return USHER_E_NO_HOST;
        for (struct addrinfo *at = found; at; at = at->ai_next) {
                r = dial_socket(at->ai_family, at->ai_addr, at->ai_addrlen, timeout_ms, fdp);
                if (r == 0)
                        break;
        }
        freeaddrinfo(found);
        return r;
}

int dial(const char *address, int timeout_ms, int *fdp)
{
        if (strncmp(address, "unix:", 5) == 0)
                return dial_unix(address + 5, timeout_ms, fdp);
        if (strncmp(address, "tcp:", 4) == 0)
                return dial_tcp(address + 4, timeout_ms, fdp);
        if (address[0] == '/')
                return dial_unix(address, timeout_ms, fdp);
        return USHER_E_ADDRESS;
}
