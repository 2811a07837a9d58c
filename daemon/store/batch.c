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

const char batch_record_sql[] = "SELECT outcome, detail FROM usher.record($1::uuid, $2::uuid, $3::bigint, "
                                "$4::timestamptz, $5::jsonb, $6::jsonb, "
                                "$7::jsonb, $8::jsonb, $9::uuid[], $10::uuid[], $11::text[], $12::text[], "
                                "$13::bigint[], $14::bytea[], "
                                "$15::date[], $16::text[], $17::text[], $18::text[], $19::timestamptz[], "
                                "$20::timestamptz[], $21::text[], "
                                "$22::text[], $23::text[], $24::text[], $25::bigint[], $26::bigint[], "
                                "$27::boolean[], $28::boolean[], $29::boolean[], $30::timestamptz[], "
                                "$31::text[], $32::bytea[], $33::text[])";

void batch_init(struct batch *batch)
{
        memset(batch, 0, sizeof(*batch));
}

static void scan_free(struct batch_scan *scan)
{
        free((char *)(uintptr_t)scan->scan.checkpoint); /* one allocation holds all its texts */
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
        buffer_deinit(&batch->rows_json);
        buffer_deinit(&batch->expects_json);
        buffer_deinit(&batch->keys_json);
        batch_init(batch);
}

void batch_add_member(struct batch *batch, struct change *change)
{
        GROW(batch->members, batch->member_count, batch->member_capacity);
        batch->members[batch->member_count++] = change;
        change->batch = batch;
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

void batch_add_row(struct batch *batch, struct change *change, const void *row)
{
        const struct row *head = row;
        struct jsonout out = items_next(&batch->rows_json, batch->row_count);

        (void)change;
        GROW(batch->rows, batch->row_count, batch->row_capacity);
        batch->rows[batch->row_count++].row = row_ref(row);
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

void batch_expect(struct batch *batch, struct change *change, const void *row)
{
        const struct row *head = row;
        struct jsonout out;

        (void)change;
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

void batch_add_counter(struct batch *batch, struct change *change, const struct uuid *event, const char *kind,
        const char *id, int64_t by, int64_t min, int64_t max)
{
        struct batch_counter fresh = { *event, xstrdup(kind), xstrdup(id), by, min, max };

        (void)change;
        GROW(batch->counters, batch->counter_count, batch->counter_capacity);
        batch->counters[batch->counter_count++] = fresh;
}

void batch_add_request_key(struct batch *batch, struct change *change, const struct uuid *key,
        const char *actor, const char *method, const uint8_t params_digest[static 16],
        const char *result_json)
{
        struct jsonout out = items_next(&batch->keys_json, batch->key_count++);
        char digest[33];

        (void)change;
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

size_t batch_add_scan(struct batch *batch, struct change *change, const struct scan_row *scan)
{
        const char *const texts[] = { scan->checkpoint, scan->registration, scan->direction, scan->verdict,
                scan->reason, scan->device, scan->by, scan->why, scan->flags, scan->first_device,
                scan->undoes };
        struct batch_scan *own;
        size_t size = 1;
        char *tail;

        GROW(batch->scans, batch->scan_count, batch->scan_capacity);
        own = &batch->scans[batch->scan_count++];
        own->change = change;
        own->scan = *scan;
        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
                size += texts[i] ? strlen(texts[i]) + 1 : 0;
        tail = xmalloc(size);
        own->scan.checkpoint = carry(scan->checkpoint, &tail);
        own->scan.registration = carry(scan->registration, &tail);
        own->scan.direction = carry(scan->direction, &tail);
        own->scan.verdict = carry(scan->verdict, &tail);
        own->scan.reason = carry(scan->reason, &tail);
        own->scan.device = carry(scan->device, &tail);
        own->scan.by = carry(scan->by, &tail);
        own->scan.why = carry(scan->why, &tail);
        own->scan.flags = carry(scan->flags, &tail);
        own->scan.first_device = carry(scan->first_device, &tail);
        own->scan.undoes = carry(scan->undoes, &tail);
        return batch->scan_count - 1;
}

const struct scan_row *batch_scan(const struct batch *batch, size_t place)
{
        return &batch->scans[place].scan;
}

/* ---- parameters ---- */

/* Taken out of the batch, for a copy of an import's rows would hold up the loop. */
static char *json_items(struct buffer *items, size_t count)
{
        if (!count)
                return NULL;
        buffer_add_char(items, ']');
        return buffer_steal(items);
}

/* Every counter once: moves of one add up, the tighter bound holds. */
static char *counters_json(const struct batch *batch)
{
        struct buffer text = BUFFER_NULL;
        struct jsonout out = JSONOUT(&text);

        if (!batch->counter_count)
                return NULL;
        json_begin_array(&out);
        for (size_t i = 0; i < batch->counter_count; i++) {
                struct batch_counter sum = batch->counters[i];
                bool seen = false;

                for (size_t j = 0; j < batch->counter_count; j++) {
                        const struct batch_counter *other = &batch->counters[j];

                        if (j == i || !uuid_equal(&other->event, &sum.event) ||
                                strcmp(other->kind, sum.kind) != 0 || strcmp(other->id, sum.id) != 0)
                                continue;
                        seen = seen || j < i;
                        sum.by += other->by;
                        sum.min = other->min > sum.min ? other->min : sum.min;
                        sum.max = other->max < sum.max ? other->max : sum.max;
                }
                if (seen)
                        continue;
                json_begin_object(&out);
                json_name(&out, "event_id");
                json_uuid(&out, &sum.event);
                json_member_text(&out, "kind", sum.kind);
                json_member_text(&out, "id", sum.id);
                json_member_int(&out, "by", sum.by);
                if (sum.min == INT64_MIN)
                        json_member_null(&out, "min");
                else
                        json_member_int(&out, "min", sum.min);
                if (sum.max == INT64_MAX)
                        json_member_null(&out, "max");
                else
                        json_member_int(&out, "max", sum.max);
                json_end_object(&out);
        }
        json_end_array(&out);
        return buffer_steal(&text);
}

/* An element of a PostgreSQL array literal. */
static void element_text(struct buffer *to, const char *text)
{
        if (!text) {
                buffer_add_text(to, "NULL");
                return;
        }
        buffer_add_char(to, '"');
        for (; *text; text++) {
                if (*text == '"' || *text == '\\')
                        buffer_add_char(to, '\\');
                buffer_add_char(to, *text);
        }
        buffer_add_char(to, '"');
}

static void element_instant(struct buffer *to, struct instant at)
{
        char text[40];

        if (instant_is_none(at)) {
                buffer_add_text(to, "NULL");
                return;
        }
        instant_format(at, 0, text);
        buffer_add_text(to, text);
}

static void element_bytes(struct buffer *to, const uint8_t *bytes, size_t length)
{
        char hex[2 * CHAIN_BYTES + 1];

        sodium_bin2hex(hex, sizeof(hex), bytes, length);
        buffer_addf(to, "\"\\\\x%s\"", hex);
}

static void element_digest(struct buffer *to, const struct scan_row *scan)
{
        if (scan->has_digest)
                element_bytes(to, scan->credential_digest, sizeof(scan->credential_digest));
        else
                buffer_add_text(to, "NULL");
}

static void element_date(struct buffer *to, struct date day)
{
        char text[11];

        if (date_is_none(day)) {
                buffer_add_text(to, "NULL");
                return;
        }
        date_format(day, text);
        buffer_add_text(to, text);
}

static void element_uuid(struct buffer *to, const struct uuid *uuid)
{
        char text[37];

        uuid_format(uuid, text);
        buffer_add_text(to, text);
}

/* Columns in the order of usher.record's parameters. */
static void write_scan(struct buffer column[static BATCH_SCAN_COLUMNS], const struct scan_row *scan)
{
        element_uuid(&column[0], &scan->nonce);
        element_uuid(&column[1], &scan->event);
        element_text(&column[2], scan->checkpoint);
        element_text(&column[3], scan->registration);
        buffer_addf(&column[4], "%lld", (long long)scan->registration_version);
        element_digest(&column[5], scan);
        element_date(&column[6], scan->day);
        element_text(&column[7], scan->direction);
        element_text(&column[8], scan->verdict);
        element_text(&column[9], scan->reason);
        element_instant(&column[10], scan->at);
        element_instant(&column[11], scan->received_at);
        element_text(&column[12], scan->device);
        element_text(&column[13], scan->by);
        element_text(&column[14], scan->why);
        element_text(&column[15], scan->flags);
        buffer_addf(&column[16], "%lld", (long long)scan->inside);
        buffer_addf(&column[17], "%lld", (long long)scan->presence_version);
        buffer_add_char(&column[18], scan->presence_inside ? 't' : 'f');
        buffer_add_char(&column[19], scan->presence_admitted ? 't' : 'f');
        buffer_add_char(&column[20], scan->force ? 't' : 'f');
        element_instant(&column[21], scan->first_at);
        element_text(&column[22], scan->first_device);
        element_bytes(&column[23], scan->hash, sizeof(scan->hash));
        element_text(&column[24], scan->undoes);
}

static void scan_params(struct batch_params *params, const struct batch *batch)
{
        struct buffer column[BATCH_SCAN_COLUMNS];

        for (size_t i = 0; i < BATCH_SCAN_COLUMNS; i++) {
                column[i] = BUFFER_NULL;
                buffer_add_char(&column[i], '{');
        }
        for (size_t n = 0; n < batch->scan_count; n++) {
                for (size_t i = 0; n && i < BATCH_SCAN_COLUMNS; i++)
                        buffer_add_char(&column[i], ',');
                write_scan(column, &batch->scans[n].scan);
        }
        for (size_t i = 0; i < BATCH_SCAN_COLUMNS; i++) {
                buffer_add_char(&column[i], '}');
                params->values[BATCH_HEAD_PARAMS + i] = buffer_steal(&column[i]);
        }
}

void batch_number(struct batch *batch)
{
        for (size_t i = 0; i < batch->scan_count; i++) {
                struct scan_row *scan = &batch->scans[i].scan;

                scan->writer = batch->writer;
                scan->seq = batch->seq + (int64_t)(batch->row_count + i);
                chain_next(batch->head, scan, scan->hash);
                memcpy(batch->head, scan->hash, sizeof(batch->head));
        }
}

void batch_params_init(struct batch_params *params, struct batch *batch)
{
        char uuid[37], at[40];

        memset(params, 0, sizeof(*params));
        uuid_format(&batch->family, uuid);
        params->values[0] = xstrdup(uuid);
        uuid_format(&batch->writer, uuid);
        params->values[1] = xstrdup(uuid);
        params->values[2] = xasprintf("%lld", (long long)batch->seq);
        instant_format(batch->now, 0, at);
        params->values[3] = xstrdup(at);
        params->values[4] = json_items(&batch->rows_json, batch->row_count);
        params->values[5] = json_items(&batch->expects_json, batch->expect_count);
        params->values[6] = counters_json(batch);
        params->values[7] = json_items(&batch->keys_json, batch->key_count);
        if (batch->scan_count)
                scan_params(params, batch);
}

void batch_params_deinit(struct batch_params *params)
{
        for (size_t i = 0; i < BATCH_PARAMS; i++)
                free(params->values[i]);
}
