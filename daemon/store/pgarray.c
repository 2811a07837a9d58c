/* SPDX-License-Identifier: Apache-2.0 */
#include "store/pgarray.h"

#include <endian.h>
#include <string.h>

enum {
        DAYS_TO_2000 = 10957, /* from 1970, where ours begin */
        COUNT_AT = 12,
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

static void add_null(struct buffer *to)
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
        uint32_t length, one = htobe32(1);

        if (!each || each * count != bytes)
                return;
        memcpy(&length, first, sizeof(length));
        /* All are as the first if each is as the one before it. */
        if (each != sizeof(length) + be32toh(length) || memcmp(first, first + each, bytes - each) != 0)
                return;
        memcpy(array->data + COUNT_AT, &one, sizeof(one));
        array->length = HEAD_BYTES + each;
}

void pgarray_bytes(struct buffer *to, const void *bytes, size_t length)
{
        if (!bytes) {
                add_null(to);
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
                add_null(to);
                return;
        }
        add_32(to, sizeof(uint32_t));
        add_32(to, (uint32_t)(date.days - DAYS_TO_2000));
}

void pgarray_instant(struct buffer *to, struct instant at)
{
        if (instant_is_none(at))
                add_null(to);
        else
                add_64(to, (uint64_t)(at.us - DAYS_TO_2000 * 86400 * INSTANT_SECOND));
}
