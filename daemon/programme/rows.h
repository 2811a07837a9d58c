/* SPDX-License-Identifier: Apache-2.0 */
/* The programme's rows, as they stand in the database and in memory. See base/row.h; each table of sql/ bears the kind's name. */
#pragma once

#include "base/row.h"

/* Family and event nil (the list of events belongs to none), id: the slug. */
struct event_row {
        struct row row;
        struct uuid event_uuid; /* what `event_id` is in every other row */
        struct uuid family_uuid; /* the parent's event_uuid, or its own */
        const char *name, *name_latin, *timezone;
        struct date starts_on, ends_on;
        const char *day_starts; /* "HH:MM" */
        const char *venue, *series;
        int64_t edition;
        const char *parent; /* slug */
        const char *languages; /* JSON array */
        int64_t min_break_minutes;
        const char *rules; /* JSON object: conflict kind -> word */
        const char *fields; /* JSON array of {field, label, at_door} */
};

/* Unique in the family; `event` is the event that made it. */
struct room_row {
        struct row row;
        const char *name, *name_latin;
        int64_t capacity;
        const char *features; /* JSON array */
        int64_t position;
        const char *available; /* JSON array of [from, to] */
};

struct track_row {
        struct row row;
        const char *name, *name_latin, *colour;
};

/* Unique in the family; `event` is the event that made it. */
struct speaker_row {
        struct row row;
        const char *name, *name_latin, *title, *affiliation, *bio, *country;
        const char *available;
};

struct session_row {
        struct row row;
        const char *title, *title_latin, *kind;
        int64_t minutes;
        const char *track;
        const char *speakers; /* JSON array of {speaker, role}; sql/ keeps it as rows of session_speaker */
        const char *abstract, *language;
        const char *needs; /* JSON array */
        int64_t expected, capacity;
        const char *booking; /* "open", "required" or NULL */
        struct uuid guid;
        bool cancelled;
};

/* The draft's place of a session (id: the session's). A session that has none is unplaced. */
struct placement_row {
        struct row row;
        const char *room;
        struct instant starts_at, ends_at; /* half-open */
        bool exempt; /* stands outside the exclusion constraints: a conflict of it was accepted, or it is cancelled */
};

/* A conflict that somebody knowingly accepted. Event nil; id: "kind a_event/a b_event/b", the lesser first, b absent for one session. */
struct acceptance_row {
        struct row row;
        const char *conflict; /* its kind */
        struct uuid a_event, b_event;
        const char *a_session, *b_session;
        const char *accepted_by;
        struct instant accepted_at;
};

/* Id "". Its version is the draft's version of the event: grown by every change of placement. */
struct draft_row {
        struct row row;
};

/* Event nil, id "". Its version is the step of the family's programme: every change of the programme replaces it. */
struct programme_row {
        struct row row;
};

/* A step of the draft's history; written, never loaded. Id: the draft's version in decimal. */
struct draft_change_row {
        struct row row;
        struct instant changed_at;
        const char *changed_by, *what;
        const char *placements; /* JSON array of {session, before, after} */
};

/* A published version: immutable. Id: its number in decimal. `body` is there in memory for the latest alone. */
struct publication_row {
        struct row row;
        int64_t number;
        struct instant published_at;
        const char *note;
        const char
                *body; /* JSON: schedule.get's rooms, tracks, sessions; column text, so that its bytes stay */
};

extern const struct record event_record, room_record, track_record, speaker_record, session_record,
        placement_record, acceptance_record, draft_record, programme_record, draft_change_record,
        publication_record;
