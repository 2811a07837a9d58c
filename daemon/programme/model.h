/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The programme of one family in memory: its events, rooms, tracks, speakers, sessions, the drafts' placements and
 * the accepted conflicts. Owned by api/'s state, changed by programme_apply alone, read by the rules beside it.
 */
#pragma once

#include "base/rowset.h"
#include "programme/rows.h"

struct zone;

/* One of the family's events. */
struct programme_event {
        const struct event_row *row;
        struct zone *zone;
        int day_starts_minutes;
        struct programme_event *next;
};

struct programme {
        struct uuid family;
        struct programme_event *events;
        struct rowset rooms, tracks, speakers, sessions, placements, acceptances, drafts, steps, publications;
};

struct programme *programme_new(const struct uuid *family);
/* The same rows, shared: a moment of it, for helper threads, or to try something on. */
struct programme *programme_copy(const struct programme *programme);
/* Whether a copy is still as what it was made of. Events are put beside the family's step. */
bool programme_is_same(const struct programme *copy, const struct programme *programme);
struct programme *programme_free(struct programme *programme);
/* Takes any row of programme/rows.h, newer ones only; true when it changed anything. An event's tombstone takes all its rows along. */
bool programme_apply(struct programme *programme, const void *row);
struct programme_event *programme_event(const struct programme *programme, const struct uuid *event);
/* The family's room or speaker of that id, whichever event made it. */
const struct room_row *programme_room(const struct programme *programme, const char *room);
const struct speaker_row *programme_speaker(const struct programme *programme, const char *speaker);
/* Forgets an event and all that is its. */
void programme_drop_event(struct programme *programme, const struct uuid *event);
/* The event's draft version (0: nothing was ever placed), the family's step. */
int64_t programme_draft_version(const struct programme *programme, const struct uuid *event);
int64_t programme_step(const struct programme *programme);
