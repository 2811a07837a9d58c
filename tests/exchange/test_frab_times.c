/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <stdlib.h>
#include "exchange/frab_time.h"

START_TEST(reads_durations)
{
        static const struct {
                const char *text;
                int64_t minutes; /* -1: none */
        } cases[] = { { "00:30", 30 }, { "1:00", 60 }, { "25:00", 1500 }, { "00:00", 0 }, { "01:00:00", 60 },
                { "01:00:59", 60 }, { "168:00", 10080 }, { "168:01", -1 }, { "9:99", -1 }, { "99:99", -1 },
                { "1:0", -1 }, { "", -1 }, { "60", -1 }, { "-1:00", -1 }, { "1:00x", -1 }, { "99999:00", -1 },
                { ":30", -1 } };

        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                int64_t minutes = -1;

                ck_assert_msg(duration_parse(cases[i].text, &minutes) == (cases[i].minutes >= 0), "%s",
                        cases[i].text);
                if (cases[i].minutes >= 0)
                        ck_assert_int_eq(minutes, cases[i].minutes);
        }
        ck_assert(!duration_parse(NULL, &(int64_t){ 0 }));
}
END_TEST

START_TEST(reads_clocks)
{
        int32_t seconds;

        ck_assert(clock_parse("09:30", &seconds) && seconds == 9 * 3600 + 1800);
        ck_assert(clock_parse("9:30:15", &seconds) && seconds == 9 * 3600 + 1815);
        ck_assert(clock_parse("24:30", &seconds) && seconds == 24 * 3600 + 1800);
        ck_assert(!clock_parse("48:00", &seconds));
        ck_assert(!clock_parse("09:60", &seconds));
        ck_assert(!clock_parse("", &seconds));
}
END_TEST

START_TEST(reads_times_with_and_without_offset)
{
        static const struct {
                const char *text;
                bool valid, has_clock, has_offset;
                int32_t offset;
        } cases[] = { { "2025-10-25", true, false, false, 0 }, { "2025-10-25T09:00", true, true, false, 0 },
                { "2025-10-25T09:00:00", true, true, false, 0 },
                { "2025-10-25T09:00:00Z", true, true, true, 0 },
                { "2025-10-25T09:00:00+08:00", true, true, true, 28800 },
                { "2025-10-25T09:00:00-0330", true, true, true, -12600 },
                { "2025-10-25T09:00:00.123+08:00", true, true, true, 28800 },
                { "2025-10-25 09:00+08:00", true, true, true, 28800 }, { "2025-13-25", false },
                { "25.10.2025", false }, { "2025-10-25T25:00:00Z", false },
                { "2025-10-25T09:00:00+8", false }, { "2025-10-25T09", false },
                { "2025-10-25T09:00:00+08:0", false }, { "2025-10-25T09:00:00Zx", false }, { "", false } };

        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                struct written_time time;

                ck_assert_msg(
                        written_time_parse(cases[i].text, &time) == cases[i].valid, "%s", cases[i].text);
                if (!cases[i].valid)
                        continue;
                ck_assert_int_eq(time.has_clock, cases[i].has_clock);
                ck_assert_int_eq(time.has_offset, cases[i].has_offset);
                ck_assert_int_eq(time.offset_seconds, cases[i].offset);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("frab_times");
        TCase *tests = tcase_create("frab_times");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tests, reads_durations);
        tcase_add_test(tests, reads_clocks);
        tcase_add_test(tests, reads_times_with_and_without_offset);
        suite_add_tcase(suite, tests);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
