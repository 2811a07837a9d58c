/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/gate.h"

#include <check.h>
#include <stdlib.h>

enum { ENTRIES = 24, ROUNDS = 2000 };

/* The plain oracle: every request ever sent, in order, judged against all that came before it. */
struct told {
        struct gate_entry entry;
        bool begun, finished;
};

static bool waits_for(enum wire_order later, enum wire_order earlier)
{
        if (earlier == WIRE_ORDER_LOGIN)
                return true;
        if (later == WIRE_ORDER_FREE || earlier == WIRE_ORDER_FREE)
                return false;
        if (later == WIRE_ORDER_READ)
                return earlier != WIRE_ORDER_READ;
        if (later == WIRE_ORDER_SCAN)
                return earlier != WIRE_ORDER_SCAN;
        return true;
}

static bool may_have_begun(const struct told *told, size_t index)
{
        for (size_t i = 0; i < index; i++) {
                if (!told[i].finished && waits_for(told[index].entry.order, told[i].entry.order))
                        return false;
        }
        return true;
}

static size_t start_all(struct gate *gate)
{
        size_t started = 0;
        uint64_t last = 0;
        struct gate_entry *entry;
        while ((entry = gate_next(gate))) {
                if (entry->number <= last)
                        ck_abort_msg("what may begin together begins as it was sent");
                last = entry->number;
                ((struct told *)entry)->begun = true;
                started++;
        }
        return started;
}

static void run_round(unsigned seed)
{
        struct told told[ENTRIES] = { 0 };
        struct gate gate;
        size_t count = 0, unfinished = 0;
        srand(seed);
        gate_init(&gate);
        while (count < ENTRIES || unfinished > 0) {
                size_t pick = count ? (size_t)rand() % count : 0;
                if (count < ENTRIES && rand() % 5 < 3) {
                        static const enum wire_order orders[] = { WIRE_ORDER_FREE, WIRE_ORDER_READ,
                                WIRE_ORDER_READ, WIRE_ORDER_SCAN, WIRE_ORDER_SCAN, WIRE_ORDER_SCAN,
                                WIRE_ORDER_CHANGE, WIRE_ORDER_LOGIN };
                        gate_add(&gate, &told[count++].entry, orders[rand() % 8]);
                        unfinished++;
                } else if (count > 0 && told[pick].begun && !told[pick].finished) {
                        told[pick].finished = true;
                        gate_finish(&gate, &told[pick].entry);
                        unfinished--;
                }
                if (rand() % 3 == 0 && count < ENTRIES)
                        continue;
                start_all(&gate);
                bool login = false;
                for (size_t i = 0; i < count; i++) {
                        login |= !told[i].finished && told[i].entry.order == WIRE_ORDER_LOGIN;
                        if (!told[i].finished && told[i].begun != may_have_begun(told, i))
                                ck_abort_msg("seed %u: request %zu of %zu", seed, i, count);
                }
                if (gate.count != unfinished || gate_has_login(&gate) != login)
                        ck_abort_msg("seed %u: %zu counted, %zu unfinished", seed, gate.count, unfinished);
        }
}

START_TEST(begins_exactly_what_the_order_allows)
{
        for (unsigned seed = 1; seed <= ROUNDS; seed++)
                run_round(seed);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("gate");
        TCase *cases = tcase_create("gate");
        tcase_set_timeout(cases, 60);
        tcase_add_test(cases, begins_exactly_what_the_order_allows);
        suite_add_tcase(suite, cases);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
