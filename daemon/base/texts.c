/* SPDX-License-Identifier: Apache-2.0 */
#include "base/texts.h"

#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/table.h"

enum { RECENT = 64 };

struct kept {
        struct texts *pool;
        size_t takers;
        char text[];
};

struct texts {
        pthread_mutex_t lock;
        struct table by_text;
        struct kept *recent[RECENT]; /* taken lately, and most likely again: see recent_of() */
        bool owned;
};

static uint64_t kept_hash(const void *entry)
{
        return hash_text(((const struct kept *)entry)->text, 0);
}

static bool kept_equal(const void *entry, const void *key)
{
        return strcmp(((const struct kept *)entry)->text, key) == 0;
}

struct texts *texts_new(void)
{
        struct texts *texts = xcalloc(1, sizeof(*texts));

        pthread_mutex_init(&texts->lock, NULL);
        table_init(&texts->by_text, kept_hash, kept_equal);
        texts->owned = true;
        return texts;
}

/* Unlocks it, and frees it where neither the owner nor anybody else has it. */
static void leave(struct texts *texts)
{
        bool needed = texts->owned || texts->by_text.count;

        pthread_mutex_unlock(&texts->lock);
        if (needed)
                return;
        pthread_mutex_destroy(&texts->lock);
        table_deinit(&texts->by_text);
        free(texts);
}

struct texts *texts_free(struct texts *texts)
{
        if (!texts)
                return NULL;
        pthread_mutex_lock(&texts->lock);
        texts->owned = false;
        leave(texts);
        return NULL;
}

static struct kept *kept_new(struct texts *texts, const char *text)
{
        size_t size = strlen(text) + 1;
        struct kept *kept = xmalloc(sizeof(*kept) + size);

        kept->pool = texts;
        kept->takers = 0;
        memcpy(kept->text, text, size);
        table_add(&texts->by_text, kept);
        return kept;
}

/* Where a text stands if it was taken lately: names of one kind differ in their ends. */
static struct kept **recent_of(struct texts *texts, const char *text)
{
        size_t length = strlen(text);
        unsigned end = length ? (unsigned char)text[length - 1] : 0;
        unsigned before = length > 1 ? (unsigned char)text[length - 2] : 0;

        return &texts->recent[(length + end + 10 * before) % RECENT];
}

const char *texts_take(struct texts *texts, const char *text)
{
        struct kept **recent, *kept;

        pthread_mutex_lock(&texts->lock);
        recent = recent_of(texts, text);
        kept = *recent;
        if (!kept || !kept_equal(kept, text))
                kept = table_find(&texts->by_text, hash_text(text, 0), text);
        if (!kept)
                kept = kept_new(texts, text);
        *recent = kept;
        kept->takers++;
        pthread_mutex_unlock(&texts->lock);
        return kept->text;
}

void text_drop(const char *text)
{
        struct kept *kept = (struct kept *)(uintptr_t)(text - offsetof(struct kept, text));
        struct texts *pool = kept->pool;

        pthread_mutex_lock(&pool->lock);
        if (--kept->takers == 0) {
                struct kept **recent = recent_of(pool, text);

                if (*recent == kept)
                        *recent = NULL;
                table_remove(&pool->by_text, kept);
                free(kept);
        }
        leave(pool);
}
