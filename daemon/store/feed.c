/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The change feed: what other daemons did, read from where this one stands. A NOTIFY is only a wake-up; a round reads
 * whatever lies beyond the places, so nothing is missed over a lost connection. A round looks at every family once and
 * reads those that may have changed: what changed and the scans, as one snapshot shows them, for both count in the same
 * numbers; then the rows of the kinds that changed, as that snapshot shows them, too. What the answers say: feed_read.c;
 * how it gets into memory: feed_apply.c. However much there is, it comes and is taken in pieces.
 */
#include "store/private.h"

#include <event2/event.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"

enum { TICK_SECONDS = 2, WAKE_MS = 5, REST_US = 4000, QUIET_US = 1000000, UNMET_US = 60000000 };

struct feed_family *feed_family(struct feed *feed, const struct uuid *family)
{
        for (size_t i = 0; i < feed->count; i++)
                if (uuid_equal(&feed->families[i].family, family))
                        return &feed->families[i];
        feed->families = xrealloc(feed->families, (feed->count + 1) * sizeof(*feed->families));
        feed->families[feed->count] = (struct feed_family){ .family = *family };
        return &feed->families[feed->count++];
}

const struct record *store_record(const struct store *store, const char *kind)
{
        for (size_t i = 0; store->handlers.records[i]; i++)
                if (strcmp(store->handlers.records[i]->kind, kind) == 0)
                        return store->handlers.records[i];
        return NULL;
}

/* ---- what was sent ---- */

/* However many rows come next, others are served between them. */
static void ask_piecewise(struct feed *feed)
{
        if (feed->due_count && (feed->due[0] == DUE_CHANGES || feed->due[0] == DUE_ROWS))
                pgconn_single_rows(&feed->conn);
}

static void due_add(struct feed *feed, enum feed_due due)
{
        if (!feed->ready)
                return; /* lost while it was sent: nothing will come */
        if (feed->due_count == feed->due_capacity) {
                feed->due_capacity = feed->due_capacity ? 2 * feed->due_capacity : 16;
                feed->due = xrealloc(feed->due, feed->due_capacity * sizeof(*feed->due));
        }
        feed->due[feed->due_count++] = (uint8_t)due;
        if (feed->due_count == 1)
                ask_piecewise(feed);
}

static enum feed_due due_take(struct feed *feed)
{
        enum feed_due first = feed->due_count ? (enum feed_due)feed->due[0] : DUE_NOTHING;

        if (feed->due_count)
                memmove(feed->due, feed->due + 1, --feed->due_count);
        return first;
}

static void ask(
        struct feed *feed, enum feed_due due, const char *sql, size_t count, const char *const *values)
{
        if (!feed->ready)
                return;
        pgconn_send(&feed->conn, sql, (int)count, values, due != DUE_NOTHING);
        due_add(feed, due);
}

/* What every round asks: prepared, for to be parsed and planned cost more than to be answered. */
enum feed_statement {
        STATEMENT_BEGIN,
        STATEMENT_COMMIT,
        STATEMENT_BEHIND,
        STATEMENT_CHANGES,
        STATEMENT_SCANS,
        STATEMENT_WAKE
};

static const struct {
        const char *name, *sql;
} statements[] = {
        [STATEMENT_BEGIN] = { "begin", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" },
        [STATEMENT_COMMIT] = { "commit", "COMMIT" },
        [STATEMENT_BEHIND] = { "behind", "SELECT usher.has_changed($1::uuid, $2::uuid[], $3::bigint[])" },
        [STATEMENT_CHANGES] = { "changes", "SELECT writer, seq, kind, event_id, id, version, deleted FROM "
                                           "usher.changes($1::uuid, $2::uuid[], $3::bigint[])" },
        [STATEMENT_SCANS] = { "scans",
                "SELECT writer, seq, event_id, checkpoint, registration, day, verdict, "
                "reason, at, device, inside, presence_version, presence_inside, "
                "presence_admitted, first_at, first_device, admitted_at, undoes "
                "FROM usher.scans_since($1::uuid, $2::uuid[], $3::bigint[], $4::bigint)" },
        [STATEMENT_WAKE] = { "wake", "SELECT usher.wake($1::uuid)" },
};

static void prepare_statements(struct feed *feed)
{
        for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]) && feed->ready; i++) {
                pgconn_prepare(&feed->conn, statements[i].name, statements[i].sql);
                due_add(feed, DUE_NOTHING);
        }
}

static void ask_prepared(struct feed *feed, enum feed_due due, enum feed_statement statement, size_t count,
        const char *const *values)
{
        if (!feed->ready)
                return;
        pgconn_send_prepared(
                &feed->conn, statements[statement].name, (int)count, values, NULL, NULL, due != DUE_NOTHING);
        due_add(feed, due);
}

static void ask_sync(struct feed *feed, enum feed_due due)
{
        if (!feed->ready)
                return;
        pgconn_sync(&feed->conn);
        due_add(feed, due);
}

/* ---- rounds ---- */

static void waiters_finish(struct feed *feed)
{
        struct waiter **link = &feed->waiters;
        int64_t now_us = clock_monotonic_us();

        while (*link) {
                struct waiter *waiter = *link;
                bool read = waiter->round <= feed->ended;

                if (!read && waiter->deadline_us > now_us) {
                        link = &waiter->next;
                        continue;
                }
                *link = waiter->next;
                if (!*link)
                        feed->last_waiter = link;
                waiter->done(waiter->context, read ? OUTCOME_DONE : OUTCOME_UNKNOWN);
                free(waiter);
                link = &feed->waiters; /* whoever was called may have changed the list */
        }
}

/* Where a reader of a family stands, as the statements' parameters. */
struct bearings {
        char family[37];
        struct buffer writers, seqs;
        const char *values[4];
};

static void bearings_init(struct bearings *bearings, const struct uuid *family, const struct places *places)
{
        *bearings = (struct bearings){ .writers = BUFFER_NULL, .seqs = BUFFER_NULL };
        uuid_format(family, bearings->family);
        places_write(places, &bearings->writers, &bearings->seqs);
        bearings->values[0] = bearings->family;
        bearings->values[1] = bearings->writers.data;
        bearings->values[2] = bearings->seqs.data;
}

static void bearings_deinit(struct bearings *bearings)
{
        buffer_deinit(&bearings->writers);
        buffer_deinit(&bearings->seqs);
}

/* A statement about a family from where this daemon stands in it. */
static void ask_beyond(
        struct feed *feed, enum feed_due due, enum feed_statement statement, const struct feed_family *family)
{
        struct bearings bearings;

        bearings_init(&bearings, &family->family, &family->places);
        ask_prepared(feed, due, statement, 3, bearings.values);
        bearings_deinit(&bearings);
}

/* What our own lanes recorded they apply themselves: at a door's pace that is much to be read for nothing. */
static void ask_scans(struct feed *feed, const struct feed_family *family)
{
        struct places places = { NULL, 0, 0 };
        struct bearings bearings;
        char most[12];

        places_copy(&places, &family->scans);
        for (size_t i = 0; i < feed->store->lane_count; i++)
                places_advance(&places, &feed->store->lanes[i].writer, INT64_MAX);
        bearings_init(&bearings, &family->family, &places);
        snprintf(most, sizeof(most), "%d", FEED_SCANS);
        bearings.values[3] = most;
        ask_prepared(feed, DUE_SCANS, STATEMENT_SCANS, 4, bearings.values);
        bearings_deinit(&bearings);
        places_deinit(&places);
}

/*
 * A row or a scan of an event that memory does not know would have nowhere to go, and one whose key it lacks could issue
 * no credential: what belongs to no event comes first. It may have changed since this round has read it.
 */
static void ask_changes(struct feed *feed)
{
        struct feed_family *family = &feed->families[feed->family], *nil = feed_family(feed, &UUID_NIL);

        feed->read = xcalloc(1, sizeof(*feed->read));
        family->dirty = false;
        feed->reading = true;
        ask_prepared(feed, DUE_NOTHING, STATEMENT_BEGIN, 0, NULL);
        if (family != nil)
                ask_beyond(feed, DUE_BEHIND, STATEMENT_BEHIND, nil);
        ask_beyond(feed, DUE_CHANGES, STATEMENT_CHANGES, family);
        ask_scans(feed, family);
        ask_sync(feed, DUE_SYNC_CHANGES);
}

static void ask_families(struct feed *feed)
{
        feed->reading = true;
        ask(feed, DUE_FAMILIES, "SELECT * FROM usher.families()", 0, NULL);
        ask_sync(feed, DUE_SYNC_FAMILIES);
}

/* The nil family stands first. */
static bool read_next(struct feed *feed)
{
        while (feed->cursor < feed->count) {
                feed->family = feed->cursor++;
                if (!feed->families[feed->family].dirty)
                        continue;
                ask_changes(feed);
                return true;
        }
        return false;
}

static bool is_any_dirty(const struct feed *feed)
{
        for (size_t i = 0; i < feed->count; i++)
                if (feed->families[i].dirty)
                        return true;
        return false;
}

/* Rounds keep a distance: where somebody always waits for one, the database would do little else. */
static bool rests(struct feed *feed)
{
        int64_t left_us = feed->ended_us + REST_US - clock_monotonic_us();

        if (left_us <= 0)
                return false;
        if (!evtimer_pending(feed->rest_timer, NULL))
                evtimer_add(feed->rest_timer, (&(struct timeval){ 0, (suseconds_t)left_us }));
        return true;
}

/* Who asks while a round is under way waits for the next, which is not put off however much is fed meanwhile. */
static void go_on(struct feed *feed)
{
        while (!feed->reading && feed->ready && feed->store->loaded) {
                if (feed->begun > feed->ended) {
                        if (read_next(feed))
                                return;
                        feed->ended = feed->begun;
                        feed->ended_us = clock_monotonic_us();
                        waiters_finish(feed);
                } else if (is_any_dirty(feed)) {
                        if (rests(feed))
                                return;
                        feed->begun++;
                        feed->cursor = 0;
                } else {
                        return;
                }
        }
}

static void rested(evutil_socket_t fd, short what, void *context)
{
        (void)fd;
        (void)what;
        go_on(context);
}

void feed_wait(struct feed *feed, const struct uuid *family, int64_t deadline_us,
        void (*done)(void *context, enum outcome), void *context)
{
        struct waiter *waiter = xcalloc(1, sizeof(*waiter));

        *waiter = (struct waiter){ done, context, deadline_us, feed->begun + 1, NULL };
        *feed->last_waiter = waiter; /* they are told in their order: a peer's scans wait here, too */
        feed->last_waiter = &waiter->next;
        feed_family(feed, &UUID_NIL)->dirty = true;
        feed_family(feed, family)->dirty = true;
        go_on(feed);
}

static void family_ended(struct feed *feed)
{
        struct feed_read *read = feed->read;
        struct feed_family *family = &feed->families[feed->family];

        if (read->row_count + read->behind_count)
                family->moved_us = clock_monotonic_us();
        for (size_t i = 0; i < read->beyond.count; i++) {
                places_advance(&family->places, &read->beyond.items[i].writer, read->beyond.items[i].seq);
                places_advance(&family->scans, &read->beyond.items[i].writer, read->beyond.items[i].seq);
        }
        feed->read = feed_read_free(read);
        feed->reading = false;
        go_on(feed);
}

static void apply_on(evutil_socket_t fd, short what, void *context)
{
        struct feed *feed = context;

        (void)fd;
        (void)what;
        if (feed_apply_some(feed))
                family_ended(feed);
        else
                evtimer_add(feed->apply_timer, (&(struct timeval){ 0, 0 }));
}

/* What was read of the family is left: the nil family, which stands first, goes on before it. */
static void turn_back(struct feed *feed)
{
        feed_family(feed, &UUID_NIL)->dirty = true;
        feed->families[feed->family].dirty = true;
        feed->cursor = 0;
        feed->read = feed_read_free(feed->read);
        ask_prepared(feed, DUE_NOTHING, STATEMENT_COMMIT, 0, NULL);
        ask_sync(feed, DUE_SYNC);
        feed->reading = false;
        go_on(feed);
}

/* In the changes' own snapshot, as the rows. */
static void ask_more_scans(struct feed *feed)
{
        ask_scans(feed, &feed->families[feed->family]);
        ask_sync(feed, DUE_SYNC_CHANGES);
}

/* In the changes' own snapshot: a row that changed since may belong to one of a kind that is not asked for. */
static void ask_rows(struct feed *feed)
{
        const struct feed_family *family = &feed->families[feed->family];
        struct feed_read *read = feed->read;
        bool any = read->kind_count > 0;
        struct bearings bearings;
        char sql[96];

        read->kind = 0;
        bearings_init(&bearings, &family->family, &family->places);
        for (size_t i = 0; feed->read && i < read->kind_count; i++) { /* it goes with the connection */
                snprintf(sql, sizeof(sql),
                        "SELECT * FROM usher.changed_%s($1::uuid, $2::uuid[], $3::bigint[])",
                        read->kinds[i]->kind);
                ask(feed, DUE_ROWS, sql, 3, bearings.values);
        }
        bearings_deinit(&bearings);
        ask_prepared(feed, DUE_NOTHING, STATEMENT_COMMIT, 0, NULL);
        ask_sync(feed, any ? DUE_SYNC_ROWS : DUE_SYNC);
        if (!any && feed->read)
                apply_on(-1, 0, feed);
}

/* ---- results ---- */

static void conn_end(void *context)
{
        struct feed *feed = context;

        if (due_take(feed) == DUE_ROWS && feed->read) {
                feed->read->kind++;
                feed->read->source.get = NULL;
        }
        ask_piecewise(feed);
}

static void take_sync(struct feed *feed)
{
        enum feed_due due = due_take(feed);

        ask_piecewise(feed);
        if (due == DUE_SYNC_FAMILIES) {
                feed->reading = false;
                go_on(feed);
        } else if (due == DUE_SYNC_CHANGES) {
                if (feed->read->behind)
                        turn_back(feed);
                else if (feed->read->more_scans)
                        ask_more_scans(feed);
                else
                        ask_rows(feed);
        } else if (due == DUE_SYNC_ROWS) {
                apply_on(-1, 0, feed);
        }
}

/* Whatever failed: what was read of the round is forgotten, and read again over a new connection. */
static void take_error(struct feed *feed, const PGresult *result)
{
        const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

        if (state && strcmp(state, "UH005") == 0) {
                log_warning("the feed was trimmed behind this daemon: everything is read anew");
                if (!loader_is_busy(feed->store->loader))
                        store_reload(feed->store);
        }
        pgconn_drop(&feed->conn, PQresultErrorMessage(result));
}

static void conn_result(void *context, PGresult *result)
{
        struct feed *feed = context;

        switch (PQresultStatus(result)) {
        case PGRES_SINGLE_TUPLE:
        case PGRES_TUPLES_OK:
                feed_take(feed, feed->due_count ? (enum feed_due)feed->due[0] : DUE_NOTHING, result);
                return;
        case PGRES_PIPELINE_SYNC:
                take_sync(feed);
                return;
        case PGRES_FATAL_ERROR:
                take_error(feed, result);
                return;
        default:
                return;
        }
}

/* ---- waking others ---- */

static void wake_others(evutil_socket_t fd, short what, void *context)
{
        struct feed *feed = context;
        bool any = false;

        (void)fd;
        (void)what;
        if (!feed->ready)
                return; /* whoever listens reads every two seconds, too */
        for (size_t i = 0; i < feed->count; i++) {
                char uuid[37];
                const char *values[] = { uuid };

                if (!feed->families[i].wake)
                        continue;
                feed->families[i].wake = false;
                uuid_format(&feed->families[i].family, uuid);
                ask_prepared(feed, DUE_NOTHING, STATEMENT_WAKE, 1, values);
                any = true;
        }
        if (any)
                ask_sync(feed, DUE_SYNC);
}

void feed_own(struct feed *feed, const struct uuid *uuid, const struct uuid *writer, int64_t seq)
{
        struct feed_family *family = feed_family(feed, uuid);

        family->wake = true;
        places_advance(&family->places, writer, seq);
        if (!evtimer_pending(feed->wake_timer, NULL))
                evtimer_add(feed->wake_timer, (&(struct timeval){ 0, WAKE_MS * 1000 }));
}

bool feed_is_quiet(struct feed *feed, const struct uuid *family)
{
        int64_t moved_us = feed_family(feed, family)->moved_us;

        for (size_t i = 0; i < feed->store->lane_count; i++)
                if (feed->store->lanes[i].bulk && feed->store->lanes[i].state != LANE_IDLE)
                        return false;
        return !moved_us || clock_monotonic_us() - moved_us > QUIET_US;
}

bool feed_meets_nobody(struct feed *feed, const struct uuid *family)
{
        int64_t met_us = feed_family(feed, family)->met_us;

        return feed->ready && (!met_us || clock_monotonic_us() - met_us > UNMET_US);
}

void feed_met(struct feed *feed, const struct uuid *family)
{
        feed_family(feed, family)->met_us = clock_monotonic_us();
}

bool feed_takes_scan(struct feed *feed, const struct scan_row *scan)
{
        struct feed_family *family = feed_family(feed, &scan->family);

        if (scan->seq <= places_get(&family->scans, &scan->writer))
                return false;
        places_advance(&family->scans, &scan->writer, scan->seq);
        return true;
}

static void notified(void *context, const char *payload, int pid)
{
        struct feed *feed = context;
        struct uuid family;

        if (pid == PQbackendPID(feed->conn.pg) || !uuid_parse(payload, &family))
                return;
        feed_family(feed, &UUID_NIL)->dirty = true;
        feed_family(feed, &family)->dirty = true;
        go_on(feed);
}

/* ---- the connection ---- */

static void conn_ready(void *context)
{
        struct feed *feed = context;

        feed->ready = true;
        ask(feed, DUE_NOTHING, "SELECT usher.begin_feed()", 0, NULL);
        prepare_statements(feed);
        ask(feed, DUE_NOTHING, "LISTEN usher_feed", 0, NULL);
        ask_sync(feed, DUE_SYNC);
        for (size_t i = 0; i < feed->count; i++) {
                feed->families[i].dirty = true;
                feed->families[i].wake =
                        feed->begun > 0; /* a wake-up may have gone with the last connection */
                if (feed->families[i].met_us)
                        feed->families[i].met_us = clock_monotonic_us(); /* nothing was heard meanwhile */
        }
        evtimer_add(feed->wake_timer, (&(struct timeval){ 0, WAKE_MS * 1000 }));
        if (feed->store->loaded)
                ask_families(feed);
}

static void conn_lost(void *context, const char *why)
{
        struct feed *feed = context;

        (void)why;
        feed->ready = feed->reading = false;
        evtimer_del(feed->apply_timer);
        feed->read = feed_read_free(feed->read);
        feed->due_count = 0;
        feed->cursor = feed->count; /* the round ends, and those who wait need one that is begun anew */
        for (struct waiter *waiter = feed->waiters; waiter; waiter = waiter->next)
                waiter->round = feed->begun + 1;
}

static void tick(evutil_socket_t fd, short what, void *context)
{
        struct feed *feed = context;

        (void)fd;
        (void)what;
        if (!feed->ready || !feed->store->loaded || feed->reading)
                return;
        for (size_t i = 0; i < feed->count; i++)
                feed->families[i].dirty = true;
        ask_families(feed);
}

void feed_expire(struct feed *feed, int64_t now_us)
{
        waiters_finish(feed);
        if (pgconn_silent_us(&feed->conn, now_us) > feed->store->settings.batch_deadline_us)
                pgconn_drop(&feed->conn, "the feed was not answered in time");
}

void feed_init(struct feed *feed, struct store *store)
{
        struct pgconn_handlers handlers = { feed, conn_ready, conn_lost, conn_result, conn_end, notified };

        memset(feed, 0, sizeof(*feed));
        feed->last_waiter = &feed->waiters;
        feed->store = store;
        feed->tick = event_new(store->base, -1, EV_PERSIST, tick, feed);
        feed->wake_timer = evtimer_new(store->base, wake_others, feed);
        feed->rest_timer = evtimer_new(store->base, rested, feed);
        feed->apply_timer = evtimer_new(store->base, apply_on, feed);
        pgconn_init(&feed->conn, store->base, true, &handlers);
        feed_family(feed, &UUID_NIL);
}

void feed_start(struct feed *feed, const char *conninfo)
{
        event_add(feed->tick, &(struct timeval){ TICK_SECONDS, 0 });
        pgconn_start(&feed->conn, conninfo);
}

void feed_stop(struct feed *feed)
{
        event_del(feed->tick);
        evtimer_del(feed->wake_timer);
        evtimer_del(feed->rest_timer);
        evtimer_del(feed->apply_timer);
        pgconn_stop(&feed->conn);
        feed->ready = false;
}

void feed_deinit(struct feed *feed)
{
        if (!feed->tick)
                return;
        pgconn_deinit(&feed->conn);
        event_free(feed->tick);
        event_free(feed->wake_timer);
        event_free(feed->rest_timer);
        event_free(feed->apply_timer);
        feed_read_free(feed->read);
        for (size_t i = 0; i < feed->count; i++) {
                places_deinit(&feed->families[i].places);
                places_deinit(&feed->families[i].scans);
        }
        free(feed->families);
        free(feed->due);
        while (feed->waiters) {
                struct waiter *next = feed->waiters->next;

                free(feed->waiters);
                feed->waiters = next;
        }
}
