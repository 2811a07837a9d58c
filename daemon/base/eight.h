/* SPDX-License-Identifier: Apache-2.0 */
/* Eight bytes looked at together. */
#pragma once

#include <endian.h>
#include <stdint.h>
#include <string.h>

#define EIGHT_OF(byte) (UINT64_C(0x0101010101010101) * (byte))

/* The first of the bytes is the lowest. */
static inline uint64_t eight_read(const char *bytes)
{
        uint64_t word;

        memcpy(&word, bytes, sizeof(word));
        return le64toh(word);
}

/*
 * Where a byte is less than n (up to 128), its highest bit. Above the first such byte others may be marked that are not:
 * whether there is one, and which is the first, is true.
 */
static inline uint64_t eight_less(uint64_t word, uint8_t n)
{
        return (word - EIGHT_OF(n)) & ~word & EIGHT_OF(0x80);
}

/* What JSON has to escape: marked as above. */
static inline uint64_t eight_escaped(uint64_t word)
{
        return eight_less(word, 0x20) | eight_less(word ^ EIGHT_OF('"'), 1) |
               eight_less(word ^ EIGHT_OF('\\'), 1);
}

/* How many bytes stand before the first that is marked, of which there is one. */
static inline unsigned eight_before(uint64_t marks)
{
        return (unsigned)__builtin_ctzll(marks) / 8;
}
