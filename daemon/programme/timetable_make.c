/* SPDX-License-Identifier: Apache-2.0 */
/* Where a timetable comes from: the draft in memory, or the kept body of a publication. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/zone.h"
#include "programme/timetable_private.h"

static struct timetable *timetable_new(const struct programme_event *event)
{
        struct timetable *timetable = xcalloc(1, sizeof(*timetable));

        timetable->day_starts_minutes = event->day_starts_minutes;
        /* A zone of its own: the event's may be replaced while this one lives on. */
        if (zone_load(event->row->timezone, &timetable->zone) != 0)
                timetable->zone = NULL;
        return timetable;
}

static void add_room(struct timetable *timetable, const char *room)
{
        timetable->rooms =
                xrealloc(timetable->rooms, (timetable->room_count + 1) * sizeof(*timetable->rooms));
        timetable->rooms[timetable->room_count++] = xstrdup(room);
}

/* ---- from the draft ---- */

static void write_speakers(
        const struct programme *programme, const struct session_speakers *speakers, struct jsonout *out)
{
        json_begin_array(out);
        for (size_t i = 0; i < speakers->count; i++) {
                const struct speaker_row *row = programme_speaker(programme, speakers->items[i].speaker);

                json_begin_object(out);
                json_member_text(out, "speaker", speakers->items[i].speaker);
                json_member_text(out, "name", row ? row->name : NULL);
                json_member_text(out, "name_latin", row ? row->name_latin : NULL);
                json_member_text(out, "role", speakers->items[i].role);
                json_end_object(out);
        }
        json_end_array(out);
}

static int64_t placed_minutes(const struct placement_row *placement, const struct session_row *session)
{
        return placement ? (placement->ends_at.us - placement->starts_at.us) / INSTANT_MINUTE
                         : session->minutes;
}

static char *session_json(const struct programme *programme, const struct zone *zone,
        const struct session_row *session, const struct placement_row *placement,
        const struct session_speakers *speakers)
{
        struct buffer json = BUFFER_NULL;
        struct jsonout out = JSONOUT(&json);

        json_begin_object(&out);
        json_member_text(&out, "session", session->row.id);
        json_name(&out, "guid");
        json_uuid(&out, &session->guid);
        json_member_text(&out, "title", session->title);
        json_member_text(&out, "title_latin", session->title_latin);
        json_member_text(&out, "kind", session->kind);
        json_member_text(&out, "room", placement ? placement->room : NULL);
        json_member_instant(&out, "start", placement ? placement->starts_at : INSTANT_NONE, zone);
        json_member_instant(&out, "end", placement ? placement->ends_at : INSTANT_NONE, zone);
        json_member_int(&out, "minutes", placed_minutes(placement, session));
        json_member_text(&out, "track", session->track);
        json_name(&out, "speakers");
        write_speakers(programme, speakers, &out);
        json_member_text(&out, "language", session->language);
        json_member_text(&out, "status", session->cancelled ? "cancelled" : "confirmed");
        json_end_object(&out);
        return buffer_steal(&json);
}

static void add_session(
        struct timetable *timetable, const struct programme *programme, const struct session_row *session)
{
        const struct placement_row *placement =
                rowset_find(&programme->placements, &session->row.event, session->row.id);
        struct entry *entry = &timetable->entries[timetable->count++];

        *entry = (struct entry){
                .session = xstrdup(session->row.id),
                .room = placement ? xstrdup(placement->room) : NULL,
                .track = session->track ? xstrdup(session->track) : NULL,
                .from = placement ? placement->starts_at : INSTANT_NONE,
                .to = placement ? placement->ends_at : INSTANT_NONE,
                .placed = placement,
                .cancelled = session->cancelled,
        };
        session_speakers_read(session->speakers, &entry->speakers);
        entry->json = session_json(programme, timetable->zone, session, placement, &entry->speakers);
}

static int room_compare(const void *a, const void *b)
{
        const struct room_row *one = *(const struct room_row *const *)a,
                              *other = *(const struct room_row *const *)b;
        int64_t first = one->position == FIELD_INT_NONE ? INT64_MAX : one->position;
        int64_t second = other->position == FIELD_INT_NONE ? INT64_MAX : other->position;

        if (first != second)
                return first < second ? -1 : 1;
        return strcmp(one->row.id, other->row.id);
}

/* The event's own rooms, and those of its family that it uses. */
static void add_rooms(
        struct timetable *timetable, const struct programme *programme, const struct uuid *event)
{
        _cleanup_(freep) const struct room_row **rooms = xcalloc(programme->rooms.count + 1, sizeof(*rooms));
        struct buffer json = BUFFER_NULL;
        struct jsonout out = JSONOUT(&json);
        const struct room_row *room;
        size_t index = 0, count = 0;

        while ((room = rowset_each(&programme->rooms, &index))) {
                bool used = uuid_equal(&room->row.event, event);

                for (size_t i = 0; !used && i < timetable->count; i++)
                        used = timetable->entries[i].room &&
                               strcmp(timetable->entries[i].room, room->row.id) == 0;
                if (used)
                        rooms[count++] = room;
        }
        qsort(rooms, count, sizeof(*rooms), room_compare);
        json_begin_array(&out);
        for (size_t i = 0; i < count; i++) {
                add_room(timetable, rooms[i]->row.id);
                json_begin_object(&out);
                json_member_text(&out, "room", rooms[i]->row.id);
                json_member_text(&out, "name", rooms[i]->name);
                json_member_text(&out, "name_latin", rooms[i]->name_latin);
                if (rooms[i]->capacity == FIELD_INT_NONE)
                        json_member_null(&out, "capacity");
                else
                        json_member_int(&out, "capacity", rooms[i]->capacity);
                json_end_object(&out);
        }
        json_end_array(&out);
        timetable->rooms_json = buffer_steal(&json);
}

static void add_tracks(
        struct timetable *timetable, const struct programme *programme, const struct uuid *event)
{
        struct buffer json = BUFFER_NULL;
        struct jsonout out = JSONOUT(&json);
        const struct track_row *track;
        const char *after = NULL;

        json_begin_array(&out);
        while ((track = rowset_next(&programme->tracks, event, after))) {
                after = track->row.id;
                json_begin_object(&out);
                json_member_text(&out, "track", track->row.id);
                json_member_text(&out, "name", track->name);
                json_member_text(&out, "name_latin", track->name_latin);
                json_member_text(&out, "colour", track->colour);
                json_end_object(&out);
        }
        json_end_array(&out);
        timetable->tracks_json = buffer_steal(&json);
}

struct timetable *timetable_from_draft(const struct programme *programme, const struct uuid *uuid)
{
        const struct programme_event *event = programme_event(programme, uuid);
        struct timetable *timetable = timetable_new(event);
        const struct session_row *session;
        const char *after = NULL;

        timetable->is_draft = true;
        timetable->entries = xcalloc(programme->sessions.count + 1, sizeof(*timetable->entries));
        while ((session = rowset_next(&programme->sessions, uuid, after))) {
                after = session->row.id;
                add_session(timetable, programme, session);
        }
        timetable_sort(timetable);
        add_rooms(timetable, programme, uuid);
        add_tracks(timetable, programme, uuid);
        return timetable;
}

/* ---- from a kept body ---- */

static char *dup_member(const json_t *object, const char *name)
{
        const char *text = json_string_value(json_object_get(object, name));

        return text ? xstrdup(text) : NULL;
}

static int read_entry(const json_t *object, struct entry *entry)
{
        const char *from = json_string_value(json_object_get(object, "start"));
        const char *to = json_string_value(json_object_get(object, "end"));
        const char *status = json_string_value(json_object_get(object, "status"));
        char *speakers = json_dumps(json_object_get(object, "speakers"), JSON_COMPACT);

        session_speakers_read(speakers, &entry->speakers);
        free(speakers);
        entry->session = dup_member(object, "session");
        entry->room = dup_member(object, "room");
        entry->track = dup_member(object, "track");
        entry->placed = true;
        entry->cancelled = status && strcmp(status, "cancelled") == 0;
        entry->json = json_dumps(object, JSON_COMPACT);
        if (!entry->session || !entry->room || !entry->json || !from || !to ||
                !instant_parse(from, &entry->from) || !instant_parse(to, &entry->to))
                return -EBADMSG;
        return 0;
}

int timetable_from_body(const struct programme_event *event, const char *body, struct timetable **timetablep)
{
        _cleanup_(json_decrefp) json_t *root = json_loads(body, 0, NULL);
        const json_t *sessions = json_object_get(root, "sessions"), *rooms = json_object_get(root, "rooms");
        struct timetable *timetable = timetable_new(event);
        json_t *object;
        size_t i;
        int r = root ? 0 : -EBADMSG;

        timetable->rooms_json = json_dumps(rooms, JSON_COMPACT);
        timetable->tracks_json = json_dumps(json_object_get(root, "tracks"), JSON_COMPACT);
        timetable->entries = xcalloc(json_array_size(sessions) + 1, sizeof(*timetable->entries));
        json_array_foreach(
                (json_t *)(uintptr_t)rooms, i, object) if (json_string_value(json_object_get(object, "room")))
                add_room(timetable, json_string_value(json_object_get(object, "room")));
        json_array_foreach((json_t *)(uintptr_t)sessions, i, object) if (!r) r =
                read_entry(object, &timetable->entries[timetable->count++]);
        if (r || !timetable->rooms_json || !timetable->tracks_json) {
                timetable_free(timetable);
                return error_origin(-EBADMSG);
        }
        timetable_sort(timetable);
        *timetablep = timetable;
        return 0;
}
