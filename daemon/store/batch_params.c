/* SPDX-License-Identifier: Apache-2.0 */
/* What a batch holds as the parameters of usher.record(): rows as JSON, scans as one binary array a column. */
#include "store/batch.h"

#include <endian.h>
#include <string.h>

#include "base/cleanup.h"
#include "store/pgarray.h"

#define RECORD "record"
#define RECORD_SCAN "record_scan"

const struct batch_statement batch_statements[] = {
        { RECORD,
                "SELECT usher.record($1::uuid, $2::uuid, $3::bigint, $4::timestamptz, $5::jsonb, $6::jsonb, "
                "$7::jsonb, $8::jsonb, $9::uuid[], $10::uuid[], $11::text[], $12::text[], $13::bigint[], "
                "$14::bytea[], $15::date[], $16::text[], $17::text[], $18::text[], $19::timestamptz[], "
                "$20::timestamptz[], $21::text[], $22::text[], $23::text[], $24::text[], $25::bigint[], "
                "$26::bigint[], $27::boolean[], $28::boolean[], $29::boolean[], $30::timestamptz[], "
                "$31::text[], $32::bytea[], $33::text[], $34::uuid[], $35::bigint[], $36::boolean, "
                "$37::integer[])" },
        { RECORD_SCAN,
                "SELECT usher.record_scan($1::uuid, $2::uuid, $3::bigint, $4::bigint, $5::uuid, $6::uuid, "
                "$7::text, $8::text, $9::bigint, $10::bytea, $11::date, $12::text, $13::text, $14::text, "
                "$15::timestamptz, $16::timestamptz, $17::text, $18::text, $19::text, $20::text, "
                "$21::bigint, $22::bigint, $23::boolean, $24::boolean, $25::boolean, $26::timestamptz, "
                "$27::text, $28::bytea, $29::text)" },
        { NULL, NULL },
};

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
        BOOL_TYPE = 16,
        PLACE_TYPE = 23 /* four bytes; INT_TYPE has eight */
};

/* Among the columns. */
enum { AT = 10, RECEIVED_AT = 11 };

/* In the order of usher.record's parameters. */
static const uint32_t column_types[BATCH_SCAN_COLUMNS] = { UUID_TYPE, UUID_TYPE, TEXT_TYPE, TEXT_TYPE,
        INT_TYPE, BYTES_TYPE, DATE_TYPE, TEXT_TYPE, TEXT_TYPE, TEXT_TYPE, INSTANT_TYPE, INSTANT_TYPE,
        TEXT_TYPE, TEXT_TYPE, TEXT_TYPE, TEXT_TYPE, INT_TYPE, INT_TYPE, BOOL_TYPE, BOOL_TYPE, BOOL_TYPE,
        INSTANT_TYPE, TEXT_TYPE, BYTES_TYPE, TEXT_TYPE };

/* Those that mostly say the same of all, as usher.of_all() lists them: sent once, then. */
static const size_t columns_of_all[] = { 1, 2, 4, 6, 7, 10, 11, 12, 13, 15, 18, 19 };

/* Of a scan that moves nobody the presence's columns say what they say of `mover`, for nobody looks at them there. */
static void write_scan(struct buffer column[static BATCH_SCAN_COLUMNS], const struct scan_row *scan,
        const struct scan_row *mover)
{
        const struct scan_row *moved = scan->presence_version ? scan : mover;

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
        pgarray_bool(&column[18], moved->presence_inside);
        pgarray_bool(&column[19], moved->presence_admitted);
        if (scan->force) /* most batches have no such column, then */
                pgarray_bool(&column[20], true);
        else
                pgarray_bytes(&column[20], NULL, 0);
        pgarray_instant(&column[21], scan->first_at);
        pgarray_text(&column[22], scan->first_device);
        pgarray_bytes(&column[23], scan->hash, sizeof(scan->hash));
        pgarray_text(&column[24], scan->undoes);
}

/* The first that moves somebody; where none does, the first of all. */
static const struct scan_row *first_mover(const struct batch *batch)
{
        for (size_t n = 0; n < batch->scan_count; n++)
                if (batch->scans[n].scan.presence_version)
                        return &batch->scans[n].scan;
        return &batch->scans[0].scan;
}

static void array_param(struct batch_params *params, size_t i, struct buffer *array)
{
        params->formats[i] = 1;
        params->lengths[i] = (int)array->length;
        params->values[i] = buffer_steal(array);
}

static void scan_params(struct batch_params *params, const struct batch *batch)
{
        const struct scan_row *mover = first_mover(batch);
        struct buffer column[BATCH_SCAN_COLUMNS];
        bool late; /* some came later than they were made; else received_at repeats at */

        for (size_t i = 0; i < BATCH_SCAN_COLUMNS; i++) {
                column[i] = BUFFER_NULL;
                pgarray_begin(&column[i], column_types[i], batch->scan_count);
        }
        for (size_t n = 0; n < batch->scan_count; n++)
                write_scan(column, &batch->scans[n].scan, mover);
        for (size_t i = 0; i < sizeof(columns_of_all) / sizeof(columns_of_all[0]); i++)
                pgarray_shorten(&column[columns_of_all[i]], batch->scan_count);
        late = column[RECEIVED_AT].length != column[AT].length ||
               memcmp(column[RECEIVED_AT].data, column[AT].data, column[AT].length) != 0;
        for (size_t i = 0; i < BATCH_SCAN_COLUMNS; i++) {
                if ((i == RECEIVED_AT && !late) || pgarray_is_bare(&column[i], batch->scan_count))
                        buffer_deinit(&column[i]);
                else
                        array_param(params, BATCH_HEAD_PARAMS + i, &column[i]);
        }
}

struct entering {
        const char *registration;
        uint64_t beginning; /* of it: most differ in that */
        uint32_t place; /* from 1, as PostgreSQL counts */
};

/* Compared as a number it comes where it comes as a text. */
static uint64_t beginning_of(const char *text)
{
        char bytes[sizeof(uint64_t)] = "";
        uint64_t number;

        memcpy(bytes, text, strnlen(text, sizeof(bytes)));
        memcpy(&number, bytes, sizeof(number));
        return be64toh(number);
}

static int compare_entering(const void *a, const void *b)
{
        const struct entering *left = a, *right = b;

        if (left->beginning != right->beginning)
                return left->beginning < right->beginning ? -1 : 1;
        return strcmp(left->registration, right->registration);
}

/*
 * In which order moves are written: that of their presences' keys, as every batch does, and so that neighbours meet in
 * the index. Told where all that move somebody do so for the first time, at one checkpoint on one day; else the database
 * finds it.
 */
static void order_param(struct batch_params *params, const struct batch *batch)
{
        const struct scan_row *first = first_mover(batch);
        _cleanup_(freep) struct entering *entering = xcalloc(batch->scan_count, sizeof(*entering));
        struct buffer order = BUFFER_NULL;
        size_t count = 0;

        for (size_t n = 0; n < batch->scan_count; n++) {
                const struct scan_row *scan = &batch->scans[n].scan;

                if (!scan->presence_version)
                        continue;
                if (scan->presence_version != 1 || !uuid_equal(&scan->event, &first->event) ||
                        strcmp(scan->checkpoint, first->checkpoint) != 0 || scan->day.days != first->day.days)
                        return;
                entering[count++] = (struct entering){ scan->registration, beginning_of(scan->registration),
                        (uint32_t)(n + 1) };
        }
        if (!count)
                return;
        qsort(entering, count, sizeof(*entering), compare_entering);
        pgarray_begin(&order, PLACE_TYPE, count);
        for (size_t i = 0; i < count; i++)
                pgarray_place(&order, entering[i].place);
        array_param(params, BATCH_ORDER_PARAM, &order);
}

/* ---- a scan by itself ---- */

enum { LONE_HEAD_PARAMS = 4, ELEMENT_HEAD = 4 };

/* The checkpoint's version, where nothing else was relied on, and nothing else is to be recorded; 0: not so. */
static int64_t lone_version(const struct batch *batch)
{
        const struct scan_row *scan = batch->scan_count == 1 ? &batch->scans[0].scan : NULL;
        const struct row *expected = batch->expect_count == 1 ? batch->expected[0] : NULL;

        if (!scan || !expected || batch->no_news || batch->row_count || batch->counter_count ||
                batch->key_count)
                return 0;
        if (scan->why || scan->presence_version > 1 || expected->deleted)
                return 0;
        if (strcmp(expected->record->kind, "checkpoint") != 0 ||
                !uuid_equal(&expected->event, &scan->event) || strcmp(expected->id, scan->checkpoint) != 0)
                return 0;
        return expected->version;
}

/* An element of an array is its length and its bytes: without the length it is a value. */
static void lone_param(struct batch_params *params, size_t i, struct buffer *element)
{
        size_t length = element->length - ELEMENT_HEAD;
        bool null = memcmp(element->data, "\xff\xff\xff\xff", ELEMENT_HEAD) == 0;

        params->formats[i] = 1;
        params->lengths[i] = (int)length;
        if (!null) {
                memmove(element->data, element->data + ELEMENT_HEAD, length);
                params->values[i] = buffer_steal(element);
        }
        buffer_deinit(element);
}

static void lone_params(struct batch_params *params, const struct batch *batch, int64_t version)
{
        struct buffer element[BATCH_SCAN_COLUMNS];

        params->statement = RECORD_SCAN;
        params->count = LONE_HEAD_PARAMS + BATCH_SCAN_COLUMNS;
        params->values[3] = xasprintf("%lld", (long long)version);
        for (size_t i = 0; i < BATCH_SCAN_COLUMNS; i++)
                element[i] = BUFFER_NULL;
        write_scan(element, &batch->scans[0].scan, &batch->scans[0].scan);
        for (size_t i = 0; i < BATCH_SCAN_COLUMNS; i++)
                lone_param(params, LONE_HEAD_PARAMS + i, &element[i]);
}

/* ---- what was known ---- */

enum { FEW_SCANS = 16, WRITERS_A_SCAN = 4, MANY_WRITERS = 400 };

/* Few and known writers can be looked at in each batch. */
bool batch_can_tell_news(const struct batch *batch)
{
        return batch->known.count && batch->known.count <= MANY_WRITERS;
}

/*
 * So that registrations need not be compared one by one. Of a few scans that is cheaper than to look at all writers,
 * unless it has to be known that nobody has come.
 */
static void known_params(struct batch_params *params, const struct batch *batch)
{
        struct buffer writers = BUFFER_NULL, seqs = BUFFER_NULL;
        bool few = batch->scan_count <= FEW_SCANS + batch->known.count / WRITERS_A_SCAN;

        if (!batch_can_tell_news(batch) || (few && !batch->no_news))
                return;
        places_write(&batch->known, &writers, &seqs);
        params->values[BATCH_KNOWN_PARAMS] = buffer_steal(&writers);
        params->values[BATCH_KNOWN_PARAMS + 1] = buffer_steal(&seqs);
        if (batch->no_news)
                params->values[BATCH_KNOWN_PARAMS + 2] = xstrdup("true");
}

/* ---- all ---- */

static void record_params(struct batch_params *params, struct batch *batch)
{
        char at[40];

        params->statement = RECORD;
        params->count = BATCH_PARAMS;
        instant_format(batch->now, 0, at);
        params->values[3] = xstrdup(at);
        params->values[4] = json_items(&batch->rows_json, batch->row_count);
        params->values[5] = json_items(&batch->expects_json, batch->expect_count);
        params->values[6] = counters_json(batch);
        params->values[7] = json_items(&batch->keys_json, batch->key_count);
        if (batch->scan_count) {
                scan_params(params, batch);
                order_param(params, batch);
        }
        known_params(params, batch);
}

void batch_params_init(struct batch_params *params, struct batch *batch)
{
        int64_t version = lone_version(batch);
        char uuid[37];

        memset(params, 0, sizeof(*params));
        uuid_format(&batch->family, uuid);
        params->values[0] = xstrdup(uuid);
        uuid_format(&batch->writer, uuid);
        params->values[1] = xstrdup(uuid);
        params->values[2] = xasprintf("%lld", (long long)batch->seq);
        if (version)
                lone_params(params, batch, version);
        else
                record_params(params, batch);
}

void batch_params_deinit(struct batch_params *params)
{
        for (size_t i = 0; i < BATCH_PARAMS; i++)
                free(params->values[i]);
}
