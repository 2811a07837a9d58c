/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a reader found in a file, as it found it, and the steps that every format shares: clean texts, one room,
 * track and speaker for all that name it, ids, guids, duplicates, the report. All texts may be NULL and are borrowed
 * until source_resolve has returned.
 *
 * The ids of usherd's own exports stand in a note, which other programs do not look at: a JSON object, in XML the
 * processing instruction `usherd` anywhere under the root, in frab JSON `schedule.conference.meta.usherd`:
 *   {"day_starts": "04:00",
 *    "rooms": [{"room": id, "name": name}…], "tracks": [{"track": id, "name": name}…],
 *    "sessions": {guid: {"session": id, "room": id, "track": id, "speakers": [{"speaker": id, "role": role}…]}…}}
 * `speakers` goes with the file's own persons one by one; all members are optional.
 */
#pragma once

#include <jansson.h>
#include "exchange/programme_file.h"

struct source_person {
        const char *number, *guid, *name, *name_latin, *title, *affiliation, *bio, *role;
        const char *as; /* its id here, where the file knows that */
};

struct source_session {
        const char *number, *code, *slug, *guid; /* what may name it */
        const char *title, *title_latin, *subtitle, *abstract, *description, *kind, *language, *track;
        const char *room, *room_element; /* where it stands; what it says itself */
        const char *as, *room_as, *track_as;
        struct source_person *persons;
        size_t person_count;
        struct instant start;
        int64_t minutes;
        const char *start_why, *duration_why; /* for the report: what could not be taken */
};

struct source_room {
        const char *name, *name_latin, *as;
        int64_t capacity;
        bool heading; /* it is there for its sessions only: left out (and reported) where it has none */
};

struct source_track {
        const char *name, *name_latin, *colour, *as;
};

struct source {
        struct arena arena; /* for what the readers need */
        const char *space; /* what makes guids of sessions without one differ from another conference's */
        struct source_room *rooms;
        struct source_track *tracks;
        struct source_session *sessions;
        size_t room_count, track_count, session_count;
};

void source_deinit(struct source *source);
struct source_session *source_add_session(struct source *source);
struct source_room *source_add_room(struct source *source);
struct source_track *source_add_track(struct source *source);
struct source_person *source_add_person(struct source *source, struct source_session *session);
/* Takes the ids of a note over; the sessions are all there. What makes no sense in it is ignored. */
void source_take_note(struct source *source, const json_t *note);
/* Fills rooms, tracks, speakers, sessions and skipped of `out`. */
void source_resolve(struct source *source, struct programme_file *out);
