/* SPDX-License-Identifier: Apache-2.0 */
/* The examples of the JSON-RPC 2.0 specification, section 7, and what a batch may cost. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "house.h"

static struct house *house;
static struct client client, other;

static void open_house(void)
{
        struct house_options options = { .before = { .unread_bytes = 1 << 20 } };
        house = house_open(&options);
        client = client_open(house);
        other = client_open_tcp(house);
}

static void close_house(void)
{
        client_close(&client);
        client_close(&other);
        house_close(house);
}

#define INVALID                                                                                              \
        "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,\"message\":\"this is no JSON-RPC 2.0 " \
        "request\",\"data\":{\"kind\":\"invalid_request\"}}}"

START_TEST(answers_the_examples_of_the_specification)
{
        static const char *const cases[][2] = {
                { "{\"jsonrpc\": \"2.0\", \"method\": \"foobar\", \"id\": \"1\"}",
                        "{\"jsonrpc\":\"2.0\",\"id\":\"1\",\"error\":{\"code\":-32601,\"message\":\"no such "
                        "method\",\"data\":{\"kind\":\"unknown_method\"}}}" },
                { "{\"jsonrpc\": \"2.0\", \"method\": \"foobar, \"params\": \"bar\", \"baz]",
                        "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"this is "
                        "not one JSON text\",\"data\":{\"kind\":\"parse_error\",\"offset\":39}}}" },
                { "{\"jsonrpc\": \"2.0\", \"method\": 1, \"params\": \"bar\"}", INVALID },
                { "[ {\"jsonrpc\": \"2.0\", \"method\": \"sum\", \"params\": [1,2,4], \"id\": \"1\"}, "
                  "{\"jsonrpc\": \"2.0\", \"method\" ]",
                        "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"this is "
                        "not one JSON text\",\"data\":{\"kind\":\"parse_error\",\"offset\":97}}}" },
                { "[]", INVALID },
                { "[1]", "[" INVALID "]" },
                { "[1,2,3]", "[" INVALID "," INVALID "," INVALID "]" },
        };
        client_send(&client, cases[_i][0]);
        client_send(&client, "\n");
        client_expect(&client, cases[_i][1]);
}
END_TEST

START_TEST(answers_requests_and_nonsense_in_one_array)
{
        client_send(&client, "[{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"params\":{\"n\":1},\"id\":\"1\"},"
                             "{\"jsonrpc\":\"2.0\",\"method\":\"ping\"},{\"foo\":\"boo\"},"
                             "{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"params\":[7],\"id\":5}]\n");
        client_expect(&client, "[{\"jsonrpc\":\"2.0\",\"id\":\"1\",\"result\":{\"n\":1}}," INVALID ","
                               "{\"jsonrpc\":\"2.0\",\"id\":5,\"error\":{\"code\":-32602,\"message\":\"no\","
                               "\"data\":{\"kind\":\"invalid_params\",\"path\":\"\"}}}]");
}
END_TEST

START_TEST(notifications_are_done_and_not_answered)
{
        client_send(&client, "{\"jsonrpc\":\"2.0\",\"method\":\"change\",\"params\":{\"name\":\"n\"}}\n"
                             "[{\"jsonrpc\":\"2.0\",\"method\":\"scan\",\"params\":{\"name\":\"m\"}}]\n");
        client_wait_begun(&other, "n");
        json_decref(client_ask(&other, "release", "{\"name\":\"n\"}"));
        client_wait_begun(&other, "n,m");
        json_decref(client_ask(&other, "release", "{\"name\":\"m\"}"));
        client_send(&client, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n");
        client_expect(&client, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}");
}
END_TEST

START_TEST(an_array_is_one_line_though_members_end_apart)
{
        client_send(&client,
                "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"scan\",\"params\":{\"name\":\"a\"}},"
                "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"scan\",\"params\":{\"name\":\"b\"}}]\n"
                "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"ping\"}\n");
        client_expect(&client, "{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{}}");
        client_wait_begun(&other, "a,b");
        json_decref(client_ask(&other, "release", "{\"name\":\"b\"}"));
        json_decref(client_ask(&other, "release", "{\"name\":\"a\"}"));
        client_expect(&client, "[{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":\"b\"},{\"jsonrpc\":\"2.0\",\"id\":"
                               "1,\"result\":\"a\"}]");
}
END_TEST

/* 100 times 200 KB, with 1 MiB unread at most: it goes out as it is read, and notifications wait for its end. */
START_TEST(a_batch_with_large_replies_is_answered_whole_and_never_held_whole)
{
        enum { MEMBERS = 100 };
        client_send(&client, "[");
        for (int i = 0; i < MEMBERS; i++)
                client_sendf(&client,
                        "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"%s\",\"params\":{\"bytes\":%d,\"count\":"
                        "1,\"shared\":true}},",
                        i, i % 10 == 9 ? "notify" : "big", i % 10 == 9 ? 5 : 200000);
        client_send(&client, "1]\n{\"jsonrpc\":\"2.0\",\"id\":\"last\",\"method\":\"ping\"}\n");
        while (house_unreleased(house) == 0)
                json_decref(client_ask(&other, "ping", "{}"));
        json_decref(client_ask(&other, "ping", "{}"));
        ck_assert_uint_lt(house_unreleased(house), 12);
        size_t notes = 0, members = 0;
        for (bool last = false; !last;) {
                json_t *line = client_line(&client);
                ck_assert_ptr_nonnull(line);
                members += json_array_size(line);
                notes += json_object_get(line, "method") != NULL;
                last = json_object_get(line, "id") != NULL;
                json_decref(line);
        }
        ck_assert_uint_eq(members, MEMBERS + 1);
        ck_assert_uint_eq(notes, MEMBERS / 10);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("batches");
        TCase *cases = tcase_create("batches");
        tcase_set_timeout(cases, 60);
        tcase_add_checked_fixture(cases, open_house, close_house);
        tcase_add_loop_test(cases, answers_the_examples_of_the_specification, 0, 7);
        tcase_add_test(cases, answers_requests_and_nonsense_in_one_array);
        tcase_add_test(cases, notifications_are_done_and_not_answered);
        tcase_add_test(cases, an_array_is_one_line_though_members_end_apart);
        tcase_add_test(cases, a_batch_with_large_replies_is_answered_whole_and_never_held_whole);
        suite_add_tcase(suite, cases);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
