/* SPDX-License-Identifier: Apache-2.0 */
/* What one of the formats' readers finds in a file, as it stands there; programme_meta.c makes sense of it. */
#pragma once

#include <stdbool.h>
#include <jansson.h>
#include "base/buffer.h"
#include "base/instant.h"

struct programme_facts {
        char *acronym, *title, *start, *end, *zone; /* NULL or not empty; dates as in the file */
        char *day_change; /* "09:00:00" */
        char *offset; /* the first time that has one, "2019-12-27T11:00:00+01:00" */
        struct date first, last; /* of the days that the file names */
        struct instant earliest, latest; /* of its sessions, where days are not named */
        int day_starts; /* minutes; as the ends of its days tell */
};

void programme_facts_deinit(struct programme_facts *facts);
/* Takes a copy unless there is one already, or the text is empty. */
void programme_facts_keep(char **into, const char *text);
/* A day: its date, and its start and end (NULL or empty: not said). */
void programme_facts_day(struct programme_facts *facts, const char *date, const char *start, const char *end);
/* A session from and to these times (any may be NULL). */
void programme_facts_session(struct programme_facts *facts, const char *from, const char *to);

/* The readers; false: not that format after all. `body` of the first may be replaced by the same in UTF-8. */
bool programme_facts_xml(struct buffer *body, struct programme_facts *facts);
bool programme_facts_frab_json(json_t *root, struct programme_facts *facts);
bool programme_facts_opass(json_t *root, struct programme_facts *facts);
bool programme_facts_ics(const struct buffer *body, struct programme_facts *facts);
/* Joins folded lines: a fold may split a character, and then the file is no UTF-8 before. */
void programme_ics_unfold(struct buffer *body);
