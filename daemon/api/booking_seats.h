/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seats in sessions, as changes move them. Counters hold the line between daemons: of a session, how many seats are
 * taken and how many people wait; of a registration, how many bookings it has, so that no two daemons book one person
 * into two sessions at once. Within a daemon whoever moves bookings claims those of the event.
 */
#pragma once

#include "api/call.h"

/* Claims what decisions about bookings depend on; to be called before call_submit. */
void booking_claim(struct call *call, const struct event_state *event);
/*
 * A seat for a registration that has none (`before`: its cancelled booking, or NULL): the row and its counters go into
 * the batch. Returns the row, which the caller owns; NULL: full, and nothing was added.
 */
struct booking_row *booking_take(struct call *call, struct batch *batch, const struct session_row *session,
        const struct registration_row *registration, const struct booking_row *before, bool may_wait);
/* Gives back a booking that stands; who waits longest moves up. */
void booking_release(struct call *call, struct batch *batch, const struct booking_row *booking);
/* Gives back all that a registration has. */
void booking_release_all(struct call *call, struct batch *batch, const char *registration);
/* A session is put anew: where its capacity grows the waiting move up in order, as far as there is room. */
void booking_session_changed(struct call *call, struct batch *batch, const struct session_row *after,
        const struct session_row *before);
