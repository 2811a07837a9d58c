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
                free(message->requests[i].cut_method);
                free(message->requests[i].id);
        }
        if (message->replies)
                evbuffer_free(message->replies);
        json_decref(message->root);
        json_decref(message->none);
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

/* Cut within a character it would be no text; so it is cut before one. */
static char *cut_method(const char *method)
{
        size_t length = REQUEST_METHOD_MAX;
        while (length > 0 && ((unsigned char)method[length] & 0xc0) == 0x80)
                length--;
        return xstrndup(method, length);
}

static void request_read_id(struct request *request, const json_t *id)
{
        if (json_is_integer(id)) {
                struct buffer text = BUFFER_NULL;

                buffer_add_int(&text, json_integer_value(id));
                request->id = text.data;
                request->id_length = text.length;
        } else if (json_is_string(id) || json_is_number(id)) {
                request->id = json_dumps(id, JSON_ENCODE_ANY | JSON_COMPACT);
                request->id_length = request->id ? strlen(request->id) : 0;
        }
}

/* Leaves `method` NULL when the member is no request object. */
static void request_read(struct request *request, const json_t *member, struct message *message)
{
        request->message = message;
        if (!json_is_object(member))
                return;
        const json_t *id = json_object_get(member, "id"), *method = json_object_get(member, "method");
        const json_t *version = json_object_get(member, "jsonrpc"),
                     *params = json_object_get(member, "params");
        request_read_id(request, id);
        if (id && !request->id && !json_is_null(id))
                return;
        if (!json_is_string(version) || strcmp(json_string_value(version), "2.0") != 0 ||
                !json_is_string(method))
                return;
        if (params && !json_is_object(params) && !json_is_array(params))
                return;
        request->notification = !id;
        request->positional = json_is_array(params);
        if (!json_is_object(params) && !message->none)
                message->none = json_object();
        request->params = json_is_object(params) ? params : message->none;
        request->method = json_string_value(method);
        if (json_string_length(method) > REQUEST_METHOD_MAX)
                request->method = request->cut_method = cut_method(request->method);
}

static struct message *message_new(json_t *root)
{
        bool batch = json_is_array(root);
        size_t count = batch ? json_array_size(root) : 1;
        struct message *message = xcalloc(1, sizeof *message + count * sizeof *message->requests);
        message->root = root;
        message->batch = batch;
        message->count = count;
        for (size_t i = 0; i < count; i++)
                request_read(&message->requests[i], batch ? json_array_get(root, i) : root, message);
        return message;
}

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

int message_read(const char *line, size_t length, const struct message_limits *limits,
        struct message **messagep, struct message_error *error)
{
        struct jsonscan found;
        int r = message_scan(line, length, limits, &found, error);
        if (r)
                return r;
        if (limits->worker_values && found.values > limits->worker_values)
                return MESSAGE_E_LARGE;
        json_t *root = jsonbuild(line, length);
        if (!root) /* out of memory */
                return refuse(error, MESSAGE_FAULT_PARSE, 0);
        size_t members = json_is_array(root) ? json_array_size(root) : 1;
        if (members == 0 || members > limits->members) {
                json_decref(root);
                return members ? refuse(error, MESSAGE_FAULT_TOO_LARGE, limits->members)
                               : refuse(error, MESSAGE_FAULT_INVALID, 0);
        }
        *messagep = message_new(root);
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
