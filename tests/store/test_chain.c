/* SPDX-License-Identifier: Apache-2.0 */
/* What a scan's hash covers: all that the log says of it, each member by itself. */
#include <check.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "store/chain.h"

static const uint8_t none[CHAIN_BYTES];

static struct scan_row a_scan(void)
{
        return (struct scan_row){
                .family = { { 1 } },
                .writer = { { 2 } },
                .seq = 300,
                .nonce = { { 3 } },
                .event = { { 4 } },
                .checkpoint = "door",
                .registration = "R1",
                .registration_version = 1,
                .has_digest = true,
                .direction = "in",
                .verdict = "admitted",
                .at = { 1800000000000000 },
                .received_at = { 1800000000000001 },
                .first_at = INSTANT_NONE,
                .admitted_at = INSTANT_NONE,
                .inside = 17,
                .presence_version = 1,
                .presence_inside = true,
        };
}

static bool same(const struct scan_row *left, const struct scan_row *right)
{
        uint8_t hashes[2][CHAIN_BYTES];

        chain_next(none, left, hashes[0]);
        chain_next(none, right, hashes[1]);
        return memcmp(hashes[0], hashes[1], CHAIN_BYTES) == 0;
}

#define ASSERT_COVERED(member, value)                                                                        \
        do {                                                                                                 \
                struct scan_row one = a_scan(), other = one;                                                 \
                                                                                                             \
                other.member = value;                                                                        \
                ck_assert_msg(!same(&one, &other), "%s", #member);                                           \
        } while (0)

START_TEST(every_member_is_covered)
{
        struct scan_row scan = a_scan(), again = a_scan();

        ck_assert(same(&scan, &again));
        ASSERT_COVERED(family.bytes[15], 1);
        ASSERT_COVERED(writer.bytes[15], 1);
        ASSERT_COVERED(seq, 301);
        ASSERT_COVERED(nonce.bytes[15], 1);
        ASSERT_COVERED(event.bytes[15], 1);
        ASSERT_COVERED(checkpoint, "doors");
        ASSERT_COVERED(registration, "R2");
        ASSERT_COVERED(registration_version, 2);
        ASSERT_COVERED(has_digest, false);
        ASSERT_COVERED(credential_digest[15], 1);
        ASSERT_COVERED(day.days, 1);
        ASSERT_COVERED(direction, "out");
        ASSERT_COVERED(verdict, "refused");
        ASSERT_COVERED(reason, "cancelled");
        ASSERT_COVERED(at.us, 1);
        ASSERT_COVERED(received_at.us, 1);
        ASSERT_COVERED(device, "scanner-1");
        ASSERT_COVERED(by, "token-1");
        ASSERT_COVERED(flags, "[\"late\"]");
        ASSERT_COVERED(inside, 18);
        ASSERT_COVERED(presence_version, 2);
        ASSERT_COVERED(presence_inside, false);
        ASSERT_COVERED(presence_admitted, true);
        ASSERT_COVERED(force, true);
        ASSERT_COVERED(first_at.us, 1);
        ASSERT_COVERED(first_device, "scanner-1");
        ASSERT_COVERED(admitted_at.us, 1);
        ASSERT_COVERED(undoes, "a scan");
}
END_TEST

START_TEST(the_hash_before_is_covered)
{
        struct scan_row scan = a_scan();
        uint8_t head[CHAIN_BYTES] = { 0 }, hashes[2][CHAIN_BYTES];

        chain_next(head, &scan, hashes[0]);
        head[CHAIN_BYTES - 1] = 1;
        chain_next(head, &scan, hashes[1]);
        ck_assert_mem_ne(hashes[0], hashes[1], CHAIN_BYTES);
}
END_TEST

START_TEST(nothing_passes_from_one_member_to_the_next)
{
        struct scan_row left = a_scan(), right = a_scan();

        left.device = "ab", left.by = "c";
        right.device = "a", right.by = "bc";
        ck_assert(!same(&left, &right));
        left.device = "", left.by = NULL;
        right.device = NULL, right.by = "";
        ck_assert(!same(&left, &right));
        left = right = a_scan();
        left.inside = 1, left.presence_version = 129; /* the same bytes, but for where each ends */
        right.inside = 129, right.presence_version = 1;
        ck_assert(!same(&left, &right));
        left.inside = -1, left.presence_version = 1;
        right.inside = 1;
        ck_assert(!same(&left, &right));
}
END_TEST

/* Around what is put together before it is hashed, and far beyond. */
START_TEST(long_texts_are_covered_to_the_end)
{
        static char text[5000], other[sizeof(text)];

        for (size_t length = 700; length < sizeof(text); length += length < 1100 ? 1 : 997) {
                struct scan_row left = a_scan(), right = a_scan();

                memset(text, 'x', length);
                text[length] = '\0';
                memcpy(other, text, length + 1);
                other[length - 1] = 'y';
                left.flags = text;
                right.flags = other;
                ck_assert(!same(&left, &right));
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("chain");
        TCase *tcase = tcase_create("chain");
        SRunner *runner = srunner_create(suite);
        int failed;

        if (sodium_init() < 0)
                return EXIT_FAILURE;
        tcase_add_test(tcase, every_member_is_covered);
        tcase_add_test(tcase, the_hash_before_is_covered);
        tcase_add_test(tcase, nothing_passes_from_one_member_to_the_next);
        tcase_add_test(tcase, long_texts_are_covered_to_the_end);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
