/* SPDX-License-Identifier: Apache-2.0 */
/* Rows as JSON: as sql/ takes them, as clients see them. */
#include <sodium.h>
#include <string.h>

#include "base/row_private.h"

static void write_bytes(const struct bytes *bytes, struct jsonout *out)
{
        char *hex = xmalloc(bytes->length * 2 + 3);

        memcpy(hex, "\\x", 2);
        sodium_bin2hex(hex + 2, bytes->length * 2 + 1, bytes->data ? bytes->data : (const uint8_t *)"",
                bytes->length);
        json_text(out, bytes->data ? hex : NULL);
        free(hex);
}

static void write_value(
        const void *row, const struct field *field, struct jsonout *out, const struct zone *zone)
{
        const void *at = field_at(row, field);

        switch (field->type) {
        case FIELD_TEXT:
                json_text(out, field_text(row, field));
                break;
        case FIELD_JSON:
                json_raw(out, field_text(row, field));
                break;
        case FIELD_INT:
                if (*(const int64_t *)at == FIELD_INT_NONE)
                        json_null_value(out);
                else
                        json_int(out, *(const int64_t *)at);
                break;
        case FIELD_BOOL:
                json_bool(out, *(const bool *)at);
                break;
        case FIELD_INSTANT:
                json_instant(out, *(const struct instant *)at, zone);
                break;
        case FIELD_DATE:
                json_date(out, *(const struct date *)at);
                break;
        case FIELD_UUID:
                if (uuid_is_nil(at))
                        json_null_value(out);
                else
                        json_uuid(out, at);
                break;
        case FIELD_DIGEST:
                write_bytes(&(struct bytes){ uuid_is_nil(at) ? NULL : at, sizeof(struct uuid) }, out);
                break;
        case FIELD_BYTES:
                write_bytes(at, out);
                break;
        }
}

static bool is_absent(const void *row, const struct field *field)
{
        const void *at = field_at(row, field);

        switch (field->type) {
        case FIELD_TEXT:
        case FIELD_JSON:
                return !field_text(row, field);
        case FIELD_INT:
                return *(const int64_t *)at == FIELD_INT_NONE;
        case FIELD_INSTANT:
                return instant_is_none(*(const struct instant *)at);
        case FIELD_DATE:
                return date_is_none(*(const struct date *)at);
        case FIELD_UUID:
        case FIELD_DIGEST:
                return uuid_is_nil(at);
        case FIELD_BYTES:
                return !((const struct bytes *)at)->data;
        case FIELD_BOOL:
                return false;
        }
        return false;
}

void row_write_stored(const void *row, struct jsonout *out)
{
        const struct row *head = row;

        json_begin_object(out);
        json_name(out, "event_id");
        json_uuid(out, &head->event);
        json_member_text(out, "id", head->id);
        json_member_int(out, "version", head->version);
        for (size_t i = 0; !head->deleted && i < head->record->count; i++) {
                if (is_absent(row, &head->record->fields[i]))
                        continue;
                json_name(out, head->record->fields[i].name);
                write_value(row, &head->record->fields[i], out, NULL);
        }
        json_end_object(out);
}

void row_write_members(const void *row, struct jsonout *out, const struct zone *zone)
{
        const struct row *head = row;

        for (size_t i = 0; i < head->record->count; i++) {
                const struct field *field = &head->record->fields[i];

                if (!(field->flags & FIELD_ON_WIRE))
                        continue;
                json_name(out, field->name);
                write_value(row, field, out, zone);
        }
        json_member_int(out, "version", head->version);
}
