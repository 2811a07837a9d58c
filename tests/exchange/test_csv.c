/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "exchange/csv.h"
#include "exchange/csv_guard.h"

/* What a file gave: rows as compact JSON, "LINE: reason" for the refused, one a line. */
static struct buffer given;

static void add_row(void *context, size_t line, json_t *row)
{
        char *text = json_dumps(row, JSON_COMPACT | JSON_SORT_KEYS);

        (void)context;
        buffer_addf(&given, "%zu %s\n", line, text);
        free(text);
}

static void add_refused(void *context, size_t line, const char *why)
{
        (void)context;
        buffer_addf(&given, "%zu: %s\n", line, why);
}

static int read_pieces(const char *bytes, size_t length, size_t piece)
{
        const struct csv_handlers handlers = { NULL, add_row, add_refused };
        struct csv_reader *reader = csv_reader_new(&handlers);
        int r = 0;

        buffer_clear(&given);
        for (size_t i = 0; i < length && r == 0; i += piece)
                r = csv_reader_feed(reader, bytes + i, length - i < piece ? length - i : piece);
        if (r == 0)
                r = csv_reader_finish(reader);
        if (r)
                buffer_addf(&given, "%zu! %s\n", csv_reader_error_line(reader), csv_reader_error(reader));
        csv_reader_free(reader);
        return r;
}

/* Whole and byte by byte: both must give the same. */
static int read_csv(const char *bytes, size_t length)
{
        _cleanup_(buffer_deinit) struct buffer whole = BUFFER_NULL;
        int r = read_pieces(bytes, length, length + 1);

        buffer_add_text(&whole, buffer_text(&given));
        ck_assert_int_eq(read_pieces(bytes, length, 1), r);
        ck_assert_str_eq(buffer_text(&given), buffer_text(&whole));
        return r;
}

static void assert_gives(const char *text, const char *expected)
{
        read_csv(text, strlen(text));
        ck_assert_str_eq(buffer_text(&given), expected);
}

static void tear_down(void)
{
        buffer_deinit(&given);
}

START_TEST(a_row_is_the_parameters_of_a_registration)
{
        assert_gives("ticket,name,fields.diet,paid\nvisitor,Attendee 00042,vegan,true\nvisitor,Attendee "
                     "00043,,no\n",
                "2 {\"fields\":{\"diet\":\"vegan\"},\"name\":\"Attendee "
                "00042\",\"paid\":true,\"ticket\":\"visitor\"}\n"
                "3 {\"name\":\"Attendee 00043\",\"paid\":false,\"ticket\":\"visitor\"}\n");
}
END_TEST

START_TEST(a_byte_order_mark_and_crlf_are_passed_over)
{
        assert_gives("\xef\xbb\xbfname\r\nAttendee 00042\r\n\r\nAttendee 00043",
                "2 {\"name\":\"Attendee 00042\"}\n4 {\"name\":\"Attendee 00043\"}\n");
        ck_assert_int_eq(read_csv("\xef\xbb", 2), CSV_E_HEADER);
        ck_assert_int_eq(read_csv("", 0), CSV_E_HEADER);
}
END_TEST

START_TEST(line_ends_within_quotes_belong_to_the_cell)
{
        assert_gives("name,notes\n\"A, \"\"B\"\"\",\"one\r\ntwo\nthree\"\nC,\n",
                "2 {\"name\":\"A, \\\"B\\\"\",\"notes\":\"one\\r\\ntwo\\nthree\"}\n5 {\"name\":\"C\"}\n");
}
END_TEST

START_TEST(what_the_export_adds_is_ignored)
{
        assert_gives("registration,status,name,version,created_at\nAB12,confirmed,A,3,2025-10-25T09:00:00Z\n",
                "2 {\"name\":\"A\"}\n");
}
END_TEST

START_TEST(an_unknown_column_is_refused_by_its_name)
{
        ck_assert_int_eq(read_csv("name,shoe size\nA,42\n", 22), CSV_E_HEADER);
        ck_assert_str_eq(buffer_text(&given),
                "1! unknown column (the event's own are called fields.NAME): shoe size\n");
        ck_assert_int_eq(read_csv("name,fields.\n", 13), CSV_E_HEADER);
        ck_assert_int_eq(read_csv("name;ticket\n", 12), CSV_E_HEADER);
        ck_assert_str_eq(
                buffer_text(&given), "1! cells are parted by commas, and this is one: name;ticket\n");
        ck_assert_int_eq(read_csv("name,Name\n", 10), CSV_E_HEADER);
}
END_TEST

START_TEST(a_column_stands_there_once)
{
        ck_assert_int_eq(read_csv("name,email,name\n", 16), CSV_E_HEADER);
        ck_assert_str_eq(buffer_text(&given), "1! a column stands there twice: name\n");
        ck_assert_int_eq(read_csv("name,,email\n", 12), CSV_E_HEADER);
        ck_assert_int_eq(read_csv("fields.a,fields.a\n", 18), CSV_E_HEADER);
}
END_TEST

START_TEST(a_row_of_another_length_is_refused_and_the_rest_read)
{
        assert_gives("name,email\nA,a@example.org,extra\nB\nC,c@example.org\n",
                "2: it has 3 cells, the first line 2\n3: it has 1 cell, the first line 2\n"
                "4 {\"email\":\"c@example.org\",\"name\":\"C\"}\n");
}
END_TEST

START_TEST(a_cell_that_is_no_text_is_refused)
{
        const char nul[] = "name,email\nA\0B,x\nC,y\n";

        assert_gives("name,email\nA\xff,x\nB,y\n",
                "2: name: it is not UTF-8\n3 {\"email\":\"y\",\"name\":\"B\"}\n");
        read_csv(nul, sizeof(nul) - 1);
        ck_assert_str_eq(
                buffer_text(&given), "2: name: there is a NUL in it\n3 {\"email\":\"y\",\"name\":\"C\"}\n");
        assert_gives("name,paid\nA,maybe\n", "2: paid: it is neither true nor false\n");
}
END_TEST

START_TEST(rows_of_nothing_but_commas_are_passed_over)
{
        assert_gives("name,email\n,\n\n,,,\nA,a\n", "5 {\"email\":\"a\",\"name\":\"A\"}\n");
}
END_TEST

START_TEST(a_quote_left_open_is_found)
{
        _cleanup_(buffer_deinit) struct buffer text = BUFFER_NULL;

        assert_gives("name\nA\n\"B\nC\n", "2 {\"name\":\"A\"}\n3: a quote is opened and never closed\n");
        assert_gives("name,ticket\n\"A,x\n", "2: a quote is opened and never closed\n");
        buffer_add_text(&text, "name\n\"");
        for (int i = 0; i < 1024 * 1024 / 4; i++)
                buffer_add_text(&text, "row\n");
        ck_assert_int_eq(read_pieces(buffer_text(&text), text.length, 65536), CSV_E_FORM);
        ck_assert_ptr_nonnull(strstr(buffer_text(&given), "2! "));
}
END_TEST

START_TEST(formulas_are_written_as_texts)
{
        static const char *const guarded[] = { "=1+1", "+8613800000000", "-5", "@SUM(A1)", "\tx", "\rx",
                "\n=x", " =1", "'=1", "''+1", "＝1", "  ＠x" };
        static const char *const plain[] = { "", "'", "'a", "a=1", "Lin", "1", " a", "''a", "’=1" };

        for (size_t i = 0; i < sizeof(guarded) / sizeof(*guarded); i++)
                ck_assert_msg(csv_guard_matches(guarded[i]), "%s", guarded[i]);
        for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++)
                ck_assert_msg(!csv_guard_matches(plain[i]), "%s", plain[i]);
}
END_TEST

START_TEST(no_cell_that_is_written_begins_as_a_formula)
{
        static const char *const texts[] = { "=1+1", "+86", "-5", "@x", "\t=x", "\r\n=x", " =1", "=a,\"b\"" };
        _cleanup_(buffer_deinit) struct buffer out = BUFFER_NULL;

        for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
                struct csv_writer writer = CSV_WRITER(&out);

                buffer_clear(&out);
                csv_write_text(&writer, texts[i]);
                ck_assert(out.data[0] == '\'' || (out.data[0] == '"' && out.data[1] == '\''));
        }
}
END_TEST

/* A registration's texts under the line of names. */
static void write_row(struct csv_writer *writer, const json_t *row, const char *const *fields, size_t count)
{
        for (size_t i = 0; csv_registration_columns[i]; i++)
                csv_write_text(writer, json_string_value(json_object_get(row, csv_registration_columns[i])));
        for (size_t i = 0; i < count; i++)
                csv_write_text(writer,
                        json_string_value(json_object_get(json_object_get(row, "fields"), fields[i])));
        csv_write_end(writer);
}

START_TEST(every_text_reads_back_as_it_was_written)
{
        static const char *const texts[] = { "Lin", "'", "''", "'=1", "=1", "''=1", "+86 138", "a,b", "a\"b",
                "\"", "\"\"", "one\r\ntwo", "\r", "\n", "\t", " blank ", "  ", "'a", "林连杰", "🚗", ";", "＝",
                "-", "' =", "\xef\xbb\xbfx" };
        static const char *const fields[] = { "diet", "a,b", "=x" };
        _cleanup_(buffer_deinit) struct buffer out = BUFFER_NULL;

        for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
                struct csv_writer writer = CSV_WRITER(&out);
                json_t *row = json_pack("{ss ss s{ss ss ss}}", "name", texts[i], "notes", texts[i], "fields",
                        "diet", texts[i], "a,b", texts[i], "=x", texts[i]);
                char *expected = json_dumps(row, JSON_COMPACT | JSON_SORT_KEYS);

                buffer_clear(&out);
                csv_write_registration_header(&writer, fields, 3);
                write_row(&writer, row, fields, 3);
                ck_assert_int_eq(read_csv(buffer_text(&out), out.length), 0);
                ck_assert_str_eq(buffer_text(&given) + 2,
                        (buffer_clear(&out), buffer_addf(&out, "%s\n", expected), buffer_text(&out)));
                free(expected);
                json_decref(row);
        }
}
END_TEST

START_TEST(the_first_line_names_the_columns_and_the_fields)
{
        static const char *const fields[] = { "diet" };
        _cleanup_(buffer_deinit) struct buffer out = BUFFER_NULL;
        struct csv_writer writer = CSV_WRITER(&out);

        csv_write_registration_header(&writer, fields, 1);
        ck_assert_str_eq(buffer_text(&out),
                "registration,status,ticket,name,name_latin,email,phone,organisation,title,country,language,"
                "notes,"
                "external_id,code,paid,attention,blocked,version,created_at,fields.diet\r\n");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("csv");
        TCase *tests = tcase_create("csv");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(tests, NULL, tear_down);
        tcase_add_test(tests, a_row_is_the_parameters_of_a_registration);
        tcase_add_test(tests, a_byte_order_mark_and_crlf_are_passed_over);
        tcase_add_test(tests, line_ends_within_quotes_belong_to_the_cell);
        tcase_add_test(tests, what_the_export_adds_is_ignored);
        tcase_add_test(tests, an_unknown_column_is_refused_by_its_name);
        tcase_add_test(tests, a_column_stands_there_once);
        tcase_add_test(tests, a_row_of_another_length_is_refused_and_the_rest_read);
        tcase_add_test(tests, a_cell_that_is_no_text_is_refused);
        tcase_add_test(tests, rows_of_nothing_but_commas_are_passed_over);
        tcase_add_test(tests, a_quote_left_open_is_found);
        tcase_add_test(tests, formulas_are_written_as_texts);
        tcase_add_test(tests, no_cell_that_is_written_begins_as_a_formula);
        tcase_add_test(tests, every_text_reads_back_as_it_was_written);
        tcase_add_test(tests, the_first_line_names_the_columns_and_the_fields);
        suite_add_tcase(suite, tests);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
