/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/jsonbuild.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "base/buffer.h"
#include "wire/jsonscan.h"

struct builder {
        const char *at, *end;
        struct buffer text; /* an escaped string, resolved */
};

/* A string's inside, escapes resolved; good until the next. */
struct inside {
        const char *text;
        size_t length;
};

static json_t *build_value(struct builder *b);

static char peek(struct builder *b)
{
        while (b->at < b->end && (*b->at == ' ' || *b->at == '\t' || *b->at == '\r' || *b->at == '\n'))
                b->at++;
        return b->at < b->end ? *b->at : '\0';
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

static struct inside build_inside(struct builder *b)
{
        const char *raw = b->at + 1;
        bool escaped;
        const char *quote = closing_quote(raw, b->end, &escaped);
        struct inside inside = { raw, (size_t)(quote - raw) };

        b->at = quote + 1;
        if (!escaped)
                return inside;
        buffer_clear(&b->text);
        buffer_reserve(&b->text, inside.length + 1);
        inside.length = jsonscan_unescape(raw, inside.length, b->text.data);
        inside.text = b->text.data;
        return inside;
}

static json_t *build_string(struct builder *b)
{
        struct inside inside = build_inside(b);

        return json_stringn_nocheck(inside.text, inside.length);
}

static json_t *build_number(struct builder *b)
{
        const char *start = b->at;
        bool real = false;
        long long value = 0;
        int sign = 1;

        for (; b->at < b->end && strchr("+-.0123456789eE", *b->at) && *b->at; b->at++)
                real = real || *b->at == '.' || *b->at == 'e' || *b->at == 'E';
        if (real)
                return json_loadb(start, (size_t)(b->at - start), JSON_DECODE_ANY, NULL);
        if (*start == '-') {
                sign = -1;
                start++;
        }
        for (; start < b->at; start++)
                value = value * 10 + sign * (*start - '0');
        return json_integer(value);
}

static json_t *build_word(struct builder *b)
{
        char c = *b->at;

        b->at += c == 'f' ? 5 : 4;
        return c == 't' ? json_true() : c == 'f' ? json_false() : json_null();
}

static json_t *build_array(struct builder *b)
{
        json_t *array = json_array();

        b->at++;
        while (array && peek(b) != ']') {
                if (*b->at == ',')
                        b->at++;
                if (json_array_append_new(array, build_value(b)) != 0) {
                        json_decref(array);
                        return NULL;
                }
        }
        b->at++;
        return array;
}

/* Its key is used up before its value is read, for both may need the room for escapes. */
static int build_member(struct builder *b, json_t *object)
{
        struct inside key = build_inside(b);
        char *copy = key.text == b->text.data ? xstrndup(key.text, key.length) : NULL;
        int r;

        peek(b);
        b->at++; /* the colon */
        r = json_object_setn_new_nocheck(object, copy ? copy : key.text, key.length, build_value(b));
        free(copy);
        return r;
}

static json_t *build_object(struct builder *b)
{
        json_t *object = json_object();

        b->at++;
        while (object && peek(b) != '}') {
                if (*b->at == ',') {
                        b->at++;
                        peek(b);
                }
                if (build_member(b, object) != 0) {
                        json_decref(object);
                        return NULL;
                }
        }
        b->at++;
        return object;
}

static json_t *build_value(struct builder *b)
{
        switch (peek(b)) {
        case '{':
                return build_object(b);
        case '[':
                return build_array(b);
        case '"':
                return build_string(b);
        case 't':
        case 'f':
        case 'n':
                return build_word(b);
        default:
                return build_number(b);
        }
}

json_t *jsonbuild(const char *line, size_t length)
{
        struct builder b = { line, line + length, BUFFER_NULL };
        json_t *root = build_value(&b);

        buffer_deinit(&b.text);
        return root;
}
