/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "base/cleanup.h"
#include "exchange/csv.h"
#include "exchange/csv_guard.h"

/* Blanks at the ends are part of a cell only within quotes. */
static bool needs_quotes(const char *text)
{
        size_t length = strlen(text);

        return length == 0 || text[0] == ' ' || text[length - 1] == ' ' ||
               strpbrk(text, "\",;\t\r\n") != NULL;
}

void csv_write_text(struct csv_writer *writer, const char *text)
{
        bool guarded = text && csv_guard_matches(text);

        if (writer->cells++ > 0)
                buffer_add_char(writer->to, ',');
        if (!text)
                return;
        if (!needs_quotes(text)) {
                if (guarded)
                        buffer_add_char(writer->to, '\'');
                buffer_add_text(writer->to, text);
                return;
        }
        buffer_add_char(writer->to, '"');
        if (guarded)
                buffer_add_char(writer->to, '\'');
        for (; *text; text++) {
                if (*text == '"')
                        buffer_add_char(writer->to, '"');
                buffer_add_char(writer->to, *text);
        }
        buffer_add_char(writer->to, '"');
}

void csv_write_end(struct csv_writer *writer)
{
        buffer_add_text(writer->to, "\r\n");
        writer->cells = 0;
}

void csv_write_registration_header(struct csv_writer *writer, const char *const *fields, size_t count)
{
        _cleanup_(buffer_deinit) struct buffer name = BUFFER_NULL;

        for (size_t i = 0; csv_registration_columns[i]; i++)
                csv_write_text(writer, csv_registration_columns[i]);
        for (size_t i = 0; i < count; i++) {
                buffer_clear(&name);
                buffer_addf(&name, "fields.%s", fields[i]);
                csv_write_text(writer, buffer_text(&name));
        }
        csv_write_end(writer);
}
