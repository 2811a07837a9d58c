/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "house.h"

static struct house *house;
static struct client client, other;

static void open_house(void)
{
        struct house_options options = {
                .before = { .line_bytes = 300,
                        .values = 12,
                        .nesting = 4,
                        .in_flight = 5,
                        .unread_bytes = 1 << 20,
                        .connections = 3 },
                .after = { .line_bytes = 400000,
                        .values = 50000,
                        .nesting = 6,
                        .in_flight = 8,
                        .unread_bytes = 2 << 20,
                        .connections = 3 },
                .worker_line_bytes = 1000,
                .worker_values = 60,
        };
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

static void enter(void)
{
        json_decref(client_ask(&client, "enter", "{}"));
}

/* A ping whose line has exactly so many bytes. */
static void send_line_of(size_t bytes, const char *end)
{
        const char *head = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{\"a\":\"",
                   *tail = "\"}}";
        char *line = malloc(bytes + 1);
        memset(line, 'a', bytes);
        memcpy(line, head, strlen(head));
        memcpy(line + bytes - strlen(tail), tail, strlen(tail) + 1);
        client_send(&client, line);
        client_send(&client, end);
        free(line);
}

static void expect_reply(void)
{
        json_t *reply = client_line(&client);
        ck_assert_int_eq(json_integer_value(json_object_get(reply, "id")), 1);
        ck_assert_ptr_nonnull(json_object_get(reply, "result"));
        json_decref(reply);
}

static void expect_refusal(const char *kind, int limit)
{
        json_t *reply = client_line(&client), *error = json_object_get(reply, "error");
        const json_t *data = json_object_get(error, "data");
        ck_assert(json_is_null(json_object_get(reply, "id")));
        ck_assert_int_eq(json_integer_value(json_object_get(error, "code")), -32600);
        ck_assert_str_eq(json_string_value(json_object_get(data, "kind")), kind);
        ck_assert_int_eq(json_integer_value(json_object_get(data, "limit")), limit);
        json_decref(reply);
}

static void expect_closing(const char *reason)
{
        char expected[128];
        snprintf(expected, sizeof expected,
                "{\"jsonrpc\":\"2.0\",\"method\":\"server.closing\",\"params\":{\"reason\":\"%s\"}}", reason);
        client_expect(&client, expected);
        client_expect_end(&client);
}

START_TEST(a_line_of_just_the_limit_passes)
{
        size_t limit = _i ? 400000 : 300;
        if (_i)
                enter();
        send_line_of(limit - 1, "\n");
        expect_reply();
        send_line_of(limit, "\n");
        expect_reply();
        send_line_of(limit, "\r\n");
        expect_reply();
        send_line_of(limit + 1, "\n");
        expect_refusal("too_large", (int)limit);
        expect_closing("too_large");
}
END_TEST

START_TEST(a_line_without_end_is_cut_off_at_the_limit)
{
        send_line_of(300, "  and more of it");
        expect_refusal("too_large", 300);
        expect_closing("too_large");
}
END_TEST

START_TEST(what_came_before_a_line_too_long_is_answered)
{
        client_send(&client,
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"change\",\"params\":{\"name\":\"c\"}}\n");
        client_wait_begun(&other, "c");
        send_line_of(301, "\n");
        expect_refusal("too_large", 300);
        json_decref(client_ask(&other, "release", "{\"name\":\"c\"}"));
        client_expect(&client, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"c\"}");
        expect_closing("too_large");
}
END_TEST

/* A ping with so many values, or so deep; its envelope has 5 values (one of them the array) and 3 levels. */
static void send_values(int values)
{
        client_send(&client, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{\"a\":[");
        for (int i = 6; i < values; i++)
                client_send(&client, i > 6 ? ",1" : "1");
        client_send(&client, "]}}\n");
}

static void send_depth(int depth)
{
        client_send(&client, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{\"a\":");
        for (int i = 2; i < depth; i++)
                client_send(&client, "[");
        for (int i = 2; i < depth; i++)
                client_send(&client, "]");
        client_send(&client, "}}\n");
}

START_TEST(values_are_counted_and_the_connection_lives_on)
{
        int limit = 12;
        if (_i) { /* on a helper thread */
                enter();
                send_values(3000);
                expect_reply();
                send_values(50001);
                expect_refusal("too_large", 50000);
                send_values(50000);
                expect_reply();
                return;
        }
        send_values(limit - 1);
        expect_reply();
        send_values(limit);
        expect_reply();
        send_values(limit + 1);
        expect_refusal("too_large", limit);
        send_values(limit);
        expect_reply();
}
END_TEST

START_TEST(nesting_is_counted_and_the_connection_lives_on)
{
        int limit = _i ? 6 : 4;
        if (_i)
                enter();
        send_depth(limit - 1);
        expect_reply();
        send_depth(limit);
        expect_reply();
        send_depth(limit + 1);
        expect_refusal("too_deep", limit);
        send_depth(limit);
        expect_reply();
}
END_TEST

START_TEST(a_batch_may_have_as_many_members_as_may_be_in_flight)
{
        int limit = _i ? 8 : 5;
        if (_i)
                enter();
        for (int members = limit - 1; members <= limit + 1; members++) {
                client_send(&client, "[");
                for (int i = 0; i < members; i++)
                        client_send(&client, i ? ",1" : "1");
                client_send(&client, "]\n");
                if (members > limit) {
                        expect_refusal("too_large", limit);
                } else {
                        json_t *replies = client_line(&client);
                        ck_assert_uint_eq(json_array_size(replies), (size_t)members);
                        json_decref(replies);
                }
        }
        json_decref(client_ask(&client, "ping", "{}"));
}
END_TEST

START_TEST(at_the_limit_in_flight_nothing_more_is_read)
{
        for (int i = 0; i < 7; i++)
                client_sendf(&client,
                        "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"scan\",\"params\":{\"name\":\"s%d\"}}\n",
                        i, i);
        client_wait_begun(&other, "s0,s1,s2,s3,s4");
        json_decref(client_ask(&other, "release", "{\"name\":\"s3\"}"));
        client_expect(&client, "{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":\"s3\"}");
        client_wait_begun(&other, "s0,s1,s2,s3,s4,s5");
        json_decref(client_ask(&other, "release", "{\"name\":\"s0\"}"));
        client_wait_begun(&other, "s0,s1,s2,s3,s4,s5,s6");
}
END_TEST

START_TEST(a_batch_waits_for_room_in_flight)
{
        for (int i = 0; i < 4; i++)
                client_sendf(&client,
                        "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"scan\",\"params\":{\"name\":\"s%d\"}}\n",
                        i, i);
        client_send(&client, "[");
        for (int i = 4; i < 6; i++)
                client_sendf(&client,
                        "%s{\"jsonrpc\":\"2.0\",\"method\":\"scan\",\"params\":{\"name\":\"s%d\"}}",
                        i > 4 ? "," : "", i);
        client_send(&client, "]\n");
        client_wait_begun(&other, "s0,s1,s2,s3,s4");
        json_decref(client_ask(&other, "release", "{\"name\":\"s1\"}"));
        client_wait_begun(&other, "s0,s1,s2,s3,s4,s5");
}
END_TEST

START_TEST(connections_of_an_address_are_counted)
{
        struct client more[3];
        for (int i = 0; i < 2; i++) {
                more[i] = client_open_tcp(house);
                json_decref(client_ask(&more[i], "ping", "{}"));
        }
        more[2] = client_open_tcp(house);
        json_t *refusal = client_line(&more[2]);
        const json_t *data = json_object_get(json_object_get(refusal, "error"), "data");
        ck_assert_int_eq(json_integer_value(json_object_get(data, "limit")), 3);
        json_decref(refusal);
        json_decref(client_line(&more[2]));
        client_expect_end(&more[2]);
        client_close(&more[2]);
        more[2] = client_open(house); /* a uid is another origin */
        json_decref(client_ask(&more[2], "ping", "{}"));
        size_t left = house_left(house);
        client_close(&more[0]);
        while (house_left(house) == left)
                json_decref(client_ask(&client, "ping", "{}"));
        more[0] = client_open_tcp(house);
        json_decref(client_ask(&more[0], "ping", "{}"));
        for (int i = 0; i < 3; i++)
                client_close(&more[i]);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("limits");
        TCase *cases = tcase_create("limits");
        tcase_set_timeout(cases, 60);
        tcase_add_checked_fixture(cases, open_house, close_house);
        tcase_add_loop_test(cases, a_line_of_just_the_limit_passes, 0, 2);
        tcase_add_test(cases, a_line_without_end_is_cut_off_at_the_limit);
        tcase_add_test(cases, what_came_before_a_line_too_long_is_answered);
        tcase_add_loop_test(cases, values_are_counted_and_the_connection_lives_on, 0, 2);
        tcase_add_loop_test(cases, nesting_is_counted_and_the_connection_lives_on, 0, 2);
        tcase_add_loop_test(cases, a_batch_may_have_as_many_members_as_may_be_in_flight, 0, 2);
        tcase_add_test(cases, at_the_limit_in_flight_nothing_more_is_read);
        tcase_add_test(cases, a_batch_waits_for_room_in_flight);
        tcase_add_test(cases, connections_of_an_address_are_counted);
        suite_add_tcase(suite, cases);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
