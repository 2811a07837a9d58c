/* SPDX-License-Identifier: Apache-2.0 */
/* What usher shows of JSON: itself, or tables for people. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include "base/buffer.h"
#include "client/options.h"

/* Where the answer goes. */
struct screen {
        bool terminal; /* standard output is one */
        bool colour;
        bool json; /* asked for, or the default where no terminal is */
        size_t columns; /* of the terminal; 0: any */
};

/* Looks at standard output and at NO_COLOR, TERM and COLUMNS. */
struct screen screen_find(enum output output);

/* The result as asked for, ended by a line end. `next` of a list is no column: present_next tells of it. */
void present_result(const struct screen *screen, json_t *result, struct buffer *out);
/* An array of objects as aligned columns; of anything else, one a line. */
void present_list(const struct screen *screen, json_t *list, struct buffer *out);
/* The cursor to go on with, or NULL at the end (or where nothing has a next). */
const char *present_next(json_t *result);
/* One value in a few words: a cell of a table. */
void present_value(json_t *value, struct buffer *out);
/* JSON on one line, or indented on a terminal (and then with nothing in it that could steer the terminal). */
void present_json(const struct screen *screen, json_t *value, struct buffer *out);
