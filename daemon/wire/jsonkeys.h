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

enum { JSONKEYS_FEW = 16 };

struct jsonkeys {
        struct jsonkey few[JSONKEYS_FEW]; /* the first ones: most lines have no more, and need no memory */
        struct jsonkey *more;
        size_t count, capacity;
        struct jsonkeys_slot *slots; /* capacity a power of two */
        size_t slot_count, slot_capacity;
};

/* Leaves `few` as it is. */
void jsonkeys_init(struct jsonkeys *keys);
void jsonkeys_deinit(struct jsonkeys *keys);
/*
 * Adds a key (the raw, valid text between its quotes) to the innermost open object, which is number `object` of its
 * line and whose keys begin at `base`. False: it is there already.
 */
bool jsonkeys_add(
        struct jsonkeys *keys, size_t base, uint32_t object, const char *raw, size_t length, bool escaped);
/* The innermost object is closed. */
void jsonkeys_drop(struct jsonkeys *keys, size_t base);
