/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection to PostgreSQL that never blocks: it connects (one attempt a host, each with a deadline of our own:
 * libpq's connect_timeout does nothing in asynchronous connects), reconnects with back-off and jitter, sends, and
 * hands results to its owner in their order. In pipeline mode a statement is durable only with the sync behind it.
 */
#pragma once

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct event;

struct pgconn_handlers {
        void *context;
        void (*ready)(void *context); /* connected: send away */
        void (*lost)(void *context,
                const char *why); /* every result still due will never come; it tries again by itself */
        void (*result)(void *context, PGresult *result); /* borrowed; PGRES_PIPELINE_SYNC too */
        void (*end)(void *context); /* behind a statement's last result (may be NULL) */
        void (*notified)(void *context, const char *payload, int pid); /* may be NULL */
};

enum pgconn_state { PGCONN_CLOSED, PGCONN_WAITING, PGCONN_CONNECTING, PGCONN_READY };

struct pgconn {
        struct event_base *base;
        struct pgconn_handlers handlers;
        char *conninfo;
        bool pipeline;
        enum pgconn_state state;
        PGconn *pg;
        struct event *readable, *writable, *timer, *rest; /* rest: between pieces of many results */
        size_t due; /* ends and syncs still to come */
        size_t host; /* which of several to try next */
        unsigned failures; /* in a row */
        unsigned life; /* grows with each connection: callbacks notice that theirs is over */
        bool replication_doubt; /* a notice said that a commit did not reach the standby */
        bool single_row;
        int64_t ready_us,
                heard_us; /* monotonic: connected; the server's last word, or our first after it owed none */
};

void pgconn_init(
        struct pgconn *conn, struct event_base *base, bool pipeline, const struct pgconn_handlers *handlers);
void pgconn_deinit(struct pgconn *conn);
/* (Re)connects to `conninfo` from now on. */
void pgconn_start(struct pgconn *conn, const char *conninfo);
void pgconn_stop(struct pgconn *conn);
/* Gives the connection up as lost. */
void pgconn_drop(struct pgconn *conn, const char *why);
static inline bool pgconn_is_ready(const struct pgconn *conn)
{
        return conn->state == PGCONN_READY;
}
/* How long the server has owed an answer and said nothing. */
int64_t pgconn_silent_us(const struct pgconn *conn, int64_t now_us);
/* Whether the server is on this machine. */
bool pgconn_is_near(const struct pgconn *conn);
/* An error of the server's own state (shutting down, out of room, a standby by now): it passes, here or elsewhere. */
bool pgconn_error_passes(const PGresult *result);
/* Text parameters; `binary`: of the result. Each is followed by its results and one `end`. */
void pgconn_send(struct pgconn *conn, const char *sql, int count, const char *const *values, bool binary);
/* A script of several statements; without pipeline alone. */
void pgconn_send_script(struct pgconn *conn, const char *script);
void pgconn_prepare(struct pgconn *conn, const char *name, const char *sql);
/* `formats` 1: a parameter is binary, and as long as `lengths` says; `binary`: of the result. */
void pgconn_send_prepared(struct pgconn *conn, const char *name, int count, const char *const *values,
        const int *lengths, const int *formats, bool binary);
/* What was sent is to become durable: a PGRES_PIPELINE_SYNC comes behind it. */
void pgconn_sync(struct pgconn *conn);
/* Rows come one by one: in pipeline mode of the statement whose results come next, else of the one that is sent next. */
void pgconn_single_rows(struct pgconn *conn);
