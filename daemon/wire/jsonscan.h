/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass over a line, before anything is built from it: is it one JSON text (RFC 8259), strictly, and how much is
 * in it. What passes here, jansson accepts. Refused besides bad grammar: bytes that are not UTF-8, NUL (\u0000
 * too), lone surrogates, integers beyond 64 bits, numbers beyond a double, a key twice in one object, trailing text.
 *
 * Tokens: strings; numbers, as far as their grammar carries ("01" is one bad token, "1x" two); runs of ASCII letters;
 * any other byte by itself; the end of the line.
 */
#pragma once

#include <stddef.h>

enum {
        JSONSCAN_E_SYNTAX = 1, /* `offset`: where the token begins that could not be accepted */
        JSONSCAN_E_VALUES,
        JSONSCAN_E_NESTING,
};

enum { JSONSCAN_NESTING_MAX = 256 }; /* whatever the limit says */

struct jsonscan {
        size_t offset;
        size_t values; /* numbers, strings, literals, arrays and objects; keys aside */
};

int jsonscan(const char *line, size_t length, size_t values, size_t nesting, struct jsonscan *found);

/* Resolves the escapes of a valid string's inside; `out` takes `length` bytes. Returns how many it wrote. */
size_t jsonscan_unescape(const char *raw, size_t length, char *out);
