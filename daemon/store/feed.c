/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The change feed: what other daemons did, read from where this one stands. A NOTIFY is only a wake-up; a round reads
 * whatever lies beyond the places, so nothing is missed over a lost connection. A round of one family: what changed,
 * and the scans (one sync); then the rows of the kinds that changed, as they stand by now (another sync).
 */
#include "store/private.h"

#include <event2/event.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"

enum { TICK_SECONDS = 2, WAKE_MS = 5, CHANGES_MAX_KINDS = 32 };

/* What the next answer on the connection belongs to: one entry a statement sent, and one a sync. */
enum due {
        DUE_NOTHING, /* a wake-up, or LISTEN */
        DUE_FAMILIES,
        DUE_CHANGES,
        DUE_SCANS,
        DUE_ROWS,
        DUE_SYNC,
        DUE_SYNC_FAMILIES,
        DUE_SYNC_CHANGES,
        DUE_SYNC_ROWS
};

/* What one round has read so far. */
struct feed_read {
        struct places beyond; /* where the family will stand when the rows are in memory */
        const struct record *kinds[CHANGES_MAX_KINDS];
        size_t kind_count, kind; /* … and which of them the next result is of */
        struct row **gone; /* tombstones */
        size_t gone_count;
        bool trimmed, failed;
};

static void read_free(struct feed_read *read)
{
        if (!read)
                return;
        places_deinit(&read->beyond);
        for (size_t i = 0; i < read->gone_count; i++)
                row_unref(read->gone[i]);
        free(read->gone);
        free(read);
}

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

static void due_add(struct feed *feed, enum due due)
{
        if (feed->due_count == feed->due_capacity) {
                feed->due_capacity = feed->due_capacity ? 2 * feed->due_capacity : 16;
                feed->due = xrealloc(feed->due, feed->due_capacity * sizeof(*feed->due));
        }
        feed->due[feed->due_count++] = (uint8_t)due;
}

static enum due due_first(const struct feed *feed)
{
        return feed->due_count ? (enum due)feed->due[0] : DUE_NOTHING;
}

static enum due due_take(struct feed *feed)
{
        enum due first = due_first(feed);

        if (feed->due_count)
                memmove(feed->due, feed->due + 1, --feed->due_count);
        return first;
}

static void ask(struct feed *feed, enum due due, const char *sql, size_t count, const char *const *values)
{
        pgconn_send(&feed->conn, sql, count, values, due != DUE_NOTHING);
        due_add(feed, due);
}

static void ask_sync(struct feed *feed, enum due due)
{
        pgconn_sync(&feed->conn);
        due_add(feed, due);
}

/* ---- rounds ---- */

static void next_round(struct feed *feed);

static void waiters_finish(struct feed *feed)
{
        struct waiter **link = &feed->waiters;
        int64_t now_us = clock_monotonic_us();

        while (*link) {
                struct waiter *waiter = *link;
                bool read = waiter->after < feed->round && !feed->reading;

                if (!read && waiter->deadline_us > now_us) {
                        link = &waiter->next;
                        continue;
                }
                *link = waiter->next;
                waiter->done(waiter->context, read ? OUTCOME_DONE : OUTCOME_UNKNOWN);
                free(waiter);
                link = &feed->waiters; /* whoever was called may have changed the list */
        }
}

void feed_wait(
        struct feed *feed, int64_t deadline_us, void (*done)(void *context, enum outcome), void *context)
{
        struct waiter *waiter = xcalloc(1, sizeof(*waiter));

        *waiter = (struct waiter){ done, context, deadline_us, feed->round, feed->waiters };
        feed->waiters = waiter;
        for (size_t i = 0; i < feed->count; i++)
                feed->families[i].dirty = true;
        next_round(feed);
}

/* Statements about the family under way, each beginning where this daemon stands in it. */
static void ask_beyond(struct feed *feed, const char *const *sqls, const enum due *dues, size_t count, enum due sync)
{
        const struct feed_family *family = &feed->families[feed->family];
        _cleanup_(buffer_deinit) struct buffer writers = BUFFER_NULL, seqs = BUFFER_NULL;
        char uuid[37];
        const char *values[3];

        uuid_format(&family->family, uuid);
        places_write(&family->places, &writers, &seqs);
        values[0] = uuid;
        values[1] = writers.data;
        values[2] = seqs.data;
        for (size_t i = 0; i < count; i++)
                ask(feed, dues[i], sqls[i], 3, values);
        ask_sync(feed, sync);
}

static void ask_changes(struct feed *feed)
{
        static const char *const sqls[] = {
                "SELECT writer, seq, kind, event_id, id, version, deleted FROM usher.changes($1::uuid, "
                "$2::uuid[], $3::bigint[])",
                "SELECT writer, seq, event_id, checkpoint, registration, day, verdict, reason, at, device, "
                "inside, "
                "presence_version, presence_inside, presence_admitted FROM usher.scans_since($1::uuid, "
                "$2::uuid[], $3::bigint[])",
        };

        feed->read = xcalloc(1, sizeof(*feed->read));
        feed->families[feed->family].dirty = false;
        feed->reading = true;
        ask_beyond(feed, sqls, (const enum due[]){ DUE_CHANGES, DUE_SCANS }, 2, DUE_SYNC_CHANGES);
}

static void ask_families(struct feed *feed)
{
        feed->reading = true;
        ask(feed, DUE_FAMILIES, "SELECT * FROM usher.families()", 0, NULL);
        ask_sync(feed, DUE_SYNC_FAMILIES);
}

/* The nil family goes first: it says which families there are, and a row of an unknown one has nowhere to go. */
static void next_round(struct feed *feed)
{
        if (feed->reading || !feed->ready || !feed->store->loaded)
                return;
        for (size_t i = 0; i < feed->count; i++)
                if (feed->families[i].dirty) {
                        feed->family = i;
                        ask_changes(feed);
                        return;
                }
        feed->round++;
        waiters_finish(feed);
        for (size_t i = 0; i < feed->count; i++)
                if (feed->families[i].dirty) {
                        next_round(feed);
                        return;
                }
}

static void round_ended(struct feed *feed)
{
        struct feed_read *read = feed->read;
        struct feed_family *family = &feed->families[feed->family];

        if (read && !read->failed) {
                for (size_t i = 0; i < read->gone_count; i++)
                        feed->store->handlers.apply(feed->store->handlers.context, read->gone[i], false);
                for (size_t i = 0; i < read->beyond.count; i++)
                        places_advance(
                                &family->places, &read->beyond.items[i].writer, read->beyond.items[i].seq);
        }
        if (read && read->trimmed) {
                log_warning("the feed was trimmed behind this daemon: everything is read anew");
                store_reload(feed->store);
        }
        feed->read = NULL;
        read_free(read);
        feed->reading = false;
        next_round(feed);
}

static void ask_rows(struct feed *feed)
{
        struct feed_read *read = feed->read;
        char sql[CHANGES_MAX_KINDS][96];
        const char *sqls[CHANGES_MAX_KINDS];
        enum due dues[CHANGES_MAX_KINDS];

        if (!read->kind_count || read->failed) {
                round_ended(feed);
                return;
        }
        for (size_t i = 0; i < read->kind_count; i++) {
                snprintf(sql[i], sizeof(sql[i]),
                        "SELECT * FROM usher.changed_%s($1::uuid, $2::uuid[], $3::bigint[])",
                        read->kinds[i]->kind);
                sqls[i] = sql[i];
                dues[i] = DUE_ROWS;
        }
        read->kind = 0;
        ask_beyond(feed, sqls, dues, read->kind_count, DUE_SYNC_ROWS);
}

/* ---- results ---- */

static int64_t int_at(const PGresult *result, int line, int column)
{
        const unsigned char *data = (const unsigned char *)PQgetvalue(result, line, column);
        uint64_t value = 0;

        for (int i = 0; i < PQgetlength(result, line, column); i++)
                value = value << 8 | data[i];
        return (int64_t)value;
}

static struct uuid uuid_at(const PGresult *result, int line, int column)
{
        struct uuid uuid = UUID_NIL;

        if (PQgetlength(result, line, column) == 16)
                memcpy(uuid.bytes, PQgetvalue(result, line, column), 16);
        return uuid;
}

static const char *text_at(const PGresult *result, int line, int column)
{
        return PQgetisnull(result, line, column) ? NULL : PQgetvalue(result, line, column);
}

static void note_kind(struct feed *feed, const struct record *record)
{
        struct feed_read *read = feed->read;
        const struct record *const *order = feed->store->handlers.records;
        size_t i, at = 0;

        for (i = 0; i < read->kind_count; i++)
                if (read->kinds[i] == record)
                        return;
        if (read->kind_count == CHANGES_MAX_KINDS)
                return;
        /* In the order of the records: what others refer to comes first. */
        for (i = 0; order[i] != record; i++)
                if (at < read->kind_count && read->kinds[at] == order[i])
                        at++;
        memmove(&read->kinds[at + 1], &read->kinds[at], (read->kind_count - at) * sizeof(*read->kinds));
        read->kinds[at] = record;
        read->kind_count++;
}

static void note_gone(struct feed *feed, const struct record *record, const PGresult *result, int line)
{
        struct feed_read *read = feed->read;
        struct row *template = xcalloc(1, record->size);

        row_clear(template, record);
        template->family = feed->families[feed->family].family;
        template->event = uuid_at(result, line, 3);
        template->id = PQgetvalue(result, line, 4);
        read->gone = xrealloc(read->gone, (read->gone_count + 1) * sizeof(*read->gone));
        read->gone[read->gone_count++] = row_tombstone(template, int_at(result, line, 5));
        free(template);
}

static void take_changes(struct feed *feed, const PGresult *result)
{
        for (int line = 0; line < PQntuples(result); line++) {
                struct uuid writer = uuid_at(result, line, 0);
                const struct record *record = store_record(feed->store, PQgetvalue(result, line, 2));

                places_advance(&feed->read->beyond, &writer, int_at(result, line, 1));
                if (!record)
                        continue; /* written and never kept in memory: the draft's history */
                if (PQgetvalue(result, line, 6)[0])
                        note_gone(feed, record, result, line);
                else
                        note_kind(feed, record);
        }
}

static void take_scans(struct feed *feed, const PGresult *result)
{
        const struct store_handlers *handlers = &feed->store->handlers;

        for (int line = 0; line < PQntuples(result); line++) {
                struct scan_row scan = {
                        .writer = uuid_at(result, line, 0),
                        .seq = int_at(result, line, 1),
                        .family = feed->families[feed->family].family,
                        .event = uuid_at(result, line, 2),
                        .checkpoint = text_at(result, line, 3),
                        .registration = text_at(result, line, 4),
                        .day = DATE_NONE,
                        .verdict = text_at(result, line, 6),
                        .reason = text_at(result, line, 7),
                        .at = { int_at(result, line, 8) + INT64_C(946684800) * INSTANT_SECOND },
                        .device = text_at(result, line, 9),
                        .inside = int_at(result, line, 10),
                        .presence_version = int_at(result, line, 11),
                        .presence_inside = PQgetvalue(result, line, 12)[0],
                        .presence_admitted = PQgetvalue(result, line, 13)[0],
                };

                if (!PQgetisnull(result, line, 5))
                        scan.day.days = (int32_t)int_at(result, line, 5) + 10957;
                places_advance(&feed->read->beyond, &scan.writer, scan.seq);
                handlers->apply_scan(handlers->context, &scan);
        }
}

static void take_families(struct feed *feed, const PGresult *result)
{
        for (int line = 0; line < PQntuples(result); line++) {
                struct uuid family = uuid_at(result, line, 0);

                feed_family(feed, &family)->dirty = true;
        }
}

static void take_tuples(struct feed *feed, const PGresult *result)
{
        enum due due = due_first(feed);

        if (due == DUE_FAMILIES)
                take_families(feed, result);
        else if (due == DUE_CHANGES)
                take_changes(feed, result);
        else if (due == DUE_SCANS)
                take_scans(feed, result);
        else if (due == DUE_ROWS)
                rows_apply(feed->store, feed->read->kinds[feed->read->kind], result);
}

static void conn_end(void *context)
{
        struct feed *feed = context;

        if (due_take(feed) == DUE_ROWS)
                feed->read->kind++;
}

static void take_sync(struct feed *feed)
{
        enum due due = due_take(feed);

        if (due == DUE_SYNC_FAMILIES) {
                feed->reading = false;
                next_round(feed);
        } else if (due == DUE_SYNC_CHANGES) {
                ask_rows(feed);
        } else if (due == DUE_SYNC_ROWS) {
                round_ended(feed);
        }
}

static void conn_result(void *context, PGresult *result)
{
        struct feed *feed = context;
        const char *state;

        switch (PQresultStatus(result)) {
        case PGRES_TUPLES_OK:
                take_tuples(feed, result);
                return;
        case PGRES_PIPELINE_SYNC:
                take_sync(feed);
                return;
        case PGRES_FATAL_ERROR:
                state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
                log_warning("the feed could not be read: %s", PQresultErrorMessage(result));
                if (feed->read) {
                        feed->read->failed = true;
                        feed->read->trimmed = state && strcmp(state, "UH005") == 0;
                }
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
                ask(feed, DUE_NOTHING, "SELECT usher.wake($1::uuid)", 1, values);
                any = true;
        }
        if (any)
                ask_sync(feed, DUE_SYNC);
}

void feed_own(struct feed *feed, const struct uuid *uuid, const struct uuid *writer, int64_t seq)
{
        struct feed_family *family = feed_family(feed, uuid);

        family->loaded = true;
        family->wake = true;
        places_advance(&family->places, writer, seq);
        if (!evtimer_pending(feed->wake_timer, NULL))
                evtimer_add(feed->wake_timer, (&(struct timeval){ 0, WAKE_MS * 1000 }));
}

static void notified(void *context, const char *payload, int pid)
{
        struct feed *feed = context;
        struct uuid family;

        if (pid == PQbackendPID(feed->conn.pg) || !uuid_parse(payload, &family))
                return;
        feed_family(feed, &UUID_NIL)->dirty = true;
        feed_family(feed, &family)->dirty = true;
        next_round(feed);
}

/* ---- the connection ---- */

static void conn_ready(void *context)
{
        struct feed *feed = context;

        feed->ready = true;
        ask(feed, DUE_NOTHING, "LISTEN usher_feed", 0, NULL);
        ask_sync(feed, DUE_SYNC);
        for (size_t i = 0; i < feed->count; i++)
                feed->families[i].dirty = true;
        evtimer_add(feed->wake_timer, (&(struct timeval){ 0, WAKE_MS * 1000 }));
        if (feed->store->loaded)
                ask_families(feed);
}

static void conn_lost(void *context, const char *why)
{
        struct feed *feed = context;

        (void)why;
        feed->ready = false;
        read_free(feed->read);
        feed->read = NULL;
        feed->reading = false;
        feed->due_count = 0;
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

void feed_expire(struct feed *feed)
{
        waiters_finish(feed);
}

void feed_init(struct feed *feed, struct store *store)
{
        struct pgconn_handlers handlers = { feed, conn_ready, conn_lost, conn_result, conn_end, notified };

        memset(feed, 0, sizeof(*feed));
        feed->store = store;
        feed->tick = event_new(store->base, -1, EV_PERSIST, tick, feed);
        feed->wake_timer = evtimer_new(store->base, wake_others, feed);
        pgconn_init(&feed->conn, store->base, true, &handlers);
        feed_family(feed, &UUID_NIL)->loaded = true;
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
        read_free(feed->read);
        for (size_t i = 0; i < feed->count; i++)
                places_deinit(&feed->families[i].places);
        free(feed->families);
        free(feed->due);
        while (feed->waiters) {
                struct waiter *next = feed->waiters->next;

                free(feed->waiters);
                feed->waiters = next;
        }
}
