/* SPDX-License-Identifier: Apache-2.0 */
#include "exchange/source.h"

#include <string.h>
#include "base/row.h"
#include "base/slug.h"
#include "exchange/things.h"

void source_deinit(struct source *source)
{
        arena_deinit(&source->arena);
        *source = (struct source){ .arena = ARENA_NULL };
}

struct source_session *source_add_session(struct source *source)
{
        struct source_session *session =
                arena_append(&source->arena, &source->sessions, &source->session_count, sizeof(*session));

        session->start = INSTANT_NONE;
        session->minutes = FIELD_INT_NONE;
        return session;
}

struct source_room *source_add_room(struct source *source)
{
        struct source_room *room =
                arena_append(&source->arena, &source->rooms, &source->room_count, sizeof(*room));

        room->capacity = FIELD_INT_NONE;
        return room;
}

struct source_track *source_add_track(struct source *source)
{
        return arena_append(
                &source->arena, &source->tracks, &source->track_count, sizeof(struct source_track));
}

struct source_person *source_add_person(struct source *source, struct source_session *session)
{
        return arena_append(
                &source->arena, &session->persons, &session->person_count, sizeof(struct source_person));
}

/* A slug that stands in the note, in our own memory; NULL where there is none. */
static const char *note_slug(struct source *source, const json_t *object, const char *name)
{
        const char *text = json_string_value(json_object_get(object, name));

        return text && slug_is_valid(text) ? arena_text(&source->arena, text, strlen(text)) : NULL;
}

static const char *note_text(struct source *source, const json_t *object, const char *name)
{
        const char *text = json_string_value(json_object_get(object, name));

        return text ? arena_text(&source->arena, text, strlen(text)) : NULL;
}

static void take_session_note(struct source *source, struct source_session *session, const json_t *note)
{
        const json_t *speakers = json_object_get(note, "speakers");

        session->as = note_slug(source, note, "session");
        session->room_as = note_slug(source, note, "room");
        session->track_as = note_slug(source, note, "track");
        /* One for one, or none: a list of another length is of other persons. */
        if (json_array_size(speakers) != session->person_count)
                return;
        for (size_t i = 0; i < session->person_count; i++) {
                const json_t *speaker = json_array_get(speakers, i);

                session->persons[i].as = note_slug(source, speaker, "speaker");
                session->persons[i].role = note_text(source, speaker, "role");
        }
}

/*
 * Two rooms of a family may bear one name, which a file tells apart by the sessions in them alone: the note's rooms
 * count as the file's own, and a name by itself means the first of them.
 */
static void take_room_notes(struct source *source, const json_t *note)
{
        struct things by_name;
        const json_t *item;
        size_t i, count = source->room_count;

        things_init(&by_name, &source->arena);
        json_array_foreach(json_object_get(note, "rooms"), i, item)
        {
                const char *id = note_slug(source, item, "room"), *name = note_text(source, item, "name");

                if (!id || !name)
                        continue;
                thing_offer_first(&things_get(&by_name, name)->called, id);
                *source_add_room(source) =
                        (struct source_room){ .name = name, .as = id, .capacity = FIELD_INT_NONE };
        }
        for (i = 0; i < count; i++) {
                if (source->rooms[i].name)
                        source->rooms[i].as = things_get(&by_name, source->rooms[i].name)->called;
        }
        things_deinit(&by_name);
}

static void take_track_notes(struct source *source, const json_t *note)
{
        struct things by_name;
        const json_t *item;
        size_t i, count = source->track_count;

        things_init(&by_name, &source->arena);
        json_array_foreach(json_object_get(note, "tracks"), i, item)
        {
                const char *id = note_slug(source, item, "track"), *name = note_text(source, item, "name");

                if (!id || !name)
                        continue;
                thing_offer_first(&things_get(&by_name, name)->called, id);
                *source_add_track(source) = (struct source_track){ .name = name, .as = id };
        }
        for (i = 0; i < count; i++) {
                if (source->tracks[i].name)
                        source->tracks[i].as = things_get(&by_name, source->tracks[i].name)->called;
        }
        things_deinit(&by_name);
}

void source_take_note(struct source *source, const json_t *note)
{
        const json_t *sessions = json_object_get(note, "sessions");

        for (size_t i = 0; i < source->session_count; i++) {
                struct source_session *session = &source->sessions[i];
                const json_t *of = session->guid ? json_object_get(sessions, session->guid) : NULL;

                if (of)
                        take_session_note(source, session, of);
        }
        take_room_notes(source, note);
        take_track_notes(source, note);
}
