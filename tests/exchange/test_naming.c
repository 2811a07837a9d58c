/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "base/slug.h"
#include "base/utf8.h"
#include "exchange/naming.h"

static struct arena arena;

static void tear_down(void)
{
        arena_deinit(&arena);
}

START_TEST(the_first_keeps_the_base_in_whatever_order_they_come)
{
        struct naming a = { .base = "hall", .order = "a", .key = "a" },
                      b = { .base = "hall", .order = "b", .key = "b" };
        struct naming *forth[] = { &a, &b }, *back[] = { &b, &a };
        char derived[SLUG_MAX + 1];

        naming_assign(&arena, forth, 2);
        ck_assert_str_eq(a.id, "hall");
        ck_assert(strncmp(b.id, "hall-", 5) == 0);
        strcpy(derived, b.id);
        a.id = b.id = NULL;
        naming_assign(&arena, back, 2);
        ck_assert_str_eq(a.id, "hall");
        ck_assert_str_eq(b.id, derived);
}
END_TEST

START_TEST(a_derived_id_gives_way_to_one_that_is_taken)
{
        struct naming a = { .base = "7", .order = "a", .key = "a" },
                      b = { .base = "7", .order = "b", .key = "b", .suffix = "2" },
                      c = { .base = "7-2", .order = "c", .key = "c" };
        struct naming *all[] = { &a, &b, &c };

        naming_assign(&arena, all, 3);
        ck_assert_str_eq(a.id, "7");
        ck_assert_str_eq(c.id, "7-2");
        ck_assert_str_ne(b.id, "7-2");
        ck_assert(slug_is_valid(b.id));
}
END_TEST

START_TEST(a_derived_id_is_no_longer_than_a_slug)
{
        char base[SLUG_MAX + 1];
        struct naming a = { .base = base, .order = "a", .key = "a" },
                      b = { .base = base, .order = "b", .key = "b" };
        struct naming *all[] = { &a, &b };

        memset(base, 'x', SLUG_MAX);
        base[SLUG_MAX] = '\0';
        naming_assign(&arena, all, 2);
        ck_assert(slug_is_valid(b.id));
        ck_assert_str_ne(a.id, b.id);
}
END_TEST

START_TEST(utf8_is_told_from_what_is_not)
{
        static const char *const valid[] = { "", "a", "é", "车", "🚗", "\xf4\x8f\xbf\xbf" };
        static const char *const invalid[] = { "\x80", "\xc0\x80", "\xc3", "\xe8\xbd", "\xed\xa0\x80",
                "\xf4\x90\x80\x80", "\xff", "\xe0\x80\x80", "\xf0\x80\x80\x80" };

        for (size_t i = 0; i < sizeof(valid) / sizeof(*valid); i++)
                ck_assert(utf8_is_valid(valid[i], strlen(valid[i])));
        for (size_t i = 0; i < sizeof(invalid) / sizeof(*invalid); i++)
                ck_assert(!utf8_is_valid(invalid[i], strlen(invalid[i])));
}
END_TEST

START_TEST(utf8_is_cut_between_characters)
{
        ck_assert_uint_eq(utf8_prefix("a车b", 5, 2), 4);
        ck_assert_uint_eq(utf8_prefix("a车b", 5, 9), 5);
        ck_assert_uint_eq(utf8_prefix("a车b", 5, 0), 0);
        ck_assert_uint_eq(utf8_cut("a车b", 5, 3), 1);
        ck_assert_uint_eq(utf8_cut("a车b", 5, 4), 4);
        ck_assert_uint_eq(utf8_cut("a车b", 5, 5), 5);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("naming");
        TCase *tests = tcase_create("naming");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(tests, NULL, tear_down);
        tcase_add_test(tests, the_first_keeps_the_base_in_whatever_order_they_come);
        tcase_add_test(tests, a_derived_id_gives_way_to_one_that_is_taken);
        tcase_add_test(tests, a_derived_id_is_no_longer_than_a_slug);
        tcase_add_test(tests, utf8_is_told_from_what_is_not);
        tcase_add_test(tests, utf8_is_cut_between_characters);
        suite_add_tcase(suite, tests);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
