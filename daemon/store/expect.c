/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a change is decided by has not been touched since it arrived, and a thousand others came since: each decision
 * would wait for memory again and again. So those whose turn comes next are told in time, while others are decided.
 */
#include "base/fetch.h"
#include "store/private.h"

/* Changes from one expectation to the next, and from the last to the decision. */
enum { GAP = 2 };

void expected_step(struct expected *expected)
{
        for (unsigned i = 0; i < EXPECTATIONS && i * GAP <= expected->steps; i++) {
                const struct change *change = expected->next[i];

                if (!change)
                        continue;
                expected->next[i] = change->next;
                if (i == 0)
                        fetch_ahead(change->next, sizeof(*change));
                if (change->kind->expect)
                        change->kind->expect(change, EXPECTATIONS - 1 - i);
        }
        expected->steps++;
}

void expected_init(struct expected *expected, const struct store *store)
{
        expected->steps = 0;
        for (size_t i = 0; i < EXPECTATIONS; i++)
                expected->next[i] = store->first;
        while (expected->steps < EXPECTATIONS * GAP)
                expected_step(expected);
}
