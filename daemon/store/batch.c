/* SPDX-License-Identifier: Apache-2.0 */
#include "store/batch.h"
#include "store/chain.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define GROW(array, count, capacity)                                                                         \
        do {                                                                                                 \
                if ((count) == (capacity)) {                                                                 \
                        (capacity) = (capacity) ? (capacity)*2 : 16;                                         \
                        (array) = xrealloc((array), (capacity) * sizeof(*(array)));                          \
                }                                                                                            \
        } while (0)

enum { EXPECTS_COMPARED = 64 };

void batch_init(struct batch *batch)
{
        memset(batch, 0, sizeof(*batch));
}

static void scan_free(struct scan_row *scan)
{
        free((char *)(uintptr_t)scan->checkpoint); /* one allocation holds all its texts */
}

void batch_rewind(struct batch *batch, const struct batch_mark *mark)
{
        while (batch->row_count > mark->rows)
                row_unref(batch->rows[--batch->row_count].row);
        while (batch->counter_count > mark->counters) {
                batch->counter_count--;
                free(batch->counters[batch->counter_count].kind);
                free(batch->counters[batch->counter_count].id);
        }
        while (batch->scan_count > mark->scans)
                scan_free(&batch->scans[--batch->scan_count]);
        while (batch->expect_count > mark->expects)
                row_unref(batch->expected[--batch->expect_count]);
        batch->key_count = mark->keys;
        batch->rows_json.length = mark->row_bytes;
        batch->expects_json.length = mark->expect_bytes;
        batch->keys_json.length = mark->key_bytes;
        batch->no_news = mark->no_news;
        batch->of_checkpoints = mark->of_checkpoints;
}

struct batch_mark batch_mark(const struct batch *batch)
{
        return (struct batch_mark){
                .rows = batch->row_count,
                .expects = batch->expect_count,
                .counters = batch->counter_count,
                .keys = batch->key_count,
                .scans = batch->scan_count,
                .row_bytes = batch->rows_json.length,
                .expect_bytes = batch->expects_json.length,
                .key_bytes = batch->keys_json.length,
                .no_news = batch->no_news,
                .of_checkpoints = batch->of_checkpoints,
        };
}

void batch_empty(struct batch *batch)
{
        static const struct batch_mark nothing;

        batch_rewind(batch, &nothing);
}

void batch_deinit(struct batch *batch)
{
        batch_empty(batch);
        free(batch->members);
        free(batch->rows);
        free(batch->counters);
        free(batch->scans);
        free(batch->expected);
        places_deinit(&batch->known);
        places_deinit(&batch->scanned);
        buffer_deinit(&batch->rows_json);
        buffer_deinit(&batch->expects_json);
        buffer_deinit(&batch->keys_json);
        batch_init(batch);
}

void batch_add_member(struct batch *batch, struct change *change)
{
        GROW(batch->members, batch->member_count, batch->member_capacity);
        batch->members[batch->member_count++] = change;
}

bool batch_has_content(const struct batch *batch)
{
        return batch->row_count || batch->scan_count || batch->key_count || batch->counter_count;
}

size_t batch_numbers(const struct batch *batch)
{
        return batch->row_count + batch->scan_count;
}

/* ---- what decisions add ---- */

struct instant batch_now(const struct batch *batch)
{
        return batch->now;
}

/* The next element of an array whose end is added when it is sent. */
static struct jsonout items_next(struct buffer *items, size_t before)
{
        struct jsonout out = JSONOUT(items);

        if (before)
                out.comma = true;
        else
                json_begin_array(&out);
        return out;
}

void batch_add_row(struct batch *batch, const void *row)
{
        const struct row *head = row;
        struct jsonout out = items_next(&batch->rows_json, batch->row_count);

        GROW(batch->rows, batch->row_count, batch->row_capacity);
        batch->rows[batch->row_count++].row = row_ref(row);
        batch->of_checkpoints = batch->of_checkpoints || strcmp(head->record->kind, "checkpoint") == 0;
        json_begin_object(&out);
        json_member_text(&out, "kind", head->record->kind);
        json_member_bool(&out, "deleted", head->deleted);
        json_name(&out, "row");
        row_write_stored(row, &out);
        json_end_object(&out);
}

/* Members of a batch mostly rely on the same few rows: once said is enough. */
static bool is_expected(const struct batch *batch, const void *row)
{
        size_t i = batch->expect_count, looked = 0;

        while (i-- && looked++ < EXPECTS_COMPARED)
                if (batch->expected[i] == row)
                        return true;
        return false;
}

void batch_expect(struct batch *batch, const void *row)
{
        const struct row *head = row;
        struct jsonout out;

        if (is_expected(batch, row))
                return;
        out = items_next(&batch->expects_json, batch->expect_count);
        GROW(batch->expected, batch->expect_count, batch->expect_capacity);
        batch->expected[batch->expect_count++] = row_ref(row);
        json_begin_object(&out);
        json_member_text(&out, "kind", head->record->kind);
        json_name(&out, "event_id");
        json_uuid(&out, &head->event);
        json_member_text(&out, "id", head->id);
        json_member_int(&out, "version", head->version);
        json_end_object(&out);
}

bool batch_expect_no_news(struct batch *batch)
{
        batch->no_news = batch->no_news || batch->quiet;
        return batch->no_news;
}

void batch_add_counter(struct batch *batch, const struct uuid *event, const char *kind, const char *id,
        int64_t by, int64_t min, int64_t max)
{
        struct batch_counter fresh = { *event, xstrdup(kind), xstrdup(id), by, min, max };

        GROW(batch->counters, batch->counter_count, batch->counter_capacity);
        batch->counters[batch->counter_count++] = fresh;
}

void batch_add_request_key(struct batch *batch, const struct uuid *key, const char *actor, const char *method,
        const uint8_t params_digest[static 16], const char *result_json)
{
        struct jsonout out = items_next(&batch->keys_json, batch->key_count++);
        char digest[33];

        sodium_bin2hex(digest, sizeof(digest), params_digest, 16);
        json_begin_object(&out);
        json_name(&out, "key");
        json_uuid(&out, key);
        json_member_text(&out, "actor", actor);
        json_member_text(&out, "method", method);
        json_member_text(&out, "params_digest", digest);
        json_member_raw(&out, "result", result_json);
        json_end_object(&out);
}

static const char *carry(const char *text, char **tail)
{
        size_t size = text ? strlen(text) + 1 : 0;
        const char *at = text ? *tail : NULL;

        if (text)
                memcpy(*tail, text, size);
        *tail += size;
        return at;
}

size_t batch_add_scan(struct batch *batch, const struct scan_row *scan)
{
        const char *const texts[] = { scan->checkpoint, scan->registration, scan->direction, scan->verdict,
                scan->reason, scan->device, scan->by, scan->why, scan->flags, scan->first_device,
                scan->undoes };
        struct scan_row *own;
        size_t size = 1;
        char *tail;

        if (scan->presence_version && uuid_is_nil(&scan->presence))
                abort(); /* the log would hold it to be whoever else has no key */
        GROW(batch->scans, batch->scan_count, batch->scan_capacity);
        own = &batch->scans[batch->scan_count++];
        *own = *scan;
        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
                size += texts[i] ? strlen(texts[i]) + 1 : 0;
        tail = xmalloc(size);
        own->checkpoint = carry(scan->checkpoint, &tail);
        own->registration = carry(scan->registration, &tail);
        own->direction = carry(scan->direction, &tail);
        own->verdict = carry(scan->verdict, &tail);
        own->reason = carry(scan->reason, &tail);
        own->device = carry(scan->device, &tail);
        own->by = carry(scan->by, &tail);
        own->why = carry(scan->why, &tail);
        own->flags = carry(scan->flags, &tail);
        own->first_device = carry(scan->first_device, &tail);
        own->undoes = carry(scan->undoes, &tail);
        return batch->scan_count - 1;
}

const struct scan_row *batch_scan(const struct batch *batch, size_t place)
{
        return &batch->scans[place];
}

/* ---- slices ---- */

/* NULL: of none; of a tombstone only the head counts. */
static const char *whole_of(const struct row *row)
{
        return row->record->whole && !row->deleted
                       ? *(const char *const *)((const char *)row + row->record->whole)
                       : NULL;
}

static bool are_of_one_whole(const struct row *a, const struct row *b)
{
        const char *whole = whole_of(a), *other = whole_of(b);

        return whole && other && uuid_equal(&a->event, &b->event) && strcmp(whole, other) == 0;
}

size_t batch_slice_end(const struct batch *batch, size_t from, size_t most)
{
        size_t end = from + most;

        if (end >= batch->row_count)
                return batch->row_count;
        while (end < batch->row_count && are_of_one_whole(batch->rows[end - 1].row, batch->rows[end].row))
                end++;
        return end;
}

/* ---- places ---- */

void batch_number(struct batch *batch)
{
        for (size_t i = 0; i < batch->scan_count; i++) {
                struct scan_row *scan = &batch->scans[i];

                scan->writer = batch->writer;
                scan->seq = batch->seq + (int64_t)(batch->row_count + i);
                chain_next(batch->head, scan, scan->hash);
                memcpy(batch->head, scan->hash, sizeof(batch->head));
        }
}
