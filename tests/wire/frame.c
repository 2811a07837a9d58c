/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/frame.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static void expect_line(struct frame *frame, const char *expected)
{
        const char *line;
        size_t length;
        ck_assert_int_eq(frame_next(frame, 100, &line, &length), 0);
        ck_assert_uint_eq(length, strlen(expected));
        ck_assert_int_eq(memcmp(line, expected, length), 0);
}

static int next(struct frame *frame, size_t limit)
{
        const char *line;
        size_t length;
        return frame_next(frame, limit, &line, &length);
}

START_TEST(yields_lines_without_their_ends)
{
        struct frame frame = FRAME_NULL;
        const char *text = "one\ntwo\r\n\n\r\nthr";
        frame_lend(&frame, text, strlen(text));
        expect_line(&frame, "one");
        expect_line(&frame, "two");
        expect_line(&frame, "");
        expect_line(&frame, "");
        ck_assert_int_eq(next(&frame, 100), FRAME_E_MORE);
        frame_settle(&frame);
        frame_lend(&frame, "ee\nf", 4);
        expect_line(&frame, "three");
        frame_lend(&frame, "our\n", 4);
        expect_line(&frame, "four");
        frame_settle(&frame);
        ck_assert_ptr_null(frame.kept.data);
        frame_deinit(&frame);
}
END_TEST

START_TEST(counts_neither_lf_nor_cr_against_the_limit)
{
        static const struct {
                const char *text;
                int result;
        } cases[] = { { "1234\n", 0 }, { "12345\n", 0 }, { "12345\r\n", 0 }, { "123456\n", FRAME_E_TOO_LONG },
                { "123456\r\n", FRAME_E_TOO_LONG }, { "12345", FRAME_E_MORE }, { "12345\r", FRAME_E_MORE },
                { "12345\r\r", FRAME_E_TOO_LONG }, { "123456", FRAME_E_TOO_LONG } };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                struct frame frame = FRAME_NULL;
                frame_lend(&frame, cases[i].text, strlen(cases[i].text));
                ck_assert_int_eq(next(&frame, 5), cases[i].result);
                frame_deinit(&frame);
        }
}
END_TEST

START_TEST(gives_a_long_line_away_whole)
{
        struct frame frame = FRAME_NULL;
        struct stretch own = STRETCH_NULL;
        const char *line;
        size_t length;
        frame_lend(&frame, "abc", 3);
        frame_settle(&frame);
        frame_lend(&frame, "def\nnext\n", 9);
        ck_assert_int_eq(frame_next(&frame, 100, &line, &length), 0);
        line = frame_take(&frame, line, length, &own);
        expect_line(&frame, "next");
        frame_deinit(&frame);
        ck_assert_int_eq(memcmp(line, "abcdef", 6), 0);
        stretch_deinit(&own);
}
END_TEST

/* However a stream is cut up, the same lines come. */
START_TEST(does_not_mind_where_reads_end)
{
        char stream[20000];
        srand(7);
        for (size_t i = 0; i < sizeof stream; i++)
                stream[i] = rand() % 40 ? (char)('a' + rand() % 26) : '\n';
        stream[sizeof stream - 1] = '\n';
        for (int round = 0; round < 200; round++) {
                struct frame frame = FRAME_NULL;
                const char *line, *expected = stream;
                size_t length, sent = 0;
                while (sent < sizeof stream) {
                        size_t n = 1 + (size_t)rand() % (round < 100 ? 9 : 9000);
                        n = n < sizeof stream - sent ? n : sizeof stream - sent;
                        frame_lend(&frame, stream + sent, n);
                        sent += n;
                        while (rand() % 8 && frame_next(&frame, sizeof stream, &line, &length) == 0) {
                                ck_assert_int_eq(memcmp(line, expected, length + 1), 0);
                                expected += length + 1;
                        }
                        frame_settle(&frame);
                }
                while (frame_next(&frame, sizeof stream, &line, &length) == 0)
                        expected += length + 1;
                ck_assert_ptr_eq(expected, stream + sizeof stream);
                frame_deinit(&frame);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("frame");
        TCase *cases = tcase_create("frame");
        tcase_set_timeout(cases, 60);
        tcase_add_test(cases, yields_lines_without_their_ends);
        tcase_add_test(cases, counts_neither_lf_nor_cr_against_the_limit);
        tcase_add_test(cases, gives_a_long_line_away_whole);
        tcase_add_test(cases, does_not_mind_where_reads_end);
        suite_add_tcase(suite, cases);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
