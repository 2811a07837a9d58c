/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"

static struct programme *programme;

static void setup(void)
{
        programme = family();
        room(programme, "hall", 300, NULL);
        room(programme, "attic", 20, NULL);
        speaker(programme, "s1", NULL);
        session(programme, PARENT, "opening", NULL, "[{\"role\":\"speaker\",\"speaker\":\"s1\"}]");
        session(programme, PARENT, "night", NULL, NULL);
        session(programme, PARENT, "later", NULL, NULL);
        place(programme, PARENT, "opening", "hall", 540, 60);
        place(programme, PARENT, "night", "hall", 1440 + 30, 60);
}

static void teardown(void)
{
        programme_free(programme);
}

/* schedule.get's members as a tree. */
static json_t *get(const struct timetable *timetable, struct timetable_query query)
{
        struct buffer text = BUFFER_NULL;
        struct jsonout out = JSONOUT(&text);
        json_t *tree;

        json_begin_object(&out);
        timetable_write(timetable, &query, &out);
        json_end_object(&out);
        tree = json_loads(text.data, JSON_REJECT_DUPLICATES, NULL);
        ck_assert_ptr_nonnull(tree);
        buffer_deinit(&text);
        return tree;
}

static size_t sessions_of(const struct timetable *timetable, struct timetable_query query)
{
        json_t *tree = get(timetable, query);
        size_t count = json_array_size(json_object_get(tree, "sessions"));

        json_decref(tree);
        return count;
}

START_TEST(a_draft_tells_what_is_unplaced)
{
        struct timetable *draft = timetable_from_draft(programme, &PARENT);
        json_t *tree = get(draft, (struct timetable_query){ .day = DATE_NONE });

        ck_assert_uint_eq(json_array_size(json_object_get(tree, "sessions")), 2);
        ck_assert_uint_eq(json_array_size(json_object_get(tree, "unplaced")), 1);
        json_decref(tree);
        timetable_free(draft);
}
END_TEST

START_TEST(filters_by_day_room_and_speaker)
{
        struct timetable *draft = timetable_from_draft(programme, &PARENT);
        struct date first = date_from_civil(2025, 10, 25), second = date_from_civil(2025, 10, 26);

        ck_assert_uint_eq(sessions_of(draft, (struct timetable_query){ .day = first }), 1);
        ck_assert_uint_eq(sessions_of(draft, (struct timetable_query){ .day = second }), 1);
        ck_assert_uint_eq(
                sessions_of(draft, (struct timetable_query){ .day = DATE_NONE, .room = "hall" }), 2);
        ck_assert_uint_eq(
                sessions_of(draft, (struct timetable_query){ .day = DATE_NONE, .room = "attic" }), 0);
        ck_assert_uint_eq(
                sessions_of(draft, (struct timetable_query){ .day = DATE_NONE, .speaker = "s1" }), 1);
        timetable_free(draft);
}
END_TEST

START_TEST(a_published_body_reads_back_as_it_was)
{
        struct timetable *draft = timetable_from_draft(programme, &PARENT), *read = NULL;
        char *body = timetable_body(draft);

        ck_assert_int_eq(timetable_from_body(programme_event(programme, &PARENT), body, &read), 0);
        ck_assert_uint_eq(timetable_diff(draft, read, NULL), 0);
        place(programme, PARENT, "night", "attic", 1440, 60);
        timetable_free(draft);
        draft = timetable_from_draft(programme, &PARENT);
        ck_assert_uint_eq(timetable_diff(read, draft, NULL), 1);
        timetable_free(draft);
        timetable_free(read);
        free(body);
}
END_TEST

static const char *running(struct timetable *timetable, int minute, const char **next)
{
        static json_t *tree;
        struct buffer text = BUFFER_NULL;
        struct jsonout out = JSONOUT(&text);
        json_t *hall;

        json_begin_object(&out);
        timetable_write_now(timetable, moment(minute), "hall", &out);
        json_end_object(&out);
        json_decref(tree);
        tree = json_loads(text.data, 0, NULL);
        buffer_deinit(&text);
        hall = json_array_get(json_object_get(tree, "rooms"), 0);
        *next = json_string_value(json_object_get(json_object_get(hall, "next"), "session"));
        return json_string_value(
                json_object_get(json_array_get(json_object_get(hall, "running"), 0), "session"));
}

START_TEST(now_tells_what_runs_and_what_comes_that_day)
{
        struct timetable *draft = timetable_from_draft(programme, &PARENT);
        const char *next;

        ck_assert_ptr_null(running(draft, 539, &next));
        ck_assert_str_eq(next, "opening");
        ck_assert_str_eq(running(draft, 540, &next), "opening");
        ck_assert_ptr_null(next); /* the night's session is the next day's */
        ck_assert_ptr_null(running(draft, 600, &next));
        ck_assert_str_eq(running(draft, 1440 + 89, &next), "night");
        timetable_free(draft);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("timetable");
        TCase *cases = tcase_create("shown");
        SRunner *runner = srunner_create(suite);
        int failed;

        suite_add_tcase(suite, cases);
        tcase_add_checked_fixture(cases, setup, teardown);
        tcase_add_test(cases, a_draft_tells_what_is_unplaced);
        tcase_add_test(cases, filters_by_day_room_and_speaker);
        tcase_add_test(cases, a_published_body_reads_back_as_it_was);
        tcase_add_test(cases, now_tells_what_runs_and_what_comes_that_day);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
