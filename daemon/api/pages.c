/* SPDX-License-Identifier: Apache-2.0 */
#include "api/pages.h"

#include <stdlib.h>
#include <string.h>

enum { PAGES_MOST = 128, PAGES_BYTES_MOST = 4 << 20 };

struct page *page_ref(struct page *page)
{
        page->references++;
        return page;
}

void page_unref(void *released)
{
        struct page *page = released;

        if (--page->references)
                return;
        buffer_deinit(&page->json);
        free(page->key);
        free(page);
}

struct page *pages_find(const struct pages *pages, const char *key)
{
        for (size_t i = 0; i < pages->count; i++)
                if (strcmp(pages->items[i]->key, key) == 0)
                        return pages->items[i];
        return NULL;
}

struct page *pages_add(struct pages *pages, const char *key, struct buffer *json)
{
        struct page *page = xcalloc(1, sizeof(*page));

        if (pages->count == PAGES_MOST || pages->bytes + json->length > PAGES_BYTES_MOST)
                pages_clear(pages);
        if (pages->count == pages->capacity) {
                pages->capacity = pages->capacity ? pages->capacity * 2 : 4;
                pages->items = xrealloc(pages->items, pages->capacity * sizeof(struct page *));
        }
        page->references = 1;
        page->key = xstrdup(key);
        page->json = *json;
        *json = BUFFER_NULL;
        pages->bytes += page->json.length;
        pages->items[pages->count++] = page;
        return page;
}

void pages_clear(struct pages *pages)
{
        while (pages->count)
                page_unref(pages->items[--pages->count]);
        free(pages->items);
        *pages = (struct pages){ NULL, 0, 0, 0 };
}
