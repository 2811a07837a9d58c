/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows: immutable, counted images of what the database holds, described by data.
 *
 * A `record` tells the fields of one kind of row: name (the column's and, for those on the wire, the member's),
 * type, offset in its struct. From that one description a row is read from a query's result (binary columns), read
 * from a request's checked parameters, written as the JSON that sql/ takes, and written as the object a client sees.
 *
 * A row is one allocation: the struct, then its texts. It is never changed once sealed, and its references are counted
 * so that any thread may hold one: it may be shared with helper threads, stand in memory and in a batch at the same
 * time, and be replaced by a pointer swap.
 */
#pragma once

#include <jansson.h>
#include "base/buffer.h"
#include "base/instant.h"
#include "base/jsonout.h"
#include "base/uuid.h"

struct texts;

enum field_type {
        FIELD_TEXT, /* const char *, NULL when absent; column text */
        FIELD_INT, /* int64_t, FIELD_INT_NONE when absent; columns int4, int8 */
        FIELD_BOOL, /* bool; column boolean not null */
        FIELD_INSTANT, /* struct instant; column timestamptz */
        FIELD_DATE, /* struct date; column date */
        FIELD_UUID, /* struct uuid, nil when absent; column uuid */
        FIELD_DIGEST, /* struct uuid: 16 bytes, nil when absent; column bytea; in JSON as FIELD_BYTES */
        FIELD_JSON, /* const char *, compact JSON text, NULL when absent; column jsonb */
        FIELD_BYTES, /* struct bytes; column bytea; in JSON as \x hex */
};

#define FIELD_INT_NONE INT64_MIN

struct bytes {
        const uint8_t *data;
        size_t length;
};

enum {
        FIELD_ON_WIRE = 1, /* stands in the object a client sees, and is read from parameters */
        FIELD_READ_ONLY = 2, /* … stands there, but is never read from parameters */
        FIELD_SHARED = 4, /* a text that many rows say alike: row_pack keeps it once */
        FIELD_DERIVED = 8, /* made from the others: row_same passes over it, row_pack leaves it out */
};

struct field {
        const char *name;
        enum field_type type;
        unsigned flags;
        size_t offset;
};

struct record {
        const char *kind; /* "room": the word of the feed, of errors (`what`), and the table's name in sql/ */
        size_t size; /* sizeof its struct */
        const struct field *fields;
        size_t count;
        bool steady; /* many, and hardly ever changed: packed ones lie in a pool's blocks */
        size_t whole; /* offset of the text that names the whole it is a part of; 0: it stands by itself */
        /*
         * Its row is the version of what rows of other kinds make together. Memory takes it behind all of them: who decides
         * on half of what another daemon did has the version before it, and is stale.
         */
        bool sums_up;
};

#define FIELD(struct_, member, type, flags)                                                                  \
        {                                                                                                    \
#member, (type), (flags), offsetof(struct_, member)                                          \
        }

/*
 * The head of every row's struct (first member, named `row`). family, event and id name it:
 * event: nil for what belongs to no event; id: its slug or code, unique in (family, kind, event).
 */
struct row {
        const struct record *record;
        unsigned references;
        bool deleted; /* a tombstone: only the head counts; its version lives on */
        bool packed; /* made by row_pack */
        int64_t version; /* from 1 */
        struct uuid family;
        struct uuid event;
        const char *id;
};

/* Whether its rows are parts of what rows of another kind are the whole of: those name themselves. */
static inline bool record_is_part(const struct record *record)
{
        return record->whole && record->whole != offsetof(struct row, id);
}

/* ---- building: fill a struct on the stack, then seal it; texts are copied into the row's own allocation ---- */

/* A copy of `template` (whose `row.record` is set and whose texts are borrowed) on the heap, with one reference. */
void *row_seal(const void *template);
void *row_tombstone(const struct row *of, int64_t version); /* keeps record, family, event, id */
/* A sealed copy to be kept for long: what is shared is kept once in `texts`, what is derived is left out (absent). */
void *row_pack(const void *row, struct texts *texts);
void *row_ref(const void *row); /* NULL is fine */
void row_unref(const void *row); /* NULL is fine; frees at the last */
void row_unrefp(void *rowp); /* for _cleanup_ */

/* A field of type FIELD_TEXT by name; NULL: absent, or no such field. */
const char *row_text(const void *row, const char *name);
/* Whether two rows of a kind say the same, version and what is derived aside. */
bool row_same(const void *a, const void *b);

/* Sets every absent field of a struct whose record is set: NULL, FIELD_INT_NONE, INSTANT_NONE, DATE_NONE, nil, false. */
void row_clear(void *template, const struct record *record);

/*
 * Reads the FIELD_ON_WIRE fields from checked parameters into a template; texts are borrowed from `params` and JSON
 * fields are dumped into `scratch` (an array of owned strings freed with row_scratch_deinit).
 * only_given: leave fields that `params` does not name as they are (update); else they become absent (put).
 */
struct row_scratch {
        char **texts;
        size_t count;
};
void row_scratch_deinit(struct row_scratch *scratch);
void row_from_params(void *template, const json_t *params, bool only_given, struct row_scratch *scratch);

/* The fields that row_from_params would read from these parameters (null counts as absent), as bits by their place. */
uint64_t row_given(const struct record *record, const json_t *params);
/* Takes those fields over into a template of the same record; texts are borrowed. */
void row_take(void *template, const void *from, uint64_t given);

/* ---- the two other sides ---- */

/* An element of the JSON array that sql/ takes: {"event_id":…,"id":…,"version":…, every field that is there by name}. */
void row_write_stored(const void *row, struct jsonout *out);
/* The members a client sees, without the braces; `version` last. Instants in `zone`. */
void row_write_members(const void *row, struct jsonout *out, const struct zone *zone);

/*
 * A result's column, in binary format, as `get` yields it: false when NULL. Used by store/ to make a row without
 * base/ knowing libpq. Columns are matched by name once a result (`columns[i]` is the column of field i, or -1).
 */
struct row_source {
        const void *result;
        bool (*get)(const void *result, int line, int column, const char **data, int *length);
        int family_column, event_column, id_column, version_column;
        int columns[64];
};
int row_from_source(const struct record *record, const struct row_source *source, int line, void **rowp);
