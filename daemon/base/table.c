/* SPDX-License-Identifier: Apache-2.0 */
/* Robin-hood hashing with backward-shift deletion (P. Celis, "Robin Hood Hashing", 1986). */
#include "base/table.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/fetch.h"

enum { SLOTS_FETCHED = 4 };

/* An entry that is NULL is free. The upper half of the hash saves most calls of `equal`, and all rehashing of entries. */
struct table_slot {
        void *entry;
        uint32_t tag;
} __attribute__((packed, aligned(4)));

void table_init(
        struct table *table, uint64_t (*hash)(const void *), bool (*equal)(const void *, const void *))
{
        *table = (struct table){ .hash = hash, .equal = equal };
}

void table_deinit(struct table *table)
{
        free(table->slots);
        table->slots = NULL;
        table->capacity = table->count = 0;
}

static uint32_t tag_of(uint64_t hash)
{
        return (uint32_t)(hash ^ (hash >> 32));
}

static size_t distance(const struct table *table, size_t index, uint32_t tag)
{
        return (index - tag) & (table->capacity - 1);
}

static void put(struct table *table, void *entry, uint32_t tag)
{
        size_t index = tag & (table->capacity - 1), gone = 0;

        while (table->slots[index].entry) {
                size_t there = distance(table, index, table->slots[index].tag);

                if (there < gone) {
                        struct table_slot swap = table->slots[index];

                        table->slots[index] = (struct table_slot){ entry, tag };
                        entry = swap.entry;
                        tag = swap.tag;
                        gone = there;
                }
                index = (index + 1) & (table->capacity - 1);
                gone++;
        }
        table->slots[index] = (struct table_slot){ entry, tag };
}

static void grow(struct table *table)
{
        struct table_slot *before = table->slots;
        size_t capacity = table->capacity;

        table->capacity = capacity ? capacity * 2 : 16;
        table->slots = xcalloc(table->capacity, sizeof(*table->slots));
        for (size_t i = 0; i < capacity; i++)
                if (before[i].entry)
                        put(table, before[i].entry, before[i].tag);
        free(before);
}

void table_add_hashed(struct table *table, void *entry, uint64_t hash)
{
        if ((table->count + 1) * 8 > table->capacity * 7)
                grow(table);
        put(table, entry, tag_of(hash));
        table->count++;
}

void table_add(struct table *table, void *entry)
{
        table_add_hashed(table, entry, table->hash(entry));
}

void *table_find(const struct table *table, uint64_t hash, const void *key)
{
        size_t iterator = 0;

        return table_find_next(table, hash, key, &iterator);
}

/* The next entry of that tag; none is touched. */
static void *next_tagged(const struct table *table, uint32_t tag, size_t *iterator)
{
        if (!table->count)
                return NULL;
        while (*iterator < table->capacity) {
                size_t index = (tag + *iterator) & (table->capacity - 1);
                const struct table_slot *slot = &table->slots[index];

                if (!slot->entry || distance(table, index, slot->tag) < *iterator)
                        return NULL;
                (*iterator)++;
                if (slot->tag == tag)
                        return slot->entry;
        }
        return NULL;
}

void *table_find_next(const struct table *table, uint64_t hash, const void *key, size_t *iterator)
{
        uint32_t tag = tag_of(hash);
        void *entry;

        do
                entry = next_tagged(table, tag, iterator);
        while (entry && !table->equal(entry, key));
        return entry;
}

/* An entry stands in its slot or in one of the few behind it: in the same line of the cache, mostly, or the next. */
void table_expect(const struct table *table, uint64_t hash)
{
        if (table->count)
                fetch_ahead(&table->slots[tag_of(hash) & (table->capacity - 1)],
                        SLOTS_FETCHED * sizeof(*table->slots));
}

const void *table_expected(const struct table *table, uint64_t hash)
{
        size_t iterator = 0;

        return next_tagged(table, tag_of(hash), &iterator);
}

static void take_out(struct table *table, size_t index)
{
        size_t next = (index + 1) & (table->capacity - 1);

        while (table->slots[next].entry && distance(table, next, table->slots[next].tag)) {
                table->slots[index] = table->slots[next];
                index = next;
                next = (index + 1) & (table->capacity - 1);
        }
        table->slots[index].entry = NULL;
        table->count--;
}

bool table_remove(struct table *table, const void *entry)
{
        uint32_t tag;

        if (!table->count)
                return false;
        tag = tag_of(table->hash(entry));
        for (size_t gone = 0; gone < table->capacity; gone++) {
                size_t index = (tag + gone) & (table->capacity - 1);

                if (!table->slots[index].entry)
                        return false;
                if (table->slots[index].entry != entry)
                        continue;
                take_out(table, index);
                return true;
        }
        return false;
}

void *table_next(const struct table *table, size_t *iterator)
{
        while (*iterator < table->capacity) {
                void *entry = table->slots[(*iterator)++].entry;

                if (entry)
                        return entry;
        }
        return NULL;
}

/* The key is drawn once a process: nobody outside can aim for one bucket. */
static const unsigned char *hash_key(void)
{
        static unsigned char key[crypto_shorthash_KEYBYTES];
        static bool drawn;

        if (!drawn) {
                randombytes_buf(key, sizeof(key));
                drawn = true;
        }
        return key;
}

uint64_t hash_bytes(const void *bytes, size_t length, uint64_t seed)
{
        uint64_t hash;

        crypto_shorthash((unsigned char *)&hash, bytes, length, hash_key());
        if (seed)
                hash = (hash ^ seed) * UINT64_C(0x9e3779b97f4a7c15) + (seed << 6) + (seed >> 2);
        return hash;
}

uint64_t hash_text(const char *text, uint64_t seed)
{
        return hash_bytes(text, strlen(text), seed);
}
