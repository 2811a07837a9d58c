/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store: PostgreSQL without blocking.
 *
 * Changes wait in one queue. When a lane (it has at most one batch under way) is free, it takes the
 * oldest family's changes in their order, asks each to decide on what memory holds now, and sends all their rows as
 * one batch: one call of usher.record(), one commit, one sync. Nothing is finished before that sync. A batch is
 * recorded whole or not at all: when anything in it was stale, the feed is read up to now and every member decides
 * again (three times, with jitter, then `unavailable`). A batch whose connection went is sent again under the same
 * (writer, number) and finds itself.
 *
 * Memory changes in one place: store_handlers.apply, called for a batch's own rows after its sync and for the rows
 * of other daemons as the feed brings them; a row that is not newer than what memory holds is to be ignored there.
 *
 * Two changes that touch the same thing must not be decided side by side: each names its claims (hashes of what it
 * depends on exclusively); a change waits while an earlier one, in the queue or under way, holds one of them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buffer.h"
#include "base/instant.h"
#include "base/outcome.h"
#include "base/row.h"
#include "base/uuid.h"

struct event_base;
struct workers;
struct store;
struct batch;
struct change;
struct scan_row;

enum store_state { STORE_OFFLINE, STORE_ONLINE };

struct store_settings {
        const char *conninfo; /* NULL: the private cluster */
        const char *state_dir; /* where that lives (and the key file) */
        const char *pg_bindir; /* NULL: found */
        bool leave_adopted; /* a private cluster that ran before this daemon runs on behind it */
        bool migrate_only; /* `loaded` is called as soon as the schema is the newest; nothing is read */
        const char *sql_dir; /* the migrations; NULL: as installed */
        size_t lanes; /* 3 */
        size_t batch_max; /* scans a batch */
        int64_t batch_deadline_us; /* a batch with no answer by then: the connection is given up and the outcome found out */
        int64_t offline_deadline_us; /* what is not patient waits so long for a database that is away */
};

struct store_handlers {
        void *context;
        /* The records by kind, NULL-terminated: what is loaded and fed. Order: what others refer to first. */
        const struct record *const *records;
        /* A durable row (a tombstone for a deletion): takes a reference if it keeps it. Both own and fed. */
        void (*apply)(void *context, const void *row, bool own);
        /* Durable scans, own and others', each once, a writer's in their order. All at hand at once: see base/table.h. */
        void (*apply_scans)(void *context, const struct scan_row *const *scans, size_t count);
        /* While loading: how many scans before those were refused at a checkpoint for a reason. */
        void (*apply_refused)(void *context, const struct uuid *event, const char *checkpoint,
                const char *reason, int64_t count);
        /* All families are in memory up to the feed's head: requests may be served. Called once. */
        void (*loaded)(void *context);
        void (*state)(void *context, enum store_state state, struct instant since);
        /* Could not start or go on: a sentence for a person; the daemon stops. */
        void (*failed)(void *context, const char *why);
};

int store_new(struct event_base *base, struct workers *workers, const struct store_settings *settings,
        const struct store_handlers *handlers, struct store **storep);
/* Begins: private cluster, connect, migrate, load, LISTEN. Progress through the handlers. */
void store_start(struct store *store);
/* Finishes what is under way (bounded by `seconds`), stops the private cluster in order, then `done`. */
void store_stop(struct store *store, unsigned seconds, void (*done)(void *context), void *context);
struct store *store_free(struct store *store);
/* Whether the loop had better not sleep: an answer is due in no time. */
bool store_is_awake(const struct store *store);
enum store_state store_state(const struct store *store, struct instant *since);
/* Whether libpq can read a connection string; `why` in one line, where not. It connects to nothing. */
bool store_conninfo_fits(const char *conninfo, struct buffer *why);
/* Reads everything anew (SIGHUP). */
void store_reload(struct store *store);
/*
 * Calls `done`, never at once, when a family's feed (and the nil family's) has been read up to a moment after this
 * call, or the deadline (monotonic) passed.
 */
void store_catch_up(struct store *store, const struct uuid *family, int64_t deadline_us,
        void (*done)(void *context, enum outcome), void *context);

/* ---- changes ---- */

enum decision {
        DECISION_RECORD, /* rows were added to the batch: `applied` or `failed` comes later */
        DECISION_ANSWERED, /* nothing to record (a refusal, nothing changed): the change has been answered and is gone */
        DECISION_MORE, /* a long one: call again after the loop has served others; nothing else joins its batch */
};

/* Embedded in the owner's request state; the store links it while it is queued or under way. */
struct change {
        const struct change_kind *kind;
        struct uuid family;
        const uint64_t *claims; /* the owner's memory */
        size_t claim_count;
        int64_t deadline_us; /* monotonic; then it fails: as stale while nothing of it was sent, else as unknown */
        bool bulk; /* an import: a lane and a batch of its own */
        bool patient; /* waits until its deadline even while the database is away */
        int64_t submitted_us; /* the store's */
        bool alone; /* in a batch of its own; the store's, too, where a batch was refused */
        unsigned rest_ms; /* with DECISION_MORE: not before so long; what it waits for runs elsewhere */
        unsigned attempts; /* the store's: how often it was decided */
        /* the store's own */
        struct change *next, *previous;
};

struct change_failure {
        enum outcome outcome;
        enum {
                FAILURE_DEADLINE,
                FAILURE_OFFLINE,
                FAILURE_STALE,
                FAILURE_REFUSED,
                FAILURE_UNKNOWN,
                FAILURE_KEY_USED
        } why;
        const char *sqlstate, *message; /* FAILURE_REFUSED: for the log */
};

enum { PREFETCHES = 3 };

struct change_kind {
        /* Reads memory and adds to `batch` (batch_add_*). Called on the loop's thread, again after every STALE. */
        enum decision (*decide)(struct change *change, struct batch *batch);
        /*
         * It will be asked soon: what its decision will look at may be fetched. Called PREFETCHES times, `left` telling
         * how often more, with others' decisions between, so that what is reached through something fetched before can
         * be fetched in its turn. It changes nothing, and the queue may still change. May be NULL.
         */
        void (*prefetch)(const struct change *change, unsigned left);
        /* The batch is durable and its rows applied. The change is the owner's again. */
        void (*applied)(struct change *change, const struct batch *batch);
        /* Whether a used key or nonce, as the database's detail names it, is this change's. May be NULL. */
        bool (*owns_key)(const struct change *change, const char *detail);
        /* What it decided is not recorded; it will be asked to decide again, and others may before. May be NULL. */
        void (*forgotten)(struct change *change);
        /* It was not done, or (OUTCOME_UNKNOWN) nobody knows. The change is the owner's again. */
        void (*failed)(struct change *change, const struct change_failure *failure);
};

void store_submit(struct store *store, struct change *change);

/* ---- what a decision adds ---- */

/* When the batch is taken to have happened: one moment for all its rows. */
struct instant batch_now(const struct batch *batch);
/* A row as it is to stand: its version is the one it replaces + 1 (a tombstone deletes). Takes its own reference. */
void batch_add_row(struct batch *batch, const void *row);
/* Relied on and not changed: must still have this version when the batch is recorded. */
void batch_expect(struct batch *batch, const void *row);
/*
 * Somebody was looked for and not found: nobody may have been registered, and no credential issued, beyond what memory
 * knew. False: that had better be looked up first (store_catch_up), for others are at it just now.
 */
bool batch_expect_no_news(struct batch *batch);
/* A counter of (event, kind, id) moves by `by`, and must end within [min, max] (INT64_MIN, INT64_MAX: free). */
void batch_add_counter(struct batch *batch, const struct uuid *event, const char *kind, const char *id,
        int64_t by, int64_t min, int64_t max);
/* The request key under which `result_json` is kept; a used key fails the change with FAILURE_KEY_USED. */
void batch_add_request_key(struct batch *batch, const struct uuid *key, const char *actor, const char *method,
        const uint8_t params_digest[static 16], const char *result_json);
enum { CHAIN_BYTES = 32 };
/* A scan, as it goes to the log. */
struct scan_row {
        struct uuid family, event, nonce;
        const char *checkpoint,
                *registration; /* registration NULL: unknown credential, `credential_digest` instead */
        uint8_t credential_digest[16];
        bool has_digest; /* of an unknown credential; else under the nonce, for comparing a repeat alone */
        struct date day; /* of the presence it moved; DATE_NONE for `per` event */
        const char *direction, *verdict, *reason; /* reason NULL when admitted */
        struct instant at, received_at;
        const char *device, *by, *why;
        const char *flags; /* JSON array text or NULL */
        bool force; /* asked for, needed or not */
        struct instant
                first_at; /* the admission in its way, or by which who is inside after it came in; none: its own */
        const char *first_device;
        struct instant admitted_at; /* since when who is moved counts as admitted there; none: since that */
        const char *undoes; /* the id of the scan that it takes back; NULL: it is a scan itself */
        int64_t inside; /* as answered */
        int64_t registration_version; /* relied on; re-checked when recorded */
        int64_t presence_version; /* of the presence after it; 0: it moved nobody */
        struct uuid presence; /* … which has this key in the log; set where it is to be recorded */
        bool presence_inside, presence_admitted; /* … and what it says then; false where it moved nobody */
        struct uuid writer; /* set by the store: its place in the log */
        int64_t seq;
        uint8_t hash[CHAIN_BYTES]; /* … and in its chain, see chain.h */
};
/* Returns its place among the batch's scans, good until its change decides again. */
size_t batch_add_scan(struct batch *batch, const struct scan_row *scan);
/* Inside `applied`: the scan of that place as it stands in the log. */
const struct scan_row *batch_scan(const struct batch *batch, size_t place);

/* ---- reads ---- */

/* How much the server has to look at: each has connections of its own, so nobody stands behind what takes long. */
enum read_way {
        READ_BY_KEY,
        READ_THROUGH, /* a log, or a part of one */
};
/*
 * One statement on a reading connection: `sql` is a call of a function of sql/, parameters as text. It waits for a
 * database that is away no longer than settings say, unless it is patient. The result is borrowed for the call of
 * `done`; NULL with OUTCOME_UNKNOWN when the database could not be reached by the deadline, OUTCOME_REFUSED when it
 * answered with an error.
 */
struct store_result;
void store_read(struct store *store, enum read_way way, bool patient, const char *sql, size_t count,
        const char *const *values, int64_t deadline_us,
        void (*done)(void *context, enum outcome outcome, const struct store_result *result), void *context);
size_t result_lines(const struct store_result *result);
const char *result_text(const struct store_result *result, size_t line, size_t column); /* NULL: null */
