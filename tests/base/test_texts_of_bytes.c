/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as text: UUIDs and base64. */
#include <check.h>
#include <ctype.h>
#include <sodium.h>
#include <string.h>

#include "base/base64.h"
#include "base/uuid.h"

enum { BYTES_MAX = 100 };

static const char written[] = "0123abcd-4567-89ef-fedc-ba9876543210";

START_TEST(a_uuid_is_read_in_either_case_and_written_in_lower)
{
        char upper[37], again[37];
        struct uuid lower_read, upper_read;

        for (size_t i = 0; i < sizeof(written); i++)
                upper[i] = (char)toupper(written[i]);
        ck_assert(uuid_parse(written, &lower_read) && uuid_parse(upper, &upper_read));
        ck_assert_mem_eq(
                lower_read.bytes, "\x01\x23\xab\xcd\x45\x67\x89\xef\xfe\xdc\xba\x98\x76\x54\x32\x10", 16);
        ck_assert(uuid_equal(&lower_read, &upper_read));
        uuid_format(&upper_read, again);
        ck_assert_str_eq(again, written);
}
END_TEST

/* Each byte in each place: digits where digits stand, hyphens where hyphens do. */
START_TEST(no_other_character_is_read_as_a_uuid)
{
        for (size_t at = 0; at < 36; at++)
                for (int c = 1; c < 256; c++) {
                        char text[37];
                        struct uuid uuid;
                        bool fits = written[at] == '-' ? c == '-' : isxdigit(c);

                        strcpy(text, written);
                        text[at] = (char)c;
                        ck_assert_int_eq(uuid_parse(text, &uuid), fits);
                }
}
END_TEST

START_TEST(a_uuid_is_36_characters_long)
{
        struct uuid uuid;

        ck_assert(!uuid_parse("", &uuid));
        ck_assert(!uuid_parse("0123abcd-4567-89ef-fedc-ba987654321", &uuid));
        ck_assert(!uuid_parse("0123abcd-4567-89ef-fedc-ba98765432100", &uuid));
}
END_TEST

START_TEST(base64_is_libsodiums_of_every_length)
{
        for (size_t length = 0; length < BYTES_MAX; length++)
                for (size_t round = 0; round < 50; round++) {
                        uint8_t bytes[BYTES_MAX];
                        char expected[BASE64_LENGTH(BYTES_MAX) + 1], found[BASE64_LENGTH(BYTES_MAX) + 1];

                        randombytes_buf(bytes, sizeof(bytes));
                        memset(found, '\0', sizeof(found));
                        sodium_bin2base64(expected, sizeof(expected), bytes, length,
                                sodium_base64_VARIANT_URLSAFE_NO_PADDING);
                        base64_write(bytes, length, found);
                        ck_assert_str_eq(found, expected);
                        ck_assert_uint_eq(BASE64_LENGTH(length), strlen(expected));
                }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("texts of bytes");
        TCase *tests = tcase_create("texts of bytes");
        SRunner *runner;
        int failed;

        suite_add_tcase(suite, tests);
        tcase_add_test(tests, a_uuid_is_read_in_either_case_and_written_in_lower);
        tcase_add_test(tests, no_other_character_is_read_as_a_uuid);
        tcase_add_test(tests, a_uuid_is_36_characters_long);
        tcase_add_test(tests, base64_is_libsodiums_of_every_length);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? 1 : 0;
}
