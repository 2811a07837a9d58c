/* SPDX-License-Identifier: Apache-2.0 */
/* What the feed asks, and what the answers to come belong to: they come in the order of asking. */
#include "store/private.h"

#include <string.h>

void feed_ask_piecewise(struct feed *feed)
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
                feed_ask_piecewise(feed);
}

enum feed_due feed_due_take(struct feed *feed)
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

void feed_ask_for_wakes(struct feed *feed)
{
        ask(feed, DUE_NOTHING, "SELECT usher.begin_feed()", 0, NULL);
        prepare_statements(feed);
        ask(feed, DUE_NOTHING, "LISTEN usher_feed", 0, NULL);
        ask_sync(feed, DUE_SYNC);
}

void feed_ask_families(struct feed *feed)
{
        ask(feed, DUE_FAMILIES, "SELECT * FROM usher.families()", 0, NULL);
        ask_sync(feed, DUE_SYNC_FAMILIES);
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

void feed_ask_changes(struct feed *feed, const struct feed_family *family)
{
        const struct feed_family *nil = feed_family(feed, &UUID_NIL);

        ask_prepared(feed, DUE_NOTHING, STATEMENT_BEGIN, 0, NULL);
        if (family != nil)
                ask_beyond(feed, DUE_BEHIND, STATEMENT_BEHIND, nil);
        ask_beyond(feed, DUE_CHANGES, STATEMENT_CHANGES, family);
        ask_scans(feed, family);
        ask_sync(feed, DUE_SYNC_CHANGES);
}

void feed_ask_more_scans(struct feed *feed, const struct feed_family *family)
{
        ask_scans(feed, family);
        ask_sync(feed, DUE_SYNC_CHANGES);
}

bool feed_ask_rows(struct feed *feed, const struct feed_family *family)
{
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
        feed_ask_end(feed, any ? DUE_SYNC_ROWS : DUE_SYNC);
        return any;
}

void feed_ask_end(struct feed *feed, enum feed_due due)
{
        ask_prepared(feed, DUE_NOTHING, STATEMENT_COMMIT, 0, NULL);
        ask_sync(feed, due);
}

void feed_ask_to_wake(struct feed *feed)
{
        bool any = false;

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
