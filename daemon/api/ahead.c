/* SPDX-License-Identifier: Apache-2.0 */
#include "api/ahead.h"

#include <stdlib.h>

#include "api/api.h"
#include "base/workers.h"

enum { REST_MS = 2 };

static void release(void *job)
{
        struct ahead *ahead = job;

        programme_free(ahead->copy);
        if (ahead->release)
                ahead->release(ahead->own);
        else
                free(ahead->own);
        free(ahead);
}

static void released(void *job, int dropped)
{
        if (dropped)
                release(job);
}

/* It is large: it is let go where it was made. */
static void ahead_free(void *job)
{
        struct ahead *ahead = job;

        if (ahead->running)
                ahead->abandoned = true;
        else
                workers_submit(ahead->workers, release, released, ahead);
}

struct ahead *ahead_new(struct call *call, void (*work)(struct ahead *), void (*done)(struct ahead *),
        void *own, void (*release_own)(void *own))
{
        struct ahead *ahead = xcalloc(1, sizeof(*ahead));

        ahead->call = call;
        ahead->workers = call->api->workers;
        ahead->work = work;
        ahead->done = done;
        ahead->own = own;
        ahead->release = release_own;
        call->own = ahead;
        call->own_free = ahead_free;
        return ahead;
}

static void work(void *job)
{
        struct ahead *ahead = job;

        ahead->work(ahead);
}

/* True where somebody still waits for it. */
static bool has_ended(struct ahead *ahead, int dropped)
{
        ahead->running = false;
        ahead->dropped = dropped;
        if (ahead->abandoned)
                ahead_free(ahead);
        return !ahead->abandoned;
}

static void worked(void *job, int dropped)
{
        struct ahead *ahead = job;
        struct call *call = ahead->call;

        if (!has_ended(ahead, dropped))
                return;
        if (dropped) {
                call_fail_unavailable(call, true);
                return;
        }
        if (call_event_again(call))
                ahead->done(ahead);
}

static void worked_again(void *job, int dropped)
{
        has_ended(job, dropped);
}

static void start(struct ahead *ahead, void (*done)(void *job, int dropped))
{
        const struct event_state *event = ahead->call->event;

        programme_free(ahead->copy);
        ahead->copy = programme_copy(event->family->programme);
        ahead->event = event_row(event)->event_uuid;
        ahead->at = clock_now();
        ahead->running = true;
        workers_submit(ahead->workers, work, done, ahead);
}

void ahead_start(struct ahead *ahead)
{
        start(ahead, worked);
}

bool ahead_holds(struct ahead *ahead, enum decision *decision)
{
        struct call *call = ahead->call;

        call->change.rest_ms = 0;
        if (!ahead->running && ahead->dropped) {
                call_fail_unavailable(call, true);
                *decision = DECISION_ANSWERED;
                return false;
        }
        if (!ahead->running && programme_is_same(ahead->copy, call->event->family->programme))
                return true;
        if (!ahead->running) {
                if (ahead->reset)
                        ahead->reset(ahead);
                start(ahead, worked_again);
        }
        call->change.rest_ms = REST_MS;
        *decision = DECISION_MORE;
        return false;
}

static void answer(struct ahead *ahead)
{
        call_answer_taken(ahead->call, ahead->own);
}

static void answer_release(void *own)
{
        buffer_deinit(own);
        free(own);
}

void ahead_answer(struct call *call, void (*work_it)(struct ahead *))
{
        ahead_start(ahead_new(call, work_it, answer, xcalloc(1, sizeof(struct buffer)), answer_release));
}
