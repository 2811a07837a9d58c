/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of one kind, in the order of (event, id). Made for the hundreds and thousands: a sorted array, searched
 * by halves. Tombstones are kept, so that a version never goes back; they are seen by rowset_version alone. A set is one
 * thread's at a time: even finding leaves a mark.
 */
#pragma once

#include "base/row.h"

struct rowset {
        const struct row **rows;
        size_t count, capacity;
        size_t last; /* where one was found last: mostly the same is asked for again */
};

#define ROWSET_NULL ((struct rowset){ NULL, 0, 0, 0 })

void rowset_deinit(struct rowset *set);
/* The same rows, shared: what becomes of one set is not seen in the other. */
void rowset_copy(const struct rowset *set, struct rowset *copy);
/* Takes a reference unless what it holds is as new: then nothing happens and false comes back. */
bool rowset_apply(struct rowset *set, const void *row);
/* The live row, borrowed, or NULL. */
const void *rowset_find(const struct rowset *set, const struct uuid *event, const char *id);
/* The version that a change of this object replaces: the live row's, the tombstone's, or 0. */
int64_t rowset_version(const struct rowset *set, const struct uuid *event, const char *id);
/* Live rows of an event after `after` (NULL: from the first), one a call, in order of id; NULL at the end. */
const void *rowset_next(const struct rowset *set, const struct uuid *event, const char *after);
/* Every live row: `*index` starts at 0. */
const void *rowset_each(const struct rowset *set, size_t *index);
/* Forgets all rows of an event, tombstones too: it was deleted. */
void rowset_drop_event(struct rowset *set, const struct uuid *event);
