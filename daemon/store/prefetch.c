/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a change is decided by has not been touched since it arrived, and a thousand others came since: each decision
 * would wait for memory again and again. So those whose turn comes next are told in time, while others are decided.
 */
#include "base/fetch.h"
#include "store/private.h"

/* Changes from one prefetch to the next, and from the last to the decision. */
enum { GAP = 2 };

void prefetch_step(struct prefetch *prefetch)
{
        for (unsigned i = 0; i < PREFETCHES && i * GAP <= prefetch->steps; i++) {
                const struct change *change = prefetch->next[i];

                if (!change)
                        continue;
                prefetch->next[i] = change->next;
                if (i == 0)
                        fetch_ahead(change->next, sizeof(*change));
                if (change->kind->prefetch)
                        change->kind->prefetch(change, PREFETCHES - 1 - i);
        }
        prefetch->steps++;
}

void prefetch_init(struct prefetch *prefetch, const struct store *store)
{
        prefetch->steps = 0;
        for (size_t i = 0; i < PREFETCHES; i++)
                prefetch->next[i] = store->first;
        while (prefetch->steps < PREFETCHES * GAP)
                prefetch_step(prefetch);
}
