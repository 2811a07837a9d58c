/* SPDX-License-Identifier: Apache-2.0 */
#include "client/usher_client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "client/dial.h"

struct waiting {
        struct waiting *next;
        json_int_t id;
        usher_reply_fn replied;
        void *context;
};

struct bytes_queue {
        char *data;
        size_t start, end, capacity; /* what counts is [start, end) */
};

struct usher_client {
        int fd;
        int failed; /* what every later call answers with */
        json_int_t last_id;
        struct waiting *waiting; /* newest first */
        size_t pending;
        struct bytes_queue out, in;
        size_t searched; /* of `in`: no line end before it */
        char *closing;
        usher_notified_fn notified;
        void *notified_context;
};

const char *usher_client_error(int r)
{
        switch (r) {
        case 0:
                return "no error";
        case USHER_E_ADDRESS:
                return "not an address: unix:PATH or tcp:HOST:PORT";
        case USHER_E_NO_HOST:
                return "no such host";
        case USHER_E_CLOSED:
                return "the daemon closed the connection";
        case USHER_E_GARBLED:
                return "what answers there does not speak JSON-RPC";
        case USHER_E_TIMEOUT:
                return "no answer in time";
        case USHER_E_INTERRUPTED:
                return "interrupted";
        }
        return r < 0 ? strerror(-r) : "unknown error";
}

/* ---- bytes ---- */

static int queue_reserve(struct bytes_queue *queue, size_t more)
{
        size_t length = queue->end - queue->start;

        if (queue->capacity - queue->end >= more)
                return 0;
        if (queue->start) {
                memmove(queue->data, queue->data + queue->start, length);
                queue->start = 0;
                queue->end = length;
        }
        if (queue->capacity - length < more) {
                size_t capacity = 2 * (length + more);
                char *data = realloc(queue->data, capacity);

                if (!data)
                        return -ENOMEM;
                queue->data = data;
                queue->capacity = capacity;
        }
        return 0;
}

static int queue_add(struct bytes_queue *queue, const char *data, size_t length)
{
        int r = queue_reserve(queue, length);

        if (r < 0)
                return r;
        memcpy(queue->data + queue->end, data, length);
        queue->end += length;
        return 0;
}

/* ---- life ---- */

int usher_client_connect(const char *address, int timeout_ms, struct usher_client **clientp)
{
        struct usher_client *client;
        int fd = -1;
        int r = dial(address, timeout_ms, &fd);

        if (r)
                return r;
        client = calloc(1, sizeof(*client));
        if (!client) {
                close(fd);
                return -ENOMEM;
        }
        client->fd = fd;
        *clientp = client;
        return 0;
}

struct usher_client *usher_client_free(struct usher_client *client)
{
        if (!client)
                return NULL;
        while (client->waiting) {
                struct waiting *waiting = client->waiting;

                client->waiting = waiting->next;
                free(waiting);
        }
        close(client->fd);
        free(client->out.data);
        free(client->in.data);
        free(client->closing);
        free(client);
        return NULL;
}

void usher_client_set_notified(struct usher_client *client, usher_notified_fn notified, void *context)
{
        client->notified = notified;
        client->notified_context = context;
}

size_t usher_client_pending(const struct usher_client *client)
{
        return client->pending;
}

const char *usher_client_closing(const struct usher_client *client)
{
        return client->closing;
}

int usher_client_fd(const struct usher_client *client)
{
        return client->fd;
}

/* ---- sending ---- */

static int client_fail(struct usher_client *client, int r)
{
        if (!client->failed)
                client->failed = r;
        return client->failed;
}

/* Writes what the socket takes now. A daemon that has closed may have said why: that is for reading to find. */
static int client_flush(struct usher_client *client)
{
        while (client->out.start < client->out.end) {
                ssize_t n = send(client->fd, client->out.data + client->out.start,
                        client->out.end - client->out.start, MSG_NOSIGNAL | MSG_DONTWAIT);

                if (n > 0) {
                        client->out.start += (size_t)n;
                        continue;
                }
                if (errno == EINTR)
                        continue;
                if (errno == EAGAIN || errno == EWOULDBLOCK)
                        return 0;
                client->out.start = client->out.end;
                return errno == EPIPE || errno == ECONNRESET ? 0 : client_fail(client, -errno);
        }
        client->out.start = client->out.end = 0;
        return 0;
}

int usher_client_send(struct usher_client *client, const char *method, json_t *params, usher_reply_fn replied,
        void *context)
{
        struct waiting *waiting;
        json_t *request;
        char *line = NULL;
        int r;

        if (client->failed)
                return client->failed;
        request = json_pack("{s:s, s:I, s:s}", "jsonrpc", "2.0", "id", ++client->last_id, "method", method);
        if (!request)
                return -EINVAL; /* the method's name is not UTF-8 */
        waiting = calloc(1, sizeof(*waiting));
        r = params ? json_object_set(request, "params", params) : 0;
        if (r == 0)
                line = json_dumps(request, JSON_COMPACT);
        json_decref(request);
        r = line && waiting ? queue_add(&client->out, line, strlen(line)) : -ENOMEM;
        free(line);
        if (r == 0)
                r = queue_add(&client->out, "\n", 1);
        if (r < 0) {
                free(waiting);
                return client_fail(client, r);
        }
        *waiting = (struct waiting){ client->waiting, client->last_id, replied, context };
        client->waiting = waiting;
        client->pending++;
        return client_flush(client);
}

/* ---- receiving ---- */

static struct waiting *client_take(struct usher_client *client, json_int_t id)
{
        for (struct waiting **at = &client->waiting; *at; at = &(*at)->next) {
                struct waiting *waiting = *at;

                if (waiting->id != id)
                        continue;
                *at = waiting->next;
                client->pending--;
                return waiting;
        }
        return NULL;
}

static void client_notified(struct usher_client *client, const char *method, json_t *params)
{
        if (strcmp(method, "server.closing") == 0 && !client->closing) {
                const char *reason = json_string_value(json_object_get(params, "reason"));

                client->closing = reason ? strdup(reason) : NULL;
        }
        if (client->notified)
                client->notified(client->notified_context, method, params);
}

/*
 * An error with id null answers a line that could not be read as a request: it is ours, and the daemon is bound to
 * have taken the oldest one for it.
 */
static struct waiting *client_oldest(struct usher_client *client)
{
        struct waiting *oldest = client->waiting;

        for (struct waiting *at = oldest; at; at = at->next)
                oldest = at;
        return oldest ? client_take(client, oldest->id) : NULL;
}

static int client_message(struct usher_client *client, const char *line, size_t length)
{
        json_t *message = json_loadb(line, length, 0, NULL);
        const char *method = json_string_value(json_object_get(message, "method"));
        json_t *id = json_object_get(message, "id");
        struct usher_reply reply = { json_object_get(message, "result"), json_object_get(message, "error") };
        struct waiting *waiting = NULL;
        int r = 0;

        if (method) {
                client_notified(client, method, json_object_get(message, "params"));
                goto out;
        }
        if (json_is_integer(id))
                waiting = client_take(client, json_integer_value(id));
        else if (json_is_null(id) && reply.error)
                waiting = client_oldest(client);
        if (!waiting || !reply.result == !reply.error) {
                r = client_fail(client, USHER_E_GARBLED);
                goto out;
        }
        if (waiting->replied)
                waiting->replied(waiting->context, &reply);
out:
        free(waiting);
        json_decref(message);
        return r;
}

static int client_lines(struct usher_client *client)
{
        struct bytes_queue *in = &client->in;

        for (;;) {
                char *line = in->data + in->start;
                char *end = memchr(line + client->searched, '\n', in->end - in->start - client->searched);
                size_t length;
                int r;

                if (!end) {
                        client->searched = in->end - in->start;
                        return 0;
                }
                length = (size_t)(end - line);
                in->start += length + 1;
                client->searched = 0;
                r = length ? client_message(client, line, length) : 0;
                if (r)
                        return r;
        }
}

/* `*came`: whether anything was there. */
static int client_read(struct usher_client *client, bool *came)
{
        for (;;) {
                ssize_t n;
                int r = queue_reserve(&client->in, 65536);

                if (r < 0)
                        return client_fail(client, r);
                n = recv(client->fd, client->in.data + client->in.end, client->in.capacity - client->in.end,
                        MSG_DONTWAIT);
                if (n > 0) {
                        *came = true;
                        client->in.end += (size_t)n;
                        r = client_lines(client);
                        if (r)
                                return r;
                        continue;
                }
                if (n == 0 || errno == ECONNRESET || errno == EPIPE)
                        return client_fail(client, USHER_E_CLOSED);
                if (errno == EINTR)
                        continue;
                return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : client_fail(client, -errno);
        }
}

int usher_client_wait(struct usher_client *client, int timeout_ms, int interrupt_fd)
{
        int64_t until = dial_now_ms() + timeout_ms;

        for (;;) {
                struct pollfd fds[2] = { { client->fd, POLLIN, 0 }, { interrupt_fd, POLLIN, 0 } };
                int64_t left = until - dial_now_ms();
                bool came = false;
                int r;

                if (client->failed)
                        return client->failed;
                if (client->out.start < client->out.end)
                        fds[0].events |= POLLOUT;
                r = poll(fds, 2, timeout_ms < 0 ? -1 : left > 0 ? (int)left : 0);
                if (r < 0 && errno != EINTR)
                        return client_fail(client, -errno);
                if (r == 0)
                        return USHER_E_TIMEOUT;
                if (r < 0)
                        continue;
                if (fds[1].revents)
                        return USHER_E_INTERRUPTED;
                r = client_flush(client);
                if (r == 0 && fds[0].revents & (POLLIN | POLLHUP | POLLERR))
                        r = client_read(client, &came);
                if (r || came)
                        return came ? 0 : r; /* what came is reported before the end that followed it */
        }
}

/* ---- one at a time ---- */

struct call_state {
        struct usher_reply *reply;
        bool done;
};

static void call_replied(void *context, const struct usher_reply *reply)
{
        struct call_state *state = context;

        *state->reply = (struct usher_reply){ json_incref(reply->result), json_incref(reply->error) };
        state->done = true;
}

int usher_client_call(
        struct usher_client *client, const char *method, json_t *params, struct usher_reply *reply)
{
        struct call_state state = { reply, false };
        int r;

        *reply = (struct usher_reply){ NULL, NULL };
        r = usher_client_send(client, method, params, call_replied, &state);
        while (r == 0 && !state.done)
                r = usher_client_wait(client, -1, -1);
        /* A failed connection reads no more, so nobody calls back with a state that is gone. */
        return state.done ? 0 : r;
}

int usher_client_login(struct usher_client *client, const char *token, struct usher_reply *reply)
{
        json_t *params = json_pack("{s:s}", "token", token);
        int r;

        if (!params)
                return -EINVAL;
        r = usher_client_call(client, "auth.login", params, reply);
        json_decref(params);
        return r;
}

void usher_reply_deinit(struct usher_reply *reply)
{
        json_decref(reply->result);
        json_decref(reply->error);
        *reply = (struct usher_reply){ NULL, NULL };
}
