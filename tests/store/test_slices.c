/* SPDX-License-Identifier: Apache-2.0 */
/* Where the way of many rows into memory, ours or others', may be interrupted, others being served in between. */
#include "store/private.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "door/rows.h"

static const struct uuid event = { { 1 } }, other_event = { { 2 } };

static void add(struct batch *batch, const void *template)
{
        _cleanup_(row_unrefp) void *row = row_seal(template);

        batch_add_row(batch, row);
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

/* ---- of others ---- */

enum { PEOPLE = 200, CREDENTIALS = 2, MOST = 16 };

struct taken {
        size_t count;
        char ids[PEOPLE * (1 + CREDENTIALS) + MOST][24];
};

static void take(void *context, const void *row, bool own)
{
        struct taken *taken = context;

        ck_assert(!own);
        snprintf(taken->ids[taken->count++], sizeof(taken->ids[0]), "%s", ((const struct row *)row)->id);
}

static void bring_registration(struct feed_read *read, const char *code)
{
        struct registration_row row;

        row_clear(&row, &registration_record);
        row.row = (struct row){ .record = &registration_record, .version = 2, .event = event, .id = code };
        feed_keep_row(read, row_seal(&row));
}

static void bring_credential(struct feed_read *read, const char *registration, int n)
{
        struct credential_row row;
        char id[24];

        snprintf(id, sizeof(id), "%s/ticket/%d", registration, n);
        row_clear(&row, &credential_record);
        row.row = (struct row){ .record = &credential_record, .version = 1, .event = event, .id = id };
        row.registration = registration;
        feed_keep_row(read, row_seal(&row));
}

static void bring_checkpoint(struct feed_read *read, const char *id)
{
        struct checkpoint_row row;

        row_clear(&row, &checkpoint_record);
        row.row = (struct row){ .record = &checkpoint_record, .version = 1, .event = event, .id = id };
        feed_keep_row(read, row_seal(&row));
}

static void feed_init_with(struct feed *feed, struct store *store, struct taken *taken)
{
        memset(taken, 0, sizeof(*taken));
        *store = (struct store){ .handlers = { .context = taken, .apply = take } };
        *feed = (struct feed){ .store = store, .read = xcalloc(1, sizeof(*feed->read)) };
}

START_TEST(what_others_did_to_a_registration_comes_at_once_with_its_credentials)
{
        struct store store;
        struct feed feed;
        struct taken taken;
        size_t turns = 0;
        bool done;

        feed_init_with(&feed, &store, &taken);
        for (int n = 0; n < PEOPLE; n++) {
                char code[12];

                snprintf(code, sizeof(code), "R%07d", n);
                bring_registration(feed.read, code);
        }
        for (int n = 0; n < PEOPLE * CREDENTIALS; n++) {
                char code[12];

                snprintf(code, sizeof(code), "R%07d", n / CREDENTIALS);
                bring_credential(feed.read, code, n % CREDENTIALS + 1);
        }
        do {
                done = feed_apply_some(&feed);
                turns++;
                ck_assert_uint_eq(taken.count % (1 + CREDENTIALS), 0);
        } while (!done);
        ck_assert_uint_eq(taken.count, PEOPLE * (1 + CREDENTIALS));
        ck_assert_uint_gt(turns, 2);
        ck_assert_str_eq(taken.ids[597], "R0000199");
        ck_assert_str_eq(taken.ids[598], "R0000199/ticket/1");
        ck_assert_str_eq(taken.ids[599], "R0000199/ticket/2");
        feed_read_free(feed.read);
}
END_TEST

START_TEST(all_that_others_did_comes_once)
{
        static const char *const order[] = { "door", "R1", "R0/ticket/1", "R1/ticket/1", "R2", "R4",
                "R4/ticket/1", "R4/ticket/2", "R5/ticket/1", "gate" };
        struct store store;
        struct feed feed;
        struct taken taken;

        feed_init_with(&feed, &store, &taken);
        bring_checkpoint(feed.read, "door");
        bring_registration(feed.read, "R1");
        bring_registration(feed.read, "R2");
        bring_registration(feed.read, "R4");
        bring_credential(feed.read, "R0", 1); /* whose registration has not changed */
        bring_credential(feed.read, "R1", 1);
        bring_credential(feed.read, "R4", 1);
        bring_credential(feed.read, "R4", 2);
        bring_credential(feed.read, "R5", 1);
        bring_checkpoint(feed.read, "gate");
        ck_assert(feed_apply_some(&feed));
        ck_assert_uint_eq(taken.count, sizeof(order) / sizeof(order[0]));
        for (size_t i = 0; i < taken.count; i++)
                ck_assert_str_eq(taken.ids[i], order[i]);
        feed_read_free(feed.read);
}
END_TEST

START_TEST(what_sums_up_comes_last)
{
        static const struct record summary = { "summary", sizeof(struct row), NULL, 0, .sums_up = true };
        struct row version = { .record = &summary, .version = 2, .event = event, .id = "version" };
        struct row gone = { .record = &checkpoint_record, .event = event, .id = "gone" };
        struct store store;
        struct feed feed;
        struct taken taken;

        feed_init_with(&feed, &store, &taken);
        feed_keep_behind(feed.read, row_tombstone(&gone, 2));
        feed_keep_row(feed.read, row_seal(&version));
        bring_checkpoint(feed.read, "door");
        ck_assert(feed_apply_some(&feed));
        ck_assert_uint_eq(taken.count, 3);
        ck_assert_str_eq(taken.ids[0], "door");
        ck_assert_str_eq(taken.ids[1], "gone");
        ck_assert_str_eq(taken.ids[2], "version");
        feed_read_free(feed.read);
}
END_TEST

START_TEST(credentials_alone_come_too)
{
        struct store store;
        struct feed feed;
        struct taken taken;

        feed_init_with(&feed, &store, &taken);
        ck_assert(feed_apply_some(&feed));
        ck_assert_uint_eq(taken.count, 0);
        bring_credential(feed.read, "R0", 1);
        bring_credential(feed.read, "R1", 1);
        ck_assert(feed_apply_some(&feed));
        ck_assert_uint_eq(taken.count, 2);
        feed_read_free(feed.read);
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
        tcase_add_test(tests, what_others_did_to_a_registration_comes_at_once_with_its_credentials);
        tcase_add_test(tests, all_that_others_did_comes_once);
        tcase_add_test(tests, what_sums_up_comes_last);
        tcase_add_test(tests, credentials_alone_come_too);
        suite_add_tcase(suite, tests);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? 1 : 0;
}
