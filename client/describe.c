/* SPDX-License-Identifier: Apache-2.0 */
/* usher describe [METHOD], and the hidden `usher complete [METHOD]` that completion in a shell asks. */
#include <string.h>
#include "client/catalogue.h"
#include "client/complain.h"
#include "client/schema_words.h"
#include "client/sheet.h"
#include "client/usher.h"

static void heading_add(const struct usher *usher, const char *text, struct buffer *out)
{
        buffer_addf(out, usher->screen.colour ? "\x1b[1m%s\x1b[0m\n" : "%s\n", text);
}

static void sheet_text(struct sheet *sheet, size_t column, json_t *text)
{
        sheet_cell(sheet, column, json_is_string(text) ? json_string_value(text) : "", false);
}

/* Methods come in the order of their names, so a noun's stand together. */
static void describe_all(const struct usher *usher, json_t *methods, struct buffer *out)
{
        _cleanup_(sheet_freep) struct sheet *sheet = sheet_new();
        char noun[64] = "";
        const char *name;
        json_t *description;

        sheet_column(sheet, "method");
        sheet_column(sheet, "role");
        sheet_column(sheet, "summary");
        json_object_foreach(methods, name, description)
        {
                size_t length = strcspn(name, ".");
                _cleanup_(buffer_deinit) struct buffer indented = BUFFER_NULL;

                if (length >= sizeof(noun))
                        length = sizeof(noun) - 1;
                if (strncmp(noun, name, length) != 0 || noun[length]) {
                        memcpy(noun, name, length);
                        noun[length] = '\0';
                        sheet_row(sheet);
                        sheet_cell(sheet, 0, noun, false);
                }
                buffer_addf(&indented, "  %s", name);
                sheet_row(sheet);
                sheet_cell(sheet, 0, buffer_text(&indented), false);
                sheet_text(sheet, 1, json_object_get(description, "role"));
                sheet_text(sheet, 2, json_object_get(description, "summary"));
        }
        sheet_write(sheet, usher->screen.columns, false, usher->screen.colour, out);
}

static void params_add(const struct usher *usher, json_t *params, struct buffer *out)
{
        _cleanup_(sheet_freep) struct sheet *sheet = sheet_new();
        const char *name;
        json_t *schema;

        sheet_column(sheet, "name");
        sheet_column(sheet, "required");
        sheet_column(sheet, "type");
        sheet_column(sheet, "summary");
        json_object_foreach(json_object_get(params, "properties"), name, schema)
        {
                _cleanup_(buffer_deinit) struct buffer indented = BUFFER_NULL;
                _cleanup_(buffer_deinit) struct buffer words = BUFFER_NULL;
                json_t *fallback = json_object_get(schema, "default");

                buffer_addf(&indented, "  %s%s", name, schema_is_text(schema) ? "=" : ":=");
                schema_words(schema, false, &words);
                if (fallback) {
                        char *text = json_dumps(fallback, JSON_ENCODE_ANY | JSON_COMPACT);

                        buffer_addf(&words, "; else %s", text ? text : "");
                        free(text);
                }
                sheet_row(sheet);
                sheet_cell(sheet, 0, buffer_text(&indented), false);
                sheet_cell(sheet, 1, schema_requires(params, name) ? "required" : "", false);
                sheet_cell(sheet, 2, buffer_text(&words), false);
                sheet_text(sheet, 3, json_object_get(schema, "description"));
        }
        sheet_write(sheet, usher->screen.columns, false, usher->screen.colour, out);
}

static void result_add(const struct usher *usher, json_t *result, struct buffer *out)
{
        _cleanup_(sheet_freep) struct sheet *sheet = sheet_new();
        const char *name;
        json_t *schema;

        sheet_column(sheet, "name");
        sheet_column(sheet, "type");
        json_object_foreach(json_object_get(result, "properties"), name, schema)
        {
                _cleanup_(buffer_deinit) struct buffer indented = BUFFER_NULL;
                _cleanup_(buffer_deinit) struct buffer words = BUFFER_NULL;

                buffer_addf(&indented, "  %s%s", name, schema_requires(result, name) ? "" : "?");
                schema_words(schema, true, &words);
                sheet_row(sheet);
                sheet_cell(sheet, 0, buffer_text(&indented), false);
                sheet_cell(sheet, 1, buffer_text(&words), false);
        }
        sheet_write(sheet, usher->screen.columns, false, usher->screen.colour, out);
}

static void describe_one(const struct usher *usher, const char *name, json_t *description, struct buffer *out)
{
        const char *summary = json_string_value(json_object_get(description, "summary"));
        const char *role = json_string_value(json_object_get(description, "role"));
        json_t *errors = json_object_get(description, "errors");

        heading_add(usher, name, out);
        buffer_addf(out, "  %s\n  role %s, %s\n\n", summary ? summary : "", role ? role : "?",
                json_is_true(json_object_get(description, "changes")) ? "changes state" : "changes nothing");
        heading_add(usher, "Parameters", out);
        params_add(usher, json_object_get(description, "params"), out);
        buffer_add_char(out, '\n');
        heading_add(usher, "Result", out);
        result_add(usher, json_object_get(description, "result"), out);
        if (!json_array_size(errors))
                return;
        buffer_add_char(out, '\n');
        heading_add(usher, "Errors", out);
        buffer_add_text(out, "  ");
        present_value(errors, out);
        buffer_add_char(out, '\n');
}

static int describe_show(struct usher *usher, const char *method, json_t *result)
{
        _cleanup_(buffer_deinit) struct buffer out = BUFFER_NULL;
        json_t *methods = json_object_get(result, "methods");

        if (usher->screen.json)
                present_json(&usher->screen, result, &out);
        else if (method)
                describe_one(usher, method, json_object_get(methods, method), &out);
        else
                describe_all(usher, methods, &out);
        return usher_print(&out);
}

/* A method that is not there is asked for by its own name once more, to be told which one was meant. */
static void describe_complain(struct usher *usher, const char *method, json_t *params, json_t *error)
{
        const char *kind = json_string_value(json_object_get(json_object_get(error, "data"), "kind"));
        _cleanup_(buffer_deinit) struct buffer words = BUFFER_NULL;

        complain_error(usher, "server.describe", params, error);
        if (method && kind && strcmp(kind, "not_found") == 0)
                catalogue_suggest(usher, method, &words);
        fputs(buffer_text(&words), stderr);
}

/* One method, or all of them (NULL). */
int describe_method(struct usher *usher, const char *method)
{
        json_t *params = method ? json_pack("{s:s}", "method", method) : json_object();
        struct usher_reply reply = { NULL, NULL };
        int status;

        if (!params)
                return usher_misused("the method's name is not UTF-8");
        status = usher_connect(usher);
        if (!status)
                status = usher_call(usher, "server.describe", params, &reply);
        if (!status && reply.error) {
                describe_complain(usher, method, params, reply.error);
                status = EXIT_REFUSED;
        } else if (!status) {
                status = describe_show(usher, method, reply.result);
        }
        usher_reply_deinit(&reply);
        json_decref(params);
        return status;
}

int describe_run(struct usher *usher)
{
        if (usher->options.word_count > 2)
                return usher_misused("describe takes one method");
        return describe_method(usher, usher->options.word_count > 1 ? usher->options.words[1] : NULL);
}

/* One word a line: methods, or with a method the beginnings of its parameters. Completion says nothing when it cannot. */
int complete_run(struct usher *usher)
{
        const char *method = usher->options.word_count > 1 ? usher->options.words[1] : NULL;
        int status = usher_connect(usher);
        json_t *methods, *of;
        const char *name;
        json_t *schema;

        if (status)
                return status;
        methods = catalogue_get(usher, method);
        of = methods;
        if (method)
                of = json_object_get(
                        json_object_get(json_object_get(methods, method), "params"), "properties");
        json_object_foreach(of, name, schema)
        {
                const char *sign = !method ? "" : schema_is_text(schema) ? "=" : ":=";

                printf("%s%s\n", name, sign);
        }
        json_decref(methods);
        return EXIT_ANSWERED;
}
