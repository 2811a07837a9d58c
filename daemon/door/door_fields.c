/* SPDX-License-Identifier: Apache-2.0 */
#include "door/door_fields.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonout.h"

static char *quoted(const char *text)
{
        struct buffer out = BUFFER_NULL;
        struct jsonout json = JSONOUT(&out);

        json_text(&json, text ? text : "");
        return buffer_steal(&out);
}

void door_fields_read(struct door_fields *fields, const char *json)
{
        json_t *list = json ? json_loads(json, 0, NULL) : NULL, *item;
        size_t i;

        *fields = (struct door_fields){ NULL, 0, 0 };
        fields->items = xcalloc(json_array_size(list), sizeof(*fields->items));
        json_array_foreach(list, i, item)
        {
                const char *at_door = json_string_value(json_object_get(item, "at_door"));
                struct door_field *field = &fields->items[fields->count];

                if (!at_door)
                        continue;
                field->field = quoted(json_string_value(json_object_get(item, "field")));
                field->label = quoted(json_string_value(json_object_get(item, "label")));
                field->ask = strcmp(at_door, "ask") == 0;
                fields->asked += field->ask;
                fields->count++;
        }
        json_decref(list);
}

void door_fields_deinit(struct door_fields *fields)
{
        for (size_t i = 0; i < fields->count; i++) {
                free(fields->items[i].field);
                free(fields->items[i].label);
        }
        free(fields->items);
        *fields = (struct door_fields){ NULL, 0, 0 };
}

bool door_fields_asks(const struct door_fields *fields, const char *field)
{
        char *name = quoted(field);
        bool found = false;

        for (size_t i = 0; i < fields->count; i++)
                found = found || (fields->items[i].ask && strcmp(fields->items[i].field, name) == 0);
        free(name);
        return found;
}

/* Behind the text that begins here. */
static const char *text_end(const char *quote)
{
        const char *at = quote + 1;

        while (*at && *at != '"')
                at += *at == '\\' && at[1] ? 2 : 1;
        return *at ? at + 1 : at;
}

/* Names are slugs and values texts, so every text of the object is the one or the other, in turn. */
const char *door_field_value(const struct door_field *field, const char *values, size_t *length)
{
        size_t name_length = strlen(field->field);
        const char *name = values ? strchr(values, '"') : NULL;

        while (name) {
                const char *name_end = text_end(name), *value = strchr(name_end, '"');
                const char *value_end = value ? text_end(value) : NULL;

                if (!value)
                        return NULL;
                if ((size_t)(name_end - name) == name_length &&
                        memcmp(name, field->field, name_length) == 0) {
                        *length = (size_t)(value_end - value);
                        return *length > 2 ? value : NULL;
                }
                name = strchr(value_end, '"');
        }
        return NULL;
}

bool door_fields_are_open(const struct door_fields *fields, const char *values)
{
        size_t length;

        for (size_t i = 0; fields->asked && i < fields->count; i++)
                if (fields->items[i].ask && !door_field_value(&fields->items[i], values, &length))
                        return true;
        return false;
}
