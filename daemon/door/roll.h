/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The roll of an event: its registrations in the order in which they were made, each with its folded text. They stand in
 * blocks of a few hundred, and a block's texts are one stretch of memory, so that whoever looks for a name reads on and on.
 * Organisations stand apart, each once.
 * The rows are the roster's; the roll holds no reference of its own.
 */
#pragma once

#include <stddef.h>
#include "base/table.h"
#include "door/rows.h"

enum { ROLL_BLOCK_ROWS = 256, ROLL_PAD = 80 };

/* Before the first text and behind each one. */
#define ROLL_END '\x1d'

struct roll_block {
        size_t count;
        const struct registration_row *rows[ROLL_BLOCK_ROWS];
        uint32_t organisations[ROLL_BLOCK_ROWS]; /* their numbers; 0: none */
        uint32_t ends[ROLL_BLOCK_ROWS]; /* of each text, behind its ROLL_END */
        char *text; /* begins with ROLL_END, and is followed by ROLL_PAD zeros */
        size_t length, capacity;
};

struct roll_organisation {
        uint32_t number;
        size_t takers;
        char text[]; /* folded */
};

struct roll {
        struct roll_block **blocks;
        size_t block_count, block_capacity;
        size_t count;
        struct table organisations; /* by text */
        struct roll_organisation *
                *by_number; /* a number is given once; NULL: nobody is from there any more */
        size_t numbers, number_capacity;
};

/* Where a registration stands: valid until the roll changes. */
struct roll_place {
        size_t block, row;
};

void roll_init(struct roll *roll);
void roll_deinit(struct roll *roll);
/* Adds a registration; or, where `before` is given, puts it into that one's place. NULL text: nothing finds it. */
void roll_put(struct roll *roll, const struct registration_row *before, const struct registration_row *row,
        const char *text);
/* Puts it into that one's place, whose text it keeps. */
void roll_replace(
        struct roll *roll, const struct registration_row *before, const struct registration_row *row);
/* The first at or behind (created_at, id); false: there is none. */
bool roll_find(const struct roll *roll, struct instant created_at, const char *id, struct roll_place *place);
/* The one behind it; false: there is none. */
bool roll_next(const struct roll *roll, struct roll_place *place);
/* The first behind (created_at, id), INSTANT_NONE: of all; whoever stood there may be gone. False: there is none. */
bool roll_find_behind(
        const struct roll *roll, struct instant created_at, const char *id, struct roll_place *place);
bool roll_has_text(const struct roll *roll, const struct roll_place *place);
const struct registration_row *roll_row(const struct roll *roll, const struct roll_place *place);
/* The folded text of a registration, to be freed; NULL: it has none. */
char *roll_text(const struct roll *roll, const struct registration_row *row);
/* Numbers are below this one. */
size_t roll_numbers(const struct roll *roll);
/* Before, at or behind that place: as strcmp. */
int roll_compare(const struct registration_row *row, struct instant created_at, const char *id);
/* Where the text of a block's n-th begins. */
static inline size_t roll_begin(const struct roll_block *block, size_t n)
{
        return n ? block->ends[n - 1] : 1;
}
