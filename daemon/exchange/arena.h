/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that is given back all at once: what a file was read into, its texts and its arrays. */
#pragma once

#include <stddef.h>

struct arena_block;

struct arena {
        struct arena_block *blocks;
};

#define ARENA_NULL ((struct arena){ NULL })

void arena_deinit(struct arena *arena);
void *arena_alloc(struct arena *arena, size_t size); /* zeroed */
/* A copy that ends in NUL. */
char *arena_text(struct arena *arena, const char *text, size_t length);
char *arena_format(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
/*
 * Room for one more item at the end of an array that lives in the arena: `*items` moves when it has to grow. Yields
 * the new item, zeroed.
 */
void *arena_append(struct arena *arena, void *itemsp, size_t *count, size_t item_size);
