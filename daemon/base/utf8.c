/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

static bool is_tail(unsigned char c)
{
        return (c & 0xc0) == 0x80;
}

size_t utf8_next(const char *text, size_t length, uint32_t *character)
{
        static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
        const unsigned char *s = (const unsigned char *)text;
        uint32_t c;
        size_t n;

        if (length == 0)
                return 0;
        n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;
        if (n == 0 || n > length)
                return 0;
        c = n == 1 ? s[0] : s[0] & (0x7fu >> n);
        for (size_t i = 1; i < n; i++) {
                if (!is_tail(s[i]))
                        return 0;
                c = c << 6 | (s[i] & 0x3f);
        }
        if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
                return 0;
        *character = c;
        return n;
}

bool utf8_is_valid(const char *text, size_t length)
{
        uint32_t c;

        for (size_t i = 0; i < length;) {
                size_t n = utf8_next(text + i, length - i, &c);

                if (n == 0)
                        return false;
                i += n;
        }
        return true;
}

size_t utf8_prefix(const char *text, size_t length, size_t characters)
{
        size_t i = 0;

        for (; i < length; i++) {
                if (!is_tail((unsigned char)text[i]) && characters-- == 0)
                        break;
        }
        return i;
}

size_t utf8_cut(const char *text, size_t length, size_t bytes)
{
        if (length <= bytes)
                return length;
        while (bytes > 0 && is_tail((unsigned char)text[bytes]))
                bytes--;
        return bytes;
}
