/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"

#define ANNA "[{\"role\":\"speaker\",\"speaker\":\"s1\"}]"
#define BOTH "[{\"role\":\"speaker\",\"speaker\":\"s2\"},{\"role\":\"host\",\"speaker\":\"s1\"}]"

static struct programme *programme;

static void setup(void)
{
        programme = family();
        room(programme, "hall", 300, NULL);
        room(programme, "attic", 20, "[[\"2025-10-25T09:00:00+08:00\",\"2025-10-25T12:00:00+08:00\"]]");
        speaker(programme, "s1", "[[\"2025-10-25T08:00:00+08:00\",\"2025-10-25T18:00:00+08:00\"]]");
        speaker(programme, "s2", NULL);
}

static void teardown(void)
{
        programme_free(programme);
}

/* The kinds of an event's draft, in order, as "kind kind …". */
static const char *found(struct uuid event)
{
        static char text[1024];
        struct conflict_list list = { NULL, 0, 0 };

        text[0] = '\0';
        conflicts_of_event(programme, &event, &list);
        for (size_t i = 0; i < list.count; i++) {
                strcat(text, i ? " " : "");
                strcat(text, conflict_kind_word(list.items[i].kind));
        }
        conflict_list_deinit(&list);
        return text;
}

START_TEST(what_ends_and_what_starts_at_ten_do_not_touch)
{
        session(programme, PARENT, "a", NULL, ANNA);
        session(programme, PARENT, "b", NULL, ANNA);
        place(programme, PARENT, "a", "hall", 570, 30);
        place(programme, PARENT, "b", "hall", 600, 30);
        ck_assert_str_eq(found(PARENT), "");
}
END_TEST

START_TEST(one_room_holds_one_session_at_a_time)
{
        session(programme, PARENT, "a", NULL, NULL);
        session(programme, PARENT, "b", NULL, NULL);
        place(programme, PARENT, "a", "hall", 570, 31);
        place(programme, PARENT, "b", "hall", 600, 30);
        ck_assert_str_eq(found(PARENT), "room_taken");
}
END_TEST

START_TEST(a_speaker_is_in_one_place_even_across_parent_and_child)
{
        session(programme, PARENT, "a", NULL, ANNA);
        session(programme, CHILD, "b", NULL, BOTH);
        place(programme, PARENT, "a", "hall", 570, 60);
        place(programme, CHILD, "b", "attic", 600, 30);
        ck_assert_str_eq(found(PARENT), "speaker_taken");
        ck_assert_str_eq(found(CHILD), "speaker_taken");
}
END_TEST

START_TEST(a_pair_has_one_conflict_a_kind)
{
        session(programme, PARENT, "a", NULL, BOTH);
        session(programme, PARENT, "b", NULL, BOTH);
        place(programme, PARENT, "a", "hall", 570, 60);
        place(programme, PARENT, "b", "attic", 600, 30);
        ck_assert_str_eq(found(PARENT), "speaker_taken");
}
END_TEST

START_TEST(sessions_stay_within_the_events_days)
{
        session(programme, PARENT, "a", NULL, NULL);
        place(programme, PARENT, "a", "hall", 2 * 1440 - 30, 31);
        ck_assert_str_eq(found(PARENT), "outside_event");
        place(programme, PARENT, "a", "hall", 2 * 1440 - 30, 30);
        ck_assert_str_eq(found(PARENT), "");
}
END_TEST

START_TEST(rooms_and_speakers_have_their_hours)
{
        session(programme, PARENT, "a", NULL, ANNA);
        place(programme, PARENT, "a", "attic", 18 * 60 - 15, 30);
        ck_assert_str_eq(found(PARENT), "room_unavailable speaker_unavailable");
}
END_TEST

START_TEST(tracks_do_not_run_beside_themselves)
{
        session(programme, PARENT, "a", "t", NULL);
        session(programme, PARENT, "b", "t", NULL);
        place(programme, PARENT, "a", "hall", 570, 60);
        place(programme, PARENT, "b", "attic", 600, 30);
        ck_assert_str_eq(found(PARENT), "track_overlap");
}
END_TEST

START_TEST(a_break_may_be_asked_for)
{
        rules(programme, NULL, 10);
        session(programme, PARENT, "a", NULL, NULL);
        session(programme, PARENT, "b", NULL, NULL);
        place(programme, PARENT, "a", "hall", 570, 30);
        place(programme, PARENT, "b", "hall", 609, 30);
        ck_assert_str_eq(found(PARENT), "break_too_short");
        place(programme, PARENT, "b", "hall", 610, 30);
        ck_assert_str_eq(found(PARENT), "");
}
END_TEST

START_TEST(rules_say_what_a_kind_does)
{
        struct conflict_list list = { NULL, 0, 0 };

        rules(programme, "{\"room_taken\":\"warn\",\"speaker_taken\":\"ignore\"}", FIELD_INT_NONE);
        session(programme, PARENT, "a", NULL, ANNA);
        session(programme, PARENT, "b", NULL, ANNA);
        place(programme, PARENT, "a", "hall", 570, 60);
        place(programme, PARENT, "b", "hall", 600, 30);
        conflicts_of_event(programme, &PARENT, &list);
        ck_assert_uint_eq(list.count, 1);
        ck_assert_int_eq(list.items[0].kind, CONFLICT_ROOM_TAKEN);
        ck_assert(!conflicts_refuse(&list));
        conflict_list_deinit(&list);
}
END_TEST

START_TEST(what_is_accepted_does_not_refuse_and_is_listed)
{
        struct conflict_list list = { NULL, 0, 0 };
        struct overlay_session moved = { .event = PARENT,
                .id = "b",
                .placed = true,
                .room = "hall",
                .starts_at = moment(600),
                .ends_at = moment(630) };
        struct overlay overlay = { &moved, 1, 1U << CONFLICT_ROOM_TAKEN, "desk", moment(0) };

        session(programme, PARENT, "a", NULL, NULL);
        session(programme, PARENT, "b", NULL, NULL);
        place(programme, PARENT, "a", "hall", 570, 60);
        conflicts_of_change(programme, &overlay, &list);
        ck_assert_uint_eq(list.count, 1);
        ck_assert(list.items[0].accepted && list.items[0].accepted_now);
        ck_assert(!conflicts_refuse(&list));
        overlay.accept = 0;
        conflict_list_deinit(&list);
        conflicts_of_change(programme, &overlay, &list);
        ck_assert(conflicts_refuse(&list));
        conflict_list_deinit(&list);
}
END_TEST

/* ---- a plain oracle: every pair, minute by minute ---- */

enum { SESSIONS = 12, ROOMS = 3, DAY = 240 };

struct plan {
        int room, speaker, from, minutes;
};

static bool busy_together(const struct plan *a, const struct plan *b)
{
        for (int minute = 0; minute < DAY * 2; minute++)
                if (a->from <= minute && minute < a->from + a->minutes && b->from <= minute &&
                        minute < b->from + b->minutes)
                        return true;
        return false;
}

START_TEST(finds_what_a_minute_by_minute_count_finds)
{
        static const char *const rooms[] = { "r0", "r1", "r2" };
        static const char *const speakers[] = { ANNA, BOTH, NULL };
        struct conflict_list list = { NULL, 0, 0 };
        struct plan plans[SESSIONS];
        size_t rooms_taken = 0, speakers_taken = 0, seen[2] = { 0, 0 };

        srandom((unsigned)_i + 1);
        rules(programme, "{\"speaker_unavailable\":\"ignore\"}", FIELD_INT_NONE);
        for (int i = 0; i < ROOMS; i++)
                room(programme, rooms[i], FIELD_INT_NONE, NULL);
        for (int i = 0; i < SESSIONS; i++) {
                char id[8];

                snprintf(id, sizeof(id), "p%d", i);
                plans[i] = (struct plan){ (int)(random() % ROOMS), (int)(random() % 3), (int)(random() % DAY),
                        (int)(random() % 60) };
                session(programme, PARENT, id, NULL, speakers[plans[i].speaker]);
                place(programme, PARENT, id, rooms[plans[i].room], plans[i].from, plans[i].minutes);
        }
        for (int i = 0; i < SESSIONS; i++)
                for (int j = i + 1; j < SESSIONS; j++) {
                        if (!busy_together(&plans[i], &plans[j]))
                                continue;
                        rooms_taken += plans[i].room == plans[j].room;
                        speakers_taken += plans[i].speaker < 2 && plans[j].speaker < 2;
                }
        conflicts_of_event(programme, &PARENT, &list);
        for (size_t i = 0; i < list.count; i++) {
                seen[0] += list.items[i].kind == CONFLICT_ROOM_TAKEN;
                seen[1] += list.items[i].kind == CONFLICT_SPEAKER_TAKEN;
        }
        ck_assert_uint_eq(seen[0], rooms_taken);
        ck_assert_uint_eq(seen[1], speakers_taken);
        conflict_list_deinit(&list);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("conflicts");
        TCase *cases = tcase_create("rules");
        SRunner *runner = srunner_create(suite);
        int failed;

        suite_add_tcase(suite, cases);
        tcase_add_checked_fixture(cases, setup, teardown);
        tcase_add_test(cases, what_ends_and_what_starts_at_ten_do_not_touch);
        tcase_add_test(cases, one_room_holds_one_session_at_a_time);
        tcase_add_test(cases, a_speaker_is_in_one_place_even_across_parent_and_child);
        tcase_add_test(cases, a_pair_has_one_conflict_a_kind);
        tcase_add_test(cases, sessions_stay_within_the_events_days);
        tcase_add_test(cases, rooms_and_speakers_have_their_hours);
        tcase_add_test(cases, tracks_do_not_run_beside_themselves);
        tcase_add_test(cases, a_break_may_be_asked_for);
        tcase_add_test(cases, rules_say_what_a_kind_does);
        tcase_add_test(cases, what_is_accepted_does_not_refuse_and_is_listed);
        tcase_add_loop_test(cases, finds_what_a_minute_by_minute_count_finds, 0, 200);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
