/* SPDX-License-Identifier: Apache-2.0 */
#include "api/validate.h"

#include <string.h>

#include "api/params.h"
#include "base/slug.h"
#include "base/uuid.h"
#include "base/zone.h"

enum { ENVELOPE_DEADLINE_MAX_MS = 600000, NAME_BYTES_MAX = 300, CURSOR_BYTES_MAX = 1024 };

const struct param envelope_deadline[] = {
        { "deadline_ms", PARAM_INT, 0, 1, ENVELOPE_DEADLINE_MAX_MS, NULL, NULL, NULL, NULL,
                "give up when the work has not begun after so many milliseconds" },
        PARAM_END,
};
const struct param envelope_key[] = {
        { "request_key", PARAM_UUID, 0, 0, 0, NULL, NULL, NULL, NULL,
                "a repeat under the same key gives the first result again" },
        PARAM_END,
};

/* Where in the params it stands: a path is only written once something does not fit. */
struct step {
        const struct step *outer;
        const char *name; /* NULL: an element of an array */
        size_t index;
};

struct check {
        struct buffer *path, *expected;
        const struct step *step;
};

static bool check_value(struct check *check, const struct param *param, const json_t *value);

bool method_takes_key(const struct method *method)
{
        return (method->flags & METHOD_CHANGES) && !(method->flags & METHOD_NO_KEY);
}

void path_add_name(struct buffer *path, const char *name)
{
        for (; *name; name++) {
                if (*name == '~')
                        buffer_add_text(path, "~0");
                else if (*name == '/')
                        buffer_add_text(path, "~1");
                else
                        buffer_add_char(path, *name);
        }
}

static void path_write(const struct step *step, struct buffer *path)
{
        if (!step)
                return;
        path_write(step->outer, path);
        buffer_add_char(path, '/');
        if (!step->name)
                buffer_addf(path, "%zu", step->index);
        else
                path_add_name(path, step->name);
}

/* What stands here does not fit: `expected` is to be filled. */
static void unfit(struct check *check)
{
        buffer_clear(check->path);
        path_write(check->step, check->path);
        buffer_clear(check->expected);
}

static bool expect(struct check *check, const char *what)
{
        unfit(check);
        buffer_add_text(check->expected, what);
        return false;
}

/* A value a step further in; `name` NULL: an array's element. */
static bool check_inner(
        struct check *check, const char *name, size_t index, const struct param *param, const json_t *value)
{
        const struct step step = { check->step, name, index };
        bool fits;

        check->step = &step;
        fits = check_value(check, param, value);
        check->step = step.outer;
        return fits;
}

/* A member that does not fit, whatever its value. */
static bool expect_inner(struct check *check, const char *name, const char *what)
{
        const struct step step = { check->step, name, 0 };

        check->step = &step;
        expect(check, what);
        check->step = step.outer;
        return false;
}

static size_t utf8_length(const char *text)
{
        size_t characters = 0;

        for (; *text; text++)
                characters += ((unsigned char)*text & 0xc0) != 0x80;
        return characters;
}

static bool is_blank(const char *text)
{
        while (*text == ' ' || *text == '\t' || *text == '\r' || *text == '\n')
                text++;
        return *text == '\0';
}

static size_t text_max(const struct param *param)
{
        return param->max ? (size_t)param->max : PARAM_TEXT_MAX;
}

/* Long ones are bounded by what they take, others by their characters. */
static bool is_in_bytes(const struct param *param)
{
        return text_max(param) >= TEXT_LONG;
}

static bool is_long_enough(const struct param *param, const char *text, size_t bytes)
{
        if (param->min <= 0)
                return true;
        /* A text that is not empty need not be counted to have one character. */
        if (bytes < (size_t)param->min || is_blank(text))
                return false;
        return param->min == 1 || is_in_bytes(param) || utf8_length(text) >= (size_t)param->min;
}

static bool is_short_enough(const struct param *param, const char *text, size_t bytes)
{
        size_t max = text_max(param);

        /* No text has more characters than bytes, or fewer than a quarter of them. */
        if (bytes <= max)
                return true;
        return !is_in_bytes(param) && bytes <= 4 * max && utf8_length(text) <= max;
}

static bool expect_text(struct check *check, const struct param *param)
{
        unfit(check);
        buffer_addf(check->expected, "a text of %d to %zu %s", param->min > 0 ? (int)param->min : 0,
                text_max(param), is_in_bytes(param) ? "bytes" : "characters");
        return false;
}

bool param_takes_int(const struct param *param, int64_t value)
{
        return param->type == PARAM_INT &&
               ((param->min == 0 && param->max == 0) || (value >= param->min && value <= param->max));
}

static bool check_int(struct check *check, const struct param *param, const json_t *value)
{
        if (json_is_integer(value) && param_takes_int(param, json_integer_value(value)))
                return true;
        unfit(check);
        if (param->min == 0 && param->max == 0)
                buffer_add_text(check->expected, "a whole number");
        else
                buffer_addf(check->expected, "a whole number from %lld to %lld", (long long)param->min,
                        (long long)param->max);
        return false;
}

static bool is_word(const char *const *words, const char *text)
{
        for (size_t i = 0; words[i]; i++)
                if (strcmp(words[i], text) == 0)
                        return true;
        return false;
}

static bool expect_word(struct check *check, const struct param *param)
{
        unfit(check);
        buffer_add_text(check->expected, "one of");
        for (size_t i = 0; param->words[i]; i++)
                buffer_addf(check->expected, "%s \"%s\"", i ? "," : "", param->words[i]);
        return false;
}

static bool is_time_of_day(const char *text)
{
        return strlen(text) == 5 && text[2] == ':' && strspn(text, "0123456789") == 2 &&
               strspn(text + 3, "0123456789") == 2 && strncmp(text, "23", 2) <= 0 &&
               strncmp(text + 3, "59", 2) <= 0;
}

static bool is_colour(const char *text)
{
        return strlen(text) == 7 && text[0] == '#' && strspn(text + 1, "0123456789abcdefABCDEF") == 6;
}

static bool is_country(const char *text)
{
        return strlen(text) == 2 && text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'A' && text[1] <= 'Z';
}

static bool is_zone(const char *text)
{
        struct zone *zone = NULL;

        if (zone_load(text, &zone) != 0)
                return false;
        zone_free(zone);
        return true;
}

static bool check_period(struct check *check, const json_t *value)
{
        struct instant from, to;
        const char *first = json_string_value(json_array_get(value, 0));
        const char *second = json_string_value(json_array_get(value, 1));

        if (json_array_size(value) == 2 && first && second && instant_parse(first, &from) &&
                instant_parse(second, &to) && from.us < to.us)
                return true;
        return expect(check, "[from, to]: two RFC 3339 times, the first before the second");
}

bool param_takes_text(const struct param *param, const char *text, size_t length)
{
        struct instant instant;
        struct date date;
        struct uuid uuid;

        switch (param->type) {
        case PARAM_SLUG:
                return slug_is_valid(text);
        case PARAM_TEXT:
                return is_long_enough(param, text, length) && is_short_enough(param, text, length);
        case PARAM_INSTANT:
                return instant_parse(text, &instant);
        case PARAM_DATE:
                return date_parse(text, &date);
        case PARAM_TIME:
                return is_time_of_day(text);
        case PARAM_UUID:
                return uuid_parse(text, &uuid);
        case PARAM_WORD:
                return is_word(param->words, text);
        case PARAM_ZONE:
                return is_zone(text);
        case PARAM_COLOUR:
                return is_colour(text);
        case PARAM_COUNTRY:
                return is_country(text);
        case PARAM_CURSOR:
                return length <= CURSOR_BYTES_MAX;
        default:
                return false;
        }
}

/* The types whose value is a text. */
static bool check_string(struct check *check, const struct param *param, const json_t *value)
{
        const char *text = json_string_value(value);

        if (text && param_takes_text(param, text, json_string_length(value)))
                return true;
        switch (param->type) {
        case PARAM_SLUG:
                return expect(check, "a slug: [a-z0-9][a-z0-9._-]{0,63}");
        case PARAM_TEXT:
                return text ? expect_text(check, param) : expect(check, "a text");
        case PARAM_INSTANT:
                return expect(check, "an RFC 3339 time with an offset, like 2025-10-25T09:30:00+08:00");
        case PARAM_DATE:
                return expect(check, "a date, like 2025-10-25");
        case PARAM_TIME:
                return expect(check, "a time of day, like 08:30");
        case PARAM_UUID:
                return expect(check, "a UUID");
        case PARAM_WORD:
                return expect_word(check, param);
        case PARAM_ZONE:
                return expect(check, "an IANA time zone, like Asia/Shanghai");
        case PARAM_COLOUR:
                return expect(check, "a colour, like #1f77b4");
        case PARAM_COUNTRY:
                return expect(check, "a country's two letters (ISO 3166-1), like CN");
        case PARAM_CURSOR:
                return expect(check, "a cursor from an earlier answer");
        default:
                return false;
        }
}

static bool check_array(struct check *check, const struct param *param, const json_t *value)
{
        size_t size = json_array_size(value);

        if (!json_is_array(value))
                return expect(check, "an array");
        if ((param->min && size < (size_t)param->min) || (param->max && size > (size_t)param->max)) {
                unfit(check);
                buffer_addf(check->expected, "an array of %lld to %lld", (long long)param->min,
                        (long long)param->max);
                return false;
        }
        for (size_t i = 0; i < size && !(param->flags & PARAM_BY_ONE); i++) {
                if (!check_inner(check, NULL, i, param->items, json_array_get(value, i)))
                        return false;
        }
        return true;
}

static const struct param *param_find(const struct param *params, const char *name)
{
        for (; params->name; params++)
                if (strcmp(params->name, name) == 0)
                        return params;
        return NULL;
}

static bool check_required(struct check *check, const struct param *params, const json_t *object)
{
        for (; params->name; params++) {
                const json_t *value = NULL;

                if (!(params->flags & PARAM_REQUIRED))
                        continue;
                value = json_object_get(object, params->name);
                if (!value || json_is_null(value)) {
                        return expect_inner(check, params->name, "to be given");
                }
        }
        return true;
}

/* A map's, which are free, or one of some words. */
static bool check_name(struct check *check, const struct param *param, const char *name)
{
        if (param->words)
                return is_word(param->words, name) || expect_word(check, param);
        return (*name && utf8_length(name) <= 64) || expect(check, "a name of 1 to 64 characters");
}

static bool check_map(struct check *check, const struct param *param, const json_t *value)
{
        const char *name;
        json_t *item;

        if (!json_is_object(value))
                return expect(check, "an object");
        if (json_object_size(value) > PARAM_MAP_MAX)
                return expect(check, "at most 1000 members");
        json_object_foreach((json_t *)(uintptr_t)value, name, item)
        {
                const struct step step = { check->step, name, 0 };
                bool fits;

                if (strlen(name) > NAME_BYTES_MAX)
                        return expect(check, "names of at most 64 characters");
                check->step = &step;
                fits = check_name(check, param, name) && check_value(check, param->items, item);
                check->step = step.outer;
                if (!fits)
                        return false;
        }
        return true;
}

/* Members of an object; unknown ones are errors, never ignored. */
static bool check_members(struct check *check, const struct param *const *tables, const json_t *object)
{
        const char *name;
        json_t *value;

        if (!json_is_object(object))
                return expect(check, "an object");
        json_object_foreach((json_t *)(uintptr_t)object, name, value)
        {
                const struct param *param = NULL;

                if (strlen(name) > NAME_BYTES_MAX) /* too long to be repeated */
                        return expect(check, "no such parameter");
                for (size_t i = 0; tables[i] && !param; i++)
                        param = param_find(tables[i], name);
                if (!param)
                        return expect_inner(check, name, "no such parameter");
                if (!json_is_null(value) && !check_inner(check, name, 0, param, value))
                        return false;
        }
        for (size_t i = 0; tables[i]; i++)
                if (!check_required(check, tables[i], object))
                        return false;
        return true;
}

static bool check_one_of(struct check *check, const struct param *param, const json_t *value)
{
        for (const struct param *choice = param->members; choice->name; choice++)
                if (check_value(check, choice, value))
                        return true;
        return expect(check, param->summary);
}

static bool check_value(struct check *check, const struct param *param, const json_t *value)
{
        const struct param *tables[] = { param->members, NULL };

        switch (param->type) {
        case PARAM_INT:
                return check_int(check, param, value);
        case PARAM_BOOL:
                return json_is_boolean(value) || expect(check, "true or false");
        case PARAM_PERIOD:
                return check_period(check, value);
        case PARAM_ARRAY:
                return check_array(check, param, value);
        case PARAM_OBJECT:
                return check_members(check, tables, value);
        case PARAM_MAP:
                return check_map(check, param, value);
        case PARAM_ONE_OF:
                return check_one_of(check, param, value);
        case PARAM_ANY:
                return true;
        case PARAM_NULL:
                return json_is_null(value) || expect(check, "null");
        case PARAM_SLUG:
        case PARAM_TEXT:
        case PARAM_INSTANT:
        case PARAM_DATE:
        case PARAM_TIME:
        case PARAM_UUID:
        case PARAM_WORD:
        case PARAM_ZONE:
        case PARAM_COLOUR:
        case PARAM_COUNTRY:
        case PARAM_CURSOR:
                return check_string(check, param, value);
        }
        return false;
}

bool validate_params(
        const struct method *method, const json_t *params, struct buffer *path, struct buffer *expected)
{
        struct check check = { path, expected, NULL };
        const struct param *tables[] = { method->params, envelope_deadline,
                method_takes_key(method) ? envelope_key : NULL, NULL };

        buffer_clear(path);
        buffer_clear(expected);
        return check_members(&check, tables, params);
}

bool validate_object(
        const struct param *params, const json_t *object, struct buffer *path, struct buffer *expected)
{
        struct check check = { path, expected, NULL };
        const struct param *tables[] = { params, NULL };

        buffer_clear(path);
        buffer_clear(expected);
        return check_members(&check, tables, object);
}
