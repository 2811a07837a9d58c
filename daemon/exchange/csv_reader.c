/* SPDX-License-Identifier: Apache-2.0 */
#include <csv.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/cleanup.h"
#include "base/utf8.h"
#include "exchange/csv.h"
#include "exchange/csv_guard.h"

enum { ROW_MOST = 1024 * 1024, COLUMNS_MOST = 1000 };

enum { PARSER_FIELD_BEGUN = 2 }; /* of libcsv's pstate, which it does not name in its header */

struct column {
        char *name;
        const char *field;
        enum csv_column kind;
};

struct csv_reader {
        struct csv_handlers handlers;
        struct csv_parser parser;
        struct column *columns;
        size_t column_count;
        bool has_header;

        /* the place in the file */
        size_t line; /* that the next byte stands on */
        size_t row_line; /* that the row began on; 0: none is open */
        size_t row_bytes;
        bool after_cr; /* an LF now ends no other line */
        size_t bom; /* bytes of it seen, 3 when it is over or there is none */

        /* the row */
        json_t *row;
        size_t cells;
        bool filled; /* some cell is not empty */
        bool unclosed; /* a quote is open at the file's end */
        struct buffer refusal; /* why the row cannot be one; the first reason */

        int outcome;
        struct buffer error;
        size_t error_line;
};

/* ---- cells ---- */

/* `name` stands behind `why`; NULL: nothing does. */
static void reader_fail(struct csv_reader *reader, int outcome, const char *why, const char *name)
{
        if (reader->outcome)
                return;
        reader->outcome = outcome;
        reader->error_line = reader->row_line ? reader->row_line : reader->line;
        buffer_add_text(&reader->error, why);
        if (name)
                buffer_addf(&reader->error, ": %s", name);
}

/* The text of a cell: NULL where it is none, with the reason in `why`. */
static const char *cell_text(const char *bytes, size_t length, const char **why)
{
        if (memchr(bytes, '\0', length))
                *why = "there is a NUL in it";
        else if (!utf8_is_valid(bytes, length))
                *why = "it is not UTF-8";
        else
                return csv_guard_matches(bytes) && bytes[0] == '\'' ? bytes + 1 : bytes;
        return NULL;
}

/* Spreadsheets in many languages part cells by semicolons. */
static const char *unknown_words(const char *name)
{
        return strpbrk(name, ";\t") ? "cells are parted by commas, and this is one"
                                    : "unknown column (the event's own are called fields.NAME)";
}

static void take_name(struct csv_reader *reader, const char *bytes, size_t length)
{
        const char *why = NULL, *name = cell_text(bytes, length, &why);
        struct column column = { NULL };

        if (!name) {
                reader_fail(reader, CSV_E_HEADER, "a column's name cannot be read", why);
                return;
        }
        if (!*name) {
                reader_fail(reader, CSV_E_HEADER, "a column has no name", NULL);
                return;
        }
        if (reader->column_count == COLUMNS_MOST) {
                reader_fail(reader, CSV_E_HEADER, "more than 1000 columns", NULL);
                return;
        }
        for (size_t i = 0; i < reader->column_count; i++) {
                if (strcmp(reader->columns[i].name, name) == 0) {
                        reader_fail(reader, CSV_E_HEADER, "a column stands there twice", name);
                        return;
                }
        }
        column.name = xstrdup(name);
        column.kind = csv_column_kind(column.name, &column.field);
        if (column.kind == CSV_COLUMN_UNKNOWN)
                reader_fail(reader, CSV_E_HEADER, unknown_words(name), name);
        reader->columns = xrealloc(reader->columns, (reader->column_count + 1) * sizeof(*reader->columns));
        reader->columns[reader->column_count++] = column;
}

static void refuse_cell(struct csv_reader *reader, const struct column *column, const char *why)
{
        if (reader->refusal.length == 0)
                buffer_addf(&reader->refusal, "%s: %s", column->name, why);
}

static json_t *cell_bool(const char *text)
{
        static const char *const words[][2] = { { "false", "true" }, { "no", "yes" }, { "0", "1" },
                { "n", "y" } };

        for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
                for (int value = 0; value < 2; value++) {
                        if (strcasecmp(text, words[i][value]) == 0)
                                return json_boolean(value);
                }
        }
        return NULL;
}

static void take_value(
        struct csv_reader *reader, const struct column *column, const char *bytes, size_t length)
{
        const char *why = NULL, *text = cell_text(bytes, length, &why);
        json_t *value, *fields;

        if (column->kind == CSV_COLUMN_IGNORED)
                return;
        if (!text) {
                refuse_cell(reader, column, why);
                return;
        }
        value = column->kind == CSV_COLUMN_BOOL ? cell_bool(text) : json_string(text);
        if (!value) {
                refuse_cell(reader, column, "it is neither true nor false");
                return;
        }
        if (!column->field) {
                json_object_set_new(reader->row, column->name, value);
                return;
        }
        fields = json_object_get(reader->row, "fields");
        if (!fields) {
                fields = json_object();
                json_object_set_new(reader->row, "fields", fields);
        }
        json_object_set_new(fields, column->field, value);
}

static void on_cell(void *cell, size_t length, void *context)
{
        struct csv_reader *reader = context;
        size_t index = reader->cells++;

        if (reader->outcome)
                return;
        if (!reader->has_header) {
                take_name(reader, cell ? cell : "", length);
                return;
        }
        if (length == 0)
                return;
        reader->filled = true;
        if (index < reader->column_count)
                take_value(reader, &reader->columns[index], cell, length);
}

/* ---- rows ---- */

static void row_clear(struct csv_reader *reader)
{
        json_decref(reader->row);
        reader->row = json_object();
        reader->cells = 0;
        reader->filled = false;
        buffer_clear(&reader->refusal);
        reader->row_line = 0;
        reader->row_bytes = 0;
}

static void on_row(int end, void *context)
{
        struct csv_reader *reader = context;

        (void)end;
        if (reader->outcome)
                return;
        if (!reader->has_header) {
                reader->has_header = true;
        } else if (reader->filled && reader->cells != reader->column_count && !reader->unclosed) {
                buffer_clear(&reader->refusal);
                buffer_addf(&reader->refusal, "it has %zu %s, the first line %zu", reader->cells,
                        reader->cells == 1 ? "cell" : "cells", reader->column_count);
                reader->handlers.refused(
                        reader->handlers.context, reader->row_line, buffer_text(&reader->refusal));
        } else if (reader->refusal.length > 0) {
                reader->handlers.refused(
                        reader->handlers.context, reader->row_line, buffer_text(&reader->refusal));
        } else if (reader->filled) {
                reader->handlers.row(reader->handlers.context, reader->row_line, reader->row);
        }
        row_clear(reader);
}

/* ---- bytes ---- */

struct csv_reader *csv_reader_new(const struct csv_handlers *handlers)
{
        struct csv_reader *reader = xcalloc(1, sizeof(*reader));

        reader->handlers = *handlers;
        reader->line = 1;
        csv_init(&reader->parser, CSV_APPEND_NULL);
        csv_set_realloc_func(&reader->parser, xrealloc);
        row_clear(reader);
        return reader;
}

struct csv_reader *csv_reader_free(struct csv_reader *reader)
{
        if (!reader)
                return NULL;
        csv_free(&reader->parser);
        for (size_t i = 0; i < reader->column_count; i++)
                free(reader->columns[i].name);
        free(reader->columns);
        json_decref(reader->row);
        buffer_deinit(&reader->refusal);
        buffer_deinit(&reader->error);
        free(reader);
        return NULL;
}

/* A piece of one line: its end, if it has one, is its last byte. */
static void feed_piece(struct csv_reader *reader, const char *bytes, size_t length)
{
        char last = bytes[length - 1];
        bool ends = last == '\n' || last == '\r';

        if (reader->row_line == 0 && (length > 1 || !ends))
                reader->row_line = reader->line;
        reader->row_bytes += length;
        if (reader->row_bytes > ROW_MOST) {
                reader_fail(
                        reader, CSV_E_FORM, "a row goes on beyond a megabyte: is a quote left open?", NULL);
                return;
        }
        csv_parse(&reader->parser, bytes, length, on_cell, on_row, reader);
        if (ends && !(last == '\n' && length == 1 && reader->after_cr))
                reader->line++;
        reader->after_cr = last == '\r';
}

/* Up to and with the first line end. */
static size_t piece_length(const char *bytes, size_t length)
{
        size_t i = 0;

        while (i < length && bytes[i] != '\n' && bytes[i] != '\r')
                i++;
        return i < length ? i + 1 : length;
}

/* Passes over the byte order mark that some put before UTF-8. */
static size_t pass_bom(struct csv_reader *reader, const char *bytes, size_t length)
{
        static const char bom[] = "\xef\xbb\xbf";
        size_t i = 0;

        while (reader->bom < 3 && i < length && bytes[i] == bom[reader->bom]) {
                reader->bom++;
                i++;
        }
        if (reader->bom == 3 || i == length)
                return i;
        /* No mark after all: what was taken for its beginning is read. */
        if (reader->bom > 0)
                feed_piece(reader, bom, reader->bom);
        reader->bom = 3;
        return i;
}

int csv_reader_feed(struct csv_reader *reader, const char *bytes, size_t length)
{
        size_t i = reader->bom < 3 ? pass_bom(reader, bytes, length) : 0;

        while (i < length && !reader->outcome) {
                size_t n = piece_length(bytes + i, length - i);

                feed_piece(reader, bytes + i, n);
                i += n;
        }
        return reader->outcome;
}

int csv_reader_finish(struct csv_reader *reader)
{
        if (reader->bom > 0 && reader->bom < 3 && !reader->outcome)
                feed_piece(reader, "\xef\xbb", reader->bom);
        if (reader->outcome)
                return reader->outcome;
        reader->unclosed = reader->parser.quoted && reader->parser.pstate == PARSER_FIELD_BEGUN;
        if (reader->unclosed)
                buffer_addf(&reader->refusal, "a quote is opened and never closed");
        csv_fini(&reader->parser, on_cell, on_row, reader);
        if (!reader->has_header)
                reader_fail(reader, CSV_E_HEADER, "it has no first line", NULL);
        return reader->outcome;
}

const char *csv_reader_error(const struct csv_reader *reader)
{
        return buffer_text(&reader->error);
}

size_t csv_reader_error_line(const struct csv_reader *reader)
{
        return reader->error_line;
}
