/* SPDX-License-Identifier: Apache-2.0 */
#include "exchange/frab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/error.h"
#include "base/zone.h"
#include "exchange/frab_time.h"
#include "exchange/texts.h"

#define SECONDS_A_DAY 86400

DEFINE_CLEANUP(struct zone *, zone_free);

/* The file's own time: a zone, or nothing but an offset. */
struct frab_clock {
        const struct zone *zone;
        int32_t offset_seconds; /* where there is no zone */
        int day_starts_minutes;
};

void frab_deinit(struct frab *frab)
{
        json_decref(frab->note);
        source_deinit(&frab->source);
}

struct frab_day *frab_add_day(struct frab *frab)
{
        return arena_append(&frab->source.arena, &frab->days, &frab->day_count, sizeof(struct frab_day));
}

void frab_add_heading(struct frab *frab, const char *room)
{
        struct source_room *heading = source_add_room(&frab->source);

        heading->name = room;
        heading->heading = true;
}

struct frab_event *frab_add_event(struct frab *frab, struct source_session **sessionp)
{
        struct frab_event *event =
                arena_append(&frab->source.arena, &frab->events, &frab->event_count, sizeof(*event));

        event->day = frab->day_count - 1;
        *sessionp = source_add_session(&frab->source);
        return event;
}

void frab_set_note(struct frab *frab, const char *json, size_t length)
{
        json_t *note = json_loadb(json, length, 0, NULL);

        if (!json_is_object(note)) {
                json_decref(note);
                return;
        }
        json_decref(frab->note);
        frab->note = note;
}

/* ---- zone ---- */

/* How far an event's local time is east of UTC, as far as it shows. */
static bool event_offset(const struct frab_event *event, int32_t *offset)
{
        struct written_time date;
        int32_t clock, of_date;

        if (!written_time_parse(event->date, &date) || !date.has_offset)
                return false;
        *offset = date.offset_seconds;
        if (!clock_parse(event->start, &clock))
                return true;
        of_date = (int32_t)((date.local.us / INSTANT_SECOND) % SECONDS_A_DAY);
        *offset += (clock % SECONDS_A_DAY - of_date);
        /* The two may lie on both sides of midnight; zones lie between 12 hours west and 14 east. */
        if (*offset > 14 * 3600)
                *offset -= SECONDS_A_DAY;
        if (*offset < -12 * 3600)
                *offset += SECONDS_A_DAY;
        if (*offset % 900 != 0 || *offset > 14 * 3600 || *offset < -12 * 3600)
                *offset = date.offset_seconds;
        return true;
}

enum { QUARTERS_WEST = 24 * 4, QUARTERS = 2 * QUARTERS_WEST + 1 };

/* The offset that most events have; of several the least. */
static bool common_offset(const struct frab *frab, int32_t *offset)
{
        size_t votes[QUARTERS] = { 0 }, most = 0;

        for (size_t i = 0; i < frab->event_count; i++) {
                int32_t of;

                if (event_offset(&frab->events[i], &of) && of % 900 == 0)
                        votes[of / 900 + QUARTERS_WEST]++;
        }
        for (size_t i = 0; i < QUARTERS; i++) {
                if (votes[i] <= most)
                        continue;
                most = votes[i];
                *offset = ((int32_t)i - QUARTERS_WEST) * 900;
        }
        return most > 0;
}

/* The zone that stays at an offset, where there is one: whole hours. POSIX counts them the other way. */
static int load_fixed(int32_t offset, struct zone **zonep)
{
        char name[24];

        if (offset % 3600 != 0)
                return ZONE_E_UNKNOWN;
        snprintf(name, sizeof(name), "Etc/GMT%+d", -offset / 3600);
        return zone_load(offset == 0 ? "UTC" : name, zonep);
}

static int find_zone(const struct frab *frab, const struct programme_file_options *options,
        struct zone **zonep, struct frab_clock *clock, struct programme_file *out)
{
        int r = ZONE_E_UNKNOWN;

        if (frab->zone_name && *frab->zone_name) {
                r = zone_load(frab->zone_name, zonep);
                if (r > 0)
                        programme_file_skip(
                                out, "time_zone", frab->zone_name, "this machine knows no such zone");
        }
        if (r > 0 && common_offset(frab, &clock->offset_seconds)) {
                r = load_fixed(clock->offset_seconds, zonep);
                if (r > 0)
                        return 0;
        }
        if (r < 0)
                return error_fold(r);
        clock->zone = *zonep ? *zonep : options->zone;
        if (*zonep)
                out->zone_name = arena_text(&out->arena, zone_name(*zonep), strlen(zone_name(*zonep)));
        return 0;
}

/* The instant of a local time; INSTANT_NONE where the calendar ends. */
static struct instant clock_instant(const struct frab_clock *clock, struct instant local)
{
        struct civil civil;

        if (clock->zone) {
                civil = zone_civil(NULL, local);
                return zone_instant(clock->zone, &civil);
        }
        local.us -= clock->offset_seconds * INSTANT_SECOND;
        return local;
}

static struct date clock_day(const struct frab_clock *clock, struct instant at)
{
        int64_t day = INT64_C(86400) * INSTANT_SECOND, us;

        if (clock->zone)
                return zone_day(clock->zone, at, clock->day_starts_minutes);
        us = at.us + clock->offset_seconds * INSTANT_SECOND - clock->day_starts_minutes * INSTANT_MINUTE;
        return (struct date){ (int32_t)((us - (us % day + day) % day) / day) };
}

/* ---- day change ---- */

/* What the ends of the days show: 04:00 where days run past midnight until then; -1 where none does. */
static int shown_day_change(const struct frab *frab)
{
        int change = -1, first = 24 * 60;

        for (size_t i = 0; i < frab->day_count; i++) {
                struct written_time start, end;
                int64_t day = INT64_C(86400) * INSTANT_SECOND;

                if (!written_time_parse(frab->days[i].start, &start) ||
                        !written_time_parse(frab->days[i].end, &end) || !start.has_clock || !end.has_clock ||
                        start.local.us < 0)
                        continue;
                if (start.local.us % day / INSTANT_MINUTE < first)
                        first = (int)(start.local.us % day / INSTANT_MINUTE);
                if (end.local.us / day != start.local.us / day + 1)
                        continue;
                /* 03:59 is the last minute before 04:00. */
                if (((end.local.us % day / INSTANT_MINUTE) + 1) / 5 * 5 > change)
                        change = (int)(((end.local.us % day / INSTANT_MINUTE) + 1) / 5 * 5);
        }
        return change > first ? first : change;
}

static int find_day_change(const struct frab *frab)
{
        const char *noted = json_string_value(json_object_get(frab->note, "day_starts"));
        int32_t seconds;

        if (noted && clock_parse(noted, &seconds) && seconds < SECONDS_A_DAY)
                return seconds / 60;
        if (clock_parse(frab->day_change, &seconds) && seconds < SECONDS_A_DAY)
                return seconds / 60;
        return shown_day_change(frab);
}

/* ---- one event ---- */

/* The date of the conference day that an event stands under. */
static bool event_day(const struct frab *frab, const struct frab_event *event, struct instant *midnight)
{
        const struct frab_day *day = &frab->days[event->day];
        struct written_time time;
        int64_t whole = INT64_C(86400) * INSTANT_SECOND, index = 0;

        if (written_time_parse(event->date, &time) || written_time_parse(day->date, &time) ||
                written_time_parse(day->start, &time)) {
                *midnight = (struct instant){ time.local.us - (time.local.us % whole + whole) % whole };
                return true;
        }
        if (!written_time_parse(frab->start, &time) || !day->index)
                return false;
        index = strtol(day->index, NULL, 10);
        if (index < 1 || index > 1000)
                return false;
        *midnight = (struct instant){ time.local.us - (time.local.us % whole + whole) % whole +
                                      (index - 1) * whole };
        return true;
}

static void find_start(const struct frab *frab, const struct frab_clock *clock,
        const struct frab_event *event, struct source_session *session)
{
        struct written_time date;
        struct instant midnight;
        int32_t seconds;

        if (written_time_parse(event->date, &date) && date.has_clock) {
                if (date.has_offset)
                        session->start.us = date.local.us - date.offset_seconds * INSTANT_SECOND;
                else
                        session->start = clock_instant(clock, date.local);
                return;
        }
        if (!clock_parse(event->start, &seconds)) {
                session->start_why = "it says no time: kept without a place";
                return;
        }
        if (!event_day(frab, event, &midnight)) {
                session->start_why = "it says no date: kept without a place";
                return;
        }
        if (seconds < clock->day_starts_minutes * 60)
                seconds += SECONDS_A_DAY;
        session->start = clock_instant(clock, (struct instant){ midnight.us + seconds * INSTANT_SECOND });
}

/* RFC 3339 writes the years 0001 to 9999. */
static void check_start(struct source_session *session)
{
        if (instant_is_none(session->start) ||
                (session->start.us >= INT64_C(-62135510400) * INSTANT_SECOND &&
                        session->start.us < INT64_C(253402214400) * INSTANT_SECOND))
                return;
        session->start = INSTANT_NONE;
        session->start_why = "it is at the end of the calendar: kept without a place";
}

static void find_duration(
        const struct frab_clock *clock, const struct frab_event *event, struct source_session *session)
{
        struct written_time end;
        struct instant until;

        if (duration_parse(event->duration, &session->minutes))
                return;
        if (written_time_parse(event->end, &end) && end.has_clock && !instant_is_none(session->start)) {
                until = clock_instant(clock, end.local);
                if (end.has_offset)
                        until.us = end.local.us - end.offset_seconds * INSTANT_SECOND;
                session->minutes = (until.us - session->start.us) / INSTANT_MINUTE;
                if (session->minutes >= 0 && session->minutes <= 7 * 24 * 60)
                        return;
        }
        session->minutes = 0;
        session->duration_why = "it says no duration that makes sense: held with 0 minutes";
}

/* ---- the conference ---- */

static void widen(struct programme_file *out, struct date day)
{
        if (date_is_none(out->starts_on) || day.days < out->starts_on.days)
                out->starts_on = day;
        if (date_is_none(out->ends_on) || day.days > out->ends_on.days)
                out->ends_on = day;
}

/* A conference's start or end: a date, or a moment, which may be written in UTC. */
static void widen_written(
        const struct frab_clock *clock, const char *text, int64_t back_us, struct programme_file *out)
{
        struct written_time time;
        struct instant at;

        if (!written_time_parse(text, &time))
                return;
        if (!time.has_clock) {
                widen(out, (struct date){ (int32_t)(time.local.us / INSTANT_SECOND / SECONDS_A_DAY) });
                return;
        }
        at = clock_instant(clock, time.local);
        if (time.has_offset)
                at.us = time.local.us - time.offset_seconds * INSTANT_SECOND;
        at.us -= back_us;
        widen(out, clock_day(clock, at));
}

static void find_dates(const struct frab *frab, const struct frab_clock *clock, struct programme_file *out)
{
        widen_written(clock, frab->start, 0, out);
        widen_written(clock, frab->end, 1, out); /* midnight ends the day before */
        for (size_t i = 0; i < out->session_count; i++) {
                if (!instant_is_none(out->sessions[i].start))
                        widen(out, clock_day(clock, out->sessions[i].start));
        }
        for (size_t i = 0; i < frab->day_count && date_is_none(out->starts_on); i++)
                widen_written(clock, frab->days[i].date, 0, out);
}

int frab_finish(struct frab *frab, const struct programme_file_options *options, struct programme_file *out)
{
        _cleanup_(zone_freep) struct zone *zone = NULL;
        struct frab_clock clock = { 0 };
        bool cut = false;
        int r = find_zone(frab, options, &zone, &clock, out);

        if (r)
                return error_fold(r);
        out->day_starts_minutes = find_day_change(frab);
        clock.day_starts_minutes =
                out->day_starts_minutes >= 0 ? out->day_starts_minutes : options->day_starts_minutes;
        out->acronym = text_line(&out->arena, frab->acronym, &cut);
        out->title = text_line(&out->arena, frab->title, &cut);
        frab->source.space = out->acronym ? out->acronym : out->title;
        for (size_t i = 0; i < frab->event_count; i++) {
                struct source_session *session = &frab->source.sessions[i];

                find_start(frab, &clock, &frab->events[i], session);
                check_start(session);
                find_duration(&clock, &frab->events[i], session);
        }
        if (frab->note)
                source_take_note(&frab->source, frab->note);
        source_resolve(&frab->source, out);
        find_dates(frab, &clock, out);
        return 0;
}
