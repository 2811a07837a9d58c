/* SPDX-License-Identifier: Apache-2.0 */
#include "base/slug.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

static bool is_start(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_rest(char c)
{
        return is_start(c) || c == '.' || c == '_' || c == '-';
}

bool slug_is_valid(const char *text)
{
        size_t length = 0;

        if (!is_start(text[0]))
                return false;
        while (length <= SLUG_MAX && is_rest(text[length]))
                length++;
        return length <= SLUG_MAX && !text[length];
}

/* Copies what is readable; true when nothing but ASCII letters, digits and marks had to be dropped. */
static bool copy_readable(const char *text, char out[static SLUG_MAX + 1])
{
        size_t length = 0;
        bool gap = false, whole = true;

        for (; *text && length < SLUG_MAX; text++) {
                char c = *text >= 'A' && *text <= 'Z' ? (char)(*text - 'A' + 'a') : *text;

                if ((unsigned char)c >= 0x80)
                        whole = false;
                if (!is_rest(c) || (length == 0 && !is_start(c))) {
                        gap = true;
                        continue;
                }
                if (gap && length > 0 && length < SLUG_MAX - 1)
                        out[length++] = '-';
                gap = false;
                out[length++] = c;
        }
        while (length > 0 && (out[length - 1] == '-' || out[length - 1] == '.' || out[length - 1] == '_'))
                length--;
        out[length] = '\0';
        return whole && length > 0 && !*text;
}

void slug_from_text(const char *text, const char *prefix, char out[static SLUG_MAX + 1])
{
        unsigned char digest[crypto_generichash_BYTES_MIN];
        char hash[17], readable[SLUG_MAX + 1];

        if (copy_readable(text, out))
                return;
        /* Something was lost: a hash of the whole text keeps two of them apart. */
        crypto_generichash(digest, sizeof(digest), (const unsigned char *)text, strlen(text), NULL, 0);
        sodium_bin2hex(hash, sizeof(hash), digest, 8);
        snprintf(readable, sizeof(readable), "%s", out[0] ? out : prefix);
        snprintf(out, SLUG_MAX + 1, "%.51s-%.12s", readable, hash);
}
