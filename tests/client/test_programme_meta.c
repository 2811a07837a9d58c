/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "client/programme_meta.h"

/* "FORMAT EVENT ZONE FIRST LAST HH:MM | NAME" */
static void meta_is(const char *file, struct buffer *body, const char *expected)
{
        _cleanup_(programme_meta_deinit) struct programme_meta meta = PROGRAMME_META_NULL;
        _cleanup_(buffer_deinit) struct buffer why = BUFFER_NULL;
        _cleanup_(buffer_deinit) struct buffer found = BUFFER_NULL;
        char first[11] = "-", last[11] = "-";

        ck_assert_msg(programme_meta_read(file, body, &meta, &why) == 0, "%s: %s", file, buffer_text(&why));
        if (!date_is_none(meta.starts_on)) {
                date_format(meta.starts_on, first);
                date_format(meta.ends_on, last);
        }
        buffer_addf(&found, "%s %s %s %s %s %02d:%02d | %s", meta.format, meta.event, meta.timezone, first,
                last, meta.day_starts / 60, meta.day_starts % 60, meta.name);
        ck_assert_str_eq(buffer_text(&found), expected);
}

static void text_is(const char *file, const char *text, const char *expected)
{
        _cleanup_(buffer_deinit) struct buffer body = BUFFER_NULL;

        buffer_add_text(&body, text);
        meta_is(file, &body, expected);
}

START_TEST(frab_xml_names_its_event)
{
        text_is("x.xml",
                "\xEF\xBB\xBF<?xml version='1.0'?><schedule><conference><acronym>Elites "
                "2025</acronym><title>Annual Conference</title>"
                "<start>2025-10-25</start><end>2025-10-25</end><time_zone_name>Asia/Shanghai</"
                "time_zone_name></conference>"
                "<day date='2025-10-25' start='2025-10-25T09:00:00+08:00' "
                "end='2025-10-26T03:30:00+08:00'/></schedule>",
                "frab-xml elites-2025 Asia/Shanghai 2025-10-25 2025-10-25 03:30 | Annual Conference");
}
END_TEST

START_TEST(an_offset_alone_becomes_a_zone)
{
        text_is("x.xml",
                "<schedule><conference><title>Forum</title><day_change>09:00:00</day_change></"
                "conference><day date='2025-10-25'>"
                "<room "
                "name='a'><event><date>2025-10-25T09:00:00+05:30</date></event></room></day></schedule>",
                "frab-xml forum Asia/Kolkata 2025-10-25 2025-10-25 09:00 | Forum");
        text_is("x.json",
                "{\"schedule\": {\"conference\": {\"title\": \"Forum\", \"start\": \"2025-10-25T20:00:00Z\", "
                "\"end\": \"2025-10-26\", \"days\": "
                "[{\"date\": \"2025-10-26\", \"day_start\": \"2025-10-26T09:00:00+08:00\"}]}}}",
                "frab-json forum Etc/GMT-8 2025-10-26 2025-10-26 00:00 | Forum");
}
END_TEST

START_TEST(a_calendar_is_read_unfolded)
{
        text_is("x.ics",
                "BEGIN:VCALENDAR\r\nX-WR-CALNAME;CHARSET=UTF-8:Elites\\, \xE6\x9E\r\n "
                "\x97\r\nBEGIN:VTIMEZONE\r\nTZID:Asia/Shanghai\r\n"
                "DTSTART:19700101T000000\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\nDTSTART;TZID=\"Asia/"
                "Shanghai\":20251025T090000\r\n"
                "DTEND;TZID=Asia/Shanghai:20251026T000000\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
                "ics elites-2e2ac24b56bb Asia/Shanghai 2025-10-25 2025-10-25 00:00 | Elites, 林");
}
END_TEST

START_TEST(a_file_without_a_title_gives_its_name)
{
        text_is("/tmp/Demo day.json",
                "{\"sessions\": [{\"start\": \"2025-10-25T00:30:00+08:00\", \"end\": "
                "\"2025-10-26T00:00:00+08:00\"}]}",
                "opass demo-day Etc/GMT-8 2025-10-25 2025-10-25 00:00 | Demo day");
        text_is("none.json", "{\"sessions\": []}", "opass none UTC - - 00:00 | none");
}
END_TEST

START_TEST(another_encoding_becomes_utf8)
{
        _cleanup_(buffer_deinit) struct buffer body = BUFFER_NULL;

        buffer_add_text(&body, "<?xml version='1.0' "
                               "encoding='ISO-8859-1'?><schedule><conference><title>Z\xFCrich</title></"
                               "conference></schedule>");
        meta_is("x.xml", &body, "frab-xml z-rich-90ae37dc95d4 UTC - - 00:00 | Z\xC3\xBCrich");
        ck_assert_ptr_nonnull(strstr(buffer_text(&body), "Z\xC3\xBCrich"));
}
END_TEST

static void refused(const char *text, size_t length, const char *words)
{
        _cleanup_(programme_meta_deinit) struct programme_meta meta = PROGRAMME_META_NULL;
        _cleanup_(buffer_deinit) struct buffer why = BUFFER_NULL;
        _cleanup_(buffer_deinit) struct buffer body = BUFFER_NULL;

        buffer_add(&body, text, length);
        ck_assert_int_eq(programme_meta_read("x", &body, &meta, &why), PROGRAMME_META_E_UNKNOWN);
        ck_assert_msg(
                strstr(buffer_text(&why), words) != NULL, "\"%s\" lacks \"%s\"", buffer_text(&why), words);
}

START_TEST(what_is_no_programme_is_refused)
{
        refused("", 0, "empty");
        refused("name,email\n", 11, "neither");
        refused("<html/>", 7, "no frab");
        refused("<!DOCTYPE schedule [<!ENTITY a 'b'>]><schedule><day date='&a;'/></schedule>", 75,
                "document type");
        refused("{\"a\": 1}", 8, "neither a frab");
        refused("{\"a\": ", 6, "not JSON");
        refused("BEGIN:VCALENDAR\nX:\xFF\n", 20, "UTF-8");
        refused("BEGIN:VCALENDAR\nX:\0\n", 20, "UTF-8");
}
END_TEST

START_TEST(published_programmes_name_their_events)
{
        static const char *const files[][2] = {
                { "31c3.xml", "frab-xml 31c3 Etc/GMT-1 2014-12-27 2014-12-31 04:00 | 31. Chaos Communication "
                              "Congress" },
                { "36c3_everything.json", "frab-json 36c3 Etc/GMT-1 2019-12-27 2019-12-30 04:00 | 36th Chaos "
                                          "Communication Congress" },
                { "36c3_everything.xml", "frab-xml 36c3 Etc/GMT-1 2019-12-27 2019-12-30 04:00 | 36th Chaos "
                                         "Communication Congress" },
                { "fosdem_2007.xml", "frab-xml fosdem-2007 UTC 2007-02-25 2007-02-26 09:00 | FOSDEM 2007" },
                { "fosdem_2025.xml",
                        "frab-xml fosdem-2025 Europe/Brussels 2025-02-01 2025-02-02 09:00 | FOSDEM 2025" },
                { "voctoweb_fixture.xml", "frab-xml froscon2013 UTC 2013-08-24 2013-08-25 00:00 | FrOSCon" },
                { "jres_2022.ics",
                        "ics jres-2021-22 Europe/Paris 2022-05-17 2022-05-20 00:00 | JRES 2021/22" },
                { "kielux_2020.ics", "ics 18.-kieler-open-source-und-linux-tage UTC 2020-09-18 2020-09-19 "
                                     "00:00 | 18. Kieler Open Source und Linux Tage" },
                { "linux_conf_au_2020.ics", "ics linux.conf.au-2020 Australia/Brisbane 2020-01-12 2020-01-17 "
                                            "00:00 | linux.conf.au 2020" },
                { "coscup_2023_session.json", "opass coscup_2023_session Etc/GMT-8 2023-07-29 2023-07-30 "
                                              "00:00 | coscup_2023_session" },
        };
        const char *shared = getenv("USHERD_SHARED");

        for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
                _cleanup_(buffer_deinit) struct buffer path = BUFFER_NULL;
                _cleanup_(buffer_deinit) struct buffer body = BUFFER_NULL;
                FILE *file;

                buffer_addf(&path, "%s/data/programmes/%s", shared ? shared : "../shared", files[i][0]);
                file = fopen(buffer_text(&path), "re");
                if (!file) {
                        printf("skipped: %s is not there\n", buffer_text(&path));
                        return;
                }
                buffer_reserve(&body, 8 << 20);
                body.length = fread(body.data, 1, 8 << 20, file);
                body.data[body.length] = '\0';
                fclose(file);
                meta_is(files[i][0], &body, files[i][1]);
        }
}
END_TEST

int main(void)
{
        TCase *tcase = tcase_create("programme_meta");
        Suite *suite = suite_create("what a programme says of its conference");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tcase, frab_xml_names_its_event);
        tcase_add_test(tcase, an_offset_alone_becomes_a_zone);
        tcase_add_test(tcase, a_calendar_is_read_unfolded);
        tcase_add_test(tcase, a_file_without_a_title_gives_its_name);
        tcase_add_test(tcase, another_encoding_becomes_utf8);
        tcase_add_test(tcase, what_is_no_programme_is_refused);
        tcase_add_test(tcase, published_programmes_name_their_events);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
