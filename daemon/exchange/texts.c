/* SPDX-License-Identifier: Apache-2.0 */
#include "exchange/texts.h"

#include <string.h>
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/utf8.h"

/* What XML 1.0 has no way to write, blanks aside. */
static bool is_unwritable(uint32_t c)
{
        return c < 0x20 || c == 0x7f || c == 0xfffe || c == 0xffff;
}

static bool is_blank(uint32_t c)
{
        return c == ' ' || c == '\n' || c == '\t';
}

/* Line ends made one kind, what cannot be written left out. */
static void add_writable(struct buffer *out, const char *text)
{
        size_t length = strlen(text), n;
        uint32_t c;

        for (size_t i = 0; i < length && (n = utf8_next(text + i, length - i, &c)) > 0; i += n) {
                if (c == '\r') {
                        if (text[i + 1] != '\n')
                                buffer_add_char(out, '\n');
                } else if (is_blank(c) || !is_unwritable(c)) {
                        buffer_add(out, text + i, n);
                }
        }
}

static char *trimmed(struct arena *arena, const char *text, size_t length)
{
        while (length > 0 && is_blank((unsigned char)text[0])) {
                text++;
                length--;
        }
        while (length > 0 && is_blank((unsigned char)text[length - 1]))
                length--;
        return length > 0 ? arena_text(arena, text, length) : NULL;
}

char *text_line(struct arena *arena, const char *text, bool *cut)
{
        _cleanup_(buffer_deinit) struct buffer all = BUFFER_NULL;
        _cleanup_(buffer_deinit) struct buffer line = BUFFER_NULL;
        size_t length;
        char *whole;

        if (!text)
                return NULL;
        add_writable(&all, text);
        for (size_t i = 0; i < all.length; i++) {
                bool blank = is_blank((unsigned char)all.data[i]);

                if (!blank)
                        buffer_add_char(&line, all.data[i]);
                else if (line.length > 0 && line.data[line.length - 1] != ' ')
                        buffer_add_char(&line, ' ');
        }
        whole = trimmed(arena, buffer_text(&line), line.length);
        if (!whole)
                return NULL;
        length = utf8_prefix(whole, strlen(whole), TEXT_LINE_CHARACTERS);
        if (!whole[length])
                return whole;
        *cut = true;
        return trimmed(arena, whole, length);
}

char *text_lines(struct arena *arena, const char *text, bool *cut)
{
        _cleanup_(buffer_deinit) struct buffer all = BUFFER_NULL;
        char *whole;

        if (!text)
                return NULL;
        add_writable(&all, text);
        whole = trimmed(arena, buffer_text(&all), all.length);
        if (!whole || strlen(whole) <= TEXT_BYTES)
                return whole;
        *cut = true;
        return trimmed(arena, whole, utf8_cut(whole, strlen(whole), TEXT_BYTES));
}
