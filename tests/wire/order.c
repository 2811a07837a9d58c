/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "house.h"

static struct house *house;
static struct client client, other;

static void open_house(void)
{
        mallopt(M_ARENA_MAX, 1); /* one heap, so that it can be measured */
        house = house_open(&(struct house_options){ 0 });
        client = client_open(house);
        other = client_open_tcp(house);
}

static void close_house(void)
{
        client_close(&client);
        client_close(&other);
        house_close(house);
}

static void call(const char *method, const char *name)
{
        client_sendf(&client,
                "{\"jsonrpc\":\"2.0\",\"id\":\"%s\",\"method\":\"%s\",\"params\":{\"name\":\"%s\"}}\n", name,
                method, name);
}

/* Over the other connection, so that nothing of this one's order is moved. */
static void release(const char *name)
{
        char params[64], reply[128];
        snprintf(params, sizeof params, "{\"name\":\"%s\"}", name);
        json_decref(client_ask(&other, "release", params));
        snprintf(reply, sizeof reply, "{\"jsonrpc\":\"2.0\",\"id\":\"%s\",\"result\":\"%s\"}", name, name);
        client_expect(&client, reply);
}

START_TEST(answers_on_both_kinds_of_socket)
{
        client_send(&client, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{\"a\":[1]}}\r\n");
        client_expect(&client, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"a\":[1]}}");
        client_send(&other, "\n\r\n{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}\n");
        client_expect(&other, "{\"jsonrpc\":\"2.0\",\"id\":null,\"result\":{}}");
}
END_TEST

START_TEST(reads_a_line_that_comes_byte_by_byte)
{
        const char *line = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n";
        for (size_t i = 0; line[i]; i++)
                client_send_n(&client, line + i, 1);
        client_expect(&client, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}");
}
END_TEST

START_TEST(a_read_waits_for_earlier_changes_alone)
{
        call("read", "r1");
        call("read", "r2");
        call("change", "c1");
        call("read", "r3");
        client_wait_begun(&other, "r1,r2");
        release("r1");
        release("r2");
        client_wait_begun(&other, "r1,r2,c1");
        release("c1");
        client_wait_begun(&other, "r1,r2,c1,r3");
        release("r3");
}
END_TEST

START_TEST(scans_pass_each_other_and_nothing_else)
{
        call("scan", "s1");
        call("scan", "s2");
        call("change", "c1");
        call("scan", "s3");
        client_wait_begun(&other, "s1,s2");
        release("s2");
        release("s1");
        client_wait_begun(&other, "s1,s2,c1");
        release("c1");
        client_wait_begun(&other, "s1,s2,c1,s3");
        release("s3");
}
END_TEST

START_TEST(what_is_free_waits_for_nothing)
{
        call("change", "c1");
        json_decref(client_ask(&client, "ping", "{}"));
        client_wait_begun(&other, "c1");
        release("c1");
}
END_TEST

START_TEST(nothing_is_read_past_a_login)
{
        call("login", "l1");
        client_send(&client, "{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"ping\"}\nnonsense\n");
        client_wait_begun(&other, "l1");
        release("l1"); /* expects the login's answer first */
        client_expect(&client, "{\"jsonrpc\":\"2.0\",\"id\":9,\"result\":{}}");
        json_decref(client_line(&client));
}
END_TEST

START_TEST(members_of_a_batch_count_in_their_order)
{
        client_send(&client,
                "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"login\",\"params\":{\"name\":\"l\"}},"
                "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"ping\"},"
                "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"change\",\"params\":{\"name\":\"c\"}},"
                "{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"read\",\"params\":{\"name\":\"r\"}}]\n");
        client_wait_begun(&other, "l");
        json_decref(client_ask(&other, "release", "{\"name\":\"l\"}"));
        client_wait_begun(&other, "l,c");
        json_decref(client_ask(&other, "release", "{\"name\":\"c\"}"));
        client_wait_begun(&other, "l,c,r");
        json_decref(client_ask(&other, "release", "{\"name\":\"r\"}"));
        client_expect(&client, "[{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"l\"},{\"jsonrpc\":\"2.0\",\"id\":"
                               "2,\"result\":{}},"
                               "{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":\"c\"},{\"jsonrpc\":\"2.0\",\"id\":"
                               "4,\"result\":\"r\"}]");
}
END_TEST

/* Large lines are read on a helper thread; what was sent after them still comes after them. */
START_TEST(a_long_line_keeps_its_place)
{
        enum { BYTES = 3 << 20 };
        char *text = malloc(BYTES + 1);
        memset(text, 'x', BYTES);
        text[BYTES] = '\0';
        for (int i = 0; i < 6; i += 2)
                client_sendf(&client,
                        "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"begun\",\"params\":{\"a\":\"%s\"}}\n"
                        "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"ping\"}\n",
                        i, text, i + 1);
        for (int i = 0; i < 6; i++) {
                json_t *reply = client_line(&client);
                ck_assert_int_eq(json_integer_value(json_object_get(reply, "id")), i);
                json_decref(reply);
        }
        free(text);
}
END_TEST

START_TEST(a_peer_may_go_while_its_line_is_read)
{
        enum { ROUNDS = 20, BYTES = 1 << 20 };
        char *line = malloc(BYTES + 1);
        for (int i = 0; i < ROUNDS; i++) {
                struct client going = client_open(house);
                memset(line, i % 2 ? ' ' : '[', BYTES);
                line[BYTES] = '\n';
                client_send_n(&going, line, BYTES + 1);
                client_send(&going,
                        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"change\",\"params\":{\"name\":\"c\"}}\n");
                client_close(&going);
        }
        while (house_left(house) < ROUNDS)
                json_decref(client_ask(&client, "release", "{\"name\":\"c\"}"));
        free(line);
}
END_TEST

/* Connections that have talked and are silent now, the kernel's share and the test's aside. */
START_TEST(an_idle_connection_costs_less_than_two_kibibytes)
{
        enum { CONNECTIONS = 200 };
        static struct client idle[CONNECTIONS];
        size_t before = mallinfo2().uordblks;
        for (int i = 0; i < CONNECTIONS; i++) {
                idle[i] = client_open(house);
                json_decref(client_ask(&idle[i], "ping", "{\"a\":[1,2,3]}"));
                free(idle[i].bytes);
                idle[i].bytes = NULL;
                idle[i].capacity = 0;
        }
        json_decref(client_ask(&client, "ping", "{}"));
        size_t each = (mallinfo2().uordblks - before) / CONNECTIONS;
        fprintf(stderr, "an idle connection: %zu bytes\n", each);
        if (HOUSE_MEASURES)
                ck_assert(each > 100 && each < 2048);
        for (int i = 0; i < CONNECTIONS; i++)
                client_close(&idle[i]);
}
END_TEST

START_TEST(answers_what_came_before_the_end)
{
        for (int i = 0; i < 1000; i++)
                client_sendf(&client, "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"ping\"}\n", i);
        shutdown(client.fd, SHUT_WR);
        for (int i = 0; i < 1000; i++) {
                json_t *reply = client_line(&client);
                ck_assert_int_eq(json_integer_value(json_object_get(reply, "id")), i);
                json_decref(reply);
        }
        client_expect_end(&client);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("order");
        TCase *order = tcase_create("order");
        tcase_add_checked_fixture(order, open_house, close_house);
        tcase_set_timeout(order, 30);
        tcase_add_test(order, answers_on_both_kinds_of_socket);
        tcase_add_test(order, reads_a_line_that_comes_byte_by_byte);
        tcase_add_test(order, a_read_waits_for_earlier_changes_alone);
        tcase_add_test(order, scans_pass_each_other_and_nothing_else);
        tcase_add_test(order, what_is_free_waits_for_nothing);
        tcase_add_test(order, nothing_is_read_past_a_login);
        tcase_add_test(order, members_of_a_batch_count_in_their_order);
        tcase_add_test(order, a_long_line_keeps_its_place);
        tcase_add_test(order, a_peer_may_go_while_its_line_is_read);
        tcase_add_test(order, an_idle_connection_costs_less_than_two_kibibytes);
        tcase_add_test(order, answers_what_came_before_the_end);
        suite_add_tcase(suite, order);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
