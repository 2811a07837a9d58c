/* SPDX-License-Identifier: Apache-2.0 */
/* What a batch holds as the parameters of usher.record(): rows as JSON, scans as one binary array a column. */
#include "store/batch.h"

#include <endian.h>
#include <string.h>

#include "base/cleanup.h"
#include "store/pgarray.h"

#define RECORD "record"
#define RECORD_SCAN "record_scan"

/* Of what type each parameter is, the server knows by the function. */
const struct batch_statement batch_statements[] = {
        { RECORD, "SELECT usher.record($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, "
                  "$16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, "
                  "$33, $34, $35, $36, $37, $38, $39)" },
        { RECORD_SCAN,
                "SELECT usher.record_scan($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, "
                "$15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, "
                "$33)" },
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

/* ---- counters ---- */

/* Moves of one counter in a row: they add up, and these are the bounds of where it stood before all of them. */
struct folded_counter {
        const struct batch_counter *first;
        int64_t by, min, max;
};

/* A bound `by` further on; what is free stays so. */
static int64_t bound_moved(int64_t bound, int64_t by)
{
        return bound == INT64_MIN || bound == INT64_MAX ? bound : bound + by;
}

static bool is_same_counter(const struct batch_counter *a, const struct batch_counter *b)
{
        return uuid_equal(&a->event, &b->event) && strcmp(a->kind, b->kind) == 0 && strcmp(a->id, b->id) == 0;
}

static struct folded_counter *folded_find(
        struct folded_counter *folded, size_t *count, const struct batch_counter *counter)
{
        for (size_t i = 0; i < *count; i++)
                if (is_same_counter(folded[i].first, counter))
                        return &folded[i];
        folded[*count] = (struct folded_counter){ counter, 0, INT64_MIN, INT64_MAX };
        return &folded[(*count)++];
}

/*
 * A move is held to its bounds where it was decided: after those before it, whatever comes behind. Who is sent away from
 * a full hall was so though somebody leaves it a moment later.
 */
static void fold(struct folded_counter *folded, const struct batch_counter *counter)
{
        int64_t min, max;

        folded->by += counter->by;
        min = bound_moved(counter->min, -folded->by);
        max = bound_moved(counter->max, -folded->by);
        folded->min = min > folded->min ? min : folded->min;
        folded->max = max < folded->max ? max : folded->max;
}

static void write_bound(struct jsonout *out, const char *name, int64_t bound, int64_t by)
{
        if (bound == INT64_MIN || bound == INT64_MAX)
                json_member_null(out, name);
        else
                json_member_int(out, name, bound_moved(bound, by));
}

/* Every counter once, with the bounds of where it ends. */
static char *counters_json(const struct batch *batch)
{
        _cleanup_(freep) struct folded_counter *folded = NULL;
        struct buffer text = BUFFER_NULL;
        struct jsonout out = JSONOUT(&text);
        size_t count = 0;

        if (!batch->counter_count)
                return NULL;
        folded = xcalloc(batch->counter_count, sizeof(*folded));
        for (size_t i = 0; i < batch->counter_count; i++)
                fold(folded_find(folded, &count, &batch->counters[i]), &batch->counters[i]);
        json_begin_array(&out);
        for (size_t i = 0; i < count; i++) {
                json_begin_object(&out);
                json_name(&out, "event_id");
                json_uuid(&out, &folded[i].first->event);
                json_member_text(&out, "kind", folded[i].first->kind);
                json_member_text(&out, "id", folded[i].first->id);
                json_member_int(&out, "by", folded[i].by);
                write_bound(&out, "min", folded[i].min, folded[i].by);
                write_bound(&out, "max", folded[i].max, folded[i].by);
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

/* How a column is sent. */
enum sent_as {
        EACH, /* an element a scan */
        SOME, /* mostly null: without the nulls at its ends */
        OF_ALL, /* one element, where all say the same: as usher.of_all() lists them */
        EACH_MOVER, /* an element a scan that moves somebody: these come first */
        OF_MOVERS /* one, where these all say the same */
};

/* In the order of usher.record's parameters. */
enum column {
        NONCE,
        EVENT,
        CHECKPOINT,
        REGISTRATION,
        REGISTRATION_VERSION,
        DIGEST,
        DAY,
        DIRECTION,
        VERDICT, /* null: admitted */
        REASON,
        AT,
        RECEIVED_AT,
        DEVICE,
        BY,
        WHY,
        FLAGS,
        INSIDE,
        PRESENCE_VERSION,
        PRESENCE_INSIDE,
        PRESENCE_ADMITTED,
        FORCE, /* null: no */
        FIRST_AT,
        FIRST_DEVICE,
        ADMITTED_AT,
        HASH,
        UNDOES,
        PRESENCE,
        COLUMNS
};

static const struct {
        uint32_t type;
        enum sent_as as;
} columns[] = {
        [NONCE] = { UUID_TYPE, EACH },
        [EVENT] = { UUID_TYPE, OF_ALL },
        [CHECKPOINT] = { TEXT_TYPE, OF_ALL },
        [REGISTRATION] = { TEXT_TYPE, EACH },
        [REGISTRATION_VERSION] = { INT_TYPE, OF_ALL },
        [DIGEST] = { BYTES_TYPE, EACH },
        [DAY] = { DATE_TYPE, OF_ALL },
        [DIRECTION] = { TEXT_TYPE, OF_ALL },
        [VERDICT] = { TEXT_TYPE, SOME },
        [REASON] = { TEXT_TYPE, SOME },
        [AT] = { INSTANT_TYPE, OF_ALL },
        [RECEIVED_AT] = { INSTANT_TYPE, OF_ALL },
        [DEVICE] = { TEXT_TYPE, OF_ALL },
        [BY] = { TEXT_TYPE, OF_ALL },
        [WHY] = { TEXT_TYPE, SOME },
        [FLAGS] = { TEXT_TYPE, OF_ALL },
        [INSIDE] = { INT_TYPE, EACH },
        [PRESENCE_VERSION] = { INT_TYPE, OF_MOVERS },
        [PRESENCE_INSIDE] = { BOOL_TYPE, OF_MOVERS },
        [PRESENCE_ADMITTED] = { BOOL_TYPE, OF_MOVERS },
        [FORCE] = { BOOL_TYPE, SOME },
        [FIRST_AT] = { INSTANT_TYPE, SOME },
        [FIRST_DEVICE] = { TEXT_TYPE, SOME },
        [ADMITTED_AT] = { INSTANT_TYPE, SOME },
        [HASH] = { BYTES_TYPE, EACH },
        [UNDOES] = { TEXT_TYPE, SOME },
        [PRESENCE] = { UUID_TYPE, EACH_MOVER },
};
_Static_assert((int)COLUMNS == (int)BATCH_SCAN_COLUMNS, "as many as usher.record has parameters for");

static void write_presence(struct buffer column[static COLUMNS], const struct scan_row *scan)
{
        if (!scan->presence_version) {
                for (size_t i = PRESENCE_VERSION; i <= PRESENCE_ADMITTED; i++)
                        pgarray_null(&column[i]);
                pgarray_null(&column[PRESENCE]);
                return;
        }
        pgarray_int(&column[PRESENCE_VERSION], scan->presence_version);
        pgarray_bool(&column[PRESENCE_INSIDE], scan->presence_inside);
        pgarray_bool(&column[PRESENCE_ADMITTED], scan->presence_admitted);
        pgarray_uuid(&column[PRESENCE], &scan->presence);
}

static void write_scan(struct buffer column[static COLUMNS], const struct scan_row *scan)
{
        pgarray_uuid(&column[NONCE], &scan->nonce);
        pgarray_uuid(&column[EVENT], &scan->event);
        pgarray_text(&column[CHECKPOINT], scan->checkpoint);
        pgarray_text(&column[REGISTRATION], scan->registration);
        pgarray_int(&column[REGISTRATION_VERSION], scan->registration_version);
        pgarray_bytes(&column[DIGEST], scan->has_digest ? scan->credential_digest : NULL,
                sizeof(scan->credential_digest));
        pgarray_date(&column[DAY], scan->day);
        pgarray_text(&column[DIRECTION], scan->direction);
        pgarray_text(&column[VERDICT], strcmp(scan->verdict, "admitted") == 0 ? NULL : scan->verdict);
        pgarray_text(&column[REASON], scan->reason);
        pgarray_instant(&column[AT], scan->at);
        pgarray_instant(&column[RECEIVED_AT], scan->received_at);
        pgarray_text(&column[DEVICE], scan->device);
        pgarray_text(&column[BY], scan->by);
        pgarray_text(&column[WHY], scan->why);
        pgarray_text(&column[FLAGS], scan->flags);
        pgarray_int(&column[INSIDE], scan->inside);
        write_presence(column, scan);
        pgarray_bytes(&column[FORCE], scan->force ? "\1" : NULL, 1);
        pgarray_instant(&column[FIRST_AT], scan->first_at);
        pgarray_text(&column[FIRST_DEVICE], scan->first_device);
        pgarray_instant(&column[ADMITTED_AT], scan->admitted_at);
        pgarray_bytes(&column[HASH], scan->hash, sizeof(scan->hash));
        pgarray_text(&column[UNDOES], scan->undoes);
}

static void array_param(struct batch_params *params, size_t i, struct buffer *array)
{
        params->formats[i] = 1;
        params->lengths[i] = (int)array->length;
        params->values[i] = buffer_steal(array);
}

/* ---- the order in which scans are sent, and written ---- */

struct sent {
        bool stays; /* moves nobody */
        uint64_t beginning; /* of its key: most differ in that */
        const struct scan_row *scan;
        uint32_t place; /* among the batch's numbers, from 1 as PostgreSQL counts */
};

static const struct uuid *sent_key(const struct sent *sent)
{
        return sent->stays ? &sent->scan->nonce : &sent->scan->presence;
}

/* Compared as a number it comes where its bytes come. */
static uint64_t beginning_of(const struct uuid *key)
{
        uint64_t number;

        memcpy(&number, key->bytes, sizeof(number));
        return be64toh(number);
}

static int compare_sent(const void *a, const void *b)
{
        const struct sent *left = a, *right = b;
        int order;

        if (left->stays != right->stays)
                return left->stays ? 1 : -1;
        if (left->beginning != right->beginning)
                return left->beginning < right->beginning ? -1 : 1;
        order = memcmp(sent_key(left)->bytes, sent_key(right)->bytes, sizeof(struct uuid));
        if (order)
                return order;
        return (left->scan->presence_version > right->scan->presence_version) -
               (left->scan->presence_version < right->scan->presence_version);
}

static struct sent sent_as(const struct batch *batch, size_t n)
{
        const struct scan_row *scan = &batch->scans[n];
        struct sent sent = { .scan = scan, .stays = !scan->presence_version, .place = (uint32_t)(n + 1) };

        sent.beginning = beginning_of(sent_key(&sent));
        return sent;
}

/* Those that move somebody as they are numbered. The others by nonce all the same: nobody is claimed for an unknown one. */
static void order_by_number(const struct batch *batch, struct sent *sent)
{
        struct sent *stays = sent;
        size_t n;

        for (n = 0; n < batch->scan_count; n++)
                if (batch->scans[n].presence_version)
                        *stays++ = sent_as(batch, n);
        sent = stays;
        for (n = 0; n < batch->scan_count; n++)
                if (!batch->scans[n].presence_version)
                        *sent++ = sent_as(batch, n);
        qsort(stays, (size_t)(sent - stays), sizeof(*sent), compare_sent);
}

static void order_by_key(const struct batch *batch, struct sent *sent)
{
        for (size_t n = 0; n < batch->scan_count; n++)
                sent[n] = sent_as(batch, n);
        qsort(sent, batch->scan_count, sizeof(*sent), compare_sent);
}

/*
 * As usher.log_scans() wants them. Lanes of one daemon do not move the same person at once, for a change claims whom it is
 * about: while no other daemon is about, scans go as they are numbered, and so mostly to the end of two of the log's keys.
 * (What is not known in time, that another has begun, may let two batches wait for each other: PostgreSQL ends one of them
 * after a second, which decides again.) Freed by whoever asked.
 */
static struct sent *scans_in_order(const struct batch *batch)
{
        struct sent *sent = xcalloc(batch->scan_count, sizeof(*sent));

        if (batch->meets_nobody)
                order_by_number(batch, sent);
        else
                order_by_key(batch, sent);
        return sent;
}

/* Where each stands among the numbers; not said where they are sent as they are numbered. */
static void place_param(struct batch_params *params, const struct sent *sent, size_t count)
{
        struct buffer places = BUFFER_NULL;
        size_t n = 0;

        while (n < count && sent[n].place == n + 1)
                n++;
        if (n == count)
                return;
        pgarray_begin(&places, PLACE_TYPE, count);
        for (n = 0; n < count; n++)
                pgarray_place(&places, sent[n].place);
        array_param(params, BATCH_PLACE_PARAM, &places);
}

/* ---- scans as columns ---- */

static bool says_the_same(const struct buffer *column, const struct buffer *other)
{
        return column->length == other->length && memcmp(column->data, other->data, column->length) == 0;
}

static void scan_params(struct batch_params *params, const struct sent *sent, size_t count)
{
        struct buffer column[COLUMNS];

        for (size_t i = 0; i < COLUMNS; i++) {
                column[i] = BUFFER_NULL;
                pgarray_begin(&column[i], columns[i].type, count);
        }
        for (size_t n = 0; n < count; n++)
                write_scan(column, sent[n].scan);
        for (size_t i = 0; i < COLUMNS; i++) {
                size_t left = count;

                if (columns[i].as != EACH && columns[i].as != OF_ALL)
                        left = pgarray_trim(&column[i], count);
                if (columns[i].as == OF_ALL || columns[i].as == OF_MOVERS)
                        pgarray_shorten(&column[i], left);
                if (pgarray_is_bare(&column[i], left))
                        buffer_clear(&column[i]);
        }
        if (says_the_same(&column[RECEIVED_AT], &column[AT])) /* none came later than it was made */
                buffer_clear(&column[RECEIVED_AT]);
        for (size_t i = 0; i < COLUMNS; i++) {
                if (column[i].length)
                        array_param(params, BATCH_HEAD_PARAMS + i, &column[i]);
                buffer_deinit(&column[i]);
        }
}

/* ---- a scan by itself ---- */

enum { LONE_HEAD_PARAMS = 6, ELEMENT_HEAD = 4 };

/* What it rests on. */
struct lone {
        const struct row *checkpoint, *ticket; /* ticket: NULL where it rests on none */
};

static bool is_seen(const struct row *row, const char *kind, const struct scan_row *scan)
{
        return !row->deleted && strcmp(row->record->kind, kind) == 0 && uuid_equal(&row->event, &scan->event);
}

/* Whether a scan is all that is to be recorded, and rests on its checkpoint and a ticket at most. */
static bool find_lone(const struct batch *batch, struct lone *lone)
{
        const struct scan_row *scan = &batch->scans[0];

        if (batch->scan_count != 1 || batch->no_news || batch->row_count || batch->counter_count ||
                batch->key_count || scan->why || scan->presence_version > 1)
                return false;
        *lone = (struct lone){ NULL, NULL };
        for (size_t i = 0; i < batch->expect_count; i++) {
                const struct row *row = batch->expected[i];

                if (!lone->checkpoint && is_seen(row, "checkpoint", scan) &&
                        strcmp(row->id, scan->checkpoint) == 0)
                        lone->checkpoint = row;
                else if (!lone->ticket && is_seen(row, "ticket", scan))
                        lone->ticket = row;
                else
                        return false;
        }
        return lone->checkpoint;
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

static void lone_params(struct batch_params *params, const struct batch *batch, const struct lone *lone)
{
        struct buffer element[COLUMNS];

        params->statement = RECORD_SCAN;
        params->count = LONE_HEAD_PARAMS + COLUMNS;
        params->values[3] = xasprintf("%lld", (long long)lone->checkpoint->version);
        if (lone->ticket) {
                params->values[4] = xstrdup(lone->ticket->id);
                params->values[5] = xasprintf("%lld", (long long)lone->ticket->version);
        }
        for (size_t i = 0; i < COLUMNS; i++)
                element[i] = BUFFER_NULL;
        write_scan(element, &batch->scans[0]);
        for (size_t i = 0; i < COLUMNS; i++)
                lone_param(params, LONE_HEAD_PARAMS + i, &element[i]);
}

/* ---- what was known ---- */

enum { FEW_SCANS = 16, WRITERS_A_SCAN = 4, MANY_WRITERS = 400 };

/* Few and known writers can be looked at in each batch. */
bool batch_can_tell_news(const struct batch *batch)
{
        return batch->known.count && batch->known.count <= MANY_WRITERS;
}

/* Of a few scans it is cheaper to compare registrations than to look at all writers, unless nobody may have come. */
static bool is_told_by_news(const struct batch *batch)
{
        bool few = batch->scan_count <= FEW_SCANS + batch->known.count / WRITERS_A_SCAN;

        return batch_can_tell_news(batch) && (!few || batch->no_news);
}

/*
 * So that registrations need not be compared one by one; of a checkpoint that changes, so that its scans need not be looked
 * for in all the log, which other daemons' may have come to further than memory.
 */
static void known_params(struct batch_params *params, const struct batch *batch)
{
        bool of_scans = batch->of_checkpoints && !batch->scan_count;
        struct buffer writers = BUFFER_NULL, seqs = BUFFER_NULL;

        if (!of_scans && !is_told_by_news(batch))
                return;
        places_write(of_scans ? &batch->scanned : &batch->known, &writers, &seqs);
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
                _cleanup_(freep) struct sent *sent = scans_in_order(batch);

                scan_params(params, sent, batch->scan_count);
                place_param(params, sent, batch->scan_count);
        }
        known_params(params, batch);
}

void batch_params_init(struct batch_params *params, struct batch *batch)
{
        struct lone lone;
        char uuid[37];

        memset(params, 0, sizeof(*params));
        uuid_format(&batch->family, uuid);
        params->values[0] = xstrdup(uuid);
        uuid_format(&batch->writer, uuid);
        params->values[1] = xstrdup(uuid);
        params->values[2] = xasprintf("%lld", (long long)batch->seq);
        if (find_lone(batch, &lone))
                lone_params(params, batch, &lone);
        else
                record_params(params, batch);
}

void batch_params_deinit(struct batch_params *params)
{
        for (size_t i = 0; i < BATCH_PARAMS; i++)
                free(params->values[i]);
}
