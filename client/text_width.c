/* SPDX-License-Identifier: Apache-2.0 */
#include "client/text_width.h"

#include <stdbool.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

static size_t character_width(UChar32 c)
{
        if (c < 0)
                return 1;
        switch (u_charType(c)) {
        case U_NON_SPACING_MARK:
        case U_ENCLOSING_MARK:
        case U_FORMAT_CHAR:
                return c == 0xAD ? 1 : 0; /* terminals show the soft hyphen */
        }
        switch (u_getIntPropertyValue(c, UCHAR_HANGUL_SYLLABLE_TYPE)) {
        case U_HST_VOWEL_JAMO:
        case U_HST_TRAILING_JAMO:
                return 0; /* they join the leading one */
        }
        switch (u_getIntPropertyValue(c, UCHAR_EAST_ASIAN_WIDTH)) {
        case U_EA_WIDE:
        case U_EA_FULLWIDTH:
                return 2;
        }
        return 1;
}

/* The character at *offset (negative when it is not UTF-8), moved past. */
static UChar32 character_next(const char *text, size_t length, size_t *offset)
{
        int32_t i = 0;
        int32_t left = (int32_t)(length - *offset < 8 ? length - *offset : 8);
        const uint8_t *at = (const uint8_t *)text + *offset;
        UChar32 c;

        U8_NEXT(at, i, left, c);
        *offset += (size_t)i;
        return c;
}

size_t text_width(const char *text)
{
        size_t length = strlen(text);
        size_t width = 0;

        for (size_t offset = 0; offset < length;)
                width += character_width(character_next(text, length, &offset));
        return width;
}

size_t text_add_cut(struct buffer *out, const char *text, size_t width)
{
        size_t length = strlen(text);
        size_t taken = 0, end = 0;

        if (text_width(text) <= width) {
                buffer_add(out, text, length);
                return text_width(text);
        }
        if (!width)
                return 0;
        for (size_t offset = 0; offset < length; end = offset) {
                size_t more = character_width(character_next(text, length, &offset));

                if (taken + more > width - 1)
                        break;
                taken += more;
        }
        buffer_add(out, text, end);
        buffer_add_text(out, "…");
        return taken + 1;
}

void text_add_clean(struct buffer *out, const char *text, bool lines)
{
        size_t length = strlen(text);

        for (size_t offset = 0; offset < length;) {
                size_t start = offset;
                UChar32 c = character_next(text, length, &offset);

                if (c == '\n' && lines)
                        buffer_add_char(out, '\n');
                else if (c == '\n' || c == '\r' || c == '\t')
                        buffer_add_char(out, ' ');
                else if (c < 0)
                        buffer_add_text(out, "\xEF\xBF\xBD");
                else if (c < 0x20 || (c >= 0x7F && c < 0xA0))
                        buffer_addf(out, "\\x%02X", (unsigned)c);
                else if ((c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069))
                        buffer_addf(out, "\\u%04X",
                                (unsigned)c); /* they would turn the rest of the line around */
                else
                        buffer_add(out, text + start, offset - start);
        }
}
