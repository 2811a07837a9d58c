/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One-dimensional arrays in PostgreSQL's binary form, as parameters. Written a row at a time into as many arrays as there
 * are columns; cheaper than text on both sides (a time costs the server a hundredth of what reading its text does).
 */
#pragma once

#include "base/buffer.h"
#include "base/instant.h"
#include "base/uuid.h"

/* Of `count` elements of a type (its OID), which must follow. */
void pgarray_begin(struct buffer *to, uint32_t type, size_t count);
/* Whether all of its `count` elements are null: NULL says the same, and costs the server nothing. */
bool pgarray_is_bare(const struct buffer *array, size_t count);
/* Takes nulls off both ends: who asks for an element there gets null all the same. How many of `count` are left. */
size_t pgarray_trim(struct buffer *array, size_t count);
/* Of `count` elements that are all the same, and not null, the first is left. */
void pgarray_shorten(struct buffer *array, size_t count);
void pgarray_null(struct buffer *to);
void pgarray_bytes(struct buffer *to, const void *bytes, size_t length); /* NULL: null */
void pgarray_text(struct buffer *to, const char *text); /* NULL: null */
void pgarray_uuid(struct buffer *to, const struct uuid *uuid);
void pgarray_int(struct buffer *to, int64_t value);
void pgarray_place(struct buffer *to, uint32_t place); /* an integer of four bytes */
void pgarray_bool(struct buffer *to, bool value);
void pgarray_date(struct buffer *to, struct date date); /* DATE_NONE: null */
void pgarray_instant(struct buffer *to, struct instant at); /* INSTANT_NONE: null */
