/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registrations as CSV: whole and in pieces they read alike, and what was read and is written reads back as it was.
 * The first byte says how long the pieces are.
 */
#include "exchange/csv.h"

#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"

enum { ROWS_WRITTEN = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
        if (!holds)
                abort();
}

static void row_given(void *context, size_t line, json_t *parameters)
{
        json_t *item = json_pack("{s:I, s:O}", "line", (json_int_t)line, "row", parameters);

        check(item && line >= 2);
        json_array_append_new(context, item);
}

static void row_refused(void *context, size_t line, const char *why)
{
        json_t *item = json_pack("{s:I, s:s}", "line", (json_int_t)line, "why", why);

        check(item && line >= 2);
        json_array_append_new(context, item);
}

static json_t *csv_read(const char *bytes, size_t size, size_t piece)
{
        json_t *given = json_array();
        const struct csv_handlers handlers = { given, row_given, row_refused };
        struct csv_reader *reader = csv_reader_new(&handlers);
        int r = 0;

        for (size_t at = 0; at < size && r == 0; at += piece) {
                size_t length = size - at < piece ? size - at : piece;
                char *read = malloc(length); /* of its own, so that a look past its end is seen */

                memcpy(read, bytes + at, length);
                r = csv_reader_feed(reader, read, length);
                free(read);
        }
        if (r == 0)
                r = csv_reader_finish(reader);
        check(r >= 0 && (r == 0) == (*csv_reader_error(reader) == '\0'));
        json_array_append_new(given, json_integer(r));
        csv_reader_free(reader);
        return given;
}

/* A text as the export writes it, and as the import reads that. */
static void write_back(const char *text)
{
        _cleanup_(buffer_deinit) struct buffer file = BUFFER_NULL;
        struct csv_writer writer = CSV_WRITER(&file);
        const json_t *fields;
        json_t *given;

        csv_write_text(&writer, "fields.a");
        csv_write_text(&writer, "fields.b");
        csv_write_end(&writer);
        csv_write_text(&writer, text);
        csv_write_text(&writer, "b");
        csv_write_end(&writer);
        given = csv_read(buffer_text(&file), file.length, file.length);
        fields = json_object_get(json_object_get(json_array_get(given, 0), "row"), "fields");
        check(strcmp(json_string_value(json_object_get(fields, "b")), "b") == 0);
        check(strcmp(json_string_value(json_object_get(fields, "a")), text) == 0);
        json_decref(given);
}

static void write_row_back(json_t *row)
{
        const char *name;
        json_t *value;

        json_object_foreach(row, name, value)
        {
                if (json_is_string(value))
                        write_back(json_string_value(value));
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        json_t *whole, *pieces, *item;
        size_t i;

        if (size < 1)
                return 0;
        whole = csv_read((const char *)data + 1, size - 1, size);
        pieces = csv_read((const char *)data + 1, size - 1, 1 + data[0] % 64u);
        check(json_equal(whole, pieces));
        json_array_foreach(whole, i, item)
        {
                if (i < ROWS_WRITTEN)
                        write_row_back(json_object_get(item, "row"));
        }
        json_decref(pieces);
        json_decref(whole);
        return 0;
}
