/* SPDX-License-Identifier: Apache-2.0 */
#include "api/seats.h"

#include <string.h>

#include "api/noun.h"
#include "api/registration.h"

void seats_claim(struct call *call, const struct event_state *event)
{
        call_claim(call, "tickets", &event_row(event)->event_uuid, "");
}

void seats_count(struct call *call, struct batch *batch, const char *kind, const struct ticket_row *ticket,
        int64_t by, int64_t min, int64_t max)
{
        batch_add_counter(batch, &call->change, &ticket->row.event, kind, ticket->row.id, by, min, max);
}

static bool has_room(const struct call *call, const struct ticket_row *ticket)
{
        const struct roster *roster = call->event->roster;

        return ticket->capacity == FIELD_INT_NONE ||
               (roster_taken(roster, ticket->row.id) < ticket->capacity &&
                       !roster_waiting(roster, ticket->row.id));
}

static void take(struct call *call, struct batch *batch, const struct ticket_row *ticket)
{
        bool limited = ticket->capacity != FIELD_INT_NONE;

        seats_count(call, batch, SEATS_TAKEN, ticket, 1, INT64_MIN, limited ? ticket->capacity : INT64_MAX);
}

/* Still full, or others still wait: else whoever joins the queue would wait for a place that is free. */
static void join_queue(struct call *call, struct batch *batch, const struct ticket_row *ticket)
{
        bool full = roster_taken(call->event->roster, ticket->row.id) >= ticket->capacity;

        if (full)
                seats_count(call, batch, SEATS_TAKEN, ticket, 0, ticket->capacity, INT64_MAX);
        seats_count(call, batch, SEATS_WAITING, ticket, 1, full ? INT64_MIN : 2, INT64_MAX);
}

const char *seats_take(struct call *call, struct batch *batch, const struct ticket_row *ticket)
{
        bool room = has_room(call, ticket);

        if (!room && !ticket->waitlist)
                return NULL;
        if (ticket->capacity != FIELD_INT_NONE)
                batch_expect(batch, &call->change, ticket);
        if (room)
                take(call, batch, ticket);
        else
                join_queue(call, batch, ticket);
        return room ? "confirmed" : "waitlisted";
}

bool seats_retake(struct call *call, struct batch *batch, const struct ticket_row *ticket)
{
        if (!has_room(call, ticket))
                return false;
        if (ticket->capacity != FIELD_INT_NONE)
                batch_expect(batch, &call->change, ticket);
        take(call, batch, ticket);
        return true;
}

/* The registration as confirmed: its turn has come. */
static void promote(struct call *call, struct batch *batch, const struct registration_row *waiting)
{
        _cleanup_(row_unrefp) struct registration_row *row = NULL;
        struct registration_row fresh = *waiting;

        fresh.row.version++;
        fresh.status = "confirmed";
        fresh.waiting_since = INSTANT_NONE;
        row = registration_reseal(call->event, &fresh, batch_now(batch));
        batch_add_row(batch, &call->change, row);
}

/* Everybody waiting, in order, as far as `room` goes; returns how many moved up. */
static int64_t promote_some(struct call *call, struct batch *batch, const char *ticket, int64_t room,
        const struct registration_row *except)
{
        const struct registration_row *waiting = NULL;
        int64_t promoted = 0;

        while (promoted < room && (waiting = roster_waiting_next(call->event->roster, ticket, waiting))) {
                if (waiting == except)
                        continue;
                promote(call, batch, waiting);
                promoted++;
        }
        return promoted;
}

void seats_release(struct call *call, struct batch *batch, const struct registration_row *registration)
{
        const struct ticket_row *ticket = rowset_find(
                roster_tickets(call->event->roster), &registration->row.event, registration->ticket);
        int64_t promoted, over;

        if (!ticket)
                return;
        if (registration_is(registration, "waitlisted")) {
                seats_count(call, batch, SEATS_WAITING, ticket, -1, INT64_MIN, INT64_MAX);
                return;
        }
        /* A capacity lowered below what is taken lets nobody move up. */
        over = ticket->capacity == FIELD_INT_NONE
                       ? 0
                       : roster_taken(call->event->roster, ticket->row.id) - ticket->capacity;
        promoted = over > 0 ? 0 : promote_some(call, batch, ticket->row.id, 1, registration);
        if (ticket->capacity != FIELD_INT_NONE)
                batch_expect(batch, &call->change, ticket);
        /* Nor may it have come to be free unseen what was not, for then somebody's turn has come. */
        seats_count(call, batch, SEATS_TAKEN, ticket, promoted - 1, over > 0 ? ticket->capacity : INT64_MIN,
                INT64_MAX);
        /* Nobody may have joined the queue unseen: then it is decided again. */
        if (ticket->waitlist || promoted)
                seats_count(call, batch, SEATS_WAITING, ticket, -promoted, INT64_MIN,
                        promoted || over > 0 ? INT64_MAX : 0);
}

void seats_ticket_changed(struct call *call, struct batch *batch, const struct ticket_row *after,
        const struct ticket_row *before)
{
        int64_t waiting, room, promoted;

        if (!before || before->capacity == FIELD_INT_NONE ||
                (after->capacity != FIELD_INT_NONE && after->capacity <= before->capacity))
                return;
        waiting = roster_waiting(call->event->roster, before->row.id);
        room = after->capacity == FIELD_INT_NONE
                       ? INT64_MAX
                       : after->capacity - roster_taken(call->event->roster, before->row.id);
        promoted = promote_some(call, batch, before->row.id, room, NULL);
        seats_count(call, batch, SEATS_TAKEN, after, promoted, INT64_MIN,
                promoted && after->capacity != FIELD_INT_NONE ? after->capacity : INT64_MAX);
        /* Who joined the queue unseen moves up, too, when it is decided again. */
        seats_count(call, batch, SEATS_WAITING, after, -promoted, INT64_MIN,
                promoted == waiting && room > promoted ? 0 : INT64_MAX);
}
