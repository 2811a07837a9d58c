/* SPDX-License-Identifier: Apache-2.0 */
#include "client/sheet.h"

#include <stdlib.h>
#include <string.h>
#include "client/text_width.h"

enum { GAP = 2, NARROWEST = 8 };

struct sheet_column {
        char *name;
        bool words; /* holds something that is no number */
        bool filled;
        size_t width; /* of its widest cell */
};

struct sheet {
        struct sheet_column *columns;
        size_t column_count;
        char ***rows; /* rows[i][j], NULL where empty; each row as long as it had to be */
        size_t *lengths;
        size_t row_count;
};

struct sheet *sheet_new(void)
{
        return xcalloc(1, sizeof(struct sheet));
}

struct sheet *sheet_free(struct sheet *sheet)
{
        if (!sheet)
                return NULL;
        for (size_t i = 0; i < sheet->row_count; i++) {
                for (size_t j = 0; j < sheet->lengths[i]; j++)
                        free(sheet->rows[i][j]);
                free(sheet->rows[i]);
        }
        for (size_t i = 0; i < sheet->column_count; i++)
                free(sheet->columns[i].name);
        free(sheet->rows);
        free(sheet->lengths);
        free(sheet->columns);
        free(sheet);
        return NULL;
}

size_t sheet_column(struct sheet *sheet, const char *name)
{
        _cleanup_(buffer_deinit) struct buffer clean = BUFFER_NULL;

        text_add_clean(&clean, name, false);
        for (size_t i = 0; i < sheet->column_count; i++) {
                if (strcmp(sheet->columns[i].name, buffer_text(&clean)) == 0)
                        return i;
        }
        sheet->columns = xrealloc(sheet->columns, (sheet->column_count + 1) * sizeof(*sheet->columns));
        sheet->columns[sheet->column_count] = (struct sheet_column){ .name = xstrdup(buffer_text(&clean)) };
        return sheet->column_count++;
}

void sheet_row(struct sheet *sheet)
{
        sheet->rows = xrealloc(sheet->rows, (sheet->row_count + 1) * sizeof(*sheet->rows));
        sheet->lengths = xrealloc(sheet->lengths, (sheet->row_count + 1) * sizeof(*sheet->lengths));
        sheet->rows[sheet->row_count] = NULL;
        sheet->lengths[sheet->row_count++] = 0;
}

void sheet_cell(struct sheet *sheet, size_t column, const char *text, bool number)
{
        struct sheet_column *of = &sheet->columns[column];
        char ***row = &sheet->rows[sheet->row_count - 1];
        size_t *length = &sheet->lengths[sheet->row_count - 1];
        struct buffer clean = BUFFER_NULL;
        size_t width;

        if (!*text)
                return;
        text_add_clean(&clean, text, false);
        if (column >= *length) {
                *row = xrealloc(*row, (column + 1) * sizeof(**row));
                memset(*row + *length, 0, (column + 1 - *length) * sizeof(**row));
                *length = column + 1;
        }
        free((*row)[column]);
        (*row)[column] = buffer_steal(&clean);
        width = text_width((*row)[column]);
        of->filled = true;
        of->words |= !number;
        if (width > of->width)
                of->width = width;
}

/* The widths that fit: the widest column gives way first, none below NARROWEST. */
static void widths_fit(const struct sheet *sheet, size_t columns, bool heads, size_t *widths)
{
        size_t total = 0;

        for (size_t i = 0; i < sheet->column_count; i++) {
                const struct sheet_column *column = &sheet->columns[i];
                size_t head = heads ? text_width(column->name) : 0;

                widths[i] = !column->filled ? 0 : column->width > head ? column->width : head;
                total += widths[i] ? widths[i] + GAP : 0;
        }
        while (columns && total > columns + GAP) {
                size_t widest = 0;

                for (size_t i = 1; i < sheet->column_count; i++) {
                        if (widths[i] > widths[widest])
                                widest = i;
                }
                if (widths[widest] <= NARROWEST)
                        return;
                widths[widest]--;
                total--;
        }
}

static void blanks_add(struct buffer *out, size_t count)
{
        while (count--)
                buffer_add_char(out, ' ');
}

struct line_style {
        const size_t *widths;
        bool bold_all, bold_first;
};

static void cell_write(struct buffer *out, const char *text, size_t width, bool right, bool bold, bool last)
{
        _cleanup_(buffer_deinit) struct buffer cut = BUFFER_NULL;
        size_t taken = text_add_cut(&cut, text, width);

        if (right)
                blanks_add(out, width - taken);
        if (bold && cut.length)
                buffer_addf(out, "\x1b[1m%s\x1b[0m", buffer_text(&cut));
        else
                buffer_add_text(out, buffer_text(&cut));
        if (!right && !last)
                blanks_add(out, width - taken);
        if (!last)
                blanks_add(out, GAP);
}

static void line_write(const struct sheet *sheet, char *const *cells, size_t count,
        const struct line_style *style, struct buffer *out)
{
        bool first = true;
        size_t last = 0;

        for (size_t i = 0; i < count; i++) {
                if (style->widths[i] && cells[i])
                        last = i;
        }
        for (size_t i = 0; i < count && i <= last; i++) {
                if (!style->widths[i])
                        continue;
                cell_write(out, cells[i] ? cells[i] : "", style->widths[i], !sheet->columns[i].words,
                        style->bold_all || (style->bold_first && first), i == last);
                first = false;
        }
        buffer_add_char(out, '\n');
}

void sheet_write(const struct sheet *sheet, size_t columns, bool heads, bool colour, struct buffer *out)
{
        _cleanup_(freep) size_t *widths = xcalloc(sheet->column_count + 1, sizeof(*widths));
        struct line_style style = { widths, false, colour && !heads };

        widths_fit(sheet, columns, heads, widths);
        if (heads) {
                _cleanup_(freep) char **names = xcalloc(sheet->column_count + 1, sizeof(*names));
                struct line_style head = { widths, colour, false };

                for (size_t i = 0; i < sheet->column_count; i++)
                        names[i] = sheet->columns[i].name;
                line_write(sheet, names, sheet->column_count, &head, out);
        }
        for (size_t i = 0; i < sheet->row_count; i++)
                line_write(sheet, sheet->rows[i], sheet->lengths[i], &style, out);
}
