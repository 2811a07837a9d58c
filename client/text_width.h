/* SPDX-License-Identifier: Apache-2.0 */
/* How texts stand on a terminal: columns taken, cuts, and nothing that could steer the terminal. */
#pragma once

#include <stddef.h>
#include "base/buffer.h"

/* Columns that UTF-8 text takes: two for East Asian wide, none for combining marks. */
size_t text_width(const char *text);
/* Adds the text in at most `width` columns; what had to be cut ends in "…". Returns the columns taken. */
size_t text_add_cut(struct buffer *out, const char *text, size_t width);
/*
 * Adds the text with every control character (line ends too, unless `lines`) as a blank or "\xNN": texts come from strangers, and an
 * escape sequence among them must not reach the terminal.
 */
void text_add_clean(struct buffer *out, const char *text, bool lines);
