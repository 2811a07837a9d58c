/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a timetable, for the files that make and show one. */
#pragma once

#include "programme/speakers.h"
#include "programme/timetable.h"

struct entry {
        char *session, *room, *track;
        struct session_speakers speakers;
        struct instant from, to;
        bool placed, cancelled;
        char *json; /* the object of schedule.get */
};

struct timetable {
        bool is_draft;
        struct zone *zone;
        int day_starts_minutes;
        struct entry *entries; /* placed ones first, by start, room, session */
        size_t count;
        char **rooms; /* ids, in the order of rooms_json */
        size_t room_count;
        char *rooms_json, *tracks_json;
};

void timetable_sort(struct timetable *timetable);
