/* SPDX-License-Identifier: Apache-2.0 */
/* What a batch holds as the parameters of usher.record(): rows as JSON, scans as one binary array a column. */
#include "store/batch.h"

#include <string.h>

#include "base/cleanup.h"
#include "store/pgarray.h"

const char batch_record_sql[] = "SELECT outcome, detail FROM usher.record($1::uuid, $2::uuid, $3::bigint, "
                                "$4::timestamptz, $5::jsonb, $6::jsonb, "
                                "$7::jsonb, $8::jsonb, $9::uuid[], $10::uuid[], $11::text[], $12::text[], "
                                "$13::bigint[], $14::bytea[], "
                                "$15::date[], $16::text[], $17::text[], $18::text[], $19::timestamptz[], "
                                "$20::timestamptz[], $21::text[], "
                                "$22::text[], $23::text[], $24::text[], $25::bigint[], $26::bigint[], "
                                "$27::boolean[], $28::boolean[], $29::boolean[], $30::timestamptz[], "
                                "$31::text[], $32::bytea[], $33::text[])";

/* ---- rows ---- */

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

/* ---- scans ---- */

enum {
        UUID_TYPE = 2950,
        TEXT_TYPE = 25,
        INT_TYPE = 20,
        BYTES_TYPE = 17,
        DATE_TYPE = 1082,
        INSTANT_TYPE = 1184,
        BOOL_TYPE = 16
};

/* In the order of usher.record's parameters. */
static const uint32_t column_types[BATCH_SCAN_COLUMNS] = { UUID_TYPE, UUID_TYPE, TEXT_TYPE, TEXT_TYPE,
        INT_TYPE, BYTES_TYPE, DATE_TYPE, TEXT_TYPE, TEXT_TYPE, TEXT_TYPE, INSTANT_TYPE, INSTANT_TYPE,
        TEXT_TYPE, TEXT_TYPE, TEXT_TYPE, TEXT_TYPE, INT_TYPE, INT_TYPE, BOOL_TYPE, BOOL_TYPE, BOOL_TYPE,
        INSTANT_TYPE, TEXT_TYPE, BYTES_TYPE, TEXT_TYPE };

static void write_scan(struct buffer column[static BATCH_SCAN_COLUMNS], const struct scan_row *scan)
{
        pgarray_uuid(&column[0], &scan->nonce);
        pgarray_uuid(&column[1], &scan->event);
        pgarray_text(&column[2], scan->checkpoint);
        pgarray_text(&column[3], scan->registration);
        pgarray_int(&column[4], scan->registration_version);
        pgarray_bytes(&column[5], scan->has_digest ? scan->credential_digest : NULL,
                sizeof(scan->credential_digest));
        pgarray_date(&column[6], scan->day);
        pgarray_text(&column[7], scan->direction);
        pgarray_text(&column[8], scan->verdict);
        pgarray_text(&column[9], scan->reason);
        pgarray_instant(&column[10], scan->at);
        pgarray_instant(&column[11], scan->received_at);
        pgarray_text(&column[12], scan->device);
        pgarray_text(&column[13], scan->by);
        pgarray_text(&column[14], scan->why);
        pgarray_text(&column[15], scan->flags);
        pgarray_int(&column[16], scan->inside);
        pgarray_int(&column[17], scan->presence_version);
        pgarray_bool(&column[18], scan->presence_inside);
        pgarray_bool(&column[19], scan->presence_admitted);
        pgarray_bool(&column[20], scan->force);
        pgarray_instant(&column[21], scan->first_at);
        pgarray_text(&column[22], scan->first_device);
        pgarray_bytes(&column[23], scan->hash, sizeof(scan->hash));
        pgarray_text(&column[24], scan->undoes);
}

static void scan_params(struct batch_params *params, const struct batch *batch)
{
        struct buffer column[BATCH_SCAN_COLUMNS];

        for (size_t i = 0; i < BATCH_SCAN_COLUMNS; i++) {
                column[i] = BUFFER_NULL;
                pgarray_begin(&column[i], column_types[i], batch->scan_count);
        }
        for (size_t n = 0; n < batch->scan_count; n++)
                write_scan(column, &batch->scans[n].scan);
        for (size_t i = 0; i < BATCH_SCAN_COLUMNS; i++) {
                params->formats[BATCH_HEAD_PARAMS + i] = 1;
                params->lengths[BATCH_HEAD_PARAMS + i] = (int)column[i].length;
                params->values[BATCH_HEAD_PARAMS + i] = buffer_steal(&column[i]);
        }
}

/* ---- all ---- */

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
