/* SPDX-License-Identifier: Apache-2.0 */
/* Rows from a query's result. */
#include <string.h>

#include "base/error.h"
#include "base/row_private.h"

#define POSTGRES_EPOCH_DAYS 10957 /* 2000-01-01 */

static uint64_t big_endian(const char *data, int length)
{
        uint64_t value = 0;

        for (int i = 0; i < length; i++)
                value = value << 8 | (uint8_t)data[i];
        return value;
}

static int64_t read_int(const char *data, int length)
{
        uint64_t value = big_endian(data, length);

        if (length == 4)
                return (int32_t)value;
        if (length == 2)
                return (int16_t)value;
        return (int64_t)value;
}

/* jsonb in binary: a version byte, then its text, which PostgreSQL spaces and orders in its own way. */
static const char *read_json(const char *data, int length, struct row_scratch *scratch)
{
        json_t *value = length > 1 ? json_loadb(data + 1, (size_t)length - 1, JSON_DECODE_ANY, NULL) : NULL;
        char *text = value ? json_canonical(value) : NULL;

        json_decref(value);
        return text ? row_scratch_keep(scratch, text) : NULL;
}

static void field_from_column(
        void *at, enum field_type type, const char *data, int length, struct row_scratch *scratch)
{
        int64_t value;

        switch (type) {
        case FIELD_TEXT:
                *(const char **)at = data; /* libpq ends every value with a NUL */
                break;
        case FIELD_JSON:
                *(const char **)at = read_json(data, length, scratch);
                break;
        case FIELD_INT:
                *(int64_t *)at = read_int(data, length);
                break;
        case FIELD_BOOL:
                *(bool *)at = data[0] != 0;
                break;
        case FIELD_INSTANT:
                value = read_int(data, length);
                ((struct instant *)at)->us = value + POSTGRES_EPOCH_DAYS * 86400 * INSTANT_SECOND;
                break;
        case FIELD_DATE:
                ((struct date *)at)->days = (int32_t)read_int(data, length) + POSTGRES_EPOCH_DAYS;
                break;
        case FIELD_UUID:
        case FIELD_DIGEST:
                if (length == 16)
                        memcpy(at, data, 16);
                break;
        case FIELD_BYTES:
                *(struct bytes *)at = (struct bytes){ (const uint8_t *)data, (size_t)length };
                break;
        }
}

static bool read_head(struct row *head, const struct row_source *source, int line)
{
        const char *data;
        int length;

        if (source->family_column >= 0 &&
                source->get(source->result, line, source->family_column, &data, &length) && length == 16)
                memcpy(head->family.bytes, data, 16);
        if (source->event_column >= 0 &&
                source->get(source->result, line, source->event_column, &data, &length) && length == 16)
                memcpy(head->event.bytes, data, 16);
        if (!source->get(source->result, line, source->version_column, &data, &length))
                return false;
        head->version = read_int(data, length);
        return source->get(source->result, line, source->id_column, &head->id, &length);
}

int row_from_source(const struct record *record, const struct row_source *source, int line, void **rowp)
{
        struct row_scratch scratch = { NULL, 0 };
        struct row *template = xmalloc(record->size);
        const char *data;
        int length, r = 0;

        row_clear(template, record);
        if (!read_head(template, source, line))
                r = -EBADMSG;
        for (size_t i = 0; !r && i < record->count; i++) {
                if (source->columns[i] < 0)
                        r = -EBADMSG;
                else if (source->get(source->result, line, source->columns[i], &data, &length))
                        field_from_column(field_at(template, &record->fields[i]), record->fields[i].type,
                                data, length, &scratch);
        }
        if (!r)
                *rowp = row_seal(template);
        row_scratch_deinit(&scratch);
        free(template);
        return error_fold(r);
}
