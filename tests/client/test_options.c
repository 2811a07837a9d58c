/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "client/options.h"
#include "client/params.h"

static const char *empty_environment(const char *name)
{
        (void)name;
        return NULL;
}

static const char *full_environment(const char *name)
{
        if (strcmp(name, "USHER_SERVER") == 0)
                return "tcp:desk:1";
        if (strcmp(name, "USHER_TOKEN") == 0)
                return "from-environment";
        return strcmp(name, "USHER_EVENT") == 0 ? "expo" : NULL;
}

/* A line cut at its blanks, as a shell does; the words live as long as the struct. */
struct line {
        char text[256];
        char *words[16];
        int count;
};

static struct line *line_cut(struct line *line, const char *text)
{
        char *rest = line->text;

        ck_assert_uint_lt(strlen(text), sizeof(line->text));
        strcpy(line->text, text);
        line->count = 0;
        while ((line->words[line->count] = strsep(&rest, " ")))
                line->count++;
        return line;
}

static int parse(struct line *line, const char *text, const char *(*environment)(const char *),
        struct options *options, struct buffer *why)
{
        line_cut(line, text);
        return options_parse(line->count, line->words, environment, options, why);
}

static void usage_is_wrong_with(const struct buffer *why, const char *words)
{
        ck_assert_msg(
                strstr(buffer_text(why), words) != NULL, "\"%s\" lacks \"%s\"", buffer_text(why), words);
}

START_TEST(options_stand_before_the_word)
{
        _cleanup_(buffer_deinit) struct buffer why = BUFFER_NULL;
        struct options options;
        struct line line;

        ck_assert_int_eq(
                parse(&line, "usher -e expo -o json room.get -x room=a", empty_environment, &options, &why),
                0);
        ck_assert_str_eq(options.event, "expo");
        ck_assert_int_eq(options.output, OUTPUT_JSON);
        ck_assert_int_eq(options.word_count, 3);
        ck_assert_str_eq(options.words[0], "room.get");
        ck_assert_str_eq(options.words[1], "-x");
}
END_TEST

START_TEST(the_default_address_is_the_daemons_socket)
{
        _cleanup_(buffer_deinit) struct buffer why = BUFFER_NULL;
        struct options options;
        struct line line;

        ck_assert_int_eq(parse(&line, "usher server.info", empty_environment, &options, &why), 0);
        ck_assert_str_eq(options.server, "unix:/run/usherd/usherd.sock");
        ck_assert_ptr_null(options.token);
        ck_assert_ptr_null(options.event);
}
END_TEST

START_TEST(the_line_wins_over_the_environment)
{
        _cleanup_(buffer_deinit) struct buffer why = BUFFER_NULL;
        struct options options;
        struct line line;

        ck_assert_int_eq(parse(&line, "usher server.info", full_environment, &options, &why), 0);
        ck_assert_str_eq(options.server, "tcp:desk:1");
        ck_assert_str_eq(options.token, "from-environment");
        ck_assert_str_eq(options.event, "expo");
        ck_assert_int_eq(parse(&line, "usher --server=unix:/s --token t --event other x.y", full_environment,
                                 &options, &why),
                0);
        ck_assert_str_eq(options.server, "unix:/s");
        ck_assert_str_eq(options.token, "t");
        ck_assert_str_eq(options.event, "other");
        ck_assert_int_eq(parse(&line, "usher --token-file f x.y", full_environment, &options, &why), 0);
        ck_assert_ptr_null(options.token);
        ck_assert_str_eq(options.token_file, "f");
}
END_TEST

static void refused(const char *text, const char *words)
{
        _cleanup_(buffer_deinit) struct buffer why = BUFFER_NULL;
        struct options options;
        struct line line;

        ck_assert_int_eq(parse(&line, text, empty_environment, &options, &why), OPTIONS_E_USAGE);
        usage_is_wrong_with(&why, words);
}

START_TEST(wrong_usage_is_named)
{
        refused("usher", "missing");
        refused("usher -s", "-s needs a value");
        refused("usher --server", "--server needs a value");
        refused("usher -q", "unknown option -q");
        refused("usher --quiet", "unknown option --quiet");
        refused("usher -oxml x.y", "\"xml\"");
        refused("usher -tsecret --token-file=f x.y", "not both");
}
END_TEST

START_TEST(an_import_takes_its_dry_run_after_the_word)
{
        _cleanup_(buffer_deinit) struct buffer why = BUFFER_NULL;
        struct options options;
        struct line line;

        ck_assert_int_eq(parse(&line, "usher import schedule --dry-run - -- -f.xml", empty_environment,
                                 &options, &why),
                0);
        ck_assert_int_eq(options_parse_import(&options, &why), 0);
        ck_assert(options.dry_run);
        ck_assert_int_eq(options.word_count, 4);
        ck_assert_str_eq(options.words[2], "-");
        ck_assert_str_eq(options.words[3], "-f.xml");
}
END_TEST

/* ---- params ---- */

static json_t *params_of(const char *text)
{
        _cleanup_(buffer_deinit) struct buffer why = BUFFER_NULL;
        json_t *params = json_object();
        struct line line;

        line_cut(&line, text);
        ck_assert_int_eq(params_parse(line.words, line.count, params, &why), 0);
        return params;
}

START_TEST(equals_gives_a_text)
{
        _cleanup_(json_decrefp) json_t *params = params_of("limit=20 query=a=b:=c林");

        ck_assert_str_eq(json_string_value(json_object_get(params, "limit")), "20");
        ck_assert_str_eq(json_string_value(json_object_get(params, "query")), "a=b:=c林");
}
END_TEST

START_TEST(colon_equals_gives_json)
{
        _cleanup_(json_decrefp) json_t *params = params_of("limit:=20 accept:=[\"room_taken\",null,true]");

        ck_assert_int_eq(json_integer_value(json_object_get(params, "limit")), 20);
        ck_assert_int_eq((int)json_array_size(json_object_get(params, "accept")), 3);
}
END_TEST

START_TEST(an_empty_text_is_a_text)
{
        _cleanup_(json_decrefp) json_t *params = params_of("note=");

        ck_assert_str_eq(json_string_value(json_object_get(params, "note")), "");
}
END_TEST

static void params_refused(const char *text, const char *words)
{
        _cleanup_(buffer_deinit) struct buffer why = BUFFER_NULL;
        _cleanup_(json_decrefp) json_t *params = json_object();
        struct line line;

        line_cut(&line, text);
        ck_assert_int_eq(params_parse(line.words, line.count, params, &why), PARAMS_E_USAGE);
        usage_is_wrong_with(&why, words);
}

START_TEST(what_is_no_parameter_is_refused)
{
        params_refused("query", "neither");
        params_refused("=x", "neither");
        params_refused(":=1", "neither");
        params_refused("limit:=twenty", "not JSON");
        params_refused("limit:=", "not JSON");
        params_refused("a:={\"b\":1,\"b\":2}", "not JSON");
        params_refused("a=1 a:=2", "twice");
        params_refused("a=\xFF", "UTF-8");
}
END_TEST

int main(void)
{
        TCase *tcase = tcase_create("options");
        Suite *suite = suite_create("options and parameters");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tcase, options_stand_before_the_word);
        tcase_add_test(tcase, the_default_address_is_the_daemons_socket);
        tcase_add_test(tcase, the_line_wins_over_the_environment);
        tcase_add_test(tcase, wrong_usage_is_named);
        tcase_add_test(tcase, an_import_takes_its_dry_run_after_the_word);
        tcase_add_test(tcase, equals_gives_a_text);
        tcase_add_test(tcase, colon_equals_gives_json);
        tcase_add_test(tcase, an_empty_text_is_a_text);
        tcase_add_test(tcase, what_is_no_parameter_is_refused);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
