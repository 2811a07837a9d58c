/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table for people: cells of text, columns aligned by what they take on a terminal, the widest cut where the line
 * is too short. Columns that stay empty are left out; columns of numbers stand to the right.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include "base/buffer.h"
#include "base/cleanup.h"

struct sheet;

struct sheet *sheet_new(void);
struct sheet *sheet_free(struct sheet *sheet);
DEFINE_CLEANUP(struct sheet *, sheet_free);
/* The column of this name, made at the first mention; names are shown as heads. */
size_t sheet_column(struct sheet *sheet, const char *name);
void sheet_row(struct sheet *sheet); /* begins the next row */
/* The text is cleaned (text_add_clean) and copied; a number asks for the right side. */
void sheet_cell(struct sheet *sheet, size_t column, const char *text, bool number);
/* `columns`: what a line may take, 0: any. `heads`: whether names stand above; `colour`: heads (else names of the first column) in bold. */
void sheet_write(const struct sheet *sheet, size_t columns, bool heads, bool colour, struct buffer *out);
