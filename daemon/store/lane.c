/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A lane: at most one batch under way. A batch ends in one of four ways: durable (its sync came), stale (the feed is
 * read, its members decide again), refused (the culprit is found, member by member), or unknown: the link went. Then it
 * is sent again under the same numbers, on whatever link there is, until the database says "done" or "again": a batch
 * that was recorded finds itself, and is never recorded twice. One that stands behind a batch that hangs is sent again
 * in the same way. Should such a batch fail when it is sent again, the first sending may still be on its way to the
 * server: its writer is closed before anything else is made of it.
 */
#include "store/private.h"

#include <event2/event.h>
#include <sodium.h>
#include <string.h>

#include "base/log.h"

enum { RESEND_FIRST_MS = 50, RESEND_MOST_MS = 2000, BYTES_A_SECOND = 256 * 1024 };

struct lane_seq *lane_seq(struct lane *lane, const struct uuid *family)
{
        for (size_t i = 0; i < lane->seq_count; i++)
                if (uuid_equal(&lane->seqs[i].family, family))
                        return &lane->seqs[i];
        lane->seqs = xrealloc(lane->seqs, (lane->seq_count + 1) * sizeof(*lane->seqs));
        lane->seqs[lane->seq_count] = (struct lane_seq){ .family = *family, .next = 1 };
        return &lane->seqs[lane->seq_count++];
}

void lane_take_new_writer(struct lane *lane)
{
        uuid_v7(clock_now(), &lane->writer);
        lane->batch.writer = lane->writer;
        lane->seq_count = 0;
        lane->exposed = false;
}

void lane_rest(struct lane *lane, enum lane_state state, unsigned ms)
{
        struct timeval delay = { ms / 1000, (suseconds_t)(ms % 1000) * 1000 };

        lane->state = state;
        evtimer_add(lane->timer, &delay);
}

void lane_resend_later(struct lane *lane)
{
        unsigned shift = lane->resends < 6 ? lane->resends : 6;
        uint32_t ceiling = RESEND_FIRST_MS << shift;

        lane->resends++;
        lane_rest(lane, LANE_RESENDING,
                RESEND_FIRST_MS / 2 +
                        randombytes_uniform(ceiling < RESEND_MOST_MS ? ceiling : RESEND_MOST_MS));
}

void lane_forget_error(struct lane *lane)
{
        lane->sqlstate[0] = '\0';
        free(lane->message);
        free(lane->detail);
        free(lane->constraint);
        lane->message = lane->detail = lane->constraint = NULL;
        lane->outcome_seen = false;
}

void lane_forget_params(struct lane *lane)
{
        if (lane->has_params)
                batch_params_deinit(&lane->params);
        lane->has_params = lane->exposed = false;
        lane->resends = 0;
}

/* ---- sending ---- */

/* Imports take their time: so much of it for what they hold. */
static void wait_for_answer(struct lane *lane)
{
        int64_t us = lane->store->settings.batch_deadline_us;
        struct timeval patience;

        for (size_t i = 0; lane->bulk && i < BATCH_HEAD_PARAMS; i++)
                if (lane->params.values[i])
                        us += (int64_t)strlen(lane->params.values[i]) * INSTANT_SECOND / BYTES_A_SECOND;
        patience = (struct timeval){ us / INSTANT_SECOND, us % INSTANT_SECOND };
        evtimer_add(lane->timer, &patience);
}

static void make_params(struct lane *lane)
{
        struct batch *batch = &lane->batch;
        const struct lane_seq *seq = lane_seq(lane, &batch->family);

        batch->seq = seq->next;
        memcpy(batch->head, seq->head, sizeof(batch->head));
        batch_number(batch);
        batch_params_init(&lane->params, batch);
        lane->has_params = true;
}

void lane_send(struct lane *lane, struct link *link)
{
        lane_forget_error(lane);
        lane->state = LANE_SENT;
        if (!link)
                return; /* when one is back */
        wait_for_answer(lane);
        lane->sent = true;
        lane->link = link;
        link_join(link, lane);
        if (lane->batch.member_count == 1 && !lane->bulk)
                awake_for(&lane->store->awake, lane);
        pgconn_send_prepared(&link->conn, lane->params.statement, lane->params.count,
                (const char *const *)lane->params.values, lane->params.lengths, lane->params.formats, false);
        pgconn_sync(&link->conn);
}

void lane_fence(struct lane *lane)
{
        const char *values[] = { lane->params.values[0], lane->params.values[1], lane->params.values[2] };
        struct link *link = link_free(lane->store, lane); /* there is one: it has just brought an answer */

        lane->state = LANE_FENCING;
        lane->outcome_seen = false;
        wait_for_answer(lane);
        lane->link = link;
        link_join(link, lane);
        pgconn_send(
                &link->conn, "SELECT usher.close_writer($1::uuid, $2::uuid, $3::bigint)", 3, values, false);
        pgconn_sync(&link->conn);
}

bool lane_try(struct lane *lane)
{
        struct link *link = lane->bulk || queue_has_turn(lane->store) ? link_free(lane->store, lane)
                                                                      : link_to_follow(lane->store, lane);

        if (link)
                lane_send(lane, link);
        return link;
}

static void take_turn(struct lane *lane)
{
        make_params(lane);
        if (!lane_try(lane))
                lane_rest(lane, LANE_WAITING, TURN_US / 1000);
}

void lane_begin(struct lane *lane)
{
        if (lane->state == LANE_DECIDING)
                lane_rest(lane, LANE_DECIDING, lane->batch.members[0]->rest_ms);
        else if (batch_has_content(&lane->batch))
                take_turn(lane);
        else
                lane_finish(lane);
}

void lane_take_bearings(struct lane *lane)
{
        struct batch *batch = &lane->batch;

        batch->now = clock_now();
        batch->known.count = 0;
        places_copy(&batch->scanned, &feed_family(&lane->store->feed, &batch->family)->scans);
        if (!lane->store->unsure)
                places_copy(&batch->known, &feed_family(&lane->store->feed, &batch->family)->places);
        batch->quiet = batch_can_tell_news(batch) && feed_is_quiet(&lane->store->feed, &batch->family);
        batch->meets_nobody = feed_meets_nobody(&lane->store->feed, &batch->family);
}

static void lane_decide_again(struct lane *lane)
{
        struct batch *batch = &lane->batch;
        int64_t now_us = clock_monotonic_us();

        batch_empty(batch);
        lane_take_bearings(lane);
        lane->state = LANE_IDLE;
        for (size_t i = 0; i < batch->member_count; i++) {
                struct change *change = batch->members[i];
                uint64_t claims[CHANGE_CLAIMS_MAX];
                size_t count = change_claims(change, claims);
                enum decision decision;

                if (change->deadline_us <= now_us) {
                        lane_drop_member(lane, i, FAILURE_STALE, OUTCOME_STALE);
                        continue;
                }
                decision = change_decide(batch, change);
                if (decision == DECISION_ANSWERED) {
                        lane_release(lane, claims, count);
                        batch->members[i] = NULL;
                } else if (decision == DECISION_MORE) {
                        lane->state = LANE_DECIDING;
                }
        }
        lane_compact_members(batch);
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
        uint64_t claims[CHANGE_CLAIMS_MAX];
        size_t count = change_claims(change, claims);

        decision = change->kind->decide(change, batch);
        if (decision == DECISION_MORE) {
                lane_rest(lane, LANE_DECIDING, change->rest_ms);
                return;
        }
        lane->state = LANE_IDLE;
        if (decision == DECISION_ANSWERED) {
                lane_release(lane, claims, count);
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
                lane_apply_some(lane);
                return;
        case LANE_WAITING:
        case LANE_RESENDING:
                lane_send(lane, link_free(lane->store, lane));
                return;
        case LANE_SENT:
        case LANE_FENCING:
                pgconn_drop(&lane->link->conn, "a batch was not answered in time");
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
        bool unknown = lane->sent || lane->exposed;

        if (lane->state != LANE_SENT && lane->state != LANE_RESENDING && lane->state != LANE_FENCING)
                return;
        for (size_t i = 0; i < batch->member_count; i++) {
                if (!batch->members[i] || change_due_us(lane->store, batch->members[i]) > now_us)
                        continue;
                feed_met(&lane->store->feed, &batch->family); /* it may come again, beside this batch */
                if (unknown)
                        lane_drop_member(lane, i, FAILURE_UNKNOWN, OUTCOME_UNKNOWN);
                else
                        lane_drop_member(lane, i, FAILURE_OFFLINE, OUTCOME_STALE);
        }
}

/* ---- what comes on its link ---- */

static void keep_error(struct lane *lane, const PGresult *result)
{
        const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
        const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
        const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
        const char *constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);

        if (lane->sqlstate[0])
                return;
        snprintf(lane->sqlstate, sizeof(lane->sqlstate), "%s", state ? state : "XX000");
        lane->message = message ? xstrdup(message) : NULL;
        lane->detail = detail ? xstrdup(detail) : NULL;
        lane->constraint = constraint ? xstrdup(constraint) : NULL;
}

/* What was asked before the writer was closed has failed for good, or had succeeded all the time. */
static void fenced(struct lane *lane)
{
        if (!lane->outcome_seen) {
                lane_resend_later(lane);
        } else if (lane->was_recorded) {
                lane_durable(lane);
        } else {
                lane_take_new_writer(lane);
                lane_failed(lane);
        }
}

void lane_synced(struct lane *lane, bool replication_doubt)
{
        bool batch = lane->sent;

        lane->sent = false;
        awake_answered(&lane->store->awake, lane);
        if (replication_doubt) {
                /* Recorded here, and the standby may lack it: sent again, it waits for the standby again. */
                lane->exposed = true;
                lane_resend_later(lane);
        } else if (!batch) {
                fenced(lane);
        } else if (lane->outcome_seen && !lane->sqlstate[0]) {
                lane_durable(lane);
        } else {
                lane_failed(lane);
        }
}

void lane_answered(struct lane *lane, const PGresult *result)
{
        switch (PQresultStatus(result)) {
        case PGRES_TUPLES_OK:
                lane->outcome_seen = PQntuples(result) == 1;
                lane->was_recorded = lane->outcome_seen && PQgetvalue(result, 0, 0)[0] == 't';
                return;
        case PGRES_FATAL_ERROR:
                keep_error(lane, result);
                return;
        default:
                return;
        }
}

void lane_comes_first(struct lane *lane)
{
        wait_for_answer(lane);
}

void lane_lost(struct lane *lane)
{
        lane->exposed = lane->exposed || lane->sent;
        lane->sent = false;
        awake_answered(&lane->store->awake, lane);
        lane_resend_later(lane);
}

void lane_overtake(struct lane *lane, struct link *link)
{
        lane->exposed = true;
        lane_send(lane, link);
}

void lane_init(struct lane *lane, struct store *store, bool bulk)
{
        memset(lane, 0, sizeof(*lane));
        lane->store = store;
        lane->bulk = bulk;
        uuid_v7(clock_now(), &lane->writer);
        batch_init(&lane->batch);
        lane->timer = evtimer_new(store->base, timer_fired, lane);
}

void lane_deinit(struct lane *lane)
{
        if (!lane->timer)
                return;
        event_free(lane->timer);
        lane_forget_params(lane);
        lane_forget_error(lane);
        batch_deinit(&lane->batch);
        free(lane->seqs);
}
