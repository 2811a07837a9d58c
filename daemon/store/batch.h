/* SPDX-License-Identifier: Apache-2.0 */
/* A batch as it is formed: what its members decided, and usher.record()'s parameters made of it. */
#pragma once

#include "store/places.h"
#include "store/store.h"

/* usher.record's parameters: 8, an array for each of a scan's 27 columns, 3 of what was known, the scans' places. */
enum {
        BATCH_HEAD_PARAMS = 8,
        BATCH_SCAN_COLUMNS = 27,
        BATCH_KNOWN_PARAMS = BATCH_HEAD_PARAMS + BATCH_SCAN_COLUMNS,
        BATCH_PLACE_PARAM = BATCH_KNOWN_PARAMS + 3,
        BATCH_PARAMS
};

struct batch_row {
        void *row;
};

struct batch_counter {
        struct uuid event;
        char *kind, *id;
        int64_t by, min, max;
};

/* How far a batch has been filled: a member that answers instead of deciding takes nothing with it. */
struct batch_mark {
        size_t rows, expects, counters, keys, scans;
        size_t row_bytes, expect_bytes, key_bytes;
        bool no_news, of_checkpoints;
};

struct batch {
        struct uuid family, writer;
        int64_t seq; /* of its first row */
        uint8_t head
                [CHAIN_BYTES]; /* of the writer's chain: before the batch, and once it is numbered after it */
        struct instant now;
        struct places
                known; /* where memory stood in the feed before the first decision; empty: not to be said */
        struct places scanned; /* … and whose scans it had */
        bool quiet; /* nothing came of late from anybody else: that nothing has come is worth a try */
        bool meets_nobody; /* no other daemon has recorded scans of late: the order of ours makes nobody wait */
        bool no_news; /* somebody was looked for and not found: whoever has come since makes it stale */
        bool of_checkpoints; /* one changes or goes: whatever was scanned there since makes it stale */
        struct change **members; /* in order; NULL where one was given up */
        size_t member_count, member_capacity;
        struct batch_row *rows;
        size_t row_count, row_capacity;
        struct batch_counter *counters;
        size_t counter_count, counter_capacity;
        struct scan_row *scans; /* their texts are its own */
        size_t scan_count, scan_capacity;
        const void **expected; /* the rows of the expects, by reference */
        size_t expect_count, expect_capacity, key_count;
        struct buffer rows_json, expects_json, keys_json;
};

void batch_init(struct batch *batch);
void batch_deinit(struct batch *batch);
/* Forgets what was decided, keeps the members. */
void batch_empty(struct batch *batch);
void batch_add_member(struct batch *batch, struct change *change);
struct batch_mark batch_mark(const struct batch *batch);
void batch_rewind(struct batch *batch, const struct batch_mark *mark);
bool batch_has_content(const struct batch *batch);
/* Rows and scans: so many numbers it takes. */
size_t batch_numbers(const struct batch *batch);

/*
 * Where a slice of its rows that begins at `from` ends, after `most` of them or a few more: parts of one whole are known
 * together. It is the registration's version that is compared when a scan is recorded, and not its credential's.
 */
size_t batch_slice_end(const struct batch *batch, size_t from, size_t most);

/* Gives its scans their places behind `seq`, and their links in the chain behind `head`. */
void batch_number(struct batch *batch);

/*
 * The parameters of one call of usher.record(): the head as texts, the scans' columns binary. A scan by itself goes to
 * usher.record_scan(), as plain values. Of either the first three are the family, the writer and the number.
 */
struct batch_params {
        const char *statement; /* the name of the prepared one */
        int count;
        char *values[BATCH_PARAMS];
        int lengths[BATCH_PARAMS], formats[BATCH_PARAMS]; /* as libpq wants them */
};
/* Whether `known` is such that a batch can be compared with what has come since. */
bool batch_can_tell_news(const struct batch *batch);
/* Takes the batch's texts: nothing may be added to it any more. */
void batch_params_init(struct batch_params *params, struct batch *batch);
void batch_params_deinit(struct batch_params *params);

struct batch_statement {
        const char *name, *sql;
};
extern const struct batch_statement batch_statements[]; /* up to a NULL name */
