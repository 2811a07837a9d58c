/* SPDX-License-Identifier: Apache-2.0 */
#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/workers.h"
#include "wire/jsonbuild.h"
#include "wire/jsonscan.h"
#include "wire/message.h"

static void message_destroy(struct message *message)
{
        for (size_t i = 0; i < message->count; i++) {
                if (message->requests[i].id_length >= REQUEST_ID_OWN)
                        free(message->requests[i].id);
                json_decref(message->requests[i].params);
        }
        if (message->replies)
                evbuffer_free(message->replies);
        free(message);
}

static void destroy_work(void *job)
{
        message_destroy(job);
}

static void destroy_done(void *job, int dropped)
{
        if (dropped)
                message_destroy(job);
}

void message_free(struct message *message)
{
        if (message->linked)
                LIST_REMOVE(message, link);
        /* What the replies refer to is let go on the loop's thread, where its owner lives. */
        if (message->replies)
                evbuffer_free(message->replies);
        message->replies = NULL;
        if (message->large && message->workers)
                workers_submit(message->workers, destroy_work, destroy_done, message);
        else
                message_destroy(message);
}

/* ---- one request ---- */

/* What an object says of itself as a request, in whatever order; as it stands in the line, none where it is absent. */
struct envelope {
        struct jsonread_text id, method, params; /* params: object or array */
        bool has_id, is_version_2, has_misfit; /* … an id or params of a type that no request has */
};

static bool is_text(struct jsonread_text text, const char *word)
{
        return text.length == strlen(word) && memcmp(text.text, word, text.length) == 0;
}

static void read_id(struct jsonread *read, struct envelope *envelope)
{
        char c = jsonread_peek(read);
        struct jsonread_text id = jsonread_raw(read);

        envelope->has_id = true;
        if (c == '"' || c == '-' || (c >= '0' && c <= '9'))
                envelope->id = id;
        else
                envelope->has_misfit = envelope->has_misfit || c != 'n';
}

static void read_params(struct jsonread *read, struct envelope *envelope)
{
        char c = jsonread_peek(read);
        struct jsonread_text params = jsonread_raw(read);

        if (c == '{' || c == '[')
                envelope->params = params;
        else
                envelope->has_misfit = true;
}

static void read_member(struct jsonread *read, struct envelope *envelope)
{
        struct jsonread_text key = jsonread_key(read);
        bool text = jsonread_peek(read) == '"';

        if (is_text(key, "id"))
                read_id(read, envelope);
        else if (is_text(key, "params"))
                read_params(read, envelope);
        else if (text && is_text(key, "method"))
                envelope->method = jsonread_raw(read);
        else if (text && is_text(key, "jsonrpc"))
                envelope->is_version_2 = is_text(jsonread_text(read), "2.0");
        else
                jsonread_raw(read);
}

/* Says nothing when the value that comes next is no object. */
static void read_envelope(struct jsonread *read, struct envelope *envelope)
{
        *envelope = (struct envelope){ .has_id = false };
        if (jsonread_peek(read) != '{') {
                jsonread_raw(read);
                return;
        }
        jsonread_enter(read);
        while (jsonread_next(read))
                read_member(read, envelope);
}

static bool is_request(const struct envelope *envelope)
{
        return envelope->method.text && envelope->is_version_2 && !envelope->has_misfit;
}

/* ---- what is kept of it ---- */

/* No more of a name is looked at: an escape of six bytes is one at least of what it stands for. */
enum { METHOD_RAW_MAX = 6 * (REQUEST_METHOD_MAX + 2) };

/* How much of a name's inside, which has quotes around it. */
static size_t method_raw_length(struct jsonread_text raw)
{
        return raw.length - 2 < METHOD_RAW_MAX ? raw.length - 2 : METHOD_RAW_MAX;
}

/* Cut within a character it would be no text; so it is cut before one. */
static size_t keep_method(struct jsonread_text raw, char *name)
{
        size_t length = jsonscan_unescape(raw.text + 1, method_raw_length(raw), name);

        if (length > REQUEST_METHOD_MAX) {
                length = REQUEST_METHOD_MAX;
                while (length > 0 && ((unsigned char)name[length] & 0xc0) == 0x80)
                        length--;
        }
        name[length] = '\0';
        return length + 1;
}

static size_t envelope_room(const struct envelope *envelope, bool tree)
{
        size_t room = envelope->id.length + 1;

        if (envelope->id.length >= REQUEST_ID_OWN)
                room = 0;
        if (!is_request(envelope))
                return room;
        return room + method_raw_length(envelope->method) + 1 + (tree ? 0 : envelope->params.length);
}

/* Each yields where what is kept next begins. */
static char *keep_id(struct request *request, struct jsonread_text id, char *at)
{
        request->id_length = id.length;
        if (!id.text)
                return at;
        if (id.length >= REQUEST_ID_OWN) {
                request->id = xstrndup(id.text, id.length);
                return at;
        }
        request->id = at;
        memcpy(at, id.text, id.length);
        at[id.length] = '\0';
        return at + id.length + 1;
}

static char *keep_params(struct request *request, struct jsonread_text params, bool tree, char *at)
{
        request->positional = params.text && *params.text == '[';
        if (request->positional) {
                request->params = json_object();
        } else if (!params.text) {
                request->text = "{}";
                request->text_length = 2;
        } else if (tree) {
                request->params = jsonbuild(params.text, params.length);
        } else {
                request->text = memcpy(at, params.text, params.length);
                request->text_length = params.length;
                at += params.length;
        }
        return at;
}

/* Leaves `method` NULL when it is none. */
static char *keep_request(struct request *request, const struct envelope *envelope, bool tree, char *at)
{
        at = keep_id(request, envelope->id, at);
        if (!is_request(envelope))
                return at;
        request->notification = !envelope->has_id;
        request->method = at;
        at += keep_method(envelope->method, at);
        return keep_params(request, envelope->params, tree, at);
}

static struct message *message_new(const struct envelope *envelopes, size_t count, bool trees)
{
        size_t fixed = sizeof(struct message) + count * sizeof(struct request), room = 0;
        struct message *message;
        char *at;

        for (size_t i = 0; i < count; i++)
                room += envelope_room(&envelopes[i], trees);
        message = xmalloc(fixed + room);
        memset(message, 0, fixed);
        message->count = count;
        at = (char *)message + fixed;
        for (size_t i = 0; i < count; i++) {
                message->requests[i].message = message;
                at = keep_request(&message->requests[i], &envelopes[i], trees, at);
        }
        return message;
}

const json_t *request_params(struct request *request)
{
        if (!request->params)
                request->params = jsonbuild(request->text, request->text_length);
        return request->params;
}

const char *request_params_text(const struct request *request, size_t *length)
{
        *length = request->text_length;
        return request->text;
}

/* ---- the line ---- */

static int refuse(struct message_error *error, enum message_fault fault, size_t number)
{
        *error = (struct message_error){ fault, number };
        return MESSAGE_E_REFUSED;
}

static int message_scan(const char *line, size_t length, const struct message_limits *limits,
        struct jsonscan *found, struct message_error *error)
{
        switch (jsonscan(line, length, limits->values, limits->nesting, found)) {
        case 0:
                return 0;
        case JSONSCAN_E_VALUES:
                return refuse(error, MESSAGE_FAULT_TOO_LARGE, limits->values);
        case JSONSCAN_E_NESTING:
                return refuse(error, MESSAGE_FAULT_TOO_DEEP, limits->nesting);
        default:
                return refuse(error, MESSAGE_FAULT_PARSE, found->offset);
        }
}

static struct message *read_lone(struct jsonread *read, bool tree)
{
        struct envelope envelope;

        read_envelope(read, &envelope);
        return message_new(&envelope, 1, tree);
}

/* So many members as there are; beyond `most` no more than one is read. */
static size_t read_members(struct jsonread *read, size_t most, struct envelope **members)
{
        size_t count = 0, room = 0;

        jsonread_enter(read);
        while (count <= most && jsonread_next(read)) {
                if (count == room) {
                        room = room ? room * 2 : 4;
                        *members = xrealloc(*members, room * sizeof **members);
                }
                read_envelope(read, &(*members)[count++]);
        }
        return count;
}

static int read_batch(struct jsonread *read, const struct message_limits *limits, struct message **messagep,
        struct message_error *error)
{
        _cleanup_(freep) struct envelope *members = NULL;
        size_t count = read_members(read, limits->members, &members);

        if (count == 0)
                return refuse(error, MESSAGE_FAULT_INVALID, 0);
        if (count > limits->members)
                return refuse(error, MESSAGE_FAULT_TOO_LARGE, limits->members);
        *messagep = message_new(members, count, limits->trees);
        (*messagep)->batch = true;
        return 0;
}

int message_read(const char *line, size_t length, const struct message_limits *limits,
        struct message **messagep, struct message_error *error)
{
        struct jsonread read = JSONREAD(line, length);
        struct jsonscan found;
        int r = message_scan(line, length, limits, &found, error);

        if (r)
                return r;
        if (limits->worker_values && found.values > limits->worker_values)
                return MESSAGE_E_LARGE;
        if (jsonread_peek(&read) == '[')
                r = read_batch(&read, limits, messagep, error);
        else
                *messagep = read_lone(&read, limits->trees);
        buffer_deinit(&read.text);
        return r;
}

static const char *fault_message(enum message_fault fault)
{
        switch (fault) {
        case MESSAGE_FAULT_PARSE:
                return "this is not one JSON text";
        case MESSAGE_FAULT_TOO_LARGE:
                return "more than this connection may send at once";
        case MESSAGE_FAULT_TOO_DEEP:
                return "nested too deeply";
        case MESSAGE_FAULT_INVALID:
                return "this is no JSON-RPC 2.0 request";
        }
        return "";
}

static void fault_data(const struct message_error *error, struct buffer *out)
{
        switch (error->fault) {
        case MESSAGE_FAULT_PARSE:
                buffer_addf(out, "{\"kind\":\"parse_error\",\"offset\":%zu}", error->number);
                return;
        case MESSAGE_FAULT_TOO_LARGE:
                buffer_addf(out, "{\"kind\":\"too_large\",\"limit\":%zu}", error->number);
                return;
        case MESSAGE_FAULT_TOO_DEEP:
                buffer_addf(out, "{\"kind\":\"too_deep\",\"limit\":%zu}", error->number);
                return;
        case MESSAGE_FAULT_INVALID:
                buffer_add_text(out, "{\"kind\":\"invalid_request\"}");
                return;
        }
}

void message_write_error(const struct message_error *error, const char *id, struct buffer *out)
{
        int code = error->fault == MESSAGE_FAULT_PARSE ? JSONRPC_PARSE_ERROR : JSONRPC_INVALID_REQUEST;
        buffer_add_text(out, "{\"jsonrpc\":\"2.0\",\"id\":");
        buffer_add_text(out, id ? id : "null");
        buffer_addf(out, ",\"error\":{\"code\":%d,\"message\":\"%s\",\"data\":", code,
                fault_message(error->fault));
        fault_data(error, out);
        buffer_add_text(out, "}}");
}
