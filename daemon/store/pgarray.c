/* SPDX-License-Identifier: Apache-2.0 */
#include "store/pgarray.h"

#include <endian.h>
#include <string.h>

enum {
        DAYS_TO_2000 = 10957, /* from 1970, where ours begin */
        COUNT_AT = 12,
        FIRST_AT = 16,
        HEAD_BYTES = 20,
        NULL_BYTES = 4 /* an element's length, and nothing behind it */
};

static void add_32(struct buffer *to, uint32_t value)
{
        uint32_t bytes = htobe32(value);

        buffer_add(to, &bytes, sizeof(bytes));
}

static void add_64(struct buffer *to, uint64_t value)
{
        struct {
                uint32_t length;
                uint64_t value;
        } __attribute__((packed)) element = { htobe32(sizeof(value)), htobe64(value) };

        buffer_add(to, &element, sizeof(element));
}

void pgarray_null(struct buffer *to)
{
        add_32(to, UINT32_MAX);
}

void pgarray_begin(struct buffer *to, uint32_t type, size_t count)
{
        add_32(to, 1); /* dimensions */
        add_32(to, 1); /* there may be nulls */
        add_32(to, type);
        add_32(to, (uint32_t)count);
        add_32(to, 1); /* the first one's subscript */
}

static void put_32(struct buffer *array, size_t at, uint32_t value)
{
        uint32_t bytes = htobe32(value);

        memcpy(array->data + at, &bytes, sizeof(bytes));
}

size_t pgarray_trim(struct buffer *array, size_t count)
{
        size_t begin = HEAD_BYTES, end = HEAD_BYTES, first = 0, left = 0;

        for (size_t n = 0, at = HEAD_BYTES; n < count; n++) {
                uint32_t length;

                memcpy(&length, array->data + at, sizeof(length));
                at += sizeof(length);
                if (length == UINT32_MAX)
                        continue;
                if (!left) {
                        begin = at - sizeof(length);
                        first = n;
                }
                at += be32toh(length);
                end = at;
                left = n + 1 - first;
        }
        memmove(array->data + HEAD_BYTES, array->data + begin, end - begin);
        array->length = HEAD_BYTES + end - begin;
        put_32(array, COUNT_AT, (uint32_t)left);
        put_32(array, FIRST_AT, (uint32_t)first + 1);
        return left;
}

bool pgarray_is_bare(const struct buffer *array, size_t count)
{
        if (array->length != HEAD_BYTES + count * NULL_BYTES)
                return false;
        /* An empty text is as short. */
        for (size_t at = HEAD_BYTES; at < array->length; at += NULL_BYTES)
                if (memcmp(array->data + at, "\xff\xff\xff\xff", NULL_BYTES) != 0)
                        return false;
        return true;
}

void pgarray_shorten(struct buffer *array, size_t count)
{
        size_t bytes = array->length - HEAD_BYTES, each = count ? bytes / count : 0;
        const char *first = array->data + HEAD_BYTES;
        uint32_t length;

        if (!each || each * count != bytes)
                return;
        memcpy(&length, first, sizeof(length));
        /* All are as the first if each is as the one before it. */
        if (each != sizeof(length) + be32toh(length) || memcmp(first, first + each, bytes - each) != 0)
                return;
        put_32(array, COUNT_AT, 1);
        array->length = HEAD_BYTES + each;
}

void pgarray_bytes(struct buffer *to, const void *bytes, size_t length)
{
        if (!bytes) {
                pgarray_null(to);
                return;
        }
        add_32(to, (uint32_t)length);
        buffer_add(to, bytes, length);
}

void pgarray_text(struct buffer *to, const char *text)
{
        pgarray_bytes(to, text, text ? strlen(text) : 0);
}

void pgarray_uuid(struct buffer *to, const struct uuid *uuid)
{
        pgarray_bytes(to, uuid->bytes, sizeof(uuid->bytes));
}

void pgarray_int(struct buffer *to, int64_t value)
{
        add_64(to, (uint64_t)value);
}

void pgarray_place(struct buffer *to, uint32_t place)
{
        add_32(to, sizeof(place));
        add_32(to, place);
}

void pgarray_bool(struct buffer *to, bool value)
{
        pgarray_bytes(to, value ? "\1" : "\0", 1);
}

void pgarray_date(struct buffer *to, struct date date)
{
        if (date_is_none(date)) {
                pgarray_null(to);
                return;
        }
        add_32(to, sizeof(uint32_t));
        add_32(to, (uint32_t)(date.days - DAYS_TO_2000));
}

void pgarray_instant(struct buffer *to, struct instant at)
{
        if (instant_is_none(at))
                pgarray_null(to);
        else
                add_64(to, (uint64_t)(at.us - DAYS_TO_2000 * 86400 * INSTANT_SECOND));
}
