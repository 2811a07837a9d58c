/* SPDX-License-Identifier: Apache-2.0 */
/* event.*: conferences, and the events co-located with them. The list of events belongs to no family. */
#include <string.h>

#include "api/api.h"
#include "api/keyring.h"
#include "api/login.h"
#include "api/methods.h"
#include "api/noun.h"
#include "api/params.h"
#include "api/placing.h"
#include "api/token_end.h"
#include "programme/speakers.h"

static const char *const rule_words[] = { "refuse", "block_publish", "warn", "ignore", NULL };
static const char *const at_door_words[] = { "show", "ask", NULL };

/* An event as clients see it. */
static void event_write(const struct event_row *row, struct jsonout *out)
{
        json_begin_object(out);
        json_member_text(out, "event", row->row.id);
        row_write_members(row, out, NULL);
        json_end_object(out);
}

/* ---- event.put ---- */

/* A child's family is its parent's, and what its parent decides it may not. NULL: the call has been answered. */
static bool put_parent(struct call *call, const struct event_row *before, struct event_row *fresh)
{
        const struct state *state = &call->api->state;
        const struct event_row *parent;

        if (before && !fresh->parent)
                fresh->parent = before->parent;
        if (before && (before->parent ? strcmp(before->parent, fresh->parent) != 0 : fresh->parent != NULL)) {
                call_fail_params(call, "/parent", "the parent of its creation: it never changes");
                return false;
        }
        if (!fresh->parent) {
                fresh->family_uuid = fresh->event_uuid;
                return true;
        }
        parent = rowset_find(&state->events, &UUID_NIL, fresh->parent);
        if (!parent) {
                call_fail_not_found(call, "event", fresh->parent);
                return false;
        }
        if (parent->parent || strcmp(parent->row.id, fresh->row.id) == 0) {
                call_fail_params(call, "/parent", "an event that has no parent itself: one level alone");
                return false;
        }
        if (fresh->rules || fresh->min_break_minutes != FIELD_INT_NONE) {
                call_fail_params(call, fresh->rules ? "/rules" : "/min_break_minutes",
                        "to be left to the parent: it holds for the family");
                return false;
        }
        fresh->family_uuid = parent->family_uuid;
        return true;
}

static enum decision put_decide(struct call *call, struct batch *batch)
{
        const struct state *state = &call->api->state;
        const char *slug = call_text(call, "event");
        const struct event_row *before = rowset_find(&state->events, &UUID_NIL, slug);
        struct row_scratch scratch = { NULL, 0 };
        _cleanup_(row_unrefp) struct event_row *row = NULL;
        struct jsonout out = JSONOUT(&call->kept);
        struct event_row fresh;

        if (call_is_stale(call, before ? before->row.version : 0))
                return DECISION_ANSWERED;
        row_clear(&fresh, &event_record);
        row_from_params(&fresh, call_params(call), false, &scratch);
        fresh.row.id = slug;
        fresh.row.version = rowset_version(&state->events, &UUID_NIL, slug) + 1;
        if (!fresh.day_starts)
                fresh.day_starts = "00:00";
        if (before)
                fresh.event_uuid = before->event_uuid;
        else
                uuid_v7(batch_now(batch), &fresh.event_uuid);
        if (put_parent(call, before, &fresh))
                row = row_seal(&fresh);
        row_scratch_deinit(&scratch);
        if (!row)
                return DECISION_ANSWERED;
        if (before && row_same(before, row)) {
                event_write(before, &out);
                return call_unchanged(call, batch);
        }
        batch_add_row(batch, row);
        if (!before && !row->parent) {
                _cleanup_(row_unrefp) struct row *key =
                        (struct row *)keyring_make(call->api->keyring, &row->event_uuid, 1, batch_now(batch));

                batch_add_row(batch, key);
        }
        event_write(row, &out);
        return call_record(call, batch);
}

static void event_put(struct call *call)
{
        struct date starts = call_date(call, "starts_on"), ends = call_date(call, "ends_on");

        if (ends.days < starts.days || ends.days - starts.days > 366) {
                call_fail_params(call, "/ends_on", "a date from starts_on on, within a year");
                return;
        }
        call_claim(call, "event", &UUID_NIL, "");
        call_submit(call, &UUID_NIL, put_decide);
}

static const struct param field_members[] = {
        P("field", PARAM_SLUG, REQ, "its name"),
        P_RANGE("label", PARAM_TEXT, REQ, 1, 300, "as people read it"),
        P_WORDS("at_door", 0, at_door_words, NULL, "shown to the door, or asked there while empty"),
        PARAM_END,
};
static const struct param field_item[] = { P_OBJECT(NULL, 0, field_members, NULL) };
static const struct param rule_item[] = { P_WORDS(NULL, 0, rule_words, NULL, NULL) };
static const struct param language_item[] = { P_RANGE(NULL, PARAM_TEXT, 0, 1, 35, "BCP 47, like zh-Hans") };

#define EVENT_SHARED(flag)                                                                                   \
        P("venue", PARAM_TEXT, flag, "where it is"),                                                         \
                P("series", PARAM_TEXT, flag, "what it is an edition of"),                                   \
                P_RANGE("edition", PARAM_INT, flag, 1, 100000, "its number in the series"),                  \
                P("parent", PARAM_SLUG, flag, "the event that it is co-located with"),                       \
                P_ARRAY("languages", flag, 100, language_item, "spoken there"),                              \
                P_RANGE("min_break_minutes", PARAM_INT, flag, 0, 1440, "the least rest between sessions"),   \
                P_MAP("rules", flag, rule_item, conflict_kind_words, "what each kind of conflict does"),     \
                P_ARRAY("fields", flag, 100, field_item, "what registrations hold besides")

static const struct param put_params[] = {
        P_EVENT,
        P_RANGE("name", PARAM_TEXT, REQ, 1, 300, "as people read it"),
        P_RANGE("name_latin", PARAM_TEXT, 0, 1, 300, "the name in Latin letters"),
        P("timezone", PARAM_ZONE, REQ, "an IANA zone, like Asia/Shanghai"),
        P("starts_on", PARAM_DATE, REQ, "its first day"),
        P("ends_on", PARAM_DATE, REQ, "its last day"),
        { "day_starts", PARAM_TIME, 0, 0, 0, NULL, NULL, NULL, "\"00:00\"", "when a day of it begins" },
        EVENT_SHARED(0),
        P_IF_VERSION,
        PARAM_END,
};
static const struct param object_result[] = {
        P_EVENT,
        P("name", PARAM_TEXT, REQ, NULL),
        P("name_latin", PARAM_TEXT, NUL, NULL),
        P("timezone", PARAM_ZONE, REQ, NULL),
        P("starts_on", PARAM_DATE, REQ, NULL),
        P("ends_on", PARAM_DATE, REQ, NULL),
        P("day_starts", PARAM_TIME, REQ, NULL),
        EVENT_SHARED(NUL),
        P_VERSION,
        PARAM_END,
};

const struct method event_put_method = {
        .name = "event.put",
        .role = ROLE_ADMIN,
        .summary = "creates or replaces an event",
        .flags = METHOD_CHANGES | METHOD_ITSELF,
        .params = put_params,
        .result = object_result,
        .errors = put_errors,
        .handle = event_put,
};

/* ---- event.get, event.list ---- */

/* Without a token those with a published programme, with one its own too. */
static bool sees(const struct call *call, struct event_state *event)
{
        const struct login *login = peer_session(request_peer(call->request));

        if (event_newest(event))
                return true;
        return call->role > ROLE_PUBLIC && login_covers(login, &call->api->state, event_row(event)->row.id);
}

static void event_get(struct call *call)
{
        _cleanup_(buffer_deinit) struct buffer result = BUFFER_NULL;
        struct jsonout out = JSONOUT(&result);

        event_write(event_row(call->event), &out);
        call_answer(call, &result);
}

const struct method event_get_method = {
        .name = "event.get",
        .role = ROLE_PUBLIC,
        .summary = "answers with one event",
        .flags = METHOD_EVENT,
        .params = params_event_only,
        .result = object_result,
        .errors = get_errors,
        .handle = event_get,
};

static void event_list(struct call *call)
{
        int64_t limit = call_int(call, "limit", 100), written = 0;
        const char *after = call_text(call, "cursor"), *last = NULL;
        const struct event_row *row = NULL;
        _cleanup_(buffer_deinit) struct buffer result = BUFFER_NULL;
        struct jsonout out = JSONOUT(&result);

        json_begin_object(&out);
        json_name(&out, "events");
        json_begin_array(&out);
        while (written < limit && result.length < PAGE_BYTES_MAX - TEXT_LONG * 2 &&
                (row = rowset_next(&call->api->state.events, &UUID_NIL, after))) {
                struct event_state *event = state_event(&call->api->state, row->row.id);

                after = last = row->row.id;
                if (!event || !sees(call, event))
                        continue;
                event_write(row, &out);
                written++;
        }
        json_end_array(&out);
        json_member_text(&out, "next", row ? last : NULL);
        json_end_object(&out);
        call_answer(call, &result);
}

static const struct param object_item[] = { P_OBJECT(NULL, 0, object_result, NULL) };
static const struct param list_params[] = { P_LIMIT, P_CURSOR, PARAM_END };
static const struct param list_result[] = { P_ARRAY("events", REQ, 0, object_item, NULL), P_NEXT, PARAM_END };

const struct method event_list_method = {
        .name = "event.list",
        .role = ROLE_PUBLIC,
        .summary = "lists the events with a published programme, and those of one's own",
        .params = list_params,
        .result = list_result,
        .handle = event_list,
};

/* ---- event.delete ---- */

/* Sessions of co-located events that stand in its rooms, or have its speakers. */
static size_t sharers(const struct family *family, const struct uuid *event, const struct row *by[static 10])
{
        const struct programme *programme = family->programme;
        const struct session_row *session;
        size_t index = 0, count = 0;

        while (count < 10 && (session = rowset_each(&programme->sessions, &index))) {
                const struct placement_row *placement =
                        rowset_find(&programme->placements, &session->row.event, session->row.id);
                bool shares = placement && rowset_find(&programme->rooms, event, placement->room);
                struct session_speakers speakers;

                if (uuid_equal(&session->row.event, event))
                        continue;
                session_speakers_read(session->speakers, &speakers);
                for (size_t i = 0; !shares && i < speakers.count; i++)
                        shares = rowset_find(&programme->speakers, event, speakers.items[i].speaker);
                session_speakers_deinit(&speakers);
                if (shares)
                        by[count++] = &session->row;
        }
        return count;
}

static enum decision delete_decide(struct call *call, struct batch *batch)
{
        const char *slug = call_text(call, "event");
        struct event_state *event = state_event(&call->api->state, slug);
        const struct family *family = event ? event->family : NULL;
        _cleanup_(row_unrefp) struct row *gone = NULL;
        const struct row *by[10];
        size_t count = 0;

        if (!event)
                return CALL_ANSWERED(call_fail_not_found(call, "event", slug));
        if (call_is_stale(call, event_row(event)->row.version))
                return DECISION_ANSWERED;
        for (size_t i = 0; i < family->count && count < 10; i++)
                if (event_row(family->events[i])->parent &&
                        strcmp(event_row(family->events[i])->parent, slug) == 0)
                        by[count++] = &event_row(family->events[i])->row;
        for (const struct checkpoint_row *checkpoint = NULL;
                count < 10 && (checkpoint = roster_checkpoint_next(event->roster, checkpoint));)
                if (attendance_is_used(roster_attendance(event->roster), checkpoint->row.id))
                        by[count++] = &checkpoint->row;
        if (!count)
                count = sharers(family, &event_row(event)->event_uuid, by);
        if (count)
                return CALL_ANSWERED(call_fail_in_use(call, by, count));
        gone = row_tombstone(&event_row(event)->row, event_row(event)->row.version + 1);
        batch_add_row(batch, gone);
        tokens_end_with_event(call, batch, slug);
        buffer_add_text(&call->kept, "{\"deleted\":true}");
        return call_record(call, batch);
}

static void event_delete(struct call *call)
{
        if (strcmp(call_text(call, "confirm"), call_text(call, "event")) != 0) {
                call_fail_params(call, "/confirm", "the event's slug once more");
                return;
        }
        call_claim(call, "event", &UUID_NIL, "");
        call_claim_programme(call, call->event->family);
        call_submit(call, &UUID_NIL, delete_decide);
}

static const struct param delete_params[] = {
        P_EVENT,
        P("confirm", PARAM_SLUG, REQ, "the event's slug once more"),
        P_IF_VERSION,
        PARAM_END,
};

const struct method event_delete_method = {
        .name = "event.delete",
        .role = ROLE_ADMIN,
        .summary = "deletes an event with all that is its: registrations, and tokens for it, too",
        .flags = METHOD_CHANGES | METHOD_EVENT,
        .params = delete_params,
        .result = result_deleted,
        .errors = delete_errors,
        .handle = event_delete,
};
