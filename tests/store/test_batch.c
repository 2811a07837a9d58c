/* SPDX-License-Identifier: Apache-2.0 */
/* What a batch says of itself: that nobody has come, and which of its columns are empty. */
#include <check.h>
#include <stdlib.h>

#include "store/pgarray.h"
#include "store/private.h"

enum { TEXT_TYPE = 25, JUST_NOW_US = 1000, LONG_AGO_US = 60000000 };

static const struct uuid family = { { 1 } };

START_TEST(only_an_array_of_nulls_alone_is_bare)
{
        struct buffer array = BUFFER_NULL;

        pgarray_begin(&array, TEXT_TYPE, 2);
        pgarray_text(&array, NULL);
        pgarray_text(&array, NULL);
        ck_assert(pgarray_is_bare(&array, 2));
        buffer_clear(&array);
        pgarray_begin(&array, TEXT_TYPE, 2);
        pgarray_text(&array, NULL);
        pgarray_text(&array, "");
        ck_assert(!pgarray_is_bare(&array, 2));
        buffer_clear(&array);
        pgarray_begin(&array, TEXT_TYPE, 2);
        pgarray_text(&array, "a text");
        pgarray_text(&array, NULL);
        ck_assert(!pgarray_is_bare(&array, 2));
        buffer_deinit(&array);
}
END_TEST

static void list(struct buffer *array, const char *const *texts, size_t count)
{
        buffer_clear(array);
        pgarray_begin(array, TEXT_TYPE, count);
        for (size_t i = 0; i < count; i++)
                pgarray_text(array, texts[i]);
}

START_TEST(of_elements_that_are_all_the_same_one_is_left)
{
        static const char *const same[] = { "door", "door", "door" }, *const one[] = { "door" };
        struct buffer array = BUFFER_NULL, short_one = BUFFER_NULL;

        list(&array, same, 3);
        list(&short_one, one, 1);
        pgarray_shorten(&array, 3);
        ck_assert_uint_eq(array.length, short_one.length);
        ck_assert_mem_eq(array.data, short_one.data, array.length);
        buffer_deinit(&array);
        buffer_deinit(&short_one);
}
END_TEST

/* The last ones: bytes that repeat, and are not elements; all null, which is said by none at all. */
START_TEST(others_stay_whole)
{
        static const struct {
                const char *texts[3];
        } cases[] = { { { "door", "gate", "gate" } }, { { "door", "door", "gate" } },
                { { "door", "door", NULL } }, { { NULL, "door", "door" } }, { { "", "", "d" } },
                { { "a", "ab", "" } }, { { NULL, NULL, NULL } } };
        struct buffer array = BUFFER_NULL, before = BUFFER_NULL;

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                list(&array, cases[i].texts, 3);
                buffer_clear(&before);
                buffer_add(&before, array.data, array.length);
                pgarray_shorten(&array, 3);
                ck_assert_uint_eq(array.length, before.length);
                ck_assert_mem_eq(array.data, before.data, before.length);
        }
        buffer_deinit(&array);
        buffer_deinit(&before);
}
END_TEST

START_TEST(that_nobody_has_come_is_said_in_quiet_alone_and_taken_back_with_its_member)
{
        struct batch batch;
        struct batch_mark mark;

        batch_init(&batch);
        ck_assert(!batch_expect_no_news(&batch));
        ck_assert(!batch.no_news);
        batch.quiet = true;
        mark = batch_mark(&batch);
        ck_assert(batch_expect_no_news(&batch));
        ck_assert(batch.no_news);
        batch_rewind(&batch, &mark);
        ck_assert(!batch.no_news);
        batch_deinit(&batch);
}
END_TEST

START_TEST(it_is_quiet_when_others_and_imports_have_been_still_for_a_while)
{
        struct lane import = { .bulk = true, .state = LANE_IDLE };
        struct store store = { .lanes = &import, .lane_count = 1 };
        struct feed *feed = &store.feed;

        feed->store = &store;
        ck_assert(feed_is_quiet(feed, &family));
        feed_family(feed, &family)->moved_us = clock_monotonic_us() - JUST_NOW_US;
        ck_assert(!feed_is_quiet(feed, &family));
        feed_family(feed, &family)->moved_us = clock_monotonic_us() - LONG_AGO_US;
        ck_assert(feed_is_quiet(feed, &family));
        import.state = LANE_SENT;
        ck_assert(!feed_is_quiet(feed, &family));
        free(feed->families);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("batch");
        TCase *tests = tcase_create("batch");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tests, only_an_array_of_nulls_alone_is_bare);
        tcase_add_test(tests, of_elements_that_are_all_the_same_one_is_left);
        tcase_add_test(tests, others_stay_whole);
        tcase_add_test(tests, that_nobody_has_come_is_said_in_quiet_alone_and_taken_back_with_its_member);
        tcase_add_test(tests, it_is_quiet_when_others_and_imports_have_been_still_for_a_while);
        suite_add_tcase(suite, tests);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
