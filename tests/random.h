/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers that look random and are the same in each run. Marsaglia, Xorshift RNGs (2003). */
#pragma once

#include <stddef.h>
#include <stdint.h>

static inline size_t next_random(size_t below)
{
        static uint64_t state = 88172645463325252;

        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        return (size_t)(state >> 32) % below;
}
