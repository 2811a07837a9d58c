/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys of the objects that stand open while a line is scanned, to notice one that comes twice. Keys of an open
 * object lie together on a stack; a large object's are found through a table under a secret hash.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct jsonkey {
        const char *text; /* escapes resolved: the line's own bytes, or `owned` */
        size_t length;
        char *owned;
};

struct jsonkeys {
        struct jsonkey *stack;
        size_t count, capacity;
        struct jsonkeys_slot *slots; /* capacity a power of two */
        size_t slot_count, slot_capacity;
};

#define JSONKEYS_NULL ((struct jsonkeys){ NULL, 0, 0, NULL, 0, 0 })

void jsonkeys_deinit(struct jsonkeys *keys);
/*
 * Adds a key (the raw, valid text between its quotes) to the innermost open object, which is number `object` of its
 * line and whose keys begin at `base`. False: it is there already.
 */
bool jsonkeys_add(
        struct jsonkeys *keys, size_t base, uint32_t object, const char *raw, size_t length, bool escaped);
/* The innermost object is closed. */
void jsonkeys_drop(struct jsonkeys *keys, size_t base);
