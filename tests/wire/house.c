/* SPDX-License-Identifier: Apache-2.0 */
#include "house.h"

#include <check.h>
#include <event2/event.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include "base/workers.h"

enum { HELD_MAX = 1024, WAIT_SECONDS = 10 };

struct house {
        struct house_options options;
        struct event_base *base;
        struct workers *workers;
        struct wire *wire;
        char folder[64], path[96];
        int port, orders[2]; /* a pipe: bytes are orders for the loop's thread */
        struct event *order_event;
        pthread_t thread;
        atomic_size_t left, unreleased, order_seconds;
        atomic_bool stopped;
        struct request *held[HELD_MAX];
        size_t held_count;
        char begun[8192];
        atomic_long held_us;
};

/* ---- the owner ---- */

static enum wire_order order_of(const char *method)
{
        if (strcmp(method, "read") == 0)
                return WIRE_ORDER_READ;
        if (strcmp(method, "change") == 0)
                return WIRE_ORDER_CHANGE;
        if (strcmp(method, "scan") == 0)
                return WIRE_ORDER_SCAN;
        if (strcmp(method, "login") == 0 || strcmp(method, "enter") == 0)
                return WIRE_ORDER_LOGIN;
        return WIRE_ORDER_FREE;
}

/* It means nothing by a method's name beyond that. */
static enum wire_order house_order(void *context, const char *method, const void **meaning)
{
        (void)context;
        (void)meaning;
        return order_of(method);
}

static void answer_json(struct request *request, json_t *result)
{
        char *text = json_dumps(result, JSON_COMPACT | JSON_ENCODE_ANY);
        request_answer(request, text, strlen(text));
        free(text);
        json_decref(result);
}

static const char *held_name(struct request *request)
{
        const char *name = json_string_value(json_object_get(request_params(request), "name"));
        return name ? name : "?";
}

static void hold(struct house *house, struct request *request)
{
        ck_assert_uint_lt(house->held_count, HELD_MAX);
        house->held[house->held_count++] = request;
        snprintf(house->begun + strlen(house->begun), sizeof house->begun - strlen(house->begun), "%s%s",
                house->begun[0] ? "," : "", held_name(request));
}

static void release(struct house *house, struct request *asked)
{
        char name[64];
        snprintf(name, sizeof name, "%s", held_name(asked));
        answer_json(asked, json_true());
        for (size_t i = 0; i < house->held_count; i++) {
                struct request *request = house->held[i];
                if (strcmp(held_name(request), name) != 0)
                        continue;
                house->held[i] = house->held[--house->held_count];
                answer_json(request, json_string(name));
                return;
        }
}

struct shared {
        struct house *house;
        char text[];
};

static void shared_release(void *context)
{
        struct shared *shared = context;
        shared->house->unreleased--;
        free(shared);
}

static void answer_big(struct house *house, struct request *request)
{
        size_t bytes = (size_t)json_integer_value(json_object_get(request_params(request), "bytes"));
        struct shared *shared = malloc(sizeof *shared + bytes + 1);
        shared->house = house;
        memset(shared->text, 'x', bytes);
        shared->text[0] = shared->text[bytes - 1] = '"';
        house->unreleased++;
        if (json_is_true(json_object_get(request_params(request), "shared"))) {
                request_answer_shared(request, shared->text, bytes, shared_release, shared);
        } else {
                request_answer(request, shared->text, bytes);
                shared_release(shared);
        }
}

static void notify(struct request *request)
{
        const json_t *params = request_params(request);
        size_t bytes = (size_t)json_integer_value(json_object_get(params, "bytes"));
        json_int_t count = json_integer_value(json_object_get(params, "count"));
        struct peer *peer = request_peer(request);
        char *text = malloc(bytes + 16);
        memset(text, 'n', bytes + 16);
        memcpy(text, "{\"x\":\"", 6);
        memcpy(text + 6 + bytes, "\"}", 3);
        for (json_int_t i = 0; i < count; i++)
                peer_notify(peer, "noted", text);
        free(text);
        answer_json(request, json_true());
}

static void keep_loop(struct request *request)
{
        int64_t until =
                clock_monotonic_us() + json_integer_value(json_object_get(request_params(request), "us"));
        while (clock_monotonic_us() < until)
                continue;
        answer_json(request, json_true());
}

static void house_begin(void *context, struct request *request)
{
        struct house *house = context;
        const char *method = request_method(request);
        const json_t *params = request_params(request);
        struct peer *peer = request_peer(request);
        if (request_is_positional(request)) {
                request_fail(request, -32602, "no", "{\"kind\":\"invalid_params\",\"path\":\"\"}");
        } else if (strcmp(method, "ping") == 0) {
                answer_json(request, json_deep_copy(params));
        } else if (order_of(method) != WIRE_ORDER_FREE && strcmp(method, "enter") != 0) {
                hold(house, request);
        } else if (strcmp(method, "enter") == 0) {
                peer_set_logged_in(peer, true);
                peer_set_limits(peer, &house->options.after);
                answer_json(request, json_true());
        } else if (strcmp(method, "begun") == 0) {
                answer_json(request, json_string(house->begun));
        } else if (strcmp(method, "release") == 0) {
                release(house, request);
        } else if (strcmp(method, "big") == 0) {
                answer_big(house, request);
        } else if (strcmp(method, "notify") == 0) {
                notify(request);
        } else if (strcmp(method, "watch") == 0) {
                peer_set_watching(peer, json_is_true(json_object_get(params, "on")));
                answer_json(request, json_true());
        } else if (strcmp(method, "close") == 0) {
                peer_close(peer, "revoked");
                answer_json(request, json_true());
        } else if (strcmp(method, "work") == 0) {
                keep_loop(request);
        } else {
                request_fail(request, -32601, "no such method", "{\"kind\":\"unknown_method\"}");
        }
}

static void house_joined(void *context, struct peer *peer)
{
        peer_set_session(peer, context);
}

static void house_gone(void *context, struct peer *peer)
{
        struct house *house = context;
        ck_assert_ptr_eq(peer_session(peer), house);
        house->left++;
}

/* ---- the house ---- */

static void house_stopped(void *context)
{
        ((struct house *)context)->stopped = true;
}

static void house_ordered(evutil_socket_t fd, short what, void *context)
{
        (void)what;
        struct house *house = context;
        char order;
        if (read(fd, &order, 1) != 1)
                return;
        if (order == 's')
                wire_shutdown(house->wire, (unsigned)house->order_seconds, house_stopped, house);
        else
                event_base_loopbreak(house->base);
}

/* Of this thread. Wall time would tell how busy the machine is. */
static int64_t processor_us(void)
{
        struct timespec spent;
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
        return spent.tv_sec * INSTANT_SECOND + spent.tv_nsec / 1000;
}

static void *house_run(void *context)
{
        struct house *house = context;
        for (;;) {
                int64_t since = processor_us();
                int r = event_base_loop(house->base, EVLOOP_ONCE);
                long spent = (long)(processor_us() - since);
                if (spent > house->held_us)
                        house->held_us = spent;
                if (r != 0 || event_base_got_break(house->base))
                        return NULL;
        }
}

static struct wire_limits generous(struct wire_limits limits)
{
        struct wire_limits most = { 16 << 20, 100000, 32, 256, 32 << 20, 4096, 30, 600, 10 };
        size_t *size = &limits.line_bytes;
        const size_t *fallback = &most.line_bytes;
        for (size_t i = 0; i < 6; i++) {
                if (size[i] == 0)
                        size[i] = fallback[i];
        }
        if (limits.login_seconds == 0)
                limits.login_seconds = most.login_seconds;
        if (limits.idle_seconds == 0)
                limits.idle_seconds = most.idle_seconds;
        if (limits.slow_seconds == 0)
                limits.slow_seconds = most.slow_seconds;
        return limits;
}

static void house_listen(struct house *house)
{
        const char *why = "";
        char address[128];
        struct buffer bound = BUFFER_NULL;
        snprintf(address, sizeof address, "unix:%s", house->path);
        ck_assert_msg(wire_listen(house->wire, address, &why) == 0, "%s", why);
        ck_assert_msg(wire_listen(house->wire, "tcp:127.0.0.1:0", &why) == 0, "%s", why);
        wire_addresses(house->wire, &bound);
        const char *tcp = strstr(buffer_text(&bound), "tcp:127.0.0.1:");
        ck_assert_ptr_nonnull(tcp);
        house->port = atoi(tcp + strlen("tcp:127.0.0.1:"));
        buffer_deinit(&bound);
}

struct house *house_open(const struct house_options *options)
{
        struct house *house = calloc(1, sizeof *house);
        house->options = *options;
        house->options.before = generous(options->before);
        house->options.after = generous(options->after);
        struct wire_settings settings = { house->options.before,
                options->worker_line_bytes ? options->worker_line_bytes : 65536,
                options->worker_values ? options->worker_values : 2000,
                options->max_connections ? options->max_connections : 10000 };
        struct wire_owner owner = { house, house_order, house_begin, house_joined, house_gone };
        strcpy(house->folder, "/tmp/usherd-wire-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(house->folder));
        snprintf(house->path, sizeof house->path, "%s/s", house->folder);
        house->base = event_base_new();
        ck_assert_int_eq(workers_new(house->base, 2, &house->workers), 0);
        ck_assert_int_eq(wire_new(house->base, house->workers, &settings, &owner, &house->wire), 0);
        house_listen(house);
        ck_assert_int_eq(pipe(house->orders), 0);
        house->order_event =
                event_new(house->base, house->orders[0], EV_READ | EV_PERSIST, house_ordered, house);
        event_add(house->order_event, NULL);
        ck_assert_int_eq(pthread_create(&house->thread, NULL, house_run, house), 0);
        return house;
}

static void house_tell(struct house *house, char order)
{
        ck_assert_int_eq(write(house->orders[1], &order, 1), 1);
}

void house_shutdown(struct house *house, unsigned seconds)
{
        house->order_seconds = seconds;
        house_tell(house, 's');
}

void house_wait_stopped(struct house *house)
{
        for (int i = 0; !house->stopped && i < WAIT_SECONDS * 1000; i++)
                usleep(1000);
        ck_assert(house->stopped);
}

/* Requests still held are answered after the wire is gone: that must do nothing. */
void house_close(struct house *house)
{
        house_tell(house, 'q');
        pthread_join(house->thread, NULL);
        event_free(house->order_event);
        house->wire = wire_free(house->wire);
        while (house->held_count > 0)
                answer_json(house->held[--house->held_count], json_true());
        workers_free(house->workers);
        event_base_free(house->base);
        libevent_global_shutdown();
        ck_assert_uint_eq(house->unreleased, 0);
        ck_assert_int_ne(access(house->path, F_OK), 0);
        rmdir(house->folder);
        close(house->orders[0]);
        close(house->orders[1]);
        free(house);
}

const char *house_path(const struct house *house)
{
        return house->path;
}

int house_port(const struct house *house)
{
        return house->port;
}

size_t house_left(struct house *house)
{
        return house->left;
}

long house_held_us(struct house *house)
{
        return atomic_exchange(&house->held_us, 0);
}

size_t house_unreleased(struct house *house)
{
        return house->unreleased;
}

/* ---- a client ---- */

static struct client client_on(int fd, const struct sockaddr *name, socklen_t length)
{
        struct timeval wait = { WAIT_SECONDS, 0 };
        ck_assert_int_ge(fd, 0);
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
        ck_assert_int_eq(connect(fd, name, length), 0);
        return (struct client){ .fd = fd };
}

struct client client_open(const struct house *house)
{
        struct sockaddr_un name = { .sun_family = AF_UNIX };
        strcpy(name.sun_path, house->path);
        return client_on(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&name, sizeof name);
}

struct client client_open_tcp(const struct house *house)
{
        struct sockaddr_in name = { .sin_family = AF_INET,
                .sin_port = htons((uint16_t)house->port),
                .sin_addr = { htonl(INADDR_LOOPBACK) } };
        return client_on(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&name, sizeof name);
}

void client_close(struct client *client)
{
        close(client->fd);
        free(client->bytes);
        *client = (struct client){ .fd = -1 };
}

void client_send_n(struct client *client, const char *bytes, size_t length)
{
        while (length > 0) {
                ssize_t n = send(client->fd, bytes, length, MSG_NOSIGNAL);
                if (n < 0)
                        return; /* the other side has closed: what it said is still to be read */
                bytes += n;
                length -= (size_t)n;
        }
}

void client_send(struct client *client, const char *text)
{
        client_send_n(client, text, strlen(text));
}

void client_sendf(struct client *client, const char *format, ...)
{
        char *text;
        va_list arguments;
        va_start(arguments, format);
        ck_assert_int_ge(vasprintf(&text, format, arguments), 0);
        va_end(arguments);
        client_send(client, text);
        free(text);
}

static json_t *client_take(struct client *client, char *end)
{
        json_error_t error;
        size_t length = (size_t)(end - client->bytes);
        json_t *line = json_loadb(client->bytes, length, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
        ck_assert_msg(line, "no JSON came: %.*s", (int)(length < 300 ? length : 300), client->bytes);
        client->length -= length + 1;
        memmove(client->bytes, end + 1, client->length);
        return line;
}

json_t *client_line(struct client *client)
{
        size_t searched = 0;
        for (;;) {
                size_t fresh = client->length - searched;
                char *end = fresh ? memchr(client->bytes + searched, '\n', fresh) : NULL;
                if (end)
                        return client_take(client, end);
                searched = client->length;
                if (client->capacity - client->length < 65536) {
                        client->capacity = client->capacity * 2 + 131072;
                        client->bytes = realloc(client->bytes, client->capacity);
                }
                ssize_t n = recv(client->fd, client->bytes + client->length, 65536, 0);
                if (n == 0 || (n < 0 && errno == ECONNRESET)) {
                        ck_assert_msg(client->length == 0, "the stream ends within a line");
                        return NULL;
                }
                ck_assert_msg(n > 0, "nothing came for %d seconds", WAIT_SECONDS);
                client->length += (size_t)n;
        }
}

void client_expect(struct client *client, const char *expected)
{
        json_t *want = json_loads(expected, JSON_DECODE_ANY, NULL), *got = client_line(client);
        ck_assert_msg(want, "no JSON is expected: %s", expected);
        ck_assert_msg(got, "the stream ended before %s", expected);
        char *text = json_dumps(got, JSON_COMPACT | JSON_ENCODE_ANY);
        ck_assert_msg(json_equal(want, got), "expected %s, got %.500s", expected, text);
        free(text);
        json_decref(want);
        json_decref(got);
}

void client_expect_end(struct client *client)
{
        json_t *line = client_line(client);
        char *text = line ? json_dumps(line, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
        ck_assert_msg(!line, "expected the end, got %.300s", text);
}

json_t *client_ask(struct client *client, const char *method, const char *params)
{
        client_sendf(client, "{\"jsonrpc\":\"2.0\",\"id\":\"ask\",\"method\":\"%s\",\"params\":%s}\n", method,
                params);
        json_t *reply = client_line(client);
        ck_assert_ptr_nonnull(reply);
        json_t *result = json_incref(json_object_get(reply, "result"));
        json_decref(reply);
        return result;
}

void client_wait_begun(struct client *client, const char *names)
{
        char last[8192] = "";
        int64_t until = clock_monotonic_us() + WAIT_SECONDS * INSTANT_SECOND;
        while (clock_monotonic_us() < until) {
                json_t *begun = client_ask(client, "begun", "{}");
                snprintf(last, sizeof last, "%s", json_string_value(begun));
                json_decref(begun);
                if (strcmp(last, names) == 0)
                        return;
        }
        ck_abort_msg("begun: %s; expected %s", last, names);
}
