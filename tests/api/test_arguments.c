/* SPDX-License-Identifier: Apache-2.0 */
#include "api/arguments.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/params.h"
#include "api/validate.h"
#include "base/buffer.h"

static const char *const words[] = { "in", "out", NULL };
static const struct param some_params[] = {
        P("event", PARAM_SLUG, REQ, NULL),
        P_RANGE("name", PARAM_TEXT, PARAM_NULLABLE, 1, 8, NULL),
        P_RANGE("count", PARAM_INT, 0, 1, 10, NULL),
        P("number", PARAM_INT, 0, NULL),
        P("open", PARAM_BOOL, 0, NULL),
        P_WORDS("direction", 0, words, NULL, NULL),
        P("names", PARAM_ANY, 0, NULL),
        P_ARRAY("list", 0, 0, text_item, NULL),
        P("nonce", PARAM_UUID, 0, NULL),
        PARAM_END,
};
static const struct method reading = { .name = "some.get", .params = some_params };
static const struct method changing = { .name = "some.put", .flags = METHOD_CHANGES, .params = some_params };

/* ---- reading ---- */

static char room[1024];

/* What the tree is judged by says the same of it. */
static bool fits_as_tree(const struct method *method, const char *json)
{
        struct buffer path = BUFFER_NULL, expected = BUFFER_NULL;
        json_t *tree = json_loads(json, 0, NULL);
        bool fits = validate_params(method, tree, &path, &expected);

        json_decref(tree);
        buffer_deinit(&path);
        buffer_deinit(&expected);
        return fits;
}

static struct arguments reads(const struct method *method, const char *json)
{
        struct arguments arguments;

        arguments_read(&arguments, method, json, strlen(json), room);
        ck_assert_msg(arguments.are_read, "%s", json);
        ck_assert_msg(fits_as_tree(method, json), "%s", json);
        return arguments;
}

static void leaves_to_the_tree(const struct method *method, const char *json, bool fits)
{
        struct arguments arguments;

        arguments_read(&arguments, method, json, strlen(json), room);
        ck_assert_msg(!arguments.are_read, "%s", json);
        ck_assert_msg(fits_as_tree(method, json) == fits, "%s", json);
}

static const struct argument *given(
        const struct arguments *arguments, const char *name, enum argument_type type)
{
        const struct argument *argument = arguments_find(arguments, name);

        ck_assert_msg(argument && argument->type == type, "%s", name);
        return argument;
}

START_TEST(reads_each_type_in_any_order)
{
        struct arguments arguments = reads(&reading,
                "{\"open\":true,\"nonce\":\"01936c8e-8f2a-7c3d-9b1e-5a4f3d2c1b0a\",\"count\":7,"
                "\"name\":\"Hall 1\",\"direction\":\"out\",\"event\":\"congress\"}");

        ck_assert_uint_eq(arguments.count, 6);
        ck_assert(given(&arguments, "open", ARGUMENT_BOOL)->boolean);
        ck_assert_int_eq(given(&arguments, "count", ARGUMENT_INT)->integer, 7);
        ck_assert_str_eq(given(&arguments, "name", ARGUMENT_TEXT)->text, "Hall 1");
        ck_assert_str_eq(given(&arguments, "event", ARGUMENT_TEXT)->text, "congress");
        ck_assert_str_eq(given(&arguments, "direction", ARGUMENT_TEXT)->text, "out");
        ck_assert_str_eq(
                given(&arguments, "nonce", ARGUMENT_TEXT)->text, "01936c8e-8f2a-7c3d-9b1e-5a4f3d2c1b0a");
        ck_assert_ptr_null(arguments_find(&arguments, "number"));
        ck_assert_ptr_null(arguments_find(&arguments, "nam"));
        ck_assert_ptr_null(arguments_find(&arguments, "names"));
}
END_TEST

START_TEST(texts_and_names_may_be_escaped)
{
        struct arguments arguments = reads(&reading, "{\"\\u0065vent\":\"\\u0063ongress\",\"n\\u0061me\":"
                                                     "\"\\u6797\\ud83d\\ude00\\\"\\\\\\/\\n\\u0001\"}");

        ck_assert_str_eq(given(&arguments, "event", ARGUMENT_TEXT)->text, "congress");
        ck_assert_str_eq(
                given(&arguments, "name", ARGUMENT_TEXT)->text, "\xe6\x9e\x97\xf0\x9f\x98\x80\"\\/\n\x01");
}
END_TEST

START_TEST(a_text_is_as_long_as_its_characters)
{
        /* eight of them, of one byte each, then of three and four; and one more */
        reads(&reading, "{\"event\":\"e\",\"name\":\"abcdefgh\"}");
        reads(&reading, "{\"event\":\"e\",\"name\":\"\xe6\x9e\x97\xe6\x9e\x97\xe6\x9e\x97\xe6\x9e\x97"
                        "\xe6\x9e\x97\xe6\x9e\x97\xe6\x9e\x97\xf0\x9f\x98\x80\"}");
        leaves_to_the_tree(&reading, "{\"event\":\"e\",\"name\":\"abcdefghi\"}", false);
        leaves_to_the_tree(&reading,
                "{\"event\":\"e\",\"name\":\"\xe6\x9e\x97\xe6\x9e\x97\xe6\x9e\x97\xe6\x9e\x97"
                "\xe6\x9e\x97\xe6\x9e\x97\xe6\x9e\x97\xf0\x9f\x98\x80.\"}",
                false);
        leaves_to_the_tree(&reading, "{\"event\":\"e\",\"name\":\"\"}", false);
        leaves_to_the_tree(&reading, "{\"event\":\"e\",\"name\":\" \\t\\r\\n\"}", false);
}
END_TEST

START_TEST(integers_reach_to_the_edges_of_64_bits)
{
        static const struct {
                const char *text;
                int64_t value;
        } cases[] = { { "9223372036854775807", INT64_MAX }, { "-9223372036854775808", INT64_MIN }, { "0", 0 },
                { "-0", 0 } };

        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                char json[128];
                struct arguments arguments;

                snprintf(json, sizeof(json), "{\"event\":\"e\",\"number\":%s}", cases[i].text);
                arguments = reads(&reading, json);
                ck_assert_int_eq(given(&arguments, "number", ARGUMENT_INT)->integer, cases[i].value);
        }
        leaves_to_the_tree(&reading, "{\"event\":\"e\",\"count\":0}", false);
        leaves_to_the_tree(&reading, "{\"event\":\"e\",\"count\":11}", false);
}
END_TEST

START_TEST(a_real_number_is_no_whole_one)
{
        leaves_to_the_tree(&reading, "{\"event\":\"e\",\"number\":1.0}", false);
        leaves_to_the_tree(&reading, "{\"event\":\"e\",\"number\":1e3}", false);
        leaves_to_the_tree(&reading, "{\"event\":\"e\",\"number\":-0.0}", false);
}
END_TEST

START_TEST(null_is_given_and_is_nothing)
{
        struct arguments arguments =
                reads(&reading, "{\"event\":\"e\",\"name\":null,\"count\":null,\"list\":null}");

        given(&arguments, "name", ARGUMENT_NULL);
        given(&arguments, "count", ARGUMENT_NULL);
        given(&arguments, "list", ARGUMENT_NULL);
        leaves_to_the_tree(&reading, "{\"event\":null}", false);
}
END_TEST

START_TEST(what_is_required_is_missed)
{
        leaves_to_the_tree(&reading, "{}", false);
        leaves_to_the_tree(&reading, "{\"name\":\"Hall 1\"}", false);
}
END_TEST

START_TEST(blanks_stand_between_and_nothing_may_be_given)
{
        static const struct param none[] = { PARAM_END };
        const struct method free_method = { .name = "some.free", .params = none };
        struct arguments arguments = reads(&reading, "{ \t\"event\" :\r\n \"e\" ,\n\"open\" : false }");

        ck_assert(!given(&arguments, "open", ARGUMENT_BOOL)->boolean);
        ck_assert_uint_eq(reads(&free_method, "{}").count, 0);
        ck_assert_uint_eq(reads(&free_method, "{ \n}").count, 0);
}
END_TEST

START_TEST(other_types_do_not_fit)
{
        static const char *const misfits[] = { "\"event\":7", "\"event\":true", "\"event\":\"E\"",
                "\"event\":\"e\",\"name\":7", "\"event\":\"e\",\"count\":\"7\"", "\"event\":\"e\",\"open\":1",
                "\"event\":\"e\",\"open\":\"true\"", "\"event\":\"e\",\"direction\":\"up\"",
                "\"event\":\"e\",\"nonce\":\"7\"", "\"event\":\"e\",\"list\":\"\"",
                "\"event\":\"e\",\"count\":false", "\"event\":\"e\",\"other\":1", "\"event\":\"e\",\"\":1",
                "\"event\":\"e\",\"eventual\":1" };

        for (size_t i = 0; i < sizeof(misfits) / sizeof(*misfits); i++) {
                char json[128];

                snprintf(json, sizeof(json), "{%s}", misfits[i]);
                leaves_to_the_tree(&reading, json, false);
        }
}
END_TEST

START_TEST(what_is_not_flat_is_left_to_the_tree)
{
        leaves_to_the_tree(&reading, "{\"event\":\"e\",\"list\":[]}", true);
        leaves_to_the_tree(&reading, "{\"event\":\"e\",\"names\":{\"a\":[1]},\"open\":true}", true);
        leaves_to_the_tree(&reading, "{\"event\":\"e\",\"names\":\"a\"}", true);
}
END_TEST

START_TEST(the_envelope_has_parameters_of_its_own)
{
        static const char key[] =
                "{\"event\":\"e\",\"request_key\":\"01936c8e-8f2a-7c3d-9b1e-5a4f3d2c1b0a\"}";
        struct arguments arguments = reads(&reading, "{\"deadline_ms\":600000,\"event\":\"e\"}");

        ck_assert_int_eq(given(&arguments, "deadline_ms", ARGUMENT_INT)->integer, 600000);
        arguments = reads(&changing, key);
        ck_assert_str_eq(given(&arguments, "request_key", ARGUMENT_TEXT)->text,
                "01936c8e-8f2a-7c3d-9b1e-5a4f3d2c1b0a");
        leaves_to_the_tree(&reading, key, false);
        leaves_to_the_tree(&reading, "{\"event\":\"e\",\"deadline_ms\":600001}", false);
}
END_TEST

START_TEST(more_than_there_is_room_for_are_left_to_the_tree)
{
        struct param many[ARGUMENTS_MAX + 2] = { { NULL } };
        char names[ARGUMENTS_MAX + 1][2], json[256] = "{\"a\":1";
        const struct method method = { .name = "many", .params = many };

        for (size_t i = 0; i <= ARGUMENTS_MAX; i++) {
                snprintf(names[i], sizeof(names[i]), "%c", (char)('a' + i));
                many[i] = (struct param){ .name = names[i], .type = PARAM_INT };
        }
        for (size_t i = 1; i < ARGUMENTS_MAX; i++)
                snprintf(json + strlen(json), sizeof(json) - strlen(json), ",\"%s\":1", names[i]);
        strcat(json, "}");
        ck_assert_uint_eq(reads(&method, json).count, ARGUMENTS_MAX);
        snprintf(json + strlen(json) - 1, sizeof(json) - strlen(json), ",\"%s\":1}", names[ARGUMENTS_MAX]);
        leaves_to_the_tree(&method, json, true);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("arguments");
        TCase *tcase = tcase_create("flat");
        SRunner *runner;
        int failed;

        tcase_add_test(tcase, reads_each_type_in_any_order);
        tcase_add_test(tcase, texts_and_names_may_be_escaped);
        tcase_add_test(tcase, a_text_is_as_long_as_its_characters);
        tcase_add_test(tcase, integers_reach_to_the_edges_of_64_bits);
        tcase_add_test(tcase, a_real_number_is_no_whole_one);
        tcase_add_test(tcase, null_is_given_and_is_nothing);
        tcase_add_test(tcase, what_is_required_is_missed);
        tcase_add_test(tcase, blanks_stand_between_and_nothing_may_be_given);
        tcase_add_test(tcase, other_types_do_not_fit);
        tcase_add_test(tcase, what_is_not_flat_is_left_to_the_tree);
        tcase_add_test(tcase, the_envelope_has_parameters_of_its_own);
        tcase_add_test(tcase, more_than_there_is_room_for_are_left_to_the_tree);
        suite_add_tcase(suite, tcase);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
