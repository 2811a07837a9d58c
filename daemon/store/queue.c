/* SPDX-License-Identifier: Apache-2.0 */
/* Changes waiting for a lane: in order of arrival, save that what holds a claim holds back only those who want it. */
#include "store/private.h"

#include <string.h>

enum { LOOK_AT_MOST = 8192, BATCH_BYTES_MAX = 1 << 20, EAGER_PARTS = 8 };

static void link_last(struct store *store, struct change *change)
{
        change->next = NULL;
        change->previous = store->last;
        if (store->last)
                store->last->next = change;
        else
                store->first = change;
        store->last = change;
        store->queued++;
}

static void queue_remove(struct store *store, struct change *change)
{
        if (change->previous)
                change->previous->next = change->next;
        else
                store->first = change->next;
        if (change->next)
                change->next->previous = change->previous;
        else
                store->last = change->previous;
        change->next = change->previous = NULL;
        store->queued--;
}

void queue_add(struct store *store, struct change *change)
{
        link_last(store, change);
}

void change_fail(
        struct change *change, int why, enum outcome outcome, const char *sqlstate, const char *message)
{
        struct change_failure failure = {
                .outcome = outcome, .why = why, .sqlstate = sqlstate, .message = message
        };

        change->kind->failed(change, &failure);
}

size_t change_claims(const struct change *change, uint64_t claims[static CHANGE_CLAIMS_MAX])
{
        size_t count = change->claim_count < CHANGE_CLAIMS_MAX ? change->claim_count : CHANGE_CLAIMS_MAX;

        if (count)
                memcpy(claims, change->claims, count * sizeof(*claims));
        return count;
}

enum decision change_decide(struct batch *batch, struct change *change)
{
        struct batch_mark mark = batch_mark(batch);
        enum decision decision;

        change->attempts++;
        decision = change->kind->decide(change, batch);
        /* One that answered (and may be freed by now) leaves nothing behind. */
        if (decision == DECISION_ANSWERED)
                batch_rewind(batch, &mark);
        return decision;
}

/* ---- forming batches ---- */

static bool may_join(const struct lane *lane, const struct change *change)
{
        const struct batch *batch = &lane->batch;

        if (change->bulk != lane->bulk || (change->alone && batch->member_count))
                return false;
        return !batch->member_count || uuid_equal(&batch->family, &change->family);
}

static void open_batch(struct lane *lane, const struct change *change)
{
        lane->batch.family = change->family;
        lane->batch.writer = lane->writer;
        lane_take_bearings(lane);
}

/* Takes a change out of the queue, and into the batch unless it answers by itself. */
static void take(struct store *store, struct lane *lane, struct change *change)
{
        uint64_t claims[CHANGE_CLAIMS_MAX];
        size_t count = change_claims(change, claims);
        enum decision decision;

        queue_remove(store, change);
        if (!lane->batch.member_count)
                open_batch(lane, change);
        decision = change_decide(&lane->batch, change);
        if (decision == DECISION_ANSWERED)
                return;
        claims_add(&store->held, claims, count);
        batch_add_member(&lane->batch, change);
        if (decision == DECISION_MORE)
                lane->state = LANE_DECIDING;
}

static bool is_full(const struct store *store, const struct lane *lane)
{
        return lane->batch.member_count >= store->settings.batch_max ||
               lane->batch.rows_json.length >= BATCH_BYTES_MAX || lane->bulk ||
               lane->state == LANE_DECIDING || lane->batch.members[0]->alone;
}

static void fill_lane(struct store *store, struct lane *lane)
{
        struct change *change = store->first, *next;
        struct prefetch prefetch;
        size_t looked = 0;

        prefetch_init(&prefetch, store);
        claims_clear(&store->waiting);
        for (; change && looked++ < LOOK_AT_MOST; change = next) {
                next = change->next;
                prefetch_step(&prefetch);
                if (lane->batch.member_count && is_full(store, lane))
                        break;
                /* Nobody overtakes an earlier one that wants the same. */
                if (!may_join(lane, change) ||
                        claims_hold(&store->held, change->claims, change->claim_count) ||
                        claims_hold(&store->waiting, change->claims, change->claim_count)) {
                        claims_add(&store->waiting, change->claims, change->claim_count);
                        continue;
                }
                take(store, lane, change);
        }
        if (lane->batch.member_count)
                lane_begin(lane);
}

/* Batches (of this family; NULL: of any) that are at work at the database, and do not hang. */
static size_t count_at_work(const struct store *store, const struct uuid *family)
{
        int64_t now_us = clock_monotonic_us();
        size_t count = 0;

        for (size_t i = 0; i < store->lane_count; i++)
                count += !store->links[i].bulk && link_works(&store->links[i], family, now_us);
        return count;
}

bool queue_has_turn(const struct store *store)
{
        return count_at_work(store, NULL) < store->turns;
}

static struct lane *next_waiting(const struct store *store)
{
        for (size_t i = 0; i < store->lane_count; i++)
                if (store->lanes[i].state == LANE_WAITING)
                        return &store->lanes[i];
        return NULL;
}

/*
 * How many lanes work at a time: two half batches cost more than one that is whole, so a further lane begins when what
 * waits would fill half a batch for each. Fewer wait for the batch that is under way, never for a timer, unless that
 * takes long. A whole batch is decided ahead of its turn: there is nothing to wait for, and it may stand in line.
 */
static bool is_worth_a_lane(const struct store *store, const struct lane *lane)
{
        const struct change *change = store->first;

        for (size_t looked = 0; change && change->bulk != lane->bulk; looked++)
                change = looked < LOOK_AT_MOST ? change->next : NULL;
        if (!change || lane->bulk)
                return change;
        if (!queue_has_turn(store))
                return store->queued >= store->settings.batch_max && !next_waiting(store);
        return store->queued >= count_at_work(store, &change->family) * store->settings.batch_max / 2;
}

void queue_pump(struct store *store)
{
        struct lane *waiting;

        if (!store->loaded)
                return;
        while ((waiting = next_waiting(store)) && lane_try(waiting))
                continue;
        for (size_t i = 0; i < store->lane_count && store->first; i++)
                if (store->lanes[i].state == LANE_IDLE && link_is_there(store, store->lanes[i].bulk) &&
                        is_worth_a_lane(store, &store->lanes[i]))
                        fill_lane(store, &store->lanes[i]);
}

/* While the database is away, what is not patient waits for it so long, counted from when it began to wait. */
int64_t store_due_us(const struct store *store, bool patient, int64_t since_us, int64_t deadline_us)
{
        int64_t away_us = store->away_us > since_us ? store->away_us : since_us;

        if (patient || store->state == STORE_ONLINE ||
                away_us + store->settings.offline_deadline_us > deadline_us)
                return deadline_us;
        return away_us + store->settings.offline_deadline_us;
}

int64_t change_due_us(const struct store *store, const struct change *change)
{
        return store_due_us(store, change->patient, change->submitted_us, change->deadline_us);
}

void queue_expire(struct store *store, int64_t now_us)
{
        struct change *change = store->first, *next;
        int why = store->state == STORE_ONLINE ? FAILURE_DEADLINE : FAILURE_OFFLINE;

        for (; change; change = next) {
                next = change->next;
                if (change_due_us(store, change) > now_us)
                        continue;
                queue_remove(store, change);
                change_fail(change, why, OUTCOME_STALE, NULL, NULL);
        }
}

/* ---- the public side ---- */

/*
 * A turn of the loop in which hundreds of scans are read takes milliseconds. Part of them need not wait for the rest
 * where the database has nothing to do, nor a whole batch.
 */
static bool is_worth_a_look(const struct store *store)
{
        size_t part = store->settings.batch_max / EAGER_PARTS;

        if (!part || store->queued % part != 0)
                return false;
        return store->queued >= store->settings.batch_max || !count_at_work(store, NULL);
}

void store_submit(struct store *store, struct change *change)
{
        change->attempts = 0;
        change->submitted_us = clock_monotonic_us();
        queue_add(store, change);
        if (is_worth_a_look(store))
                store_pump_next(store);
        else
                store_pump_soon(store);
}
