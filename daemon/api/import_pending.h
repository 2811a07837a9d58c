/* SPDX-License-Identifier: Apache-2.0 */
/* The registrations that an import makes or changes, by all that its next row may name them by. import_lay.c's own. */
#pragma once

#include "base/table.h"
#include "door/rows.h"

struct import_row;

struct pending {
        struct registration_row *row; /* as it is to stand */
        const struct registration_row *before; /* NULL: made here */
        const struct import_row *source; /* whose credential it may have; NULL: none */
        char *code; /* folded, to be put; NULL: as it is */
};

struct pendings {
        struct pending **items; /* in the order in which they were laid */
        size_t count, capacity;
        struct table by_id, by_external_id, by_person, by_code;
};

void pendings_init(struct pendings *pendings);
void pendings_deinit(struct pendings *pendings);
/* Takes over the row; of `before` a reference is held. */
struct pending *pendings_add(
        struct pendings *pendings, struct registration_row *row, const struct registration_row *before);
/* Takes over the row, which is of the same id. */
void pendings_replace(struct pendings *pendings, struct pending *pending, struct registration_row *row);
void pendings_put_code(struct pendings *pendings, struct pending *pending, const char *code);

/* NULL: none. */
struct pending *pendings_by_id(const struct pendings *pendings, const char *id);
struct pending *pendings_by_external_id(const struct pendings *pendings, const char *external_id);
struct pending *pendings_by_person(const struct pendings *pendings, const char *email, const char *name);
struct pending *pendings_by_code(const struct pendings *pendings, const char *code);
