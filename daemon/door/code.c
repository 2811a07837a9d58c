/* SPDX-License-Identifier: Apache-2.0 */
#include "door/code.h"

#include <sodium.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

static const char code_alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

void code_make(char out[static CODE_LENGTH + 1])
{
        uint8_t random[CODE_LENGTH];

        randombytes_buf(random, sizeof(random));
        for (size_t i = 0; i < CODE_LENGTH; i++)
                out[i] = code_alphabet[random[i] % 32];
        out[CODE_LENGTH] = '\0';
}

bool code_read(const char *text, char out[static CODE_LENGTH + 1])
{
        char folded[CODE_MAX + 1];

        if (code_fold(text, folded) != CODE_LENGTH || strspn(folded, code_alphabet) != CODE_LENGTH)
                return false;
        memcpy(out, folded, CODE_LENGTH + 1);
        return true;
}

size_t code_fold(const char *text, char out[static CODE_MAX + 1])
{
        int32_t at = 0, length = 0, end;

        if (strlen(text) > 4 * CODE_MAX)
                return 0;
        end = (int32_t)strlen(text);
        while (at < end) {
                UChar32 c;

                U8_NEXT(text, at, end, c);
                if (c < 0)
                        return 0;
                if (u_isUWhiteSpace(c))
                        continue;
                c = u_toupper(c);
                if (length + U8_LENGTH(c) > CODE_MAX)
                        return 0;
                U8_APPEND_UNSAFE(out, length, c);
        }
        out[length] = '\0';
        return (size_t)length;
}
