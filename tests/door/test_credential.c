/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <ctype.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "door/credential.h"
#include "door/keys.h"
#include "door/presented.h"

enum { MUTATIONS = 10000 };

static struct signing_key key;
static struct uuid event;
static char text[CREDENTIAL_TEXT + 1];

static void setup(void)
{
        struct credential_content content;

        ck_assert_int_ge(sodium_init(), 0);
        signing_key_make(&key);
        uuid_v4(&event);
        ck_assert_int_eq(credential_fill(&content, &event, 1, "7K3M9QXZ", "standard", INSTANT_NONE,
                                 INSTANT_NONE, CREDENTIAL_TICKET, 1),
                0);
        credential_issue(&content, &key, text);
}

/* Whether it would be let through: of our form, and signed. */
static bool is_accepted(const char *shown)
{
        struct credential_read read;

        return credential_parse(shown, &read) == 0 && credential_verify(&read, key.public_key) == 0;
}

START_TEST(what_was_issued_is_accepted_and_says_what_was_signed)
{
        struct credential_read read;
        uint8_t digest[CREDENTIAL_DIGEST];

        ck_assert_uint_eq(strlen(text), CREDENTIAL_TEXT);
        ck_assert_uint_eq(strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"), CREDENTIAL_TEXT);
        ck_assert(is_accepted(text));
        ck_assert_int_eq(credential_parse(text, &read), 0);
        ck_assert_str_eq(read.content.registration, "7K3M9QXZ");
        credential_digest(text, digest);
        ck_assert_mem_eq(read.digest, digest, sizeof(digest));
}
END_TEST

START_TEST(case_and_blanks_do_not_matter)
{
        char mangled[3 * CREDENTIAL_TEXT];
        size_t length = 0;
        struct credential_read read, plain;

        for (size_t i = 0; text[i]; i++) {
                if (i % 7 == 0)
                        mangled[length++] = ' ';
                mangled[length++] = (char)(i % 2 ? tolower(text[i]) : text[i]);
        }
        mangled[length] = '\0';
        ck_assert(is_accepted(mangled));
        credential_parse(mangled, &read);
        credential_parse(text, &plain);
        ck_assert_mem_eq(read.digest, plain.digest, CREDENTIAL_DIGEST);
}
END_TEST

/* One way of several, at random: another character, two swapped, one left out, one doubled, a piece of another. */
static void mutate(char *mutant, const char *other)
{
        static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567018 é";
        size_t length = strlen(mutant), at = randombytes_uniform((uint32_t)length);
        size_t to = randombytes_uniform((uint32_t)length);
        char swap = mutant[at];

        switch (randombytes_uniform(5)) {
        case 0:
                mutant[at] = letters[randombytes_uniform(sizeof(letters) - 1)];
                return;
        case 1:
                mutant[at] = mutant[to];
                mutant[to] = swap;
                return;
        case 2:
                memmove(mutant + at, mutant + at + 1, length - at);
                return;
        case 3:
                memmove(mutant + at + 1, mutant + at, length - at + 1);
                return;
        default:
                memcpy(mutant + at, other + at, length - at);
        }
}

/* Case and blanks aside, whether it is still the same text. */
static bool is_same(const char *mutant)
{
        const char *at = text;

        for (; *mutant; mutant++) {
                if (*mutant == ' ')
                        continue;
                if (toupper((unsigned char)*mutant) != *at++)
                        return false;
        }
        return !*at;
}

START_TEST(no_mutation_of_a_valid_one_is_accepted)
{
        struct credential_content content;
        char other[CREDENTIAL_TEXT + 1];
        int tried = 0;

        credential_fill(
                &content, &event, 1, "8K3M9QXZ", "standard", INSTANT_NONE, INSTANT_NONE, CREDENTIAL_BADGE, 2);
        credential_issue(&content, &key, other);
        while (tried < MUTATIONS) {
                char mutant[CREDENTIAL_TEXT + 8];
                uint32_t times = 1 + randombytes_uniform(3);

                memcpy(mutant, text, sizeof(text));
                for (uint32_t i = 0; i < times && strlen(mutant) == CREDENTIAL_TEXT; i++)
                        mutate(mutant, other);
                if (is_same(mutant) || strcmp(mutant, other) == 0)
                        continue;
                ck_assert_msg(!is_accepted(mutant), "accepted: %s", mutant);
                tried++;
        }
}
END_TEST

START_TEST(another_key_does_not_verify_it)
{
        struct signing_key stranger;
        struct credential_read read;

        signing_key_make(&stranger);
        ck_assert_int_eq(credential_parse(text, &read), 0);
        ck_assert_int_eq(credential_verify(&read, stranger.public_key), CREDENTIAL_E_SIGNATURE);
}
END_TEST

/* ---- what was presented, looked up ---- */

static void apply(struct roster *roster, const void *template)
{
        void *row = row_seal(template);

        roster_apply(roster, row);
        row_unref(row);
}

static void add_credential(
        struct roster *roster, const char *id, const char *what, const uint8_t *digest, const char *code)
{
        struct credential_row row;

        row_clear(&row, &credential_record);
        row.row.event = event;
        row.row.id = id;
        row.row.version = 1;
        row.registration = "7K3M9QXZ";
        row.what = what;
        row.issue = 1;
        if (digest)
                memcpy(row.digest.bytes, digest, CREDENTIAL_DIGEST);
        row.code = code;
        apply(roster, &row);
}

static struct roster *people(void)
{
        struct roster *roster = roster_new(&event);
        struct registration_row row;
        struct credential_read read;

        row_clear(&row, &registration_record);
        row.row.event = event;
        row.row.id = "7K3M9QXZ";
        row.row.version = 1;
        row.ticket = "standard";
        row.status = "confirmed";
        apply(roster, &row);
        credential_parse(text, &read);
        add_credential(roster, "7K3M9QXZ/ticket/1", "ticket", read.digest, NULL);
        add_credential(roster, "7K3M9QXZ/code/1", "code", NULL, "AB12É");
        return roster;
}

static bool finds(const struct roster *roster, const char *credential, const char *registration)
{
        const struct credential_row *found_credential;
        const struct registration_row *found;
        struct presented presented;
        bool known;

        if (credential)
                presented_credential(&presented, credential);
        else
                presented_registration(&presented, registration);
        known = presented_find(&presented, roster, &found_credential, &found);
        presented_deinit(&presented);
        return known;
}

START_TEST(a_roster_knows_credentials_codes_and_registrations_however_typed)
{
        struct roster *roster = people();

        ck_assert(finds(roster, text, NULL));
        ck_assert(finds(roster, " ab 12é ", NULL));
        ck_assert(finds(roster, NULL, "7k3m 9qxz"));
        ck_assert(!finds(roster, "7K3M9QXZ", NULL)); /* a short code is no credential */
        ck_assert(!finds(roster, NULL, "AB12É"));
        ck_assert(!finds(roster, "AB12", NULL));
        ck_assert(!finds(roster, " ", NULL));
        roster_free(roster);
}
END_TEST

/* The registration of the first two, or of none, is what may be fetched; and of an empty roster nothing. */
START_TEST(look_ups_fetched_together_find_what_they_would_have_found)
{
        const char *const shown[] = { text, "ab12é", "7K3M9QXZ", "AB12", " " };
        enum { SHOWN = sizeof(shown) / sizeof(shown[0]) };
        struct roster *rosters[] = { people(), roster_new(&event) };
        struct presented presented[SHOWN];
        struct roster_look looks[2 * SHOWN];

        for (size_t i = 0; i < SHOWN; i++) {
                presented_credential(&presented[i], shown[i]);
                looks[i] = presented_look(&presented[i], rosters[0]);
                looks[SHOWN + i] = presented_look(&presented[i], rosters[1]);
        }
        roster_fetch(looks, 2 * SHOWN);
        for (size_t i = 0; i < 2 * SHOWN; i++) {
                ck_assert(!looks[i].likely == (i >= 2));
                ck_assert(finds(rosters[i / SHOWN], shown[i % SHOWN], NULL) == (i < 2));
        }
        roster_fetch(looks, 0);
        for (size_t i = 0; i < SHOWN; i++)
                presented_deinit(&presented[i]);
        roster_free(rosters[0]);
        roster_free(rosters[1]);
}
END_TEST

START_TEST(what_was_presented_has_a_digest_that_tells_it_from_others)
{
        static const char *const shown[] = { "ab12", "AB13", "", NULL };
        struct uuid nonce, later;
        uint8_t digests[5][CREDENTIAL_DIGEST];
        struct presented presented;

        uuid_v4(&nonce);
        uuid_v4(&later);
        for (size_t i = 0; shown[i]; i++) {
                presented_credential(&presented, shown[i]);
                presented_digest(&presented, &nonce, digests[i]);
                presented_deinit(&presented);
        }
        presented_registration(&presented, "AB12");
        presented_digest(&presented, &nonce, digests[3]);
        presented_digest(&presented, &later, digests[4]);
        presented_deinit(&presented);
        for (size_t i = 0; i < 5; i++)
                for (size_t j = i + 1; j < 5; j++)
                        ck_assert_mem_ne(digests[i], digests[j], CREDENTIAL_DIGEST);
        presented_credential(&presented, "Ab 12");
        presented_digest(&presented, &nonce, digests[4]);
        presented_deinit(&presented);
        ck_assert_mem_eq(digests[0], digests[4], CREDENTIAL_DIGEST);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("credential");
        TCase *cases = tcase_create("shown");
        SRunner *runner = srunner_create(suite);
        int failed;

        suite_add_tcase(suite, cases);
        tcase_add_checked_fixture(cases, setup, NULL);
        tcase_set_timeout(cases, 60);
        tcase_add_test(cases, what_was_issued_is_accepted_and_says_what_was_signed);
        tcase_add_test(cases, case_and_blanks_do_not_matter);
        tcase_add_test(cases, no_mutation_of_a_valid_one_is_accepted);
        tcase_add_test(cases, another_key_does_not_verify_it);
        tcase_add_test(cases, a_roster_knows_credentials_codes_and_registrations_however_typed);
        tcase_add_test(cases, look_ups_fetched_together_find_what_they_would_have_found);
        tcase_add_test(cases, what_was_presented_has_a_digest_that_tells_it_from_others);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
