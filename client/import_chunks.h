/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows on their way into registration.import: gathered into chunks, a few of them under way at a time, in order, each
 * under a request key of its own, so that one whose outcome stayed unknown can be sent again.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include "client/progress.h"
#include "client/usher.h"

struct chunk;

struct import_counts {
        int64_t created, updated, unchanged, refused;
};

struct import_chunks {
        struct usher *usher;
        const char *file; /* for what is told of its lines */
        struct chunk *open; /* being filled; NULL: none */
        struct chunk *sent; /* under way */
        struct chunk *resting; /* to be sent again */
        size_t under_way;
        int64_t rows, bytes; /* answered */
        struct import_counts counts;
        struct progress progress;
        int interrupt_fd;
        bool interrupted;
        int status; /* an exit status as soon as it cannot go on */
};

void import_chunks_init(
        struct import_chunks *chunks, struct usher *usher, const char *file, int64_t total_bytes);
void import_chunks_deinit(struct import_chunks *chunks);
/*
 * Takes a row (owned from now on) that began at `line` and ended at `bytes` of the file; sends a full chunk, and waits while enough are
 * under way. False: nothing more is taken (status, interrupted).
 */
bool import_chunks_add(struct import_chunks *chunks, json_t *row, int64_t line, int64_t bytes);
/* Sends what is left and waits for every answer. An exit status, connection and errors considered; refused rows are not. */
int import_chunks_finish(struct import_chunks *chunks);
/* Tells of a row that was refused, here or by the daemon, and counts it. `path` may be NULL. */
void import_chunks_refuse(struct import_chunks *chunks, int64_t line, const char *path, const char *why);
