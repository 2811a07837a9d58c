/* SPDX-License-Identifier: Apache-2.0 */
#include "exchange/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/buffer.h"

enum { BLOCK = 32 * 1024 };

struct arena_block {
        struct arena_block *next;
        size_t used, size;
        max_align_t data[];
};

void arena_deinit(struct arena *arena)
{
        while (arena->blocks) {
                struct arena_block *next = arena->blocks->next;

                free(arena->blocks);
                arena->blocks = next;
        }
}

void *arena_alloc(struct arena *arena, size_t size)
{
        struct arena_block *block = arena->blocks;
        size_t need = (size + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
        void *p;

        if (!block || block->size - block->used < need) {
                size_t room = need > BLOCK / 4 ? need : BLOCK;

                block = xcalloc(1, sizeof(*block) + room);
                block->size = room;
                /* A large one goes behind the block in use, whose rest stays of use. */
                if (arena->blocks && room == need) {
                        block->next = arena->blocks->next;
                        arena->blocks->next = block;
                } else {
                        block->next = arena->blocks;
                        arena->blocks = block;
                }
        }
        p = (char *)block->data + block->used;
        block->used += need;
        return p;
}

char *arena_text(struct arena *arena, const char *text, size_t length)
{
        char *copy = arena_alloc(arena, length + 1);

        memcpy(copy, text, length);
        return copy;
}

char *arena_format(struct arena *arena, const char *format, ...)
{
        va_list arguments;
        char *text, *copy;
        int length;

        va_start(arguments, format);
        length = vasprintf(&text, format, arguments);
        va_end(arguments);
        if (length < 0)
                abort();
        copy = arena_text(arena, text, (size_t)length);
        free(text);
        return copy;
}

void *arena_append(struct arena *arena, void *itemsp, size_t *count, size_t item_size)
{
        void **items = itemsp;

        /* Full whenever the count is a power of two. */
        if ((*count & (*count - 1)) == 0) {
                void *grown = arena_alloc(arena, (*count ? *count * 2 : 1) * item_size);

                if (*count)
                        memcpy(grown, *items, *count * item_size);
                *items = grown;
        }
        return (char *)*items + (*count)++ * item_size;
}
