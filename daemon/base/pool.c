/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pool.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/buffer.h"

#if !defined(__has_feature)
#define __has_feature(feature) 0
#endif
#if (defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)) && !defined(POOL_IN_BLOCKS)

/* Each for itself, so that a piece that is used after it went, or beyond its end, is noticed. */
void *pool_take(size_t size)
{
        return xmalloc(size);
}

void pool_give(void *piece)
{
        free(piece);
}

#else

/* A block begins at a multiple of its size, so a piece's address tells its block. A larger piece has one to itself. */
enum { BLOCK_BYTES = 1 << 16, PIECE_ALIGN = sizeof(void *), PIECE_MAX = BLOCK_BYTES / 8 };

struct block {
        size_t pieces; /* and one for as long as it is being filled */
        size_t used;
};

static struct {
        pthread_mutex_t lock;
        struct block *open;
} pool = { PTHREAD_MUTEX_INITIALIZER, NULL };

static void block_drop(struct block *block)
{
        if (__atomic_sub_fetch(&block->pieces, 1, __ATOMIC_ACQ_REL) == 0)
                free(block);
}

static struct block *block_new(size_t bytes)
{
        struct block *block = xaligned(BLOCK_BYTES, (bytes + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES);

        *block = (struct block){ 1, sizeof(*block) };
        return block;
}

static void *take_own(size_t size)
{
        return block_new(sizeof(struct block) + size) + 1;
}

void *pool_take(size_t size)
{
        void *piece;

        size = (size + PIECE_ALIGN - 1) / PIECE_ALIGN * PIECE_ALIGN;
        if (size > PIECE_MAX)
                return take_own(size);
        pthread_mutex_lock(&pool.lock);
        if (pool.open && pool.open->used + size > BLOCK_BYTES) {
                block_drop(pool.open);
                pool.open = NULL;
        }
        if (!pool.open)
                pool.open = block_new(BLOCK_BYTES);
        piece = (char *)pool.open + pool.open->used;
        pool.open->used += size;
        __atomic_add_fetch(&pool.open->pieces, 1, __ATOMIC_RELAXED);
        pthread_mutex_unlock(&pool.lock);
        return piece;
}

void pool_give(void *piece)
{
        if (piece)
                block_drop((struct block *)((uintptr_t)piece & ~(uintptr_t)(BLOCK_BYTES - 1)));
}

#endif
