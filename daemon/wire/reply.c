/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests and their answers. A batch's replies are collected, and go out as one array; were they to take more than
 * half of what the peer may leave unread, they go out as they come ("streaming"), and what else is said waits aside:
 * so a batch is bounded by how fast its peer reads, like anything else.
 */
#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/jsonout.h"
#include "wire/private.h"

enum { REPLY_SHARE_BYTES = REQUEST_ID_OWN }; /* from here on a reference costs less than a copy */

const char *request_method(const struct request *request)
{
        return request->method;
}

const void *request_meaning(const struct request *request)
{
        return request->meaning;
}

bool request_is_positional(const struct request *request)
{
        return request->positional;
}

struct peer *request_peer(const struct request *request)
{
        return request->message->peer;
}

bool request_is_notification(const struct request *request)
{
        return request->notification;
}

bool request_is_large(const struct request *request)
{
        return request->message->large;
}

int64_t request_arrived_us(const struct request *request)
{
        return request->message->arrived_us;
}

/* Hardly any request is ever spoken of. */
const char *request_log_id(struct request *request)
{
        snprintf(request->log_id, sizeof request->log_id, "r%llx", (unsigned long long)request->number);
        return request->log_id;
}

/* Where this request's reply is to be written; NULL: nobody waits for one. */
static struct evbuffer *reply_begin(struct request *request)
{
        struct message *message = request->message;
        struct peer *peer = message->peer;
        if (!peer || request->notification)
                return NULL;
        if (!message->batch)
                return peer_output(peer, message);
        if (message->streaming) {
                struct evbuffer *out = peer_output(peer, message);
                if (out)
                        evbuffer_add(out, ",", 1);
                return out;
        }
        if (message->replies)
                evbuffer_add(message->replies, ",", 1);
        else
                message->replies = evbuffer_new();
        return message->replies;
}

void message_charge(struct message *message, size_t bytes)
{
        if (message->peer)
                message->peer->charged += bytes - message->charge;
        message->charge = bytes;
}

static void batch_stream(struct message *message)
{
        struct peer *peer = message->peer;
        struct evbuffer *out = peer_output(peer, message);
        if (!out)
                return;
        evbuffer_add(out, "[", 1);
        evbuffer_add_buffer(out, message->replies);
        evbuffer_free(message->replies);
        message->replies = NULL;
        message->streaming = true;
        message_charge(message, message->line_bytes);
        peer->streaming = message;
}

static void reply_end(struct request *request, struct evbuffer *out)
{
        struct message *message = request->message;
        if (!message->batch) {
                evbuffer_add(out, "\n", 1);
                return;
        }
        if (message->streaming)
                return;
        size_t held = evbuffer_get_length(message->replies);
        message_charge(message, message->line_bytes + held);
        if (!message->peer->streaming && held > message->peer->limits.unread_bytes / 2)
                batch_stream(message);
}

static void batch_end(struct message *message)
{
        struct peer *peer = message->peer;
        struct evbuffer *out = NULL;
        if (message->streaming || message->replies)
                out = peer_output(peer, message);
        if (!out)
                return;
        if (message->streaming) {
                evbuffer_add(out, "]\n", 2);
                peer->streaming = NULL;
                if (peer->aside)
                        evbuffer_add_buffer(out, peer->aside);
        } else {
                evbuffer_add(out, "[", 1);
                evbuffer_add_buffer(out, message->replies);
                evbuffer_add(out, "]\n", 2);
        }
}

static void message_count_finished(struct message *message)
{
        if (++message->finished < message->count)
                return;
        message_charge(message, 0);
        /* Out of its peer's hands before it is written: that may close the peer, which abandons what it holds. */
        if (message->linked)
                LIST_REMOVE(message, link);
        message->linked = false;
        if (message->batch && message->peer)
                batch_end(message);
        message_free(message);
}

static void request_finish(struct request *request)
{
        struct peer *peer = request->message->peer;
        if (peer && request->method) {
                gate_finish(&peer->gate, &request->entry);
                wire_touch(peer->wire, peer);
        }
        request->finished = true;
        message_count_finished(request->message);
}

void message_abandon(struct message *message, struct wire *wire)
{
        size_t left = 0;
        LIST_REMOVE(message, link);
        LIST_INSERT_HEAD(&wire->orphans, message, link);
        message_charge(message, 0);
        message->peer = NULL;
        for (size_t i = 0; i < message->count; i++) {
                struct request *request = &message->requests[i];
                if (!request->finished && request->entry.begun)
                        left++;
        }
        message->finished = message->count - left;
        if (left == 0)
                message_free(message);
}

static void id_release(const void *data, size_t length, void *extra)
{
        (void)data, (void)length;
        free(extra);
}

/* An id may be as long as a line: a long one is not copied. */
static void reply_head(struct request *request, struct evbuffer *out)
{
        evbuffer_add(out, "{\"jsonrpc\":\"2.0\",\"id\":", 22);
        if (!request->id) {
                evbuffer_add(out, "null", 4);
        } else if (request->id_length < REPLY_SHARE_BYTES) {
                evbuffer_add(out, request->id, request->id_length);
        } else {
                evbuffer_add_reference(out, request->id, request->id_length, id_release, request->id);
                request->id = NULL;
        }
}

void request_answer(struct request *request, const char *result_json, size_t length)
{
        struct evbuffer *out = reply_begin(request);
        if (out) {
                reply_head(request, out);
                evbuffer_add(out, ",\"result\":", 10);
                evbuffer_add(out, result_json, length);
                evbuffer_add(out, "}", 1);
                reply_end(request, out);
        }
        request_finish(request);
}

struct share {
        void (*release)(void *context);
        void *context;
};

static void share_release(const void *data, size_t length, void *extra)
{
        (void)data, (void)length;
        struct share *share = extra;
        share->release(share->context);
        free(share);
}

void request_answer_shared(struct request *request, const char *result_json, size_t length,
        void (*release)(void *context), void *context)
{
        struct evbuffer *out = length < REPLY_SHARE_BYTES ? NULL : reply_begin(request);
        if (!out) {
                if (length < REPLY_SHARE_BYTES)
                        request_answer(request, result_json, length);
                else
                        request_finish(request);
                release(context);
                return;
        }
        struct share *share = xmalloc(sizeof *share);
        *share = (struct share){ release, context };
        reply_head(request, out);
        evbuffer_add(out, ",\"result\":", 10);
        evbuffer_add_reference(out, result_json, length, share_release, share);
        evbuffer_add(out, "}", 1);
        reply_end(request, out);
        request_finish(request);
}

void request_fail(struct request *request, int code, const char *message, const char *data_json)
{
        struct evbuffer *out = reply_begin(request);
        if (out) {
                struct buffer text = BUFFER_NULL;
                struct jsonout json = JSONOUT(&text);
                json_text(&json, message);
                reply_head(request, out);
                evbuffer_add_printf(out, ",\"error\":{\"code\":%d,\"message\":", code);
                evbuffer_add(out, text.data, text.length);
                evbuffer_add(out, ",\"data\":", 8);
                evbuffer_add(out, data_json, strlen(data_json));
                evbuffer_add(out, "}}", 2);
                reply_end(request, out);
                buffer_deinit(&text);
        }
        request_finish(request);
}

void request_refuse(struct request *request)
{
        request->entry.begun = true;
        request_fail(request, JSONRPC_INVALID_REQUEST, "this is no JSON-RPC 2.0 request",
                "{\"kind\":\"invalid_request\"}");
}
