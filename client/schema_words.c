/* SPDX-License-Identifier: Apache-2.0 */
#include "client/schema_words.h"

#include <string.h>

static const char *text_of(json_t *schema, const char *name)
{
        return json_string_value(json_object_get(schema, name));
}

static bool is_null_schema(json_t *schema)
{
        const char *type = text_of(schema, "type");

        return type && strcmp(type, "null") == 0;
}

static void number_words(
        json_t *schema, const char *least, const char *most, const char *of, struct buffer *out)
{
        json_t *min = json_object_get(schema, least);
        json_t *max = json_object_get(schema, most);

        /* As much as fits is no bound that anybody has to know of. */
        if (json_is_integer(max) && json_integer_value(max) == INT64_MAX)
                max = NULL;
        if (!json_is_integer(min) && !json_is_integer(max))
                return;
        if (json_is_integer(min) && json_is_integer(max))
                buffer_addf(out, ", %" JSON_INTEGER_FORMAT " to %" JSON_INTEGER_FORMAT "%s",
                        json_integer_value(min), json_integer_value(max), of);
        else
                buffer_addf(out, ", at %s %" JSON_INTEGER_FORMAT "%s",
                        json_is_integer(min) ? "least" : "most",
                        json_integer_value(json_is_integer(min) ? min : max), of);
}

static void text_words(json_t *schema, struct buffer *out)
{
        static const char *const known[][2] = {
                { "^[a-z0-9][a-z0-9._-]{0,63}$", "slug" },
                { "^([01][0-9]|2[0-3]):[0-5][0-9]$", "\"HH:MM\"" },
                { "^#[0-9a-fA-F]{6}$", "colour #rrggbb" },
                { "^[A-Z]{2}$", "country, two letters" },
        };
        const char *format = text_of(schema, "format");
        const char *pattern = text_of(schema, "pattern");

        for (size_t i = 0; pattern && i < sizeof(known) / sizeof(known[0]); i++) {
                if (strcmp(known[i][0], pattern) == 0) {
                        buffer_add_text(out, known[i][1]);
                        return;
                }
        }
        if (format && strcmp(format, "date-time") == 0)
                buffer_add_text(out, "time (RFC 3339 with offset)");
        else if (format && strcmp(format, "date") == 0)
                buffer_add_text(out, "date");
        else if (format && strcmp(format, "uuid") == 0)
                buffer_add_text(out, "UUID");
        else if (pattern)
                buffer_addf(out, "text like %s", pattern);
        else
                buffer_add_text(out, "text");
        number_words(schema, "minLength", "maxLength", " characters", out);
}

static void enum_words(json_t *words, struct buffer *out)
{
        for (size_t i = 0; i < json_array_size(words); i++) {
                char *text = json_dumps(json_array_get(words, i), JSON_ENCODE_ANY);

                buffer_addf(out, "%s%s", i ? " | " : "", text ? text : "");
                free(text);
        }
}

static void choice_words(json_t *choices, bool nulls, struct buffer *out)
{
        bool first = true;

        for (size_t i = 0; i < json_array_size(choices); i++) {
                json_t *choice = json_array_get(choices, i);

                if (is_null_schema(choice) && !nulls)
                        continue;
                buffer_add_text(out, first ? "" : " or ");
                schema_words(choice, nulls, out);
                first = false;
        }
}

static void object_words(json_t *schema, bool nulls, struct buffer *out)
{
        json_t *properties = json_object_get(schema, "properties");
        json_t *others = json_object_get(schema, "additionalProperties");
        const char *name;
        json_t *member;
        bool first = true;

        if (!json_object_size(properties) && json_is_object(others)) {
                buffer_add_text(out, "{name: ");
                schema_words(others, nulls, out);
                buffer_add_char(out, '}');
                return;
        }
        buffer_add_char(out, '{');
        json_object_foreach(properties, name, member)
        {
                buffer_addf(out, "%s%s%s", first ? "" : ", ", name, schema_requires(schema, name) ? "" : "?");
                first = false;
        }
        buffer_add_char(out, '}');
}

static void array_words(json_t *schema, bool nulls, struct buffer *out)
{
        json_t *items = json_object_get(schema, "items");
        const char *format = text_of(items, "format");

        if (json_integer_value(json_object_get(schema, "minItems")) == 2 && format &&
                json_integer_value(json_object_get(schema, "maxItems")) == 2) {
                buffer_addf(out, "[from, to] of %ss", strcmp(format, "date-time") == 0 ? "time" : format);
                return;
        }
        buffer_add_text(out, "list of ");
        schema_words(items, nulls, out);
        number_words(schema, "minItems", "maxItems", " of them", out);
}

void schema_words(json_t *schema, bool nulls, struct buffer *out)
{
        const char *type = text_of(schema, "type");
        json_t *choices = json_object_get(schema, "anyOf");

        if (!choices)
                choices = json_object_get(schema, "oneOf");
        if (choices) {
                choice_words(choices, nulls, out);
        } else if (json_object_get(schema, "enum")) {
                enum_words(json_object_get(schema, "enum"), out);
        } else if (!type) {
                buffer_add_text(out, "anything");
        } else if (strcmp(type, "string") == 0) {
                text_words(schema, out);
        } else if (strcmp(type, "boolean") == 0) {
                buffer_add_text(out, "true | false");
        } else if (strcmp(type, "array") == 0) {
                array_words(schema, nulls, out);
        } else if (strcmp(type, "object") == 0) {
                object_words(schema, nulls, out);
        } else {
                buffer_add_text(out, type);
                number_words(schema, "minimum", "maximum", "", out);
        }
}

bool schema_requires(json_t *schema, const char *name)
{
        json_t *required = json_object_get(schema, "required");

        for (size_t i = 0; i < json_array_size(required); i++) {
                const char *word = json_string_value(json_array_get(required, i));

                if (word && strcmp(word, name) == 0)
                        return true;
        }
        return false;
}

bool schema_is_text(json_t *schema)
{
        const char *type = text_of(schema, "type");
        json_t *choices = json_object_get(schema, "anyOf");
        json_t *words = json_object_get(schema, "enum");

        if (words)
                return json_is_string(json_array_get(words, 0));
        for (size_t i = 0; i < json_array_size(choices); i++) {
                if (schema_is_text(json_array_get(choices, i)))
                        return true;
        }
        return type && strcmp(type, "string") == 0;
}
