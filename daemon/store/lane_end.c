/* SPDX-License-Identifier: Apache-2.0 */
/* How a batch ends, once its sync has come: durable, stale, refused, or not to be known yet (lane.c says more). */
#include "store/private.h"

#include <event2/event.h>
#include <sodium.h>
#include <string.h>

#include "base/log.h"

enum { ATTEMPTS_MAX = 4, ROWS_A_TURN = 250, REST_MOST_MS = 12, SCANS_AT_ONCE = 64 };

void lane_release(struct lane *lane, const uint64_t *claims, size_t count)
{
        claims_remove(&lane->store->held, claims, count);
}

static void release_change(struct lane *lane, const struct change *change)
{
        lane_release(lane, change->claims, change->claim_count);
}

void lane_finish(struct lane *lane)
{
        evtimer_del(lane->timer);
        lane_forget_params(lane);
        lane_forget_error(lane);
        batch_empty(&lane->batch);
        lane->batch.member_count = 0;
        lane->state = LANE_IDLE;
        store_pump_soon(lane->store);
}

/* ---- durable ---- */

static void members_applied(struct lane *lane)
{
        struct batch *batch = &lane->batch;

        for (size_t i = 0; i < batch->member_count; i++) {
                struct change *change = batch->members[i];

                if (!change)
                        continue;
                batch->members[i] = NULL;
                release_change(lane, change);
                change->kind->applied(change, batch);
        }
        lane_finish(lane);
}

static void apply_scans(struct lane *lane)
{
        const struct store_handlers *handlers = &lane->store->handlers;
        const struct batch *batch = &lane->batch;
        const struct scan_row *scans[SCANS_AT_ONCE];
        size_t count = 0;

        for (size_t i = 0; i < batch->scan_count; i++) {
                if (feed_takes_scan(&lane->store->feed, &batch->scans[i]))
                        scans[count++] = &batch->scans[i];
                if (count < SCANS_AT_ONCE && i + 1 < batch->scan_count)
                        continue;
                handlers->apply_scans(handlers->context, scans, count);
                count = 0;
        }
}

void lane_apply_some(struct lane *lane)
{
        struct batch *batch = &lane->batch;
        const struct store_handlers *handlers = &lane->store->handlers;
        size_t end = batch_slice_end(batch, lane->applied, ROWS_A_TURN);

        for (; lane->applied < end; lane->applied++)
                handlers->apply(handlers->context, batch->rows[lane->applied].row, true);
        if (lane->applied < batch->row_count) {
                lane_rest(lane, LANE_APPLYING, 0);
                return;
        }
        apply_scans(lane);
        /* Not before all of it is in memory: who decides meanwhile must not seem to have known it. */
        if (batch_numbers(batch))
                feed_own(&lane->store->feed, &batch->family, &batch->writer,
                        lane_seq(lane, &batch->family)->next - 1);
        members_applied(lane);
}

void lane_durable(struct lane *lane)
{
        struct batch *batch = &lane->batch;
        struct lane_seq *seq = lane_seq(lane, &batch->family);

        seq->next = batch->seq + (int64_t)batch_numbers(batch);
        memcpy(seq->head, batch->head, sizeof(seq->head));
        lane_forget_params(lane);
        evtimer_del(lane->timer);
        lane->applied = 0;
        queue_pump(lane->store); /* another lane's turn at the database, before ours at memory */
        lane_apply_some(lane);
}

/* ---- not done ---- */

void lane_drop_member(struct lane *lane, size_t i, int why, enum outcome outcome)
{
        struct change *change = lane->batch.members[i];

        lane->batch.members[i] = NULL;
        release_change(lane, change);
        change_fail(change, why, outcome, lane->sqlstate, lane->message);
}

void lane_compact_members(struct batch *batch)
{
        size_t kept = 0;

        for (size_t i = 0; i < batch->member_count; i++)
                if (batch->members[i])
                        batch->members[kept++] = batch->members[i];
        batch->member_count = kept;
}

static void caught_up(void *context, enum outcome outcome)
{
        struct lane *lane = context;

        (void)outcome; /* not caught up: what is decided on is as old as before, and the database will say so */
        if (lane->state == LANE_CATCHING_UP)
                lane_rest(lane, LANE_RESTING, randombytes_uniform(REST_MOST_MS));
}

static void forget(struct change *change)
{
        if (change->kind->forgotten)
                change->kind->forgotten(change);
}

static void stale(struct lane *lane)
{
        struct batch *batch = &lane->batch;

        for (size_t i = 0; i < batch->member_count; i++)
                if (batch->members[i] && batch->members[i]->attempts >= ATTEMPTS_MAX)
                        lane_drop_member(lane, i, FAILURE_STALE, OUTCOME_STALE);
        lane_compact_members(batch);
        for (size_t i = 0; i < batch->member_count; i++)
                forget(batch->members[i]);
        batch_empty(batch);
        lane_forget_params(lane);
        evtimer_del(lane->timer);
        if (!batch->member_count) {
                lane_finish(lane);
                return;
        }
        lane->state = LANE_CATCHING_UP;
        feed_wait(&lane->store->feed, &batch->family, clock_monotonic_us() + 2 * INSTANT_SECOND, caught_up,
                lane);
}

/* A used key or nonce: only whose it is fails; the others decide again, and that is not held against them. */
static void key_used(struct lane *lane)
{
        struct batch *batch = &lane->batch;
        bool found = false;

        for (size_t i = 0; i < batch->member_count; i++) {
                struct change *change = batch->members[i];

                if (!change || !change->kind->owns_key || !lane->detail ||
                        !change->kind->owns_key(change, lane->detail))
                        continue;
                found = true;
                lane_drop_member(lane, i, FAILURE_KEY_USED, OUTCOME_REFUSED);
        }
        lane_compact_members(batch);
        for (size_t i = 0; found && i < batch->member_count; i++)
                batch->members[i]->attempts--;
        stale(lane);
}

/* Something in it cannot be recorded: its members go back and come one by one. */
static void refused(struct lane *lane)
{
        struct batch *batch = &lane->batch;

        log_warning("the database refused a batch of %zu: %s %s", batch->member_count, lane->sqlstate,
                lane->message ? lane->message : "");
        if (batch->member_count == 1) {
                if (batch->members[0])
                        lane_drop_member(lane, 0, FAILURE_REFUSED, OUTCOME_REFUSED);
                lane_finish(lane);
                return;
        }
        for (size_t i = 0; i < batch->member_count; i++) {
                struct change *change = batch->members[i];

                if (!change)
                        continue;
                batch->members[i] = NULL;
                release_change(lane, change);
                change->alone = true;
                forget(change);
                queue_add(lane->store, change);
        }
        lane_finish(lane);
}

static bool state_is(const struct lane *lane, const char *const *states)
{
        for (; *states; states++)
                if (strncmp(lane->sqlstate, *states, strlen(*states)) == 0)
                        return true;
        return false;
}

/* A request key, or a nonce: the constraint's detail names it. */
static bool is_key_used(const struct lane *lane)
{
        return strcmp(lane->sqlstate, "UH003") == 0 ||
               (strcmp(lane->sqlstate, "23505") == 0 && lane->constraint &&
                       strcmp(lane->constraint, "scan_nonce") == 0);
}

void lane_failed(struct lane *lane)
{
        static const char *const outdated[] = { "UH001", "UH002", "23505", "23503", "23P01", "40", NULL };
        /* The server's own trouble: out of room or memory, a lock, shutting down. The same batch may pass later. */
        static const char *const later[] = { "53", "55P03", "57", "58", "08", NULL };

        if (strcmp(lane->sqlstate, "25006") == 0) {
                pgconn_drop(
                        &lane->link->conn, lane->message); /* a standby by now: the primary is another host */
                lane_resend_later(lane);
        } else if (state_is(lane, later)) {
                lane_resend_later(lane);
        } else if (strcmp(lane->sqlstate, "UH008") == 0) {
                store_fail(lane->store,
                        "the database stands before what this daemon has recorded in it: it was restored, or "
                        "failed over to a server that lacks the last changes. Start usherd anew to read it "
                        "as "
                        "it is");
        } else if (strcmp(lane->sqlstate, "UH007") == 0) {
                lane_take_new_writer(lane);
                stale(lane);
        } else if (lane->exposed) {
                lane_fence(lane);
        } else if (is_key_used(lane)) {
                key_used(lane);
        } else if (state_is(lane, outdated)) {
                log_debug("stale: %s", lane->message ? lane->message : "");
                stale(lane);
        } else {
                refused(lane);
        }
}
