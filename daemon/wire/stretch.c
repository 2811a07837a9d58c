/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "base/buffer.h"
#include "base/log.h"
#include "wire/stretch.h"

enum { STRETCH_FIRST = 512, STRETCH_MAPPED = 256 * 1024 };

void stretch_deinit(struct stretch *stretch)
{
        if (stretch->mapped)
                munmap(stretch->data, stretch->capacity);
        else
                free(stretch->data);
        *stretch = STRETCH_NULL;
}

/* Out of memory ends the process, as it does in base/buffer.h. */
static char *mapping_or_abort(void *mapping)
{
        if (mapping == MAP_FAILED) {
                log_error("out of memory for a line");
                abort();
        }
        return mapping;
}

static void stretch_map(struct stretch *stretch, size_t capacity)
{
        char *data = mapping_or_abort(
                mmap(NULL, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        if (stretch->length > 0)
                memcpy(data, stretch->data, stretch->length);
        free(stretch->data);
        stretch->data = data;
        stretch->mapped = true;
}

static void stretch_reserve(struct stretch *stretch, size_t needed)
{
        size_t capacity = stretch->capacity ? stretch->capacity : STRETCH_FIRST;
        if (needed <= stretch->capacity)
                return;
        while (capacity < needed)
                capacity *= 2;
        if (stretch->mapped)
                stretch->data =
                        mapping_or_abort(mremap(stretch->data, stretch->capacity, capacity, MREMAP_MAYMOVE));
        else if (capacity >= STRETCH_MAPPED)
                stretch_map(stretch, capacity);
        else
                stretch->data = xrealloc(stretch->data, capacity);
        stretch->capacity = capacity;
}

void stretch_add(struct stretch *stretch, const char *bytes, size_t length)
{
        if (length == 0)
                return;
        stretch_reserve(stretch, stretch->length + length);
        memcpy(stretch->data + stretch->length, bytes, length);
        stretch->length += length;
}
