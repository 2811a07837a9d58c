/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registrations as CSV (RFC 4180, UTF-8), both ways; used by the daemon's export and by the command line's import.
 *
 * The first line names the columns: the parameters of registration.create, and `fields.NAME` for a field. What the
 * export says beyond them (see csv_columns.c) is passed over when it is read.
 *
 * A spreadsheet takes a cell for a formula when it begins with = + - @ (blanks before them, or their wide forms,
 * count), and loses a leading TAB, CR or LF. The writer puts an apostrophe before such a cell, and before one that
 * begins with apostrophes and then such; the reader takes exactly that one off again. So every text reads back as it
 * was; an empty one as none.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include "base/buffer.h"

/* ---- columns ---- */

enum csv_column {
        CSV_COLUMN_UNKNOWN,
        CSV_COLUMN_TEXT,
        CSV_COLUMN_BOOL,
        CSV_COLUMN_FIELD,
        CSV_COLUMN_IGNORED
};

/* `field` gets what stands behind "fields.", or NULL. */
enum csv_column csv_column_kind(const char *name, const char **field);
/* The export's columns in their order, fields aside; NULL-terminated. */
extern const char *const csv_registration_columns[];

/* ---- reading ---- */

enum {
        CSV_E_HEADER =
                1, /* the first line: an unknown column, one twice, none at all, not UTF-8; csv_reader_error */
        CSV_E_FORM, /* a row that goes on beyond a megabyte: a quote was left open; csv_reader_error */
};

struct csv_reader;

struct csv_handlers {
        void *context;
        /* A row: registration.create's parameters, `event` aside; borrowed (json_incref keeps it). */
        void (*row)(void *context, size_t line, json_t *parameters);
        /* A row that cannot be one. */
        void (*refused)(void *context, size_t line, const char *why);
};

/* Lines are counted from 1 as an editor shows them; a row is known by the line it begins on. */
struct csv_reader *csv_reader_new(const struct csv_handlers *handlers);
struct csv_reader *csv_reader_free(struct csv_reader *reader);
/* The file in pieces of any size, then the end; after an outcome that is not 0 nothing more is read. */
int csv_reader_feed(struct csv_reader *reader, const char *bytes, size_t length);
int csv_reader_finish(struct csv_reader *reader);
const char *csv_reader_error(const struct csv_reader *reader);
size_t csv_reader_error_line(const struct csv_reader *reader);

/* ---- writing ---- */

struct csv_writer {
        struct buffer *to;
        size_t cells; /* of the row that is being written */
};

#define CSV_WRITER(buffer) ((struct csv_writer){ (buffer), 0 })

void csv_write_text(struct csv_writer *writer, const char *text); /* NULL: an empty cell */
void csv_write_end(struct csv_writer *writer); /* ends the row */
/* The line of names: csv_registration_columns, then the fields. */
void csv_write_registration_header(struct csv_writer *writer, const char *const *fields, size_t count);
