/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/row.h"
#include "base/zone.h"
#include "exchange/frab_json.h"
#include "exchange/frab_xml.h"
#include "programme_dump.h"

static struct programme_file file;
static const struct programme_file_options no_options = { NULL, 0 };

static void set_up(void)
{
        programme_file_init(&file);
}

static void tear_down(void)
{
        programme_file_deinit(&file);
}

/* ---- builders ---- */

static int read_bytes(
        const char *bytes, size_t length, bool xml, const struct programme_file_options *options)
{
        programme_file_deinit(&file);
        return xml ? frab_xml_read(bytes, length, options, &file)
                   : frab_json_read(bytes, length, options, &file);
}

static int read_xml(const char *text)
{
        return read_bytes(text, strlen(text), true, &no_options);
}

static int read_json(const char *text)
{
        return read_bytes(text, strlen(text), false, &no_options);
}

static void read_fixture(const char *name, const struct programme_file_options *options)
{
        _cleanup_(buffer_deinit) struct buffer bytes = BUFFER_NULL;
        char path[4096];

        snprintf(path, sizeof(path), "%s/frab/%s", getenv("TEST_DATA"), name);
        ck_assert_msg(file_load(path, &bytes), "%s", path);
        ck_assert_int_eq(
                read_bytes(buffer_text(&bytes), bytes.length, strstr(name, ".xml") != NULL, options), 0);
}

/* One event whose parts are `inner`, in the room "A". */
static void read_event(const char *inner)
{
        _cleanup_(buffer_deinit) struct buffer text = BUFFER_NULL;

        buffer_addf(&text,
                "<schedule><conference><title>T</title></conference><day index='1' date='2025-10-25'>"
                "<room name='A'><event id='1'>%s</event></room></day></schedule>",
                inner);
        ck_assert_int_eq(read_xml(buffer_text(&text)), 0);
        ck_assert_uint_eq(file.session_count, 1);
}

static const struct file_session *session(const char *id)
{
        for (size_t i = 0; i < file.session_count; i++) {
                if (strcmp(file.sessions[i].id, id) == 0)
                        return &file.sessions[i];
        }
        ck_abort_msg("no session %s", id);
        return NULL;
}

static bool has_room(const char *id)
{
        for (size_t i = 0; i < file.room_count; i++) {
                if (strcmp(file.rooms[i].id, id) == 0)
                        return true;
        }
        return false;
}

static const char *start_of(const char *id)
{
        static char text[40];

        instant_format(session(id)->start, 8 * 3600, text);
        return text;
}

static size_t skipped(const char *what)
{
        size_t n = 0;

        for (size_t i = 0; i < file.skipped_count; i++)
                n += strcmp(file.skipped[i].what, what) == 0;
        return n;
}

static const char *why_skipped(const char *what, const char *id)
{
        for (size_t i = 0; i < file.skipped_count; i++) {
                if (strcmp(file.skipped[i].what, what) == 0 && strcmp(file.skipped[i].id, id) == 0)
                        return file.skipped[i].why;
        }
        ck_abort_msg("%s %s was not reported", what, id);
        return NULL;
}

static void assert_guid(const char *id, const char *expected)
{
        char text[37];

        uuid_format(&session(id)->guid, text);
        ck_assert_str_eq(text, expected);
}

/* ---- days and times ---- */

START_TEST(a_start_before_the_day_change_belongs_to_the_next_date)
{
        read_fixture("night.xml", &no_options);
        ck_assert_int_eq(file.day_starts_minutes, 240);
        ck_assert_str_eq(start_of("1"), "2025-10-24T23:30:00+08:00");
        ck_assert_str_eq(start_of("2"), "2025-10-25T00:30:00+08:00");
        ck_assert_str_eq(start_of("3"), "2025-10-24T04:00:00+08:00");
}
END_TEST

START_TEST(events_stand_directly_under_the_day)
{
        read_fixture("night.xml", &no_options);
        ck_assert_str_eq(session("4")->room, "foyer");
        ck_assert_int_eq(session("4")->minutes, 25 * 60);
}
END_TEST

START_TEST(a_room_of_a_day_without_events_is_left_out_and_reported)
{
        read_fixture("night.xml", &no_options);
        ck_assert_uint_eq(file.room_count, 2);
        ck_assert_str_eq(why_skipped("room", "Nobody Here"), "nothing stands in it");
}
END_TEST

START_TEST(what_has_no_room_or_no_time_is_kept_unplaced)
{
        read_fixture("night.xml", &no_options);
        ck_assert_ptr_null(session("5")->room);
        ck_assert(instant_is_none(session("5")->start));
        why_skipped("place", "5");
        ck_assert_ptr_null(session("6")->room);
        why_skipped("start", "6");
}
END_TEST

START_TEST(a_duration_that_is_none_holds_no_minutes)
{
        read_fixture("night.xml", &no_options);
        ck_assert_int_eq(session("5")->minutes, 0);
        why_skipped("duration", "5");
        ck_assert_int_eq(session("6")->minutes, 0);
        ck_assert_uint_eq(skipped("duration"), 1);
}
END_TEST

START_TEST(times_without_a_zone_are_in_the_events_own)
{
        struct zone *zone = NULL;
        struct programme_file_options options = { NULL, 0 };
        const char *text =
                "<schedule><conference/><day date='2025-10-25'><room name='A'>"
                "<event id='1'><start>09:30</start><duration>1:00</duration><title>T</title></event>"
                "<event id='2'><start>01:00</start><duration>1:00</duration><title>T</title></event>"
                "</room></day></schedule>";

        ck_assert_int_eq(zone_load("Asia/Shanghai", &zone), 0);
        options.zone = zone;
        options.day_starts_minutes = 120;
        ck_assert_int_eq(read_bytes(text, strlen(text), true, &options), 0);
        ck_assert_str_eq(start_of("1"), "2025-10-25T09:30:00+08:00");
        ck_assert_str_eq(start_of("2"), "2025-10-26T01:00:00+08:00");
        ck_assert_ptr_null(file.zone_name);
        ck_assert_int_eq(file.day_starts_minutes, -1);
        zone_free(zone);
}
END_TEST

START_TEST(the_offset_shows_where_dates_are_in_utc_beside_local_starts)
{
        read_fixture("offsets.xml", &no_options);
        ck_assert_str_eq(file.zone_name, "Etc/GMT-8");
        ck_assert_str_eq(start_of("1"), "2025-10-25T09:30:00+08:00");
        ck_assert_str_eq(start_of("3"), "2025-10-25T11:00:00+08:00");
        ck_assert_str_eq(start_of("4"), "2025-10-25T12:00:00+08:00");
        ck_assert_int_eq(session("4")->minutes, 45);
}
END_TEST

START_TEST(the_conference_lasts_as_long_as_its_sessions)
{
        char starts[11], ends[11];

        read_fixture("offsets.xml", &no_options);
        ck_assert_int_eq(file.day_starts_minutes, 240);
        date_format(file.starts_on, starts);
        date_format(file.ends_on, ends);
        ck_assert_str_eq(starts, "2025-10-25");
        ck_assert_str_eq(ends, "2025-10-25");
        read_xml("<schedule><conference><start>2025-10-25</start><end>2025-10-25</end></"
                 "conference><day><room name='A'>"
                 "<event><title>T</title><date>2025-10-27T09:00:00+08:00</date><duration>1:00</duration></"
                 "event>"
                 "</room></day></schedule>");
        date_format(file.ends_on, ends);
        ck_assert_str_eq(ends, "2025-10-27");
}
END_TEST

START_TEST(a_zone_nobody_knows_is_reported)
{
        read_xml("<schedule><conference><time_zone_name>Mars/Olympus</time_zone_name></conference><day><room "
                 "name='A'>"
                 "<event "
                 "id='1'><title>T</title><date>2025-10-25T09:00:00+08:00</date><duration>1:00</duration></"
                 "event>"
                 "</room></day></schedule>");
        why_skipped("time_zone", "Mars/Olympus");
        ck_assert_str_eq(file.zone_name, "Etc/GMT-8");
}
END_TEST

START_TEST(a_day_without_a_date_is_counted_from_the_conferences_start)
{
        read_xml("<schedule><conference><start>2025-10-25</start></conference><day index='2'><room name='A'>"
                 "<event id='1'><title>T</title><start>01:00</start><duration>1:00</duration></event>"
                 "</room></day></schedule>");
        ck_assert_str_eq(start_of("1"), "2025-10-26T09:00:00+08:00");
}
END_TEST

/* ---- who is who ---- */

START_TEST(a_number_used_twice_is_told_apart_by_the_guid)
{
        const char *why;

        read_fixture("merged.json", &no_options);
        ck_assert_str_eq(session("7")->title, "Shares its number");
        assert_guid("7", "11111111-1111-4111-8111-111111111111");
        for (size_t i = 0; i < file.session_count; i++) {
                if (strcmp(file.sessions[i].title, "开幕式") != 0)
                        continue;
                ck_assert(strncmp(file.sessions[i].id, "7-", 2) == 0);
                assert_guid(file.sessions[i].id, "22222222-2222-4222-8222-222222222222");
                why = why_skipped("id", file.sessions[i].id);
                ck_assert_ptr_nonnull(strstr(why, file.sessions[i].id));
        }
}
END_TEST

START_TEST(of_several_with_one_guid_the_earliest_keeps_it)
{
        read_fixture("merged.json", &no_options);
        ck_assert_str_eq(start_of("8"), "2025-10-25T11:00:00+08:00");
        assert_guid("8", "33333333-3333-4333-8333-333333333333");
        ck_assert_str_eq(start_of("8-2"), "2025-10-25T15:00:00+08:00");
        ck_assert(!uuid_equal(&session("8")->guid, &session("8-2")->guid));
        why_skipped("id", "8-2");
}
END_TEST

START_TEST(what_is_said_twice_alike_is_held_once)
{
        read_fixture("merged.json", &no_options);
        session("9");
        why_skipped("session", "9");
        ck_assert_uint_eq(file.session_count + skipped("session"), 8);
}
END_TEST

START_TEST(a_person_is_number_and_name_or_a_guid)
{
        read_fixture("merged.json", &no_options);
        ck_assert_uint_eq(file.speaker_count, 3);
        ck_assert_str_eq(file.speakers[0].id, "55555555-5555-4555-8555-555555555555");
        ck_assert_str_eq(file.speakers[0].name, "Attendee 00003");
        ck_assert_str_eq(file.speakers[1].id, "attendee-00001-0");
        ck_assert_str_eq(file.speakers[2].id, "attendee-00002-0");
        ck_assert_str_eq(why_skipped("speaker", "5"), "it has no name");
        ck_assert_str_eq(session("7")->speakers[1].speaker, "attendee-00002-0");
}
END_TEST

START_TEST(the_room_an_event_stands_in_leads)
{
        read_fixture("merged.json", &no_options);
        ck_assert(!has_room("hall-one"));
        ck_assert_ptr_nonnull(strstr(why_skipped("room_element", "7"), "Hall One"));
        ck_assert_str_eq(session("x")->room, "foyer");
}
END_TEST

START_TEST(names_with_one_slug_are_two_rooms)
{
        size_t alike = 0;

        read_fixture("merged.json", &no_options);
        ck_assert_str_eq(session("7")->room, "hall-1");
        for (size_t i = 0; i < file.room_count; i++) {
                alike += strncmp(file.rooms[i].id, "hall-1", 6) == 0;
                if (strcmp(file.rooms[i].id, "hall-1") == 0)
                        ck_assert_int_eq(file.rooms[i].capacity, 400);
        }
        ck_assert_uint_eq(alike, 2);
        ck_assert(has_room("spare"));
}
END_TEST

START_TEST(one_event_in_several_rooms_is_a_session_in_each)
{
        read_xml("<schedule><conference/><day><room name='A'><event id='1' "
                 "guid='11111111-1111-4111-8111-111111111111'>"
                 "<date>2025-10-25T09:00:00Z</date><duration>1:00</duration><title>T</title></event></"
                 "room><room name='B'>"
                 "<event id='1' guid='11111111-1111-4111-8111-111111111111'>"
                 "<date>2025-10-25T09:00:00Z</date><duration>1:00</duration><title>T</title></event></room></"
                 "day></schedule>");
        ck_assert_str_eq(session("1")->room, "a");
        ck_assert_str_eq(session("1-2")->room, "b");
}
END_TEST

START_TEST(a_guid_that_is_none_makes_one_and_always_the_same)
{
        struct uuid first, other;

        read_fixture("merged.json", &no_options);
        first = session("x")->guid;
        read_xml("<schedule><conference><title>Another</title></conference><day><room name='B'>"
                 "<event id='y' "
                 "guid='HOqeNIb6G7M4hYFKFRkCmQ'><title>T</title></event></room></day></schedule>");
        ck_assert(uuid_equal(&session("y")->guid, &first));
        read_xml("<schedule><conference><title>A</title></conference><day><event "
                 "id='1'><title>T</title></event></day></schedule>");
        first = session("1")->guid;
        read_xml("<schedule><conference><title>B</title></conference><day><event "
                 "id='1'><title>T</title></event></day></schedule>");
        other = session("1")->guid;
        ck_assert(!uuid_equal(&first, &other));
}
END_TEST

START_TEST(an_event_without_a_number_is_known_by_what_else_it_has)
{
        read_xml("<schedule><conference/><day>"
                 "<event code='ABCDEF'><title>T</title></event>"
                 "<event><slug>conf-a_talk</slug><title>T</title></event>"
                 "<event guid='11111111-1111-4111-8111-111111111111'><title>T</title></event>"
                 "<event><title>Engines of Tomorrow</title></event></day></schedule>");
        session("abcdef");
        session("conf-a_talk");
        session("11111111-1111-4111-8111-111111111111");
        session("engines-of-tomorrow");
}
END_TEST

START_TEST(our_own_export_keeps_its_ids)
{
        _cleanup_(buffer_deinit) struct buffer xml = BUFFER_NULL;
        _cleanup_(buffer_deinit) struct buffer json = BUFFER_NULL;

        read_fixture("ours.xml", &no_options);
        ck_assert_str_eq(session("opening")->room, "main");
        ck_assert_str_eq(session("opening")->track, "t1");
        ck_assert_str_eq(session("opening")->speakers[0].speaker, "first");
        ck_assert_str_eq(session("opening")->speakers[0].role, "chair");
        ck_assert_str_eq(session("workshop.2")->room, "side");
        ck_assert_int_eq(file.day_starts_minutes, 300);
        ck_assert_uint_eq(file.room_count, 3);
        ck_assert_uint_eq(file.speaker_count, 2);
        ck_assert_uint_eq(file.skipped_count, 0);
        programme_dump(&file, &xml);
        read_fixture("ours.json", &no_options);
        programme_dump(&file, &json);
        ck_assert_str_eq(buffer_text(&xml), buffer_text(&json));
}
END_TEST

START_TEST(a_note_of_nonsense_is_passed_over)
{
        static const char *const notes[] = { "no JSON", "[]",
                "{\"sessions\": 5, \"rooms\": {}, \"tracks\": [1, {}]}",
                ("{\"sessions\": {\"11111111-1111-4111-8111-111111111111\": {\"session\": \"Not A Slug\", "
                 "\"room\": 1}}}") };

        for (size_t i = 0; i < sizeof(notes) / sizeof(*notes); i++) {
                _cleanup_(buffer_deinit) struct buffer text = BUFFER_NULL;

                buffer_addf(&text,
                        "<schedule><?usherd %s?><conference/><day><room name='A'>"
                        "<event id='1' "
                        "guid='11111111-1111-4111-8111-111111111111'><title>T</title></event></room></day></"
                        "schedule>",
                        notes[i]);
                ck_assert_int_eq(read_xml(buffer_text(&text)), 0);
                session("1");
        }
}
END_TEST

/* ---- texts ---- */

START_TEST(a_title_is_cut_at_300_characters)
{
        _cleanup_(buffer_deinit) struct buffer inner = BUFFER_NULL;

        buffer_add_text(&inner, "<title>");
        for (int i = 0; i < 301; i++)
                buffer_add_text(&inner, "车");
        buffer_add_text(&inner, "</title>");
        read_event(buffer_text(&inner));
        ck_assert_uint_eq(strlen(session("1")->title), 900);
        why_skipped("title", "1");
}
END_TEST

START_TEST(a_title_of_300_characters_is_left_alone)
{
        _cleanup_(buffer_deinit) struct buffer inner = BUFFER_NULL;

        buffer_add_text(&inner, "<title>");
        for (int i = 0; i < 300; i++)
                buffer_add_text(&inner, "🚗");
        buffer_add_text(&inner, "</title>");
        read_event(buffer_text(&inner));
        ck_assert_uint_eq(strlen(session("1")->title), 1200);
        ck_assert_uint_eq(skipped("title"), 0);
}
END_TEST

START_TEST(a_description_is_cut_at_64_KiB_between_characters)
{
        _cleanup_(buffer_deinit) struct buffer inner = BUFFER_NULL;

        buffer_add_text(&inner, "<title>T</title><description>x");
        for (int i = 0; i < 22000; i++)
                buffer_add_text(&inner, "车");
        buffer_add_text(&inner, "</description>");
        read_event(buffer_text(&inner));
        ck_assert_uint_eq(strlen(session("1")->abstract), 1 + (65535 / 3) * 3);
        why_skipped("text", "1");
}
END_TEST

START_TEST(subtitle_abstract_and_description_are_one_text)
{
        read_fixture("merged.json", &no_options);
        ck_assert_str_eq(session("7")->abstract, "A subtitle\n\nShort. And long.");
        ck_assert_str_eq(session("7")->subtitle, "A subtitle");
}
END_TEST

START_TEST(line_ends_and_blanks_become_one_kind)
{
        read_json("{\"schedule\":{\"conference\":{\"days\":[{\"rooms\":{\"A\":[{\"id\":1,\"title\":\" "
                  "a\\t\\r\\n b\\u0001 \","
                  "\"abstract\":\"\\r\\n one\\r\\ntwo\\rthree\\n \"}]}}]}}}");
        ck_assert_str_eq(session("1")->title, "a b");
        ck_assert_str_eq(session("1")->abstract, "one\ntwo\nthree");
}
END_TEST

START_TEST(a_wrong_language_is_none)
{
        static const char *const tags[][2] = { { "de, en", "de" }, { "EN", "en" }, { "zh_CN", "zh-CN" },
                { "", NULL }, { "klingonisch", NULL }, { "x", NULL }, { "de!", NULL }, { "中文", NULL } };

        for (size_t i = 0; i < sizeof(tags) / sizeof(*tags); i++) {
                _cleanup_(buffer_deinit) struct buffer inner = BUFFER_NULL;

                buffer_addf(&inner, "<title>T</title><language>%s</language>", tags[i][0]);
                read_event(buffer_text(&inner));
                ck_assert_pstr_eq(session("1")->language, tags[i][1]);
                ck_assert_uint_eq(skipped("language"), i == 0 || i > 3);
        }
}
END_TEST

START_TEST(a_break_has_no_speakers)
{
        read_fixture("merged.json", &no_options);
        ck_assert_str_eq(session("x")->kind, "break");
        ck_assert_uint_eq(session("x")->speaker_count, 0);
        why_skipped("person", "x");
}
END_TEST

START_TEST(an_empty_type_is_a_session)
{
        read_fixture("merged.json", &no_options);
        ck_assert_str_eq(session("8")->kind, "session");
}
END_TEST

START_TEST(a_colour_is_six_digits)
{
        read_fixture("merged.json", &no_options);
        ck_assert_str_eq(file.tracks[0].colour, "#1f77b4");
        ck_assert_ptr_null(file.tracks[1].colour);
        why_skipped("colour", "software");
}
END_TEST

START_TEST(what_has_no_title_is_left_out)
{
        read_fixture("merged.json", &no_options);
        ck_assert_str_eq(why_skipped("session", "10"), "it has no title");
}
END_TEST

/* ---- what is refused ---- */

START_TEST(says_where_xml_is_not_well_formed)
{
        ck_assert_int_eq(read_xml("<schedule>\n<conference>\n</schedule>"), PROGRAMME_FILE_E_SYNTAX);
        ck_assert_int_eq(file.error_line, 3);
        ck_assert_ptr_nonnull(strstr(file.error, "conference"));
        ck_assert_int_eq(read_xml(""), PROGRAMME_FILE_E_SYNTAX);
}
END_TEST

START_TEST(says_where_json_is_not_well_formed)
{
        ck_assert_int_eq(read_json("{\"schedule\":\n{,}}"), PROGRAMME_FILE_E_SYNTAX);
        ck_assert_int_eq(file.error_line, 2);
        ck_assert_int_eq(read_json("{\"a\": 1, \"a\": 2}"), PROGRAMME_FILE_E_SYNTAX);
        ck_assert_int_eq(read_bytes("{\"a\": 1\0}", 9, false, &no_options), PROGRAMME_FILE_E_SYNTAX);
        ck_assert_int_eq(read_json(""), PROGRAMME_FILE_E_SYNTAX);
        ck_assert_int_eq(read_json("\"\xff\""), PROGRAMME_FILE_E_SYNTAX);
}
END_TEST

START_TEST(another_document_is_no_programme)
{
        ck_assert_int_eq(read_xml("<html/>"), PROGRAMME_FILE_E_FORM);
        ck_assert_int_eq(read_json("{\"schedule\": []}"), PROGRAMME_FILE_E_FORM);
        ck_assert_int_eq(read_json("[]"), PROGRAMME_FILE_E_FORM);
}
END_TEST

START_TEST(a_document_type_declaration_is_refused)
{
        ck_assert_int_eq(read_xml("<!DOCTYPE schedule [<!ENTITY a 'x'>]><schedule>&a;</schedule>"),
                PROGRAMME_FILE_E_SYNTAX);
        ck_assert_ptr_nonnull(strstr(file.error, "document type"));
        ck_assert_int_eq(read_xml("<!DOCTYPE schedule SYSTEM 'file:///etc/passwd'><schedule/>"),
                PROGRAMME_FILE_E_SYNTAX);
        ck_assert_int_eq(read_xml("<schedule>&undeclared;</schedule>"), PROGRAMME_FILE_E_SYNTAX);
}
END_TEST

/* Ten entities of ten each: a gigabyte, were one of them ever expanded. Parameters and defaults come the same way. */
START_TEST(no_entity_is_ever_expanded)
{
        _cleanup_(buffer_deinit) struct buffer text = BUFFER_NULL;

        buffer_add_text(&text, "<!DOCTYPE schedule [<!ENTITY e0 'laugh'>");
        for (int i = 1; i < 10; i++) {
                buffer_addf(&text, "<!ENTITY e%d '", i);
                for (int n = 0; n < 10; n++)
                        buffer_addf(&text, "&e%d;", i - 1);
                buffer_add_text(&text, "'>");
        }
        buffer_add_text(&text, "]><schedule><conference><title>&e9;</title></conference></schedule>");
        ck_assert_int_eq(read_xml(buffer_text(&text)), PROGRAMME_FILE_E_SYNTAX);
        ck_assert_ptr_nonnull(strstr(file.error, "document type"));
        ck_assert_int_eq(
                read_xml("<!DOCTYPE schedule [<!ENTITY % p SYSTEM 'http://127.0.0.1:1/x'> %p;]><schedule/>"),
                PROGRAMME_FILE_E_SYNTAX);
        ck_assert_int_eq(read_xml("<!DOCTYPE schedule [<!ATTLIST event id CDATA '7'>]><schedule/>"),
                PROGRAMME_FILE_E_SYNTAX);
        ck_assert_int_eq(read_xml("<schedule xmlns:xi='http://www.w3.org/2001/XInclude'><conference><title>"
                                  "<xi:include href='file:///etc/passwd' "
                                  "parse='text'/></title></conference></schedule>"),
                0);
        ck_assert_ptr_null(file.title);
}
END_TEST

START_TEST(a_huge_text_is_cut_or_refused_and_never_more)
{
        _cleanup_(buffer_deinit) struct buffer text = BUFFER_NULL, json = BUFFER_NULL;
        const size_t huge = 9 << 20;

        buffer_add_text(&text,
                "<schedule><conference><title>T</title></conference><day index='1' date='2025-10-25'>"
                "<room name='A'><event id='1'><title>");
        buffer_add_text(&json, "{\"schedule\": {\"conference\": {\"title\": \"T\", \"days\": [{\"date\": "
                               "\"2025-10-25\", \"rooms\": {\"A\": [{\"id\": 1, \"title\": \"");
        for (size_t i = 0; i < huge; i++) {
                buffer_add_char(&text, 'x');
                buffer_add_char(&json, 'x');
        }
        buffer_add_text(&text, "</title></event></room></day></schedule>");
        buffer_add_text(&json, "\"}]}}]}}}");
        ck_assert_int_eq(read_xml(buffer_text(&text)), 0);
        ck_assert_uint_eq(strlen(session("1")->title), 300);
        ck_assert_int_eq(read_json(buffer_text(&json)), 0);
        ck_assert_uint_eq(strlen(session("1")->title), 300);
        /* libxml2 takes no text over 10 MB. */
        buffer_clear(&text);
        buffer_add_text(&text, "<schedule><conference><title>");
        for (size_t i = 0; i < huge + (4 << 20); i++)
                buffer_add_char(&text, 'x');
        buffer_add_text(&text, "</title></conference></schedule>");
        ck_assert_int_eq(read_xml(buffer_text(&text)), PROGRAMME_FILE_E_SYNTAX);
}
END_TEST

START_TEST(what_is_nested_too_deep_is_refused)
{
        _cleanup_(buffer_deinit) struct buffer text = BUFFER_NULL;

        for (int i = 0; i <= PROGRAMME_FILE_NESTING; i++)
                buffer_add_text(&text, "<a>");
        ck_assert_int_eq(read_xml(buffer_text(&text)), PROGRAMME_FILE_E_LIMIT);
        buffer_clear(&text);
        for (int i = 0; i <= PROGRAMME_FILE_NESTING; i++)
                buffer_add_char(&text, '[');
        ck_assert_int_eq(read_json(buffer_text(&text)), PROGRAMME_FILE_E_LIMIT);
}
END_TEST

START_TEST(too_many_values_are_refused)
{
        _cleanup_(buffer_deinit) struct buffer text = BUFFER_NULL;

        buffer_add_char(&text, '[');
        for (int i = 0; i <= PROGRAMME_FILE_NODES; i++)
                buffer_add_text(&text, "0,");
        ck_assert_int_eq(read_json(buffer_text(&text)), PROGRAMME_FILE_E_LIMIT);
        buffer_clear(&text);
        buffer_add_text(&text, "<schedule>");
        for (int i = 0; i <= PROGRAMME_FILE_NODES; i++)
                buffer_add_text(&text, "<a/>");
        ck_assert_int_eq(read_xml(buffer_text(&text)), PROGRAMME_FILE_E_LIMIT);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("frab");
        TCase *tests = tcase_create("frab");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(tests, set_up, tear_down);
        tcase_set_timeout(tests, 60);
        tcase_add_test(tests, a_start_before_the_day_change_belongs_to_the_next_date);
        tcase_add_test(tests, events_stand_directly_under_the_day);
        tcase_add_test(tests, a_room_of_a_day_without_events_is_left_out_and_reported);
        tcase_add_test(tests, what_has_no_room_or_no_time_is_kept_unplaced);
        tcase_add_test(tests, a_duration_that_is_none_holds_no_minutes);
        tcase_add_test(tests, times_without_a_zone_are_in_the_events_own);
        tcase_add_test(tests, the_offset_shows_where_dates_are_in_utc_beside_local_starts);
        tcase_add_test(tests, the_conference_lasts_as_long_as_its_sessions);
        tcase_add_test(tests, a_zone_nobody_knows_is_reported);
        tcase_add_test(tests, a_day_without_a_date_is_counted_from_the_conferences_start);
        tcase_add_test(tests, a_number_used_twice_is_told_apart_by_the_guid);
        tcase_add_test(tests, of_several_with_one_guid_the_earliest_keeps_it);
        tcase_add_test(tests, what_is_said_twice_alike_is_held_once);
        tcase_add_test(tests, a_person_is_number_and_name_or_a_guid);
        tcase_add_test(tests, the_room_an_event_stands_in_leads);
        tcase_add_test(tests, names_with_one_slug_are_two_rooms);
        tcase_add_test(tests, one_event_in_several_rooms_is_a_session_in_each);
        tcase_add_test(tests, a_guid_that_is_none_makes_one_and_always_the_same);
        tcase_add_test(tests, an_event_without_a_number_is_known_by_what_else_it_has);
        tcase_add_test(tests, our_own_export_keeps_its_ids);
        tcase_add_test(tests, a_note_of_nonsense_is_passed_over);
        tcase_add_test(tests, a_title_is_cut_at_300_characters);
        tcase_add_test(tests, a_title_of_300_characters_is_left_alone);
        tcase_add_test(tests, a_description_is_cut_at_64_KiB_between_characters);
        tcase_add_test(tests, subtitle_abstract_and_description_are_one_text);
        tcase_add_test(tests, line_ends_and_blanks_become_one_kind);
        tcase_add_test(tests, a_wrong_language_is_none);
        tcase_add_test(tests, a_break_has_no_speakers);
        tcase_add_test(tests, an_empty_type_is_a_session);
        tcase_add_test(tests, a_colour_is_six_digits);
        tcase_add_test(tests, what_has_no_title_is_left_out);
        tcase_add_test(tests, says_where_xml_is_not_well_formed);
        tcase_add_test(tests, says_where_json_is_not_well_formed);
        tcase_add_test(tests, another_document_is_no_programme);
        tcase_add_test(tests, a_document_type_declaration_is_refused);
        tcase_add_test(tests, no_entity_is_ever_expanded);
        tcase_add_test(tests, a_huge_text_is_cut_or_refused_and_never_more);
        tcase_add_test(tests, what_is_nested_too_deep_is_refused);
        tcase_add_test(tests, too_many_values_are_refused);
        suite_add_tcase(suite, tests);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
