/* SPDX-License-Identifier: Apache-2.0 */
/* Robin-hood hashing with backward-shift deletion (P. Celis, "Robin Hood Hashing", 1986). */
#include "base/table.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/fetch.h"

enum { SLOTS_FETCHED = 4, MOVED_AN_ADD = 8 };

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
        free(table->slots.items);
        free(table->old.items);
        table_init(table, table->hash, table->equal);
}

static uint32_t tag_of(uint64_t hash)
{
        return (uint32_t)(hash ^ (hash >> 32));
}

/* ---- slots ---- */

static size_t distance(const struct table_slots *slots, size_t index, uint32_t tag)
{
        return (index - tag) & (slots->capacity - 1);
}

static void put(const struct table_slots *slots, void *entry, uint32_t tag)
{
        size_t index = tag & (slots->capacity - 1), gone = 0;

        while (slots->items[index].entry) {
                size_t there = distance(slots, index, slots->items[index].tag);

                if (there < gone) {
                        struct table_slot swap = slots->items[index];

                        slots->items[index] = (struct table_slot){ entry, tag };
                        entry = swap.entry;
                        tag = swap.tag;
                        gone = there;
                }
                index = (index + 1) & (slots->capacity - 1);
                gone++;
        }
        slots->items[index] = (struct table_slot){ entry, tag };
}

static void take_out(const struct table_slots *slots, size_t index)
{
        size_t next = (index + 1) & (slots->capacity - 1);

        while (slots->items[next].entry && distance(slots, next, slots->items[next].tag)) {
                slots->items[index] = slots->items[next];
                index = next;
                next = (index + 1) & (slots->capacity - 1);
        }
        slots->items[index].entry = NULL;
}

/* The next entry of that tag, `*gone` slots behind its own; none is touched. */
static void *next_tagged(const struct table_slots *slots, uint32_t tag, size_t *gone)
{
        while (*gone < slots->capacity) {
                size_t index = (tag + *gone) & (slots->capacity - 1);
                const struct table_slot *slot = &slots->items[index];

                if (!slot->entry || distance(slots, index, slot->tag) < *gone)
                        return NULL;
                (*gone)++;
                if (slot->tag == tag)
                        return slot->entry;
        }
        return NULL;
}

static bool take_out_entry(const struct table_slots *slots, const void *entry, uint32_t tag)
{
        size_t gone = 0;
        const void *found;

        do
                found = next_tagged(slots, tag, &gone);
        while (found && found != entry);
        if (found)
                take_out(slots, (tag + gone - 1) & (slots->capacity - 1));
        return found;
}

/* ---- growing ---- */

static void move_some(struct table *table, size_t steps)
{
        struct table_slots *old = &table->old;

        for (; table->moved < old->capacity && steps; steps--) {
                const struct table_slot *slot = &old->items[table->moved];

                if (!slot->entry) {
                        table->moved++;
                        continue;
                }
                put(&table->slots, slot->entry, slot->tag);
                take_out(old, table->moved);
        }
        if (table->moved < old->capacity)
                return;
        free(old->items);
        *old = (struct table_slots){ NULL, 0 };
}

/* By then all have moved since it grew last: for each slot that fills, several are looked at. */
static void grow(struct table *table)
{
        move_some(table, SIZE_MAX);
        table->old = table->slots;
        table->moved = 0;
        table->slots.capacity = table->old.capacity ? table->old.capacity * 2 : 16;
        table->slots.items = xcalloc(table->slots.capacity, sizeof(*table->slots.items));
}

/* ---- the table ---- */

void table_add_hashed(struct table *table, void *entry, uint64_t hash)
{
        if ((table->count + 1) * 8 > table->slots.capacity * 7)
                grow(table);
        put(&table->slots, entry, tag_of(hash));
        table->count++;
        if (table->old.items)
                move_some(table, MOVED_AN_ADD);
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

/* First among the slots, then among the old ones: the iterator goes on behind the capacity of the former. */
static void *next_candidate(const struct table *table, uint32_t tag, size_t *iterator)
{
        size_t behind = table->slots.capacity;
        void *entry = next_tagged(&table->slots, tag, iterator);

        if (entry || !table->old.items)
                return entry;
        *iterator = *iterator > behind ? *iterator - behind : 0;
        entry = next_tagged(&table->old, tag, iterator);
        *iterator += behind;
        return entry;
}

void *table_find_next(const struct table *table, uint64_t hash, const void *key, size_t *iterator)
{
        uint32_t tag = tag_of(hash);
        void *entry;

        do
                entry = next_candidate(table, tag, iterator);
        while (entry && !table->equal(entry, key));
        return entry;
}

/* An entry stands in its slot or in one of the few behind it: in the same line of the cache, mostly, or the next. */
static void fetch_slot(const struct table_slots *slots, uint32_t tag)
{
        if (slots->items)
                fetch_ahead(
                        &slots->items[tag & (slots->capacity - 1)], SLOTS_FETCHED * sizeof(*slots->items));
}

void table_prefetch(const struct table *table, uint64_t hash)
{
        fetch_slot(&table->slots, tag_of(hash));
        fetch_slot(&table->old, tag_of(hash));
}

const void *table_prefetched(const struct table *table, uint64_t hash)
{
        size_t iterator = 0;

        return next_candidate(table, tag_of(hash), &iterator);
}

bool table_remove(struct table *table, const void *entry)
{
        uint32_t tag = tag_of(table->hash(entry));
        bool found = take_out_entry(&table->slots, entry, tag) || take_out_entry(&table->old, entry, tag);

        table->count -= found;
        return found;
}

void *table_next(const struct table *table, size_t *iterator)
{
        size_t behind = table->slots.capacity;

        while (*iterator < behind + table->old.capacity) {
                size_t index = (*iterator)++;
                void *entry = index < behind ? table->slots.items[index].entry
                                             : table->old.items[index - behind].entry;

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
