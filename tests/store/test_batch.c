/* SPDX-License-Identifier: Apache-2.0 */
/* What a batch says of itself: that nobody has come, which of its columns are empty, in which order its people come. */
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

/* ---- scans as parameters ---- */

enum {
        RECEIVED_PARAM = BATCH_HEAD_PARAMS + 11,
        INSIDE_PARAM = BATCH_HEAD_PARAMS + 18,
        ADMITTED_PARAM,
        PLACE_TYPE = 23,
        BOOL_TYPE = 16
};

struct move {
        const char *checkpoint, *registration;
        int32_t day;
        int64_t version;
        bool inside; /* and admitted */
        uint8_t event;
};

static void scans_of(struct batch *batch, const struct move *moves, size_t count)
{
        batch_init(batch);
        for (size_t i = 0; i < count; i++) {
                struct scan_row scan = {
                        .event = { { moves[i].event } },
                        .checkpoint = moves[i].checkpoint,
                        .registration = moves[i].registration,
                        .day = { moves[i].day },
                        .direction = "in",
                        .verdict = "admitted",
                        .first_at = INSTANT_NONE,
                        .presence_version = moves[i].version,
                        .presence_inside = moves[i].inside,
                        .presence_admitted = moves[i].inside,
                };

                batch_add_scan(batch, NULL, &scan);
        }
        batch_number(batch);
}

static void check_param(const struct batch_params *params, size_t i, const struct buffer *expected)
{
        ck_assert_ptr_nonnull(params->values[i]);
        ck_assert_uint_eq((size_t)params->lengths[i], expected->length);
        ck_assert_mem_eq(params->values[i], expected->data, expected->length);
}

/* As PostgreSQL sorts them: "a" stands before "a-2", "B" before "a". */
START_TEST(who_comes_comes_in_the_order_of_the_keys)
{
        static const struct move moves[] = { { "door", "b", 1, 1, true }, { "door", "a", 0, 0, false },
                { "door", "a-2", 1, 1, true }, { "gate", "c", 0, 0, false }, { "door", "a", 1, 1, true },
                { "door", "B", 1, 1, true }, { "door", "ABCDEFGH-2", 1, 1, true },
                { "door", "ABCDEFGH-1", 1, 1, true }, { "door", "ABCDEFGH", 1, 1, true } };
        static const uint32_t places[] = { 9, 8, 7, 6, 5, 3, 1 };
        enum { MOVERS = sizeof(places) / sizeof(places[0]) };
        struct buffer expected = BUFFER_NULL;
        struct batch_params params;
        struct batch batch;

        scans_of(&batch, moves, sizeof(moves) / sizeof(moves[0]));
        batch_params_init(&params, &batch);
        pgarray_begin(&expected, PLACE_TYPE, MOVERS);
        for (size_t i = 0; i < MOVERS; i++)
                pgarray_place(&expected, places[i]);
        check_param(&params, BATCH_ORDER_PARAM, &expected);
        batch_params_deinit(&params);
        batch_deinit(&batch);
        buffer_deinit(&expected);
}
END_TEST

/* One who is there already; two doors; two days; two events; nobody who moves. */
START_TEST(any_other_order_is_the_databases_to_find)
{
        static const struct move cases[][2] = { { { "door", "b", 1, 1, true }, { "door", "a", 1, 2, true } },
                { { "door", "b", 1, 1, true }, { "gate", "a", 1, 1, true } },
                { { "door", "b", 1, 1, true }, { "door", "a", 2, 1, true } },
                { { "door", "b", 1, 1, true, 1 }, { "door", "a", 1, 1, true, 2 } },
                { { "door", "b", 1, 0, false }, { "door", "a", 1, 0, false } } };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct batch_params params;
                struct batch batch;

                scans_of(&batch, cases[i], 2);
                batch_params_init(&params, &batch);
                ck_assert_msg(!params.values[BATCH_ORDER_PARAM], "case %zu", i);
                batch_params_deinit(&params);
                batch_deinit(&batch);
        }
}
END_TEST

START_TEST(what_all_who_move_say_is_sent_once_whoever_stands_among_them)
{
        static const struct move same[] = { { "door", "x", 0, 0, false }, { "door", "a", 0, 1, true },
                { "door", "y", 0, 0, false }, { "door", "b", 0, 1, true } };
        static const struct move other[] = { { "door", "x", 0, 0, false }, { "door", "a", 0, 1, true },
                { "door", "b", 0, 2, false } };
        static const struct {
                const struct move *moves;
                size_t count;
                bool said[3];
                size_t said_count;
        } cases[] = { { same, 4, { true }, 1 }, { other, 3, { true, true, false }, 3 },
                { same, 1, { false }, 1 } };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct buffer expected = BUFFER_NULL;
                struct batch_params params;
                struct batch batch;

                scans_of(&batch, cases[i].moves, cases[i].count);
                batch_params_init(&params, &batch);
                pgarray_begin(&expected, BOOL_TYPE, cases[i].said_count);
                for (size_t j = 0; j < cases[i].said_count; j++)
                        pgarray_bool(&expected, cases[i].said[j]);
                check_param(&params, INSIDE_PARAM, &expected);
                check_param(&params, ADMITTED_PARAM, &expected);
                batch_params_deinit(&params);
                batch_deinit(&batch);
                buffer_deinit(&expected);
        }
}
END_TEST

START_TEST(when_a_scan_was_received_is_said_where_it_is_not_when_it_was_made)
{
        static const struct move moves[] = { { "door", "a", 0, 1, true }, { "door", "b", 0, 1, true } };
        static const struct {
                int64_t at[2], received_at[2];
                bool said;
        } cases[] = { { { 1, 2 }, { 1, 2 }, false }, { { 1, 1 }, { 1, 1 }, false },
                { { 1, 2 }, { 1, 3 }, true }, { { 1, 1 }, { 2, 2 }, true }, { { 1, 2 }, { 2, 2 }, true } };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct batch_params params;
                struct batch batch;

                scans_of(&batch, moves, 2);
                for (size_t j = 0; j < 2; j++) {
                        batch.scans[j].scan.at.us = cases[i].at[j];
                        batch.scans[j].scan.received_at.us = cases[i].received_at[j];
                }
                batch_params_init(&params, &batch);
                ck_assert_int_eq(params.values[RECEIVED_PARAM] != NULL, cases[i].said);
                batch_params_deinit(&params);
                batch_deinit(&batch);
        }
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
        tcase_add_test(tests, who_comes_comes_in_the_order_of_the_keys);
        tcase_add_test(tests, any_other_order_is_the_databases_to_find);
        tcase_add_test(tests, what_all_who_move_say_is_sent_once_whoever_stands_among_them);
        tcase_add_test(tests, when_a_scan_was_received_is_said_where_it_is_not_when_it_was_made);
        suite_add_tcase(suite, tests);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
