/* SPDX-License-Identifier: Apache-2.0 */
/* The command line and the file, read into one struct. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "settings/settings.h"

static struct settings settings;
static struct buffer why;
static char path[64];

static void setup(void)
{
        settings = SETTINGS_NULL;
        strcpy(path, "/tmp/usherd-settings-XXXXXX");
        ck_assert_int_eq(close(mkstemp(path)), 0);
}

static void teardown(void)
{
        settings_deinit(&settings);
        buffer_deinit(&why);
        unlink(path);
}

static int read_line(const char *line)
{
        char words[512], *argv[32] = { NULL };
        int argc = 0;

        ck_assert_uint_lt(strlen(line), sizeof(words));
        strcpy(words, line);
        for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
                argv[argc++] = word;
        return settings_read(&settings, argc, argv, &why);
}

static int read_file(const char *text)
{
        char line[128];
        FILE *file = fopen(path, "w");

        ck_assert_ptr_nonnull(file);
        fputs(text, file);
        fclose(file);
        snprintf(line, sizeof(line), "usherd -c %s", path);
        return read_line(line);
}

START_TEST(runs_with_defaults_when_told_nothing)
{
        ck_assert_int_eq(read_file(""), 0);
        ck_assert_int_eq(settings.command, SETTINGS_RUN);
        ck_assert_uint_eq(settings.listen.count, 1);
        ck_assert_str_eq(settings.listen.addresses[0], "unix:/run/usherd/usherd.sock");
        ck_assert_str_eq(settings.state_dir, "/var/lib/usherd");
        ck_assert_ptr_null(settings.conninfo);
        ck_assert_ptr_null(settings.pg_bindir);
        ck_assert_int_eq(settings.log_level, LOG_LEVEL_INFO);
        ck_assert_uint_eq(settings.lanes, 3);
        ck_assert_int_eq(settings.deadline_us, 30000000);
        ck_assert_int_eq(settings.offline_deadline_us, 5000000);
        ck_assert_str_eq(settings.file, path);
}
END_TEST

START_TEST(limits_default_to_those_of_the_protocol)
{
        const struct wire_limits *a = &settings.limits_before_login, *b = &settings.limits_login,
                                 *c = &settings.limits_organiser;

        ck_assert_int_eq(read_file(""), 0);
        ck_assert_uint_eq(a->line_bytes, 16384);
        ck_assert_uint_eq(b->line_bytes, 1048576);
        ck_assert_uint_eq(c->line_bytes, 16777216);
        ck_assert_uint_eq(a->values, 200);
        ck_assert_uint_eq(b->values, 100000);
        ck_assert_uint_eq(c->values, 100000);
        ck_assert_uint_eq(a->unread_bytes, 1048576);
        ck_assert_uint_eq(b->unread_bytes, 33554432);
        ck_assert_uint_eq(c->unread_bytes, 33554432);
        ck_assert_uint_eq(b->nesting, 32);
        ck_assert_uint_eq(c->in_flight, 256);
        ck_assert_uint_eq(c->connections, 4096);
        ck_assert_uint_eq(b->login_seconds, 30);
        ck_assert_uint_eq(b->idle_seconds, 600);
        ck_assert_uint_eq(b->slow_seconds, 10);
}
END_TEST

START_TEST(a_limit_without_stages_holds_for_all_of_them)
{
        ck_assert_int_eq(read_file("[limits]\nnesting = 12\nvalues = 5000\n"), 0);
        ck_assert_uint_eq(settings.limits_before_login.nesting, 12);
        ck_assert_uint_eq(settings.limits_login.nesting, 12);
        ck_assert_uint_eq(settings.limits_organiser.nesting, 12);
        ck_assert_uint_eq(settings.limits_before_login.values, 200);
        ck_assert_uint_eq(settings.limits_organiser.values, 5000);
}
END_TEST

START_TEST(addresses_of_the_file_replace_the_default_one)
{
        ck_assert_int_eq(read_file("[daemon]\nlisten = unix:/tmp/a\nlisten = tcp:[::1]:0\n"), 0);
        ck_assert_uint_eq(settings.listen.count, 2);
        ck_assert_str_eq(settings.listen.addresses[0], "unix:/tmp/a");
        ck_assert_str_eq(settings.listen.addresses[1], "tcp:[::1]:0");
}
END_TEST

START_TEST(the_command_line_goes_before_the_file)
{
        char line[256];

        ck_assert_int_eq(
                read_file("[daemon]\nlisten = unix:/tmp/a\nstate_dir = /a\n[database]\nconninfo = host=a\n"),
                0);
        settings_deinit(&settings);
        snprintf(line, sizeof(line), "usherd -c %s -l tcp:localhost:65535 -D /b -d host=b --demo", path);
        ck_assert_int_eq(read_line(line), 0);
        ck_assert_uint_eq(settings.listen.count, 1);
        ck_assert_str_eq(settings.listen.addresses[0], "tcp:localhost:65535");
        ck_assert_str_eq(settings.state_dir, "/b");
        ck_assert_str_eq(settings.conninfo, "host=b");
        ck_assert(settings.demo);
}
END_TEST

START_TEST(a_relative_state_directory_is_meant_from_here)
{
        char here[4096], expected[4200];

        ck_assert_ptr_nonnull(getcwd(here, sizeof(here)));
        snprintf(expected, sizeof(expected), "%s/state", here);
        ck_assert_int_eq(read_line("usherd -c /dev/null -D state"), 0);
        ck_assert_str_eq(settings.state_dir, expected);
}
END_TEST

START_TEST(numbers_take_units_and_deadlines_milliseconds)
{
        ck_assert_int_eq(
                read_file("[limits]\nline_bytes = 2M\nunread_bytes=128K\n[requests]\ndeadline_ms = 1500\n"),
                0);
        ck_assert_uint_eq(settings.limits_login.line_bytes, 2097152);
        ck_assert_uint_eq(settings.limits_login.unread_bytes, 131072);
        ck_assert_int_eq(settings.deadline_us, 1500000);
}
END_TEST

START_TEST(a_text_goes_on_in_indented_lines)
{
        ck_assert_int_eq(read_file("[database]\nconninfo = host=a,b\n  dbname=usher\n"), 0);
        ck_assert_str_eq(settings.conninfo, "host=a,b dbname=usher");
}
END_TEST

START_TEST(comments_and_empty_texts_say_nothing)
{
        ck_assert_int_eq(read_file("# one\n; two\n[database]\nconninfo =\nlanes = 3 ; three\n"), 0);
        ck_assert_ptr_null(settings.conninfo);
        ck_assert_uint_eq(settings.lanes, 3);
}
END_TEST

START_TEST(ends_of_ranges_are_inside)
{
        ck_assert_int_eq(read_file("[database]\nlanes = 1\n"), 0);
        settings_deinit(&settings);
        ck_assert_int_eq(read_file("[database]\nlanes = 16\n"), 0);
        ck_assert_uint_eq(settings.lanes, 16);
}
END_TEST

#define LANES ":2: [database] lanes: expected a whole number from 1 to 16"

static const struct {
        const char *text, *complaint;
} wrong[] = {
        { "[database]\nlanes = 0\n", LANES },
        { "[database]\nlanes = 17\n", LANES },
        { "[database]\nlanes = -1\n", LANES },
        { "[database]\nlanes = 2x\n", LANES },
        { "[database]\nlanes =\n", LANES },
        { "[database]\nlanes = 9999999999999\n", LANES },
        { "[database]\nlanes = 2K\n", LANES },
        { "\n\n[daemon]\nlog_level = loud\n",
                ":4: [daemon] log_level: expected error, warning, info or debug" },
        { "[daemon]\nstate_dir = here\n", ":2: [daemon] state_dir: expected an absolute path" },
        { "[daemon]\nstate_dir =\n", ":2: [daemon] state_dir: expected an absolute path" },
        { "[daemon]\nlisten = tls:a:1\n",
                ":2: [daemon] listen: TLS listeners are not supported by this version" },
        { "[daemon]\nlisten = here\n", ":2: [daemon] listen: expected unix:PATH or tcp:HOST:PORT" },
        { "[daemon]\nlanes = 2\n", ":2: [daemon] lanes: no such setting" },
        { "lanes = 2\n", ":1: [] lanes: no such setting" },
        { "[database]\nlanes = 2\n\nlanes = 2\n", ":4: [database] lanes: given before, on line 2" },
        { "[database]\nlanes = 2\n 3\n", ":3: [database] lanes: only a text goes on in an indented line" },
        { "[database]\nlanes\n", ":2: expected [section] or name = value" },
        { "[database\n", ":1: expected [section] or name = value" },
        { "[requests]\ndeadline_ms = 600001\n",
                ":2: [requests] deadline_ms: expected whole milliseconds from 1 to 600000" },
        { "[limits]\nslow_seconds = 0\n",
                ":2: [limits] slow_seconds: expected whole seconds from 1 to 3600" },
        { "[limits]\nline_bytes = 1023\n",
                ":2: [limits] line_bytes: expected bytes from 1024 to 1073741824 (K and M for KiB and MiB)" },
};

START_TEST(complains_by_file_line_and_name)
{
        char expected[256];

        ck_assert_int_eq(read_file(wrong[_i].text), SETTINGS_E_INVALID);
        snprintf(expected, sizeof(expected), "%s%s\n", path, wrong[_i].complaint);
        ck_assert_str_eq(buffer_text(&why), expected);
}
END_TEST

START_TEST(complains_of_everything_at_once)
{
        ck_assert_int_eq(
                read_file("[database]\nlanes = 0\nlane = 1\n[limits]\nnesting = x\n"), SETTINGS_E_INVALID);
        ck_assert_ptr_nonnull(strstr(buffer_text(&why), ":2: [database] lanes"));
        ck_assert_ptr_nonnull(strstr(buffer_text(&why), ":3: [database] lane: no such setting"));
        ck_assert_ptr_nonnull(strstr(buffer_text(&why), ":5: [limits] nesting"));
}
END_TEST

START_TEST(complains_of_a_line_that_is_too_long_and_reads_on)
{
        char text[1024] = "[database]\nconninfo = ";

        memset(text + strlen(text), 'x', 500);
        strcat(text, "\nlanes = 0\n");
        ck_assert_int_eq(read_file(text), SETTINGS_E_INVALID);
        ck_assert_ptr_nonnull(strstr(buffer_text(&why), ":2: expected at most 198 bytes in a line"));
        ck_assert_ptr_nonnull(strstr(buffer_text(&why), ":3: [database] lanes"));
}
END_TEST

START_TEST(a_file_that_was_named_must_exist)
{
        ck_assert_int_eq(read_line("usherd -c /nonexistent/usherd.conf"), SETTINGS_E_INVALID);
        ck_assert_str_eq(buffer_text(&why), "/nonexistent/usherd.conf: No such file or directory\n");
}
END_TEST

START_TEST(reads_the_words_and_their_options)
{
        ck_assert_int_eq(read_line("usherd -c /dev/null migrate"), 0);
        ck_assert_int_eq(settings.command, SETTINGS_MIGRATE);
        settings_deinit(&settings);
        ck_assert_int_eq(read_line("usherd -c /dev/null check-config"), 0);
        ck_assert_int_eq(settings.command, SETTINGS_CHECK_CONFIG);
        settings_deinit(&settings);
        ck_assert_int_eq(
                read_line("usherd -c /dev/null -D /d token --role door --event a-b --label=Gate"), 0);
        ck_assert_int_eq(settings.command, SETTINGS_TOKEN);
        ck_assert_str_eq(settings.token.role, "door");
        ck_assert_str_eq(settings.token.event, "a-b");
        ck_assert_str_eq(settings.token.label, "Gate");
        ck_assert_str_eq(settings.state_dir, "/d");
}
END_TEST

#define TOKEN_ROLE "usherd: token: --role is door, desk, organiser or admin\n"

static const struct {
        const char *line, *complaint;
} misused[] = {
        { "usherd -x", "usherd: no such option: -x\n" },
        { "usherd --dem0", "usherd: no such option: --dem0\n" },
        { "usherd -l", "usherd: a value is missing after -l\n" },
        { "usherd -l tls:localhost:1",
                "usherd: -l tls:localhost:1: TLS listeners are not supported by this version\n" },
        { "usherd -l tcp:localhost", "usherd: -l tcp:localhost: expected tcp:HOST:PORT\n" },
        { "usherd -l tcp::80", "usherd: -l tcp::80: expected tcp:HOST:PORT\n" },
        { "usherd -l tcp:a:65536", "usherd: -l tcp:a:65536: the port is a number from 0 to 65535\n" },
        { "usherd -l tcp:::1:80",
                "usherd: -l tcp:::1:80: an IPv6 address stands in brackets: tcp:[::1]:4321\n" },
        { "usherd -l unix:", "usherd: -l unix:: expected unix:PATH\n" },
        { "usherd -H localhost:8080", "usherd: -H: HTTP is not supported by this version\n" },
        { "usherd run", "usherd: no such command: run\n" },
        { "usherd migrate now", "usherd: not expected: now\n" },
        { "usherd migrate -D /d", "usherd: options stand before the word: -D\n" },
        { "usherd token", TOKEN_ROLE },
        { "usherd token --role public", TOKEN_ROLE },
        { "usherd token --role", "usherd: a value is missing after --role\n" },
        { "usherd token --role door more", "usherd: token: not expected: more\n" },
};

START_TEST(says_what_is_wrong_with_a_command_line)
{
        ck_assert_int_eq(read_line(misused[_i].line), SETTINGS_E_USAGE);
        ck_assert_str_eq(buffer_text(&why), misused[_i].complaint);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("settings");
        TCase *cases = tcase_create("settings");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(cases, setup, teardown);
        tcase_add_test(cases, runs_with_defaults_when_told_nothing);
        tcase_add_test(cases, limits_default_to_those_of_the_protocol);
        tcase_add_test(cases, a_limit_without_stages_holds_for_all_of_them);
        tcase_add_test(cases, addresses_of_the_file_replace_the_default_one);
        tcase_add_test(cases, the_command_line_goes_before_the_file);
        tcase_add_test(cases, a_relative_state_directory_is_meant_from_here);
        tcase_add_test(cases, numbers_take_units_and_deadlines_milliseconds);
        tcase_add_test(cases, a_text_goes_on_in_indented_lines);
        tcase_add_test(cases, comments_and_empty_texts_say_nothing);
        tcase_add_test(cases, ends_of_ranges_are_inside);
        tcase_add_loop_test(cases, complains_by_file_line_and_name, 0, sizeof(wrong) / sizeof(wrong[0]));
        tcase_add_test(cases, complains_of_everything_at_once);
        tcase_add_test(cases, complains_of_a_line_that_is_too_long_and_reads_on);
        tcase_add_test(cases, a_file_that_was_named_must_exist);
        tcase_add_test(cases, reads_the_words_and_their_options);
        tcase_add_loop_test(
                cases, says_what_is_wrong_with_a_command_line, 0, sizeof(misused) / sizeof(misused[0]));
        suite_add_tcase(suite, cases);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
