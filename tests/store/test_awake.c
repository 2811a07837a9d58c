/* SPDX-License-Identifier: Apache-2.0 */
/* For what the loop stays awake: a batch of one that is alone, and likely to be answered in no time. */
#include "store/private.h"

#include <check.h>

/* What is sent a minute from now is new however slow the test. */
enum { AHEAD_US = 60000000, SOON_US = 20, LATE_US = 400, LONG_US = 60000000 };

static struct store store;
static const struct lane lane, other;

static void set_up(void)
{
        store = (struct store){ .awake.can = true };
}

static void sent(int64_t us_ago)
{
        awake_for(&store.awake, &lane);
        store.awake.since_us -= us_ago;
}

static void answered_after(int64_t us)
{
        sent(us);
        awake_answered(&store.awake, &lane);
}

START_TEST(it_is_awake_for_a_batch_that_was_just_sent)
{
        ck_assert(!store_is_awake(&store));
        sent(-AHEAD_US);
        ck_assert(store_is_awake(&store));
        awake_answered(&store.awake, &other);
        ck_assert(store_is_awake(&store));
        awake_answered(&store.awake, &lane);
        ck_assert(!store_is_awake(&store));
}
END_TEST

START_TEST(it_sleeps_when_the_answer_takes_long)
{
        sent(LATE_US);
        ck_assert(!store_is_awake(&store));
}
END_TEST

START_TEST(it_sleeps_while_anybody_else_waits)
{
        sent(-AHEAD_US);
        store.queued = 1;
        ck_assert(!store_is_awake(&store));
}
END_TEST

START_TEST(it_sleeps_on_a_lone_processor)
{
        store.awake.can = false;
        sent(-AHEAD_US);
        ck_assert(!store_is_awake(&store));
}
END_TEST

START_TEST(answers_that_take_long_are_not_stayed_awake_for_until_they_come_soon_again)
{
        for (int i = 0; i < 20; i++)
                answered_after(LATE_US);
        sent(-AHEAD_US);
        ck_assert(!store_is_awake(&store));
        for (int i = 0; i < 20; i++)
                answered_after(SOON_US);
        sent(-AHEAD_US);
        ck_assert(store_is_awake(&store));
}
END_TEST

START_TEST(one_long_wait_does_not_count_for_many)
{
        answered_after(LONG_US);
        sent(-AHEAD_US);
        ck_assert(store_is_awake(&store));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("awake");
        TCase *tests = tcase_create("awake");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(tests, set_up, NULL);
        tcase_add_test(tests, it_is_awake_for_a_batch_that_was_just_sent);
        tcase_add_test(tests, it_sleeps_when_the_answer_takes_long);
        tcase_add_test(tests, it_sleeps_while_anybody_else_waits);
        tcase_add_test(tests, it_sleeps_on_a_lone_processor);
        tcase_add_test(tests, answers_that_take_long_are_not_stayed_awake_for_until_they_come_soon_again);
        tcase_add_test(tests, one_long_wait_does_not_count_for_many);
        suite_add_tcase(suite, tests);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? 1 : 0;
}
