/* SPDX-License-Identifier: Apache-2.0 */
/* A set of rows held against a plain array of what it should hold. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/rowset.h"
#include "../random.h"

enum { EVENTS = 3, IDS = 12, STEPS = 20000 };

static const struct record plain_record = { .kind = "plain", .size = sizeof(struct row) };
static const struct uuid events[EVENTS] = { { { 1 } }, { { 2 } }, { { 3 } } };
static const char *const ids[IDS] = { "a", "aa", "ab", "b", "c", "door", "doors", "hall", "m", "x", "y",
        "z" };

struct plain {
        int64_t version; /* 0: never heard of */
        bool deleted;
};

static void apply(struct rowset *set, struct plain *plain, size_t event, size_t id)
{
        struct row template;
        _cleanup_(row_unrefp) struct row *row = NULL;

        row_clear(&template, &plain_record);
        template.event = events[event];
        template.id = ids[id];
        template.version = plain->version + (int64_t)next_random(3); /* the same, too: then nothing happens */
        template.deleted = next_random(4) == 0;
        if (!template.version)
                return;
        row = row_seal(&template);
        ck_assert_int_eq(rowset_apply(set, row), template.version > plain->version);
        if (template.version > plain->version)
                *plain = (struct plain){ template.version, template.deleted };
}

static void compare(const struct rowset *set, const struct plain *plain, size_t event, size_t id)
{
        const struct row *found = rowset_find(set, &events[event], ids[id]);
        bool lives = plain->version && !plain->deleted;

        ck_assert_int_eq(rowset_version(set, &events[event], ids[id]), plain->version);
        ck_assert_int_eq(found != NULL, lives);
        if (found)
                ck_assert(uuid_equal(&found->event, &events[event]) && strcmp(found->id, ids[id]) == 0 &&
                          found->version == plain->version);
}

static void compare_order(const struct rowset *set, struct plain plain[IDS], size_t event)
{
        const struct row *row = NULL;

        for (size_t id = 0; id < IDS; id++) {
                if (!plain[id].version || plain[id].deleted)
                        continue;
                row = rowset_next(set, &events[event], row ? row->id : NULL);
                ck_assert_ptr_nonnull(row);
                ck_assert_str_eq(row->id, ids[id]);
        }
        ck_assert_ptr_null(rowset_next(set, &events[event], row ? row->id : NULL));
}

START_TEST(it_holds_the_newest_of_each)
{
        struct rowset set = ROWSET_NULL;
        struct plain plain[EVENTS][IDS] = { 0 };

        for (size_t step = 0; step < STEPS; step++) {
                size_t event = next_random(EVENTS), id = next_random(IDS);

                if (next_random(2))
                        apply(&set, &plain[event][id], event, id);
                for (size_t times = 1 + next_random(2); times; times--)
                        compare(&set, &plain[event][id], event, id);
                if (step % 100 == 0)
                        compare_order(&set, plain[event], event);
                if (step % 1000 == 999) {
                        rowset_drop_event(&set, &events[event]);
                        memset(plain[event], 0, sizeof(plain[event]));
                }
        }
        rowset_deinit(&set);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("rowset");
        TCase *tcase = tcase_create("rowset");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tcase, it_holds_the_newest_of_each);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
