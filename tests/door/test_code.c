/* SPDX-License-Identifier: Apache-2.0 */
/* Codes as they are stored and compared. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "door/code.h"

/* So many of a character, as text. */
static char *many(const char *character, size_t count)
{
        size_t length = strlen(character);
        char *text = malloc(count * length + 1);

        for (size_t i = 0; i < count; i++)
                memcpy(text + i * length, character, length);
        text[count * length] = '\0';
        return text;
}

START_TEST(a_code_is_upper_case_without_blanks)
{
        char folded[CODE_MAX + 1];

        ck_assert_uint_eq(code_fold(" ab\tc\xe3\x80\x80\xc3\xa9 ", folded), 5);
        ck_assert_str_eq(folded, "ABC\xc3\x89");
        ck_assert_uint_eq(code_fold(" \n", folded), 0);
        ck_assert_uint_eq(code_fold("a\xff", folded), 0);
}
END_TEST

START_TEST(what_is_longer_than_a_code_may_be_is_none)
{
        static const struct {
                const char *character;
                size_t count, length;
        } cases[] = {
                { "x", CODE_MAX, CODE_MAX }, { "x", CODE_MAX + 1, 0 }, { "x", 4 * CODE_MAX, 0 },
                { "\xc3\xa9", CODE_MAX / 2, CODE_MAX }, { "\xc3\xa9", CODE_MAX / 2 + 1, 0 },
                { "\xe5\x88\x98", CODE_MAX / 3 + 1, 0 }, { "\xf0\x9f\x98\x80", CODE_MAX / 4, CODE_MAX },
                { "\xc9\x90", CODE_MAX / 2, 0 }, /* its capital takes three bytes */
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct {
                        char code[CODE_MAX + 1], behind[16];
                } room = { "", "untouched" };
                char *text = many(cases[i].character, cases[i].count);

                ck_assert_uint_eq(code_fold(text, room.code), cases[i].length);
                ck_assert_str_eq(room.behind, "untouched");
                free(text);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("code");
        TCase *tests = tcase_create("code");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tests, a_code_is_upper_case_without_blanks);
        tcase_add_test(tests, what_is_longer_than_a_code_may_be_is_none);
        suite_add_tcase(suite, tests);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
