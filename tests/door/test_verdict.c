/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/zone.h"
#include "door/verdict.h"

/* The order of the reasons as the contract has it, not as the table under test does. */
static const char *const order[] = { "unknown_credential", "bad_signature", "other_event", "revoked",
        "erased", "blocked", "cancelled", "waitlisted", "unpaid", "ticket_not_valid_here", "ticket_too_early",
        "ticket_too_late", "checkpoint_not_open", "checkpoint_closed", "no_booking", "already_admitted",
        "not_inside", "full" };
enum { REASONS = sizeof(order) / sizeof(order[0]) };

static struct checkpoint_row checkpoint;
static struct registration_row registration;
static struct credential_row credential;
static struct ticket_row ticket;
static struct presence_row presence;
static struct verdict_case judged;

static struct instant minute(int n)
{
        return (struct instant){ (INT64_C(1761321600) + n * 60) *
                                 INSTANT_SECOND }; /* 2025-10-25T00:00+08:00 */
}

/* Somebody with a good ticket before an open door. */
static void setup(void)
{
        row_clear(&checkpoint, &checkpoint_record);
        checkpoint.mode = "once";
        checkpoint.per = "event";
        row_clear(&registration, &registration_record);
        registration.ticket = "standard";
        registration.status = "confirmed";
        registration.paid = true;
        row_clear(&credential, &credential_record);
        row_clear(&ticket, &ticket_record);
        row_clear(&presence, &presence_record);
        judged = (struct verdict_case){ .checkpoint = &checkpoint,
                .found = FOUND_HERE,
                .registration = &registration,
                .credential = &credential,
                .ticket = &ticket,
                .at = minute(540) };
}

static void been(bool inside, bool admitted)
{
        presence.inside = inside;
        presence.admitted = admitted;
        judged.presence = &presence;
}

static const char *reason(void)
{
        const char *word = verdict_reason_word(verdict_reason(&judged));

        return word ? word : "";
}

/* ---- each reason: what makes it apply ---- */

static void unknown(void)
{
        judged.found = FOUND_NOWHERE;
}
static void forged(void)
{
        judged.found = FOUND_FORGED;
}
static void elsewhere(void)
{
        judged.found = FOUND_ELSEWHERE;
}
static void revoked(void)
{
        credential.replaced_at = minute(500);
}
static void erased(void)
{
        registration.status = "erased";
}
static void blocked(void)
{
        registration.blocked = "See the organisers";
}
static void cancelled(void)
{
        registration.status = "cancelled";
}
static void waitlisted(void)
{
        registration.status = "waitlisted";
}
static void unpaid(void)
{
        registration.paid = false;
}
static void another_door(void)
{
        checkpoint.tickets = "[\"forum\", \"standard-plus\"]";
}
static void too_early(void)
{
        ticket.valid_from = minute(541);
}
static void too_late(void)
{
        ticket.valid_to = minute(540);
}
static void not_open(void)
{
        checkpoint.opens_at = minute(541);
}
static void closed(void)
{
        checkpoint.closes_at = minute(540);
}
static void no_booking(void)
{
        checkpoint.needs_booking = true;
}
static void already(void)
{
        been(true, true);
}
static void not_inside(void)
{
        judged.leaving = true;
}
static void full(void)
{
        checkpoint.capacity = 3;
        judged.inside = 3;
}

static void (*const makes[REASONS])(void) = { unknown, forged, elsewhere, revoked, erased, blocked, cancelled,
        waitlisted, unpaid, another_door, too_early, too_late, not_open, closed, no_booking, already,
        not_inside, full };

/* Where the credential is not of here, nothing is known of a person. */
static void forget_strangers(void)
{
        if (judged.found == FOUND_HERE)
                return;
        judged.registration = NULL;
        judged.credential = NULL;
        judged.ticket = NULL;
        judged.presence = NULL;
}

static bool applies(int i)
{
        return verdict_applies((enum verdict_reason)(i + 1), &judged);
}

START_TEST(the_table_has_the_contracts_reasons_in_its_order)
{
        ck_assert_int_eq(REASON_COUNT - 1, REASONS);
        for (int i = 0; i < REASONS; i++) {
                ck_assert_str_eq(verdict_reason_word((enum verdict_reason)(i + 1)), order[i]);
                ck_assert_int_eq(verdict_reason_from_word(order[i]), i + 1);
        }
        ck_assert_ptr_null(verdict_reason_word(REASON_NONE));
}
END_TEST

START_TEST(a_good_ticket_before_an_open_door_is_admitted)
{
        struct verdict verdict = verdict_decide(&judged);

        ck_assert_str_eq(verdict_word(verdict.word), "admitted");
        ck_assert_int_eq(verdict.reason, REASON_NONE);
        ck_assert(verdict.moves && verdict.inside && verdict.admitted && verdict.by == 1);
        judged.credential = NULL; /* named by its registration */
        ck_assert_str_eq(reason(), "");
}
END_TEST

START_TEST(each_reason_alone_refuses_by_its_name)
{
        makes[_i]();
        forget_strangers();
        ck_assert_str_eq(reason(), order[_i]);
        ck_assert_str_eq(verdict_word(verdict_decide(&judged).word), "refused");
        ck_assert(!verdict_decide(&judged).moves);
}
END_TEST

/* How many pairs can apply together: fewer would mean that this looks at less than it says. */
enum { PAIRS_TOGETHER = 104 };

START_TEST(of_two_reasons_that_apply_the_earlier_is_given)
{
        int together = 0;

        for (int i = 0; i < REASONS; i++)
                for (int j = i + 1; j < REASONS; j++) {
                        setup();
                        makes[i]();
                        makes[j]();
                        forget_strangers();
                        if (!applies(i) || !applies(j))
                                continue;
                        together++;
                        ck_assert_msg(strcmp(reason(), order[i]) == 0, "%s and %s: %s", order[i], order[j],
                                reason());
                }
        ck_assert_int_eq(together, PAIRS_TOGETHER);
}
END_TEST

/* ---- periods ---- */

START_TEST(hours_and_validity_are_half_open)
{
        checkpoint.opens_at = ticket.valid_from = minute(540);
        checkpoint.closes_at = ticket.valid_to = minute(600);
        ck_assert_str_eq(reason(), "");
        judged.at.us = minute(600).us - 1;
        ck_assert_str_eq(reason(), "");
        judged.at = minute(600);
        ck_assert_str_eq(reason(), "ticket_too_late");
        ticket.valid_to = INSTANT_NONE;
        ck_assert_str_eq(reason(), "checkpoint_closed");
        judged.at.us = minute(540).us - 1;
        ck_assert_str_eq(reason(), "ticket_too_early");
        ticket.valid_from = INSTANT_NONE;
        ck_assert_str_eq(reason(), "checkpoint_not_open");
}
END_TEST

START_TEST(a_list_of_tickets_is_of_whole_slugs)
{
        checkpoint.tickets = "[\"forum\", \"standard\"]";
        ck_assert_str_eq(reason(), "");
        registration.ticket = "stand";
        ck_assert_str_eq(reason(), "ticket_not_valid_here");
        registration.ticket = NULL;
        ck_assert_str_eq(reason(), "ticket_not_valid_here");
}
END_TEST

START_TEST(a_seat_lets_in_where_one_is_needed)
{
        checkpoint.needs_booking = true;
        judged.booked = true;
        ck_assert_str_eq(reason(), "");
}
END_TEST

/* ---- modes ---- */

START_TEST(once_admits_once)
{
        been(true, true);
        ck_assert_str_eq(reason(), "already_admitted");
        been(false, true);
        ck_assert_str_eq(reason(), "already_admitted");
        been(false, false); /* taken back */
        ck_assert_str_eq(reason(), "");
}
END_TEST

START_TEST(reentry_admits_whoever_is_out)
{
        struct verdict verdict;

        checkpoint.mode = "reentry";
        been(true, true);
        ck_assert_str_eq(reason(), "already_admitted");
        been(false, true);
        verdict = verdict_decide(&judged);
        ck_assert(verdict.word == VERDICT_ADMITTED && verdict.moves && verdict.by == 1);
}
END_TEST

START_TEST(count_admits_any_number_of_times_and_counts_the_person_once)
{
        struct verdict verdict;

        checkpoint.mode = "count";
        been(true, true);
        verdict = verdict_decide(&judged);
        ck_assert(verdict.word == VERDICT_ADMITTED && verdict.moves && verdict.by == 0);
}
END_TEST

/* ---- going out ---- */

static void go_out(void)
{
        checkpoint.mode = "reentry";
        been(true, true);
        judged.leaving = true;
}

START_TEST(whoever_is_in_may_go_out)
{
        struct verdict verdict;

        go_out();
        verdict = verdict_decide(&judged);
        ck_assert(verdict.word == VERDICT_LEFT && verdict.moves && !verdict.inside && verdict.admitted);
        ck_assert_int_eq(verdict.by, -1);
}
END_TEST

START_TEST(nobody_is_kept_in_but_for_the_first_five_reasons)
{
        go_out();
        makes[_i]();
        judged.leaving = true;
        been(_i != 16, true);
        forget_strangers();
        ck_assert_str_eq(reason(), _i < 5 || _i == 16 ? order[_i] : "");
}
END_TEST

/* ---- capacity ---- */

START_TEST(capacity_counts_people_inside)
{
        full();
        ck_assert_str_eq(reason(), "full");
        judged.inside = 2;
        ck_assert_str_eq(reason(), "");
        judged.inside = 7; /* it was lowered, or some were forced in */
        ck_assert_str_eq(reason(), "full");
        checkpoint.capacity = 0;
        judged.inside = 0;
        ck_assert_str_eq(reason(), "full");
}
END_TEST

START_TEST(who_is_counted_already_takes_no_further_place)
{
        full();
        checkpoint.mode = "count";
        been(true, true);
        ck_assert_str_eq(reason(), "");
}
END_TEST

/* ---- force ---- */

START_TEST(force_overrides_all_but_the_first_three)
{
        struct verdict verdict;

        makes[_i]();
        forget_strangers();
        judged.force = true;
        verdict = verdict_decide(&judged);
        ck_assert_str_eq(verdict_reason_word(verdict.reason), order[_i]);
        ck_assert_int_eq(verdict.forced, _i >= 3);
        ck_assert_str_eq(verdict_word(verdict.word), _i < 3 ? "refused" : _i == 16 ? "left" : "admitted");
}
END_TEST

START_TEST(force_without_need_is_an_ordinary_admission)
{
        struct verdict verdict;

        judged.force = true;
        verdict = verdict_decide(&judged);
        ck_assert(verdict.word == VERDICT_ADMITTED && !verdict.forced && verdict.reason == REASON_NONE);
}
END_TEST

START_TEST(who_is_forced_in_again_is_counted_once)
{
        struct verdict verdict;

        been(true, true);
        judged.force = true;
        verdict = verdict_decide(&judged);
        ck_assert(verdict.forced && verdict.by == 0 && verdict.inside);
}
END_TEST

/* ---- questions ---- */

START_TEST(a_question_comes_only_when_nothing_refuses)
{
        judged.asks = true;
        ck_assert_int_eq(verdict_decide(&judged).word, VERDICT_INCOMPLETE);
        ck_assert(!verdict_decide(&judged).moves);
        registration.paid = false;
        ck_assert_int_eq(verdict_decide(&judged).word, VERDICT_REFUSED);
        judged.force = true;
        ck_assert_int_eq(verdict_decide(&judged).word, VERDICT_ADMITTED);
}
END_TEST

START_TEST(nobody_is_asked_on_the_way_out)
{
        go_out();
        judged.asks = true;
        ck_assert_int_eq(verdict_decide(&judged).word, VERDICT_LEFT);
}
END_TEST

/* ---- when ---- */

START_TEST(a_scan_ahead_of_now_counts_as_now_but_in_a_dry_run)
{
        ck_assert(verdict_at(INSTANT_NONE, minute(5), false).us == minute(5).us);
        ck_assert(verdict_at(minute(4), minute(5), false).us == minute(4).us);
        ck_assert(verdict_at(minute(6), minute(5), false).us == minute(5).us);
        ck_assert(verdict_at(minute(6), minute(5), true).us == minute(6).us);
}
END_TEST

START_TEST(a_day_begins_when_the_events_days_do)
{
        struct zone *zone = NULL;
        struct date first = date_from_civil(2025, 10, 25);

        ck_assert_int_eq(zone_load("Asia/Shanghai", &zone), 0);
        ck_assert(date_is_none(verdict_day(&checkpoint, minute(0), zone, 0)));
        checkpoint.per = "day";
        ck_assert_int_eq(verdict_day(&checkpoint, minute(0), zone, 0).days, first.days);
        ck_assert_int_eq(verdict_day(&checkpoint, minute(-1), zone, 0).days, first.days - 1);
        /* A party until four: its guests are of the day before. */
        ck_assert_int_eq(verdict_day(&checkpoint, minute(1440 + 239), zone, 240).days, first.days);
        ck_assert_int_eq(verdict_day(&checkpoint, minute(1440 + 240), zone, 240).days, first.days + 1);
        zone_free(zone);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("verdict");
        TCase *cases = tcase_create("judged");
        SRunner *runner = srunner_create(suite);
        int failed;

        suite_add_tcase(suite, cases);
        tcase_add_checked_fixture(cases, setup, NULL);
        tcase_add_test(cases, the_table_has_the_contracts_reasons_in_its_order);
        tcase_add_test(cases, a_good_ticket_before_an_open_door_is_admitted);
        tcase_add_loop_test(cases, each_reason_alone_refuses_by_its_name, 0, REASONS);
        tcase_add_test(cases, of_two_reasons_that_apply_the_earlier_is_given);
        tcase_add_test(cases, hours_and_validity_are_half_open);
        tcase_add_test(cases, a_list_of_tickets_is_of_whole_slugs);
        tcase_add_test(cases, a_seat_lets_in_where_one_is_needed);
        tcase_add_test(cases, once_admits_once);
        tcase_add_test(cases, reentry_admits_whoever_is_out);
        tcase_add_test(cases, count_admits_any_number_of_times_and_counts_the_person_once);
        tcase_add_test(cases, whoever_is_in_may_go_out);
        tcase_add_loop_test(cases, nobody_is_kept_in_but_for_the_first_five_reasons, 0, REASONS);
        tcase_add_test(cases, capacity_counts_people_inside);
        tcase_add_test(cases, who_is_counted_already_takes_no_further_place);
        tcase_add_loop_test(cases, force_overrides_all_but_the_first_three, 0, REASONS);
        tcase_add_test(cases, force_without_need_is_an_ordinary_admission);
        tcase_add_test(cases, who_is_forced_in_again_is_counted_once);
        tcase_add_test(cases, a_question_comes_only_when_nothing_refuses);
        tcase_add_test(cases, nobody_is_asked_on_the_way_out);
        tcase_add_test(cases, a_scan_ahead_of_now_counts_as_now_but_in_a_dry_run);
        tcase_add_test(cases, a_day_begins_when_the_events_days_do);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
