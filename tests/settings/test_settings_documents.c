/* SPDX-License-Identifier: Apache-2.0 */
/* config/usherd.conf and docs/usherd.conf.5 say what the table of settings says, row by row and in its order. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "settings/table.h"

#define CONF SOURCE_ROOT "/config/usherd.conf"
#define MAN SOURCE_ROOT "/docs/usherd.conf.5"

static char *document_read(const char *path)
{
        struct buffer text = BUFFER_NULL;
        FILE *file = fopen(path, "r");
        char part[4096];
        size_t n;

        ck_assert_msg(file, "%s is missing", path);
        while ((n = fread(part, 1, sizeof(part), file)) > 0)
                buffer_add(&text, part, n);
        fclose(file);
        return buffer_steal(&text);
}

/* A summary may be wrapped anywhere: line ends, and the comment sign with a blank after them, are only layout. */
static char *unwrapped(const char *text)
{
        struct buffer out = BUFFER_NULL;

        for (const char *c = text; *c; c++) {
                buffer_add_char(&out, *c == '\n' ? ' ' : *c);
                if (*c == '\n' && c[1] == '#' && c[2] == ' ')
                        c += 2;
        }
        return buffer_steal(&out);
}

/* Each row's stanza stands after the one before: one that is missing or out of order is not found. */
static void documents_every_row(const char *path, void (*stanza)(const struct setting *, struct buffer *))
{
        char *raw = document_read(path), *text = unwrapped(raw);
        const char *at = text, *section = "";

        for (const struct setting *s = setting_table; s->name; s++) {
                struct buffer expected = BUFFER_NULL;

                if (strcmp(s->section, section) != 0) {
                        section = s->section;
                        buffer_addf(&expected, "[%s]", section);
                        at = strstr(at, buffer_text(&expected));
                        ck_assert_msg(at, "%s: section [%s] is missing or out of order", path, section);
                        buffer_clear(&expected);
                }
                stanza(s, &expected);
                at = strstr(at, buffer_text(&expected));
                ck_assert_msg(at, "%s: expected after the row before: %s", path, buffer_text(&expected));
                at += expected.length - 1;
                buffer_deinit(&expected);
        }
        free(raw);
        free(text);
}

/* Lines that begin so (what follows is no blank) and contain the other text. */
static size_t count_lines(const char *path, const char *beginning, const char *containing)
{
        char *text = document_read(path);
        size_t n = 0, length = strlen(beginning);

        for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
                if (strncmp(line, beginning, length) == 0 && line[length] != ' ' && strstr(line, containing))
                        n++;
        free(text);
        return n;
}

static size_t row_count(void)
{
        size_t n = 0;

        while (setting_table[n].name)
                n++;
        return n;
}

static void conf_stanza(const struct setting *s, struct buffer *out)
{
        buffer_addf(out, " %s Expected: ", s->summary);
        setting_expected(s, out);
        buffer_addf(out, ". #%s =%s%s ", s->name, *s->fallback ? " " : "", s->fallback);
}

static void man_stanza(const struct setting *s, struct buffer *out)
{
        buffer_addf(out, " .It Ic %s %s Expected: ", s->name, s->summary);
        setting_expected(s, out);
        if (*s->fallback)
                buffer_addf(out, ". Default: .Ql %s . ", s->fallback);
        else
                buffer_add_text(out, ". Unset by default. ");
}

START_TEST(the_file_lists_every_setting_with_its_default)
{
        documents_every_row(CONF, conf_stanza);
        ck_assert_uint_eq(count_lines(CONF, "#", " ="), row_count());
}
END_TEST

START_TEST(the_manual_lists_every_setting_with_its_default)
{
        documents_every_row(MAN, man_stanza);
        ck_assert_uint_eq(count_lines(MAN, ".It Ic ", ""), row_count());
}
END_TEST

START_TEST(the_file_as_shipped_changes_nothing)
{
        char usherd[] = "usherd", option[] = "-c", conf[] = CONF;
        char *argv[] = { usherd, option, conf, NULL };
        struct settings settings = SETTINGS_NULL;
        struct buffer why = BUFFER_NULL;

        ck_assert_int_eq(settings_read(&settings, 3, argv, &why), 0);
        ck_assert_uint_eq(settings.lanes, 3);
        settings_deinit(&settings);
        buffer_deinit(&why);
}
END_TEST

START_TEST(every_default_is_a_value_its_row_takes)
{
        struct settings settings = SETTINGS_NULL;

        for (const struct setting *s = setting_table; s->name; s++)
                ck_assert_msg(setting_assign(&settings, s, s->fallback), "[%s] %s", s->section, s->name);
        settings_deinit(&settings);
}
END_TEST

/* `test_settings_documents conf|man` prints the stanzas, for whoever adds a row. */
static int stanzas_print(const char *document)
{
        for (const struct setting *s = setting_table; s->name; s++) {
                struct buffer out = BUFFER_NULL;

                (strcmp(document, "man") == 0 ? man_stanza : conf_stanza)(s, &out);
                printf("[%s]%s\n", s->section, buffer_text(&out));
                buffer_deinit(&out);
        }
        return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
        Suite *suite = suite_create("settings_documents");
        TCase *cases = tcase_create("settings_documents");
        SRunner *runner;
        int failed;

        if (argc == 2)
                return stanzas_print(argv[1]);
        tcase_add_test(cases, the_file_lists_every_setting_with_its_default);
        tcase_add_test(cases, the_manual_lists_every_setting_with_its_default);
        tcase_add_test(cases, the_file_as_shipped_changes_nothing);
        tcase_add_test(cases, every_default_is_a_value_its_row_takes);
        suite_add_tcase(suite, cases);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
