/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/zone.h"
#include "door/verdict.h"

/* What the staff read of each reason, as the pages have it, not as the table under test does. */
static const struct {
        const char *reason, *english, *chinese;
} expected[] = {
        { "unknown_credential", "Not known. Scan again or search.", "查无此码。重扫或查姓名。" },
        { "bad_signature", "Code altered. Hold; call a supervisor.", "票码被改。勿放行，叫主管。" },
        { "other_event", "For another event. Ask which.", "其他活动的票。问清是哪场。" },
        { "revoked", "Replaced. Ask for the newer ticket.", "已换新票。请扫新票。" },
        { "erased", "Record erased. Register as walk-in.", "资料已删。现场登记。" },
        { "blocked", "Blocked: Lost badge. Call a supervisor.", "已停用：Lost badge. 叫主管。" },
        { "cancelled", "Cancelled. Offer walk-in.", "报名已取消。可现场登记。" },
        { "waitlisted", "On the waiting list. Ask the desk.", "候补中。到服务台问。" },
        { "unpaid", "Not paid. Pay at the desk, scan again.", "未付款。付款后重扫。" },
        { "ticket_not_valid_here", "Workshop: another door. Show it.", "Workshop走别的门。请指路。" },
        { "ticket_too_early", "Not valid yet. Check the ticket's day.", "尚未生效。核对日期。" },
        { "ticket_too_late", "Ticket ended. New one at the desk.", "已过期。到服务台换票。" },
        { "checkpoint_not_open", "Door not open yet. Wait here.", "尚未开门。在此等候。" },
        { "checkpoint_closed", "Door closed. Send to the front desk.", "已停止入场。到服务台。" },
        { "no_booking", "No seat booked. Ask the desk.", "未订座。到服务台问余位。" },
        { "already_admitted", "In since 09:30, North 2. See badge.", "09:30 已入North 2。核对胸牌。" },
        { "not_inside", "No entry recorded. Scan in first.", "无入场记录。先扫入场。" },
        { "full", "Full. Wait till someone leaves.", "已满。等人离场。" },
};
enum { REASONS = sizeof(expected) / sizeof(expected[0]) };

static struct zone *zone;
static struct verdict_words words;

static struct instant shanghai(int year, int month, int day, int hour, int minute)
{
        const struct civil civil = {
                .year = year, .month = month, .day = day, .hour = hour, .minute = minute
        };

        return zone_instant(zone, &civil);
}

/* A refusal of whom all is known that a sentence may tell. */
static void setup(void)
{
        ck_assert_int_eq(zone_load("Asia/Shanghai", &zone), 0);
        words = (struct verdict_words){ .word = VERDICT_REFUSED,
                .blocked = "Lost badge.",
                .ticket_name = "Workshop",
                .first_at = shanghai(2025, 10, 25, 9, 30),
                .first_device = "North 2",
                .now = shanghai(2025, 10, 25, 10, 20),
                .zone = zone };
}

static void teardown(void)
{
        zone_free(zone);
}

static const char *said(enum verdict_reason reason, enum verdict_language language)
{
        static char text[400];
        _cleanup_(buffer_deinit) struct buffer out = BUFFER_NULL;

        words.reason = reason;
        words.language = language;
        verdict_say(&words, &out);
        snprintf(text, sizeof(text), "%s", out.data);
        return text;
}

static void says(enum verdict_reason reason, const char *english, const char *chinese)
{
        ck_assert_str_eq(said(reason, LANGUAGE_ENGLISH), english);
        ck_assert_str_eq(said(reason, LANGUAGE_CHINESE), chinese);
}

/* ---- the tables ---- */

START_TEST(each_reason_says_what_is_so_and_what_to_do)
{
        int reason = verdict_reason_from_word(expected[_i].reason);

        ck_assert_int_ne(reason, REASON_NONE);
        says((enum verdict_reason)reason, expected[_i].english, expected[_i].chinese);
}
END_TEST

START_TEST(every_reason_is_among_those_tested)
{
        ck_assert_int_eq(REASONS, REASON_COUNT - 1);
}
END_TEST

START_TEST(each_verdict_has_a_sentence)
{
        words.word = VERDICT_ADMITTED;
        says(REASON_NONE, "Admitted.", "已入场。");
        /* Forced: what was overridden stands in the answer, and is no refusal. */
        says(REASON_BLOCKED, "Admitted.", "已入场。");
        words.word = VERDICT_LEFT;
        says(REASON_NONE, "Left.", "已离场。");
        words.word = VERDICT_INCOMPLETE;
        says(REASON_NONE, "Ask first, then scan again.", "先问清，再重扫。");
        words.word = VERDICT_REFUSED;
        says(REASON_NONE, "Refused.", "不予放行。");
}
END_TEST

START_TEST(a_language_is_known_by_its_word)
{
        ck_assert_int_eq(verdict_language_from_word("en"), LANGUAGE_ENGLISH);
        ck_assert_int_eq(verdict_language_from_word("zh"), LANGUAGE_CHINESE);
        ck_assert_int_eq(verdict_language_from_word(NULL), LANGUAGE_ENGLISH);
        ck_assert_int_eq(verdict_language_from_word("fr"), LANGUAGE_ENGLISH);
}
END_TEST

/* ---- what is not known is left out ---- */

START_TEST(a_plainer_sentence_is_said_of_what_is_not_known)
{
        words.first_device = NULL;
        says(REASON_ALREADY_ADMITTED, "In since 09:30. See badge.", "09:30 已入场。核对胸牌。");
        words.first_at = INSTANT_NONE;
        says(REASON_ALREADY_ADMITTED, "In already. See badge.", "已入场。核对胸牌。");
        words.ticket_name = NULL;
        says(REASON_TICKET_NOT_VALID_HERE, "Another door. Show it.", "此票走别的门。请指路。");
        words.blocked = NULL;
        says(REASON_BLOCKED, "Blocked. Call a supervisor.", "已停用。叫主管。");
        words.blocked = " \n";
        says(REASON_BLOCKED, "Blocked. Call a supervisor.", "已停用。叫主管。");
}
END_TEST

START_TEST(no_sentence_needs_what_may_be_unknown)
{
        words = (struct verdict_words){
                .word = VERDICT_REFUSED, .first_at = INSTANT_NONE, .now = words.now, .zone = zone
        };
        for (int reason = REASON_NONE; reason < REASON_COUNT; reason++)
                for (int language = 0; language < LANGUAGE_COUNT; language++) {
                        const char *text = said((enum verdict_reason)reason, (enum verdict_language)language);

                        ck_assert_uint_gt(strlen(text), 7);
                        ck_assert_ptr_null(strchr(text, '{'));
                }
}
END_TEST

START_TEST(braces_that_a_person_wrote_are_theirs)
{
        words.blocked = "Ask {device} {";
        says(REASON_BLOCKED, "Blocked: Ask {device} {. Call a supervisor.",
                "已停用：Ask {device} {。叫主管。");
}
END_TEST

/* ---- when ---- */

START_TEST(another_day_is_said_with_its_date)
{
        words.first_at = shanghai(2025, 10, 24, 23, 59);
        words.now = shanghai(2025, 10, 25, 0, 0);
        says(REASON_ALREADY_ADMITTED, "In since 2025-10-24 23:59, North 2. See badge.",
                "10月24日 周五 23:59 已入North 2。核对胸牌。");
        words.now = shanghai(2026, 1, 1, 0, 0);
        says(REASON_ALREADY_ADMITTED, "In since 2025-10-24 23:59, North 2. See badge.",
                "2025年10月24日 周五 23:59 已入North 2。核对胸牌。");
}
END_TEST

START_TEST(each_weekday_has_its_name)
{
        static const char *const dates[] = { "10月25日 周六", "10月26日 周日", "10月27日 周一",
                "10月28日 周二", "10月29日 周三", "10月30日 周四", "10月31日 周五" };
        const char *text;

        words.now = shanghai(2025, 12, 1, 9, 0);
        for (int i = 0; i < 7; i++) {
                words.first_at = shanghai(2025, 10, 25 + i, 9, 30);
                text = said(REASON_ALREADY_ADMITTED, LANGUAGE_CHINESE);
                ck_assert_msg(strncmp(text, dates[i], strlen(dates[i])) == 0, "%s", text);
        }
        words.first_at = shanghai(1969, 12, 27, 9, 30);
        text = said(REASON_ALREADY_ADMITTED, LANGUAGE_CHINESE);
        ck_assert_msg(strstr(text, "1969年12月27日 周六"), "%s", text);
}
END_TEST

/* ---- what a person wrote ---- */

static void blocked_says(const char *blocked, const char *english, const char *chinese)
{
        words.blocked = blocked;
        says(REASON_BLOCKED, english, chinese);
}

START_TEST(words_without_a_stop_get_one)
{
        blocked_says("Lost badge: call 12", "Blocked: Lost badge: call 12. Call a supervisor.",
                "已停用：Lost badge: call 12。叫主管。");
        blocked_says("证件遗失", "Blocked: 证件遗失. Call a supervisor.", "已停用：证件遗失。叫主管。");
        blocked_says("Lost badge (see desk) ", "Blocked: Lost badge (see desk). Call a supervisor.",
                "已停用：Lost badge (see desk)。叫主管。");
}
END_TEST

START_TEST(words_with_a_stop_keep_it)
{
        blocked_says(
                "Lost badge!\n", "Blocked: Lost badge! Call a supervisor.", "已停用：Lost badge! 叫主管。");
        blocked_says("They said \"no.\"", "Blocked: They said \"no.\" Call a supervisor.",
                "已停用：They said \"no.\" 叫主管。");
        blocked_says("Not again…", "Blocked: Not again… Call a supervisor.", "已停用：Not again… 叫主管。");
        blocked_says("Ask for:", "Blocked: Ask for: Call a supervisor.", "已停用：Ask for: 叫主管。");
}
END_TEST

START_TEST(a_full_width_stop_brings_its_own_blank)
{
        blocked_says("证件遗失。", "Blocked: 证件遗失。Call a supervisor.", "已停用：证件遗失。叫主管。");
        blocked_says(
                "（已挂失。）", "Blocked: （已挂失。）Call a supervisor.", "已停用：（已挂失。）叫主管。");
}
END_TEST

/* ---- the pages' own table, where it is at hand ---- */

static const char *in_table(const char *text, const char *word)
{
        _cleanup_(buffer_deinit) struct buffer start = BUFFER_NULL;
        const char *line;

        buffer_addf(&start, "\n%s  ", word);
        line = strstr(text, buffer_text(&start));
        return line ? line + start.length : NULL;
}

START_TEST(the_tables_are_those_of_the_pages)
{
        static const struct {
                const char *word, *english, *chinese;
        } tables[] = {
#define X(name, word, english, chinese) { word, english, chinese },
                VERDICT_REASONS(X)
#undef X
        };
        const char *shared = getenv("USHERD_SHARED");
        _cleanup_(buffer_deinit) struct buffer path = BUFFER_NULL, text = BUFFER_NULL;
        FILE *file;

        buffer_addf(&path, "%s/pages.md", shared ? shared : "../shared");
        file = fopen(buffer_text(&path), "re");
        if (!file) {
                printf("skipped: %s is not there\n", buffer_text(&path));
                return;
        }
        buffer_reserve(&text, 1 << 20);
        text.length = fread(text.data, 1, 1 << 20, file);
        text.data[text.length] = '\0';
        fclose(file);
        for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
                _cleanup_(buffer_deinit) struct buffer line = BUFFER_NULL;
                const char *found = in_table(buffer_text(&text), tables[i].word);

                ck_assert_msg(found, "%s is not there", tables[i].word);
                buffer_addf(&line, "%s  %s\n", tables[i].english, tables[i].chinese);
                ck_assert_msg(
                        strncmp(found, line.data, line.length) == 0, "%s: %s", tables[i].word, line.data);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("verdict words");
        TCase *cases = tcase_create("said");
        SRunner *runner = srunner_create(suite);
        int failed;

        suite_add_tcase(suite, cases);
        tcase_add_checked_fixture(cases, setup, teardown);
        tcase_add_loop_test(cases, each_reason_says_what_is_so_and_what_to_do, 0, REASONS);
        tcase_add_test(cases, every_reason_is_among_those_tested);
        tcase_add_test(cases, each_verdict_has_a_sentence);
        tcase_add_test(cases, a_language_is_known_by_its_word);
        tcase_add_test(cases, a_plainer_sentence_is_said_of_what_is_not_known);
        tcase_add_test(cases, no_sentence_needs_what_may_be_unknown);
        tcase_add_test(cases, braces_that_a_person_wrote_are_theirs);
        tcase_add_test(cases, another_day_is_said_with_its_date);
        tcase_add_test(cases, each_weekday_has_its_name);
        tcase_add_test(cases, words_without_a_stop_get_one);
        tcase_add_test(cases, words_with_a_stop_keep_it);
        tcase_add_test(cases, a_full_width_stop_brings_its_own_blank);
        tcase_add_test(cases, the_tables_are_those_of_the_pages);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
