/* SPDX-License-Identifier: Apache-2.0 */
/* Which characters are Han: they have no blanks between words, and a reading each. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

static inline bool han_is(uint32_t c)
{
        if (c < 0x2e80)
                return false;
        return c <= 0x2fd5 || c == 0x3005 || c == 0x3007 || (c >= 0x3021 && c <= 0x3029) ||
               (c >= 0x3038 && c <= 0x303b) || (c >= 0x3400 && c <= 0x4dbf) || (c >= 0x4e00 && c <= 0x9fff) ||
               (c >= 0xf900 && c <= 0xfaff) || (c >= 0x20000 && c <= 0x3ffff);
}
