/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Places of ticket types taken by many registrations that are decided as one. Memory knows none of them yet, so what
 * they took and gave back is kept here, and goes into the batch as one move a counter. See seats.h for one at a time.
 */
#pragma once

#include "api/seats.h"

struct place {
        const struct ticket_row *ticket;
        struct limited places; /* when it was first looked at */
        int64_t taken, waiting; /* moved since */
        bool rests; /* see limited_move */
};

struct places_moved {
        const struct roster *roster;
        struct place *of;
        size_t count;
};

void places_moved_deinit(struct places_moved *moved);
/* A place for one more: "confirmed" or "waitlisted"; NULL: full. */
const char *places_take(struct places_moved *moved, const struct ticket_row *ticket);
/* A registration with that status leaves a ticket type. The waiting move up when all is decided: places_free. */
void places_leave(struct places_moved *moved, const struct ticket_row *ticket, const char *status);
/* How many of those waiting may move up now. */
int64_t places_free(const struct place *place);
/* One of the waiting has. */
void places_promote(struct place *place);
/* Adds the counters' moves, and what they rest on. */
void places_count(const struct places_moved *moved, struct call *call, struct batch *batch);
