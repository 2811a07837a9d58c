/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What has room for so many, and a queue behind it: a ticket type's places, a session's seats. Two counters of it in
 * the database hold the line between daemons: how many are taken, and how many wait. What has to hold of them: nobody
 * waits where a place is free. Memory may lack what another daemon has just done, so what a decision takes for granted
 * is demanded when it is recorded; where it is otherwise by then, it is decided again.
 */
#pragma once

#include "api/call.h"

struct limited {
        const char *taken_kind, *waiting_kind; /* of the counters */
        struct uuid event;
        const char *id;
        int64_t capacity; /* FIELD_INT_NONE: no limit. The caller expects the row that says so */
        int64_t taken, waiting; /* in memory */
};

/* A place for one more, who passes nobody. */
bool limited_fits(const struct limited *limited);
/* How many places are free; negative: more are taken than there are. */
int64_t limited_room(const struct limited *limited);
/* Whether a place given back goes to who waits: not where a lowered capacity has left more taken than there are. */
bool limited_passes_on(const struct limited *limited);
bool limited_grows(int64_t capacity_before, int64_t capacity);
/*
 * Moves the counters. `rests`: the decision rests on whether a place is free, as it does when somebody left, waits or
 * was refused, or when there is more room. Then the batch demands what memory says of it: where a place stays free,
 * that nobody waits unseen, and where none does, that none has become free.
 */
void limited_move(
        const struct limited *limited, struct batch *batch, int64_t taken, int64_t waiting, bool rests);
