/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that the feed has brought, taken into memory some at a time: others are served between. */
#include "store/private.h"

#include <string.h>

enum { ROWS_A_TURN = 250 };

static const char *whole_of(const struct row *row)
{
        return *(const char *const *)((const char *)row + row->record->whole);
}

void feed_keep_behind(struct feed_read *read, struct row *row)
{
        read->behind_rows = xrealloc(read->behind_rows, (read->behind_count + 1) * sizeof(struct row *));
        read->behind_rows[read->behind_count++] = row;
}

void feed_keep_row(void *context, void *row)
{
        struct feed_read *read = context;

        if (((const struct row *)row)->record->sums_up) {
                feed_keep_behind(read, row);
                return;
        }
        if (read->row_count == read->row_capacity) {
                read->row_capacity = read->row_capacity ? 2 * read->row_capacity : 16;
                read->rows = xrealloc(read->rows, read->row_capacity * sizeof(*read->rows));
        }
        if (record_is_part(((const struct row *)row)->record)) {
                if (!read->parts_end)
                        read->parts = read->next_part = read->row_count;
                read->parts_end = read->row_count + 1;
        }
        read->rows[read->row_count++] = row;
}

static void apply(struct feed *feed, const struct row *row)
{
        feed->store->handlers.apply(feed->store->handlers.context, row, false);
}

static int compare_with_whole(const struct row *part, const struct row *whole)
{
        int order = memcmp(part->event.bytes, whole->event.bytes, sizeof(whole->event.bytes));

        return order ? order : strcmp(whole_of(part), whole->id);
}

/* What belongs to it; both kinds come in the order of their ids, which those of parts begin with. Returns how many. */
static size_t apply_parts(struct feed *feed, const struct row *whole)
{
        struct feed_read *read = feed->read;
        size_t before = read->next_part;

        if (whole->record->whole != offsetof(struct row, id))
                return 0;
        while (read->next_part < read->parts_end &&
                compare_with_whole(read->rows[read->next_part], whole) <= 0)
                apply(feed, read->rows[read->next_part++]);
        return read->next_part - before;
}

/* The next row and what belongs to it; returns how many. */
static size_t apply_next(struct feed *feed)
{
        struct feed_read *read = feed->read;
        const struct row *row;

        if (read->applied >= read->row_count) {
                apply(feed, read->behind_rows[read->applied++ - read->row_count]);
                return 1;
        }
        if (read->applied == read->parts &&
                read->parts_end) { /* those whose whole has not changed are left */
                if (read->next_part < read->parts_end)
                        apply(feed, read->rows[read->next_part++]);
                else
                        read->applied = read->parts_end;
                return 1;
        }
        row = read->rows[read->applied++];
        apply(feed, row);
        return 1 + apply_parts(feed, row);
}

bool feed_apply_some(struct feed *feed)
{
        struct feed_read *read = feed->read;
        size_t count = 0;

        while (read->applied < read->row_count + read->behind_count && count < ROWS_A_TURN)
                count += apply_next(feed);
        return read->applied == read->row_count + read->behind_count;
}
