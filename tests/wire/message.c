/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/message.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static const struct message_limits limits = { 100, 32, 4, 0 };

static struct message *read_message(const char *line)
{
        struct message *message = NULL;
        struct message_error error;
        ck_assert_int_eq(message_read(line, strlen(line), &limits, &message, &error), 0);
        return message;
}

static void refuses(const char *line, enum message_fault fault, size_t number)
{
        struct message *message = NULL;
        struct message_error error;
        ck_assert_msg(
                message_read(line, strlen(line), &limits, &message, &error) == MESSAGE_E_REFUSED, "%s", line);
        ck_assert_msg(error.fault == fault && error.number == number, "%s: %d %zu", line, error.fault,
                error.number);
}

START_TEST(reads_a_request)
{
        struct message *message = read_message(
                "{\"jsonrpc\":\"2.0\",\"method\":\"sum\",\"params\":{\"a\":1},\"id\":\"x\\\"y\"}");
        struct request *request = &message->requests[0];
        ck_assert(!message->batch);
        ck_assert_str_eq(request_method(request), "sum");
        ck_assert_str_eq(request->id, "\"x\\\"y\"");
        ck_assert(!request_is_notification(request));
        ck_assert_int_eq(json_integer_value(json_object_get(request_params(request), "a")), 1);
        message_free(message);
}
END_TEST

START_TEST(params_are_kept_as_they_came_until_their_tree_is_asked_for)
{
        static const char kept[] = "{ \"a\" : \"}]\\\"{\", \"b\":[{\"c\":-1.5e1}] }";
        char line[256];
        snprintf(line, sizeof line,
                "[{\"jsonrpc\":\"2.0\",\"params\": %s ,\"method\":\"a\",\"id\":1},"
                "{\"jsonrpc\":\"2.0\",\"method\":\"b\",\"id\":\"two\"}]",
                kept);
        struct message *message = read_message(line);
        struct request *request = &message->requests[0];
        json_t *tree = json_loads(kept, 0, NULL);
        size_t length;
        ck_assert_mem_eq(request_params_text(request, &length), kept, strlen(kept));
        ck_assert_uint_eq(length, strlen(kept));
        ck_assert_ptr_null(request->params);
        ck_assert(json_equal(request_params(request), tree));
        ck_assert_ptr_eq(request_params(request), request_params(request));
        request = &message->requests[1];
        ck_assert_mem_eq(request_params_text(request, &length), "{}", 2);
        ck_assert_uint_eq(length, 2);
        ck_assert_str_eq(request_method(request), "b");
        ck_assert_str_eq(request->id, "\"two\"");
        json_decref(tree);
        message_free(message);
}
END_TEST

/* On a helper thread: the loop would have to build the tree of a large one. */
START_TEST(params_become_trees_at_once_where_that_is_asked_for)
{
        static const char line[] = "{\"jsonrpc\":\"2.0\",\"method\":\"sum\",\"params\":{\"a\":1},\"id\":1}";
        struct message_limits trees = limits;
        struct message *message = NULL;
        struct message_error error;
        size_t length;
        trees.trees = true;
        ck_assert_int_eq(message_read(line, strlen(line), &trees, &message, &error), 0);
        ck_assert_ptr_null(request_params_text(&message->requests[0], &length));
        ck_assert_uint_eq(length, 0);
        ck_assert_int_eq(json_integer_value(json_object_get(message->requests[0].params, "a")), 1);
        message_free(message);
}
END_TEST

START_TEST(an_id_may_be_as_long_as_it_likes)
{
        for (size_t length = REQUEST_ID_OWN - 1; length <= REQUEST_ID_OWN + 1; length++) {
                char line[REQUEST_ID_OWN + 128], id[REQUEST_ID_OWN + 2];
                memset(id, 'x', length);
                id[0] = id[length - 1] = '"';
                id[length] = '\0';
                snprintf(line, sizeof line,
                        "{\"jsonrpc\":\"2.0\",\"method\":\"sum\",\"id\":%s,\"params\":{}}", id);
                struct message *message = read_message(line);
                ck_assert_str_eq(message->requests[0].id, id);
                ck_assert_uint_eq(message->requests[0].id_length, length);
                ck_assert_str_eq(request_method(&message->requests[0]), "sum");
                message_free(message);
        }
}
END_TEST

START_TEST(params_are_an_object_even_when_there_are_none)
{
        struct message *message =
                read_message("[{\"jsonrpc\":\"2.0\",\"method\":\"a\",\"id\":1},"
                             "{\"jsonrpc\":\"2.0\",\"method\":\"a\",\"params\":[1],\"id\":1}]");
        size_t length;
        for (size_t i = 0; i < 2; i++) {
                ck_assert(json_is_object(request_params(&message->requests[i])));
                ck_assert_uint_eq(json_object_size(request_params(&message->requests[i])), 0);
                ck_assert_int_eq(request_is_positional(&message->requests[i]), i == 1);
                ck_assert_int_eq(request_params_text(&message->requests[i], &length) == NULL, i == 1);
        }
        message_free(message);
}
END_TEST

START_TEST(ids_are_texts_numbers_or_null)
{
        static const struct {
                const char *id, *kept;
                bool request;
        } cases[] = { { "1", "1", true }, { "-9007199254740993", "-9007199254740993", true },
                { "1.5", "1.5", true }, { "\"\"", "\"\"", true }, { "null", NULL, true },
                { "true", NULL, false }, { "[]", NULL, false }, { "{}", NULL, false } };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                char line[128];
                snprintf(line, sizeof line, "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":%s}", cases[i].id);
                struct message *message = read_message(line);
                struct request *request = &message->requests[0];
                ck_assert_int_eq(request->method != NULL, cases[i].request);
                ck_assert(!request->notification);
                if (cases[i].kept)
                        ck_assert_str_eq(request->id, cases[i].kept);
                else
                        ck_assert_ptr_null(request->id);
                message_free(message);
        }
}
END_TEST

START_TEST(members_come_in_any_order_beside_others)
{
        struct message *message =
                read_message("{\"more\":{\"id\":9},\"params\":{\"a\":[{}]}, \"\\u0069d\" : "
                             "\"\\u4e2d\\\"\" ,\"method\":\"\\u0073um\",\"jsonrpc\":\"2.0\"}");
        struct request *request = &message->requests[0];
        ck_assert_str_eq(request_method(request), "sum");
        ck_assert_str_eq(request->id, "\"\\u4e2d\\\"\""); /* as it came */
        ck_assert_uint_eq(request->id_length, strlen(request->id));
        ck_assert_uint_eq(json_array_size(json_object_get(request_params(request), "a")), 1);
        message_free(message);
}
END_TEST

START_TEST(what_is_no_request_object_is_marked_and_keeps_its_id)
{
        static const struct {
                const char *line, *id;
        } cases[] = { { "1", NULL }, { "\"text\"", NULL }, { "null", NULL }, { "{}", NULL },
                { "{\"foo\":\"boo\"}", NULL },
                { "{\"jsonrpc\":\"2.0\",\"method\":1,\"params\":\"bar\"}", NULL },
                { "{\"method\":\"m\",\"id\":7}", "7" },
                { "{\"jsonrpc\":\"1.0\",\"method\":\"m\",\"id\":7}", "7" },
                { "{\"jsonrpc\":2.0,\"method\":\"m\",\"id\":7}", "7" },
                { "{\"jsonrpc\":\"2.0\",\"id\":7}", "7" },
                { "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":\"x\",\"id\":7}", "7" },
                { "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":null,\"id\":7}", "7" } };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                struct message *message = read_message(cases[i].line);
                ck_assert_msg(!message->requests[0].method, "%s", cases[i].line);
                ck_assert_int_eq(message->requests[0].id != NULL, cases[i].id != NULL);
                if (cases[i].id)
                        ck_assert_str_eq(message->requests[0].id, cases[i].id);
                message_free(message);
        }
}
END_TEST

START_TEST(a_request_without_an_id_is_a_notification)
{
        struct message *message =
                read_message("{\"jsonrpc\":\"2.0\",\"method\":\"update\",\"params\":[1,2]}");
        ck_assert(request_is_notification(&message->requests[0]));
        message_free(message);
}
END_TEST

START_TEST(a_batch_has_one_to_so_many_members)
{
        refuses("[]", MESSAGE_FAULT_INVALID, 0);
        refuses("[1,2,3,4,5]", MESSAGE_FAULT_TOO_LARGE, 4);
        struct message *message = read_message("[1,2,3,4]");
        ck_assert(message->batch);
        ck_assert_uint_eq(message->count, 4);
        message_free(message);
}
END_TEST

START_TEST(refuses_whole_lines)
{
        refuses("{\"jsonrpc\":\"2.0\",\"method\":\"foobar,\"params\":\"bar\",\"baz]", MESSAGE_FAULT_PARSE,
                35);
        refuses("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", MESSAGE_FAULT_TOO_DEEP, 32);
        char line[512] = "[[1";
        for (int i = 0; i < 98; i++)
                strcat(line, ",1");
        strcat(line, "]]");
        refuses(line, MESSAGE_FAULT_TOO_LARGE, 100);
}
END_TEST

START_TEST(a_name_too_long_for_any_method_is_cut_between_characters)
{
        char line[1024] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"x";
        for (int i = 0; i < 60; i++)
                strcat(line, "\xe4\xb8\xad");
        strcat(line, "\"}");
        struct message *message = read_message(line);
        ck_assert_uint_eq(strlen(request_method(&message->requests[0])), 127);
        message_free(message);
        strcpy(line, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"");
        for (int i = 0; i < 150; i++) /* no escape is longer, and none stands for less */
                strcat(line, "\\u0078");
        strcat(line, "\"}");
        message = read_message(line);
        ck_assert_uint_eq(strlen(request_method(&message->requests[0])), REQUEST_METHOD_MAX);
        message_free(message);
}
END_TEST

START_TEST(says_why_in_the_words_of_the_protocol)
{
        static const struct {
                struct message_error error;
                const char *id;
                int code;
                const char *data;
        } cases[] = { { { MESSAGE_FAULT_PARSE, 12 }, NULL, -32700,
                              "{\"kind\":\"parse_error\",\"offset\":12}" },
                { { MESSAGE_FAULT_TOO_LARGE, 256 }, NULL, -32600, "{\"kind\":\"too_large\",\"limit\":256}" },
                { { MESSAGE_FAULT_TOO_DEEP, 32 }, NULL, -32600, "{\"kind\":\"too_deep\",\"limit\":32}" },
                { { MESSAGE_FAULT_INVALID, 0 }, "7", -32600, "{\"kind\":\"invalid_request\"}" } };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                struct buffer out = BUFFER_NULL;
                message_write_error(&cases[i].error, cases[i].id, &out);
                json_t *reply = json_loads(out.data, 0, NULL), *error = json_object_get(reply, "error");
                json_t *data = json_loads(cases[i].data, 0, NULL);
                ck_assert_str_eq(json_string_value(json_object_get(reply, "jsonrpc")), "2.0");
                ck_assert(cases[i].id ? json_integer_value(json_object_get(reply, "id")) == 7
                                      : json_is_null(json_object_get(reply, "id")));
                ck_assert_int_eq(json_integer_value(json_object_get(error, "code")), cases[i].code);
                ck_assert(json_is_string(json_object_get(error, "message")));
                ck_assert(json_equal(json_object_get(error, "data"), data));
                json_decref(data);
                json_decref(reply);
                buffer_deinit(&out);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("message");
        TCase *cases = tcase_create("message");
        tcase_set_timeout(cases, 60);
        tcase_add_test(cases, reads_a_request);
        tcase_add_test(cases, params_are_kept_as_they_came_until_their_tree_is_asked_for);
        tcase_add_test(cases, params_become_trees_at_once_where_that_is_asked_for);
        tcase_add_test(cases, an_id_may_be_as_long_as_it_likes);
        tcase_add_test(cases, params_are_an_object_even_when_there_are_none);
        tcase_add_test(cases, members_come_in_any_order_beside_others);
        tcase_add_test(cases, ids_are_texts_numbers_or_null);
        tcase_add_test(cases, what_is_no_request_object_is_marked_and_keeps_its_id);
        tcase_add_test(cases, a_request_without_an_id_is_a_notification);
        tcase_add_test(cases, a_batch_has_one_to_so_many_members);
        tcase_add_test(cases, refuses_whole_lines);
        tcase_add_test(cases, a_name_too_long_for_any_method_is_cut_between_characters);
        tcase_add_test(cases, says_why_in_the_words_of_the_protocol);
        suite_add_tcase(suite, cases);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
