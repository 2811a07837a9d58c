/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Places of ticket types with a capacity: who gets one, who waits, who moves up. Counters in the database hold the
 * line between daemons; within one, whoever decides on a limited ticket claims the event's tickets.
 */
#pragma once

#include "api/limited.h"

/* Claims what a decision about this ticket depends on; to be called before call_submit. */
void seats_claim(struct call *call, const struct event_state *event);
/* Inside decide, of a ticket with a limit that it may not have had when the call was submitted: see call_claimed. */
bool seats_claimed(struct call *call);
/* A place for one more: "confirmed" or "waitlisted", and its counters in the batch; NULL: full. */
const char *seats_take(struct call *call, struct batch *batch, const struct ticket_row *ticket);
/* As seats_take, but nobody is put on a waiting list. */
bool seats_retake(struct call *call, struct batch *batch, const struct ticket_row *ticket);
/* Gives back the place (or the place in the queue) of a registration as it stands; the first waiting moves up. */
void seats_release(struct call *call, struct batch *batch, const struct registration_row *registration);
/* A ticket type is put: where its capacity grows the waiting move up in order, as far as there is room. */
void seats_ticket_changed(struct call *call, struct batch *batch, const struct ticket_row *after,
        const struct ticket_row *before);
/* A ticket type's places as memory holds them. */
struct limited seats_limited(const struct roster *roster, const struct ticket_row *ticket);
