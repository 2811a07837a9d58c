/* SPDX-License-Identifier: Apache-2.0 */
/* Time zones, held against the C library's own reading of the same files. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/zone.h"

static const char *const names[] = { "UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York",
        "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "Africa/Casablanca",
        "America/Sao_Paulo", "Asia/Tehran", "Antarctica/Troll", "Europe/Dublin", "Etc/GMT-8" };
enum { ZONES = sizeof(names) / sizeof(names[0]) };

static struct zone *zone;

static void load(const char *name)
{
        zone = zone_free(zone);
        ck_assert_int_eq(zone_load(name, &zone), 0);
}

static void tear_down(void)
{
        zone = zone_free(zone);
}

static struct instant utc(const char *text)
{
        struct instant at;

        ck_assert_msg(instant_parse(text, &at), "%s", text);
        return at;
}

static struct instant local(int year, int month, int day, int hour, int minute)
{
        struct civil civil = { .year = year, .month = month, .day = day, .hour = hour, .minute = minute };

        return zone_instant(zone, &civil);
}

static const char *shown(struct instant at)
{
        static char text[40];

        zone_format(zone, at, text);
        return text;
}

START_TEST(knows_the_offset_that_the_c_library_knows)
{
        load(names[_i]);
        setenv("TZ", names[_i], 1);
        tzset();
        srandom(20251025);
        for (int n = 0; n < 4000; n++) {
                time_t seconds = (time_t)(random() % INT64_C(3786912000)); /* until 2090 */
                struct tm tm;

                localtime_r(&seconds, &tm);
                ck_assert_msg(zone_offset(zone, (struct instant){ seconds * INSTANT_SECOND }) == tm.tm_gmtoff,
                        "%s at %lld", names[_i], (long long)seconds);
        }
}
END_TEST

START_TEST(a_clock_time_comes_back_as_it_was)
{
        load(names[_i]);
        srandom(7);
        for (int n = 0; n < 4000; n++) {
                struct instant at = { (random() % INT64_C(3786912000)) * INSTANT_SECOND };
                struct civil civil = zone_civil(zone, at);
                struct instant back = zone_instant(zone, &civil);

                /* The same, or the earlier of two that the clock shows alike. */
                ck_assert_int_le(back.us, at.us);
                ck_assert(back.us == at.us || zone_offset(zone, back) != zone_offset(zone, at));
        }
}
END_TEST

START_TEST(a_time_that_is_skipped_is_read_with_the_offset_before_it)
{
        load("Europe/Berlin");
        ck_assert_str_eq(shown(local(2025, 3, 30, 1, 59)), "2025-03-30T01:59:00+01:00");
        ck_assert_str_eq(shown(local(2025, 3, 30, 2, 30)), "2025-03-30T03:30:00+02:00");
        ck_assert_str_eq(shown(local(2025, 3, 30, 3, 0)), "2025-03-30T03:00:00+02:00");
}
END_TEST

START_TEST(a_time_that_is_there_twice_is_the_earlier)
{
        load("Europe/Berlin");
        ck_assert_str_eq(shown(local(2025, 10, 26, 2, 30)), "2025-10-26T02:30:00+02:00");
        ck_assert_str_eq(shown(utc("2025-10-26T00:59:59Z")), "2025-10-26T02:59:59+02:00");
        ck_assert_str_eq(shown(utc("2025-10-26T01:00:00Z")), "2025-10-26T02:00:00+01:00");
        load("Australia/Lord_Howe"); /* half an hour */
        ck_assert_str_eq(shown(local(2025, 4, 6, 1, 45)), "2025-04-06T01:45:00+11:00");
}
END_TEST

START_TEST(a_day_of_a_conference_has_23_or_25_hours)
{
        struct date march = date_from_civil(2025, 3, 30), october = date_from_civil(2025, 10, 26);

        load("Europe/Berlin");
        for (int starts = 0; starts <= 60; starts += 60) {
                struct date after = { march.days + 1 };

                ck_assert_int_eq(
                        zone_day_start(zone, after, starts).us - zone_day_start(zone, march, starts).us,
                        23 * 60 * INSTANT_MINUTE);
                after.days = october.days + 1;
                ck_assert_int_eq(
                        zone_day_start(zone, after, starts).us - zone_day_start(zone, october, starts).us,
                        25 * 60 * INSTANT_MINUTE);
        }
        /* The night of the change belongs to the day before, until the hour that days begin. */
        ck_assert_int_eq(zone_day(zone, utc("2025-10-26T02:59:59Z"), 240).days, october.days - 1);
        ck_assert_int_eq(zone_day(zone, utc("2025-10-26T03:00:00Z"), 240).days, october.days);
        ck_assert_int_eq(zone_day(zone, utc("2025-03-30T01:59:59Z"), 240).days, march.days - 1);
        ck_assert_int_eq(zone_day(zone, utc("2025-03-30T02:00:00Z"), 240).days, march.days);
}
END_TEST

/* Whatever hour days begin, skipped or twice there: a day is what lies between its start and the next one's. */
START_TEST(every_moment_lies_within_its_day)
{
        load(names[_i]);
        for (int starts = 0; starts < 24 * 60; starts += 90)
                for (int n = 0; n < 366; n++) {
                        struct date day = { date_from_civil(2025, 1, 1).days + n }, after = { day.days + 1 };
                        struct instant opens = zone_day_start(zone, day, starts);
                        struct instant closes = zone_day_start(zone, after, starts);

                        ck_assert_int_lt(opens.us, closes.us);
                        ck_assert_int_eq(zone_day(zone, opens, starts).days, day.days);
                        ck_assert_int_eq(
                                zone_day(zone, (struct instant){ closes.us - 1 }, starts).days, day.days);
                        for (int hour = 0; hour < 8; hour++) {
                                struct instant at = { opens.us + hour * 30 * INSTANT_MINUTE };

                                ck_assert_int_eq(zone_day(zone, at, starts).days,
                                        at.us < closes.us ? day.days : after.days);
                        }
                }
}
END_TEST

START_TEST(what_is_no_zone_is_refused)
{
        static const char *const wrong[] = { "", "Europe/Atlantis", "../../etc/passwd", "/etc/localtime",
                "Europe", "Europe/../UTC", "zone.tab" };

        for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
                ck_assert_msg(zone_load(wrong[i], &zone) == ZONE_E_UNKNOWN, "%s", wrong[i]);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("zone");
        TCase *cases = tcase_create("zones");
        SRunner *runner = srunner_create(suite);
        int failed;

        suite_add_tcase(suite, cases);
        tcase_set_timeout(cases, 60);
        tcase_add_checked_fixture(cases, NULL, tear_down);
        tcase_add_loop_test(cases, knows_the_offset_that_the_c_library_knows, 0, ZONES);
        tcase_add_loop_test(cases, a_clock_time_comes_back_as_it_was, 0, ZONES);
        tcase_add_test(cases, a_time_that_is_skipped_is_read_with_the_offset_before_it);
        tcase_add_test(cases, a_time_that_is_there_twice_is_the_earlier);
        tcase_add_test(cases, a_day_of_a_conference_has_23_or_25_hours);
        tcase_add_loop_test(cases, every_moment_lies_within_its_day, 0, ZONES);
        tcase_add_test(cases, what_is_no_zone_is_refused);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
