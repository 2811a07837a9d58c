/* SPDX-License-Identifier: Apache-2.0 */
#include "api/latest.h"

#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "base/workers.h"

enum { SMALL_BYTES = 32768 }; /* read in less time than a thread would take to hear of it */

struct latest {
        struct call *call;
        void (*then)(struct call *call);
        const struct publication_row *publication;
        const struct event_row *event; /* of the zone and the hour that days begin */
        int day_starts_minutes;
        struct timetable *timetable;
};

static void latest_free(struct latest *latest)
{
        row_unref(latest->publication);
        row_unref(latest->event);
        timetable_free(latest->timetable);
        free(latest);
}

static void read_body(void *job)
{
        struct latest *latest = job;
        struct programme_event event = { .row = latest->event,
                .day_starts_minutes = latest->day_starts_minutes };

        timetable_from_body(&event, latest->publication->body, &latest->timetable);
}

static void body_read(void *job, int dropped)
{
        struct latest *latest = job;
        struct call *call = latest->call;
        void (*then)(struct call *) = latest->then;
        struct event_state *event = state_event(&call->api->state, call_text(call, "event"));
        bool failed = !latest->timetable;

        if (event && !event->latest && latest->timetable && event_newest(event) == latest->publication &&
                event_row(event) == latest->event) {
                event->latest = latest->timetable;
                latest->timetable = NULL;
        }
        latest_free(latest);
        if (dropped)
                call_fail_unavailable(call, true);
        else if (!call_event_again(call))
                return;
        else if (failed)
                then(call); /* it is tried once more, and said */
        else
                latest_with(call, then);
}

void latest_with(struct call *call, void (*then)(struct call *call))
{
        const struct publication_row *publication = event_newest(call->event);
        struct latest *latest;

        if (call->event->latest || !publication || !publication->body ||
                strlen(publication->body) < SMALL_BYTES) {
                then(call);
                return;
        }
        latest = xcalloc(1, sizeof(*latest));
        latest->call = call;
        latest->then = then;
        latest->publication = row_ref(publication);
        latest->event = row_ref(event_row(call->event));
        latest->day_starts_minutes = call->event->programme_event->day_starts_minutes;
        workers_submit(call->api->workers, read_body, body_read, latest);
}
