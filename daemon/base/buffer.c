/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

static void out_of_memory(void) __attribute__((noreturn));

static void out_of_memory(void)
{
        log_error("out of memory");
        abort();
}

void *xmalloc(size_t size)
{
        void *p = malloc(size ? size : 1);

        if (!p)
                out_of_memory();
        return p;
}

void *xcalloc(size_t count, size_t size)
{
        void *p = calloc(count ? count : 1, size ? size : 1);

        if (!p)
                out_of_memory();
        return p;
}

void *xrealloc(void *p, size_t size)
{
        p = realloc(p, size ? size : 1);
        if (!p)
                out_of_memory();
        return p;
}

void *xaligned(size_t alignment, size_t size)
{
        void *p = aligned_alloc(alignment, size);

        if (!p)
                out_of_memory();
        return p;
}

char *xstrndup(const char *text, size_t length)
{
        char *copy = xmalloc(length + 1);

        memcpy(copy, text, length);
        copy[length] = '\0';
        return copy;
}

char *xstrdup(const char *text)
{
        return xstrndup(text, strlen(text));
}

char *xasprintf(const char *format, ...)
{
        va_list arguments;
        char *text = NULL;

        va_start(arguments, format);
        if (vasprintf(&text, format, arguments) < 0)
                out_of_memory();
        va_end(arguments);
        return text;
}

void buffer_deinit(struct buffer *buffer)
{
        free(buffer->data);
        *buffer = BUFFER_NULL;
}

void buffer_clear(struct buffer *buffer)
{
        buffer->length = 0;
        if (buffer->data)
                buffer->data[0] = '\0';
}

void buffer_grow(struct buffer *buffer, size_t more)
{
        size_t capacity = buffer->capacity ? buffer->capacity : 128;

        if (more >= SIZE_MAX / 2 - buffer->length)
                out_of_memory();
        while (capacity <= buffer->length + more)
                capacity += capacity / 2 + 64;
        buffer->data = xrealloc(buffer->data, capacity);
        buffer->capacity = capacity;
        buffer->data[buffer->length] = '\0';
}

void buffer_add_int(struct buffer *buffer, int64_t value)
{
        char digits[24], *at = digits + sizeof(digits);
        uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

        do {
                *--at = (char)('0' + rest % 10);
                rest /= 10;
        } while (rest);
        if (value < 0)
                *--at = '-';
        buffer_add(buffer, at, (size_t)(digits + sizeof(digits) - at));
}

void buffer_addf(struct buffer *buffer, const char *format, ...)
{
        va_list arguments, again;
        int length;

        va_start(arguments, format);
        va_copy(again, arguments);
        length = vsnprintf(NULL, 0, format, arguments);
        va_end(arguments);
        if (length > 0) {
                buffer_reserve(buffer, (size_t)length + 1);
                vsnprintf(buffer->data + buffer->length, (size_t)length + 1, format, again);
                buffer->length += (size_t)length;
        }
        va_end(again);
}

const char *buffer_text(const struct buffer *buffer)
{
        return buffer->data ? buffer->data : "";
}

char *buffer_steal(struct buffer *buffer)
{
        char *data = buffer->data ? buffer->data : xcalloc(1, 1);

        *buffer = BUFFER_NULL;
        return data;
}
