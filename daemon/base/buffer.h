/* SPDX-License-Identifier: Apache-2.0 */
/* A growable run of bytes, always NUL-terminated past its end. An allocation that fails ends the process: see xmalloc. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buffer {
        char *data;
        size_t length;
        size_t capacity;
};

#define BUFFER_NULL ((struct buffer){ NULL, 0, 0 })

void buffer_deinit(struct buffer *buffer);
void buffer_clear(struct buffer *buffer); /* keeps the memory */
void buffer_grow(struct buffer *buffer, size_t more); /* of buffer_reserve(), where there is not the room */

/* Room for so many bytes more, and the NUL behind them. */
static inline void buffer_reserve(struct buffer *buffer, size_t more)
{
        if (more >= buffer->capacity - buffer->length)
                buffer_grow(buffer, more);
}

static inline void buffer_add(struct buffer *buffer, const void *bytes, size_t length)
{
        buffer_reserve(buffer, length);
        if (length)
                memcpy(buffer->data + buffer->length, bytes, length);
        buffer->length += length;
        buffer->data[buffer->length] = '\0';
}

static inline void buffer_add_text(struct buffer *buffer, const char *text)
{
        buffer_add(buffer, text, strlen(text));
}

static inline void buffer_add_char(struct buffer *buffer, char c)
{
        buffer_reserve(buffer, 1);
        buffer->data[buffer->length++] = c;
        buffer->data[buffer->length] = '\0';
}

void buffer_add_int(struct buffer *buffer, int64_t value); /* in decimal */
void buffer_addf(struct buffer *buffer, const char *format, ...)
        __attribute__((format(printf, 2, 3), nonnull(2)));
const char *buffer_text(const struct buffer *buffer); /* "" when empty */
char *buffer_steal(struct buffer *buffer); /* the caller frees; the buffer is empty again */

/* malloc and friends that never return NULL (they log and abort): an allocator that is out of memory cannot be reasoned with. */
void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *p, size_t size);
/* `size` is a multiple of `alignment`, a power of two. */
void *xaligned(size_t alignment, size_t size);
char *xstrdup(const char *text);
char *xstrndup(const char *text, size_t length);
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));
