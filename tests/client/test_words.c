/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "client/catalogue.h"
#include "client/complain.h"
#include "client/schema_words.h"

static void words_have(const char *params_json, const char *error_json, const char *expected)
{
        _cleanup_(json_decrefp) json_t *params = json_loads(params_json, 0, NULL);
        _cleanup_(json_decrefp) json_t *error = json_loads(error_json, 0, NULL);
        _cleanup_(buffer_deinit) struct buffer out = BUFFER_NULL;

        ck_assert_ptr_nonnull(error);
        complain_words("room.put", params, error, &out);
        ck_assert_msg(strstr(buffer_text(&out), expected) != NULL, "\"%s\" lacks \"%s\"", buffer_text(&out),
                expected);
}

START_TEST(an_error_says_what_kind_and_where)
{
        const char *error = "{\"code\": -32602, \"message\": \"capacity must be a number\", \"data\": "
                            "{\"kind\": \"invalid_params\", "
                            "\"path\": \"/capacity\", \"expected\": \"integer\"}}";

        words_have("{\"capacity\": \"300\"}", error,
                "capacity must be a number (invalid_params)\n  where: /capacity\n  expected: integer\n");
        words_have("{\"capacity\": \"300\"}", error, "write capacity:=300");
        words_have("{}", error, "usher describe room.put");
}
END_TEST

START_TEST(what_is_no_parameter_is_not_asked_for_in_another_form)
{
        _cleanup_(json_decrefp) json_t *params = json_pack("{s:s}", "colour", "3");
        _cleanup_(json_decrefp) json_t *error = json_pack("{s:s, s:{s:s, s:s, s:s}}", "message", "m", "data",
                "kind", "invalid_params", "path", "/colour", "expected", "no such parameter");
        _cleanup_(buffer_deinit) struct buffer out = BUFFER_NULL;

        complain_words("room.put", params, error, &out);
        ck_assert_ptr_null(strstr(buffer_text(&out), ":="));
}
END_TEST

START_TEST(what_the_message_says_is_not_said_again)
{
        _cleanup_(json_decrefp) json_t *error = json_loads(
                "{\"message\": \"room \\\"hall\\\" does not exist\", \"data\": {\"kind\": \"not_found\", "
                "\"what\": \"room\", \"id\": \"hall\"}}",
                0, NULL);
        _cleanup_(buffer_deinit) struct buffer out = BUFFER_NULL;

        complain_words("room.get", NULL, error, &out);
        ck_assert_str_eq(buffer_text(&out), "room \"hall\" does not exist (not_found)\n");
}
END_TEST

START_TEST(a_missing_event_points_to_the_option)
{
        words_have("{}",
                "{\"message\": \"m\", \"data\": {\"kind\": \"invalid_params\", \"path\": \"/event\"}}",
                "-e EVENT");
}
END_TEST

START_TEST(an_unknown_outcome_is_not_called_a_failure)
{
        words_have("{}",
                "{\"message\": \"m\", \"data\": {\"kind\": \"unavailable\", \"retry_after_ms\": 1500, "
                "\"done\": null}}",
                "whether it was done is not known");
        words_have("{}",
                "{\"message\": \"m\", \"data\": {\"kind\": \"unavailable\", \"retry_after_ms\": 1500, "
                "\"done\": false}}",
                "nothing was done; again in 1.5 s");
}
END_TEST

START_TEST(conflicts_are_listed)
{
        words_have("{}",
                "{\"message\": \"m\", \"data\": {\"kind\": \"conflict\", \"conflicts\": [{\"kind\": "
                "\"room_taken\", \"message\": "
                "\"Hall 1 is taken\"}]}}",
                "conflicts:\n    room_taken: Hall 1 is taken\n");
}
END_TEST

START_TEST(letters_apart_are_counted)
{
        ck_assert_uint_eq(word_distance("room.get", "room.get"), 0);
        ck_assert_uint_eq(word_distance("room.gte", "room.get"), 1);
        ck_assert_uint_eq(word_distance("rom.get", "room.get"), 1);
        ck_assert_uint_eq(word_distance("", "abc"), 3);
        ck_assert_uint_eq(word_distance("kitten", "sitting"), 3);
}
END_TEST

static void near_is(const char *name, const char *expected)
{
        _cleanup_(json_decrefp) json_t *methods = json_pack("{s:{}, s:{}, s:{}, s:{}, s:{}}", "checkin.scan",
                "room.get", "room.list", "room.put", "server.info");
        _cleanup_(buffer_deinit) struct buffer out = BUFFER_NULL;

        catalogue_near(methods, name, &out);
        ck_assert_str_eq(buffer_text(&out), expected);
}

START_TEST(the_method_that_was_meant_is_suggested)
{
        near_is("chekin.scan", "  did you mean checkin.scan?\n");
        near_is("scan", "  did you mean checkin.scan?\n");
        near_is("rooms.get", "  did you mean room.get or room.put?\n");
        near_is("completely.else", "");
}
END_TEST

static void schema_is(const char *json, const char *expected)
{
        _cleanup_(json_decrefp) json_t *schema = json_loads(json, 0, NULL);
        _cleanup_(buffer_deinit) struct buffer out = BUFFER_NULL;

        ck_assert_ptr_nonnull(schema);
        schema_words(schema, false, &out);
        ck_assert_str_eq(buffer_text(&out), expected);
}

START_TEST(schemas_read_as_words)
{
        schema_is("{\"type\": \"integer\", \"minimum\": 1, \"maximum\": 1440}", "integer, 1 to 1440");
        schema_is("{\"type\": \"integer\", \"minimum\": 0, \"maximum\": 9223372036854775807}",
                "integer, at least 0");
        schema_is("{\"anyOf\": [{\"type\": \"boolean\"}, {\"type\": \"null\"}]}", "true | false");
        schema_is("{\"enum\": [\"in\", \"out\"]}", "\"in\" | \"out\"");
        schema_is("{\"type\": \"array\", \"items\": {\"type\": \"string\", \"pattern\": "
                  "\"^[a-z0-9][a-z0-9._-]{0,63}$\"}, \"maxItems\": 16}",
                "list of slug, at most 16 of them");
        schema_is("{\"type\": \"array\", \"items\": {\"type\": \"string\", \"format\": \"date-time\"}, "
                  "\"minItems\": 2, \"maxItems\": 2}",
                "[from, to] of times");
        schema_is("{\"type\": \"object\", \"properties\": {\"a\": {}, \"b\": {}}, \"required\": [\"a\"]}",
                "{a, b?}");
        schema_is("{\"type\": \"object\", \"additionalProperties\": {\"type\": \"string\"}}", "{name: text}");
        schema_is("{}", "anything");
}
END_TEST

int main(void)
{
        TCase *tcase = tcase_create("words");
        Suite *suite = suite_create("errors and descriptions in words");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tcase, an_error_says_what_kind_and_where);
        tcase_add_test(tcase, what_is_no_parameter_is_not_asked_for_in_another_form);
        tcase_add_test(tcase, what_the_message_says_is_not_said_again);
        tcase_add_test(tcase, a_missing_event_points_to_the_option);
        tcase_add_test(tcase, an_unknown_outcome_is_not_called_a_failure);
        tcase_add_test(tcase, conflicts_are_listed);
        tcase_add_test(tcase, letters_apart_are_counted);
        tcase_add_test(tcase, the_method_that_was_meant_is_suggested);
        tcase_add_test(tcase, schemas_read_as_words);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
