/* SPDX-License-Identifier: Apache-2.0 */
#include "api/seats.h"

#include "api/noun.h"
#include "api/registration.h"

void seats_claim(struct call *call, const struct event_state *event)
{
        call_claim(call, "tickets", &event_row(event)->event_uuid, "");
}

bool seats_claimed(struct call *call)
{
        return call_claimed(call, "tickets", &event_row(call->event)->event_uuid, "");
}

struct limited seats_limited(const struct roster *roster, const struct ticket_row *ticket)
{
        return (struct limited){
                .taken_kind = "ticket_taken",
                .waiting_kind = "ticket_waiting",
                .event = ticket->row.event,
                .id = ticket->row.id,
                .capacity = ticket->capacity,
                .taken = roster_taken(roster, ticket->row.id),
                .waiting = roster_waiting(roster, ticket->row.id),
        };
}

static const char *take(
        struct call *call, struct batch *batch, const struct ticket_row *ticket, bool may_wait)
{
        struct limited places = seats_limited(call->event->roster, ticket);
        bool fits = limited_fits(&places);

        if (!fits && !may_wait)
                return NULL;
        batch_expect(batch, ticket);
        limited_move(&places, batch, fits, !fits, !fits);
        return fits ? "confirmed" : "waitlisted";
}

const char *seats_take(struct call *call, struct batch *batch, const struct ticket_row *ticket)
{
        return take(call, batch, ticket, ticket->waitlist);
}

bool seats_retake(struct call *call, struct batch *batch, const struct ticket_row *ticket)
{
        return take(call, batch, ticket, false);
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
        batch_add_row(batch, row);
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
        struct limited places;
        int64_t promoted;

        if (!ticket)
                return;
        places = seats_limited(call->event->roster, ticket);
        if (registration_is(registration, "waitlisted")) {
                limited_move(&places, batch, 0, -1, false);
                return;
        }
        promoted =
                limited_passes_on(&places) ? promote_some(call, batch, ticket->row.id, 1, registration) : 0;
        batch_expect(batch, ticket);
        limited_move(&places, batch, promoted - 1, -promoted, true);
}

void seats_ticket_changed(struct call *call, struct batch *batch, const struct ticket_row *after,
        const struct ticket_row *before)
{
        struct limited places = seats_limited(call->event->roster, after);
        int64_t promoted;

        if (!before || !limited_grows(before->capacity, after->capacity))
                return;
        promoted = promote_some(call, batch, after->row.id, limited_room(&places), NULL);
        limited_move(&places, batch, promoted, -promoted, true);
}
