/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A lane: one connection with at most one batch under way. A batch ends in one of four ways: durable (its sync came),
 * stale (the feed is read, its members decide again), refused (the culprit is found, member by member), or unknown: the
 * connection went. Then it is sent again under the same numbers until the database says "done" or "again": a batch
 * that was recorded finds itself, and is never recorded twice.
 */
#include "store/private.h"

#include <event2/event.h>
#include <sodium.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"

enum { ATTEMPTS_MAX = 4, ROWS_A_TURN = 250, REST_MOST_MS = 12, RETRY_MS = 200 };

#define BATCH_STATEMENT "record"

static void lane_send(struct lane *lane);
static void lane_decide_again(struct lane *lane);

static struct lane_seq *seq_of(struct lane *lane, const struct uuid *family)
{
        for (size_t i = 0; i < lane->seq_count; i++)
                if (uuid_equal(&lane->seqs[i].family, family))
                        return &lane->seqs[i];
        lane->seqs = xrealloc(lane->seqs, (lane->seq_count + 1) * sizeof(*lane->seqs));
        lane->seqs[lane->seq_count] = (struct lane_seq){ *family, 1 };
        return &lane->seqs[lane->seq_count++];
}

static void rest(struct lane *lane, enum lane_state state, unsigned ms)
{
        struct timeval delay = { ms / 1000, (suseconds_t)(ms % 1000) * 1000 };

        lane->state = state;
        evtimer_add(lane->timer, &delay);
}

static void forget_error(struct lane *lane)
{
        lane->sqlstate[0] = '\0';
        free(lane->message);
        free(lane->detail);
        lane->message = lane->detail = NULL;
        lane->outcome_seen = lane->doubt = false;
}

static void forget_params(struct lane *lane)
{
        if (lane->has_params)
                batch_params_deinit(&lane->params);
        lane->has_params = false;
}

static void release(struct lane *lane, const struct change *change)
{
        claims_remove(&lane->store->held, change->claims, change->claim_count);
}

/* The batch is over: the lane may take the next. */
static void lane_finish(struct lane *lane)
{
        evtimer_del(lane->timer);
        forget_params(lane);
        forget_error(lane);
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
                release(lane, change);
                change->batch = NULL;
                change->state = 0;
                if (lane->doubt)
                        change_fail(change, FAILURE_UNKNOWN, OUTCOME_UNKNOWN, NULL, NULL);
                else
                        change->kind->applied(change, batch);
        }
        lane_finish(lane);
}

static void apply_some(struct lane *lane)
{
        struct batch *batch = &lane->batch;
        const struct store_handlers *handlers = &lane->store->handlers;
        size_t end = lane->applied + ROWS_A_TURN;

        for (; lane->applied < batch->row_count && lane->applied < end; lane->applied++)
                handlers->apply(handlers->context, batch->rows[lane->applied].row, true);
        if (lane->applied < batch->row_count) {
                rest(lane, LANE_APPLYING, 0);
                return;
        }
        for (size_t i = 0; i < batch->scan_count; i++)
                handlers->apply_scan(handlers->context, &batch->scans[i].scan);
        members_applied(lane);
}

static void lane_durable(struct lane *lane)
{
        struct batch *batch = &lane->batch;
        struct lane_seq *seq = seq_of(lane, &batch->family);
        size_t numbers = batch_numbers(batch);

        for (size_t i = 0; i < batch->scan_count; i++) {
                batch->scans[i].scan.writer = batch->writer;
                batch->scans[i].scan.seq = batch->seq + (int64_t)(batch->row_count + i);
        }
        seq->next = batch->seq + (int64_t)numbers;
        if (numbers)
                feed_own(&lane->store->feed, &batch->family, &batch->writer, seq->next - 1);
        forget_params(lane);
        evtimer_del(lane->timer);
        lane->applied = 0;
        apply_some(lane);
}

/* ---- not done ---- */

static void drop_member(struct lane *lane, size_t i, int why, enum outcome outcome)
{
        struct change *change = lane->batch.members[i];

        lane->batch.members[i] = NULL;
        release(lane, change);
        change_fail(change, why, outcome, lane->sqlstate, lane->message);
}

static void compact_members(struct batch *batch)
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
                rest(lane, LANE_RESTING, randombytes_uniform(REST_MOST_MS));
}

static void lane_stale(struct lane *lane)
{
        struct batch *batch = &lane->batch;

        for (size_t i = 0; i < batch->member_count; i++)
                if (batch->members[i] && batch->members[i]->attempts >= ATTEMPTS_MAX)
                        drop_member(lane, i, FAILURE_STALE, OUTCOME_STALE);
        compact_members(batch);
        batch_empty(batch);
        forget_params(lane);
        evtimer_del(lane->timer);
        if (!batch->member_count) {
                lane_finish(lane);
                return;
        }
        lane->state = LANE_CATCHING_UP;
        feed_wait(&lane->store->feed, clock_monotonic_us() + 2 * INSTANT_SECOND, caught_up, lane);
}

/* A used key or nonce: only whose it is fails; the others decide again, and that is not held against them. */
static void lane_key_used(struct lane *lane)
{
        struct batch *batch = &lane->batch;
        bool found = false;

        for (size_t i = 0; i < batch->member_count; i++) {
                struct change *change = batch->members[i];

                if (!change || !change->kind->owns_key || !lane->detail ||
                        !change->kind->owns_key(change, lane->detail))
                        continue;
                found = true;
                drop_member(lane, i, FAILURE_KEY_USED, OUTCOME_REFUSED);
        }
        compact_members(batch);
        for (size_t i = 0; found && i < batch->member_count; i++)
                batch->members[i]->attempts--;
        lane_stale(lane);
}

/* Something in it cannot be recorded: its members go back and come one by one. */
static void lane_refused(struct lane *lane)
{
        struct batch *batch = &lane->batch;

        log_warning("the database refused a batch of %zu: %s %s", batch->member_count, lane->sqlstate,
                lane->message ? lane->message : "");
        if (batch->member_count == 1) {
                if (batch->members[0])
                        drop_member(lane, 0, FAILURE_REFUSED, OUTCOME_REFUSED);
                lane_finish(lane);
                return;
        }
        for (size_t i = 0; i < batch->member_count; i++) {
                struct change *change = batch->members[i];

                if (!change)
                        continue;
                batch->members[i] = NULL;
                release(lane, change);
                change->batch = NULL;
                change->alone = true;
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

static void lane_failed(struct lane *lane)
{
        static const char *const stale[] = { "UH001", "UH002", "23505", "23503", "23P01", "40", NULL };
        static const char *const used[] = { "UH003", "UH004", NULL };
        /* The server's own trouble: out of room or memory, shutting down. The same batch may well pass later. */
        static const char *const later[] = { "53", "57", "58", "08", "25006", NULL };

        if (state_is(lane, stale)) {
                log_debug("stale: %s", lane->message ? lane->message : "");
                lane_stale(lane);
        } else if (state_is(lane, used)) {
                lane_key_used(lane);
        } else if (state_is(lane, later)) {
                rest(lane, LANE_SENT, RETRY_MS);
                pgconn_drop(&lane->conn, lane->message);
        } else {
                lane_refused(lane);
        }
}

/* ---- sending ---- */

static void lane_send(struct lane *lane)
{
        struct batch *batch = &lane->batch;
        struct timeval patience = { lane->store->settings.batch_deadline_us / INSTANT_SECOND,
                lane->store->settings.batch_deadline_us % INSTANT_SECOND };

        forget_error(lane);
        if (!lane->has_params) {
                batch->seq = seq_of(lane, &batch->family)->next;
                batch_params_init(&lane->params, batch);
                lane->has_params = true;
        }
        lane->state = LANE_SENT;
        if (!lane->ready)
                return; /* when the connection is back */
        evtimer_add(lane->timer, &patience);
        pgconn_send_prepared(
                &lane->conn, BATCH_STATEMENT, BATCH_PARAMS, (const char *const *)lane->params.values);
        pgconn_sync(&lane->conn);
}

void lane_begin(struct lane *lane)
{
        if (lane->state == LANE_DECIDING)
                rest(lane, LANE_DECIDING, 0);
        else if (batch_has_content(&lane->batch))
                lane_send(lane);
        else
                lane_finish(lane);
}

static void lane_decide_again(struct lane *lane)
{
        struct batch *batch = &lane->batch;
        int64_t now_us = clock_monotonic_us();

        batch_empty(batch);
        batch->now = clock_now();
        lane->state = LANE_IDLE;
        for (size_t i = 0; i < batch->member_count; i++) {
                struct change *change = batch->members[i];
                uint64_t claims[32];
                size_t count = change->claim_count < 32 ? change->claim_count : 32;
                enum decision decision;

                if (change->deadline_us <= now_us) {
                        drop_member(lane, i, FAILURE_STALE, OUTCOME_STALE);
                        continue;
                }
                memcpy(claims, change->claims, count * sizeof(*claims));
                decision = change_decide(batch, change);
                if (decision == DECISION_ANSWERED) {
                        claims_remove(&lane->store->held, claims, count);
                        batch->members[i] = NULL;
                } else if (decision == DECISION_MORE) {
                        lane->state = LANE_DECIDING;
                }
        }
        compact_members(batch);
        if (!batch->member_count)
                lane_finish(lane);
        else
                lane_begin(lane);
}

/* A long decision goes on. */
static void lane_decide_more(struct lane *lane)
{
        struct batch *batch = &lane->batch;
        struct change *change = batch->members[0];
        enum decision decision;
        uint64_t claims[32];
        size_t count = change->claim_count < 32 ? change->claim_count : 32;

        memcpy(claims, change->claims, count * sizeof(*claims));
        decision = change->kind->decide(change, batch);
        if (decision == DECISION_MORE) {
                rest(lane, LANE_DECIDING, 0);
                return;
        }
        lane->state = LANE_IDLE;
        if (decision == DECISION_ANSWERED) {
                claims_remove(&lane->store->held, claims, count);
                batch->member_count = 0;
                lane_finish(lane);
                return;
        }
        lane_begin(lane);
}

static void timer_fired(evutil_socket_t fd, short what, void *context)
{
        struct lane *lane = context;

        (void)fd;
        (void)what;
        switch (lane->state) {
        case LANE_DECIDING:
                lane_decide_more(lane);
                return;
        case LANE_RESTING:
                lane_decide_again(lane);
                return;
        case LANE_APPLYING:
                apply_some(lane);
                return;
        case LANE_SENT:
                if (lane->ready)
                        pgconn_drop(&lane->conn, "a batch was not answered in time");
                return;
        case LANE_IDLE:
        case LANE_CATCHING_UP:
                return;
        }
}

/* Members that can wait no longer are told so; the batch itself goes on until it is known what became of it. */
void lane_expire(struct lane *lane, int64_t now_us)
{
        struct batch *batch = &lane->batch;

        if (lane->state != LANE_SENT)
                return;
        for (size_t i = 0; i < batch->member_count; i++)
                if (batch->members[i] && batch->members[i]->deadline_us <= now_us)
                        drop_member(lane, i, FAILURE_UNKNOWN, OUTCOME_UNKNOWN);
}

/* ---- the connection ---- */

static void conn_ready(void *context)
{
        struct lane *lane = context;

        pgconn_prepare(&lane->conn, BATCH_STATEMENT, batch_record_sql);
        pgconn_sync(&lane->conn);
        lane->ready = true;
        store_update_state(lane->store);
        if (lane->state == LANE_SENT)
                lane_send(lane);
        store_pump_soon(lane->store);
}

static void conn_lost(void *context, const char *why)
{
        struct lane *lane = context;

        if (!lane->ready && !lane->store->complained && !lane->store->stopping) {
                lane->store->complained = true;
                log_warning("the database cannot be reached (%s); trying again", why);
        }
        lane->ready = false;
        evtimer_del(lane->timer);
        if (lane->state != LANE_IDLE && lane->state != LANE_SENT)
                evtimer_add(lane->timer, (&(struct timeval){ 0, 1000 }));
        store_update_state(lane->store);
}

static void keep_error(struct lane *lane, const PGresult *result)
{
        const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
        const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
        const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);

        if (lane->sqlstate[0])
                return;
        snprintf(lane->sqlstate, sizeof(lane->sqlstate), "%s", state ? state : "XX000");
        lane->message = message ? xstrdup(message) : NULL;
        lane->detail = detail ? xstrdup(detail) : NULL;
}

static void conn_result(void *context, PGresult *result)
{
        struct lane *lane = context;

        switch (PQresultStatus(result)) {
        case PGRES_TUPLES_OK:
                lane->outcome_seen = PQntuples(result) == 1;
                return;
        case PGRES_FATAL_ERROR:
                keep_error(lane, result);
                return;
        case PGRES_PIPELINE_SYNC:
                lane->doubt = lane->conn.replication_doubt;
                lane->conn.replication_doubt = false;
                if (lane->state != LANE_SENT || !lane->has_params ||
                        (!lane->outcome_seen && !lane->sqlstate[0]))
                        return; /* the sync behind the preparation */
                if (lane->outcome_seen && !lane->sqlstate[0])
                        lane_durable(lane);
                else
                        lane_failed(lane);
                return;
        default:
                return;
        }
}

void lane_init(struct lane *lane, struct store *store, bool bulk)
{
        struct pgconn_handlers handlers = {
                .context = lane, .ready = conn_ready, .lost = conn_lost, .result = conn_result
        };

        memset(lane, 0, sizeof(*lane));
        lane->store = store;
        lane->bulk = bulk;
        uuid_v7(clock_now(), &lane->writer);
        batch_init(&lane->batch);
        lane->timer = evtimer_new(store->base, timer_fired, lane);
        pgconn_init(&lane->conn, store->base, true, &handlers);
}

void lane_deinit(struct lane *lane)
{
        if (!lane->timer)
                return;
        pgconn_deinit(&lane->conn);
        event_free(lane->timer);
        forget_params(lane);
        forget_error(lane);
        batch_deinit(&lane->batch);
        free(lane->seqs);
}
