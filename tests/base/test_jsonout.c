/* SPDX-License-Identifier: Apache-2.0 */
/* What is written, held against what jansson reads of it. */
#include "base/jsonout.h"

#include <check.h>
#include <jansson.h>
#include <string.h>

enum { LENGTHS = 34 };

/* The buffer holds one text, and the NUL behind it, and a parser finds in it what was written. */
static void assert_reads_as(const struct buffer *written, const char *text, size_t length)
{
        json_t *read = json_loadb(written->data, written->length, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

        ck_assert_uint_eq(strlen(written->data), written->length);
        ck_assert(json_is_string(read));
        ck_assert_uint_eq(json_string_length(read), length);
        ck_assert_mem_eq(json_string_value(read), text, length);
        json_decref(read);
}

static void assert_text_is_kept(const char *text, size_t length)
{
        struct buffer written = BUFFER_NULL;
        struct jsonout out = JSONOUT(&written);

        json_text_n(&out, text, length);
        assert_reads_as(&written, text, length);
        buffer_deinit(&written);
}

START_TEST(a_text_of_any_length_is_kept_with_any_byte_of_ascii_anywhere)
{
        for (size_t length = 0; length < LENGTHS; length++)
                for (size_t at = 0; at < length; at++)
                        for (int c = 0; c < 0x80; c++) {
                                char text[LENGTHS];

                                memset(text, 'x', sizeof(text));
                                text[at] = (char)c;
                                text[length / 2] = (char)c;
                                assert_text_is_kept(text, length);
                        }
}
END_TEST

START_TEST(a_text_finds_room_for_its_escapes_and_what_follows)
{
        char text[3000];

        memset(text, 'x', sizeof(text));
        text[0] = 1;
        for (size_t length = 1; length < 600; length++)
                assert_text_is_kept(text, length);
        memset(text, 1, sizeof(text));
        assert_text_is_kept(text, sizeof(text));
        memset(text, '"', sizeof(text));
        assert_text_is_kept(text, sizeof(text));
}
END_TEST

START_TEST(characters_beyond_ascii_go_out_as_they_are)
{
        struct buffer written = BUFFER_NULL;
        struct jsonout out = JSONOUT(&written);

        json_text(&out, "\xe6\x9e\x97\xe8\xbf\x9e\xe6\x8e\xa5 \x7f \xf0\x9f\x98\x80\n\x1f");
        ck_assert_str_eq(
                written.data, "\"\xe6\x9e\x97\xe8\xbf\x9e\xe6\x8e\xa5 \x7f \xf0\x9f\x98\x80\\n\\u001f\"");
        buffer_deinit(&written);
}
END_TEST

START_TEST(names_and_values_are_parted_by_commas)
{
        struct buffer written = BUFFER_NULL;
        struct jsonout out = JSONOUT(&written);

        json_begin_object(&out);
        json_member_text(&out, "first", "a");
        json_member_text(&out, "absent", NULL);
        json_name(&out, "list");
        json_begin_array(&out);
        json_int(&out, INT64_MIN);
        json_bool(&out, true);
        json_bool(&out, false);
        json_raw(&out, NULL);
        json_raw(&out, "{}");
        json_end_array(&out);
        json_name_n(&out, "a \"name\"", 8);
        json_null_value(&out);
        json_end_object(&out);
        ck_assert_str_eq(written.data,
                "{\"first\":\"a\",\"absent\":null,\"list\":[-9223372036854775808,true,false,null,{}],"
                "\"a \\\"name\\\"\":null}");
        buffer_deinit(&written);
}
END_TEST

/* From no room at all on, each byte of it has to be asked for. */
START_TEST(names_find_room_wherever_the_buffer_ends)
{
        for (size_t filled = 0; filled < 300; filled++) {
                struct buffer written = BUFFER_NULL;
                struct jsonout out = JSONOUT(&written);

                for (size_t i = 0; i < filled; i++)
                        buffer_add_char(&written, 'x');
                out.comma = filled % 2;
                json_name(&out, "name");
                ck_assert_str_eq(written.data + filled, filled % 2 ? ",\"name\":" : "\"name\":");
                ck_assert_uint_lt(written.length, written.capacity);
                buffer_deinit(&written);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("jsonout");
        TCase *tests = tcase_create("jsonout");
        SRunner *runner;
        int failed;

        suite_add_tcase(suite, tests);
        tcase_add_test(tests, a_text_of_any_length_is_kept_with_any_byte_of_ascii_anywhere);
        tcase_add_test(tests, a_text_finds_room_for_its_escapes_and_what_follows);
        tcase_add_test(tests, characters_beyond_ascii_go_out_as_they_are);
        tcase_add_test(tests, names_and_values_are_parted_by_commas);
        tcase_add_test(tests, names_find_room_wherever_the_buffer_ends);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? 1 : 0;
}
