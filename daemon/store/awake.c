/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who stands at the door alone waits for one commit, and a processor that sleeps takes long to be woken. So the loop stays
 * awake for a lone batch, if such ones are answered sooner than it pays to sleep, as spin locks and polled block devices
 * do it.
 */
#include "store/private.h"

enum {
        AWAKE_US = 250,
        LONGEST_US = 4 * AWAKE_US /* that one long wait does not count for many */,
        SHARE = 8
};

void awake_init(struct awake *awake)
{
        *awake = (struct awake){ .can = store_processors() > 1 };
}

void awake_for(struct awake *awake, const struct lane *lane)
{
        awake->lane = lane;
        awake->since_us = clock_monotonic_us();
}

void awake_answered(struct awake *awake, const struct lane *lane)
{
        int64_t took_us;

        if (awake->lane != lane)
                return;
        awake->lane = NULL;
        took_us = clock_monotonic_us() - awake->since_us;
        awake->usual_us += ((took_us < LONGEST_US ? took_us : LONGEST_US) - awake->usual_us) / SHARE;
}

bool store_is_awake(const struct store *store)
{
        const struct awake *awake = &store->awake;

        return awake->can && awake->lane && awake->usual_us < AWAKE_US && !store->queued &&
               clock_monotonic_us() - awake->since_us < AWAKE_US;
}
