/* SPDX-License-Identifier: Apache-2.0 */
/* checkin.stats: how many came, from memory; it counts people, and scans only where they were refused. */
#include <string.h>

#include "api/api.h"
#include "api/call.h"
#include "api/methods.h"
#include "api/params.h"
#include "base/zone.h"

/* What is counted: an event, or one of its checkpoints. */
struct view {
        const struct event_state *event;
        const struct attendance *attendance;
        const char *checkpoint; /* NULL: all */
        const struct crowd *crowd; /* NULL: nobody has come */
        struct date today;
};

static int64_t admitted_at(const struct view *view, const char *checkpoint)
{
        const struct crowd *crowd = attendance_crowd(view->attendance, checkpoint);

        return crowd ? crowd->admitted : 0;
}

static const struct ticket_row *ticket_next(const struct view *view, const struct ticket_row *after)
{
        return rowset_next(roster_tickets(view->event->roster), &event_row(view->event)->event_uuid,
                after ? after->row.id : NULL);
}

static int64_t registered(const struct view *view)
{
        const struct ticket_row *ticket = NULL;
        int64_t sum = 0;

        while ((ticket = ticket_next(view, ticket)))
                sum += roster_taken(view->event->roster, ticket->row.id);
        return sum;
}

static void write_refused(const struct view *view, struct jsonout *out)
{
        json_name(out, "refused");
        json_begin_object(out);
        for (int reason = REASON_NONE + 1; reason < REASON_COUNT; reason++) {
                int64_t count =
                        attendance_refused(view->attendance, view->checkpoint, (enum verdict_reason)reason);

                if (count)
                        json_member_int(out, verdict_reason_word((enum verdict_reason)reason), count);
        }
        json_end_object(out);
}

static void write_tickets(const struct view *view, struct jsonout *out)
{
        const struct ticket_row *ticket = NULL;

        json_name(out, "by_ticket");
        json_begin_object(out);
        while ((ticket = ticket_next(view, ticket))) {
                json_name(out, ticket->row.id);
                json_begin_object(out);
                json_member_int(out, "registered", roster_taken(view->event->roster, ticket->row.id));
                json_member_int(
                        out, "admitted", view->crowd ? crowd_admitted_with(view->crowd, ticket->row.id) : 0);
                json_end_object(out);
        }
        json_end_object(out);
}

static void write_checkpoint(
        const struct view *view, const struct checkpoint_row *checkpoint, struct jsonout *out)
{
        const char *id = checkpoint->row.id;
        struct date day = strcmp(checkpoint->per, "day") == 0 ? view->today : DATE_NONE;

        json_begin_object(out);
        json_member_text(out, "checkpoint", id);
        json_member_text(out, "session", checkpoint->session);
        if (checkpoint->capacity == FIELD_INT_NONE)
                json_member_null(out, "capacity");
        else
                json_member_int(out, "capacity", checkpoint->capacity);
        json_member_int(out, "inside", attendance_inside(view->attendance, id, day));
        json_member_int(out, "admitted", admitted_at(view, id));
        json_end_object(out);
}

static void write_checkpoints(const struct view *view, struct jsonout *out)
{
        const struct checkpoint_row *checkpoint = NULL;

        json_name(out, "by_checkpoint");
        json_begin_array(out);
        while ((checkpoint = roster_checkpoint_next(view->event->roster, checkpoint)))
                if (!view->checkpoint || strcmp(checkpoint->row.id, view->checkpoint) == 0)
                        write_checkpoint(view, checkpoint, out);
        json_end_array(out);
}

static void write_minutes(const struct view *view, struct jsonout *out)
{
        json_name(out, "per_minute");
        json_begin_array(out);
        for (size_t i = 0; view->crowd && i < view->crowd->minute_count; i++) {
                const struct crowd_minute *minute = &view->crowd->minutes[i];
                struct instant start = { minute->minute * INSTANT_MINUTE };

                if (!minute->count)
                        continue;
                json_begin_array(out);
                json_instant(out, start, view->event->programme_event->zone);
                json_int(out, minute->count);
                json_end_array(out);
        }
        json_end_array(out);
}

static void checkin_stats(struct call *call)
{
        const struct event_state *event = call->event;
        const struct programme_event *of = event->programme_event;
        struct view view = {
                .event = event,
                .attendance = roster_attendance(event->roster),
                .checkpoint = call_text(call, "checkpoint"),
                .today = zone_day(of->zone, clock_now(), of->day_starts_minutes),
        };
        _cleanup_(buffer_deinit) struct buffer result = BUFFER_NULL;
        struct jsonout out = JSONOUT(&result);

        if (view.checkpoint && !rowset_find(roster_checkpoints(event->roster), &event_row(event)->event_uuid,
                                       view.checkpoint)) {
                call_fail_not_found(call, "checkpoint", view.checkpoint);
                return;
        }
        view.crowd = attendance_crowd(view.attendance, view.checkpoint);
        json_begin_object(&out);
        json_member_int(&out, "registered", registered(&view));
        json_member_int(&out, "admitted", view.crowd ? view.crowd->admitted : 0);
        json_member_int(&out, "inside", view.crowd ? crowd_inside(view.crowd, view.today) : 0);
        write_refused(&view, &out);
        write_tickets(&view, &out);
        write_checkpoints(&view, &out);
        write_minutes(&view, &out);
        json_end_object(&out);
        call_answer(call, &result);
}

/* ---- tables ---- */

#define WORD(name, word, ...) word,
static const char *const reason_words[] = { VERDICT_REASONS(WORD) NULL };
#undef WORD

static const struct param stats_params[] = {
        P_EVENT,
        P("checkpoint", PARAM_SLUG, 0, "of this one alone"),
        PARAM_END,
};
static const struct param count_item[] = { P_RANGE(NULL, PARAM_INT, 0, 1, INT64_MAX, "so many scans") };
static const struct param ticket_members[] = {
        P("registered", PARAM_INT, REQ, "who is confirmed"),
        P("admitted", PARAM_INT, REQ, "who of them came"),
        PARAM_END,
};
static const struct param ticket_item[] = { P_OBJECT(NULL, 0, ticket_members, NULL) };
static const struct param checkpoint_members[] = {
        P("checkpoint", PARAM_SLUG, REQ, NULL),
        P("session", PARAM_SLUG, NUL, "the session it admits to"),
        P("capacity", PARAM_INT, NUL, "people inside at most"),
        P("inside", PARAM_INT, REQ, "people inside; where each day counts apart, today's"),
        P("admitted", PARAM_INT, REQ, "people who were let in, on whatever day"),
        PARAM_END,
};
static const struct param checkpoint_item[] = { P_OBJECT(NULL, 0, checkpoint_members, NULL) };
static const struct param minute_types[] = {
        P("minute", PARAM_INSTANT, 0, NULL),
        P("count", PARAM_INT, 0, NULL),
        PARAM_END,
};
static const struct param minute_part[] = {
        { NULL, PARAM_ONE_OF, 0, 0, 0, NULL, NULL, minute_types, NULL, "the minute's start, then how many" },
};
static const struct param minute_item[] = { P_ARRAY(NULL, 0, 2, minute_part, NULL) };
static const struct param stats_result[] = {
        P("registered", PARAM_INT, REQ, "people who are confirmed"),
        P("admitted", PARAM_INT, REQ, "people who were let in"),
        P("inside", PARAM_INT, REQ, "people who are inside"),
        P_MAP("refused", REQ, count_item, reason_words, "scans that were refused, by reason"),
        P_MAP("by_ticket", REQ, ticket_item, NULL, "by ticket type"),
        P_ARRAY("by_checkpoint", REQ, 0, checkpoint_item, NULL),
        P_ARRAY("per_minute", REQ, 0, minute_item, "people by the minute of their first admission"),
        PARAM_END,
};
static const char *const stats_errors[] = { "not_found", NULL };

const struct method checkin_stats_method = {
        .name = "checkin.stats",
        .role = ROLE_DOOR,
        .summary = "counts the people who came, are inside, or were sent away",
        .flags = METHOD_EVENT,
        .params = stats_params,
        .result = stats_result,
        .errors = stats_errors,
        .handle = checkin_stats,
};
