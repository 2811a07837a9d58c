/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a reader stands in the change feed: for each writer the number of the last row it has. The one file that
 * knows how places compare and are written.
 */
#pragma once

#include <stdbool.h>
#include "base/buffer.h"
#include "base/uuid.h"

struct place {
        struct uuid writer;
        int64_t seq;
};

struct places {
        struct place *items; /* in order of writer */
        size_t count, capacity;
};

void places_deinit(struct places *places);
/* The last number read of a writer; 0: nothing yet. */
int64_t places_get(const struct places *places, const struct uuid *writer);
/* Never backwards. */
void places_advance(struct places *places, const struct uuid *writer, int64_t seq);
/* The same places; what `to` held goes. */
void places_copy(struct places *to, const struct places *from);
/* As the two array parameters of sql/'s readers: {uuid,…} and {bigint,…}. */
void places_write(const struct places *places, struct buffer *writers, struct buffer *seqs);
