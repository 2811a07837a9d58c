/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What frab's XML and JSON have in common: the words they use, and what those words mean. The two readers fill a
 * `struct frab`, and frab_finish makes the model of it.
 *
 * Times. An event's <date> leads where it has an offset. Else it is the day's date and <start>; a start before the
 * conference's day change belongs to the next date. The day change is <day_change>, else what the days' own ends
 * show, else the options'. The zone is <time_zone_name> where this machine has it, else the offset that most events'
 * dates show (a date in UTC beside a local start shows the difference), else the options'.
 *
 * Rooms. The room that an event stands in leads, for it is what the file is arranged by; its own <room> counts where
 * it stands in none. A room of the days without events is left out; one of the conference's list of rooms is not.
 *
 * Durations are H:MM, HH:MM, HH:MM:SS, with any number of hours up to a week. 9:99 is none: it is held with 0
 * minutes, which collide with nothing, and reported. 00:00 is what it says.
 */
#pragma once

#include "exchange/source.h"

struct frab_day {
        const char *date, *start, *end, *index;
};

/* The event that goes with the source's session of the same index. */
struct frab_event {
        const char *date, *start, *duration, *end;
        size_t day;
};

struct frab {
        struct source source;
        const char *acronym, *title, *start, *end, *day_change, *zone_name;
        struct frab_day *days;
        struct frab_event *events;
        size_t day_count, event_count;
        json_t *note; /* owned */
};

void frab_deinit(struct frab *frab);
struct frab_day *frab_add_day(struct frab *frab);
/* The room that events of the last day stand in. */
void frab_add_heading(struct frab *frab, const char *room);
/* An event of the last day, and the source's session with it. */
struct frab_event *frab_add_event(struct frab *frab, struct source_session **sessionp);
void frab_set_note(
        struct frab *frab, const char *json, size_t length); /* what is no JSON object is ignored */
int frab_finish(struct frab *frab, const struct programme_file_options *options, struct programme_file *out);
