/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Places of a ticket type, decided on what a daemon holds in memory and recorded where the database may hold anything
 * else: all that can be, up to a few people. Recording is here what usher.record() makes of a batch by itself; what it
 * makes of two at a time is for the tests of sql/ and of two daemons.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/seats.h"
#include "store/batch.h"

enum { MOST = 4 };

static const int64_t capacities[] = { FIELD_INT_NONE, 0, 1, 2, 3, 4 };
enum { CAPACITIES = sizeof(capacities) / sizeof(capacities[0]) };

/* How a ticket type stands: in memory, or in the database. */
struct stand {
        int64_t taken, waiting, capacity;
};

enum act { ENTER, COME_BACK, LEAVE, LEAVE_QUEUE, RESIZE };

/* What a daemon decides, and on what. */
struct decision_made {
        enum act act;
        struct stand held;
        int64_t resized; /* the capacity afterwards */
        struct batch batch;
};

static const struct uuid event_uuid = { { 1 } };

static bool is_fair(const struct stand *stand)
{
        return !stand->waiting || (stand->capacity != FIELD_INT_NONE && stand->taken >= stand->capacity);
}

/* The next of all that can be; false: there are no more. */
static bool next_stand(struct stand *stand, size_t *count)
{
        size_t n = (*count)++;

        *stand = (struct stand){ .taken = (int64_t)(n % (MOST + 1)),
                .waiting = (int64_t)(n / (MOST + 1) % (MOST + 1)) };
        n /= (size_t)(MOST + 1) * (MOST + 1);
        if (n < CAPACITIES)
                stand->capacity = capacities[n];
        return n < CAPACITIES;
}

/* ---- memory ---- */

static struct ticket_row *ticket_of(int64_t capacity, int64_t version)
{
        struct ticket_row row;

        row_clear(&row, &ticket_record);
        row.row.event = event_uuid;
        row.row.id = "standard";
        row.row.version = version;
        row.name = "Standard";
        row.capacity = capacity;
        row.waitlist = true;
        return row_seal(&row);
}

static void register_person(struct roster *roster, int64_t number, const char *status)
{
        _cleanup_(row_unrefp) struct registration_row *sealed = NULL;
        struct registration_row row;
        char id[24], name[32];

        row_clear(&row, &registration_record);
        snprintf(id, sizeof(id), "%c%lld", *status, (long long)number);
        snprintf(name, sizeof(name), "Attendee %05lld", (long long)number);
        row.row.event = event_uuid;
        row.row.id = id;
        row.row.version = 1;
        row.ticket = "standard";
        row.name = name;
        row.status = status;
        row.created_at = row.changed_at = (struct instant){ number };
        if (strcmp(status, "waitlisted") == 0)
                row.waiting_since = row.created_at;
        sealed = row_seal(&row);
        roster_apply(roster, sealed);
}

static struct roster *roster_of(const struct stand *held)
{
        _cleanup_(row_unrefp) struct ticket_row *ticket = ticket_of(held->capacity, 1);
        struct roster *roster = roster_new(&event_uuid);

        roster_apply(roster, ticket);
        for (int64_t i = 0; i < held->taken; i++)
                register_person(roster, i, "confirmed");
        for (int64_t i = 0; i < held->waiting; i++)
                register_person(roster, i, "waitlisted");
        return roster;
}

/* ---- deciding ---- */

static void resize(struct call *call, struct decision_made *made, const struct ticket_row *before)
{
        _cleanup_(row_unrefp) struct ticket_row *after = ticket_of(made->resized, 2);

        seats_ticket_changed(call, &made->batch, after, before);
}

/* False: memory answers it, or there is nobody who could. */
static bool decide(struct decision_made *made, struct roster *roster)
{
        struct event_state event = { .roster = roster };
        struct call call = { .event = &event };
        const struct ticket_row *ticket = rowset_find(roster_tickets(roster), &event_uuid, "standard");
        const struct registration_row *leaving =
                roster_registration(roster, made->act == LEAVE ? "c0" : "w0");

        switch (made->act) {
        case ENTER:
                return seats_take(&call, &made->batch, ticket);
        case COME_BACK:
                return seats_retake(&call, &made->batch, ticket);
        case LEAVE:
        case LEAVE_QUEUE:
                if (leaving)
                        seats_release(&call, &made->batch, leaving);
                return leaving;
        case RESIZE:
                resize(&call, made, ticket);
                return made->resized != made->held.capacity;
        }
        return false;
}

/* ---- recording ---- */

static bool move(int64_t *value, const struct batch_counter *counter)
{
        *value += counter->by;
        return *value >= counter->min && *value <= counter->max;
}

/* Whether the database takes it; then `stand` is how it stands. */
static bool record(const struct decision_made *made, struct stand *stand)
{
        const struct batch *batch = &made->batch;
        bool fits = true;

        /* Its ticket, or one that it relied on, has changed; who leaves has left, or whose turn it is. */
        if ((made->act == RESIZE || batch->expect_count) && stand->capacity != made->held.capacity)
                return false;
        if ((made->act == LEAVE && !stand->taken) || (made->act == LEAVE_QUEUE && !stand->waiting) ||
                (int64_t)batch->row_count > stand->waiting)
                return false;
        for (size_t i = 0; i < batch->counter_count; i++) {
                const struct batch_counter *counter = &batch->counters[i];

                fits &= move(strcmp(counter->kind, "ticket_taken") == 0 ? &stand->taken : &stand->waiting,
                        counter);
        }
        if (made->act == RESIZE)
                stand->capacity = made->resized;
        return fits;
}

typedef void check_made(const struct decision_made *made);

static void check_act(enum act act, const struct stand *held, int64_t resized, check_made *check)
{
        struct decision_made made = { .act = act, .held = *held, .resized = resized };
        struct roster *roster = roster_of(held);

        batch_init(&made.batch);
        if (decide(&made, roster))
                check(&made);
        batch_deinit(&made.batch);
        roster_free(roster);
}

static void check_all(check_made *check)
{
        struct stand held;
        size_t count = 0;

        while (next_stand(&held, &count)) {
                for (enum act act = ENTER; act < RESIZE; act++)
                        check_act(act, &held, held.capacity, check);
                for (size_t i = 0; i < CAPACITIES; i++)
                        check_act(RESIZE, &held, capacities[i], check);
        }
}

/* ---- tests ---- */

static void check_nobody_waits(const struct decision_made *made)
{
        struct stand stand, after;
        size_t count = 0;

        while (next_stand(&stand, &count)) {
                after = stand;
                if (is_fair(&stand) && record(made, &after) && !is_fair(&after))
                        ck_abort_msg("act %d on %lld taken, %lld waiting of %lld where %lld were, and %lld "
                                     "of %lld",
                                (int)made->act, (long long)made->held.taken, (long long)made->held.waiting,
                                (long long)made->held.capacity, (long long)stand.taken,
                                (long long)stand.waiting, (long long)stand.capacity);
        }
}

START_TEST(nobody_waits_where_a_place_is_free_whatever_memory_lacks)
{
        check_all(check_nobody_waits);
}
END_TEST

static void check_taken(const struct decision_made *made)
{
        struct stand after = made->held;

        if (is_fair(&made->held))
                ck_assert_msg(record(made, &after), "act %d on %lld taken, %lld waiting of %lld",
                        (int)made->act, (long long)made->held.taken, (long long)made->held.waiting,
                        (long long)made->held.capacity);
}

/* Else it would be decided again for ever. */
START_TEST(what_memory_knows_is_taken)
{
        check_all(check_taken);
}
END_TEST

static void check_capacity(const struct decision_made *made)
{
        struct stand stand, after;
        size_t count = 0;

        while (next_stand(&stand, &count)) {
                after = stand;
                if (made->act != RESIZE && record(made, &after) && after.taken > stand.taken)
                        ck_assert(stand.capacity == FIELD_INT_NONE || after.taken <= stand.capacity);
        }
}

START_TEST(nobody_comes_in_beyond_the_capacity_whatever_memory_lacks)
{
        check_all(check_capacity);
}
END_TEST

static void check_overfull(const struct decision_made *made)
{
        bool overfull = made->held.capacity != FIELD_INT_NONE && made->held.taken > made->held.capacity;

        if (made->act == LEAVE && overfull)
                ck_assert_uint_eq(made->batch.row_count, 0);
}

START_TEST(nobody_moves_up_where_more_are_in_than_there_is_room_for)
{
        check_all(check_overfull);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("seats");
        TCase *tcase = tcase_create("places");
        SRunner *runner;
        int failed;

        tcase_add_test(tcase, nobody_waits_where_a_place_is_free_whatever_memory_lacks);
        tcase_add_test(tcase, what_memory_knows_is_taken);
        tcase_add_test(tcase, nobody_comes_in_beyond_the_capacity_whatever_memory_lacks);
        tcase_add_test(tcase, nobody_moves_up_where_more_are_in_than_there_is_room_for);
        suite_add_tcase(suite, tcase);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
