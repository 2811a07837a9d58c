/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers that stay as they are until something is published, kept as finished bytes: each peer's output refers to
 * them, and they live until the last peer has read them. Bounded: when there is no room all are let go.
 */
#pragma once

#include <stddef.h>
#include "base/buffer.h"

struct page {
        size_t references;
        char *key;
        struct buffer json;
};

struct pages {
        struct page **items;
        size_t count, capacity, bytes;
};

/* Borrowed; NULL: not there. */
struct page *pages_find(const struct pages *pages, const char *key);
/* Takes the bytes; borrowed. */
struct page *pages_add(struct pages *pages, const char *key, struct buffer *json);
void pages_clear(struct pages *pages);
struct page *page_ref(struct page *page);
void page_unref(void *page);
