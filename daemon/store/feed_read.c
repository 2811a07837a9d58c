/* SPDX-License-Identifier: Apache-2.0 */
/* What the feed's answers say: taken into memory, or kept until the round of their family ends. */
#include "store/private.h"

#include <string.h>

struct feed_read *feed_read_free(struct feed_read *read)
{
        if (!read)
                return NULL;
        places_deinit(&read->beyond);
        for (size_t i = 0; i < read->row_count; i++)
                row_unref(read->rows[i]);
        for (size_t i = 0; i < read->behind_count; i++)
                row_unref(read->behind_rows[i]);
        free(read->rows);
        free(read->behind_rows);
        free(read);
        return NULL;
}

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

/* PostgreSQL counts from 2000-01-01. */
static struct instant instant_at(const PGresult *result, int line, int column)
{
        if (PQgetisnull(result, line, column))
                return INSTANT_NONE;
        return (struct instant){ int_at(result, line, column) + INT64_C(946684800) * INSTANT_SECOND };
}

static void note_kind(struct feed *feed, const struct record *record)
{
        struct feed_read *read = feed->read;
        const struct record *const *order = feed->store->handlers.records;
        size_t i, at = 0;

        for (i = 0; i < read->kind_count; i++)
                if (read->kinds[i] == record)
                        return;
        if (read->kind_count == FEED_KINDS_MAX)
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
        feed_keep_behind(read, row_tombstone(template, int_at(result, line, 5)));
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

/* What a lane of our own has recorded it applies itself, once, when its answer comes; the feed may know of it before. */
static bool is_own(const struct store *store, const struct uuid *writer)
{
        for (size_t i = 0; i < store->lane_count; i++)
                if (uuid_equal(&store->lanes[i].writer, writer))
                        return true;
        return false;
}

static void apply_scan(struct feed *feed, const struct scan_row *scan)
{
        const struct store_handlers *handlers = &feed->store->handlers;

        feed_met(feed, &scan->family);
        if (feed_takes_scan(feed, scan))
                handlers->apply_scans(handlers->context, &scan, 1);
}

static void take_scans(struct feed *feed, const PGresult *result)
{
        feed->read->more_scans = PQntuples(result) == FEED_SCANS;
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
                        .at = instant_at(result, line, 8),
                        .device = text_at(result, line, 9),
                        .inside = int_at(result, line, 10),
                        .presence_version = int_at(result, line, 11),
                        .presence_inside = PQgetvalue(result, line, 12)[0],
                        .presence_admitted = PQgetvalue(result, line, 13)[0],
                        .first_at = instant_at(result, line, 14),
                        .first_device = text_at(result, line, 15),
                        .admitted_at = instant_at(result, line, 16),
                        .undoes = text_at(result, line, 17),
                };

                if (!PQgetisnull(result, line, 5))
                        scan.day.days = (int32_t)int_at(result, line, 5) + 10957;
                places_advance(&feed->read->beyond, &scan.writer, scan.seq);
                if (!is_own(feed->store, &scan.writer))
                        apply_scan(feed, &scan);
        }
}

static void take_families(struct feed *feed, const PGresult *result)
{
        for (int line = 0; line < PQntuples(result); line++) {
                struct uuid family = uuid_at(result, line, 0);

                feed_family(feed, &family)->dirty = true;
        }
}

void feed_take(struct feed *feed, enum feed_due due, const PGresult *result)
{
        switch (due) {
        case DUE_FAMILIES:
                take_families(feed, result);
                return;
        case DUE_BEHIND:
                feed->read->behind = PQgetvalue(result, 0, 0)[0];
                return;
        case DUE_CHANGES:
                if (!feed->read->behind)
                        take_changes(feed, result);
                return;
        case DUE_SCANS:
                if (!feed->read->behind)
                        take_scans(feed, result);
                return;
        case DUE_ROWS:
                if (rows_read(feed->read->kinds[feed->read->kind], &feed->read->source, result, feed_keep_row,
                            feed->read))
                        feed->store->unsure = true;
                return;
        case DUE_NOTHING:
        case DUE_SYNC:
        case DUE_SYNC_FAMILIES:
        case DUE_SYNC_CHANGES:
        case DUE_SYNC_ROWS:
                return;
        }
}
