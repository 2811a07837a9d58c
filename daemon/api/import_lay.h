/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of an import laid over an event's registrations: who is meant, what becomes of them. Rows are taken one
 * after the other, each as if the ones before it had been recorded; nothing is recorded here, so an import can be
 * tried. What has come of it is then added to a batch, a registration at a time.
 */
#pragma once

#include "api/import_row.h"

enum import_result { IMPORT_CREATED, IMPORT_UPDATED, IMPORT_UNCHANGED, IMPORT_REFUSED };

struct import_outcome {
        enum import_result result;
        const char *registration; /* borrowed until the next row; NULL: refused */
        const char *why, *path; /* refused */
};

struct import_lay;

struct import_lay *import_lay_new(struct call *call, struct instant now);
struct import_lay *import_lay_free(struct import_lay *lay);
void import_lay_row(struct import_lay *lay, const struct import_row *row, struct import_outcome *outcome);
/* After the last row: places that were left go to those who wait. */
void import_lay_settle(struct import_lay *lay);
/* How many registrations are to be recorded. */
size_t import_lay_count(const struct import_lay *lay);
/* Adds the n-th to the batch; false: there is no key to sign with. */
bool import_lay_add(struct import_lay *lay, struct batch *batch, size_t n);
/* … and what is added once for all. */
void import_lay_finish(struct import_lay *lay, struct batch *batch);
