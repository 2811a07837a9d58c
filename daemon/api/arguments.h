/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parameters of a call where they are flat, as most are: texts, whole numbers, true, false and null by name. They
 * are read and checked against the method's tables in one pass over their text, without a tree. Whatever is not plain
 * and fitting is left to the tree and to validate.h, which says what does not fit.
 */
#pragma once

#include "api/method.h"

enum { ARGUMENTS_MAX = 16 }; /* more are left to the tree */

enum argument_type { ARGUMENT_NULL, ARGUMENT_BOOL, ARGUMENT_INT, ARGUMENT_TEXT };

struct argument {
        const struct param *param; /* its row */
        enum argument_type type;
        union {
                bool boolean;
                int64_t integer;
                const char *text; /* NUL-terminated, in the room that was given */
        };
};

struct arguments {
        bool are_read; /* false: they are in the tree */
        uint32_t initials; /* of the names given, a bit a letter: most that are looked for were not */
        size_t count;
        struct argument list[ARGUMENTS_MAX];
};

/*
 * From an object's text, which has passed jsonscan(). Texts are copied into `room`, where `length` bytes are enough.
 * Sets are_read where validate_params() would let the tree of that text pass, and it is flat.
 */
void arguments_read(struct arguments *arguments, const struct method *method, const char *json, size_t length,
        char *room);
/* NULL: it was not given. */
const struct argument *arguments_find(const struct arguments *arguments, const char *name);
