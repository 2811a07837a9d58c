/* SPDX-License-Identifier: Apache-2.0 */
/* How presences are named. That each has one key is what the model of the door asks usher.audit(), too. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "door/presence.h"

static const struct uuid event = { { 0xa0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 } };

static struct uuid key_of(
        const struct uuid *of, const char *checkpoint, struct date day, const char *registration)
{
        struct presence_place place = presence_place(of, checkpoint, day);

        return presence_key(&place, registration);
}

START_TEST(a_name_says_checkpoint_day_and_registration)
{
        char id[PRESENCE_ID_MAX];

        ck_assert_str_eq(presence_id(id, "door", DATE_NONE, "R1"), "door//R1");
        ck_assert_str_eq(presence_id(id, "door", (struct date){ 20777 }, "R1"), "door/2026-11-20/R1");
        ck_assert_str_eq(presence_id(id, "door", DATE_NONE, ""), "door//");
}
END_TEST

/* Made of the three hashes by other programs: a key is kept for as long as the log. */
START_TEST(a_key_is_the_same_whoever_makes_it)
{
        static const struct uuid expected = { { 0x25, 0x34, 0xe2, 0xde, 0x1d, 0xec, 0xa9, 0x33, 0x4d, 0xec,
                0xad, 0x2e, 0xa3, 0xf4, 0x05, 0x91 } };
        struct uuid key = key_of(&event, "door", DATE_NONE, "R1");

        ck_assert_mem_eq(key.bytes, expected.bytes, sizeof(key.bytes));
}
END_TEST

START_TEST(keys_of_a_checkpoint_begin_alike_and_no_two_are_the_same)
{
        static const struct uuid other_event = { { 0xa1 } };
        const struct uuid keys[] = { key_of(&event, "door", DATE_NONE, "R1"),
                key_of(&event, "door", DATE_NONE, "R2"), key_of(&event, "door", (struct date){ 20777 }, "R1"),
                key_of(&event, "door", (struct date){ 20778 }, "R1"),
                key_of(&other_event, "door", DATE_NONE, "R1"), key_of(&event, "gate", DATE_NONE, "R1") };
        enum { COUNT = sizeof(keys) / sizeof(keys[0]), AT_THE_DOOR = COUNT - 1 };

        for (size_t i = 0; i < COUNT; i++) {
                bool alike = memcmp(keys[i].bytes, keys[0].bytes, PRESENCE_RANGE_BYTES) == 0;

                ck_assert_int_eq(alike, i < AT_THE_DOOR);
                for (size_t j = 0; j < i; j++)
                        ck_assert(!uuid_equal(&keys[i], &keys[j]));
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("presence");
        TCase *tests = tcase_create("presence");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tests, a_name_says_checkpoint_day_and_registration);
        tcase_add_test(tests, a_key_is_the_same_whoever_makes_it);
        tcase_add_test(tests, keys_of_a_checkpoint_begin_alike_and_no_two_are_the_same);
        suite_add_tcase(suite, tests);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
