/* SPDX-License-Identifier: Apache-2.0 */
/* Checks parameters against a method's table: what fails is named by a JSON pointer (RFC 6901). */
#pragma once

#include "api/method.h"
#include "base/buffer.h"

/* The envelope's parameters, which every method of their kind takes. */
extern const struct param envelope_deadline[], envelope_key[];
/* if_version stands in the table of each method that accepts it. */

/* A member's name as a JSON pointer has it. */
void path_add_name(struct buffer *path, const char *name);
/* Whether a text, or a whole number, is one of those that a row stands for. */
bool param_takes_text(const struct param *param, const char *text, size_t length);
bool param_takes_int(const struct param *param, int64_t value);
/* True when they fit; else `path` (a JSON pointer into params) and `expected` say what does not. */
bool validate_params(
        const struct method *method, const json_t *params, struct buffer *path, struct buffer *expected);
/* As validate_params, of one object against one table: `path` points into it. */
bool validate_object(
        const struct param *params, const json_t *object, struct buffer *path, struct buffer *expected);
/* Whether a method takes `request_key`. */
bool method_takes_key(const struct method *method);
