/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "house.h"

static struct house *house;
static struct client client, other;

static void open_house(void)
{
        struct house_options options = {
                .before = { .unread_bytes = 1 << 20, .login_seconds = 1, .slow_seconds = 1 },
                .after = { .unread_bytes = 1 << 20, .idle_seconds = 2, .slow_seconds = 1 },
        };
        house = house_open(&options);
        client = client_open(house);
        other = client_open_tcp(house);
        json_decref(client_ask(&other, "watch", "{\"on\":true}"));
}

static void close_house(void)
{
        client_close(&client);
        client_close(&other);
        house_close(house);
}

static void expect_closing(const char *reason)
{
        char expected[128];
        snprintf(expected, sizeof expected,
                "{\"jsonrpc\":\"2.0\",\"method\":\"server.closing\",\"params\":{\"reason\":\"%s\"}}", reason);
        client_expect(&client, expected);
        client_expect_end(&client);
}

START_TEST(closes_who_does_not_log_in)
{
        int64_t since = clock_monotonic_us();
        client_send(&client, "{\"part of"); /* a part of a line is no sign of life */
        expect_closing("login");
        ck_assert_int_ge(clock_monotonic_us() - since, 900000);
}
END_TEST

START_TEST(closes_who_is_idle_after_login)
{
        json_decref(client_ask(&client, "enter", "{}"));
        int64_t since = clock_monotonic_us();
        expect_closing("idle");
        ck_assert_int_ge(clock_monotonic_us() - since, 1900000);
}
END_TEST

START_TEST(keeps_who_watches_or_waits)
{
        struct client waiting = client_open(house);
        json_decref(client_ask(&client, "watch", "{\"on\":true}"));
        client_send(&waiting,
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"change\",\"params\":{\"name\":\"c\"}}\n");
        struct client third = client_open(house); /* its closing tells that the time is over for all */
        json_decref(client_line(&third));
        client_expect_end(&third);
        json_decref(client_ask(&client, "ping", "{}"));
        json_decref(client_ask(&client, "release", "{\"name\":\"c\"}"));
        client_expect(&waiting, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"c\"}");
        client_close(&waiting);
        client_close(&third);
        json_decref(client_ask(&client, "watch", "{\"on\":false}"));
        expect_closing("login");
}
END_TEST

START_TEST(says_its_reason_when_the_owner_closes)
{
        client_send(&client, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"close\"}\n");
        expect_closing("revoked");
        client_close(&client);
        while (house_left(house) == 0)
                json_decref(client_ask(&other, "ping", "{}"));
}
END_TEST

/* Whoever takes no byte for slow_seconds is closed; what the kernel took is still there to read, whole lines first. */
START_TEST(closes_who_takes_nothing)
{
        for (int i = 0; i < 100; i++)
                client_send(&client, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"big\",\"params\":{\"bytes\":"
                                     "300000,\"shared\":true}}\n");
        while (house_left(house) == 0)
                json_decref(client_ask(&other, "ping", "{}"));
        ck_assert_uint_lt(
                house_unreleased(house), 10); /* nor was more made than half of what may be unread */
}
END_TEST

START_TEST(closes_a_watcher_over_its_unread_bytes)
{
        json_decref(client_ask(&client, "watch", "{\"on\":true}"));
        client_send(&client, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"notify\",\"params\":{\"bytes\":"
                             "10000,\"count\":1000}}\n");
        int notes = 0;
        for (;;) {
                json_t *line = client_line(&client);
                const char *method = json_string_value(json_object_get(line, "method"));
                ck_assert_ptr_nonnull(method);
                bool note = strcmp(method, "noted") == 0;
                if (!note)
                        ck_assert_str_eq(
                                json_string_value(json_object_get(json_object_get(line, "params"), "reason")),
                                "slow");
                json_decref(line);
                if (!note)
                        break;
                notes++;
        }
        client_expect_end(&client);
        ck_assert_int_ge(notes, 100);
        ck_assert_int_lt(notes, 1000);
}
END_TEST

START_TEST(a_reader_may_ask_for_far_more_than_may_be_unread)
{
        enum { ASKED = 200 };
        for (int i = 0; i < ASKED; i++)
                client_sendf(&client,
                        "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"big\",\"params\":{\"bytes\":300000,"
                        "\"shared\":%s}}\n",
                        i, i % 2 ? "true" : "false");
        for (int i = 0; i < ASKED; i++) {
                json_t *reply = client_line(&client);
                ck_assert_int_eq(json_integer_value(json_object_get(reply, "id")), i);
                json_decref(reply);
        }
}
END_TEST

START_TEST(stops_once_what_is_under_way_is_answered)
{
        client_send(&client,
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"change\",\"params\":{\"name\":\"c1\"}}\n"
                "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"change\",\"params\":{\"name\":\"c2\"}}\n");
        client_wait_begun(&other, "c1");
        client_send(&other, "[{\"jsonrpc\":\"2.0\",\"method\":\"change\",\"params\":{\"name\":\"d\"}}]\n");
        client_wait_begun(&other, "c1,d");
        client_send(&other, "{\"jsonrpc\":\"2.0\",\"method\":\"release\",\"params\":{\"name\":\"c1\"}}\n");
        client_expect(&client, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"c1\"}");
        client_wait_begun(&other, "c1,d,c2");
        house_shutdown(house, 2);
        expect_closing("shutdown"); /* c2 is never answered: two seconds pass */
        client_expect(&other,
                "{\"jsonrpc\":\"2.0\",\"method\":\"server.closing\",\"params\":{\"reason\":\"shutdown\"}}");
        client_expect_end(&other);
        client_close(&client);
        client_close(&other);
        house_wait_stopped(house);
}
END_TEST

START_TEST(stops_at_once_when_nobody_asks_anything)
{
        int64_t since = clock_monotonic_us();
        house_shutdown(house, 60);
        expect_closing("shutdown");
        client_close(&client);
        client_close(&other);
        house_wait_stopped(house);
        ck_assert_int_lt(clock_monotonic_us() - since, 5000000);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("closing");
        TCase *cases = tcase_create("closing");
        tcase_set_timeout(cases, 60);
        tcase_add_checked_fixture(cases, open_house, close_house);
        tcase_add_test(cases, closes_who_does_not_log_in);
        tcase_add_test(cases, closes_who_is_idle_after_login);
        tcase_add_test(cases, keeps_who_watches_or_waits);
        tcase_add_test(cases, says_its_reason_when_the_owner_closes);
        tcase_add_test(cases, closes_who_takes_nothing);
        tcase_add_test(cases, closes_a_watcher_over_its_unread_bytes);
        tcase_add_test(cases, a_reader_may_ask_for_far_more_than_may_be_unread);
        tcase_add_test(cases, stops_once_what_is_under_way_is_answered);
        tcase_add_test(cases, stops_at_once_when_nobody_asks_anything);
        suite_add_tcase(suite, cases);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
