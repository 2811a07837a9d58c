/* SPDX-License-Identifier: Apache-2.0 */
/* ticket.*: the types of ticket of an event. */
#include <string.h>

#include "api/methods.h"
#include "api/noun.h"
#include "api/params.h"
#include "api/seats.h"
#include "door/credential.h"

static const struct rowset *tickets(const struct event_state *event)
{
        return roster_tickets(event->roster);
}

static bool ticket_check(struct call *call, const void *row, const void *before)
{
        const struct ticket_row *ticket = row;

        (void)before;
        if (!credential_second_fits(ticket->valid_from) || !credential_second_fits(ticket->valid_to)) {
                call_fail_params(call,
                        credential_second_fits(ticket->valid_from) ? "/valid_to" : "/valid_from",
                        "a time that a credential can tell: after 1970-01-01T00:00:00Z, before "
                        "2106-02-07T06:28:15Z");
                return false;
        }
        if (!instant_is_none(ticket->valid_from) && !instant_is_none(ticket->valid_to) &&
                ticket->valid_from.us >= ticket->valid_to.us) {
                call_fail_params(call, "/valid_to", "a time after valid_from");
                return false;
        }
        return true;
}

static size_t ticket_references(
        const struct event_state *event, const struct row *row, const struct row *by[static 10])
{
        return roster_ticket_users(event->roster, row->id, by, 10);
}

/* A capacity raised (or lifted) promotes the waiting in order. */
static void ticket_changed(struct call *call, struct batch *batch, const void *row, const void *before)
{
        seats_ticket_changed(call, batch, row, before);
}

/* Nobody takes a place, or waits for one, beside a change of how many there are. */
static void ticket_claim(struct call *call)
{
        seats_claim(call, call->event);
}

static const struct noun ticket_noun = {
        .record = &ticket_record,
        .plural = "tickets",
        .rows = tickets,
        .check = ticket_check,
        .references = ticket_references,
        .claim = ticket_claim,
        .changed = ticket_changed,
};

NOUN_HANDLERS(ticket, ticket_noun);

#define P_TICKET P("ticket", PARAM_SLUG, REQ, "the ticket type's slug")

static const struct param put_params[] = {
        P_EVENT,
        P_TICKET,
        P_RANGE("name", PARAM_TEXT, REQ, 1, 300, "as people read it"),
        P_RANGE("name_latin", PARAM_TEXT, 0, 1, 300, "the name in Latin letters"),
        P_RANGE("capacity", PARAM_INT, 0, 0, 10000000, "at most so many; absent: no limit"),
        { "waitlist", PARAM_BOOL, 0, 0, 0, NULL, NULL, NULL, "false", "whether people wait when it is full" },
        P("valid_from", PARAM_INSTANT, 0, "from when it opens doors"),
        P("valid_to", PARAM_INSTANT, 0, "until when"),
        P_IF_VERSION,
        PARAM_END,
};
static const struct param object_result[] = {
        P_TICKET,
        P("event", PARAM_SLUG, REQ, NULL),
        P("name", PARAM_TEXT, REQ, NULL),
        P("name_latin", PARAM_TEXT, NUL, NULL),
        P("capacity", PARAM_INT, NUL, NULL),
        P("waitlist", PARAM_BOOL, REQ, NULL),
        P("valid_from", PARAM_INSTANT, NUL, NULL),
        P("valid_to", PARAM_INSTANT, NUL, NULL),
        P_VERSION,
        PARAM_END,
};
static const struct param object_item[] = { P_OBJECT(NULL, 0, object_result, NULL) };
static const struct param get_params[] = { P_EVENT, P_TICKET, PARAM_END };
static const struct param list_params[] = { P_EVENT, P_LIMIT, P_CURSOR, PARAM_END };
static const struct param list_result[] = { P_ARRAY("tickets", REQ, 0, object_item, NULL), P_NEXT,
        PARAM_END };
static const struct param delete_params[] = { P_EVENT, P_TICKET, P_IF_VERSION, PARAM_END };

NOUN_METHODS(ticket, ROLE_ORGANISER, "creates or replaces a ticket type");
