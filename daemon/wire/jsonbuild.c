/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/jsonbuild.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "base/buffer.h"
#include "wire/jsonscan.h"

static json_t *build_value(struct jsonread *read);

char jsonread_peek(struct jsonread *read)
{
        while (read->at < read->end &&
                (*read->at == ' ' || *read->at == '\t' || *read->at == '\r' || *read->at == '\n'))
                read->at++;
        return read->at < read->end ? *read->at : '\0';
}

/* The closing quote: the first that an even number of backslashes stands before. */
static const char *closing_quote(const char *at, const char *end, bool *escaped)
{
        const char *quote = memchr(at, '"', (size_t)(end - at));

        *escaped = memchr(at, '\\', (size_t)(quote - at));
        if (!*escaped)
                return quote;
        for (; *at != '"'; at++)
                if (*at == '\\')
                        at++;
        return at;
}

struct jsonread_text jsonread_text(struct jsonread *read)
{
        const char *raw = read->at + 1;
        bool escaped;
        const char *quote = closing_quote(raw, read->end, &escaped);
        struct jsonread_text inside = { raw, (size_t)(quote - raw) };

        read->at = quote + 1;
        if (!escaped)
                return inside;
        buffer_clear(&read->text);
        buffer_reserve(&read->text, inside.length + 1);
        inside.length = jsonscan_unescape(raw, inside.length, read->text.data);
        inside.text = read->text.data;
        return inside;
}

static json_t *build_string(struct jsonread *read)
{
        struct jsonread_text inside = jsonread_text(read);

        return json_stringn_nocheck(inside.text, inside.length);
}

/* Past a number; true: it is a real one. */
static bool pass_number(struct jsonread *read)
{
        bool real = false;

        for (; read->at < read->end && strchr("+-.0123456789eE", *read->at) && *read->at; read->at++)
                real = real || *read->at == '.' || *read->at == 'e' || *read->at == 'E';
        return real;
}

bool jsonread_integer(struct jsonread *read, int64_t *value)
{
        const char *start = read->at;
        int sign = 1;

        if (pass_number(read)) {
                read->at = start;
                return false;
        }
        if (*start == '-') {
                sign = -1;
                start++;
        }
        for (*value = 0; start < read->at; start++)
                *value = *value * 10 + sign * (*start - '0');
        return true;
}

static json_t *build_number(struct jsonread *read)
{
        const char *start = read->at;
        int64_t value;

        if (jsonread_integer(read, &value))
                return json_integer(value);
        pass_number(read);
        return json_loadb(start, (size_t)(read->at - start), JSON_DECODE_ANY, NULL);
}

char jsonread_word(struct jsonread *read)
{
        char c = *read->at;

        read->at += c == 'f' ? 5 : 4;
        return c;
}

static json_t *build_word(struct jsonread *read)
{
        char c = jsonread_word(read);

        return c == 't' ? json_true() : c == 'f' ? json_false() : json_null();
}

void jsonread_enter(struct jsonread *read)
{
        read->at++;
}

bool jsonread_next(struct jsonread *read)
{
        char c = jsonread_peek(read);

        if (c == ']' || c == '}') {
                read->at++;
                return false;
        }
        if (c == ',') {
                read->at++;
                jsonread_peek(read);
        }
        return true;
}

struct jsonread_text jsonread_key(struct jsonread *read)
{
        struct jsonread_text key = jsonread_text(read);

        jsonread_peek(read);
        read->at++; /* the colon */
        return key;
}

static json_t *build_array(struct jsonread *read)
{
        json_t *array = json_array();

        jsonread_enter(read);
        while (array && jsonread_next(read)) {
                if (json_array_append_new(array, build_value(read)) != 0) {
                        json_decref(array);
                        return NULL;
                }
        }
        return array;
}

/* Its key is used up before its value is read, for both may need the room for escapes. */
static int build_member(struct jsonread *read, json_t *object)
{
        struct jsonread_text key = jsonread_key(read);
        char *copy = key.text == read->text.data ? xstrndup(key.text, key.length) : NULL;
        int r = json_object_setn_new_nocheck(object, copy ? copy : key.text, key.length, build_value(read));

        free(copy);
        return r;
}

static json_t *build_object(struct jsonread *read)
{
        json_t *object = json_object();

        jsonread_enter(read);
        while (object && jsonread_next(read)) {
                if (build_member(read, object) != 0) {
                        json_decref(object);
                        return NULL;
                }
        }
        return object;
}

static json_t *build_value(struct jsonread *read)
{
        switch (jsonread_peek(read)) {
        case '{':
                return build_object(read);
        case '[':
                return build_array(read);
        case '"':
                return build_string(read);
        case 't':
        case 'f':
        case 'n':
                return build_word(read);
        default:
                return build_number(read);
        }
}

static void pass_string(struct jsonread *read)
{
        bool escaped;

        read->at = closing_quote(read->at + 1, read->end, &escaped) + 1;
}

/* To its closing bracket, which is the first as deep as its own: what is in it need not be told apart but for texts. */
static void pass_nested(struct jsonread *read)
{
        size_t depth = 0;

        do {
                char c = *read->at;

                if (c == '"') {
                        pass_string(read);
                        continue;
                }
                if (c == '{' || c == '[')
                        depth++;
                else if (c == '}' || c == ']')
                        depth--;
                read->at++;
        } while (depth > 0);
}

struct jsonread_text jsonread_raw(struct jsonread *read)
{
        char c = jsonread_peek(read);
        const char *start = read->at;

        if (c == '"')
                pass_string(read);
        else if (c == '{' || c == '[')
                pass_nested(read);
        else if (c == 't' || c == 'f' || c == 'n')
                jsonread_word(read);
        else
                pass_number(read);
        return (struct jsonread_text){ start, (size_t)(read->at - start) };
}

json_t *jsonbuild(const char *line, size_t length)
{
        struct jsonread read = JSONREAD(line, length);
        json_t *root = build_value(&read);

        buffer_deinit(&read.text);
        return root;
}
