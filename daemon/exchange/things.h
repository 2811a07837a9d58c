/* SPDX-License-Identifier: Apache-2.0 */
/* The rooms, tracks or speakers of a file while it is resolved: one for all the places that name it. */
#pragma once

#include <stdint.h>
#include "base/table.h"
#include "exchange/naming.h"

struct thing {
        struct naming naming; /* `id` NULL after things_assign: it has no name, or no use, and is left out */
        const char *called; /* what the file calls it, for the report */
        const char *name, *name_latin, *title, *affiliation;
        const char *text; /* bio, colour */
        int64_t number; /* capacity */
        bool used; /* something stands in it, or it is listed for its own sake */
        bool cut_name, cut_text;
};

struct things {
        struct arena *arena;
        struct table by_key;
        struct thing **items; /* in order of ids once they are assigned */
        size_t count;
};

void things_init(struct things *things, struct arena *arena);
void things_deinit(struct things *things);
/* The thing with that key, made when there is none. */
struct thing *things_get(struct things *things, const char *key);
/* Of several values the same one is kept, in whatever order they come: the first by bytes; the longest. */
void thing_offer_first(const char **member, const char *value);
void thing_offer_longest(const char **member, const char *value);
void things_assign(struct things *things);
