/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <stdlib.h>
#include "base/cleanup.h"
#include "client/present.h"
#include "client/progress.h"
#include "client/sheet.h"
#include "client/text_width.h"

START_TEST(a_width_is_what_the_terminal_gives)
{
        ck_assert_uint_eq(text_width(""), 0);
        ck_assert_uint_eq(text_width("Lin Lianjie"), 11);
        ck_assert_uint_eq(text_width("林连杰"), 6);
        ck_assert_uint_eq(text_width("ＡＢ"), 4);
        ck_assert_uint_eq(text_width("Zoe\xCC\x88"), 3); /* a combining diaeresis */
        ck_assert_uint_eq(text_width("\xE2\x80\x8B"
                                     "x"),
                1); /* a zero-width space */
        ck_assert_uint_eq(text_width("🚗"), 2);
        ck_assert_uint_eq(text_width("\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB"),
                2); /* one Hangul syllable in three parts */
}
END_TEST

static void cut_is(const char *text, size_t width, const char *expected)
{
        _cleanup_(buffer_deinit) struct buffer out = BUFFER_NULL;
        size_t taken = text_add_cut(&out, text, width);

        ck_assert_str_eq(buffer_text(&out), expected);
        ck_assert_uint_eq(taken, text_width(expected));
        ck_assert_uint_le(taken, width);
}

START_TEST(a_cut_never_splits_a_character)
{
        cut_is("林连杰", 6, "林连杰");
        cut_is("林连杰", 5, "林连…");
        cut_is("林连杰", 4, "林…");
        cut_is("abcdef", 4, "abc…");
        cut_is("abcdef", 1, "…");
        cut_is("abcdef", 0, "");
        cut_is("Zoe\xCC\x88 Zoe\xCC\x88", 4, "Zoe\xCC\x88…");
}
END_TEST

START_TEST(nothing_steers_the_terminal)
{
        _cleanup_(buffer_deinit) struct buffer out = BUFFER_NULL;

        text_add_clean(&out,
                "a\x1b[31mb\nc\td\x7f\xC2\x9B"
                "e\xE2\x80\xAE"
                "f\xFF",
                false);
        ck_assert_str_eq(buffer_text(&out), "a\\x1B[31mb c d\\x7F\\x9Be\\u202Ef\xEF\xBF\xBD");
        buffer_clear(&out);
        text_add_clean(&out, "a\nb", true);
        ck_assert_str_eq(buffer_text(&out), "a\nb");
}
END_TEST

static void list_is(const char *json, size_t columns, const char *expected)
{
        _cleanup_(json_decrefp) json_t *list = json_loads(json, 0, NULL);
        _cleanup_(buffer_deinit) struct buffer out = BUFFER_NULL;
        struct screen screen = { .columns = columns };

        ck_assert_ptr_nonnull(list);
        present_list(&screen, list, &out);
        ck_assert_str_eq(buffer_text(&out), expected);
}

START_TEST(columns_stand_under_each_other)
{
        list_is("[{\"name\": \"林连杰\", \"age\": 7, \"note\": null}, {\"name\": \"Lin\", \"age\": 41, "
                "\"from\": \"SG\"}]",
                0,
                "name    age  from\n"
                "林连杰    7\n"
                "Lin      41  SG\n");
}
END_TEST

START_TEST(the_widest_column_gives_way)
{
        list_is("[{\"id\": \"a\", \"title\": \"A title that is far too long for this line\"}]", 20,
                "id  title\n"
                "a   A title that is…\n");
}
END_TEST

static void result_is(const char *json, const char *expected)
{
        _cleanup_(json_decrefp) json_t *result = json_loads(json, JSON_DECODE_ANY, NULL);
        _cleanup_(buffer_deinit) struct buffer out = BUFFER_NULL;
        struct screen screen = { .columns = 0 };

        ck_assert_ptr_nonnull(result);
        present_result(&screen, result, &out);
        ck_assert_str_eq(buffer_text(&out), expected);
}

START_TEST(an_object_is_names_and_values)
{
        result_is("{\"room\": \"hall-1\", \"capacity\": 300, \"open\": true, \"none\": null, \"features\": "
                  "[\"stage\", \"screen\"],"
                  " \"database\": {\"state\": \"online\"}}",
                "room            hall-1\n"
                "capacity        300\n"
                "open            yes\n"
                "features        stage, screen\n"
                "database.state  online\n");
}
END_TEST

START_TEST(a_list_alone_is_a_table_alone)
{
        result_is("{\"rooms\": [{\"room\": \"a\"}], \"next\": \"xyz\"}", "room\na\n");
}
END_TEST

START_TEST(several_lists_are_titled)
{
        result_is("{\"version\": 3, \"rooms\": [{\"room\": \"a\"}], \"speakers\": [{\"speaker\": "
                  "\"liu-yan\", \"as\": [{\"speaker\": \"l\", "
                  "\"role\": \"chair\"}]}]}",
                "version  3\n\nrooms:\nroom\na\n\nspeakers:\nspeaker  as\nliu-yan  l (chair)\n");
}
END_TEST

START_TEST(what_bears_a_title_or_a_name_is_known_by_it)
{
        list_is("[{\"room\": \"a\", \"running\": [{\"session\": \"opening\", \"title\": \"Opening\", "
                "\"start\": "
                "\"2025-10-25T10:10:00+08:00\", \"end\": \"2025-10-25T10:50:00+08:00\"}], \"speakers\": "
                "[{\"speaker\": \"l\", \"name\": \"林连杰\", \"role\": \"chair\"}]}]",
                0, "room  running              speakers\na     10:10-10:50 Opening  林连杰 (chair)\n");
}
END_TEST

START_TEST(a_guid_is_left_out_where_room_is_short)
{
        const char *list = "[{\"session\": \"a\", \"guid\": \"g\", \"title\": \"A\"}]";

        list_is(list, 80, "session  title\na        A\n");
        list_is(list, 0, "session  guid  title\na        g     A\n");
}
END_TEST

START_TEST(a_body_is_shown_as_it_is)
{
        result_is("{\"content_type\": \"text/csv\", \"body\": \"a,b\\n1,2\\n\"}", "a,b\n1,2\n");
}
END_TEST

START_TEST(json_is_one_line_when_piped)
{
        _cleanup_(json_decrefp) json_t *result = json_pack("{s:s, s:[i]}", "name", "林", "list", 1);
        _cleanup_(buffer_deinit) struct buffer out = BUFFER_NULL;
        struct screen screen = { .json = true };

        present_result(&screen, result, &out);
        ck_assert_str_eq(buffer_text(&out), "{\"name\":\"林\",\"list\":[1]}\n");
        buffer_clear(&out);
        screen.terminal = true;
        json_object_set_new(result, "name", json_string("\xC2\x9B"));
        present_result(&screen, result, &out);
        ck_assert_str_eq(buffer_text(&out), "{\n  \"name\": \"\\u009B\",\n  \"list\": [\n    1\n  ]\n}\n");
}
END_TEST

START_TEST(progress_tells_rate_and_time_left)
{
        struct progress progress = progress_begin(false, 0, 1000);
        _cleanup_(buffer_deinit) struct buffer out = BUFFER_NULL;

        progress_line(&progress, (struct progress_at){ 10 * INT64_C(1000000), 500, 250 }, 8, &out);
        ck_assert_str_eq(buffer_text(&out), "[##>     ]  25 %  500 rows  50/s  0:30 left");
        buffer_clear(&out);
        progress.total_bytes = 0;
        progress_line(&progress, (struct progress_at){ 10 * INT64_C(1000000), 500, 250 }, 8, &out);
        ck_assert_str_eq(buffer_text(&out), "500 rows  50/s");
}
END_TEST

int main(void)
{
        TCase *tcase = tcase_create("sheet");
        Suite *suite = suite_create("what people see");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tcase, a_width_is_what_the_terminal_gives);
        tcase_add_test(tcase, a_cut_never_splits_a_character);
        tcase_add_test(tcase, nothing_steers_the_terminal);
        tcase_add_test(tcase, columns_stand_under_each_other);
        tcase_add_test(tcase, the_widest_column_gives_way);
        tcase_add_test(tcase, an_object_is_names_and_values);
        tcase_add_test(tcase, a_list_alone_is_a_table_alone);
        tcase_add_test(tcase, several_lists_are_titled);
        tcase_add_test(tcase, what_bears_a_title_or_a_name_is_known_by_it);
        tcase_add_test(tcase, a_guid_is_left_out_where_room_is_short);
        tcase_add_test(tcase, a_body_is_shown_as_it_is);
        tcase_add_test(tcase, json_is_one_line_when_piped);
        tcase_add_test(tcase, progress_tells_rate_and_time_left);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
