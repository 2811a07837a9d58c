/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any object as the parameters of every method: what is read of it without a tree must be what validate_params() lets
 * pass of the tree, with the values that stand in the tree; and nothing that is flat and fits may be left to the tree.
 */
#include "api/arguments.h"

#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/validate.h"
#include "base/buffer.h"
#include "wire/jsonscan.h"

enum { LINE_BYTES = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
        if (!holds)
                abort();
}

/* Of a type that is judged in the tree alone. */
static bool is_for_the_tree(const struct method *method, const char *name)
{
        for (const struct param *param = method->params; param->name; param++)
                if (strcmp(param->name, name) == 0)
                        return param->type == PARAM_ANY || param->type == PARAM_ONE_OF;
        return false;
}

static bool is_flat(const struct method *method, json_t *tree)
{
        const char *name;
        json_t *value;

        json_object_foreach(tree, name, value)
        {
                if (json_is_null(value))
                        continue;
                if (json_is_object(value) || json_is_array(value) || json_is_real(value) ||
                        is_for_the_tree(method, name))
                        return false;
        }
        return json_object_size(tree) <= ARGUMENTS_MAX;
}

static void compare_value(const struct argument *argument, const json_t *value)
{
        switch (argument->type) {
        case ARGUMENT_NULL:
                check(json_is_null(value));
                return;
        case ARGUMENT_BOOL:
                check(json_is_boolean(value) && argument->boolean == json_is_true(value));
                return;
        case ARGUMENT_INT:
                check(json_is_integer(value) && argument->integer == json_integer_value(value));
                return;
        case ARGUMENT_TEXT:
                check(json_is_string(value) && strcmp(argument->text, json_string_value(value)) == 0);
                return;
        }
}

static void compare(const struct arguments *arguments, json_t *tree)
{
        const char *name;
        json_t *value;

        check(arguments->count == json_object_size(tree));
        json_object_foreach(tree, name, value)
        {
                const struct argument *argument = arguments_find(arguments, name);

                check(argument != NULL);
                compare_value(argument, value);
        }
}

static void look_at_method(const struct method *method, const char *line, size_t length, json_t *tree)
{
        struct buffer path = BUFFER_NULL, expected = BUFFER_NULL;
        char *room = xmalloc(length); /* of just that size, so that a byte beyond it is seen */
        struct arguments arguments;
        bool fits = validate_params(method, tree, &path, &expected);

        arguments_read(&arguments, method, line, length, room);
        check(arguments.are_read == (fits && is_flat(method, tree)));
        if (arguments.are_read)
                compare(&arguments, tree);
        free(room);
        buffer_deinit(&path);
        buffer_deinit(&expected);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct jsonscan found;
        const char *line = (const char *)data;
        json_t *tree;

        if (size == 0 || size > LINE_BYTES || *line != '{' ||
                jsonscan(line, size, SIZE_MAX, JSONSCAN_NESTING_MAX, &found) != 0)
                return 0;
        tree = json_loadb(line, size, JSON_REJECT_DUPLICATES, NULL);
        check(tree != NULL);
        for (size_t i = 0; method_table[i]; i++)
                look_at_method(method_table[i], line, size, tree);
        json_decref(tree);
        return 0;
}
