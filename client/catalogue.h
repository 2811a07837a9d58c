/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's methods as server.describe tells them. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include "base/buffer.h"
#include "client/usher.h"

/* {NAME: description}, of one method or (NULL) of all; the caller owns it. NULL: could not be had, nothing said. */
json_t *catalogue_get(struct usher *usher, const char *method);
/* Whether a method (one of catalogue_get's values) takes this parameter. */
bool catalogue_takes(const json_t *description, const char *param);
/* "  did you mean a, b?" where some name is near; one line, or nothing. */
void catalogue_suggest(struct usher *usher, const char *method, struct buffer *out);
/* The same among the names of an object, for tests. */
void catalogue_near(json_t *methods, const char *name, struct buffer *out);
/* How many letters apart two words are: inserted, left out, changed, or two neighbours swapped. */
size_t word_distance(const char *a, const char *b);
