/* SPDX-License-Identifier: Apache-2.0 */
#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>
#include "base/jsonout.h"
#include "base/workers.h"
#include "wire/jsonbuild.h"
#include "wire/jsonscan.h"
#include "wire/message.h"

static void message_destroy(struct message *message)
{
        for (size_t i = 0; i < message->count; i++) {
                free(message->requests[i].method);
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

/* What an object says of itself as a request, in whatever order. */
struct envelope {
        char *id, *method;
        size_t id_length;
        json_t *params; /* object or array */
        bool has_id, is_version_2, has_misfit; /* … an id or params of a type that no request has */
};

/* Cut within a character it would be no text; so it is cut before one. */
static char *copy_method(struct jsonread_text name)
{
        size_t length = name.length;

        if (length > REQUEST_METHOD_MAX) {
                length = REQUEST_METHOD_MAX;
                while (length > 0 && ((unsigned char)name.text[length] & 0xc0) == 0x80)
                        length--;
        }
        return xstrndup(name.text, length);
}

static void skip(struct jsonread *read)
{
        json_decref(jsonread_value(read));
}

static void read_id(struct jsonread *read, struct envelope *envelope)
{
        char c = jsonread_peek(read);
        struct jsonread_text id;

        envelope->has_id = true;
        if (c == '"' || c == '-' || (c >= '0' && c <= '9')) {
                id = jsonread_raw(read);
                envelope->id = xstrndup(id.text, id.length);
                envelope->id_length = id.length;
                return;
        }
        envelope->has_misfit = envelope->has_misfit || c != 'n';
        skip(read);
}

static void read_params(struct jsonread *read, struct envelope *envelope)
{
        char c = jsonread_peek(read);

        if (c == '{' || c == '[') {
                envelope->params = jsonread_value(read);
                return;
        }
        envelope->has_misfit = true;
        skip(read);
}

static bool is_text(struct jsonread_text text, const char *word)
{
        return text.length == strlen(word) && memcmp(text.text, word, text.length) == 0;
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
                envelope->method = copy_method(jsonread_text(read));
        else if (text && is_text(key, "jsonrpc"))
                envelope->is_version_2 = is_text(jsonread_text(read), "2.0");
        else
                skip(read);
}

static json_t *params_of(const struct envelope *envelope)
{
        return json_is_object(envelope->params) ? json_incref(envelope->params) : json_object();
}

/* Leaves `method` NULL when the value that comes next is no request object. */
static void request_read(struct request *request, struct jsonread *read)
{
        struct envelope envelope = { NULL };

        if (jsonread_peek(read) != '{') {
                skip(read);
                return;
        }
        jsonread_enter(read);
        while (jsonread_next(read) && !read->failed)
                read_member(read, &envelope);
        request->id = envelope.id;
        request->id_length = envelope.id_length;
        if (envelope.method && envelope.is_version_2 && !envelope.has_misfit && !read->failed) {
                request->notification = !envelope.has_id;
                request->positional = json_is_array(envelope.params);
                request->params = params_of(&envelope);
                request->method = envelope.method;
        } else {
                free(envelope.method);
        }
        json_decref(envelope.params);
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

static struct message *read_lone(struct jsonread *read)
{
        struct message *message = xcalloc(1, sizeof *message + sizeof *message->requests);
        message->count = 1;
        request_read(&message->requests[0], read);
        return message;
}

/* Members beyond `most` are not read: one more is counted, and the line refused. */
static struct message *read_batch(struct jsonread *read, size_t most)
{
        size_t room = 4;
        struct message *message = xcalloc(1, sizeof *message + room * sizeof *message->requests);
        message->batch = true;
        jsonread_enter(read);
        while (jsonread_next(read) && !read->failed) {
                if (message->count == room) {
                        room *= 2;
                        message = xrealloc(message, sizeof *message + room * sizeof *message->requests);
                }
                memset(&message->requests[message->count], 0, sizeof *message->requests);
                message->count++;
                if (message->count > most)
                        break;
                request_read(&message->requests[message->count - 1], read);
        }
        return message;
}

int message_read(const char *line, size_t length, const struct message_limits *limits,
        struct message **messagep, struct message_error *error)
{
        struct jsonscan found;
        int r = message_scan(line, length, limits, &found, error);
        if (r)
                return r;
        if (limits->worker_values && found.values > limits->worker_values)
                return MESSAGE_E_LARGE;
        struct jsonread read = JSONREAD(line, length);
        struct message *message =
                jsonread_peek(&read) == '[' ? read_batch(&read, limits->members) : read_lone(&read);
        buffer_deinit(&read.text);
        if (read.failed || message->count == 0 || message->count > limits->members) {
                enum message_fault fault = read.failed      ? MESSAGE_FAULT_PARSE
                                           : message->count ? MESSAGE_FAULT_TOO_LARGE
                                                            : MESSAGE_FAULT_INVALID;
                size_t number = fault == MESSAGE_FAULT_TOO_LARGE ? limits->members : 0;
                message_destroy(message);
                return refuse(error, fault, number);
        }
        for (size_t i = 0; i < message->count; i++)
                message->requests[i].message = message;
        *messagep = message;
        return 0;
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
