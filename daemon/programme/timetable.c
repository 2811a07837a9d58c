/* SPDX-License-Identifier: Apache-2.0 */
#include "programme/timetable.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/zone.h"
#include "programme/speakers.h"
#include "programme/timetable_private.h"

struct timetable *timetable_free(struct timetable *timetable)
{
        if (!timetable)
                return NULL;
        for (size_t i = 0; i < timetable->count; i++) {
                struct entry *entry = &timetable->entries[i];

                session_speakers_deinit(&entry->speakers);
                free(entry->session);
                free(entry->room);
                free(entry->track);
                free(entry->json);
        }
        free(timetable->entries);
        for (size_t i = 0; i < timetable->room_count; i++)
                free(timetable->rooms[i]);
        free(timetable->rooms);
        free(timetable->rooms_json);
        free(timetable->tracks_json);
        zone_free(timetable->zone);
        free(timetable);
        return NULL;
}

static int entry_compare(const void *a, const void *b)
{
        const struct entry *one = a, *other = b;
        int order;

        if (one->placed != other->placed)
                return one->placed ? -1 : 1;
        if (one->from.us != other->from.us)
                return one->from.us < other->from.us ? -1 : 1;
        order = strcmp(one->room ? one->room : "", other->room ? other->room : "");
        return order ? order : strcmp(one->session, other->session);
}

void timetable_sort(struct timetable *timetable)
{
        if (timetable->count)
                qsort(timetable->entries, timetable->count, sizeof(*timetable->entries), entry_compare);
}

static bool entry_fits(
        const struct timetable *timetable, const struct entry *entry, const struct timetable_query *query)
{
        bool speaks = !query->speaker;

        if (!date_is_none(query->day) &&
                (!entry->placed ||
                        zone_day(timetable->zone, entry->from, timetable->day_starts_minutes).days !=
                                query->day.days))
                return false;
        if (query->room && (!entry->room || strcmp(entry->room, query->room) != 0))
                return false;
        if (query->track && (!entry->track || strcmp(entry->track, query->track) != 0))
                return false;
        for (size_t i = 0; !speaks && i < entry->speakers.count; i++)
                speaks = strcmp(entry->speakers.items[i].speaker, query->speaker) == 0;
        return speaks;
}

static void write_entries(const struct timetable *timetable, const struct timetable_query *query, bool placed,
        struct jsonout *out)
{
        json_begin_array(out);
        for (size_t i = 0; i < timetable->count; i++)
                if (timetable->entries[i].placed == placed &&
                        entry_fits(timetable, &timetable->entries[i], query))
                        json_raw(out, timetable->entries[i].json);
        json_end_array(out);
}

void timetable_write(
        const struct timetable *timetable, const struct timetable_query *query, struct jsonout *out)
{
        json_member_raw(out, "rooms", timetable->rooms_json);
        json_member_raw(out, "tracks", timetable->tracks_json);
        json_name(out, "sessions");
        write_entries(timetable, query, true, out);
        if (timetable->is_draft) {
                json_name(out, "unplaced");
                write_entries(timetable, query, false, out);
        }
}

char *timetable_body(const struct timetable *timetable)
{
        struct timetable_query all = { .day = DATE_NONE };
        struct buffer body = BUFFER_NULL;
        struct jsonout out = JSONOUT(&body);

        json_begin_object(&out);
        json_member_raw(&out, "rooms", timetable->rooms_json);
        json_member_raw(&out, "tracks", timetable->tracks_json);
        json_name(&out, "sessions");
        write_entries(timetable, &all, true, &out);
        json_end_object(&out);
        return buffer_steal(&body);
}

/* ---- now ---- */

static void write_room_now(
        const struct timetable *timetable, struct instant at, const char *room, struct jsonout *out)
{
        struct date today = zone_day(timetable->zone, at, timetable->day_starts_minutes);
        const struct entry *next = NULL;

        json_begin_object(out);
        json_member_text(out, "room", room);
        json_name(out, "running");
        json_begin_array(out);
        for (size_t i = 0; i < timetable->count; i++) {
                const struct entry *entry = &timetable->entries[i];

                if (!entry->placed || entry->cancelled || strcmp(entry->room, room) != 0)
                        continue;
                if (entry->from.us <= at.us && at.us < entry->to.us)
                        json_raw(out, entry->json);
                else if (entry->from.us > at.us && !next &&
                         zone_day(timetable->zone, entry->from, timetable->day_starts_minutes).days ==
                                 today.days)
                        next = entry;
        }
        json_end_array(out);
        json_member_raw(out, "next", next ? next->json : NULL);
        json_end_object(out);
}

void timetable_write_now(
        const struct timetable *timetable, struct instant at, const char *room, struct jsonout *out)
{
        json_name(out, "rooms");
        json_begin_array(out);
        for (size_t i = 0; i < timetable->room_count; i++)
                if (!room || strcmp(room, timetable->rooms[i]) == 0)
                        write_room_now(timetable, at, timetable->rooms[i], out);
        json_end_array(out);
}

bool timetable_has_room(const struct timetable *timetable, const char *room)
{
        for (size_t i = 0; i < timetable->room_count; i++)
                if (strcmp(room, timetable->rooms[i]) == 0)
                        return true;
        return false;
}

/* ---- differences ---- */

static int session_compare(const void *a, const void *b)
{
        return strcmp((*(const struct entry *const *)a)->session, (*(const struct entry *const *)b)->session);
}

/* The placed ones in order of session; the caller frees. */
static const struct entry **by_session(const struct timetable *timetable, size_t *count)
{
        const struct entry **all = xcalloc((timetable ? timetable->count : 0) + 1, sizeof(*all));

        *count = 0;
        for (size_t i = 0; timetable && i < timetable->count; i++)
                if (timetable->entries[i].placed)
                        all[(*count)++] = &timetable->entries[i];
        qsort(all, *count, sizeof(*all), session_compare);
        return all;
}

static const struct entry *entry_of(const struct entry **all, size_t count, const struct entry *of)
{
        const struct entry **found = bsearch(&of, all, count, sizeof(*all), session_compare);

        return found ? *found : NULL;
}

static void write_difference(const struct entry *before, const struct entry *after, struct jsonout *out)
{
        const char *what = !before ? "added" : !after ? "removed" : "changed";

        if (before && after && (before->from.us != after->from.us || strcmp(before->room, after->room) != 0))
                what = "moved";
        if (before && after && !before->cancelled && after->cancelled)
                what = "cancelled";
        json_begin_object(out);
        json_member_text(out, "what", what);
        json_member_text(out, "session", (after ? after : before)->session);
        json_end_object(out);
}

size_t timetable_diff(const struct timetable *from, const struct timetable *to, struct jsonout *out)
{
        size_t count = 0, old_count, new_count;
        _cleanup_(freep) const struct entry **old = by_session(from, &old_count);
        _cleanup_(freep) const struct entry **new = by_session(to, &new_count);

        for (size_t i = 0; to && i < to->count; i++) {
                const struct entry *after = &to->entries[i];
                const struct entry *before = after->placed ? entry_of(old, old_count, after) : NULL;

                if (!after->placed || (before && strcmp(before->json, after->json) == 0))
                        continue;
                count++;
                if (out)
                        write_difference(before, after, out);
        }
        for (size_t i = 0; from && i < from->count; i++) {
                const struct entry *before = &from->entries[i];

                if (!before->placed || entry_of(new, new_count, before))
                        continue;
                count++;
                if (out)
                        write_difference(before, NULL, out);
        }
        return count;
}
