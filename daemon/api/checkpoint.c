/* SPDX-License-Identifier: Apache-2.0 */
/* checkpoint.*: the rules that doors go by. */
#include <string.h>

#include "api/methods.h"
#include "api/noun.h"
#include "api/params.h"

static const struct rowset *checkpoints(const struct event_state *event)
{
        return roster_checkpoints(event->roster);
}

static void checkpoint_defaults(void *row)
{
        struct checkpoint_row *checkpoint = row;

        if (!checkpoint->per)
                checkpoint->per = "event";
}

/* Names what is not there; answers and returns false. */
static bool refers_well(struct call *call, const struct checkpoint_row *checkpoint)
{
        const struct event_state *event = call->event;
        json_t *ticket;
        size_t i;

        if (checkpoint->session && !rowset_find(&event->family->programme->sessions, &checkpoint->row.event,
                                           checkpoint->session)) {
                call_fail_not_found(call, "session", checkpoint->session);
                return false;
        }
        json_array_foreach((json_t *)(uintptr_t)call_param(call, "tickets"), i, ticket)
        {
                if (rowset_find(
                            roster_tickets(event->roster), &checkpoint->row.event, json_string_value(ticket)))
                        continue;
                call_fail_not_found(call, "ticket", json_string_value(ticket));
                return false;
        }
        return true;
}

static bool checkpoint_check(struct call *call, const void *row, const void *before_row)
{
        const struct checkpoint_row *checkpoint = row, *before = before_row;

        if (!instant_is_none(checkpoint->opens_at) && !instant_is_none(checkpoint->closes_at) &&
                checkpoint->opens_at.us >= checkpoint->closes_at.us) {
                call_fail_params(call, "/closes_at", "a time after opens_at");
                return false;
        }
        if (checkpoint->needs_booking && !checkpoint->session) {
                call_fail_params(call, "/session", "to be given: a booking is of a session");
                return false;
        }
        if (before && attendance_is_used(roster_attendance(call->event->roster), before->row.id)) {
                if (strcmp(before->mode, checkpoint->mode) != 0) {
                        call_fail_params(call, "/mode", "the mode it has: it is fixed once there are scans");
                        return false;
                }
                if (strcmp(before->per, checkpoint->per) != 0) {
                        call_fail_params(call, "/per", "what it is: it is fixed once there are scans");
                        return false;
                }
        }
        return refers_well(call, checkpoint);
}

static size_t checkpoint_references(
        const struct event_state *event, const struct row *row, const struct row *by[static 10])
{
        if (!attendance_is_used(roster_attendance(event->roster), row->id))
                return 0;
        by[0] = row;
        return 1;
}

/* The database looks whether there are scans: one of its own batch would refuse it for ever. */
static void checkpoint_claim(struct call *call)
{
        call->change.alone = true;
}

static const struct noun checkpoint_noun = {
        .record = &checkpoint_record,
        .plural = "checkpoints",
        .rows = checkpoints,
        .defaults = checkpoint_defaults,
        .check = checkpoint_check,
        .references = checkpoint_references,
        .claim = checkpoint_claim,
};

NOUN_HANDLERS(checkpoint, checkpoint_noun);

static const char *const mode_words[] = { "once", "reentry", "count", NULL };
static const char *const per_words[] = { "event", "day", NULL };

#define P_CHECKPOINT P("checkpoint", PARAM_SLUG, REQ, "the checkpoint's slug")

static const struct param put_params[] = {
        P_EVENT,
        P_CHECKPOINT,
        P_RANGE("name", PARAM_TEXT, REQ, 1, 300, "as people read it"),
        P_RANGE("name_latin", PARAM_TEXT, 0, 1, 300, "the name in Latin letters"),
        P("session", PARAM_SLUG, 0, "the session that it admits to"),
        P_WORDS("mode", REQ, mode_words, NULL, "once, in and out, or any number of times"),
        P_WORDS("per", 0, per_words, "\"event\"", "whether each day starts with nobody admitted"),
        P_ARRAY("tickets", 0, 1000, slug_item, "the ticket types that it takes; absent: all"),
        P("opens_at", PARAM_INSTANT, 0, "from when"),
        P("closes_at", PARAM_INSTANT, 0, "until when"),
        P_RANGE("capacity", PARAM_INT, 0, 0, 10000000, "people inside at most"),
        { "needs_booking", PARAM_BOOL, 0, 0, 0, NULL, NULL, NULL, "false",
                "whether a seat in its session is needed" },
        P_IF_VERSION,
        PARAM_END,
};
static const struct param object_result[] = {
        P_CHECKPOINT,
        P("event", PARAM_SLUG, REQ, NULL),
        P("name", PARAM_TEXT, REQ, NULL),
        P("name_latin", PARAM_TEXT, NUL, NULL),
        P("session", PARAM_SLUG, NUL, NULL),
        P_WORDS("mode", REQ, mode_words, NULL, NULL),
        P_WORDS("per", REQ, per_words, NULL, NULL),
        P_ARRAY("tickets", NUL, 0, slug_item, NULL),
        P("opens_at", PARAM_INSTANT, NUL, NULL),
        P("closes_at", PARAM_INSTANT, NUL, NULL),
        P("capacity", PARAM_INT, NUL, NULL),
        P("needs_booking", PARAM_BOOL, REQ, NULL),
        P_VERSION,
        PARAM_END,
};
static const struct param object_item[] = { P_OBJECT(NULL, 0, object_result, NULL) };
static const struct param get_params[] = { P_EVENT, P_CHECKPOINT, PARAM_END };
static const struct param list_params[] = { P_EVENT, P_LIMIT, P_CURSOR, PARAM_END };
static const struct param list_result[] = { P_ARRAY("checkpoints", REQ, 0, object_item, NULL), P_NEXT,
        PARAM_END };
static const struct param delete_params[] = { P_EVENT, P_CHECKPOINT, P_IF_VERSION, PARAM_END };

NOUN_METHODS(checkpoint, ROLE_ORGANISER, "creates or replaces a checkpoint");
