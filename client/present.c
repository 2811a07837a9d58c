/* SPDX-License-Identifier: Apache-2.0 */
#include "client/present.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "client/sheet.h"
#include "client/text_width.h"

static size_t terminal_columns(void)
{
        struct winsize size;
        const char *given = getenv("COLUMNS");
        long columns = given ? strtol(given, NULL, 10) : 0;

        if (columns > 0)
                return (size_t)columns;
        return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

struct screen screen_find(enum output output)
{
        bool terminal = isatty(STDOUT_FILENO);
        const char *no_colour = getenv("NO_COLOR");
        const char *kind = getenv("TERM");

        return (struct screen){
                .terminal = terminal,
                .colour = terminal && !(no_colour && *no_colour) && !(kind && strcmp(kind, "dumb") == 0),
                .json = output == OUTPUT_JSON || (output == OUTPUT_DEFAULT && !terminal),
                .columns = terminal ? terminal_columns() : 0,
        };
}

/* ---- JSON ---- */

/* jansson escapes what stands below a blank; DEL and the C1 controls, which old terminals obey too, are left to us. */
static void json_text_safe(const char *text, struct buffer *out)
{
        for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
                if (*at == 0x7F) {
                        buffer_add_text(out, "\\u007F");
                } else if (at[0] == 0xC2 && at[1] >= 0x80 && at[1] < 0xA0) {
                        buffer_addf(out, "\\u%04X", at[1]);
                        at++;
                } else {
                        buffer_add_char(out, (char)*at);
                }
        }
}

void present_json(const struct screen *screen, json_t *value, struct buffer *out)
{
        size_t how = screen->terminal ? JSON_INDENT(2) : JSON_COMPACT;
        _cleanup_(freep) char *text = json_dumps(value, how | JSON_ENCODE_ANY);

        if (!text)
                return;
        if (screen->terminal)
                json_text_safe(text, out);
        else
                buffer_add_text(out, text);
        buffer_add_char(out, '\n');
}

/* ---- values in a few words ---- */

static const char *member_text(json_t *object, const char *name)
{
        return json_string_value(json_object_get(object, name));
}

/* What bears a title or a name is known by it: "10:10-10:50 Opening", "Liu Yan (chair)"; its own answer tells the rest. */
static bool object_gist(json_t *object, struct buffer *out)
{
        const char *title = member_text(object, "title"), *name = member_text(object, "name");
        const char *start = member_text(object, "start"), *end = member_text(object, "end");
        const char *role = member_text(object, "role");

        if (json_object_size(object) <= 2 || (!title && !name))
                return false;
        if (start && end && strlen(start) > 16 && strlen(end) > 16)
                buffer_addf(out, "%.5s-%.5s ", start + 11, end + 11);
        buffer_add_text(out, name ? name : title);
        if (role)
                buffer_addf(out, " (%s)", role);
        return true;
}

/* {speaker: "liu-yan", role: "chair"} is "liu-yan (chair)"; anything larger is its members by name. */
static void object_words(json_t *object, struct buffer *out)
{
        const char *name;
        json_t *member;
        size_t count = 0;

        if (object_gist(object, out))
                return;
        if (json_object_size(object) == 2) {
                json_object_foreach(object, name, member)
                {
                        if (count++ == 0) {
                                present_value(member, out);
                        } else if (!json_is_null(member)) {
                                buffer_add_text(out, " (");
                                present_value(member, out);
                                buffer_add_char(out, ')');
                        }
                }
                return;
        }
        json_object_foreach(object, name, member)
        {
                if (json_is_null(member))
                        continue;
                buffer_addf(out, "%s%s=", count++ ? " " : "", name);
                present_value(member, out);
        }
}

static void array_words(json_t *array, struct buffer *out)
{
        for (size_t i = 0; i < json_array_size(array); i++) {
                json_t *item = json_array_get(array, i);
                bool period = json_is_array(item) && json_array_size(item) == 2;

                if (i)
                        buffer_add_text(out, ", ");
                if (period) {
                        present_value(json_array_get(item, 0), out);
                        buffer_add_text(out, " … ");
                        present_value(json_array_get(item, 1), out);
                } else {
                        present_value(item, out);
                }
        }
}

void present_value(json_t *value, struct buffer *out)
{
        switch (json_typeof(value)) {
        case JSON_OBJECT:
                object_words(value, out);
                return;
        case JSON_ARRAY:
                array_words(value, out);
                return;
        case JSON_STRING:
                buffer_add_text(out, json_string_value(value));
                return;
        case JSON_INTEGER:
                buffer_addf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
                return;
        case JSON_REAL:
                buffer_addf(out, "%.15g", json_real_value(value));
                return;
        case JSON_TRUE:
                buffer_add_text(out, "yes");
                return;
        case JSON_FALSE:
                buffer_add_text(out, "no");
                return;
        case JSON_NULL:
                return;
        }
}

/* ---- tables ---- */

static bool list_of_objects(json_t *value)
{
        for (size_t i = 0; i < json_array_size(value); i++) {
                if (!json_is_object(json_array_get(value, i)))
                        return false;
        }
        return json_array_size(value) > 0;
}

static void sheet_member(struct sheet *sheet, size_t column, json_t *member)
{
        _cleanup_(buffer_deinit) struct buffer text = BUFFER_NULL;

        present_value(member, &text);
        sheet_cell(sheet, column, buffer_text(&text), json_is_number(member));
}

void present_list(const struct screen *screen, json_t *list, struct buffer *out)
{
        _cleanup_(sheet_freep) struct sheet *sheet = sheet_new();
        bool objects = list_of_objects(list);

        for (size_t i = 0; i < json_array_size(list); i++) {
                json_t *item = json_array_get(list, i);
                const char *name;
                json_t *member;

                sheet_row(sheet);
                if (!objects)
                        sheet_member(sheet, sheet_column(sheet, ""), item);
                json_object_foreach(item, name, member)
                {
                        bool shown = objects && !(screen->columns && strcmp(name, "guid") == 0);

                        if (shown)
                                sheet_member(sheet, sheet_column(sheet, name), member);
                }
        }
        sheet_write(sheet, screen->columns, objects, screen->colour, out);
}

const char *present_next(json_t *result)
{
        return json_string_value(json_object_get(result, "next"));
}

/* What has its place below the names and values: lists of objects, and objects that hold some. */
static bool stands_alone(json_t *member)
{
        if (json_is_array(member))
                return list_of_objects(member) && json_object_size(json_array_get(member, 0)) > 0;
        return false;
}

/* Names and values of an object; those of objects in it as "outer.inner". */
static void object_rows(struct sheet *sheet, const char *prefix, json_t *object)
{
        const char *name;
        json_t *member;

        json_object_foreach(object, name, member)
        {
                _cleanup_(buffer_deinit) struct buffer path = BUFFER_NULL;
                _cleanup_(buffer_deinit) struct buffer text = BUFFER_NULL;

                if (json_is_null(member) || stands_alone(member) || strcmp(name, "next") == 0)
                        continue;
                buffer_addf(&path, "%s%s%s", prefix, *prefix ? "." : "", name);
                if (json_is_object(member)) {
                        object_rows(sheet, buffer_text(&path), member);
                        continue;
                }
                present_value(member, &text);
                sheet_row(sheet);
                sheet_cell(sheet, 0, buffer_text(&path), false);
                sheet_cell(sheet, 1, text.length ? buffer_text(&text) : "-", false);
        }
}

static void object_lists(
        const struct screen *screen, const char *prefix, json_t *object, bool titled, struct buffer *out)
{
        const char *name;
        json_t *member;

        json_object_foreach(object, name, member)
        {
                _cleanup_(buffer_deinit) struct buffer path = BUFFER_NULL;

                buffer_addf(&path, "%s%s%s", prefix, *prefix ? "." : "", name);
                if (json_is_object(member))
                        object_lists(screen, buffer_text(&path), member, titled, out);
                if (!stands_alone(member))
                        continue;
                if (titled) {
                        buffer_add_text(out, out->length ? "\n" : "");
                        text_add_clean(out, buffer_text(&path), false);
                        buffer_add_text(out, ":\n");
                }
                present_list(screen, member, out);
        }
}

/* What the answer is made for: a file's text, shown as it is. */
static bool object_body(json_t *result, struct buffer *out)
{
        const char *body = json_string_value(json_object_get(result, "body"));

        if (!body || !json_object_get(result, "content_type"))
                return false;
        text_add_clean(out, body, true);
        if (*body && body[strlen(body) - 1] != '\n')
                buffer_add_char(out, '\n');
        return true;
}

static bool only_a_list(json_t *result)
{
        size_t others = json_object_size(result) - (json_object_get(result, "next") != NULL);

        return others == 1;
}

void present_result(const struct screen *screen, json_t *result, struct buffer *out)
{
        _cleanup_(sheet_freep) struct sheet *sheet = NULL;

        if (screen->json) {
                present_json(screen, result, out);
                return;
        }
        if (json_is_array(result)) {
                present_list(screen, result, out);
                return;
        }
        if (!json_is_object(result)) {
                _cleanup_(buffer_deinit) struct buffer text = BUFFER_NULL;

                present_value(result, &text);
                text_add_clean(out, buffer_text(&text), true);
                buffer_add_char(out, '\n');
                return;
        }
        if (object_body(result, out))
                return;
        sheet = sheet_new();
        sheet_column(sheet, "name");
        sheet_column(sheet, "value");
        object_rows(sheet, "", result);
        sheet_write(sheet, only_a_list(result) ? 0 : screen->columns, false, screen->colour, out);
        object_lists(screen, "", result, !only_a_list(result), out);
}
