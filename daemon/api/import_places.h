/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Places of ticket types, taken by the many registrations of an import, which are decided as one. Memory knows none of
 * them yet, so what they took and gave back is kept here, and goes into the batch as one move a counter. See seats.h
 * for one registration at a time.
 */
#pragma once

#include "api/seats.h"

struct import_place {
        const struct ticket_row *ticket;
        struct limited places; /* when it was first looked at */
        int64_t taken, waiting; /* moved since */
        bool rests; /* see limited_move */
};

struct import_places {
        const struct roster *roster;
        struct import_place *of;
        size_t count;
};

void import_places_deinit(struct import_places *all);
/* A place for one more: "confirmed" or "waitlisted"; NULL: full. */
const char *import_places_take(struct import_places *all, const struct ticket_row *ticket);
/* A registration with that status leaves a ticket type. The waiting move up when all is decided: import_place_turns. */
void import_places_leave(struct import_places *all, const struct ticket_row *ticket, const char *status);
/* How many of those who wait for it may move up now. */
int64_t import_place_turns(const struct import_place *place);
/* One of the waiting has. */
void import_place_promote(struct import_place *place);
/* Adds the counters' moves, and what they rest on. */
void import_places_count(const struct import_places *all, struct batch *batch);
