/* SPDX-License-Identifier: Apache-2.0 */
/* What the store's parts know of each other. */
#pragma once

#include <sys/types.h>

#include "store/batch.h"
#include "store/claims.h"
#include "store/pgconn.h"
#include "store/places.h"
#include "store/store.h"

struct event;

/* ---- links: the connections that batches are recorded on (link.c) ---- */

/* A batch that takes longer at the database hangs, and keeps nobody from a turn any more. */
enum { TURN_US = 10000 };

struct lane;

struct link {
        struct store *store;
        struct pgconn conn;
        bool bulk, ready, preparing;
        char *trouble; /* why it could not be prepared */
        struct lane **line; /* whose answers are to come, in their order; NULL: nobody's */
        size_t count, capacity;
        int64_t turn_us; /* monotonic: since when the first of them is at work; of an empty line, nobody is */
};

void link_init(struct link *link, struct store *store, bool bulk);
void link_deinit(struct link *link);
/* What is sent next is the lane's, and so is its answer, up to the sync. */
void link_join(struct link *link, struct lane *lane);
/* Whether one for imports, or for all else, is there. */
bool link_is_there(const struct store *store, bool bulk);
/* Where a batch with a turn of its own is sent. NULL: none is there. */
struct link *link_free(const struct store *store, const struct lane *lane);
/* Where a batch may stand in line, behind one of the same family that does not hang. NULL: nowhere. */
struct link *link_to_follow(const struct store *store, const struct lane *lane);
/* Whether it is at work on a batch (of this family; NULL: of any) that does not hang. */
bool link_works(const struct link *link, const struct uuid *family, int64_t now_us);
/* A server that says nothing for long is given up; who stands behind what hangs is sent elsewhere, too. */
void link_expire(struct link *link, int64_t now_us);
/* Where one says nothing the others may be dead, too: those with nothing to do are asked, or would seem to be there. */
void links_ask(struct store *store, int64_t now_us);

/* ---- lanes: at most one batch under way (lane.c; how a batch ends: lane_end.c) ---- */

enum lane_state {
        LANE_IDLE,
        LANE_DECIDING, /* a long decision, over several turns of the loop */
        LANE_WAITING, /* decided ahead, for a turn at the database */
        LANE_SENT, /* … or to be sent when a link is back */
        LANE_RESENDING, /* rests before the same batch goes again */
        LANE_FENCING, /* it failed, and an earlier sending of it must not succeed any more */
        LANE_CATCHING_UP, /* something was stale: the feed is being read */
        LANE_RESTING, /* before the next try */
        LANE_APPLYING, /* durable; a long batch is taken into memory over several turns */
};

struct lane_seq {
        struct uuid family;
        int64_t next;
        uint8_t head[CHAIN_BYTES]; /* of its chain, all zero before the first scan */
};

struct lane {
        struct store *store;
        bool bulk;
        enum lane_state state;
        struct link *link; /* where it sent last */
        struct uuid writer;
        struct lane_seq *seqs;
        size_t seq_count;
        struct batch batch;
        struct batch_params params;
        bool has_params;
        bool sent; /* and its outcome is to come on the link */
        bool exposed; /* sent on a link that went, or that hangs: that sending may still succeed */
        unsigned resends;
        struct event *timer; /* the batch's deadline, rests, slices */
        char sqlstate[6], *message, *detail, *constraint;
        bool outcome_seen; /* 'done' or 'again' came; the sync decides */
        bool was_recorded; /* of a fence: the earlier sending had succeeded */
        size_t applied;
};

void lane_init(struct lane *lane, struct store *store, bool bulk);
void lane_deinit(struct lane *lane);
/* What the decisions of its batch will rest on: the time, and where memory stands in the feed. */
void lane_take_bearings(struct lane *lane);
/* A batch has been formed: sends it when it has a turn (or, with nothing to record, lets its members go). */
void lane_begin(struct lane *lane);
/* Sends it on the link; NULL: as soon as there is one. */
void lane_send(struct lane *lane, struct link *link);
/* Sends a batch that was decided ahead, if it has a turn by now, or may stand in line. */
bool lane_try(struct lane *lane);
/* What comes on its link, when it is the first there. */
void lane_answered(struct lane *lane, const PGresult *result);
void lane_synced(struct lane *lane, bool replication_doubt);
/* The server has come to its batch, or fence, which has its time for an answer from now on. */
void lane_comes_first(struct lane *lane);
/* The link went: no answer will come. */
void lane_lost(struct lane *lane);
/* Its batch is sent on another link as well: whichever sending the server comes to first is the one that counts. */
void lane_overtake(struct lane *lane, struct link *link);
/* Members whose deadline has passed. */
void lane_expire(struct lane *lane, int64_t now_us);
/* Waits in a state; what follows is in lane.c's timer. */
void lane_rest(struct lane *lane, enum lane_state state, unsigned ms);
/* The same batch again, after a rest that grows. */
void lane_resend_later(struct lane *lane);
/* Nothing that was sent under this writer may succeed any more, unless it has. */
void lane_fence(struct lane *lane);
/* Others are the numbers from here on: the old writer is closed. */
void lane_take_new_writer(struct lane *lane);
struct lane_seq *lane_seq(struct lane *lane, const struct uuid *family);
void lane_forget_error(struct lane *lane);
void lane_forget_params(struct lane *lane);

/* The sync came: durable. */
void lane_durable(struct lane *lane);
void lane_apply_some(struct lane *lane);
/* The sync came: not done, for the reason kept in the lane. */
void lane_failed(struct lane *lane);
/* The batch is over: the lane may take the next. */
void lane_finish(struct lane *lane);
void lane_drop_member(struct lane *lane, size_t i, int why, enum outcome outcome);
void lane_compact_members(struct batch *batch);
void lane_release(struct lane *lane, const uint64_t *claims, size_t count);

/* ---- the queue (queue.c) ---- */

void queue_add(struct store *store, struct change *change);
/* Gives the turns that are free to who waits for one, and lets every idle lane take what it can. */
void queue_pump(struct store *store);
/* Whether one more batch may go to the database. */
bool queue_has_turn(const struct store *store);
void queue_expire(struct store *store, int64_t now_us);
/* When a change, or a read, has waited long enough. */
int64_t change_due_us(const struct store *store, const struct change *change);
int64_t store_due_us(const struct store *store, bool patient, int64_t since_us, int64_t deadline_us);
void change_fail(
        struct change *change, int why, enum outcome outcome, const char *sqlstate, const char *message);
/* A copy of its claims, for the change may be gone once it was asked; returns how many. */
enum { CHANGE_CLAIMS_MAX = 32 };
size_t change_claims(const struct change *change, uint64_t claims[static CHANGE_CLAIMS_MAX]);
/* Asks one member; one that has answered is gone, and has left nothing in the batch. */
enum decision change_decide(struct batch *batch, struct change *change);

/* ---- what the queue will come to (prefetch.c) ---- */

struct prefetch {
        const struct change *next[PREFETCHES]; /* whom to tell the first time, the second… */
        size_t steps;
};
/* For whoever walks the queue from its beginning, and steps on before each change that is come to. */
void prefetch_init(struct prefetch *prefetch, const struct store *store);
void prefetch_step(struct prefetch *prefetch);

/* ---- the feed (feed.c) ---- */

struct feed_family {
        struct uuid family;
        struct places places;
        struct places scans; /* whose scans have been applied so far */
        bool dirty, wake;
        int64_t moved_us; /* monotonic: when rows of others came last; 0: never */
        int64_t met_us; /* … and when others were last known to record scans */
};

struct waiter {
        void (*done)(void *context, enum outcome outcome);
        void *context;
        int64_t deadline_us;
        unsigned long round; /* the one that must have ended */
        struct waiter *next;
};

struct feed {
        struct store *store;
        struct pgconn conn;
        bool ready;
        struct feed_family *families;
        size_t count;
        struct waiter *waiters, **last_waiter;
        unsigned long begun, ended; /* rounds */
        bool reading; /* a family is */
        uint8_t *due; /* what the answers to come belong to, in order */
        size_t due_count, due_capacity;
        size_t family, cursor; /* being read; the next to be looked at in this round */
        struct feed_read *read;
        struct event *tick, *wake_timer, *rest_timer, *apply_timer;
        int64_t ended_us; /* monotonic: the last round */
};

/* What the next answer on the connection belongs to: one entry a statement sent, and one a sync. */
enum feed_due {
        DUE_NOTHING, /* a wake-up, or LISTEN */
        DUE_FAMILIES,
        DUE_BEHIND,
        DUE_CHANGES,
        DUE_SCANS,
        DUE_ROWS,
        DUE_SYNC,
        DUE_SYNC_FAMILIES,
        DUE_SYNC_CHANGES,
        DUE_SYNC_ROWS
};

enum { FEED_KINDS_MAX = 32 };

/* What has been read of a family in this round. */
struct feed_read {
        bool behind; /* an event, or a key of one, has come meanwhile: nothing of this is taken */
        bool more_scans; /* there may be: as many came as one answer brings */
        struct places beyond; /* where the family will stand when the rows are in memory */
        const struct record *kinds[FEED_KINDS_MAX];
        size_t kind_count, kind; /* … and which of them the next result is of */
        struct row_source source; /* … and its columns */
        /*
         * Taken into memory when the last has come, a registration at once with its credentials: they are of one moment
         * to whoever decides, for it is the registration's version alone that is compared when a scan is recorded.
         */
        struct row **rows; /* kind by kind, each by event and id */
        size_t row_count, row_capacity;
        size_t parts, next_part,
                parts_end; /* rows of the kind that is part of another's; parts_end 0: none */
        struct row **behind_rows; /* tombstones, and behind them what sums up */
        size_t behind_count;
        size_t applied; /* of the rows, and then of those behind them */
};

struct feed_read *feed_read_free(struct feed_read *read);
enum { FEED_SCANS = 500 }; /* that one answer brings at most */
void feed_take(struct feed *feed, enum feed_due due, const PGresult *result);
/* Keeps a row of feed->read until then; behind: a tombstone, which come before all rows that were asked for. */
void feed_keep_row(void *read, void *row);
void feed_keep_behind(struct feed_read *read, struct row *row);
/* Takes some of what was read into memory. True: that was the last. */
bool feed_apply_some(struct feed *feed);

/* ---- what the feed asks, and in which order answers come (feed_ask.c) ---- */

/* What the first of the answers to come belongs to; it has come. */
enum feed_due feed_due_take(struct feed *feed);
/* Before anything of the first answer is read: however many rows it has, others are served between them. */
void feed_ask_piecewise(struct feed *feed);
/* On a new connection: to be told what others do. */
void feed_ask_for_wakes(struct feed *feed);
void feed_ask_families(struct feed *feed);
/* Begins a snapshot: what changed in a family beyond its places, and the scans. */
void feed_ask_changes(struct feed *feed, const struct feed_family *family);
/* In the same snapshot, as what follows. */
void feed_ask_more_scans(struct feed *feed, const struct feed_family *family);
/* The rows of the kinds that changed, for one that changed since may be of a kind that is not asked for. False: of none. */
bool feed_ask_rows(struct feed *feed, const struct feed_family *family);
/* Ends the snapshot; the sync is due as this. */
void feed_ask_end(struct feed *feed, enum feed_due due);
/* Wakes others for each family of which that is due. */
void feed_ask_to_wake(struct feed *feed);

void feed_init(struct feed *feed, struct store *store);
void feed_deinit(struct feed *feed);
void feed_start(struct feed *feed, const char *conninfo);
void feed_stop(struct feed *feed);
/* Waiters whose deadline has passed. */
void feed_expire(struct feed *feed, int64_t now_us);
void feed_wait(struct feed *feed, const struct uuid *family, int64_t deadline_us,
        void (*done)(void *context, enum outcome), void *context);
const struct record *store_record(const struct store *store, const char *kind);

/* ---- where each family stands, and what came of late (feed_family.c) ---- */

struct feed_family *feed_family(struct feed *feed, const struct uuid *family);
/* Others, in a moment: what more is done until then is told with it. */
void feed_wake_soon(struct feed *feed);
/* A batch of ours is durable and in memory: others are to be woken, and we need not read it. */
void feed_own(struct feed *feed, const struct uuid *family, const struct uuid *writer, int64_t seq);
/* Whether a durable scan, ours or another's, has to be handed on: it was not yet, and will have been now. */
bool feed_takes_scan(struct feed *feed, const struct scan_row *scan);
/* Whether it has been a while since anybody else changed anything, and no import of ours is under way. */
bool feed_is_quiet(struct feed *feed, const struct uuid *family);
/* Whether it hears of others, and for a minute has heard of none that records scans. */
bool feed_meets_nobody(struct feed *feed, const struct uuid *family);
/* Another records scans, or will soon: what feed_meets_nobody() goes by. */
void feed_met(struct feed *feed, const struct uuid *family);

/* ---- migrations (migrations.c) ---- */

/* The number of the newest in `dir`; 0: there is none. Negative: the folder cannot be read. */
int migrations_newest(const char *dir);
/* What makes that one of the database, once: refused as "migrated meanwhile" when another daemon has. */
int migration_script(const char *dir, int number, struct buffer *script);

/* ---- loading (load.c): migrations, then every family, once ---- */

struct loader;
void loader_start(struct store *store, const char *conninfo);
void loader_free(struct loader *loader);
bool loader_is_busy(const struct loader *loader);
/* A server that says nothing any more is given up. */
void loader_expire(struct loader *loader, int64_t now_us);
/*
 * Makes rows of a result; `take` owns each. Returns how many could not be read. `source` keeps the columns from one
 * result of a statement to the next: `get` NULL at first.
 */
size_t rows_read(const struct record *record, struct row_source *source, const PGresult *result,
        void (*take)(void *context, void *row), void *context);
/* … and takes them into memory. */
void rows_apply(
        struct store *store, const struct record *record, struct row_source *source, const PGresult *result);

/* ---- reads (read.c) ---- */

struct read_request;
enum { READERS = 3 };
struct reader {
        struct store *store;
        enum read_way way;
        struct pgconn conn;
        bool ready;
        struct read_request *first, **last;
        size_t queued, sent;
};
void reader_init(struct reader *reader, struct store *store, enum read_way way);
void reader_deinit(struct reader *reader);
void reader_expire(struct reader *reader, int64_t now_us);

/* ---- upkeep (upkeep.c): what is older than anybody needs goes ---- */

struct upkeep {
        struct store *store;
        struct pgconn conn;
        struct event *timer;
};
void upkeep_init(struct upkeep *upkeep, struct store *store);
void upkeep_deinit(struct upkeep *upkeep);
/* Soon, and then every hour. */
void upkeep_start(struct upkeep *upkeep);
void upkeep_stop(struct upkeep *upkeep);

/* ---- the private cluster (cluster.c) ---- */

struct cluster;
int cluster_new(struct store *store, struct cluster **clusterp);
/* Makes it where there is none, adopts or starts it, on a helper thread; then cluster_ready(). */
void cluster_start(struct cluster *cluster);
void cluster_stop(struct cluster *cluster, unsigned seconds, void (*done)(void *context), void *context);
struct cluster *cluster_free(struct cluster *cluster);

/* ---- its processes (processes.c) ---- */

/* A number may be anybody's by now: it has to be a postgres, and to live in that data directory. */
bool process_is_postmaster(pid_t pid, const char *data);
/*
 * Ends the children that a postmaster of that data directory left behind: with SIGQUIT, in the end with SIGKILL. It may
 * take seconds. Only what is surely one: run by us, from that program, in that directory, called a child of PostgreSQL,
 * and without a living postmaster for a parent.
 */
void processes_end_orphans(const char *data, const char *program);

/* ---- waiting awake (awake.c) ---- */

/* What the loop does not sleep for. */
struct awake {
        bool can;
        const struct lane *lane; /* whose batch of one was sent last; NULL: it has been answered */
        int64_t since_us, usual_us; /* when it was sent; how long such ones take of late */
};

void awake_init(struct awake *awake);
/* A lane has sent a batch of one member. */
void awake_for(struct awake *awake, const struct lane *lane);
/* A lane's batch has been answered, or will not be. */
void awake_answered(struct awake *awake, const struct lane *lane);

/* ---- the store ---- */

struct store {
        struct event_base *base;
        struct workers *workers;
        struct store_settings settings;
        struct store_handlers handlers;
        char *conninfo, *owner_conninfo;
        struct lane *lanes; /* the last one is for imports */
        struct link *links; /* as many, and the last one for imports, too */
        size_t lane_count;
        struct claims held, waiting;
        struct change *first, *last;
        size_t queued;
        struct feed feed;
        struct reader readers[READERS]; /* the first for what is looked up by a key */
        struct upkeep upkeep;
        struct awake awake;
        struct loader *loader;
        struct cluster *cluster;
        enum store_state state;
        struct instant since;
        int64_t away_us; /* monotonic: since when it is offline */
        size_t turns; /* batches at the database at once */
        bool loaded, stopping, complained;
        bool unsure; /* for good: something could not be read, and memory lacks it wherever it stands in the feed */
        struct event *tick, *pump_event, *pump_next_event;
        void (*stopped)(void *context);
        void *stopped_context;
        int64_t stop_deadline_us;
};

/* A connection came or went: online means that changes can be recorded. */
void store_update_state(struct store *store);
/* Once a turn of the loop, behind all that has been read in it: so batches form across peers. */
void store_pump_soon(struct store *store);
/* Before anything more is read in this turn, if the loop has the priority for it (0). */
void store_pump_next(struct store *store);
void store_pump_init(struct store *store);
void store_pump_deinit(struct store *store);
/* How many processors this process may run on. */
size_t store_processors(void);
/* How many batches may be at the database at once; `near`: it is on this machine. */
void store_count_turns(struct store *store, bool near);
/* The database answers under these names (from the cluster, or the settings). */
void store_connect(struct store *store, const char *conninfo, const char *owner_conninfo);
void store_is_loaded(struct store *store);
void store_fail(struct store *store, const char *why);
