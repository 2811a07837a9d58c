/* SPDX-License-Identifier: Apache-2.0 */
/* A change of a draft: what it is judged to bring is what stands once its rows are applied. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "programme/draft_edit.h"

enum { SESSIONS = 10, STEPS = 60 };

static struct programme *programme;

static void setup(void)
{
        static const char *const speakers[] = { "[{\"role\":\"speaker\",\"speaker\":\"s1\"}]",
                "[{\"role\":\"speaker\",\"speaker\":\"s2\"}]", "[]" };
        char id[8];

        programme = family();
        room(programme, "hall", 300, NULL);
        room(programme, "attic", 20, "[[\"2025-10-25T01:00:00+08:00\",\"2025-10-25T03:00:00+08:00\"]]");
        speaker(programme, "s1", NULL);
        speaker(programme, "s2", "[[\"2025-10-25T00:00:00+08:00\",\"2025-10-25T02:00:00+08:00\"]]");
        for (int i = 0; i < SESSIONS; i++) {
                snprintf(id, sizeof(id), "p%d", i);
                session(programme, i % 2 ? CHILD : PARENT, id, i % 3 ? "t" : NULL, speakers[i % 3]);
        }
}

static void teardown(void)
{
        programme_free(programme);
}

static int overlay_compare(const void *a, const void *b)
{
        const struct overlay_session *one = a, *other = b;
        int order = uuid_compare(&one->event, &other->event);

        return order ? order : strcmp(one->id, other->id);
}

static char ids[SESSIONS][8];

/* Some of the sessions, each somewhere else, or nowhere. */
static size_t random_sessions(struct overlay_session *sessions)
{
        static const char *const rooms[] = { "hall", "attic" };
        size_t count = 0;

        for (int i = 0; i < SESSIONS; i++) {
                int from = (int)(random() % 240);

                snprintf(ids[i], sizeof(ids[i]), "p%d", i);
                if (random() % 3)
                        continue;
                sessions[count++] = (struct overlay_session){
                        .event = i % 2 ? CHILD : PARENT,
                        .id = ids[i],
                        .placed = random() % 5 > 0,
                        .room = rooms[random() % 2],
                        .starts_at = moment(from),
                        .ends_at = moment(from + (int)(random() % 60)),
                };
        }
        qsort(sessions, count, sizeof(*sessions), overlay_compare);
        return count;
}

static void apply(struct draft_edit *edit)
{
        struct rowlist rows = ROWLIST_NULL;

        draft_edit_rows(edit, &rows);
        for (size_t i = 0; i < rows.count; i++)
                if (((struct row *)rows.rows[i])->record != &draft_change_record)
                        ck_assert(programme_apply(programme, rows.rows[i]));
        rowlist_deinit(&rows);
}

static bool is_touched(const struct draft_edit *edit, const struct conflict *conflict)
{
        struct overlay overlay = { .sessions = edit->sessions, .count = edit->count };

        for (size_t i = 0; i < conflict->count; i++)
                if (overlay_find(&overlay, &conflict->event[i], conflict->session[i]))
                        return true;
        return false;
}

static bool is_alike(const struct conflict *a, const struct conflict *b)
{
        bool alike = a->kind == b->kind && a->count == b->count && a->accepted == b->accepted &&
                     a->from.us == b->from.us && a->to.us == b->to.us && a->rule == b->rule;

        for (size_t i = 0; alike && i < a->count; i++)
                alike = uuid_equal(&a->event[i], &b->event[i]) && strcmp(a->session[i], b->session[i]) == 0;
        return alike;
}

/* Every conflict of both drafts, once. */
static void all_conflicts(struct conflict_list *all)
{
        struct conflict_list of_child = { NULL, 0, 0 };

        conflicts_of_event(programme, &PARENT, all);
        conflicts_of_event(programme, &CHILD, &of_child);
        all->items = realloc(all->items, (all->count + of_child.count + 1) * sizeof(*all->items));
        for (size_t i = 0; i < of_child.count; i++) {
                bool seen = false;

                for (size_t j = 0; j < all->count; j++)
                        seen = seen || is_alike(&all->items[j], &of_child.items[i]);
                if (!seen)
                        all->items[all->count++] = of_child.items[i];
        }
        conflict_list_deinit(&of_child);
}

START_TEST(what_was_judged_is_what_stands_then)
{
        srandom((unsigned)_i + 1);
        rules(programme, "{\"track_overlap\":\"refuse\",\"room_unavailable\":\"ignore\"}", 5);
        for (int step = 0; step < STEPS; step++) {
                struct overlay_session sessions[SESSIONS];
                struct draft_edit edit = {
                        .programme = programme, .event = PARENT, .what = "apply", .by = "desk"
                };
                struct conflict_list all = { NULL, 0, 0 };
                size_t touched = 0;

                edit.sessions = sessions;
                edit.count = random_sessions(sessions);
                edit.accept = random() % 2 ? (unsigned)random() % (1U << CONFLICT_KIND_COUNT) : ~0U;
                if (!draft_edit_judge(&edit)) {
                        draft_edit_deinit(&edit);
                        continue;
                }
                apply(&edit);
                all_conflicts(&all);
                for (size_t i = 0; i < all.count; i++) {
                        bool found = false;

                        if (!is_touched(&edit, &all.items[i]))
                                continue;
                        touched++;
                        for (size_t j = 0; j < edit.conflicts.count; j++)
                                found = found || is_alike(&all.items[i], &edit.conflicts.items[j]);
                        ck_assert_msg(found, "%s of %s", conflict_kind_word(all.items[i].kind),
                                all.items[i].session[0]);
                }
                ck_assert_uint_eq(touched, edit.conflicts.count);
                conflict_list_deinit(&all);
                draft_edit_deinit(&edit);
        }
}
END_TEST

/* What may be left out of the exclusion constraints is left out, and nothing else: those that are not never clash. */
START_TEST(who_is_not_exempt_clashes_with_nobody_of_them)
{
        srandom((unsigned)_i + 1);
        for (int step = 0; step < STEPS; step++) {
                struct overlay_session sessions[SESSIONS];
                struct draft_edit edit = {
                        .programme = programme, .event = PARENT, .what = "apply", .by = "desk"
                };
                const struct placement_row *a, *b;

                edit.sessions = sessions;
                edit.count = random_sessions(sessions);
                edit.accept = random() % 3 ? 0 : ~0U;
                if (draft_edit_judge(&edit))
                        apply(&edit);
                draft_edit_deinit(&edit);
                for (size_t i = 0; (a = rowset_each(&programme->placements, &i));)
                        for (size_t j = i; (b = rowset_each(&programme->placements, &j));)
                                ck_assert(a->exempt || b->exempt || strcmp(a->room, b->room) != 0 ||
                                          a->starts_at.us >= b->ends_at.us ||
                                          b->starts_at.us >= a->ends_at.us ||
                                          a->starts_at.us == a->ends_at.us ||
                                          b->starts_at.us == b->ends_at.us);
        }
}
END_TEST

START_TEST(a_copy_does_not_see_what_comes_after_it)
{
        struct programme *copy = programme_copy(programme);

        ck_assert(programme_is_same(copy, programme));
        place(programme, PARENT, "p0", "hall", 0, 30);
        ck_assert_ptr_null(rowset_find(&copy->placements, &PARENT, "p0"));
        rules(programme, "{\"room_taken\":\"warn\"}", FIELD_INT_NONE);
        ck_assert(!programme_is_same(copy, programme));
        room(copy, "cellar", 10, NULL);
        ck_assert_ptr_null(programme_room(programme, "cellar"));
        programme_free(copy);
        ck_assert_ptr_nonnull(programme_room(programme, "hall"));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("draft edit");
        TCase *cases = tcase_create("edits");
        SRunner *runner = srunner_create(suite);
        int failed;

        suite_add_tcase(suite, cases);
        tcase_set_timeout(cases, 60);
        tcase_add_checked_fixture(cases, setup, teardown);
        tcase_add_loop_test(cases, what_was_judged_is_what_stands_then, 0, 60);
        tcase_add_loop_test(cases, who_is_not_exempt_clashes_with_nobody_of_them, 0, 60);
        tcase_add_test(cases, a_copy_does_not_see_what_comes_after_it);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
