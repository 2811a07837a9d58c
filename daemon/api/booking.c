/* SPDX-License-Identifier: Apache-2.0 */
/* booking.*: seats in sessions. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/booking_seats.h"
#include "api/methods.h"
#include "api/noun.h"
#include "api/params.h"
#include "api/placing.h"
#include "api/registration.h"

static const struct bookings *bookings_of(const struct call *call)
{
        return roster_bookings(call->event->roster);
}

static const struct session_row *need_session(struct call *call)
{
        const char *id = call_text(call, "session");
        const struct session_row *session = rowset_find(
                &call->event->family->programme->sessions, &event_row(call->event)->event_uuid, id);

        if (!session)
                call_fail_not_found(call, "session", id);
        return session;
}

/* {booking, status}: kept for a repeat, too. */
static void keep(struct call *call, const char *id, const char *status)
{
        struct jsonout out = JSONOUT(&call->kept);

        json_begin_object(&out);
        json_member_text(&out, "booking", id);
        json_member_text(&out, "status", status);
        json_end_object(&out);
}

static void submit(struct call *call, enum decision (*decide)(struct call *, struct batch *))
{
        booking_claim(call, call->event);
        registration_claim(call, call_text(call, "registration"));
        call_submit(call, &call->event->family->uuid, decide);
}

/* ---- a person is in one place at a time ---- */

static const struct placement_row *placement_of(const struct call *call, const char *session)
{
        return rowset_find(
                &call->event->family->programme->placements, &event_row(call->event)->event_uuid, session);
}

/* As every period, half-open: what touches does not clash. */
static bool overlap(const struct placement_row *a, const struct placement_row *b, struct instant *from,
        struct instant *to)
{
        *from = a->starts_at.us > b->starts_at.us ? a->starts_at : b->starts_at;
        *to = a->ends_at.us < b->ends_at.us ? a->ends_at : b->ends_at;
        return from->us < to->us;
}

static const char *title_of(const struct call *call, const char *session)
{
        const struct session_row *row = rowset_find(
                &call->event->family->programme->sessions, &event_row(call->event)->event_uuid, session);

        return row->title;
}

static void add_clash(struct conflict_list *list, const struct call *call, const char *one, const char *other,
        struct instant from, struct instant to)
{
        bool in_order = strcmp(one, other) < 0;
        const char *first = in_order ? one : other, *second = in_order ? other : one;
        struct conflict clash = {
                .kind = CONFLICT_ATTENDEE_CLASH,
                .rule = RULE_REFUSE,
                .event = { event_row(call->event)->event_uuid, event_row(call->event)->event_uuid },
                .session = { first, second },
                .title = { title_of(call, first), title_of(call, second) },
                .count = 2,
                .from = from,
                .to = to,
        };

        list->items = xrealloc(list->items, (list->count + 1) * sizeof(*list->items));
        list->items[list->count++] = clash;
        list->capacity = list->count;
}

static bool takes_place(const struct call *call, const char *id)
{
        const struct session_row *session = rowset_find(
                &call->event->family->programme->sessions, &event_row(call->event)->event_uuid, id);

        return session && !session->cancelled;
}

/* Answers `conflict` and returns true when another booking of the same person is at the same time. */
static bool clashes(struct call *call, const char *session, const char *registration)
{
        const struct placement_row *own = placement_of(call, session), *other;
        const struct programme *programme = call->event->family->programme;
        const struct booking_row *booking = NULL;
        struct conflict_list list = { NULL, 0, 0 };
        _cleanup_(buffer_deinit) struct buffer more = BUFFER_NULL;
        struct jsonout out = JSONOUT(&more);
        struct instant from, to;

        if (!own || conflict_rule(programme, CONFLICT_ATTENDEE_CLASH) == RULE_IGNORE)
                return false;
        while ((booking = bookings_of_registration(bookings_of(call), registration, booking))) {
                if (!booking_stands(booking) || strcmp(booking->session, session) == 0 ||
                        !takes_place(call, booking->session))
                        continue;
                other = placement_of(call, booking->session);
                if (other && overlap(own, other, &from, &to))
                        add_clash(&list, call, session, booking->session, from, to);
        }
        if (!list.count)
                return false;
        json_name(&out, "conflicts");
        conflicts_write(&list, programme, &event_row(call->event)->event_uuid, &out);
        conflict_list_deinit(&list);
        call_fail(call, "conflict", "this person has booked something else at that time: cancel that first",
                buffer_text(&more));
        return true;
}

/* ---- booking.create ---- */

/* What a seat needs; answers and returns false. */
static bool may_book(
        struct call *call, const struct session_row *session, const struct registration_row *registration)
{
        if (!session->booking) {
                call_fail_params(call, "/session", "a session whose `booking` is open or required");
                return false;
        }
        if (session->cancelled) {
                call_fail_params(call, "/session", "a session that takes place: this one is cancelled");
                return false;
        }
        if (!registration_is(registration, "confirmed")) {
                call_fail_params(call, "/registration", "a registration that is confirmed");
                return false;
        }
        return true;
}

static enum decision create_decide(struct call *call, struct batch *batch)
{
        const struct session_row *session = need_session(call);
        const struct registration_row *registration = session ? registration_need(call) : NULL;
        _cleanup_(row_unrefp) struct booking_row *row = NULL;
        const struct booking_row *before;

        if (!registration)
                return DECISION_ANSWERED;
        before = bookings_find(bookings_of(call), session->row.id, registration->row.id);
        if (booking_stands(before)) {
                keep(call, before->row.id, before->status);
                return call_unchanged(call, batch);
        }
        if (!may_book(call, session, registration) || clashes(call, session->row.id, registration->row.id))
                return DECISION_ANSWERED;
        row = booking_take(call, batch, session, registration, before, call_bool(call, "waitlist", false));
        if (!row)
                return CALL_ANSWERED(call_fail_full(call, session->capacity));
        keep(call, row->row.id, row->status);
        return call_record(call, batch);
}

static void booking_create(struct call *call)
{
        submit(call, create_decide);
}

/* ---- booking.cancel ---- */

static enum decision cancel_decide(struct call *call, struct batch *batch)
{
        const struct session_row *session = need_session(call);
        const struct registration_row *registration = session ? registration_need(call) : NULL;
        const struct booking_row *booking;
        char id[BOOKING_ID_MAX];

        if (!registration)
                return DECISION_ANSWERED;
        booking = bookings_find(bookings_of(call), session->row.id, registration->row.id);
        if (!booking)
                return CALL_ANSWERED(call_fail_not_found(
                        call, "booking", booking_id(id, session->row.id, registration->row.id)));
        keep(call, booking->row.id, "cancelled");
        if (!booking_stands(booking))
                return call_unchanged(call, batch);
        booking_release(call, batch, booking);
        return call_record(call, batch);
}

static void booking_cancel(struct call *call)
{
        submit(call, cancel_decide);
}

/* ---- booking.list ---- */

enum { PLACE_MAX = 128 };

/* A cursor is "SESSION/MICROSECONDS/REGISTRATION": a place in the order of bookings_after. */
static void place_write(char place[static PLACE_MAX], const struct booking_row *row)
{
        snprintf(place, PLACE_MAX, "%s/%lld/%s", row->session, (long long)row->created_at.us,
                row->registration);
}

struct place {
        char session[80], registration[32];
        struct instant created_at;
};

static bool place_read(const char *text, struct place *place)
{
        long long us;
        int end = 0;

        if (sscanf(text, "%79[^/]/%18lld/%31[^/]%n", place->session, &us, place->registration, &end) != 3 ||
                text[end])
                return false;
        place->created_at = (struct instant){ us };
        return true;
}

/* One of a session, of a registration, or any. */
static bool is_wanted(const struct booking_row *row, const char *session, const char *registration)
{
        return (!session || strcmp(row->session, session) == 0) &&
               (!registration || strcmp(row->registration, registration) == 0);
}

static void write_booking(struct call *call, const struct booking_row *row, struct jsonout *out)
{
        json_begin_object(out);
        json_member_text(out, "booking", row->row.id);
        json_member_text(out, "event", event_row(call->event)->row.id);
        row_write_members(row, out, call->event->programme_event->zone);
        json_end_object(out);
}

/* A person's few: no pages. */
static void list_registration(struct call *call, const char *registration, struct jsonout *out)
{
        const char *session = call_text(call, "session");
        const struct booking_row *row = NULL;

        while ((row = bookings_of_registration(bookings_of(call), registration, row)))
                if (booking_stands(row) && is_wanted(row, session, registration))
                        write_booking(call, row, out);
}

/* Returns the last one written when there are more behind it. */
static const struct booking_row *list_sessions(
        struct call *call, const struct place *place, struct jsonout *out)
{
        const char *session = call_text(call, "session");
        int64_t limit = call_int(call, "limit", 100);
        const struct booking_row *last = NULL, *row;

        row = bookings_after(bookings_of(call), *place->session ? place->session : session, place->created_at,
                place->registration);
        for (; row && is_wanted(row, session, NULL); limit--) {
                if (!limit)
                        return last;
                write_booking(call, row, out);
                last = row;
                row = bookings_after(bookings_of(call), row->session, row->created_at, row->registration);
        }
        return NULL;
}

static void booking_list(struct call *call)
{
        struct place place = { "", "", INSTANT_NONE };
        _cleanup_(buffer_deinit) struct buffer result = BUFFER_NULL;
        struct jsonout out = JSONOUT(&result);
        const struct registration_row *registration = NULL;
        const struct booking_row *last = NULL;
        char next[PLACE_MAX];

        if (call_text(call, "session") && !need_session(call))
                return;
        if (call_text(call, "registration") && !(registration = registration_need(call)))
                return;
        if (call_text(call, "cursor") && !place_read(call_text(call, "cursor"), &place)) {
                call_fail_params(call, "/cursor", "what an earlier answer's `next` said");
                return;
        }
        json_begin_object(&out);
        json_name(&out, "bookings");
        json_begin_array(&out);
        if (registration)
                list_registration(call, registration->row.id, &out);
        else
                last = list_sessions(call, &place, &out);
        json_end_array(&out);
        if (last)
                place_write(next, last);
        json_member_text(&out, "next", last ? next : NULL);
        json_end_object(&out);
        call_answer(call, &result);
}

/* ---- tables ---- */

static const char *const status_words[] = { "confirmed", "waitlisted", "cancelled", NULL };
static const char *const create_errors[] = { "not_found", "conflict", "full", "unavailable", NULL };
static const char *const cancel_errors[] = { "not_found", "unavailable", NULL };

#define P_SESSION(flags) P("session", PARAM_SLUG, flags, "the session's slug")
#define P_REGISTRATION(flags) P_RANGE("registration", PARAM_TEXT, flags, 1, 64, "its short code")

static const struct param create_params[] = {
        P_EVENT,
        P_SESSION(REQ),
        P_REGISTRATION(REQ),
        { "waitlist", PARAM_BOOL, 0, 0, 0, NULL, NULL, NULL, "false", "whether to wait when it is full" },
        PARAM_END,
};
static const struct param cancel_params[] = { P_EVENT, P_SESSION(REQ), P_REGISTRATION(REQ), PARAM_END };
static const struct param list_params[] = { P_EVENT, P_SESSION(0), P_REGISTRATION(0), P_LIMIT, P_CURSOR,
        PARAM_END };
static const struct param seat_result[] = {
        P("booking", PARAM_TEXT, REQ, "its id"),
        P_WORDS("status", REQ, status_words, NULL, NULL),
        PARAM_END,
};
static const struct param booking_members[] = {
        P("booking", PARAM_TEXT, REQ, "its id"),
        P("event", PARAM_SLUG, REQ, NULL),
        P_SESSION(REQ),
        P("registration", PARAM_TEXT, REQ, "its short code"),
        P_WORDS("status", REQ, status_words, NULL, NULL),
        P("created_at", PARAM_INSTANT, REQ, NULL),
        P_VERSION,
        PARAM_END,
};
static const struct param booking_item[] = { P_OBJECT(NULL, 0, booking_members, NULL) };
static const struct param list_result[] = {
        P_ARRAY("bookings", REQ, 0, booking_item, "those that stand, by session and time"),
        P_NEXT,
        PARAM_END,
};

const struct method booking_create_method = { "booking.create", ROLE_DESK, "books a seat in a session",
        METHOD_CHANGES | METHOD_EVENT, create_params, seat_result, create_errors, booking_create, NULL };
const struct method booking_cancel_method = { "booking.cancel", ROLE_DESK,
        "gives a seat back; who waits longest moves up", METHOD_CHANGES | METHOD_EVENT, cancel_params,
        seat_result, cancel_errors, booking_cancel, NULL };
const struct method booking_list_method = { "booking.list", ROLE_DESK,
        "lists bookings of a session, of a registration, or all", METHOD_EVENT, list_params, list_result,
        get_errors, booking_list, NULL };
