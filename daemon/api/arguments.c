/* SPDX-License-Identifier: Apache-2.0 */
#include "api/arguments.h"

#include <string.h>

#include "api/validate.h"
#include "wire/jsonbuild.h"

struct reader {
        struct jsonread json;
        const struct method *method;
        const struct param *next; /* of the method's own rows: where the next is looked for first */
        char *room;
        size_t required; /* so many that are required were given */
};

static bool is_named(const struct param *param, struct jsonread_text name)
{
        return strncmp(param->name, name.text, name.length) == 0 && param->name[name.length] == '\0';
}

/* Among the rows from `from` on, up to `to` (NULL: their end). */
static const struct param *find_among(
        const struct param *from, const struct param *to, struct jsonread_text name)
{
        for (; from->name && from != to; from++)
                if (from->name[0] == name.text[0] && is_named(from, name))
                        return from;
        return NULL;
}

/* Clients give parameters in much the order of the table. */
static const struct param *find_row(struct reader *reader, struct jsonread_text name)
{
        const struct param *found;

        if (name.length == 0)
                return NULL;
        found = find_among(reader->next, NULL, name);
        if (!found)
                found = find_among(reader->method->params, reader->next, name);
        if (found) {
                reader->next = found + 1;
                return found;
        }
        found = find_among(envelope_deadline, NULL, name);
        if (!found && method_takes_key(reader->method))
                found = find_among(envelope_key, NULL, name);
        return found;
}

static bool read_text(struct reader *reader, struct argument *argument)
{
        struct jsonread_text inside = jsonread_text(&reader->json);

        argument->type = ARGUMENT_TEXT;
        argument->text = memcpy(reader->room, inside.text, inside.length);
        reader->room[inside.length] = '\0';
        reader->room += inside.length + 1;
        return param_takes_text(argument->param, argument->text, inside.length);
}

static bool read_integer(struct reader *reader, struct argument *argument)
{
        argument->type = ARGUMENT_INT;
        return jsonread_integer(&reader->json, &argument->integer) &&
               param_takes_int(argument->param, argument->integer);
}

static bool read_bool(struct reader *reader, struct argument *argument)
{
        argument->type = ARGUMENT_BOOL;
        argument->boolean = jsonread_word(&reader->json) == 't';
        return argument->param->type == PARAM_BOOL;
}

static bool read_null(struct reader *reader, struct argument *argument)
{
        argument->type = ARGUMENT_NULL;
        jsonread_word(&reader->json);
        return true;
}

/* Its row is known. */
static bool read_value(struct reader *reader, struct argument *argument)
{
        switch (jsonread_peek(&reader->json)) {
        case '"':
                return read_text(reader, argument);
        case 't':
        case 'f':
                return read_bool(reader, argument);
        case 'n':
                return read_null(reader, argument);
        case '{':
        case '[':
                return false;
        default:
                return read_integer(reader, argument);
        }
}

static uint32_t initial_of(const char *name)
{
        return UINT32_C(1) << (name[0] & 31);
}

static bool read_member(struct reader *reader, struct arguments *arguments)
{
        struct argument *argument = &arguments->list[arguments->count];

        if (arguments->count == ARGUMENTS_MAX)
                return false;
        argument->param = find_row(reader, jsonread_key(&reader->json));
        if (!argument->param || !read_value(reader, argument))
                return false;
        arguments->count++;
        arguments->initials |= initial_of(argument->param->name);
        reader->required += (argument->param->flags & PARAM_REQUIRED) && argument->type != ARGUMENT_NULL;
        return true;
}

static size_t count_required(const struct param *params)
{
        size_t count = 0;

        for (; params->name; params++)
                count += (params->flags & PARAM_REQUIRED) != 0;
        return count;
}

static bool read_all(struct reader *reader, struct arguments *arguments)
{
        jsonread_enter(&reader->json);
        while (jsonread_next(&reader->json))
                if (!read_member(reader, arguments))
                        return false;
        /* No name comes twice, and none of the envelope's is required. */
        return reader->required == count_required(reader->method->params);
}

void arguments_read(
        struct arguments *arguments, const struct method *method, const char *json, size_t length, char *room)
{
        struct reader reader = {
                .json = JSONREAD(json, length), .method = method, .next = method->params, .room = room
        };

        arguments->count = 0;
        arguments->initials = 0;
        arguments->are_read = read_all(&reader, arguments);
        buffer_deinit(&reader.json.text);
}

const struct argument *arguments_find(const struct arguments *arguments, const char *name)
{
        if (!(arguments->initials & initial_of(name)))
                return NULL;
        /* Whoever asks and the table of parameters mostly share the letters that were written out in both. */
        for (size_t i = 0; i < arguments->count; i++)
                if (arguments->list[i].param->name == name)
                        return &arguments->list[i];
        for (size_t i = 0; i < arguments->count; i++) {
                const char *given = arguments->list[i].param->name;

                if (given[0] == name[0] && strcmp(given, name) == 0)
                        return &arguments->list[i];
        }
        return NULL;
}
