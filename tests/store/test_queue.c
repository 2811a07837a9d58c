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

/* Two lanes that are idle, and the one for imports; each has a link. */
static struct store store;
static struct lane lanes[LANES + 1];
static struct link links[LANES + 1];
static struct change changes[MANY];

static void begin(void)
{
        store = (struct store){ .lanes = lanes, .links = links, .lane_count = LANES + 1, .loaded = true };
        store.settings.batch_max = BATCH_MAX;
        store.settings.lanes = LANES;
        store.turns = LANES;
        for (size_t i = 0; i <= LANES; i++) {
                lanes[i] = (struct lane){ .store = &store, .bulk = i == LANES };
                links[i] = (struct link){ .store = &store, .ready = true, .bulk = i == LANES };
                batch_init(&lanes[i].batch);
        }
        asked = 0;
}

static void end(void)
{
        for (size_t i = 0; i <= LANES; i++) {
                batch_deinit(&lanes[i].batch);
                free(links[i].line);
        }
        for (size_t i = 0; i < store.feed.count; i++)
                places_deinit(&store.feed.families[i].places);
        free(store.feed.families);
        claims_deinit(&store.held);
        claims_deinit(&store.waiting);
}

/* A lane has sent a batch of that family, and the server has been at work on it for so long; 0: it never will be long. */
static void put_under_way(size_t lane, const struct uuid *whose, int64_t for_us)
{
        lanes[lane].state = LANE_SENT;
        lanes[lane].sent = true;
        lanes[lane].batch.family = *whose;
        link_join(&links[lane], &lanes[lane]);
        links[lane].turn_us += for_us ? -for_us : LONG_US;
}

/* It has come back, and is not yet in memory. */
static void come_back(size_t lane)
{
        lanes[lane].sent = false;
        links[lane].count = 0;
}

/* A lane has decided a batch of that family, which could be sent. */
static void decide_ahead(size_t lane, const struct uuid *whose)
{
        const struct scan_row scan = { .family = *whose, .checkpoint = "door", .verdict = "admitted" };

        store.base = event_base_new();
        batch_deinit(&lanes[lane].batch);
        lane_init(&lanes[lane], &store, false);
        lanes[lane].batch.family = *whose;
        batch_add_scan(&lanes[lane].batch, &scan);
        lane_begin(&lanes[lane]);
}

static void forget(size_t lane)
{
        lane_deinit(&lanes[lane]);
        batch_init(&lanes[lane].batch);
        event_base_free(store.base);
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
        put_under_way(0, &family, 0);
        wait_in_line(HALF - 1);
        queue_pump(&store);
        ck_assert_uint_eq(asked, 0);
}
END_TEST

START_TEST(half_a_batch_is_worth_another_lane)
{
        put_under_way(0, &family, 0);
        wait_in_line(HALF);
        queue_pump(&store);
        ck_assert_uint_eq(asked, HALF);
}
END_TEST

START_TEST(what_was_sent_long_ago_is_not_waited_for)
{
        put_under_way(0, &family, LONG_US);
        wait_in_line(1);
        queue_pump(&store);
        ck_assert_uint_eq(asked, 1);
}
END_TEST

START_TEST(another_familys_batch_is_not_waited_for)
{
        put_under_way(0, &another, 0);
        wait_in_line(1);
        queue_pump(&store);
        ck_assert_uint_eq(asked, 1);
}
END_TEST

START_TEST(nobody_waits_for_an_import_nor_an_import_for_others)
{
        put_under_way(LANES, &family, 0);
        wait_in_line(1);
        queue_pump(&store);
        ck_assert_uint_eq(asked, 1);
        put_under_way(0, &family, 0);
        come_back(LANES);
        lanes[LANES].state = LANE_IDLE;
        wait_in_line(1)->bulk = true;
        queue_pump(&store);
        ck_assert_uint_eq(asked, 2);
}
END_TEST

/* An import whose turn has not come hides nobody behind it. */
START_TEST(whoever_is_behind_an_import_is_seen)
{
        put_under_way(LANES, &family, 0);
        wait_in_line(2)->bulk = true;
        queue_pump(&store);
        ck_assert_uint_eq(asked, 1);
        ck_assert_ptr_eq(store.first, &changes[0]);
}
END_TEST

/* Two batches under way: each lane is to have half a batch. */
START_TEST(a_third_lane_needs_half_a_batch_for_each)
{
        lanes[LANES].bulk = links[LANES].bulk = false;
        store.turns = LANES + 1;
        put_under_way(0, &family, 0);
        put_under_way(1, &family, 0);
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
        lanes[LANES].bulk = links[LANES].bulk = false;
        put_under_way(0, &family, 0);
        put_under_way(1, &another, 0);
        wait_in_line(BATCH_MAX - 1);
        queue_pump(&store);
        ck_assert_uint_eq(asked, 0);
        come_back(1);
        queue_pump(&store);
        ck_assert_uint_eq(asked, BATCH_MAX - 1);
}
END_TEST

START_TEST(a_whole_batch_is_decided_ahead_of_its_turn)
{
        store.turns = 1;
        put_under_way(0, &another, 0);
        wait_in_line(BATCH_MAX);
        queue_pump(&store);
        ck_assert_uint_eq(asked, BATCH_MAX);
}
END_TEST

START_TEST(but_only_one)
{
        store.turns = 1;
        lanes[LANES].bulk = links[LANES].bulk = false;
        put_under_way(0, &family, 0);
        lanes[1].state = LANE_WAITING;
        lanes[1].batch.family = another;
        wait_in_line(MANY);
        queue_pump(&store);
        ck_assert_uint_eq(asked, 0);
}
END_TEST

START_TEST(who_waits_has_the_turn_of_a_batch_that_came_back)
{
        store.turns = 1;
        put_under_way(0, &family, 0);
        decide_ahead(1, &another);
        queue_pump(&store);
        ck_assert_int_eq(lanes[1].state, LANE_WAITING);
        come_back(0);
        queue_pump(&store);
        ck_assert_int_eq(lanes[1].state, LANE_SENT);
        ck_assert_ptr_eq(links[0].line[0], &lanes[1]);
        forget(1);
}
END_TEST

START_TEST(a_batch_decided_ahead_stands_behind_one_of_its_family)
{
        store.turns = 1;
        put_under_way(0, &family, 0);
        decide_ahead(1, &family);
        ck_assert_int_eq(lanes[1].state, LANE_SENT);
        ck_assert_uint_eq(links[0].count, 2);
        ck_assert_ptr_eq(links[0].line[1], &lanes[1]);
        forget(1);
}
END_TEST

START_TEST(but_not_behind_two)
{
        store.turns = 1;
        lanes[LANES].bulk = links[LANES].bulk = false;
        put_under_way(0, &family, 0);
        link_join(&links[0], &lanes[LANES]);
        decide_ahead(1, &family);
        ck_assert_int_eq(lanes[1].state, LANE_WAITING);
        forget(1);
}
END_TEST

START_TEST(nor_behind_one_that_hangs)
{
        store.turns = 1;
        put_under_way(0, &family, LONG_US);
        decide_ahead(1, &family);
        ck_assert_uint_eq(links[1].count, 1);
        ck_assert_ptr_eq(links[1].line[0], &lanes[1]);
        forget(1);
}
END_TEST

START_TEST(whoever_stands_behind_a_batch_that_hangs_is_sent_elsewhere_too)
{
        store.turns = 1;
        put_under_way(0, &family, 0);
        decide_ahead(1, &family);
        link_expire(&links[0], clock_monotonic_us());
        ck_assert_uint_eq(links[1].count, 0);
        link_expire(&links[0], links[0].turn_us + LONG_US);
        ck_assert_uint_eq(links[1].count, 1);
        ck_assert_ptr_eq(links[1].line[0], &lanes[1]);
        ck_assert_ptr_null(links[0].line[1]);
        ck_assert_msg(lanes[1].exposed, "the first sending may succeed yet");
        forget(1);
}
END_TEST

/* Where something hangs the others are asked whether their server is there. */
START_TEST(who_is_asked_is_not_at_work_and_comes_before_one_that_hangs)
{
        store.turns = 1;
        put_under_way(0, &family, LONG_US);
        link_join(&links[1], NULL);
        ck_assert(!link_works(&links[1], NULL, clock_monotonic_us()));
        links[1].turn_us += LONG_US;
        decide_ahead(1, &family);
        ck_assert_uint_eq(links[1].count, 2);
        ck_assert_ptr_eq(links[1].line[1], &lanes[1]);
        forget(1);
}
END_TEST

START_TEST(whoever_has_nothing_to_do_is_asked_once_another_says_nothing)
{
        int64_t now_us = clock_monotonic_us();

        store.settings.batch_deadline_us = LONG_US;
        put_under_way(0, &family, LONG_US);
        links_ask(&store, now_us);
        ck_assert_uint_eq(links[1].count, 0);
        links[0].conn.due = 1;
        links[0].conn.heard_us = now_us - LONG_US / 2;
        links_ask(&store, now_us);
        links_ask(&store, now_us);
        ck_assert_uint_eq(links[0].count, 1);
        for (size_t i = 1; i <= LANES; i++) {
                ck_assert_uint_eq(links[i].count, 1);
                ck_assert_ptr_null(links[i].line[0]);
                links[i].count = 0; /* it answered */
        }
        links_ask(&store, now_us);
        ck_assert_uint_eq(links[1].count, 0);
}
END_TEST

/* Nothing else happens: nobody comes, and the batch that has the turn does not come back. */
START_TEST(whoever_waits_is_not_kept_from_the_database_by_a_batch_that_hangs)
{
        store.turns = 1;
        put_under_way(0, &another, 0);
        decide_ahead(1, &family);
        ck_assert_int_eq(lanes[1].state, LANE_WAITING);
        event_base_loop(store.base, EVLOOP_ONCE);
        ck_assert_int_eq(lanes[1].state, LANE_SENT);
        forget(1);
}
END_TEST

START_TEST(without_a_connection_a_batch_waits_for_one)
{
        links[0].ready = links[1].ready = false;
        decide_ahead(1, &family);
        ck_assert_int_eq(lanes[1].state, LANE_WAITING);
        event_base_loop(store.base, EVLOOP_ONCE);
        ck_assert_int_eq(lanes[1].state, LANE_SENT);
        ck_assert(!lanes[1].sent);
        forget(1);
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
        lanes[LANES].bulk = links[LANES].bulk = false;
        put_under_way(0, &family, 0);
        put_under_way(1, &family, LONG_US);
        wait_in_line(MANY);
        queue_pump(&store);
        ck_assert_uint_eq(asked, MANY);
}
END_TEST

/* ---- within a turn of the loop ---- */

static size_t asked_by_then;

static void read_some(evutil_socket_t fd, short what, void *context)
{
        const size_t *count = context;

        (void)fd;
        (void)what;
        for (size_t i = 0; i < *count; i++) {
                changes[i] = (struct change){ .kind = &answering, .family = family };
                store_submit(&store, &changes[i]);
        }
}

static void read_on(evutil_socket_t fd, short what, void *context)
{
        (void)fd;
        (void)what;
        (void)context;
        asked_by_then = asked;
}

/* Two peers can be read in a turn of the loop, and so many changes come from the first. Who was asked before the second? */
static size_t asked_between_two_peers(size_t count)
{
        struct event_base *base = event_base_new();
        struct event *first = event_new(base, -1, 0, read_some, &count);
        struct event *second = event_new(base, -1, 0, read_on, NULL);

        ck_assert_int_eq(event_base_priority_init(base, 2), 0);
        ck_assert_int_eq(event_priority_set(first, 1), 0);
        ck_assert_int_eq(event_priority_set(second, 1), 0);
        store.base = base;
        store_pump_init(&store);
        event_active(first, EV_TIMEOUT, 0);
        event_active(second, EV_TIMEOUT, 0);
        event_base_loop(base, EVLOOP_NONBLOCK);
        store_pump_deinit(&store);
        event_free(first);
        event_free(second);
        event_base_free(base);
        return asked_by_then;
}

START_TEST(a_part_of_what_can_be_read_is_enough_for_a_database_with_nothing_to_do)
{
        store.settings.batch_max = 2 * BATCH_MAX;
        ck_assert_uint_eq(asked_between_two_peers(1), 0);
        ck_assert_uint_eq(asked, 1);
        ck_assert_uint_eq(asked_between_two_peers(2), 3);
}
END_TEST

START_TEST(while_it_is_at_work_all_is_read_first)
{
        put_under_way(0, &family, 0);
        ck_assert_uint_eq(asked_between_two_peers(BATCH_MAX - 1), 0);
        ck_assert_uint_eq(asked, BATCH_MAX - 1);
}
END_TEST

START_TEST(but_for_a_whole_batch)
{
        put_under_way(0, &family, 0);
        ck_assert_uint_eq(asked_between_two_peers(BATCH_MAX), BATCH_MAX);
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
        tcase_add_test(tcase, a_batch_decided_ahead_stands_behind_one_of_its_family);
        tcase_add_test(tcase, but_not_behind_two);
        tcase_add_test(tcase, nor_behind_one_that_hangs);
        tcase_add_test(tcase, whoever_stands_behind_a_batch_that_hangs_is_sent_elsewhere_too);
        tcase_add_test(tcase, who_is_asked_is_not_at_work_and_comes_before_one_that_hangs);
        tcase_add_test(tcase, whoever_has_nothing_to_do_is_asked_once_another_says_nothing);
        tcase_add_test(tcase, without_a_connection_a_batch_waits_for_one);
        tcase_add_test(tcase, whoever_waits_is_not_kept_from_the_database_by_a_batch_that_hangs);
        tcase_add_test(tcase, one_processor_or_two_give_one_turn_to_a_database_that_shares_them);
        tcase_add_test(tcase, the_last_lane_stands_in_for_one_that_hangs);
        tcase_add_test(tcase, a_part_of_what_can_be_read_is_enough_for_a_database_with_nothing_to_do);
        tcase_add_test(tcase, while_it_is_at_work_all_is_read_first);
        tcase_add_test(tcase, but_for_a_whole_batch);
        suite_add_tcase(suite, tcase);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
