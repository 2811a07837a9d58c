/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line as JSON-RPC 2.0: one request or a batch of them. Reading one is pure, so that it may run on a helper
 * thread; the message owns its requests, and goes when the last of them is finished. It is one allocation: the requests,
 * and behind them what they keep of the line.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include "base/buffer.h"
#include "wire/gate.h"
#include "wire/wire.h"

struct evbuffer;

enum {
        JSONRPC_PARSE_ERROR = -32700,
        JSONRPC_INVALID_REQUEST = -32600,
};

/* Why a whole line is refused; answered with id null. */
enum message_fault {
        MESSAGE_FAULT_PARSE = 1, /* `number` is the offset */
        MESSAGE_FAULT_TOO_LARGE, /* `number` is the limit */
        MESSAGE_FAULT_TOO_DEEP,
        MESSAGE_FAULT_INVALID, /* an empty batch, or no JSON-RPC object */
};

struct message_error {
        enum message_fault fault;
        size_t number;
};

enum {
        REQUEST_METHOD_MAX = 128, /* a longer name is cut: it can name no method */
        REQUEST_ID_OWN = 2048, /* an id so long is an allocation of its own, which its reply refers to */
};

struct request {
        struct gate_entry entry;
        struct message *message;
        const char *method; /* NULL: no valid request; answered with invalid_request in its place */
        const void *meaning; /* what the owner makes of that name */
        char *id; /* JSON text as it came; NULL: null */
        const char *text; /* of params, as it came; NULL: see request_params_text */
        json_t *params; /* their tree, always an object, owned; NULL: nobody has asked for it yet */
        size_t id_length, text_length;
        uint64_t number; /* in the life of the wire */
        bool notification, positional, finished;
        char log_id[20];
};

struct message {
        struct peer *peer; /* NULL once it is gone */
        struct workers *workers; /* where a large one is freed; NULL: at once */
        LIST_ENTRY(message) link; /* of its peer; of the wire, once that is gone */
        bool linked, large, batch;
        int64_t arrived_us;
        size_t count, taken, finished; /* taken: handed to the gate, from the first on */
        size_t line_bytes; /* of a large one: it is held until all is answered */
        size_t charge; /* bytes that its peer answers for: those, and replies not yet in its output */
        struct evbuffer *replies; /* of a batch, with commas between; NULL while there are none */
        bool streaming; /* a batch whose replies go out as they come: see reply.c */
        struct request requests[];
};

struct message_limits {
        size_t values, nesting, members;
        size_t worker_values; /* over this many: MESSAGE_E_LARGE, nothing read; 0: never */
        bool trees; /* params become trees at once: for lines whose trees are too large to be built later */
};

enum {
        MESSAGE_E_REFUSED = 1, /* see `error` */
        MESSAGE_E_LARGE,
};

int message_read(const char *line, size_t length, const struct message_limits *limits,
        struct message **messagep, struct message_error *error);
/* On the loop's thread. Frees a large tree on a helper thread. */
void message_free(struct message *message);

/* {"jsonrpc":"2.0","id":ID,"error":{…}} without the line's end, for a line or a member that is no request. */
void message_write_error(const struct message_error *error, const char *id, struct buffer *out);
