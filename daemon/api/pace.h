/* SPDX-License-Identifier: Apache-2.0 */
/* So many a second, and as many at once: for what a connection may do only so often. */
#pragma once

#include <stdint.h>

struct pace {
        int64_t spent_until_us; /* monotonic: when all that was taken is forgotten */
};

/* Takes one: 0. Nothing is left: the milliseconds until there is, nothing taken. */
static inline int64_t pace_take(struct pace *pace, int64_t per_second, int64_t now_us)
{
        int64_t step = 1000000 / per_second, spent = pace->spent_until_us - now_us;

        if (spent < 0)
                spent = 0;
        if (spent > (per_second - 1) * step)
                return (spent - (per_second - 1) * step) / 1000 + 1;
        pace->spent_until_us = now_us + spent + step;
        return 0;
}
