/* SPDX-License-Identifier: Apache-2.0 */
/* The table, held against an array that says what is in it. */
#include "base/table.h"
#include "../random.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

enum { THINGS = 3000, STEPS = 200000, FEW_THINGS = 700 };

struct thing {
        char name[12];
        bool in;
};

static struct thing things[THINGS];
static struct table table;

static uint64_t thing_hash(const void *entry)
{
        return hash_text(((const struct thing *)entry)->name, 0);
}

static bool thing_equal(const void *entry, const void *key)
{
        return strcmp(((const struct thing *)entry)->name, key) == 0;
}

static void set_up(void)
{
        table_init(&table, thing_hash, thing_equal);
        for (size_t i = 0; i < THINGS; i++)
                snprintf(things[i].name, sizeof(things[i].name), "thing %zu", i);
}

static void tear_down(void)
{
        table_deinit(&table);
}

static void *find(const char *name)
{
        return table_find(&table, hash_text(name, 0), name);
}

static void turn(struct thing *thing)
{
        thing->in = !thing->in;
        table_set(&table, thing, thing->in);
}

/* Others are expected all the time, and only some of them looked up after. */
START_TEST(finds_what_is_in_it_whatever_was_expected)
{
        for (size_t step = 0; step < STEPS; step++) {
                struct thing *thing = &things[next_random(THINGS)], *other = &things[next_random(THINGS)];
                uint64_t hash = thing_hash(other);

                turn(thing);
                table_prefetch(&table, hash);
                table_prefetched(&table, hash);
                ck_assert_ptr_eq(find(thing->name), thing->in ? thing : NULL);
                ck_assert_ptr_eq(find(other->name), other->in ? other : NULL);
        }
}
END_TEST

/* Of so few no two have the same 32 bits, but for a chance of one in a thousand: of these, one or two may differ. */
START_TEST(expects_what_it_will_find)
{
        size_t otherwise = 0;

        for (size_t i = 0; i < THINGS; i += 2)
                turn(&things[i]);
        for (size_t i = 0; i < THINGS; i++)
                otherwise += table_prefetched(&table, thing_hash(&things[i])) != find(things[i].name);
        ck_assert_uint_le(otherwise, 2);
}
END_TEST

START_TEST(expects_nothing_of_an_empty_one)
{
        uint64_t hash = thing_hash(&things[0]);

        for (int round = 0; round < 2; round++) { /* never filled; emptied */
                table_prefetch(&table, hash);
                ck_assert_ptr_null(table_prefetched(&table, hash));
                turn(&things[0]);
                ck_assert_ptr_eq(table_prefetched(&table, hash), &things[0]);
                turn(&things[0]);
        }
}
END_TEST

START_TEST(finds_each_of_those_that_are_alike)
{
        static struct thing alike[3] = { { .name = "alike" }, { .name = "alike" }, { .name = "alike" } };
        uint64_t hash = thing_hash(&alike[0]);
        size_t iterator = 0, found = 0;
        struct thing *thing;

        for (size_t i = 0; i < 3; i++)
                table_add_hashed(&table, &alike[i], hash);
        while ((thing = table_find_next(&table, hash, "alike", &iterator))) {
                ck_assert(!thing->in);
                thing->in = true;
                found++;
        }
        ck_assert_uint_eq(found, 3);
}
END_TEST

/* Each of those that are in is met once, and looked up. */
static void is_whole(size_t count)
{
        size_t iterator = 0, met = 0;
        const struct thing *thing;

        while ((thing = table_next(&table, &iterator))) {
                ck_assert(thing->in);
                ck_assert_ptr_eq(find(thing->name), thing);
                met++;
        }
        ck_assert_uint_eq(met, count);
        ck_assert_uint_eq(table.count, count);
}

START_TEST(is_whole_at_every_moment_of_its_growth)
{
        size_t halves = 0;

        for (size_t i = 0; i < FEW_THINGS; i++) {
                turn(&things[i]);
                is_whole(i + 1);
                halves += table.old.items != NULL;
                if (i % 3)
                        continue;
                turn(&things[i / 2]); /* one that is old, or has moved */
                ck_assert_ptr_null(find(things[i / 2].name));
                is_whole(i);
                turn(&things[i / 2]);
        }
        ck_assert_uint_gt(halves, 100);
        ck_assert_ptr_null(table.old.items);
}
END_TEST

START_TEST(finds_those_that_are_alike_on_both_sides_of_a_growth)
{
        static struct thing alike[64];
        uint64_t hash = hash_text("alike", 0);

        for (size_t i = 0; i < 64; i++) {
                size_t iterator = 0, found = 0;

                strcpy(alike[i].name, "alike");
                table_add_hashed(&table, &alike[i], hash);
                while (table_find_next(&table, hash, "alike", &iterator))
                        found++;
                ck_assert_uint_eq(found, i + 1);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("table");
        TCase *tests = tcase_create("table");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(tests, set_up, tear_down);
        tcase_add_test(tests, finds_what_is_in_it_whatever_was_expected);
        tcase_add_test(tests, expects_what_it_will_find);
        tcase_add_test(tests, expects_nothing_of_an_empty_one);
        tcase_add_test(tests, finds_each_of_those_that_are_alike);
        tcase_add_test(tests, is_whole_at_every_moment_of_its_growth);
        tcase_add_test(tests, finds_those_that_are_alike_on_both_sides_of_a_growth);
        tcase_set_timeout(tests, 60);
        suite_add_tcase(suite, tests);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? 1 : 0;
}
