/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "door/fold.h"
#include "door/search.h"

static struct fold *fold;

static void setup(void)
{
        fold = fold_new();
}

static void teardown(void)
{
        fold = fold_free(fold);
}

static struct registration_row person(const char *name)
{
        struct registration_row row;

        row_clear(&row, &registration_record);
        row.row.id = "K3V9Q2MX";
        row.name = name;
        return row;
}

/* The rank under which a query finds a registration; SEARCH_RANKS: it does not. */
static enum search_rank rank(const struct registration_row *row, const char *typed, bool phone)
{
        char *text = fold_registration(fold, row), *words = fold_query(fold, typed);
        enum search_rank rank;
        struct search_query query;

        search_query_init(&query, words, phone);
        search_fits(&query, text, strlen(text), &rank);
        free(text);
        free(words);
        return rank;
}

static bool finds(const char *name, const char *typed)
{
        struct registration_row row = person(name);

        return rank(&row, typed, true) < SEARCH_RANKS;
}

#define FOUND(name, typed) ck_assert_msg(finds(name, typed), "%s is not found by %s", name, typed)
#define NOT_FOUND(name, typed) ck_assert_msg(!finds(name, typed), "%s is found by %s", name, typed)

static void check_text(const struct registration_row *row, const char *expected)
{
        char *text = fold_registration(fold, row);

        for (char *c = text; *c; c++)
                *c = *c == FOLD_GROUP ? '/' : *c == FOLD_FIELD ? '|' : *c == FOLD_PART ? '+' : *c;
        ck_assert_str_eq(text, expected);
        free(text);
}

START_TEST(a_text_has_names_then_what_else_is_known_then_the_phone)
{
        struct registration_row row = person("Attendee 00042");

        row.name_latin = "Attendee 00042";
        row.organisation = "Institute of Examples, Ltd.";
        row.email = "Attendee-42@example.org";
        row.phone = "+86 21 5555-0042";
        check_text(&row,
                "attendee 00042/institute of examples ltd/attendee+42+example+org|k3v9q2mx/86+21+5555+0042");
}
END_TEST

START_TEST(a_chinese_name_is_found_by_its_characters_and_by_its_pinyin)
{
        static const char *const typed[] = { "刘", "艳", "刘艳", "liu", "liuyan", "Liu Yan", "LIU", "yan",
                "Yan Liu", "liu y", "liuy", "刘艳 liu" };

        for (size_t i = 0; i < sizeof(typed) / sizeof(typed[0]); i++)
                FOUND("刘艳", typed[i]);
        NOT_FOUND("刘艳", "iu");
        NOT_FOUND("刘艳", "an");
        NOT_FOUND("刘艳", "liuan");
        NOT_FOUND("刘艳", "艳刘");
}
END_TEST

START_TEST(a_surname_is_found_by_both_of_its_readings)
{
        FOUND("曾国藩", "zeng");
        FOUND("曾国藩", "ceng");
        FOUND("曾国藩", "Zeng Guofan");
        FOUND("曾国藩", "zengguofan");
        FOUND("曾国藩", "zeng guo fan");
        FOUND("单田芳", "shan tianfang");
        FOUND("单田芳", "dan");
        FOUND("欧阳修", "Ouyang Xiu");
        FOUND("欧阳修", "ou yangxiu");
}
END_TEST

START_TEST(a_name_in_traditional_characters_is_found_by_simplified_ones)
{
        FOUND("劉艷", "刘艳");
        FOUND("劉艷", "劉");
        FOUND("劉艷", "liu yan");
}
END_TEST

START_TEST(latin_letters_are_found_without_diacritics_or_case)
{
        FOUND("Müller", "muller");
        FOUND("Müller", "mueller");
        FOUND("Müller", "MÜLLER");
        FOUND("Åsa Ørsted", "asa orsted");
        FOUND("Åsa Ørsted", "aasa oersted");
        FOUND("Łukasz Żak", "lukasz zak");
        FOUND("Đặng Thị Ánh", "dang thi anh");
        FOUND("Straße", "strasse");
        FOUND("İbrahim Ğökçe", "ibrahim gokce");
        FOUND("Þór", "thor");
        NOT_FOUND("Müller", "uller");
}
END_TEST

START_TEST(every_script_is_found_as_it_is_written_and_in_latin)
{
        static const char *const names[][2] = { { "Участник", "ucastnik" }, { "УЧАСТНИК", "участ" },
                { "참가자", "chamgaja" }, { "참가자", "참가" }, { "Μαρία", "maria" }, { "Μαρία", "μαρια" },
                { "ヤマダ", "yamada" }, { "ヤマダ", "ヤマ" }, { "やまだ", "yamada" }, { "محمد", "mhmd" },
                { "محمد", "محمد" }, { "שלום", "slwm" }, { "สมชาย", "smchay" }, { "नरेन्द्र", "narendra" },
                { "ﬁne", "fine" }, { "ＡＢＣ", "abc" } };

        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
                FOUND(names[i][0], names[i][1]);
}
END_TEST

START_TEST(words_may_be_written_with_or_without_what_joins_them)
{
        FOUND("O’Brien", "obrien");
        FOUND("O'Brien", "o'brien");
        FOUND("O'Brien", "brien");
        FOUND("Jean-Pierre Dupont", "jean pierre");
        FOUND("Jean-Pierre Dupont", "jeanpierre");
        FOUND("Jean-Pierre Dupont", "jean-pierre dup");
        FOUND("卡尔·马克思", "马克思");
}
END_TEST

START_TEST(han_characters_are_parted_from_others)
{
        FOUND("来宾天玄00042", "00042");
        FOUND("来宾天玄00042", "天玄00042");
        FOUND("来宾天玄00042", "laibin 00042");
        FOUND("Attendee来宾", "来宾");
}
END_TEST

START_TEST(an_organisation_is_found_by_its_beginnings_alone)
{
        struct registration_row row = person("Attendee 00042");

        row.organisation = "上海研究所 Institute";
        ck_assert_int_eq(rank(&row, "上海", true), SEARCH_BEGIN);
        ck_assert_int_eq(rank(&row, "上海研究所", true), SEARCH_WORD);
        ck_assert_int_eq(rank(&row, "shanghaiyan", true), SEARCH_BEGIN);
        ck_assert_int_eq(rank(&row, "inst attendee", true), SEARCH_BEGIN);
        ck_assert_int_eq(rank(&row, "研究所", true), SEARCH_RANKS);
        ck_assert_int_eq(rank(&row, "yanjiu", true), SEARCH_RANKS);
}
END_TEST

START_TEST(the_phone_is_looked_at_only_where_it_may_be)
{
        struct registration_row row = person("Attendee 00042");

        row.phone = "+86 21 5555-0042";
        ck_assert_int_eq(rank(&row, "+86 21 5555", true), SEARCH_WORD);
        ck_assert_int_eq(rank(&row, "5555", true), SEARCH_WORD);
        ck_assert_int_eq(rank(&row, "86215555", true), SEARCH_WORD);
        ck_assert_int_eq(rank(&row, "5555", false), SEARCH_RANKS);
        ck_assert_int_eq(rank(&row, "attendee 5555", false), SEARCH_RANKS);
}
END_TEST

START_TEST(the_code_is_found_in_either_case)
{
        struct registration_row row = person("Attendee 00042");

        ck_assert_int_eq(rank(&row, "k3v9q2mx", false), SEARCH_FIELD);
        ck_assert_int_eq(rank(&row, "K3V9", false), SEARCH_BEGIN);
}
END_TEST

static bool is_narrow(const char *typed)
{
        char *words = fold_query(fold, typed);
        struct search_query query;
        bool narrow;

        search_query_init(&query, words, false);
        narrow = search_query_is_narrow(&query);
        free(words);
        return narrow;
}

START_TEST(a_door_has_to_name_few)
{
        ck_assert(is_narrow("刘"));
        ck_assert(is_narrow("li"));
        ck_assert(is_narrow("l y"));
        ck_assert(is_narrow("12345678"));
        ck_assert(is_narrow("Ли"));
        ck_assert(!is_narrow("l"));
        ck_assert(!is_narrow("é"));
        ck_assert(!is_narrow("1234567"));
        ck_assert(!is_narrow("123456789"));
        ck_assert(!is_narrow("--"));
        ck_assert(!is_narrow("1 2 3 4 5 6 7 8 li"));
}
END_TEST

START_TEST(what_is_no_text_folds_to_nothing)
{
        struct registration_row row = person(NULL);

        row.row.id = "";
        check_text(&row, "///");
        row.name = " -- ";
        row.name_latin = "“”";
        check_text(&row, "///");
}
END_TEST

START_TEST(a_thread_may_have_its_own)
{
        struct fold *other = fold_new();
        struct registration_row row = person("曾国藩 Müller");
        char *one = fold_registration(fold, &row), *same = fold_registration(other, &row);

        fold_open(other);
        ck_assert_str_eq(one, same);
        free(one);
        free(same);
        fold_free(other);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("fold");
        TCase *cases = tcase_create("names");
        SRunner *runner = srunner_create(suite);
        int failed;

        suite_add_tcase(suite, cases);
        tcase_set_timeout(cases, 60);
        tcase_add_checked_fixture(cases, setup, teardown);
        tcase_add_test(cases, a_text_has_names_then_what_else_is_known_then_the_phone);
        tcase_add_test(cases, a_chinese_name_is_found_by_its_characters_and_by_its_pinyin);
        tcase_add_test(cases, a_surname_is_found_by_both_of_its_readings);
        tcase_add_test(cases, a_name_in_traditional_characters_is_found_by_simplified_ones);
        tcase_add_test(cases, latin_letters_are_found_without_diacritics_or_case);
        tcase_add_test(cases, every_script_is_found_as_it_is_written_and_in_latin);
        tcase_add_test(cases, words_may_be_written_with_or_without_what_joins_them);
        tcase_add_test(cases, han_characters_are_parted_from_others);
        tcase_add_test(cases, an_organisation_is_found_by_its_beginnings_alone);
        tcase_add_test(cases, the_phone_is_looked_at_only_where_it_may_be);
        tcase_add_test(cases, the_code_is_found_in_either_case);
        tcase_add_test(cases, a_door_has_to_name_few);
        tcase_add_test(cases, what_is_no_text_folds_to_nothing);
        tcase_add_test(cases, a_thread_may_have_its_own);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
