/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <stdint.h>
#include "base/cleanup.h"
#include "wire/jsonkeys.h"
#include "wire/jsonscan.h"
#include "wire/jsontoken.h"

/* What may come next. */
enum expect {
        EXPECT_VALUE,
        EXPECT_VALUE_OR_CLOSE, /* just past [ */
        EXPECT_KEY,
        EXPECT_KEY_OR_CLOSE, /* just past { */
        EXPECT_COLON,
        EXPECT_COMMA_OR_CLOSE,
        EXPECT_END,
};

struct level {
        uint32_t object; /* its number in the line; 0: an array */
        size_t keys; /* where its keys begin */
};

struct scanner {
        const char *start, *at, *end;
        enum expect expect;
        size_t depth, values, values_max, nesting_max;
        uint32_t objects;
        struct jsonkeys keys;
        struct level levels[JSONSCAN_NESTING_MAX];
};

static void scanner_after_value(struct scanner *s)
{
        s->expect = s->depth ? EXPECT_COMMA_OR_CLOSE : EXPECT_END;
}

static int scanner_open(struct scanner *s, bool object)
{
        if (s->depth >= s->nesting_max)
                return JSONSCAN_E_NESTING;
        s->levels[s->depth++] = (struct level){ object ? ++s->objects : 0, s->keys.count };
        s->expect = object ? EXPECT_KEY_OR_CLOSE : EXPECT_VALUE_OR_CLOSE;
        s->at++;
        return 0;
}

static int scanner_close(struct scanner *s, bool object)
{
        if (s->depth == 0 || (s->levels[s->depth - 1].object != 0) != object)
                return JSONSCAN_E_SYNTAX;
        s->depth--;
        jsonkeys_drop(&s->keys, s->levels[s->depth].keys);
        s->at++;
        scanner_after_value(s);
        return 0;
}

static int scanner_value(struct scanner *s)
{
        const char *past;
        bool escaped;
        char c = *s->at;
        if (c == '{' || c == '[') {
                if (++s->values > s->values_max)
                        return JSONSCAN_E_VALUES;
                return scanner_open(s, c == '{');
        }
        if (c == '"')
                past = jsontoken_string(s->at, s->end, &escaped);
        else if (c == '-' || (c >= '0' && c <= '9'))
                past = jsontoken_number(s->at, s->end);
        else
                past = jsontoken_word(s->at, s->end);
        if (!past)
                return JSONSCAN_E_SYNTAX;
        if (++s->values > s->values_max)
                return JSONSCAN_E_VALUES;
        s->at = past;
        scanner_after_value(s);
        return 0;
}

static int scanner_key(struct scanner *s)
{
        bool escaped;
        const char *past = *s->at == '"' ? jsontoken_string(s->at, s->end, &escaped) : NULL;
        if (!past)
                return JSONSCAN_E_SYNTAX;
        const struct level *level = &s->levels[s->depth - 1];
        if (!jsonkeys_add(
                    &s->keys, level->keys, level->object, s->at + 1, (size_t)(past - s->at) - 2, escaped))
                return JSONSCAN_E_SYNTAX;
        s->at = past;
        s->expect = EXPECT_COLON;
        return 0;
}

static int scanner_comma_or_close(struct scanner *s)
{
        bool object = s->levels[s->depth - 1].object != 0;
        if (*s->at != ',')
                return *s->at == (object ? '}' : ']') ? scanner_close(s, object) : JSONSCAN_E_SYNTAX;
        s->at++;
        s->expect = object ? EXPECT_KEY : EXPECT_VALUE;
        return 0;
}

/* One token, which is there. */
static int scanner_step(struct scanner *s)
{
        switch (s->expect) {
        case EXPECT_VALUE_OR_CLOSE:
                return *s->at == ']' ? scanner_close(s, false) : scanner_value(s);
        case EXPECT_VALUE:
                return scanner_value(s);
        case EXPECT_KEY_OR_CLOSE:
                return *s->at == '}' ? scanner_close(s, true) : scanner_key(s);
        case EXPECT_KEY:
                return scanner_key(s);
        case EXPECT_COLON:
                if (*s->at != ':')
                        return JSONSCAN_E_SYNTAX;
                s->at++;
                s->expect = EXPECT_VALUE;
                return 0;
        case EXPECT_COMMA_OR_CLOSE:
                return scanner_comma_or_close(s);
        case EXPECT_END:
                return JSONSCAN_E_SYNTAX;
        }
        return JSONSCAN_E_SYNTAX;
}

static bool is_space(char c)
{
        return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int scanner_run(struct scanner *s)
{
        for (;;) {
                while (s->at < s->end && is_space(*s->at))
                        s->at++;
                if (s->at == s->end)
                        return s->expect == EXPECT_END ? 0 : JSONSCAN_E_SYNTAX;
                int r = scanner_step(s);
                if (r)
                        return r;
        }
}

int jsonscan(const char *line, size_t length, size_t values, size_t nesting, struct jsonscan *found)
{
        struct scanner s;
        s.start = s.at = line;
        s.end = line + length;
        s.expect = EXPECT_VALUE;
        s.depth = s.values = 0;
        s.values_max = values;
        s.nesting_max = nesting < JSONSCAN_NESTING_MAX ? nesting : JSONSCAN_NESTING_MAX;
        s.objects = 0;
        jsonkeys_init(&s.keys);
        int r = scanner_run(&s);
        jsonkeys_deinit(&s.keys);
        found->offset = (size_t)(s.at - s.start);
        found->values = s.values;
        return r;
}
