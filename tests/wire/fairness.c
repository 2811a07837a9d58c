/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection pings without pause while another sends a hostile line over and over. The waits are printed; what
 * is asserted is the processor time of the longest turn of the loop, which a busy machine hardly changes: the median
 * of several rounds.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include "house.h"

/*
 * The contract says 5 ms. Under the sanitizers a turn that frees megabytes was seen to take 55 ms on a busy machine;
 * a loop that read a line of 16 MiB took 280 ms and more there.
 */
enum { LINE_BYTES = 16 << 20, ROUNDS = 5, HELD_US = HOUSE_MEASURES ? 5000 : 200000 };

static struct house *house;

static void open_house(void)
{
        house = house_open(&(struct house_options){ 0 });
}

static void close_house(void)
{
        house_close(house);
}

struct enemy {
        const char *line;
        size_t length;
        atomic_bool done;
};

static void *send_line(void *context)
{
        struct enemy *enemy = context;
        struct client client = client_open(house);
        client_send_n(&client, enemy->line, enemy->length);
        client_send(&client, "\n");
        json_t *reply = client_line(&client);
        ck_assert_ptr_nonnull(reply);
        json_decref(reply);
        client_close(&client);
        enemy->done = true;
        return NULL;
}

static char *repeat(const char *head, const char *unit, size_t count, const char *tail, size_t *length)
{
        char *text = NULL;
        FILE *out = open_memstream(&text, length);
        fputs(head, out);
        for (size_t i = 0; i < count; i++)
                fputs(unit, out);
        fputs(tail, out);
        fclose(out);
        return text;
}

#define HEAD "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"notify\",\"params\":{\"a\":"

static char *hostile_line(int kind, size_t *length, const char **name)
{
        switch (kind) {
        case 0:
                *name = "16 MiB of Chinese text";
                return repeat(HEAD "\"", "\xe4\xb8\xad", LINE_BYTES / 3 - 100, "\"}}", length);
        case 1:
                *name = "99,000 empty objects";
                return repeat(HEAD "[", "{},", 99000, "{}]}}", length);
        case 2:
                *name = "an id of 4 MiB";
                return repeat("{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"id\":\"", "\\u4e2d", 4 << 20 >> 3,
                        "\"}", length);
        case 3:
                *name = "a method's name of 16 MiB";
                return repeat(
                        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"", "m", LINE_BYTES - 100, "\"}", length);
        case 4:
                *name = "16 MiB of brackets";
                return repeat("", "[", LINE_BYTES, "", length);
        case 5:
                *name = "16 MiB of spaces";
                return repeat("", " ", LINE_BYTES, "", length);
        default:
                *name = "21,000 lines of nonsense at a time";
                return repeat("", "{}\n", 200000, "{}", length);
        }
}

static int compare(const void *a, const void *b)
{
        int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
        return x < y ? -1 : x > y;
}

/* Pings until the line is answered; the longest wait. */
static int64_t ping_meanwhile(struct client *client, struct enemy *enemy)
{
        int64_t longest = 0;
        pthread_t thread;
        enemy->done = false;
        ck_assert_int_eq(pthread_create(&thread, NULL, send_line, enemy), 0);
        while (!enemy->done) {
                int64_t since = clock_monotonic_us();
                json_decref(client_ask(client, "ping", "{}"));
                int64_t waited = clock_monotonic_us() - since;
                longest = waited > longest ? waited : longest;
        }
        pthread_join(thread, NULL);
        return longest;
}

START_TEST(no_line_holds_others_up)
{
        int64_t held[ROUNDS], waited = 0;
        struct enemy enemy = { 0 };
        const char *name;
        char *line = hostile_line(_i, &enemy.length, &name);
        struct client client = client_open_tcp(house);
        enemy.line = line;
        for (size_t i = 0; i < ROUNDS; i++) {
                house_held_us(house);
                int64_t longest = ping_meanwhile(&client, &enemy);
                waited = longest > waited ? longest : waited;
                held[i] = house_held_us(house);
        }
        qsort(held, ROUNDS, sizeof *held, compare);
        fprintf(stderr, "%s: longest turn median %lld us, most %lld us; longest wait %lld us\n", name,
                (long long)held[ROUNDS / 2], (long long)held[ROUNDS - 1], (long long)waited);
        ck_assert_int_lt(held[ROUNDS / 2], HELD_US);
        client_close(&client);
        free(line);
}
END_TEST

/* What is asserted above can be seen. */
START_TEST(notices_a_loop_that_is_held)
{
        struct client client = client_open_tcp(house);
        json_decref(client_ask(&client, "ping", "{}"));
        house_held_us(house);
        long held = 0;
        for (int us = 400000; held <= HELD_US && us < 8000000; us *= 2) { /* of a busy machine's time */
                char params[32];
                snprintf(params, sizeof params, "{\"us\":%d}", us);
                json_decref(client_ask(&client, "work", params));
                json_decref(client_ask(&client, "ping", "{}"));
                held = house_held_us(house);
        }
        ck_assert_int_gt(held, HELD_US);
        client_close(&client);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("fairness");
        TCase *cases = tcase_create("fairness");
        tcase_set_timeout(cases, 60);
        tcase_add_checked_fixture(cases, open_house, close_house);
        tcase_add_loop_test(cases, no_line_holds_others_up, 0, 7);
        tcase_add_test(cases, notices_a_loop_that_is_held);
        suite_add_tcase(suite, cases);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
