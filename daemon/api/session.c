/* SPDX-License-Identifier: Apache-2.0 */
/* session.*: what takes place. A change of a placed session is judged as a move. */
#include <string.h>

#include "api/api.h"
#include "api/booking_seats.h"
#include "api/methods.h"
#include "api/noun.h"
#include "api/params.h"
#include "api/placing.h"

static const struct rowset *sessions(const struct event_state *event)
{
        return &event->family->programme->sessions;
}

/* A checkpoint admits to it, or somebody has booked it (once is enough: cancelled bookings stay). */
static size_t session_references(
        const struct event_state *event, const struct row *row, const struct row *by[static 10])
{
        const struct checkpoint_row *checkpoint = NULL;
        const struct booking_row *booking = NULL;
        size_t count = 0;

        while (count < 10 && (checkpoint = roster_checkpoint_next(event->roster, checkpoint)))
                if (checkpoint->session && strcmp(checkpoint->session, row->id) == 0)
                        by[count++] = &checkpoint->row;
        while (count < 10 &&
                (booking = bookings_next_of_session(roster_bookings(event->roster), row->id, booking)))
                by[count++] = &booking->row;
        return count;
}

static const struct noun session_noun = {
        .record = &session_record,
        .plural = "sessions",
        .of_programme = true,
        .rows = sessions,
        .references = session_references,
};

/* ---- what a session's end state is ---- */

/* The overlay of a session as it will be, at the place that it has; `minutes` moves its end. */
static struct overlay_session overlay_of(
        const struct call *call, const struct session_row *after, const struct session_row *before)
{
        const struct placement_row *placement =
                rowset_find(&call->event->family->programme->placements, &after->row.event, after->row.id);
        struct overlay_session overlay = { .session = after, .event = after->row.event, .id = after->row.id };

        if (!placement)
                return overlay;
        overlay.placed = true;
        overlay.room = placement->room;
        overlay.starts_at = placement->starts_at;
        overlay.ends_at = placement->ends_at;
        if (before && before->minutes != after->minutes)
                overlay.ends_at.us = placement->starts_at.us + after->minutes * INSTANT_MINUTE;
        return overlay;
}

static void write_put(const struct placing *placing, const struct session_row *session, const bool *placed,
        int64_t version, struct jsonout *out)
{
        const struct event_state *event = placing->call->event;

        json_begin_object(out);
        json_member_text(out, "session", session->row.id);
        json_member_text(out, "event", event_row(event)->row.id);
        row_write_members(session, out, event->programme_event->zone);
        placing_write_conflicts(placing, out);
        json_member_int(out, "draft_version", version);
        if (placed)
                json_member_bool(out, "placed", *placed);
        json_end_object(out);
}

/* Judges, and answers or records: put and cancel alike. */
static enum decision settle(struct call *call, struct batch *batch, const struct session_row *after,
        const struct session_row *before, const char *what)
{
        struct overlay_session overlay = overlay_of(call, after, before);
        struct jsonout out = JSONOUT(&call->kept);
        struct placing placing;
        bool alike = before && row_same(before, after), fits, unchanged;
        int64_t version;

        after = alike ? before : after;
        placing_init(&placing, call, batch, what, &overlay, 1);
        version = placing_version(&placing);
        fits = placing_judge(&placing);
        /* What says the same is not refused, however it clashes by now; it may still be accepted. */
        unchanged = alike && !conflicts_accepted_now(&placing.edit.conflicts);
        if (!batch) {
                fits = fits || unchanged;
                write_put(&placing, after, &fits, version, &out);
                placing_deinit(&placing);
                call_answer(call, &call->kept);
                return DECISION_ANSWERED;
        }
        if (unchanged) {
                write_put(&placing, after, NULL, version, &out);
                placing_deinit(&placing);
                return call_unchanged(call, batch);
        }
        if (!fits) {
                placing_refuse(&placing);
                placing_deinit(&placing);
                return DECISION_ANSWERED;
        }
        if (!alike)
                batch_add_row(batch, after);
        if (before)
                booking_session_changed(call, batch, after, before);
        version = placing_record(&placing, batch);
        write_put(&placing, after, NULL, version, &out);
        placing_deinit(&placing);
        return call_record(call, batch);
}

/* ---- session.put ---- */

/* Track and speakers must be there. Answers and returns false where one is not. */
static bool refers_well(struct call *call, const struct session_row *session)
{
        const struct programme *programme = call->event->family->programme;
        json_t *item;
        size_t i;

        if (session->track && !rowset_find(&programme->tracks, &session->row.event, session->track)) {
                call_fail_not_found(call, "track", session->track);
                return false;
        }
        json_array_foreach((json_t *)(uintptr_t)call_param(call, "speakers"), i, item)
        {
                const char *speaker = json_string_value(json_object_get(item, "speaker"));

                if (!programme_speaker(programme, speaker)) {
                        call_fail_not_found(call, "speaker", speaker);
                        return false;
                }
                for (size_t j = 0; j < i; j++)
                        if (json_equal(json_object_get(
                                               json_array_get(call_param(call, "speakers"), j), "speaker"),
                                    json_object_get(item, "speaker"))) {
                                char path[48];

                                snprintf(path, sizeof(path), "/speakers/%zu/speaker", i);
                                call_fail_params(call, path, "each speaker once");
                                return false;
                        }
        }
        if (strcmp(session->kind, "break") == 0 && session->speakers &&
                strcmp(session->speakers, "[]") != 0) {
                call_fail_params(call, "/speakers", "none: a break has no speakers");
                return false;
        }
        return true;
}

static bool guid_is_free(struct call *call, const struct session_row *session)
{
        const struct session_row *other;
        const char *after = NULL;
        char guid[37];

        while ((other = rowset_next(sessions(call->event), &session->row.event, after))) {
                after = other->row.id;
                if (strcmp(other->row.id, session->row.id) == 0 || !uuid_equal(&other->guid, &session->guid))
                        continue;
                uuid_format(&session->guid, guid);
                call_fail_exists(call, "guid", guid);
                return false;
        }
        return true;
}

static struct session_row *put_row(struct call *call, struct instant now, const struct session_row *before)
{
        const struct event_row *event = event_row(call->event);
        struct row_scratch scratch = { NULL, 0 };
        struct session_row fresh, *row = NULL;

        row_clear(&fresh, &session_record);
        row_from_params(&fresh, call_params(call), false, &scratch);
        fresh.row.family = event->family_uuid;
        fresh.row.event = event->event_uuid;
        fresh.row.id = call_text(call, "session");
        fresh.row.version = rowset_version(sessions(call->event), &event->event_uuid, fresh.row.id) + 1;
        fresh.cancelled = before && before->cancelled;
        if (!fresh.speakers)
                fresh.speakers = "[]";
        if (uuid_is_nil(&fresh.guid) && before)
                fresh.guid = before->guid;
        else if (uuid_is_nil(&fresh.guid))
                uuid_v7(now, &fresh.guid);
        if (refers_well(call, &fresh) && guid_is_free(call, &fresh))
                row = row_seal(&fresh);
        row_scratch_deinit(&scratch);
        return row;
}

static enum decision put_decide(struct call *call, struct batch *batch)
{
        const struct session_row *before = noun_find(&session_noun, call->event, call_text(call, "session"));
        _cleanup_(row_unrefp) struct session_row *after = NULL;

        if (call_is_stale(call, before ? before->row.version : 0))
                return DECISION_ANSWERED;
        after = put_row(call, batch ? batch_now(batch) : clock_now(), before);
        return after ? settle(call, batch, after, before, "session") : DECISION_ANSWERED;
}

static void submit_or_judge(struct call *call, enum decision (*decide)(struct call *, struct batch *))
{
        if (call_bool(call, "dry_run", false)) {
                decide(call, NULL);
                return;
        }
        call_claim_programme(call, call->event->family);
        booking_claim(call, call->event);
        call_submit(call, &call->event->family->uuid, decide);
}

static void session_put(struct call *call)
{
        submit_or_judge(call, put_decide);
}

/* ---- session.cancel ---- */

static enum decision cancel_decide(struct call *call, struct batch *batch)
{
        const struct session_row *before = noun_find(&session_noun, call->event, call_text(call, "session"));
        _cleanup_(row_unrefp) struct session_row *after = NULL;
        struct session_row fresh;

        if (!before)
                return CALL_ANSWERED(call_fail_not_found(call, "session", call_text(call, "session")));
        if (call_is_stale(call, before->row.version))
                return DECISION_ANSWERED;
        fresh = *before;
        fresh.cancelled = !call_bool(call, "undo", false);
        fresh.row.version++;
        after = row_seal(&fresh);
        return settle(call, batch, after, before, "cancel");
}

static void session_cancel(struct call *call)
{
        submit_or_judge(call, cancel_decide);
}

/* ---- session.delete: takes its place in the draft along ---- */

static enum decision delete_decide(struct call *call, struct batch *batch)
{
        const struct session_row *row = noun_find(&session_noun, call->event, call_text(call, "session"));
        _cleanup_(row_unrefp) struct row *gone = NULL;
        struct overlay_session overlay;
        struct placing placing;
        const struct row *by[10];
        size_t count;

        if (!row)
                return CALL_ANSWERED(call_fail_not_found(call, "session", call_text(call, "session")));
        if (call_is_stale(call, row->row.version))
                return DECISION_ANSWERED;
        count = session_references(call->event, &row->row, by);
        if (count)
                return CALL_ANSWERED(call_fail_in_use(call, by, count));
        overlay = (struct overlay_session){ .session = row, .event = row->row.event, .id = row->row.id };
        placing_init(&placing, call, batch, "delete", &overlay, 1);
        placing_judge(&placing);
        placing_record(&placing, batch);
        placing_deinit(&placing);
        gone = row_tombstone(&row->row, row->row.version + 1);
        batch_add_row(batch, gone);
        buffer_add_text(&call->kept, "{\"deleted\":true}");
        return call_record(call, batch);
}

static void session_delete(struct call *call)
{
        call_claim_programme(call, call->event->family);
        booking_claim(call, call->event);
        call_submit(call, &call->event->family->uuid, delete_decide);
}

static void session_get(struct call *call)
{
        noun_get(call, &session_noun);
}

static void session_list(struct call *call)
{
        noun_list(call, &session_noun);
}

/* ---- tables ---- */

static const char *const booking_words[] = { "open", "required", NULL };
static const struct param speaker_members[] = {
        P("speaker", PARAM_SLUG, REQ, "the speaker's slug"),
        P_RANGE("role", PARAM_TEXT, REQ, 1, 300, "speaker, moderator…"),
        PARAM_END,
};
static const struct param speaker_item[] = { P_OBJECT(NULL, 0, speaker_members, NULL) };

#define P_SESSION P("session", PARAM_SLUG, REQ, "the session's slug")
#define P_ACCEPT P_ARRAY("accept", 0, 16, accept_item, "kinds of conflict that are knowingly accepted")

static const struct param put_params[] = {
        P_EVENT,
        P_SESSION,
        P_RANGE("title", PARAM_TEXT, REQ, 1, 300, "as people read it"),
        P_RANGE("title_latin", PARAM_TEXT, 0, 1, 300, "the title in Latin letters"),
        P_RANGE("kind", PARAM_TEXT, REQ, 1, 300, "talk, panel, break…"),
        P_RANGE("minutes", PARAM_INT, REQ, 0, 10080, "how long"),
        P("track", PARAM_SLUG, 0, "its track"),
        P_ARRAY("speakers", 0, 500, speaker_item, "who speaks, in order"),
        P_RANGE("abstract", PARAM_TEXT, 0, 0, TEXT_LONG, "what it is about"),
        P_RANGE("language", PARAM_TEXT, 0, 0, 300, "of the session"),
        P_ARRAY("needs", 0, 100, text_item, "features that its room must have"),
        P_RANGE("expected", PARAM_INT, 0, 0, 1000000, "people expected"),
        P_RANGE("capacity", PARAM_INT, 0, 0, 1000000, "seats that can be booked"),
        P_WORDS("booking", 0, booking_words, NULL, "whether seats are booked"),
        P("guid", PARAM_UUID, 0, "kept for ever; made when not given"),
        P_ACCEPT,
        P_DRY_RUN,
        P_IF_VERSION,
        PARAM_END,
};

#define SESSION_RESULT                                                                                       \
        P_SESSION, P("event", PARAM_SLUG, REQ, NULL), P("title", PARAM_TEXT, REQ, NULL),                     \
                P("title_latin", PARAM_TEXT, NUL, NULL), P("kind", PARAM_TEXT, REQ, NULL),                   \
                P("minutes", PARAM_INT, REQ, NULL), P("track", PARAM_SLUG, NUL, NULL),                       \
                P_ARRAY("speakers", REQ, 0, speaker_item, NULL), P("abstract", PARAM_TEXT, NUL, NULL),       \
                P("language", PARAM_TEXT, NUL, NULL), P_ARRAY("needs", NUL, 0, text_item, NULL),             \
                P("expected", PARAM_INT, NUL, NULL), P("capacity", PARAM_INT, NUL, NULL),                    \
                P_WORDS("booking", NUL, booking_words, NULL, NULL), P("guid", PARAM_UUID, REQ, NULL),        \
                P("cancelled", PARAM_BOOL, REQ, NULL), P_VERSION

static const struct param object_result[] = { SESSION_RESULT, PARAM_END };
static const struct param settled_result[] = {
        SESSION_RESULT,
        P_ARRAY("conflicts", REQ, 0, conflict_item, "all of the end state that involve it"),
        P("draft_version", PARAM_INT, REQ, NULL),
        P("placed", PARAM_BOOL, 0, "of a dry run: whether the change would be made"),
        PARAM_END,
};
static const struct param object_item[] = { P_OBJECT(NULL, 0, object_result, NULL) };
static const struct param get_params[] = { P_EVENT, P_SESSION, PARAM_END };
static const struct param list_params[] = { P_EVENT, P_LIMIT, P_CURSOR, PARAM_END };
static const struct param list_result[] = { P_ARRAY("sessions", REQ, 0, object_item, NULL), P_NEXT,
        PARAM_END };
static const struct param delete_params[] = { P_EVENT, P_SESSION, P_IF_VERSION, PARAM_END };
static const struct param cancel_params[] = {
        P_EVENT,
        P_SESSION,
        { "undo", PARAM_BOOL, 0, 0, 0, NULL, NULL, NULL, "false", "take the cancellation back" },
        P_ACCEPT,
        P_DRY_RUN,
        P_IF_VERSION,
        PARAM_END,
};

const struct method session_put_method = { "session.put", ROLE_ORGANISER, "creates or replaces a session",
        METHOD_CHANGES | METHOD_EVENT, put_params, settled_result, put_errors, session_put, NULL };
const struct method session_get_method = { "session.get", ROLE_DOOR, "answers with one session", METHOD_EVENT,
        get_params, object_result, get_errors, session_get, NULL };
const struct method session_list_method = { "session.list", ROLE_DOOR, "lists them in order of id",
        METHOD_EVENT, list_params, list_result, get_errors, session_list, NULL };
const struct method session_delete_method = { "session.delete", ROLE_ORGANISER,
        "deletes one that nothing refers to", METHOD_CHANGES | METHOD_EVENT, delete_params, result_deleted,
        delete_errors, session_delete, NULL };
const struct method session_cancel_method = { "session.cancel", ROLE_ORGANISER,
        "cancels a session, which keeps its place in the published programme", METHOD_CHANGES | METHOD_EVENT,
        cancel_params, settled_result, put_errors, session_cancel, NULL };
