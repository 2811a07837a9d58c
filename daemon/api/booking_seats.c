/* SPDX-License-Identifier: Apache-2.0 */
#include "api/booking_seats.h"

#include <string.h>

#include "api/noun.h"

#define SEATS_TAKEN "session_taken"
#define SEATS_WAITING "session_waiting"
#define BOOKINGS_HELD "bookings_held"

static struct bookings *bookings_of(const struct call *call)
{
        return roster_bookings(call->event->roster);
}

void booking_claim(struct call *call, const struct event_state *event)
{
        call_claim(call, "bookings", &event_row(event)->event_uuid, "");
}

static void count(struct call *call, struct batch *batch, const char *kind, const char *id, int64_t by,
        int64_t min, int64_t max)
{
        batch_add_counter(batch, &call->change, &event_row(call->event)->event_uuid, kind, id, by, min, max);
}

/* The registration has as many bookings as memory says, and `by` more afterwards. */
static void count_held(struct call *call, struct batch *batch, const char *registration, int64_t by)
{
        int64_t after = bookings_held(bookings_of(call), registration) + by;

        count(call, batch, BOOKINGS_HELD, registration, by, after, after);
}

static struct booking_row *add_row(struct call *call, struct batch *batch, struct booking_row *fresh)
{
        struct booking_row *row;

        fresh->waiting_since = booking_is(fresh, "waitlisted") ? batch_now(batch) : INSTANT_NONE;
        row = row_seal(fresh);
        batch_add_row(batch, &call->change, row);
        return row;
}

static void change_status(
        struct call *call, struct batch *batch, const struct booking_row *before, const char *status)
{
        struct booking_row fresh = *before;

        fresh.row.version++;
        fresh.status = status;
        row_unref(add_row(call, batch, &fresh));
}

/* A seat, or a place in the queue behind a session that is full indeed; NULL: neither. */
static const char *take_seat(
        struct call *call, struct batch *batch, const struct session_row *session, bool may_wait)
{
        const char *id = session->row.id;
        bool limited = session->capacity != FIELD_INT_NONE;
        int64_t taken = bookings_taken(bookings_of(call), id);

        if (!limited || (taken < session->capacity && !bookings_waiting(bookings_of(call), id))) {
                count(call, batch, SEATS_TAKEN, id, 1, INT64_MIN, limited ? session->capacity : INT64_MAX);
                return "confirmed";
        }
        if (!may_wait)
                return NULL;
        /* Nobody may have given a seat back unseen: then it is decided again. */
        if (taken >= session->capacity)
                count(call, batch, SEATS_TAKEN, id, 0, session->capacity, INT64_MAX);
        count(call, batch, SEATS_WAITING, id, 1, INT64_MIN, INT64_MAX);
        return "waitlisted";
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
        batch_expect(batch, &call->change, session);
        batch_expect(batch, &call->change, registration);
        return add_row(call, batch, &fresh);
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
                change_status(call, batch, queue[i], "confirmed");
        free(queue);
        return (int64_t)found;
}

/* How many seats a session has left in memory once `given_back` are free again. */
static int64_t room_in(const struct call *call, const struct session_row *session, int64_t given_back)
{
        if (!session || session->capacity == FIELD_INT_NONE)
                return INT64_MAX;
        return session->capacity - bookings_taken(bookings_of(call), session->row.id) + given_back;
}

static const struct session_row *session_of(const struct call *call, const struct booking_row *booking)
{
        return rowset_find(&call->event->family->programme->sessions, &booking->row.event, booking->session);
}

/* Gives back the seat itself; `held` is counted by the caller. */
static void give_back(struct call *call, struct batch *batch, const struct booking_row *booking)
{
        const struct session_row *session;
        int64_t room, promoted;

        change_status(call, batch, booking, "cancelled");
        if (booking_is(booking, "waitlisted")) {
                count(call, batch, SEATS_WAITING, booking->session, -1, INT64_MIN, INT64_MAX);
                return;
        }
        session = session_of(call, booking);
        room = room_in(call, session, 1);
        promoted = promote(call, batch, booking->session, room < 1 ? room : 1);
        if (session && session->capacity != FIELD_INT_NONE)
                batch_expect(batch, &call->change, session);
        /* Where nobody's turn came, for more are in than there are seats, it must be so still. */
        count(call, batch, SEATS_TAKEN, booking->session, promoted - 1,
                room < 1 && session ? session->capacity : INT64_MIN, INT64_MAX);
        /* Nobody may have joined the queue unseen. */
        count(call, batch, SEATS_WAITING, booking->session, -promoted, INT64_MIN,
                promoted || room < 1 ? INT64_MAX : 0);
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

void booking_session_changed(struct call *call, struct batch *batch, const struct session_row *after)
{
        int64_t promoted = promote(call, batch, after->row.id, room_in(call, after, 0));

        if (!promoted)
                return;
        count(call, batch, SEATS_TAKEN, after->row.id, promoted, INT64_MIN,
                after->capacity == FIELD_INT_NONE ? INT64_MAX : after->capacity);
        count(call, batch, SEATS_WAITING, after->row.id, -promoted, INT64_MIN, INT64_MAX);
}
