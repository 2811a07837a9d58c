/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection pings without pause while another sends a hostile line over and over. The waits are printed; what
 * is asserted is the processor time of the loop's thread between two pings, which a busy machine does not change.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include "house.h"

enum { LINE_BYTES = 16 << 20, HOSTILE_ROUNDS = 3 };

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
        int rounds;
        atomic_bool done;
};

static void *send_line(void *context)
{
        struct enemy *enemy = context;
        for (int i = 0; i < enemy->rounds; i++) {
                struct client client = client_open(house);
                client_send_n(&client, enemy->line, enemy->length);
                client_send(&client, "\n");
                json_t *reply = client_line(&client);
                ck_assert_ptr_nonnull(reply);
                json_decref(reply);
                client_close(&client);
        }
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

START_TEST(no_line_holds_others_up)
{
        enum { WAITS = 200000 };
        static int64_t waits[WAITS];
        struct enemy enemy = { .rounds = HOSTILE_ROUNDS };
        const char *name;
        char *line = hostile_line(_i, &enemy.length, &name);
        struct client client = client_open_tcp(house);
        pthread_t thread;
        size_t count = 0;
        enemy.line = line;
        ck_assert_int_eq(pthread_create(&thread, NULL, send_line, &enemy), 0);
        while (!enemy.done && count < WAITS) {
                int64_t since = clock_monotonic_us();
                json_decref(client_ask(&client, "ping", "{}"));
                waits[count++] = clock_monotonic_us() - since;
        }
        pthread_join(thread, NULL);
        qsort(waits, count, sizeof *waits, compare);
        long held = house_held_us(house);
        fprintf(stderr, "%s: %zu pings, median %lld us, longest %lld us; the loop was held for %ld us\n",
                name, count, (long long)waits[count / 2], (long long)waits[count - 1], held);
        if (HOUSE_MEASURES)
                ck_assert_int_lt(held, 5000);
        client_close(&client);
        free(line);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("fairness");
        TCase *cases = tcase_create("fairness");
        tcase_set_timeout(cases, 60);
        tcase_add_checked_fixture(cases, open_house, close_house);
        tcase_add_loop_test(cases, no_line_holds_others_up, 0, 7);
        suite_add_tcase(suite, cases);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
