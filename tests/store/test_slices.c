/* SPDX-License-Identifier: Apache-2.0 */
/* Where a long batch's way into memory may be interrupted, others being served in between. */
#include "store/batch.h"

#include <check.h>
#include <string.h>

#include "base/cleanup.h"
#include "door/rows.h"

static const struct uuid event = { { 1 } }, other_event = { { 2 } };

static void add(struct batch *batch, const void *template)
{
        _cleanup_(row_unrefp) void *row = row_seal(template);

        batch_add_row(batch, NULL, row);
}

static void add_registration(struct batch *batch, const char *code, const struct uuid *of)
{
        struct registration_row row;

        row_clear(&row, &registration_record);
        row.row = (struct row){ .record = &registration_record, .version = 2, .event = *of, .id = code };
        add(batch, &row);
}

static void add_credential(struct batch *batch, const char *registration, const char *id)
{
        struct credential_row row;

        row_clear(&row, &credential_record);
        row.row = (struct row){ .record = &credential_record, .version = 1, .event = event, .id = id };
        row.registration = registration;
        add(batch, &row);
}

static void add_checkpoint(struct batch *batch, const char *id)
{
        struct checkpoint_row row;

        row_clear(&row, &checkpoint_record);
        row.row = (struct row){ .record = &checkpoint_record, .version = 1, .event = event, .id = id };
        add(batch, &row);
}

START_TEST(a_registration_is_not_parted_from_its_credentials)
{
        _cleanup_(batch_deinit) struct batch batch;

        batch_init(&batch);
        for (int n = 0; n < 2; n++) {
                const char *code = n ? "BBBB2222" : "AAAA1111";

                add_registration(&batch, code, &event);
                add_credential(&batch, code, "replaced");
                add_credential(&batch, code, "fresh");
        }
        ck_assert_uint_eq(batch_slice_end(&batch, 0, 1), 3);
        ck_assert_uint_eq(batch_slice_end(&batch, 0, 2), 3);
        ck_assert_uint_eq(batch_slice_end(&batch, 0, 3), 3);
        ck_assert_uint_eq(batch_slice_end(&batch, 0, 4), 6);
        ck_assert_uint_eq(batch_slice_end(&batch, 3, 1), 6);
}
END_TEST

START_TEST(what_stands_by_itself_is_parted_anywhere)
{
        _cleanup_(batch_deinit) struct batch batch;

        batch_init(&batch);
        add_checkpoint(&batch, "door");
        add_checkpoint(&batch, "door");
        add_registration(&batch, "AAAA1111", &event);
        add_registration(&batch, "AAAA1111", &other_event);
        add_checkpoint(&batch, "AAAA1111");
        for (size_t from = 0; from < 5; from++)
                ck_assert_uint_eq(batch_slice_end(&batch, from, 1), from + 1);
        ck_assert_uint_eq(batch_slice_end(&batch, 0, 250), 5);
        ck_assert_uint_eq(batch_slice_end(&batch, 5, 250), 5);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("slices");
        TCase *tests = tcase_create("slices");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tests, a_registration_is_not_parted_from_its_credentials);
        tcase_add_test(tests, what_stands_by_itself_is_parted_anywhere);
        suite_add_tcase(suite, tests);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? 1 : 0;
}
