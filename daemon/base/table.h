/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash table of pointers: open addressing, robin-hood, about 10 bytes an entry at its usual load. The entries
 * are the caller's; a table only points at them. Keys live inside the entries. It grows bit by bit, a few slots with each
 * entry that is added, for a million at once would hold up the loop for 20 ms.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table_slots {
        struct table_slot *items;
        size_t capacity; /* a power of two, or 0 */
};

struct table {
        uint64_t (*hash)(const void *entry);
        bool (*equal)(const void *entry, const void *key);
        struct table_slots slots;
        struct table_slots old; /* of before it grew, until all have moved */
        size_t moved; /* so many of the old slots are empty by now */
        size_t count;
};

/* `hash` is of an entry; `equal` compares an entry with a key as given to table_find. */
void table_init(
        struct table *table, uint64_t (*hash)(const void *), bool (*equal)(const void *, const void *));
void table_deinit(struct table *table);
void *table_find(const struct table *table, uint64_t hash, const void *key); /* NULL: not there */
/* Goes on from the last hit of the same hash and key, for tables whose keys repeat; `*iterator` starts at 0. */
void *table_find_next(const struct table *table, uint64_t hash, const void *key, size_t *iterator);
/*
 * For whoever is to look up many: a look-up waits for memory twice, for its slot and for its entry, but several may wait
 * side by side. First table_prefetch() each, then table_prefetched() each; the look-ups that follow find both at hand.
 * Whether that was done, and what changed in between, makes no difference to what they find.
 */
void table_prefetch(const struct table *table, uint64_t hash);
/* The entry that table_find() will look at first, likely the one, and not read yet: to be fetched. NULL: none will be. */
const void *table_prefetched(const struct table *table, uint64_t hash);
void table_add(struct table *table, void *entry); /* even if an equal one is there */
void table_add_hashed(
        struct table *table, void *entry, uint64_t hash); /* the entry's, for whoever has it already */
bool table_remove(struct table *table, const void *entry); /* that very pointer */
/* One or the other: for whoever says once what an entry is found by. */
static inline void table_set(struct table *table, const void *entry, bool in)
{
        if (in)
                table_add(table, (void *)(uintptr_t)entry);
        else
                table_remove(table, entry);
}
void *table_next(const struct table *table, size_t *iterator); /* every entry, no order; NULL at the end */

uint64_t hash_bytes(
        const void *bytes, size_t length, uint64_t seed); /* SipHash-2-4 under a key drawn at start */
uint64_t hash_text(const char *text, uint64_t seed);
