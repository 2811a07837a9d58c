/* SPDX-License-Identifier: Apache-2.0 */
/* schedule.place, .unplace, .conflicts: the draft. */
#include <string.h>

#include "api/ahead.h"
#include "api/api.h"
#include "api/methods.h"
#include "api/params.h"
#include "api/placing.h"

/* if_version of a draft's change is compared with the draft's version. */
static bool draft_is_stale(struct call *call)
{
        return call_is_stale(call,
                programme_draft_version(call->event->family->programme, &event_row(call->event)->event_uuid));
}

static const struct session_row *find_session(const struct call *call)
{
        return rowset_find(&call->event->family->programme->sessions, &event_row(call->event)->event_uuid,
                call_text(call, "session"));
}

/* Judges one session's new place and either answers (dry run, refused) or records it. */
static enum decision place_one(
        struct call *call, struct batch *batch, const char *what, struct overlay_session *session)
{
        struct placing placing;
        struct jsonout out = JSONOUT(&call->kept);
        int64_t version;
        bool fits;

        placing_init(&placing, call, batch, what, session, 1);
        fits = placing_judge(&placing);
        if (!batch) {
                placing_write(&placing, fits, placing_version(&placing), &out);
                placing_deinit(&placing);
                call_answer(call, &call->kept);
                return DECISION_ANSWERED;
        }
        if (!fits) {
                placing_refuse(&placing);
                placing_deinit(&placing);
                return DECISION_ANSWERED;
        }
        version = placing_record(&placing, batch);
        placing_write(&placing, true, version, &out);
        placing_deinit(&placing);
        return call_record(call, batch);
}

/* ---- schedule.place ---- */

static int64_t length_us(const struct call *call, const struct session_row *session)
{
        const struct placement_row *placement = rowset_find(
                &call->event->family->programme->placements, &session->row.event, session->row.id);

        if (call_param(call, "minutes"))
                return call_int(call, "minutes", 0) * INSTANT_MINUTE;
        if (placement)
                return placement->ends_at.us - placement->starts_at.us;
        return session->minutes * INSTANT_MINUTE;
}

static enum decision place_decide(struct call *call, struct batch *batch)
{
        const struct session_row *session = find_session(call);
        const struct room_row *room = programme_room(call->event->family->programme, call_text(call, "room"));
        struct overlay_session overlay;

        if (!session)
                return CALL_ANSWERED(call_fail_not_found(call, "session", call_text(call, "session")));
        if (!room)
                return CALL_ANSWERED(call_fail_not_found(call, "room", call_text(call, "room")));
        if (draft_is_stale(call))
                return DECISION_ANSWERED;
        overlay = (struct overlay_session){
                .session = session,
                .event = session->row.event,
                .id = session->row.id,
                .placed = true,
                .room = room->row.id,
                .starts_at = call_instant(call, "start"),
        };
        overlay.ends_at.us = overlay.starts_at.us + length_us(call, session);
        return place_one(call, batch, "place", &overlay);
}

static void submit_or_judge(struct call *call, enum decision (*decide)(struct call *, struct batch *))
{
        if (call_bool(call, "dry_run", false)) {
                decide(call, NULL);
                return;
        }
        call_claim_programme(call, call->event->family);
        call_submit(call, &call->event->family->uuid, decide);
}

static void schedule_place(struct call *call)
{
        submit_or_judge(call, place_decide);
}

#define P_DRAFT_VERSION                                                                                      \
        P_RANGE("if_version", PARAM_INT, 0, 0, INT64_MAX, "only if the draft's version is this one")

static const struct param place_params[] = {
        P_EVENT,
        P("session", PARAM_SLUG, REQ, "the session's slug"),
        P("room", PARAM_SLUG, REQ, "where"),
        P("start", PARAM_INSTANT, REQ, "when"),
        P_RANGE("minutes", PARAM_INT, 0, 0, 10080, "how long; absent: as it is"),
        P_DRY_RUN,
        P_ARRAY("accept", 0, 16, accept_item, "kinds of conflict that are knowingly accepted"),
        P_DRAFT_VERSION,
        PARAM_END,
};
static const struct param place_result[] = {
        P("placed", PARAM_BOOL, REQ, "whether the change was (in a dry run: would be) made"),
        P_ARRAY("conflicts", REQ, 0, conflict_item, "all of the end state that involve the session"),
        P("version", PARAM_INT, REQ, "the draft's"),
        PARAM_END,
};

const struct method schedule_place_method = {
        .name = "schedule.place",
        .role = ROLE_ORGANISER,
        .summary = "places a session, moves it, or changes its length",
        .flags = METHOD_CHANGES | METHOD_EVENT,
        .params = place_params,
        .result = place_result,
        .errors = place_errors,
        .handle = schedule_place,
};

/* ---- schedule.unplace ---- */

static enum decision unplace_decide(struct call *call, struct batch *batch)
{
        const struct session_row *session = find_session(call);
        struct overlay_session overlay;

        if (!session)
                return CALL_ANSWERED(call_fail_not_found(call, "session", call_text(call, "session")));
        if (draft_is_stale(call))
                return DECISION_ANSWERED;
        overlay = (struct overlay_session){
                .session = session, .event = session->row.event, .id = session->row.id
        };
        return place_one(call, batch, "unplace", &overlay);
}

static void schedule_unplace(struct call *call)
{
        submit_or_judge(call, unplace_decide);
}

static const struct param unplace_params[] = {
        P_EVENT,
        P("session", PARAM_SLUG, REQ, "the session's slug"),
        P_DRY_RUN,
        P_DRAFT_VERSION,
        PARAM_END,
};

const struct method schedule_unplace_method = {
        .name = "schedule.unplace",
        .role = ROLE_ORGANISER,
        .summary = "takes a session off the draft",
        .flags = METHOD_CHANGES | METHOD_EVENT,
        .params = unplace_params,
        .result = place_result,
        .errors = place_errors,
        .handle = schedule_unplace,
};

/* ---- schedule.conflicts ---- */

static void write_conflicts(struct ahead *ahead)
{
        struct conflict_list conflicts = { NULL, 0, 0 };
        struct jsonout out = JSONOUT(ahead->own);

        conflicts_of_event(ahead->copy, &ahead->event, &conflicts);
        json_begin_object(&out);
        json_name(&out, "conflicts");
        conflicts_write(&conflicts, ahead->copy, &ahead->event, &out);
        json_end_object(&out);
        conflict_list_deinit(&conflicts);
}

static void schedule_conflicts(struct call *call)
{
        ahead_answer(call, write_conflicts);
}

static const struct param conflicts_result[] = { P_ARRAY("conflicts", REQ, 0, conflict_item, NULL),
        PARAM_END };

const struct method schedule_conflicts_method = {
        .name = "schedule.conflicts",
        .role = ROLE_ORGANISER,
        .summary = "lists the draft's conflicts and warnings",
        .flags = METHOD_EVENT,
        .params = params_event_only,
        .result = conflicts_result,
        .errors = (const char *const[]){ "not_found", NULL },
        .handle = schedule_conflicts,
};
