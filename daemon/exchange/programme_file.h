/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a programme's file says, whatever its format: read by frab_xml.h and frab_json.h on any thread, taken into the
 * programme by api/. It owns all its texts and arrays, which are sorted by id: the order in a file means nothing, so a
 * shuffled copy is the same model. NULL, FIELD_INT_NONE, INSTANT_NONE, DATE_NONE: the file does not say.
 *
 * Texts are clean: one line of at most 300 characters (titles, names, words), or several of at most 64 KiB (abstract,
 * bio), trimmed, LF alone as line end, nothing in them that XML 1.0 could not carry.
 *
 * Ids are slugs, unique among their kind, and come from the file:
 *   room, track   from the name; of several names that give the same slug the first by bytes has it, the others have
 *                 it with a hash of their name behind it
 *   speaker       a guid is the id; else name and number; else the name alone
 *   session       the file's id; else its code, its slug, its guid, its title. Of several with the same id the one
 *                 whose guid is the first has it, the others have it with a hash of their guid behind it; of several
 *                 with the same guid the earliest has guid and id, the others the id with "-2", "-3"… and a guid made
 *                 from the first
 * A file that usherd wrote carries its ids with it (source.h tells how), and they are taken as they stand.
 */
#pragma once

#include <stdbool.h>
#include "base/instant.h"
#include "base/row.h"
#include "base/uuid.h"
#include "exchange/arena.h"

struct zone;

enum {
        PROGRAMME_FILE_E_SYNTAX = 1, /* not well-formed: `error_line`, `error` */
        PROGRAMME_FILE_E_FORM, /* well-formed, and no programme of this format: `error` */
        PROGRAMME_FILE_E_LIMIT, /* larger or deeper than what is read: `error` */
};

enum {
        PROGRAMME_FILE_BYTES = 64 * 1024 * 1024,
        PROGRAMME_FILE_NODES = 1000 * 1000, /* elements, or values */
        PROGRAMME_FILE_NESTING = 32,
};

/* What holds where the file is silent: the event's own, if there is one. */
struct programme_file_options {
        const struct zone *zone; /* NULL: UTC */
        int day_starts_minutes; /* 0: midnight */
};

struct file_room {
        const char *id, *name, *name_latin;
        int64_t capacity;
};

struct file_track {
        const char *id, *name, *name_latin, *colour; /* "#rrggbb" */
};

struct file_speaker {
        const char *id, *name, *name_latin, *title, *affiliation, *bio;
};

struct file_role {
        const char *speaker, *role; /* the role is NULL where the file says none */
};

struct file_session {
        const char *id;
        struct uuid guid;
        bool guid_made; /* the file says none: it is made of the conference and the id */
        const char *title, *title_latin;
        const char *subtitle; /* … which is the first paragraph of `abstract` too */
        const char *kind; /* "session" where the file says none */
        const char *abstract, *language, *track;
        int64_t minutes; /* 0 where the file says none that makes sense */
        const char *room; /* NULL: unplaced, and so without a start */
        struct instant start;
        struct file_role *speakers; /* in the file's order */
        size_t speaker_count;
};

/*
 * What was not taken as it stands. `what` is "session", "room", "speaker" or "track" for one that was left out whole
 * (so held + these = what the file holds), else the part of it that was: "id", "guid", "title", "name", "text",
 * "duration", "start", "place", "room_element", "language", "colour", "person", "time_zone". `id` is the id it has
 * here, or what the file calls it.
 */
struct file_skip {
        const char *what, *id, *why;
};

struct programme_file {
        struct arena arena;
        const char *title, *acronym;
        struct date starts_on, ends_on; /* every session's day lies within */
        int day_starts_minutes; /* -1: the file does not say */
        const char *
                zone_name; /* a zone this machine has: named, or Etc/GMT-8 where only an offset can be seen */
        struct file_room *rooms;
        struct file_track *tracks;
        struct file_speaker *speakers;
        struct file_session *sessions;
        struct file_skip *skipped; /* by what, id, why */
        size_t room_count, track_count, speaker_count, session_count, skipped_count;
        int error_line; /* from 1; 0: unknown */
        const char *error;
};

void programme_file_init(struct programme_file *file);
void programme_file_deinit(struct programme_file *file);
/* For the readers: sets `error` and yields `r`. */
int programme_file_fail(struct programme_file *file, int r, int line, const char *why);
/* Appends to `skipped`; texts are copied. */
void programme_file_skip(struct programme_file *file, const char *what, const char *id, const char *why);
