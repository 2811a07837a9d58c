/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wire: bytes <-> requests. Listeners accept peers, peers cut lines within their limits, messages are
 * made of lines and hold requests, the gate lets them begin in the order protocol.md promises, and what they are answered goes back
 * into their own slot. wire/ knows no method: it asks its owner (struct wire_owner) what kind of work one is, and
 * hands the request over. Everything here runs on the loop's thread but the parsing of large lines.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/buffer.h"
#include "base/instant.h"
#include "settings/limits.h"

struct event_base;
struct workers;
struct wire;
struct peer;
struct request;

/* What the gate must know of a request before it may begin. */
enum wire_order {
        WIRE_ORDER_FREE, /* server.ping and the like: at once */
        WIRE_ORDER_READ, /* when every earlier change of this peer has been answered */
        WIRE_ORDER_CHANGE, /* when nothing earlier of this peer is under way */
        WIRE_ORDER_SCAN, /* as a change, but scans pass each other; the store keeps those of one registration in order */
        WIRE_ORDER_LOGIN, /* as a change; what follows is not even read until it is answered */
};

struct wire_owner {
        void *context;
        /* The order class of a method (by name; unknown methods: WIRE_ORDER_FREE). What it finds, request_meaning() tells. */
        enum wire_order (*order)(void *context, const char *method, const void **meaning);
        /* The request may begin. It is answered exactly once, now or later (request_answer, request_fail, …). */
        void (*begin)(void *context, struct request *request);
        /* A peer has come (set its limits and session here), has gone (free its session). */
        void (*joined)(void *context, struct peer *peer);
        void (*left)(void *context, struct peer *peer);
};

struct wire_settings {
        struct wire_limits before_login;
        /* lines beyond are parsed on a helper thread: 16 KiB, 2,000 */
        size_t worker_line_bytes, worker_values;
        size_t max_connections; /* of the whole daemon, below the descriptor limit */
};

int wire_new(struct event_base *base, struct workers *workers, const struct wire_settings *settings,
        const struct wire_owner *owner, struct wire **wirep);
/* Before workers_free. Requests that are still under way may be answered later, into nothing. */
struct wire *wire_free(struct wire *wire);
/* "unix:PATH" or "tcp:HOST:PORT" (PORT 0: any, see wire_addresses), or a listening descriptor that systemd passed. */
int wire_listen(struct wire *wire, const char *address, const char **why);
int wire_listen_fd(struct wire *wire, int fd);
/* One "unix:/…" or "tcp:127.0.0.1:4321" a line, as bound. */
void wire_addresses(const struct wire *wire, struct buffer *out);
/* Stops accepting and reading; peers get server.closing "shutdown" once what is under way is answered (or `seconds` pass); then `done`. */
void wire_shutdown(struct wire *wire, unsigned seconds, void (*done)(void *context), void *context);

/* ---- peers ---- */

enum peer_kind { PEER_UNIX, PEER_TCP };

enum peer_kind peer_kind(const struct peer *peer);
uid_t peer_uid(const struct peer *peer); /* PEER_UNIX only; (uid_t)-1 else */
/* the IP address without port, or "uid:1000": what failed logins are charged to */
const char *peer_address(const struct peer *peer);
void *peer_session(const struct peer *peer); /* the owner's, as set */
void peer_set_session(struct peer *peer, void *session);
const struct wire_limits *peer_limits(const struct peer *peer);
void peer_set_limits(struct peer *peer, const struct wire_limits *limits);
/* which of login_seconds and idle_seconds counts */
void peer_set_logged_in(struct peer *peer, bool logged_in);
void peer_set_watching(struct peer *peer, bool watching); /* a watch keeps a quiet peer open */
/* A notification: {"jsonrpc":"2.0","method":METHOD,"params":PARAMS_JSON}. A peer over its unread_bytes is closed as slow. */
void peer_notify(struct peer *peer, const char *method, const char *params_json);
/* Sends server.closing {reason} and closes once written; requests under way are dropped (their answers go nowhere). */
void peer_close(struct peer *peer, const char *reason);
/* Every peer; `each` may close it. */
void wire_each_peer(struct wire *wire, void (*each)(void *context, struct peer *peer), void *context);

/* ---- requests ---- */

const char *request_method(const struct request *request);
const void *request_meaning(
        const struct request *request); /* what the owner found when it was asked for the order */
/* an object, {} when absent; lives as long as the request. Made when it is first asked for. */
const json_t *request_params(struct request *request);
/* The same as text, which has passed jsonscan(). NULL: of a large line the tree alone is kept, and of an array nothing. */
const char *request_params_text(const struct request *request, size_t *length);
/* Its params are an array: they read as {}, and it must fail as invalid_params once method and role are judged. */
bool request_is_positional(const struct request *request);
/* NULL once the peer is gone (answer all the same) */
struct peer *request_peer(const struct request *request);
bool request_is_notification(const struct request *request);
/* Its line was read on a helper thread: whatever walks all of its params belongs there, too. */
bool request_is_large(const struct request *request);
int64_t request_arrived_us(const struct request *request); /* monotonic */
/* short, unique in this life: stands in the log and in `internal` */
const char *request_log_id(struct request *request);

/* Each finishes the request and frees it. `result_json` is JSON text, copied. */
void request_answer(struct request *request, const char *result_json, size_t length);
/* Result bytes that are shared and immutable: referenced from the peer's output, never copied; `release` when written. */
void request_answer_shared(struct request *request, const char *result_json, size_t length,
        void (*release)(void *context), void *context);
/* `data_json`: the whole data object with its kind, JSON text. */
void request_fail(struct request *request, int code, const char *message, const char *data_json);
