/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that are kept once: whoever takes the same one has the same one, until the last has dropped it. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/texts.h"

enum { MANY = 500, ROUNDS = 4 };

static const char *name(int i, char text[static 16])
{
        snprintf(text, 16, "door-%d", i);
        return text;
}

/* More than are remembered as taken lately, so that some stand in each other's way. */
START_TEST(whoever_takes_the_same_has_the_same)
{
        struct texts *texts = texts_new();
        const char *taken[MANY];
        char text[16];

        for (int i = 0; i < MANY; i++)
                taken[i] = texts_take(texts, name(i, text));
        for (int i = 0; i < MANY; i++) {
                ck_assert_str_eq(taken[i], name(i, text));
                ck_assert_ptr_eq(texts_take(texts, text), taken[i]);
                ck_assert_ptr_eq(texts_take(texts, text), taken[i]); /* just now */
        }
        for (int i = 0; i < MANY; i++)
                for (int n = 0; n < 3; n++)
                        text_drop(taken[i]);
        texts_free(texts);
}
END_TEST

/* The sanitizer tells when one is found that is no more. */
START_TEST(what_the_last_has_dropped_is_made_anew)
{
        struct texts *texts = texts_new();
        const char *taken[MANY];
        char text[16];

        for (int round = 0; round < ROUNDS; round++) {
                for (int i = 0; i < MANY; i++) {
                        taken[i] = texts_take(texts, name(i, text));
                        ck_assert_str_eq(taken[i], text);
                        text_drop(texts_take(texts, text));
                        text_drop(texts_take(texts, ""));
                }
                for (int i = 0; i < MANY; i++) {
                        ck_assert_str_eq(taken[i], name(i, text));
                        text_drop(taken[i]);
                }
        }
        texts_free(texts);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("texts");
        TCase *tests = tcase_create("texts");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tests, whoever_takes_the_same_has_the_same);
        tcase_add_test(tests, what_the_last_has_dropped_is_made_anew);
        suite_add_tcase(suite, tests);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
