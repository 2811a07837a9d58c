/* SPDX-License-Identifier: Apache-2.0 */
#include "store/claims.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

void claims_deinit(struct claims *claims)
{
        free(claims->slots);
        *claims = (struct claims){ NULL, 0, 0 };
}

void claims_clear(struct claims *claims)
{
        if (claims->count)
                memset(claims->slots, 0, claims->capacity * sizeof(*claims->slots));
        claims->count = 0;
}

static uint64_t settle(uint64_t claim)
{
        return claim ? claim : 1;
}

/* Where a claim stands, or where it would. */
static size_t slot_of(const struct claims *claims, uint64_t claim)
{
        size_t index = claim & (claims->capacity - 1);

        while (claims->slots[index] && claims->slots[index] != claim)
                index = (index + 1) & (claims->capacity - 1);
        return index;
}

bool claims_hold(const struct claims *claims, const uint64_t *wanted, size_t count)
{
        if (!claims->count)
                return false;
        for (size_t i = 0; i < count; i++)
                if (claims->slots[slot_of(claims, settle(wanted[i]))])
                        return true;
        return false;
}

static void grow(struct claims *claims)
{
        struct claims before = *claims;

        claims->capacity = before.capacity ? before.capacity * 2 : 64;
        claims->slots = xcalloc(claims->capacity, sizeof(*claims->slots));
        for (size_t i = 0; i < before.capacity; i++)
                if (before.slots[i])
                        claims->slots[slot_of(claims, before.slots[i])] = before.slots[i];
        free(before.slots);
}

void claims_add(struct claims *claims, const uint64_t *taken, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                size_t index;

                if ((claims->count + 1) * 2 > claims->capacity)
                        grow(claims);
                index = slot_of(claims, settle(taken[i]));
                claims->count += !claims->slots[index];
                claims->slots[index] = settle(taken[i]);
        }
}

/* Knuth, The Art of Computer Programming, vol. 3, 6.4, algorithm R: those behind move up into the gap. */
static void remove_at(struct claims *claims, size_t gap)
{
        size_t mask = claims->capacity - 1, index = gap;

        claims->count--;
        for (;;) {
                size_t home;

                claims->slots[gap] = 0;
                do {
                        index = (index + 1) & mask;
                        if (!claims->slots[index])
                                return;
                        home = claims->slots[index] & mask;
                } while (((index - home) & mask) < ((index - gap) & mask));
                claims->slots[gap] = claims->slots[index];
                gap = index;
        }
}

void claims_remove(struct claims *claims, const uint64_t *taken, size_t count)
{
        for (size_t i = 0; i < count && claims->count; i++) {
                size_t index = slot_of(claims, settle(taken[i]));

                if (claims->slots[index])
                        remove_at(claims, index);
        }
}
