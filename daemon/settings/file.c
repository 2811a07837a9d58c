/* SPDX-License-Identifier: Apache-2.0 */
#include "settings/file.h"

#include <errno.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "settings/table.h"

#define SETTINGS_COUNT_MAX 128

struct file_reader {
        struct settings *settings;
        const char *path;
        struct buffer *why;
        FILE *stream;
        unsigned line; /* of what is being handled: inih does not tell it */
        bool continuation; /* that line is indented: it goes on with the setting before */
        const struct setting *last;
        unsigned given[SETTINGS_COUNT_MAX]; /* by row: the line it first stood on */
        struct buffer text; /* a setting's value with what went on */
};

DEFINE_CLEANUP(FILE *, fclose);

static void complain(struct file_reader *reader, const char *section, const char *name, const char *what)
{
        buffer_addf(reader->why, "%s:%u: [%s] %s: %s\n", reader->path, reader->line, section, name, what);
}

/* inih's line source, which lets us count lines and see indentation. */
static char *line_read(char *out, int size, void *context)
{
        struct file_reader *reader = context;

        if (!fgets(out, size, reader->stream))
                return NULL;
        reader->line++;
        reader->continuation = *out == ' ' || *out == '\t';
        if (!strchr(out, '\n') && !feof(reader->stream)) {
                int c;

                buffer_addf(reader->why,
                        "%s:%u: expected at most %d bytes in a line (an indented line goes on)\n",
                        reader->path, reader->line, size - 2);
                while ((c = fgetc(reader->stream)) != EOF && c != '\n')
                        ;
                strcpy(out, "\n");
        }
        return out;
}

static void value_take(struct file_reader *reader, const struct setting *setting, const char *value)
{
        _cleanup_(buffer_deinit) struct buffer what = BUFFER_NULL;
        const char *problem = setting->type == SETTING_LISTEN ? setting_address_problem(value) : NULL;

        if (setting_assign(reader->settings, setting, value))
                return;
        buffer_add_text(&what, "expected ");
        setting_expected(setting, &what);
        complain(reader, setting->section, setting->name, problem ? problem : buffer_text(&what));
}

static void value_continue(
        struct file_reader *reader, const char *section, const char *name, const char *value)
{
        if (!reader->last || reader->last->type != SETTING_TEXT) {
                complain(reader, section, name, "only a text goes on in an indented line");
                return;
        }
        buffer_add_char(&reader->text, ' ');
        buffer_add_text(&reader->text, value);
        value_take(reader, reader->last, buffer_text(&reader->text));
}

/* Always 1: complaints are collected, so what inih itself reports is a line that is no setting at all. */
static int setting_handle(void *context, const char *section, const char *name, const char *value)
{
        struct file_reader *reader = context;
        const struct setting *setting = setting_find(section, name);
        unsigned *given;

        if (reader->continuation && reader->last && strcmp(reader->last->name, name) == 0) {
                value_continue(reader, section, name, value);
                return 1;
        }
        reader->last = setting;
        if (!setting) {
                complain(reader, section, name, "no such setting");
                return 1;
        }
        given = &reader->given[setting - setting_table];
        if (*given && setting->type != SETTING_LISTEN) {
                _cleanup_(buffer_deinit) struct buffer what = BUFFER_NULL;

                buffer_addf(&what, "given before, on line %u", *given);
                complain(reader, section, name, buffer_text(&what));
                return 1;
        }
        if (!*given) {
                *given = reader->line;
                setting_clear(reader->settings, setting);
        }
        buffer_clear(&reader->text);
        buffer_add_text(&reader->text, value);
        value_take(reader, setting, value);
        return 1;
}

bool settings_file_read(struct settings *settings, const char *path, bool missing_is_fine, struct buffer *why)
{
        _cleanup_(fclosep) FILE *stream = fopen(path, "re");
        struct file_reader reader = { .settings = settings, .path = path, .why = why, .stream = stream };
        int first_bad;

        if (!stream) {
                if (!missing_is_fine || errno != ENOENT)
                        buffer_addf(why, "%s: %s\n", path, strerror(errno));
                return false;
        }
        first_bad = ini_parse_stream(line_read, &reader, setting_handle, &reader);
        if (first_bad > 0)
                buffer_addf(why, "%s:%d: expected [section] or name = value\n", path, first_bad);
        else if (first_bad < 0 || ferror(stream))
                buffer_addf(why, "%s: could not be read\n", path);
        buffer_deinit(&reader.text);
        return true;
}
