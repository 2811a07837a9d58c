/* SPDX-License-Identifier: Apache-2.0 */
#include "api/booking_seats.h"

#include <string.h>

#include "api/limited.h"
#include "api/noun.h"

static struct bookings *bookings_of(const struct call *call)
{
        return roster_bookings(call->event->roster);
}

void booking_claim(struct call *call, const struct event_state *event)
{
        call_claim(call, "bookings", &event_row(event)->event_uuid, "");
}

/* A session's seats as memory holds them. */
static struct limited seats_of(const struct call *call, const struct session_row *session)
{
        const struct bookings *bookings = bookings_of(call);

        return (struct limited){
                .taken_kind = "session_taken",
                .waiting_kind = "session_waiting",
                .event = session->row.event,
                .id = session->row.id,
                .capacity = session->capacity,
                .taken = bookings_taken(bookings, session->row.id),
                .waiting = bookings_waiting(bookings, session->row.id),
        };
}

/* The registration has as many bookings as memory says, and `by` more afterwards. */
static void count_held(struct call *call, struct batch *batch, const char *registration, int64_t by)
{
        int64_t after = bookings_held(bookings_of(call), registration) + by;

        batch_add_counter(
                batch, &event_row(call->event)->event_uuid, "bookings_held", registration, by, after, after);
}

static struct booking_row *add_row(struct batch *batch, struct booking_row *fresh)
{
        struct booking_row *row;

        fresh->waiting_since = booking_is(fresh, "waitlisted") ? batch_now(batch) : INSTANT_NONE;
        row = row_seal(fresh);
        batch_add_row(batch, row);
        return row;
}

static void change_status(struct batch *batch, const struct booking_row *before, const char *status)
{
        struct booking_row fresh = *before;

        fresh.row.version++;
        fresh.status = status;
        row_unref(add_row(batch, &fresh));
}

/* A seat, or a place in the queue behind a session that is full indeed; NULL: neither. */
static const char *take_seat(
        struct call *call, struct batch *batch, const struct session_row *session, bool may_wait)
{
        struct limited seats = seats_of(call, session);
        bool fits = limited_fits(&seats);

        if (!fits && !may_wait)
                return NULL;
        batch_expect(batch, session);
        limited_move(&seats, batch, fits, !fits, !fits);
        return fits ? "confirmed" : "waitlisted";
}

struct booking_row *booking_take(struct call *call, struct batch *batch, const struct session_row *session,
        const struct registration_row *registration, const struct booking_row *before, bool may_wait)
{
        const char *status = take_seat(call, batch, session, may_wait);
        char id[BOOKING_ID_MAX];
        struct booking_row fresh;

        if (!status)
                return NULL;
        row_clear(&fresh, &booking_record);
        fresh.row.family = registration->row.family;
        fresh.row.event = registration->row.event;
        fresh.row.id = booking_id(id, session->row.id, registration->row.id);
        fresh.row.version = before ? before->row.version + 1 : 1;
        fresh.session = session->row.id;
        fresh.registration = registration->row.id;
        fresh.status = status;
        fresh.created_at = batch_now(batch);
        count_held(call, batch, registration->row.id, 1);
        batch_expect(batch, registration);
        return add_row(batch, &fresh);
}

/* Who waits for a session moves up in order, at most `room` of them; returns how many did. */
static int64_t promote(struct call *call, struct batch *batch, const char *session, int64_t room)
{
        int64_t waiting = bookings_waiting(bookings_of(call), session);
        size_t most = (size_t)(room < waiting ? room : waiting), found;
        const struct booking_row **queue;

        if (room <= 0 || !waiting)
                return 0;
        queue = xmalloc(most * sizeof(*queue));
        found = bookings_queue(bookings_of(call), session, queue, most);
        for (size_t i = 0; i < found; i++)
                change_status(batch, queue[i], "confirmed");
        free(queue);
        return (int64_t)found;
}

static const struct session_row *session_of(const struct call *call, const struct booking_row *booking)
{
        return rowset_find(&call->event->family->programme->sessions, &booking->row.event, booking->session);
}

/* Gives back the seat itself; `held` is counted by the caller. */
static void give_back(struct call *call, struct batch *batch, const struct booking_row *booking)
{
        const struct session_row *session = session_of(call, booking);
        struct limited seats;
        int64_t promoted;

        change_status(batch, booking, "cancelled");
        if (!session)
                return; /* what is booked is not deleted */
        seats = seats_of(call, session);
        if (booking_is(booking, "waitlisted")) {
                limited_move(&seats, batch, 0, -1, false);
                return;
        }
        promoted = limited_passes_on(&seats) ? promote(call, batch, session->row.id, 1) : 0;
        batch_expect(batch, session);
        limited_move(&seats, batch, promoted - 1, -promoted, true);
}

void booking_release(struct call *call, struct batch *batch, const struct booking_row *booking)
{
        give_back(call, batch, booking);
        count_held(call, batch, booking->registration, -1);
}

void booking_release_all(struct call *call, struct batch *batch, const char *registration)
{
        const struct booking_row *booking = NULL;
        int64_t held = bookings_held(bookings_of(call), registration);

        while ((booking = bookings_of_registration(bookings_of(call), registration, booking)))
                if (booking_stands(booking))
                        give_back(call, batch, booking);
        /* Of none, too: another daemon may have booked one unseen. */
        count_held(call, batch, registration, -held);
}

void booking_session_changed(struct call *call, struct batch *batch, const struct session_row *after,
        const struct session_row *before)
{
        struct limited seats = seats_of(call, after);
        int64_t promoted;

        if (!limited_grows(before->capacity, after->capacity))
                return;
        promoted = promote(call, batch, after->row.id, limited_room(&seats));
        /* Most sessions are never booked: they need no counters. */
        limited_move(&seats, batch, promoted, -promoted, after->booking || before->booking);
}
