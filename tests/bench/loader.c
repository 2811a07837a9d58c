/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads a daemon through its socket: so many connections, so many requests under way on each, each sent as soon as an
 * earlier one has been answered. Every reply is held to what its request expects. Prints one line of JSON: how many,
 * how long, how fast, the waits' quantiles, and what it cost this process.
 *
 * It shares the machine with what it measures: one thread, one write a connection and turn, and replies are looked
 * through, never parsed.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include "requests.h"

enum { READ_BYTES = 256 << 10, EVENTS = 256, SHOWN_BYTES = 1200 };

static const char reply_head[] = "{\"jsonrpc\":\"2.0\",\"id\":";

struct slot {
        size_t request;
        int64_t sent_ns;
};

struct connection {
        int fd;
        struct slot *slots;
        unsigned *free; /* a stack of slots without a request */
        unsigned free_count;
        struct buffer in, out;
        size_t written; /* of out */
        bool waits_to_write;
};

struct load {
        struct requests requests;
        const char *address, *token;
        size_t connection_count, depth, total, first_round;
        double seconds; /* 0: until `total` */
        FILE *replies; /* NULL: not kept */
        struct connection *connections;
        int epoll;
        size_t issued, finished, wrong;
        int64_t begun_ns, ended_ns;
        uint32_t *waits_ns;
        size_t wait_capacity;
};

static void die(const char *what)
{
        perror(what);
        exit(2);
}

static int64_t now_ns(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- connecting ---- */

static int connect_unix(const char *path)
{
        struct sockaddr_un to = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
        if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
                die(path);
        return fd;
}

static int connect_tcp(const char *address)
{
        const char *colon = strrchr(address, ':');
        char *host = colon ? xstrndup(address, (size_t)(colon - address)) : NULL;
        struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found = NULL;
        int fd, one = 1;

        if (!host || getaddrinfo(host, colon + 1, &hints, &found) != 0)
                die(address);
        fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || connect(fd, found->ai_addr, found->ai_addrlen) < 0)
                die(address);
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        freeaddrinfo(found);
        free(host);
        return fd;
}

/* Before the clock runs, and waited for. */
static void log_in(int fd, const char *token)
{
        char *line = xasprintf(
                "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"auth.login\",\"params\":{\"token\":\"%s\"}}\n",
                token);
        char reply[4096];
        ssize_t n;

        if (write(fd, line, strlen(line)) < 0)
                die("auth.login");
        n = read(fd, reply, sizeof(reply) - 1);
        reply[n > 0 ? n : 0] = '\0';
        if (!strstr(reply, "\"result\"")) {
                fprintf(stderr, "auth.login: %s\n", reply);
                exit(2);
        }
        free(line);
}

static void open_connection(struct load *load, struct connection *connection)
{
        struct epoll_event event = { .events = EPOLLIN, .data = { .ptr = connection } };

        if (strncmp(load->address, "unix:", 5) == 0)
                connection->fd = connect_unix(load->address + 5);
        else
                connection->fd =
                        connect_tcp(load->address + (strncmp(load->address, "tcp:", 4) == 0 ? 4 : 0));
        if (load->token)
                log_in(connection->fd, load->token);
        fcntl(connection->fd, F_SETFL, O_NONBLOCK);
        connection->slots = xcalloc(load->depth, sizeof(*connection->slots));
        connection->free = xcalloc(load->depth, sizeof(*connection->free));
        for (unsigned i = 0; i < load->depth; i++)
                connection->free[connection->free_count++] = i;
        if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, connection->fd, &event) < 0)
                die("epoll_ctl");
}

/* ---- sending ---- */

static void watch(struct load *load, struct connection *connection, bool write)
{
        struct epoll_event event = { .events = EPOLLIN | (write ? EPOLLOUT : 0),
                .data = { .ptr = connection } };

        if (write != connection->waits_to_write &&
                epoll_ctl(load->epoll, EPOLL_CTL_MOD, connection->fd, &event) < 0)
                die("epoll_ctl");
        connection->waits_to_write = write;
}

static void flush(struct load *load, struct connection *connection)
{
        while (connection->written < connection->out.length) {
                ssize_t n = send(connection->fd, connection->out.data + connection->written,
                        connection->out.length - connection->written, MSG_NOSIGNAL);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && errno != EAGAIN)
                        die("send");
                if (n < 0) {
                        watch(load, connection, true);
                        return;
                }
                connection->written += (size_t)n;
        }
        buffer_clear(&connection->out);
        connection->written = 0;
        watch(load, connection, false);
}

static bool may_issue(const struct load *load, int64_t now)
{
        if (load->total && load->issued == load->total)
                return false;
        return load->seconds <= 0 || now - load->begun_ns < (int64_t)(load->seconds * 1e9);
}

static void fill(struct load *load, struct connection *connection, int64_t now)
{
        while (connection->free_count && may_issue(load, now)) {
                unsigned id = connection->free[--connection->free_count];

                connection->slots[id] = (struct slot){ load->issued++, now };
                requests_write(&load->requests, connection->slots[id].request, load->first_round, id,
                        &connection->out);
        }
        flush(load, connection);
}

/* ---- replies ---- */

static void keep_wait(struct load *load, int64_t wait_ns)
{
        if (load->finished == load->wait_capacity) {
                load->wait_capacity = load->wait_capacity ? load->wait_capacity * 2 : 1 << 20;
                load->waits_ns = xrealloc(load->waits_ns, load->wait_capacity * sizeof(*load->waits_ns));
        }
        load->waits_ns[load->finished++] = wait_ns < UINT32_MAX ? (uint32_t)wait_ns : UINT32_MAX;
}

static void complain(struct load *load, size_t request, const char *reply, size_t length)
{
        if (load->wrong++ == 0)
                fprintf(stderr, "request %zu, on line %zu, was answered: %.*s\n", request,
                        request % load->requests.count + 1,
                        (int)(length < SHOWN_BYTES ? length : SHOWN_BYTES), reply);
}

static void take_reply(
        struct load *load, struct connection *connection, const char *reply, size_t length, int64_t now)
{
        size_t head = sizeof(reply_head) - 1;
        unsigned id = length > head && memcmp(reply, reply_head, head) == 0
                              ? (unsigned)strtoul(reply + head, NULL, 10)
                              : (unsigned)load->depth;
        const struct slot *slot;

        if (id >= load->depth) {
                fprintf(stderr, "no reply to a request: %.*s\n",
                        (int)(length < SHOWN_BYTES ? length : SHOWN_BYTES), reply);
                exit(2);
        }
        slot = &connection->slots[id];
        keep_wait(load, now - slot->sent_ns);
        if (!requests_fits(&load->requests, slot->request, reply, length))
                complain(load, slot->request, reply, length);
        if (load->replies)
                fprintf(load->replies, "%zu\t%.*s\n", slot->request, (int)length, reply);
        connection->free[connection->free_count++] = id;
}

static void take_replies(struct load *load, struct connection *connection, int64_t now)
{
        struct buffer *in = &connection->in;
        char *at = in->data, *limit = in->data + in->length, *end;

        while (at < limit && (end = memchr(at, '\n', (size_t)(limit - at)))) {
                take_reply(load, connection, at, (size_t)(end - at), now);
                at = end + 1;
        }
        in->length = (size_t)(limit - at);
        memmove(in->data, at, in->length);
}

static void readable(struct load *load, struct connection *connection)
{
        struct buffer *in = &connection->in;
        size_t before = connection->free_count;
        int64_t now;
        ssize_t n;

        buffer_reserve(in, READ_BYTES);
        n = recv(connection->fd, in->data + in->length, READ_BYTES, 0);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return;
        if (n <= 0)
                die("a connection was closed");
        in->length += (size_t)n;
        now = now_ns();
        take_replies(load, connection, now);
        load->ended_ns = now;
        if (connection->free_count > before)
                fill(load, connection, now);
}

static void run(struct load *load)
{
        struct epoll_event events[EVENTS];

        load->begun_ns = now_ns();
        for (size_t i = 0; i < load->connection_count; i++)
                fill(load, &load->connections[i], now_ns()); /* each waits from its own writing on */
        while (load->finished < load->issued) {
                int count = epoll_wait(load->epoll, events, EVENTS, -1);

                if (count < 0 && errno != EINTR)
                        die("epoll_wait");
                for (int i = 0; i < count; i++) {
                        if (events[i].events & EPOLLOUT)
                                flush(load, events[i].data.ptr);
                        if (events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP))
                                readable(load, events[i].data.ptr);
                }
        }
}

/* ---- figures ---- */

static int compare_waits(const void *a, const void *b)
{
        uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

        return left < right ? -1 : left > right;
}

static double wait_us(const struct load *load, double part)
{
        size_t at = (size_t)(part * (double)load->finished);

        return load->waits_ns[at < load->finished ? at : load->finished - 1] / 1000.0;
}

static double mean_us(const struct load *load)
{
        double sum = 0;

        for (size_t i = 0; i < load->finished; i++)
                sum += load->waits_ns[i];
        return sum / 1000 / (double)load->finished;
}

static double cpu_seconds(void)
{
        struct rusage used;

        getrusage(RUSAGE_SELF, &used);
        return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
               (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void report(struct load *load, double cpu)
{
        double seconds = (double)(load->ended_ns - load->begun_ns) / 1e9;

        qsort(load->waits_ns, load->finished, sizeof(*load->waits_ns), compare_waits);
        printf("{\"requests\":%zu,\"wrong\":%zu,\"seconds\":%.3f,\"per_second\":%.1f,\"mean_us\":%.1f,\"p50_"
               "us\":%.1f,\"p99_"
               "us\":%.1f,"
               "\"p999_us\":%.1f,\"longest_us\":%.1f,\"cpu_seconds\":%.3f}\n",
                load->finished, load->wrong, seconds, (double)load->finished / seconds, mean_us(load),
                wait_us(load, 0.5), wait_us(load, 0.99), wait_us(load, 0.999), wait_us(load, 1), cpu);
}

/* ---- the command line ---- */

static const char usage[] =
        "usage: loader -a ADDRESS -f REQUESTS [-c CONNECTIONS] [-d DEPTH] [-n COUNT] [-s SECONDS] [-r "
        "FIRST_ROUND] "
        "[-t TOKEN] [-o REPLIES]\nCOUNT is that of the file's requests unless SECONDS are given.\n";

static bool read_options(struct load *load, int argc, char **argv, const char **requestsp)
{
        int option;

        while ((option = getopt(argc, argv, "a:f:c:d:n:s:r:t:o:")) != -1) {
                switch (option) {
                case 'a':
                        load->address = optarg;
                        break;
                case 'f':
                        *requestsp = optarg;
                        break;
                case 'c':
                        load->connection_count = strtoul(optarg, NULL, 10);
                        break;
                case 'd':
                        load->depth = strtoul(optarg, NULL, 10);
                        break;
                case 'n':
                        load->total = strtoul(optarg, NULL, 10);
                        break;
                case 's':
                        load->seconds = strtod(optarg, NULL);
                        break;
                case 'r':
                        load->first_round = strtoul(optarg, NULL, 10);
                        break;
                case 't':
                        load->token = optarg;
                        break;
                case 'o':
                        load->replies = fopen(optarg, "we");
                        if (!load->replies)
                                die(optarg);
                        break;
                default:
                        return false;
                }
        }
        return optind == argc && load->address && *requestsp && load->connection_count && load->depth;
}

int main(int argc, char **argv)
{
        struct load load = { .connection_count = 1, .depth = 1 };
        const char *requests = NULL;
        double cpu;

        if (!read_options(&load, argc, argv, &requests)) {
                fputs(usage, stderr);
                return 2;
        }
        if (!requests_read(&load.requests, requests))
                return 2;
        if (!load.total && load.seconds <= 0)
                load.total = load.requests.count;
        load.epoll = epoll_create1(EPOLL_CLOEXEC);
        load.connections = xcalloc(load.connection_count, sizeof(*load.connections));
        for (size_t i = 0; i < load.connection_count; i++)
                open_connection(&load, &load.connections[i]);
        cpu = cpu_seconds();
        run(&load);
        cpu = cpu_seconds() - cpu;
        if (load.replies && fclose(load.replies) != 0)
                die("replies");
        report(&load, cpu);
        return load.wrong ? 1 : 0;
}
