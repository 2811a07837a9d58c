/* SPDX-License-Identifier: Apache-2.0 */
/* Giving things of one kind ids of their own, in such a way that the order they come in does not matter. */
#pragma once

#include <stddef.h>
#include "base/slug.h"
#include "exchange/arena.h"

struct naming {
        const char *base; /* the slug it would have if it were alone */
        const char *order; /* who of several keeps the base: the first by bytes of order, then of key */
        const char *key; /* never the same twice */
        const char *suffix; /* what stands behind the base of the others; NULL: a hash of the key */
        const char *id; /* out; in the arena */
};

void naming_assign(struct arena *arena, struct naming **items, size_t count);
