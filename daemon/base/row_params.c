/* SPDX-License-Identifier: Apache-2.0 */
/* Rows from checked parameters. */
#include <string.h>

#include "base/row_private.h"

static void field_from_param(void *at, enum field_type type, const json_t *value, struct row_scratch *scratch)
{
        const char *text = json_string_value(value);

        switch (type) {
        case FIELD_TEXT:
                *(const char **)at = text;
                break;
        case FIELD_JSON:
                *(const char **)at = row_scratch_keep(scratch, json_canonical(value));
                break;
        case FIELD_INT:
                *(int64_t *)at = json_integer_value(value);
                break;
        case FIELD_BOOL:
                *(bool *)at = json_is_true(value);
                break;
        case FIELD_INSTANT:
                if (!instant_parse(text, at))
                        *(struct instant *)at = INSTANT_NONE;
                break;
        case FIELD_DATE:
                if (!text || !date_parse(text, at))
                        *(struct date *)at = DATE_NONE;
                break;
        case FIELD_UUID:
                if (!text || !uuid_parse(text, at))
                        *(struct uuid *)at = UUID_NIL;
                break;
        case FIELD_DIGEST:
        case FIELD_BYTES:
                break;
        }
}

void row_from_params(void *template, const json_t *params, bool only_given, struct row_scratch *scratch)
{
        const struct record *record = ((const struct row *)template)->record;

        for (size_t i = 0; i < record->count; i++) {
                const struct field *field = &record->fields[i];
                const json_t *value;

                if (!(field->flags & FIELD_ON_WIRE) || field->flags & FIELD_READ_ONLY)
                        continue;
                value = json_object_get(params, field->name);
                if (value && !json_is_null(value))
                        field_from_param(field_at(template, field), field->type, value, scratch);
                else if (value || !only_given)
                        field_clear(template, field);
        }
}

uint64_t row_given(const struct record *record, const json_t *params)
{
        uint64_t given = 0;

        for (size_t i = 0; i < record->count; i++) {
                const struct field *field = &record->fields[i];
                const json_t *value;

                if (!(field->flags & FIELD_ON_WIRE) || field->flags & FIELD_READ_ONLY)
                        continue;
                value = json_object_get(params, field->name);
                if (value && !json_is_null(value))
                        given |= UINT64_C(1) << i;
        }
        return given;
}

static size_t field_size(enum field_type type)
{
        switch (type) {
        case FIELD_TEXT:
        case FIELD_JSON:
                return sizeof(const char *);
        case FIELD_INT:
                return sizeof(int64_t);
        case FIELD_BOOL:
                return sizeof(bool);
        case FIELD_INSTANT:
                return sizeof(struct instant);
        case FIELD_DATE:
                return sizeof(struct date);
        case FIELD_UUID:
        case FIELD_DIGEST:
                return sizeof(struct uuid);
        case FIELD_BYTES:
                return sizeof(struct bytes);
        }
        return 0;
}

void row_take(void *template, const void *from, uint64_t given)
{
        const struct record *record = ((const struct row *)template)->record;

        for (size_t i = 0; i < record->count; i++) {
                const struct field *field = &record->fields[i];

                if (given >> i & 1)
                        memcpy(field_at(template, field), field_at(from, field), field_size(field->type));
        }
}
