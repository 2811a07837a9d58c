/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A timetable as it is shown: the sessions of a draft or of a published version, each with its finished JSON, and
 * answers to "which of them": by day, room, track, speaker, and at a moment. Immutable once made.
 */
#pragma once

#include "programme/model.h"

struct timetable;

/* From the draft: with `unplaced`. */
struct timetable *timetable_from_draft(const struct programme *programme, const struct uuid *event);
/* The body that schedule.publish keeps: {"rooms":[…],"tracks":[…],"sessions":[…]}; the caller frees. Cancelled ones keep their place. */
char *timetable_body(const struct timetable *timetable);
/* From a kept body; -EBADMSG when it is not one. `event` gives zone and day_starts. */
int timetable_from_body(const struct programme_event *event, const char *body, struct timetable **timetablep);
struct timetable *timetable_free(struct timetable *timetable);

struct timetable_query {
        struct date day; /* DATE_NONE: all */
        const char *room, *track, *speaker;
};

/* The members rooms, tracks, sessions (and unplaced, of a draft) of schedule.get, names and values, no braces. */
void timetable_write(
        const struct timetable *timetable, const struct timetable_query *query, struct jsonout *out);
bool timetable_has_room(const struct timetable *timetable, const char *room);
/* The member `rooms` of schedule.now; `room` NULL: all. */
void timetable_write_now(
        const struct timetable *timetable, struct instant at, const char *room, struct jsonout *out);
/* How many sessions differ between two (for publish's and diff's `changes`); writes the changes when `out` is given. */
size_t timetable_diff(const struct timetable *from, const struct timetable *to, struct jsonout *out);
