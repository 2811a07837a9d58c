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
        struct programme *programme; /* a copy of its own */
        struct uuid event;
        char *by;
        struct instant at;
        /* out */
        struct rowlist rows; /* to be recorded, the family's step aside */
        bool changes; /* whether there is anything to record */
        struct buffer result; /* schedule.import's */
};

/* A copy of the programme as it stands, to be laid over later. */
struct programme_lay *programme_lay_new(
        const struct programme *programme, const struct uuid *event, const char *by, struct instant at);
struct programme_lay *programme_lay_free(struct programme_lay *lay);
void programme_lay_file(struct programme_lay *lay, const struct programme_file *file);
/* Whether what it was laid over still stands. */
bool programme_lay_holds(const struct programme_lay *lay, const struct programme *programme);
