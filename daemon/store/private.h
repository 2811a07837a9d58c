/* SPDX-License-Identifier: Apache-2.0 */
/* What the store's parts know of each other. */
#pragma once

#include "store/batch.h"
#include "store/claims.h"
#include "store/pgconn.h"
#include "store/places.h"
#include "store/store.h"

struct event;

/* ---- lanes (lane.c): one connection, at most one batch under way ---- */

enum lane_state {
        LANE_IDLE,
        LANE_DECIDING, /* a long decision, over several turns of the loop */
        LANE_SENT,
        LANE_CATCHING_UP, /* something was stale: the feed is being read */
        LANE_RESTING, /* before the next try */
        LANE_APPLYING, /* durable; a long batch is taken into memory over several turns */
};

struct lane_seq {
        struct uuid family;
        int64_t next;
};

struct lane {
        struct store *store;
        struct pgconn conn;
        bool bulk, ready;
        enum lane_state state;
        struct uuid writer;
        struct lane_seq *seqs;
        size_t seq_count;
        struct batch batch;
        struct batch_params params;
        bool has_params;
        struct event *timer; /* the batch's deadline, rests, slices */
        char sqlstate[6], *message, *detail;
        bool outcome_seen; /* 'done' or 'again' came; the sync decides */
        bool doubt; /* the standby may not have it */
        size_t applied;
};

void lane_init(struct lane *lane, struct store *store, bool bulk);
void lane_deinit(struct lane *lane);
/* A batch has been formed: sends it (or, with nothing to record, lets its members go). */
void lane_begin(struct lane *lane);
/* Members whose deadline has passed. */
void lane_expire(struct lane *lane, int64_t now_us);

/* ---- the queue (queue.c) ---- */

void queue_add(struct store *store, struct change *change);
void queue_remove(struct store *store, struct change *change);
/* Lets every idle lane take what it can. */
void queue_pump(struct store *store);
void queue_expire(struct store *store, int64_t now_us);
void change_fail(
        struct change *change, int why, enum outcome outcome, const char *sqlstate, const char *message);
/* Asks one member; false: it answered and is gone. */
enum decision change_decide(struct batch *batch, struct change *change);

/* ---- the feed (feed.c) ---- */

struct feed_family {
        struct uuid family;
        struct places places;
        bool dirty, wake;
        bool loaded; /* all its rows are in memory: only then is it followed */
};

struct waiter {
        void (*done)(void *context, enum outcome outcome);
        void *context;
        int64_t deadline_us;
        unsigned long after; /* the round that must have ended */
        struct waiter *next;
};

struct feed {
        struct store *store;
        struct pgconn conn;
        bool ready;
        struct feed_family *families;
        size_t count;
        struct waiter *waiters;
        unsigned long round; /* rounds begun */
        bool reading; /* a round is under way */
        uint8_t *due; /* what the answers to come belong to, in order */
        size_t due_count, due_capacity;
        size_t family; /* being read */
        struct feed_read *read;
        struct event *tick, *wake_timer;
};

void feed_init(struct feed *feed, struct store *store);
void feed_deinit(struct feed *feed);
void feed_start(struct feed *feed, const char *conninfo);
void feed_stop(struct feed *feed);
struct feed_family *feed_family(struct feed *feed, const struct uuid *family);
/* A batch of ours is durable: others are to be woken, and we need not read it. */
void feed_own(struct feed *feed, const struct uuid *family, const struct uuid *writer, int64_t seq);
/* Waiters whose deadline has passed. */
void feed_expire(struct feed *feed);
void feed_wait(
        struct feed *feed, int64_t deadline_us, void (*done)(void *context, enum outcome), void *context);
const struct record *store_record(const struct store *store, const char *kind);

/* ---- loading (load.c): migrations, then every family, once ---- */

struct loader;
void loader_start(struct store *store, const char *conninfo);
void loader_free(struct loader *loader);
/* Reads rows of a result into memory; `record`'s columns are found by name once. */
void rows_apply(struct store *store, const struct record *record, const PGresult *result);

/* ---- reads (read.c) ---- */

struct read_request;
struct reader {
        struct store *store;
        struct pgconn conn;
        bool ready;
        struct read_request *first, **last;
        size_t sent;
};
void reader_init(struct reader *reader, struct store *store);
void reader_deinit(struct reader *reader);
void reader_expire(struct reader *reader, int64_t now_us);

/* ---- the private cluster (cluster.c) ---- */

struct cluster;
int cluster_new(struct store *store, struct cluster **clusterp);
/* Makes it where there is none, adopts or starts it, on a helper thread; then cluster_ready(). */
void cluster_start(struct cluster *cluster);
void cluster_stop(struct cluster *cluster, unsigned seconds, void (*done)(void *context), void *context);
struct cluster *cluster_free(struct cluster *cluster);
const char *cluster_owner_conninfo(const struct cluster *cluster);
const char *cluster_conninfo(const struct cluster *cluster);

/* ---- the store ---- */

struct store {
        struct event_base *base;
        struct workers *workers;
        struct store_settings settings;
        struct store_handlers handlers;
        char *conninfo, *owner_conninfo;
        struct lane *lanes; /* the last one is for imports */
        size_t lane_count;
        struct claims held, waiting;
        struct change *first, *last;
        size_t queued;
        struct feed feed;
        struct reader reader;
        struct loader *loader;
        struct cluster *cluster;
        enum store_state state;
        struct instant since;
        bool loaded, stopping, complained;
        struct event *tick, *pump_event;
        void (*stopped)(void *context);
        void *stopped_context;
        int64_t stop_deadline_us;
};

/* A connection came or went: online means that changes can be recorded. */
void store_update_state(struct store *store);
void store_pump_soon(struct store *store);
/* The database answers under these names (from the cluster, or the settings). */
void store_connect(struct store *store, const char *conninfo, const char *owner_conninfo);
void store_is_loaded(struct store *store);
void store_fail(struct store *store, const char *why);
