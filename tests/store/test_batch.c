/* SPDX-License-Identifier: Apache-2.0 */
/* What a batch says of itself: that nobody has come, which of its columns are empty, in which order its scans go. */
#include <check.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "store/pgarray.h"
#include "store/private.h"

enum {
        TEXT_TYPE = 25,
        FIRST_AT = 16 /* the subscript, in an array's head */,
        JUST_NOW_US = 1000,
        LONG_AGO_US = 60000000,
        COUNTERS_PARAM = 6
};

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

/* What is left, and the subscript of the first of it. */
START_TEST(nulls_at_the_ends_are_left_out)
{
        static const struct {
                const char *texts[4];
                size_t left;
                uint32_t first;
        } cases[] = { { { "a", "b", NULL, "c" }, 4, 1 }, { { NULL, NULL, "b", NULL }, 1, 3 },
                { { "a", NULL, NULL, NULL }, 1, 1 }, { { NULL, "", NULL, "\xff\xff\xff\xff" }, 3, 2 },
                { { NULL, NULL, NULL, NULL }, 0, 1 } };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct buffer array = BUFFER_NULL, expected = BUFFER_NULL;
                uint32_t first = htobe32(cases[i].first);

                list(&array, cases[i].texts, 4);
                list(&expected, cases[i].texts + cases[i].first - 1, cases[i].left);
                memcpy(expected.data + FIRST_AT, &first, sizeof(first));
                ck_assert_uint_eq(pgarray_trim(&array, 4), cases[i].left);
                ck_assert_uint_eq(array.length, expected.length);
                ck_assert_mem_eq(array.data, expected.data, array.length);
                ck_assert(pgarray_is_bare(&array, cases[i].left) == !cases[i].left);
                buffer_deinit(&array);
                buffer_deinit(&expected);
        }
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

START_TEST(moves_of_a_counter_are_held_to_their_bounds_in_their_order)
{
        static const int64_t free_low = INT64_MIN, free_high = INT64_MAX;
        static const struct {
                struct {
                        int64_t by, min, max;
                } moves[3];
                size_t count;
                const char *by, *bounds;
        } cases[] = {
                { { { 1, free_low, 40 }, { 1, free_low, 40 } }, 2, "2", "\"min\":null,\"max\":40" },
                /* full, and then somebody leaves */
                { { { 0, 40, free_high }, { -1, free_low, free_high } }, 2, "-1", "\"min\":39,\"max\":null" },
                /* the last place, and then somebody is forced in */
                { { { 1, free_low, 40 }, { 1, free_low, free_high } }, 2, "2", "\"min\":null,\"max\":41" },
                { { { -1, free_low, free_high }, { 1, free_low, 40 }, { 0, 40, free_high } }, 3, "0",
                        "\"min\":40,\"max\":40" },
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct batch_params params;
                struct batch batch;
                char expected[200];

                batch_init(&batch);
                batch.family = family;
                batch_add_counter(&batch, &family, "inside", "elsewhere", 1, free_low, free_high);
                for (size_t j = 0; j < cases[i].count; j++)
                        batch_add_counter(&batch, &family, "inside", "hall", cases[i].moves[j].by,
                                cases[i].moves[j].min, cases[i].moves[j].max);
                batch_params_init(&params, &batch);
                snprintf(expected, sizeof(expected), "\"id\":\"hall\",\"by\":%s,%s}]", cases[i].by,
                        cases[i].bounds);
                ck_assert_ptr_nonnull(strstr(params.values[COUNTERS_PARAM], expected));
                batch_params_deinit(&params);
                batch_deinit(&batch);
        }
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
        REGISTRATION_PARAM = BATCH_HEAD_PARAMS + 3,
        VERDICT_PARAM = BATCH_HEAD_PARAMS + 8,
        RECEIVED_PARAM = BATCH_HEAD_PARAMS + 11,
        INSIDE_PARAM = BATCH_HEAD_PARAMS + 18,
        ADMITTED_PARAM,
        PLACE_TYPE = 23,
        BOOL_TYPE = 16
};

struct move {
        const char *registration;
        const char *key; /* the beginning of the presence's, or of the nonce where nobody is moved */
        int64_t version;
        bool inside; /* and admitted */
};

static void scans_of(struct batch *batch, const struct move *moves, size_t count)
{
        batch_init(batch);
        for (size_t i = 0; i < count; i++) {
                struct scan_row scan = {
                        .checkpoint = "door",
                        .registration = moves[i].registration,
                        .day = DATE_NONE,
                        .direction = "in",
                        .verdict = "admitted",
                        .first_at = INSTANT_NONE,
                        .admitted_at = INSTANT_NONE,
                        .presence_version = moves[i].version,
                        .presence_inside = moves[i].inside,
                        .presence_admitted = moves[i].inside,
                };
                struct uuid *key = moves[i].version ? &scan.presence : &scan.nonce;

                memcpy(key->bytes, moves[i].key, strlen(moves[i].key));
                batch_add_scan(batch, &scan);
        }
        batch_number(batch);
}

static void check_param(const struct batch_params *params, size_t i, const struct buffer *expected)
{
        ck_assert_ptr_nonnull(params->values[i]);
        ck_assert_uint_eq((size_t)params->lengths[i], expected->length);
        ck_assert_mem_eq(params->values[i], expected->data, expected->length);
}

static void check_places(const struct batch_params *params, const uint32_t *places, size_t count)
{
        struct buffer expected = BUFFER_NULL;

        pgarray_begin(&expected, PLACE_TYPE, count);
        for (size_t i = 0; i < count; i++)
                pgarray_place(&expected, places[i]);
        check_param(params, BATCH_PLACE_PARAM, &expected);
        buffer_deinit(&expected);
}

/* Whom they move, and how often; then by nonce. Bytes count as numbers without a sign, behind the eighth too. */
START_TEST(scans_go_in_the_order_of_the_keys)
{
        static const struct move moves[] = { { "d", "\xff", 1, true }, { "x", "b", 0, false },
                { "b", "key of many-b", 1, true }, { "a", "key of many-a", 1, true },
                { "w", "\x7f", 0, false }, { "c", "l", 3, true }, { "c", "l", 2, false },
                { "v", "12345678-2", 0, false }, { "u", "12345678-1", 0, false },
                { "b", "key of many-b", 2, true }, { "b-2", "key of many-c", 1, true },
                { "v-2", "12345678-3", 0, false } };
        static const char *const registrations[] = { "a", "b", "b", "b-2", "c", "c", "d", "u", "v", "v-2",
                "x", "w" };
        static const uint32_t places[] = { 4, 3, 10, 11, 7, 6, 1, 9, 8, 12, 2, 5 };
        enum { COUNT = sizeof(places) / sizeof(places[0]) };
        struct buffer expected = BUFFER_NULL;
        struct batch_params params;
        struct batch batch;

        scans_of(&batch, moves, COUNT);
        batch_params_init(&params, &batch);
        list(&expected, registrations, COUNT);
        check_param(&params, REGISTRATION_PARAM, &expected);
        check_places(&params, places, COUNT);
        batch_params_deinit(&params);
        batch_deinit(&batch);
        buffer_deinit(&expected);
}
END_TEST

/* Those that move somebody. */
START_TEST(where_no_other_daemon_is_about_they_go_as_they_are_numbered)
{
        static const struct move moves[] = { { "c", "c", 1, true }, { "y", "y", 0, false },
                { "b", "b", 1, true }, { "x", "x", 0, false }, { "a", "a", 2, true } };
        static const uint32_t places[] = { 1, 3, 5, 4, 2 };
        struct batch_params params;
        struct batch batch;

        scans_of(&batch, moves, 5);
        batch.meets_nobody = true;
        batch_params_init(&params, &batch);
        check_places(&params, places, 5);
        batch_params_deinit(&params);
        batch_deinit(&batch);
}
END_TEST

START_TEST(another_daemon_is_about_for_a_while_after_its_last_scan)
{
        struct store store = { 0 };
        struct feed *feed = &store.feed;

        feed->store = &store;
        ck_assert(!feed_meets_nobody(feed, &family)); /* it hears of nobody */
        feed->ready = true;
        ck_assert(feed_meets_nobody(feed, &family));
        feed_met(feed, &family);
        ck_assert(!feed_meets_nobody(feed, &family));
        feed_family(feed, &family)->met_us = clock_monotonic_us() - LONG_AGO_US / 2;
        ck_assert(!feed_meets_nobody(feed, &family));
        feed_family(feed, &family)->met_us = clock_monotonic_us() - LONG_AGO_US - JUST_NOW_US;
        ck_assert(feed_meets_nobody(feed, &family));
        free(feed->families);
}
END_TEST

START_TEST(where_they_go_as_they_are_numbered_it_is_not_said)
{
        static const struct move moves[] = { { "a", "a", 1, true }, { "b", "b", 1, true },
                { "c", "a", 0, false } };
        struct batch_params params;
        struct batch batch;

        scans_of(&batch, moves, 3);
        batch_params_init(&params, &batch);
        ck_assert_ptr_null(params.values[BATCH_PLACE_PARAM]);
        batch_params_deinit(&params);
        batch_deinit(&batch);
}
END_TEST

START_TEST(what_all_who_move_say_is_sent_once_and_of_them_alone)
{
        static const struct move same[] = { { "x", "x", 0, false }, { "a", "a", 1, true },
                { "y", "y", 0, false }, { "b", "b", 1, true } };
        static const struct move other[] = { { "x", "x", 0, false }, { "a", "a", 1, true },
                { "b", "b", 2, false } };
        static const struct {
                const struct move *moves;
                size_t count;
                bool said[2];
                size_t said_count;
        } cases[] = { { same, 4, { true }, 1 }, { other, 3, { true, false }, 2 } };

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

START_TEST(where_nobody_is_moved_nothing_is_said_of_it)
{
        static const struct move moves[] = { { "x", "x", 0, true }, { "y", "y", 0, true } };
        struct batch_params params;
        struct batch batch;

        scans_of(&batch, moves, 2);
        batch_params_init(&params, &batch);
        ck_assert_ptr_null(params.values[INSIDE_PARAM]);
        ck_assert_ptr_null(params.values[ADMITTED_PARAM]);
        ck_assert_ptr_null(params.values[VERDICT_PARAM]); /* admitted, as all are that say nothing */
        batch_params_deinit(&params);
        batch_deinit(&batch);
}
END_TEST

START_TEST(when_a_scan_was_received_is_said_where_it_is_not_when_it_was_made)
{
        static const struct move moves[] = { { "a", "a", 1, true }, { "b", "b", 1, true } };
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
                        batch.scans[j].at.us = cases[i].at[j];
                        batch.scans[j].received_at.us = cases[i].received_at[j];
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
        tcase_add_test(tests, nulls_at_the_ends_are_left_out);
        tcase_add_test(tests, that_nobody_has_come_is_said_in_quiet_alone_and_taken_back_with_its_member);
        tcase_add_test(tests, moves_of_a_counter_are_held_to_their_bounds_in_their_order);
        tcase_add_test(tests, it_is_quiet_when_others_and_imports_have_been_still_for_a_while);
        tcase_add_test(tests, scans_go_in_the_order_of_the_keys);
        tcase_add_test(tests, where_no_other_daemon_is_about_they_go_as_they_are_numbered);
        tcase_add_test(tests, another_daemon_is_about_for_a_while_after_its_last_scan);
        tcase_add_test(tests, where_they_go_as_they_are_numbered_it_is_not_said);
        tcase_add_test(tests, what_all_who_move_say_is_sent_once_and_of_them_alone);
        tcase_add_test(tests, where_nobody_is_moved_nothing_is_said_of_it);
        tcase_add_test(tests, when_a_scan_was_received_is_said_where_it_is_not_when_it_was_made);
        suite_add_tcase(suite, tests);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
