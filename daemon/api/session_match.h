/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of an event's sessions a file means: the guid leads, then the id. A session of the file whose id another
 * session of the event has, under another guid, is a new one, and its guid is its id.
 */
#pragma once

#include "exchange/programme_file.h"
#include "programme/model.h"

struct session_match {
        const struct session_row *standing; /* NULL: a new one. A reference is held */
        char *id;
        bool renamed; /* the file's id could not be had */
};

/* One a session of the file, in its order. */
struct session_match *session_match_file(
        const struct programme *programme, const struct uuid *event, const struct programme_file *file);
void session_match_free(struct session_match *matches, size_t count);
