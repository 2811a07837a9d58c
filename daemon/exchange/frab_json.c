/* SPDX-License-Identifier: Apache-2.0 */
#include "exchange/frab_json.h"

#include <jansson.h>
#include <stdbool.h>
#include <string.h>
#include "base/error.h"
#include "exchange/frab.h"
#include "exchange/json_limits.h"

/* A member as text: numbers as they are written, of an object of languages the first text; blank is none. */
static const char *member_text(struct frab *frab, const json_t *object, const char *name)
{
        json_t *value = json_object_get(object, name), *first;
        const char *key;

        if (json_is_integer(value))
                return arena_format(&frab->source.arena, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        if (json_is_object(value)) {
                json_object_foreach(value, key, first)
                {
                        if (json_is_string(first) && json_string_length(first) > 0)
                                return json_string_value(first);
                }
        }
        return json_is_string(value) && json_string_length(value) > 0 ? json_string_value(value) : NULL;
}

/* The same under the first of two names that has one. */
static const char *either_text(struct frab *frab, const json_t *object, const char *name, const char *other)
{
        const char *text = member_text(frab, object, name);

        return text ? text : member_text(frab, object, other);
}

static void read_person(struct frab *frab, struct source_session *session, const json_t *value)
{
        struct source_person *person = source_add_person(&frab->source, session);

        if (json_is_string(value)) {
                person->name = json_string_value(value);
                return;
        }
        person->number = member_text(frab, value, "id");
        person->guid = member_text(frab, value, "guid");
        person->name = either_text(frab, value, "public_name", "name");
        if (!person->name)
                person->name = member_text(frab, value, "full_public_name");
        person->bio = either_text(frab, value, "biography", "description");
        if (!person->number)
                person->number = member_text(frab, value, "code");
}

static void read_event(struct frab *frab, const json_t *value, const char *room)
{
        struct source_session *session;
        struct frab_event *event = frab_add_event(frab, &session);
        const json_t *person;
        size_t i;

        event->date = member_text(frab, value, "date");
        event->start = member_text(frab, value, "start");
        event->duration = member_text(frab, value, "duration");
        event->end = member_text(frab, value, "end");
        session->number = member_text(frab, value, "id");
        session->code = member_text(frab, value, "code");
        session->guid = member_text(frab, value, "guid");
        session->slug = member_text(frab, value, "slug");
        session->room = room;
        session->room_element = member_text(frab, value, "room");
        session->title = member_text(frab, value, "title");
        session->subtitle = member_text(frab, value, "subtitle");
        session->track = member_text(frab, value, "track");
        session->kind = member_text(frab, value, "type");
        session->language = member_text(frab, value, "language");
        session->abstract = member_text(frab, value, "abstract");
        session->description = member_text(frab, value, "description");
        json_array_foreach(json_object_get(value, "persons"), i, person) read_person(frab, session, person);
}

static void read_room(struct frab *frab, const char *name, const json_t *events)
{
        const json_t *event;
        size_t i;

        if (name)
                frab_add_heading(frab, name);
        json_array_foreach(events, i, event) read_event(frab, event, name);
}

static void read_day(struct frab *frab, const json_t *value)
{
        struct frab_day *day = frab_add_day(frab);
        json_t *rooms = json_object_get(value, "rooms"), *events;
        const json_t *room;
        const char *name;
        size_t i;

        day->index = member_text(frab, value, "index");
        day->date = member_text(frab, value, "date");
        day->start = member_text(frab, value, "day_start");
        day->end = member_text(frab, value, "day_end");
        json_object_foreach(rooms, name, events) read_room(frab, *name ? name : NULL, events);
        /* Some write the rooms as a list, and some events stand directly under the day. */
        json_array_foreach(rooms, i, room)
                read_room(frab, member_text(frab, room, "name"), json_object_get(room, "events"));
        read_room(frab, NULL, json_object_get(value, "events"));
}

static void read_rooms(struct frab *frab, const json_t *rooms)
{
        const json_t *value;
        size_t i;

        json_array_foreach(rooms, i, value)
        {
                struct source_room *room = source_add_room(&frab->source);
                const json_t *capacity = json_object_get(value, "capacity");

                room->name = member_text(frab, value, "name");
                if (json_is_integer(capacity) && json_integer_value(capacity) >= 0)
                        room->capacity = json_integer_value(capacity);
        }
}

static void read_tracks(struct frab *frab, const json_t *tracks)
{
        const json_t *value;
        size_t i;

        json_array_foreach(tracks, i, value)
        {
                struct source_track *track = source_add_track(&frab->source);

                track->name =
                        json_is_string(value) ? json_string_value(value) : member_text(frab, value, "name");
                track->colour = member_text(frab, value, "color");
        }
}

static int read_schedule(struct frab *frab, const json_t *root, struct programme_file *out)
{
        const json_t *schedule = json_object_get(root, "schedule"), *conference, *value;
        json_t *note;
        size_t i;

        if (!schedule)
                schedule = root;
        conference = json_object_get(schedule, "conference");
        if (!json_is_object(conference))
                return programme_file_fail(out, PROGRAMME_FILE_E_FORM, 0, "it has no schedule.conference");
        frab->acronym = member_text(frab, conference, "acronym");
        frab->title = member_text(frab, conference, "title");
        frab->start = member_text(frab, conference, "start");
        frab->end = member_text(frab, conference, "end");
        frab->day_change = member_text(frab, conference, "day_change");
        frab->zone_name = member_text(frab, conference, "time_zone_name");
        read_rooms(frab, json_object_get(conference, "rooms"));
        read_rooms(frab, json_object_get(schedule, "rooms"));
        read_tracks(frab, json_object_get(conference, "tracks"));
        json_array_foreach(json_object_get(conference, "days"), i, value) read_day(frab, value);
        note = json_object_get(json_object_get(conference, "meta"), "usherd");
        if (json_is_object(note))
                frab->note = json_incref(note);
        return 0;
}

int frab_json_read(const char *bytes, size_t length, const struct programme_file_options *options,
        struct programme_file *out)
{
        struct frab frab = { 0 };
        json_error_t error;
        json_t *root;
        int r = json_limits_check(bytes, length, out);

        if (r)
                return r;
        root = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, &error);
        if (!root)
                return programme_file_fail(out, PROGRAMME_FILE_E_SYNTAX, error.line, error.text);
        r = read_schedule(&frab, root, out);
        if (r == 0)
                r = error_fold(frab_finish(&frab, options, out));
        frab_deinit(&frab);
        json_decref(root);
        return r;
}
