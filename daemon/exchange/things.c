/* SPDX-License-Identifier: Apache-2.0 */
#include "exchange/things.h"

#include <stdlib.h>
#include <string.h>
#include "base/buffer.h"
#include "base/row.h"

static uint64_t thing_hash(const void *entry)
{
        return hash_text(((const struct thing *)entry)->naming.key, 0);
}

static bool thing_equal(const void *entry, const void *key)
{
        return strcmp(((const struct thing *)entry)->naming.key, key) == 0;
}

void things_init(struct things *things, struct arena *arena)
{
        *things = (struct things){ .arena = arena };
        table_init(&things->by_key, thing_hash, thing_equal);
}

void things_deinit(struct things *things)
{
        table_deinit(&things->by_key);
}

struct thing *things_get(struct things *things, const char *key)
{
        struct thing *thing = table_find(&things->by_key, hash_text(key, 0), key);

        if (thing)
                return thing;
        thing = arena_alloc(things->arena, sizeof(*thing));
        thing->naming.key = arena_text(things->arena, key, strlen(key));
        thing->number = FIELD_INT_NONE;
        table_add(&things->by_key, thing);
        *(struct thing **)arena_append(things->arena, &things->items, &things->count, sizeof(thing)) = thing;
        return thing;
}

void thing_offer_first(const char **member, const char *value)
{
        if (value && (!*member || strcmp(value, *member) < 0))
                *member = value;
}

void thing_offer_longest(const char **member, const char *value)
{
        size_t new, old;

        if (!value)
                return;
        new = strlen(value);
        old = *member ? strlen(*member) : 0;
        if (!*member || new > old || (new == old &&strcmp(value, *member) < 0))
                *member = value;
}

/* By id; those without one behind. */
static int thing_compare(const void *a, const void *b)
{
        const struct thing *x = *(struct thing *const *)a, *y = *(struct thing *const *)b;

        if (!x->naming.id || !y->naming.id)
                return (x->naming.id ? 0 : 1) - (y->naming.id ? 0 : 1);
        return strcmp(x->naming.id, y->naming.id);
}

void things_assign(struct things *things)
{
        struct naming **items;
        size_t count = 0;

        if (things->count == 0)
                return;
        items = xcalloc(things->count, sizeof(*items));
        for (size_t i = 0; i < things->count; i++) {
                struct thing *thing = things->items[i];

                if (!thing->name || !thing->used)
                        continue;
                thing->naming.order = thing->name;
                items[count++] = &thing->naming;
        }
        naming_assign(things->arena, items, count);
        free(items);
        qsort(things->items, things->count, sizeof(*things->items), thing_compare);
}
