/* SPDX-License-Identifier: Apache-2.0 */
/* Hexadecimal digits, in either case. */
#pragma once

#include <stdint.h>

/* A table, for every scan has a UUID's 32 of them. */
extern const uint8_t hex_values[256];

/* What a digit stands for; -1: it is none. */
static inline int hex_digit(char c)
{
        return hex_values[(unsigned char)c] - 1;
}
