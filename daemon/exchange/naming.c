/* SPDX-License-Identifier: Apache-2.0 */
#include "exchange/naming.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/buffer.h"
#include "base/table.h"
#include "base/uuid.h"

static int naming_compare(const void *a, const void *b)
{
        const struct naming *x = *(struct naming *const *)a, *y = *(struct naming *const *)b;
        int r = strcmp(x->base, y->base);

        if (r == 0)
                r = strcmp(x->order, y->order);
        return r ? r : strcmp(x->key, y->key);
}

static uint64_t naming_id_hash(const void *entry)
{
        return hash_text(((const struct naming *)entry)->id, 0);
}

static bool naming_id_equal(const void *entry, const void *key)
{
        return strcmp(((const struct naming *)entry)->id, key) == 0;
}

/* 8 hexadecimal digits made from a text. */
static void naming_hash(const char *text, char out[static 9])
{
        struct uuid space = UUID_NIL, uuid;
        char whole[37];

        uuid_from_name(&space, text, &uuid);
        uuid_format(&uuid, whole);
        memcpy(out, whole, 8);
        out[8] = '\0';
}

static void naming_join(const char *base, const char *suffix, char out[static SLUG_MAX + 1])
{
        size_t length = strlen(base), most = SLUG_MAX - 1 - strlen(suffix);

        if (length > most)
                length = most;
        while (length > 1 && strchr("-._", base[length - 1]))
                length--;
        snprintf(out, SLUG_MAX + 1, "%.*s-%s", (int)length, base, suffix);
}

/* The base with its suffix; should that be another's id, with ever other hashes. */
static void naming_derive(struct arena *arena, const struct table *taken, struct naming *item)
{
        const char *suffix = item->suffix;
        char id[SLUG_MAX + 1], hash[9];

        for (unsigned salt = 0;; salt++) {
                if (!suffix) {
                        char *salted = xasprintf("%s\n%u", item->key, salt);

                        naming_hash(salted, hash);
                        free(salted);
                        suffix = hash;
                }
                naming_join(item->base, suffix, id);
                if (!table_find(taken, hash_text(id, 0), id))
                        break;
                suffix = NULL;
        }
        item->id = arena_text(arena, id, strlen(id));
}

void naming_assign(struct arena *arena, struct naming **items, size_t count)
{
        struct table taken;

        if (count == 0)
                return;
        table_init(&taken, naming_id_hash, naming_id_equal);
        qsort(items, count, sizeof(struct naming *), naming_compare);
        for (size_t i = 0; i < count; i++) {
                if (i > 0 && strcmp(items[i]->base, items[i - 1]->base) == 0)
                        continue;
                items[i]->id = items[i]->base;
                table_add(&taken, items[i]);
        }
        for (size_t i = 0; i < count; i++) {
                if (items[i]->id)
                        continue;
                naming_derive(arena, &taken, items[i]);
                table_add(&taken, items[i]);
        }
        table_deinit(&taken);
}
