/* SPDX-License-Identifier: Apache-2.0 */
/* Hexadecimal digits, in either case. */
#pragma once

/* What a digit stands for; -1: it is none. */
static inline int hex_digit(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        if (c >= 'A' && c <= 'F')
                return c - 'A' + 10;
        return -1;
}
