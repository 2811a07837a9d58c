/* SPDX-License-Identifier: Apache-2.0 */
/* Which lanes take what waits. Every change here answers when it is asked, so nothing is ever sent. */
#include <check.h>
#include <event2/event.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/private.h"

enum { LANES = 2, BATCH_MAX = 8, HALF = BATCH_MAX / 2, MANY = 3 * BATCH_MAX, LONG_US = 1000000 };

static const struct uuid family = { { 1 } }, another = { { 2 } };

static size_t asked;

static enum decision answer(struct change *change, struct batch *batch)
{
        (void)change;
        (void)batch;
        asked++;
        return DECISION_ANSWERED;
}

static const struct change_kind answering = { .decide = answer };

/* Two lanes that are idle, and the one for imports. */
static struct store store;
static struct lane lanes[LANES + 1];
static struct change changes[MANY];

static void begin(void)
{
        store = (struct store){ .lanes = lanes, .lane_count = LANES + 1, .loaded = true };
        store.settings.batch_max = BATCH_MAX;
        store.settings.lanes = LANES;
        store.turns = LANES;
        for (size_t i = 0; i <= LANES; i++) {
                lanes[i] = (struct lane){ .store = &store, .ready = true, .bulk = i == LANES };
                batch_init(&lanes[i].batch);
        }
        asked = 0;
}

static void end(void)
{
        for (size_t i = 0; i <= LANES; i++)
                batch_deinit(&lanes[i].batch);
        for (size_t i = 0; i < store.feed.count; i++)
                places_deinit(&store.feed.families[i].places);
        free(store.feed.families);
        claims_deinit(&store.held);
        claims_deinit(&store.waiting);
}

/* A lane has sent a batch of that family so long ago. */
static void put_under_way(struct lane *lane, const struct uuid *whose, int64_t ago_us)
{
        lane->state = LANE_SENT;
        lane->sent = true;
        lane->sent_us = clock_monotonic_us() - ago_us;
        lane->batch.family = *whose;
}

static struct change *wait_in_line(size_t count)
{
        for (size_t i = 0; i < count; i++) {
                changes[i] = (struct change){ .kind = &answering, .family = family };
                queue_add(&store, &changes[i]);
        }
        return changes;
}

START_TEST(a_change_alone_begins_at_once)
{
        wait_in_line(1);
        queue_pump(&store);
        ck_assert_uint_eq(asked, 1);
}
END_TEST

START_TEST(less_than_half_a_batch_waits_for_the_one_under_way)
{
        put_under_way(&lanes[0], &family, 0);
        wait_in_line(HALF - 1);
        queue_pump(&store);
        ck_assert_uint_eq(asked, 0);
}
END_TEST

START_TEST(half_a_batch_is_worth_another_lane)
{
        put_under_way(&lanes[0], &family, 0);
        wait_in_line(HALF);
        queue_pump(&store);
        ck_assert_uint_eq(asked, HALF);
}
END_TEST

START_TEST(what_was_sent_long_ago_is_not_waited_for)
{
        put_under_way(&lanes[0], &family, LONG_US);
        wait_in_line(1);
        queue_pump(&store);
        ck_assert_uint_eq(asked, 1);
}
END_TEST

START_TEST(another_familys_batch_is_not_waited_for)
{
        put_under_way(&lanes[0], &another, 0);
        wait_in_line(1);
        queue_pump(&store);
        ck_assert_uint_eq(asked, 1);
}
END_TEST

START_TEST(nobody_waits_for_an_import_nor_an_import_for_others)
{
        put_under_way(&lanes[LANES], &family, 0);
        wait_in_line(1);
        queue_pump(&store);
        ck_assert_uint_eq(asked, 1);
        put_under_way(&lanes[0], &family, 0);
        lanes[LANES].sent = false;
        lanes[LANES].state = LANE_IDLE;
        wait_in_line(1)->bulk = true;
        queue_pump(&store);
        ck_assert_uint_eq(asked, 2);
}
END_TEST

/* An import whose turn has not come hides nobody behind it. */
START_TEST(whoever_is_behind_an_import_is_seen)
{
        put_under_way(&lanes[LANES], &family, 0);
        wait_in_line(2)->bulk = true;
        queue_pump(&store);
        ck_assert_uint_eq(asked, 1);
        ck_assert_ptr_eq(store.first, &changes[0]);
}
END_TEST

/* Two batches under way: each lane is to have half a batch. */
START_TEST(a_third_lane_needs_half_a_batch_for_each)
{
        lanes[LANES].bulk = false;
        store.turns = LANES + 1;
        put_under_way(&lanes[0], &family, 0);
        put_under_way(&lanes[1], &family, 0);
        wait_in_line(2 * HALF - 1);
        queue_pump(&store);
        ck_assert_uint_eq(asked, 0);
        queue_add(&store, &(struct change){ .kind = &answering, .family = family });
        queue_pump(&store);
        ck_assert_uint_eq(asked, 2 * HALF);
}
END_TEST

START_TEST(less_than_a_batch_is_not_decided_before_its_turn)
{
        lanes[LANES].bulk = false;
        put_under_way(&lanes[0], &family, 0);
        put_under_way(&lanes[1], &another, 0);
        wait_in_line(BATCH_MAX - 1);
        queue_pump(&store);
        ck_assert_uint_eq(asked, 0);
        lanes[1].sent = false; /* come back, and not yet in memory */
        queue_pump(&store);
        ck_assert_uint_eq(asked, BATCH_MAX - 1);
}
END_TEST

START_TEST(a_whole_batch_is_decided_ahead_of_its_turn)
{
        store.turns = 1;
        put_under_way(&lanes[0], &another, 0);
        wait_in_line(BATCH_MAX);
        queue_pump(&store);
        ck_assert_uint_eq(asked, BATCH_MAX);
}
END_TEST

START_TEST(but_only_one)
{
        store.turns = 1;
        lanes[LANES].bulk = false;
        put_under_way(&lanes[0], &family, 0);
        lanes[1].state = LANE_WAITING;
        wait_in_line(MANY);
        queue_pump(&store);
        ck_assert_uint_eq(asked, 0);
}
END_TEST

/* Its connection is away: it is sent when that is back. */
START_TEST(who_waits_has_the_turn_of_a_batch_that_came_back)
{
        store.turns = 1;
        put_under_way(&lanes[0], &family, 0);
        lanes[1].ready = false;
        lanes[1].state = LANE_WAITING;
        queue_pump(&store);
        ck_assert_int_eq(lanes[1].state, LANE_WAITING);
        lanes[0].sent = false;
        queue_pump(&store);
        ck_assert_int_eq(lanes[1].state, LANE_SENT);
}
END_TEST

/* Nothing else happens: nobody comes, and the batch that has the turn does not come back. */
START_TEST(whoever_waits_is_not_kept_from_the_database_by_a_batch_that_hangs)
{
        struct event_base *base = event_base_new();
        const struct scan_row scan = { .family = family, .checkpoint = "door", .verdict = "admitted" };

        store.base = base;
        store.turns = 1;
        lane_init(&lanes[1], &store, false);
        lanes[1].batch.family = family;
        batch_add_scan(&lanes[1].batch, &changes[0], &scan);
        put_under_way(&lanes[0], &family, 0);
        lane_begin(&lanes[1]);
        ck_assert_int_eq(lanes[1].state, LANE_WAITING);
        event_base_loop(base, EVLOOP_ONCE);
        ck_assert_int_eq(lanes[1].state, LANE_SENT);
        lane_deinit(&lanes[1]);
        event_base_free(base);
}
END_TEST

START_TEST(one_processor_or_two_give_one_turn_to_a_database_that_shares_them)
{
        bool few = sysconf(_SC_NPROCESSORS_ONLN) <= 2;

        store.settings.lanes = 3;
        store_count_turns(&store, true);
        ck_assert_uint_eq(store.turns, few ? 1 : 2);
        store_count_turns(&store, false);
        ck_assert_uint_eq(store.turns, 2);
        store.settings.lanes = 1;
        store_count_turns(&store, false);
        ck_assert_uint_eq(store.turns, 1);
}
END_TEST

START_TEST(the_last_lane_stands_in_for_one_that_hangs)
{
        lanes[LANES].bulk = false;
        put_under_way(&lanes[0], &family, 0);
        put_under_way(&lanes[1], &family, LONG_US);
        wait_in_line(MANY);
        queue_pump(&store);
        ck_assert_uint_eq(asked, MANY);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("queue");
        TCase *tcase = tcase_create("lanes");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(tcase, begin, end);
        tcase_add_test(tcase, a_change_alone_begins_at_once);
        tcase_add_test(tcase, less_than_half_a_batch_waits_for_the_one_under_way);
        tcase_add_test(tcase, half_a_batch_is_worth_another_lane);
        tcase_add_test(tcase, what_was_sent_long_ago_is_not_waited_for);
        tcase_add_test(tcase, another_familys_batch_is_not_waited_for);
        tcase_add_test(tcase, nobody_waits_for_an_import_nor_an_import_for_others);
        tcase_add_test(tcase, whoever_is_behind_an_import_is_seen);
        tcase_add_test(tcase, a_third_lane_needs_half_a_batch_for_each);
        tcase_add_test(tcase, less_than_a_batch_is_not_decided_before_its_turn);
        tcase_add_test(tcase, a_whole_batch_is_decided_ahead_of_its_turn);
        tcase_add_test(tcase, but_only_one);
        tcase_add_test(tcase, who_waits_has_the_turn_of_a_batch_that_came_back);
        tcase_add_test(tcase, whoever_waits_is_not_kept_from_the_database_by_a_batch_that_hangs);
        tcase_add_test(tcase, one_processor_or_two_give_one_turn_to_a_database_that_shares_them);
        tcase_add_test(tcase, the_last_lane_stands_in_for_one_that_hangs);
        suite_add_tcase(suite, tcase);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
