/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A programme's file laid over a copy of what stands, on any thread: which rows it makes, and what is to be said of it.
 * What the file lacks stays; what clashes is kept as accepted.
 */
#pragma once

#include "base/buffer.h"
#include "base/rowlist.h"
#include "exchange/programme_file.h"
#include "programme/model.h"

struct programme_lay {
        struct programme *programme; /* the copy, borrowed; the file's nouns and sessions are applied to it */
        struct uuid event;
        const char *by;
        struct instant at;
        /* out */
        struct rowlist rows; /* to be recorded, the family's step aside */
        bool changes; /* whether there is anything to record */
        struct buffer result; /* schedule.import's */
};

void programme_lay_file(struct programme_lay *lay, const struct programme_file *file);
/* Forgets what came of it. */
void programme_lay_deinit(struct programme_lay *lay);
