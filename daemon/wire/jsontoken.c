/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/eight.h"
#include "base/hex.h"
#include "wire/jsonscan.h"
#include "wire/jsontoken.h"

/* The four digits after \u; -1 when they are not that. */
static int32_t hex_unit(const char *at, const char *end)
{
        if (end - at < 4)
                return -1;
        int32_t unit = 0;
        for (int i = 0; i < 4; i++) {
                int digit = hex_digit(at[i]);
                if (digit < 0)
                        return -1;
                unit = unit * 16 + digit;
        }
        return unit;
}

/* Reads what follows "\u"; a pair of surrogates is one. */
static const char *read_unicode(const char *at, const char *end, uint32_t *character)
{
        int32_t high = hex_unit(at, end);
        if (high <= 0 || (high >= 0xdc00 && high <= 0xdfff))
                return NULL;
        at += 4;
        *character = (uint32_t)high;
        if (high < 0xd800 || high > 0xdbff)
                return at;
        if (end - at < 6 || at[0] != '\\' || at[1] != 'u')
                return NULL;
        int32_t low = hex_unit(at + 2, end);
        if (low < 0xdc00 || low > 0xdfff)
                return NULL;
        *character = 0x10000 + (((uint32_t)high - 0xd800) << 10) + ((uint32_t)low - 0xdc00);
        return at + 6;
}

/* `at` stands past the backslash. */
static const char *read_escape(const char *at, const char *end, uint32_t *character)
{
        static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
        if (at == end || *at == '\0')
                return NULL;
        if (*at == 'u')
                return read_unicode(at + 1, end, character);
        const char *letter = strchr(letters, *at);
        if (!letter)
                return NULL;
        *character = (uint32_t)meanings[letter - letters];
        return at + 1;
}

/* One character of two bytes or more, neither overlong nor a surrogate nor beyond U+10FFFF. */
static const char *read_utf8(const char *at, const char *end)
{
        const unsigned char *p = (const unsigned char *)at;
        size_t left = (size_t)(end - at);
        size_t length = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
        if (p[0] < 0xc2 || p[0] > 0xf4 || left < length)
                return NULL;
        for (size_t i = 1; i < length; i++) {
                if ((p[i] & 0xc0) != 0x80)
                        return NULL;
        }
        bool overlong = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90);
        bool surrogate = p[0] == 0xed && p[1] > 0x9f;
        bool beyond = p[0] == 0xf4 && p[1] > 0x8f;
        return overlong || surrogate || beyond ? NULL : at + length;
}

/* Where a string's run of plain ASCII ends; most are one such run. */
static const char *skip_plain(const char *at, const char *end)
{
        for (; end - at >= 8; at += 8) {
                uint64_t word = eight_read(at), marks = eight_escaped(word) | (word & EIGHT_OF(0x80));

                if (marks)
                        return at + eight_before(marks);
        }
        while (at < end && (unsigned char)(*at - 0x20) < 0x60 && *at != '"' && *at != '\\')
                at++;
        return at;
}

const char *jsontoken_string(const char *at, const char *end, bool *escaped)
{
        *escaped = false;
        for (at = skip_plain(at + 1, end); at && at < end; at = at ? skip_plain(at, end) : NULL) {
                unsigned char c = (unsigned char)*at;
                if (c >= 0x80) {
                        at = read_utf8(at, end);
                } else if (c == '"') {
                        return at + 1;
                } else if (c == '\\') {
                        uint32_t character;
                        *escaped = true;
                        at = read_escape(at + 1, end, &character);
                } else { /* a control character */
                        return NULL;
                }
        }
        return NULL;
}

static size_t write_utf8(uint32_t c, char *out)
{
        size_t length = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
        for (size_t i = length - 1; i > 0; i--) {
                out[i] = (char)(0x80 | (c & 0x3f));
                c >>= 6;
        }
        out[0] = (char)(lead[length] | c);
        return length;
}

size_t jsonscan_unescape(const char *raw, size_t length, char *out)
{
        const char *at = raw, *end = raw + length;
        char *to = out;
        while (at < end) {
                uint32_t character;
                if (*at != '\\') {
                        *to++ = *at++;
                        continue;
                }
                at = read_escape(at + 1, end, &character);
                if (!at)
                        break;
                to += write_utf8(character, to);
        }
        return (size_t)(to - out);
}

static const char *skip_digits(const char *at, const char *end)
{
        while (at < end && *at >= '0' && *at <= '9')
                at++;
        return at;
}

static bool integer_fits(const char *digits, const char *end, bool negative)
{
        uint64_t limit = (uint64_t)INT64_MAX + negative, value = 0;
        if (end - digits > 19)
                return false;
        for (; digits < end; digits++)
                value = value * 10 + (uint64_t)(*digits - '0');
        return value <= limit;
}

/* Far from the edge the count of digits and the exponent tell; near it, the number itself is made. */
static bool real_fits(const char *start, const char *end, size_t digits, const char *exponent)
{
        long power = 0;
        if (exponent) {
                bool minus = *exponent == '-';
                if (minus || *exponent == '+')
                        exponent++;
                for (; exponent < end && power < 100000000; exponent++)
                        power = power * 10 + (*exponent - '0');
                power = minus ? -power : power;
        }
        if (digits < 100000000 && (long)digits + power < 300)
                return true;
        _cleanup_(freep) char *text = xstrndup(start, (size_t)(end - start));
        return isfinite(strtod(text, NULL));
}

const char *jsontoken_number(const char *start, const char *end)
{
        bool negative = *start == '-';
        const char *digits = start + negative;
        const char *at = skip_digits(digits, end), *whole = at, *exponent = NULL;
        if (at == digits || (*digits == '0' && at > digits + 1))
                return NULL;
        if (at < end && *at == '.') {
                const char *fraction = at + 1;
                at = skip_digits(fraction, end);
                if (at == fraction)
                        return NULL;
        }
        if (at < end && (*at == 'e' || *at == 'E')) {
                exponent = ++at;
                at += at < end && (*at == '+' || *at == '-');
                const char *power = at;
                at = skip_digits(power, end);
                if (at == power)
                        return NULL;
        }
        if (at == whole)
                return integer_fits(digits, whole, negative) ? at : NULL;
        return real_fits(start, at, (size_t)(whole - digits), exponent) ? at : NULL;
}

const char *jsontoken_word(const char *start, const char *end)
{
        static const char *const words[] = { "true", "false", "null" };
        const char *at = start;
        while (at < end && ((*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z')))
                at++;
        for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
                if (strlen(words[i]) == (size_t)(at - start) &&
                        memcmp(words[i], start, strlen(words[i])) == 0)
                        return at;
        }
        return NULL;
}
