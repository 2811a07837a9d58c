/* SPDX-License-Identifier: Apache-2.0 */
/* Presences taken into a roster many at a time, held against the same ones taken one by one. */
#include "door/roster.h"

#include <check.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "../random.h"

enum { PEOPLE = 60, MOVES = 4000, RUN_MAX = 50, DOORS = 3 };

static const struct uuid event = { { 7 } };

static const char *code(size_t person)
{
        static char codes[PEOPLE][8];

        snprintf(codes[person], sizeof(codes[person]), "P%zu", person);
        return codes[person];
}

static const char *door(size_t i)
{
        static const char *const doors[DOORS] = { "hall", "lunch", "stage" };

        return doors[i];
}

/* Half of them: a presence may come before the registration is known. */
static struct roster *roster_with_people(void)
{
        struct roster *roster = roster_new(&event);

        for (size_t i = 0; i < PEOPLE / 2; i++) {
                struct registration_row template;
                _cleanup_(row_unrefp) struct row *row = NULL;

                row_clear(&template, &registration_record);
                template.row.event = event;
                template.row.id = code(i);
                template.row.version = 1;
                template.ticket = i % 2 ? "forum" : "full";
                template.name = "Attendee";
                template.status = "confirmed";
                row = row_seal(&template);
                roster_apply(roster, row);
        }
        return roster;
}

struct move {
        struct presence_row row;
        char id[PRESENCE_ID_MAX];
};

/* Some are older than what memory holds by then, and many of a run are of one person. */
static void make_move(struct move *move)
{
        static int64_t versions[PEOPLE][DOORS];
        size_t person = next_random(PEOPLE), at = next_random(DOORS);

        row_clear(&move->row, &presence_record);
        move->row.row.event = event;
        move->row.checkpoint = door(at);
        move->row.registration = code(person);
        move->row.row.id = presence_id(move->id, door(at), DATE_NONE, code(person));
        move->row.row.version = ++versions[person][at] - (next_random(10) == 0);
        move->row.admitted = next_random(4) > 0;
        move->row.inside = move->row.admitted && next_random(2);
        if (move->row.admitted)
                move->row.first_at = (struct instant){ (int64_t)next_random(300) * INSTANT_MINUTE };
}

static void assert_same_crowds(const struct crowd *one, const struct crowd *other)
{
        ck_assert(!one == !other);
        if (!one)
                return;
        ck_assert_int_eq(one->admitted, other->admitted);
        ck_assert_int_eq(crowd_inside(one, DATE_NONE), crowd_inside(other, DATE_NONE));
        ck_assert_int_eq(crowd_admitted_with(one, "forum"), crowd_admitted_with(other, "forum"));
        ck_assert_uint_eq(one->minute_count, other->minute_count);
        for (size_t i = 0; i < one->minute_count; i++)
                ck_assert_int_eq(one->minutes[i].count, other->minutes[i].count);
}

static void assert_same(const struct attendance *one, const struct attendance *other)
{
        for (size_t at = 0; at < DOORS; at++) {
                ck_assert_int_eq(attendance_inside(one, door(at), DATE_NONE),
                        attendance_inside(other, door(at), DATE_NONE));
                assert_same_crowds(attendance_crowd(one, door(at)), attendance_crowd(other, door(at)));
                for (size_t i = 0; i < PEOPLE; i++) {
                        const struct presence_row *a, *b;

                        a = attendance_presence(one, door(at), DATE_NONE, code(i));
                        b = attendance_presence(other, door(at), DATE_NONE, code(i));
                        ck_assert(!a == !b && (!a || (row_same(a, b) && a->row.version == b->row.version)));
                }
        }
        assert_same_crowds(attendance_crowd(one, NULL), attendance_crowd(other, NULL));
}

START_TEST(takes_presences_together_as_one_by_one)
{
        struct roster *one = roster_with_people(), *other = roster_with_people();
        static struct move moves[RUN_MAX];

        for (size_t done = 0; done < MOVES;) {
                struct presence_row run[RUN_MAX];
                size_t count = next_random(RUN_MAX + 1);

                for (size_t i = 0; i < count; i++) {
                        make_move(&moves[i]);
                        run[i] = moves[i].row;
                        roster_apply(one, &run[i]);
                }
                roster_apply_presences(other, run, count);
                assert_same(roster_attendance(one), roster_attendance(other));
                done += count;
        }
        ck_assert_int_gt(attendance_crowd(roster_attendance(other), NULL)->admitted, PEOPLE / 2);
        roster_free(one);
        roster_free(other);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("roster");
        TCase *tests = tcase_create("presences");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tests, takes_presences_together_as_one_by_one);
        tcase_set_timeout(tests, 60);
        suite_add_tcase(suite, tests);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? 1 : 0;
}
