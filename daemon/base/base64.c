/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* The first `count` of four letters. */
static char *put_letters(uint32_t bits, size_t count, char *out)
{
        for (size_t i = 0; i < count; i++)
                *out++ = letters[bits >> (18 - 6 * i) & 63];
        return out;
}

void base64_write(const uint8_t *bytes, size_t length, char *out)
{
        for (; length >= 3; bytes += 3, length -= 3)
                out = put_letters((uint32_t)(bytes[0] << 16 | bytes[1] << 8 | bytes[2]), 4, out);
        if (length == 2)
                put_letters((uint32_t)(bytes[0] << 16 | bytes[1] << 8), 3, out);
        else if (length == 1)
                put_letters((uint32_t)(bytes[0] << 16), 2, out);
}
