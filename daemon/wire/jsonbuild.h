/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree of a text that jsonscan() has passed: nothing is checked again, so it takes a third of the time that a parser
 * takes, which has to. The same tree as jansson's own parser makes of it.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buffer.h"

json_t *jsonbuild(const char *line, size_t length);

/* ---- the same value by value, for whoever needs no tree of the whole ---- */

struct jsonread {
        const char *at, *end;
        struct buffer text; /* an escaped string, resolved; freed by the owner */
};

#define JSONREAD(line, length) ((struct jsonread){ (line), (line) + (length), BUFFER_NULL })

struct jsonread_text {
        const char *text;
        size_t length;
};

/* The first byte of the value (or mark) that comes next, which tells its type. At the line's end NUL. */
char jsonread_peek(struct jsonread *read);
/* Into the array or object that comes next. */
void jsonread_enter(struct jsonread *read);
/* Whether another value or member comes; false: it has passed their end. */
bool jsonread_next(struct jsonread *read);
/* A member's name; its value comes next. Good until the next text is read. */
struct jsonread_text jsonread_key(struct jsonread *read);
/* A string's inside, escapes resolved; good until the next text is read. */
struct jsonread_text jsonread_text(struct jsonread *read);
/* true, false or null, by its first byte. */
char jsonread_word(struct jsonread *read);
/* A whole number. False: it is a real one, and is not passed. */
bool jsonread_integer(struct jsonread *read, int64_t *value);
/* Any value as it stands there. */
struct jsonread_text jsonread_raw(struct jsonread *read);
