/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The change feed: what other daemons did, read from where this one stands. A NOTIFY is only a wake-up; a round reads
 * whatever lies beyond the places, so nothing is missed over a lost connection. A round looks at every family once and
 * reads those that may have changed: what changed and the scans, as one snapshot shows them, for both count in the same
 * numbers; then the rows of the kinds that changed, as that snapshot shows them, too. What is asked: feed_ask.c; what the
 * answers say: feed_read.c; how it gets into memory: feed_apply.c; where each family stands: feed_family.c. However much
 * there is, it comes and is taken in pieces.
 */
#include "store/private.h"

#include <event2/event.h>
#include <string.h>

#include "base/log.h"

enum { TICK_SECONDS = 2, REST_US = 4000 };

const struct record *store_record(const struct store *store, const char *kind)
{
        for (size_t i = 0; store->handlers.records[i]; i++)
                if (strcmp(store->handlers.records[i]->kind, kind) == 0)
                        return store->handlers.records[i];
        return NULL;
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

/*
 * A row or a scan of an event that memory does not know would have nowhere to go, and one whose key it lacks could issue
 * no credential: what belongs to no event comes first. It may have changed since this round has read it.
 */
static void begin_family(struct feed *feed)
{
        struct feed_family *family = &feed->families[feed->family];

        feed->read = xcalloc(1, sizeof(*feed->read));
        family->dirty = false;
        feed->reading = true;
        feed_ask_changes(feed, family);
}

static void read_families(struct feed *feed)
{
        feed->reading = true;
        feed_ask_families(feed);
}

/* The nil family stands first. */
static bool read_next(struct feed *feed)
{
        while (feed->cursor < feed->count) {
                feed->family = feed->cursor++;
                if (!feed->families[feed->family].dirty)
                        continue;
                begin_family(feed);
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
        feed_ask_end(feed, DUE_SYNC);
        feed->reading = false;
        go_on(feed);
}

static void read_rows(struct feed *feed)
{
        if (!feed_ask_rows(feed, &feed->families[feed->family]) && feed->read)
                apply_on(-1, 0, feed);
}

/* ---- results ---- */

static void conn_end(void *context)
{
        struct feed *feed = context;

        if (feed_due_take(feed) == DUE_ROWS && feed->read) {
                feed->read->kind++;
                feed->read->source.get = NULL;
        }
        feed_ask_piecewise(feed);
}

static void take_sync(struct feed *feed)
{
        enum feed_due due = feed_due_take(feed);

        feed_ask_piecewise(feed);
        if (due == DUE_SYNC_FAMILIES) {
                feed->reading = false;
                go_on(feed);
        } else if (due == DUE_SYNC_CHANGES) {
                if (feed->read->behind)
                        turn_back(feed);
                else if (feed->read->more_scans)
                        feed_ask_more_scans(feed, &feed->families[feed->family]);
                else
                        read_rows(feed);
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

static void wake_others(evutil_socket_t fd, short what, void *context)
{
        struct feed *feed = context;

        (void)fd;
        (void)what;
        if (feed->ready) /* else: whoever listens reads every two seconds, too */
                feed_ask_to_wake(feed);
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
        feed_ask_for_wakes(feed);
        for (size_t i = 0; i < feed->count; i++) {
                feed->families[i].dirty = true;
                feed->families[i].wake =
                        feed->begun > 0; /* a wake-up may have gone with the last connection */
                if (feed->families[i].met_us)
                        feed->families[i].met_us = clock_monotonic_us(); /* nothing was heard meanwhile */
        }
        feed_wake_soon(feed);
        if (feed->store->loaded)
                read_families(feed);
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
        read_families(feed);
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
