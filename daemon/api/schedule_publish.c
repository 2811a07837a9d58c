/* SPDX-License-Identifier: Apache-2.0 */
/* schedule.publish, .versions: the draft becomes a version that never changes. */
#include <stdlib.h>
#include <string.h>

#include "api/ahead.h"
#include "api/api.h"
#include "api/methods.h"
#include "api/noun.h"
#include "api/params.h"
#include "api/placing.h"

static int64_t latest_number(struct event_state *event)
{
        const struct publication_row *newest = event_newest(event);

        return newest ? newest->number : 0;
}

/* ---- schedule.publish ---- */

struct publishing {
        struct buffer blocking; /* the member `conflicts`; empty: nothing blocks it */
        size_t changes;
        char *body;
};

static void publishing_deinit(struct publishing *publishing)
{
        buffer_deinit(&publishing->blocking);
        free(publishing->body);
        *publishing = (struct publishing){ BUFFER_NULL, 0, NULL };
}

static void publishing_release(void *own)
{
        publishing_deinit(own);
        free(own);
}

static void publishing_reset(struct ahead *ahead)
{
        publishing_deinit(ahead->own);
}

static void find_blocking(const struct ahead *ahead, struct buffer *blocking)
{
        struct conflict_list conflicts = { NULL, 0, 0 };
        struct jsonout out = JSONOUT(blocking);
        size_t kept = 0;

        conflicts_of_event(ahead->copy, &ahead->event, &conflicts);
        for (size_t i = 0; i < conflicts.count; i++) {
                struct conflict_list one = { &conflicts.items[i], 1, 1 };

                if (conflicts_block_publish(&one))
                        conflicts.items[kept++] = conflicts.items[i];
        }
        conflicts.count = kept;
        if (kept) {
                json_name(&out, "conflicts");
                conflicts_write(&conflicts, ahead->copy, &ahead->event, &out);
        }
        conflict_list_deinit(&conflicts);
}

static const struct publication_row *newest_of(const struct programme *programme, const struct uuid *event)
{
        const struct publication_row *newest = NULL, *row;
        const char *after = NULL;

        while ((row = rowset_next(&programme->publications, event, after))) {
                after = row->row.id;
                if (!newest || row->number > newest->number)
                        newest = row;
        }
        return newest;
}

static void prepare(struct ahead *ahead)
{
        struct publishing *publishing = ahead->own;
        const struct publication_row *newest = newest_of(ahead->copy, &ahead->event);
        struct timetable *draft, *latest = NULL;

        find_blocking(ahead, &publishing->blocking);
        if (publishing->blocking.length)
                return;
        draft = timetable_from_draft(ahead->copy, &ahead->event);
        if (newest && newest->body)
                timetable_from_body(programme_event(ahead->copy, &ahead->event), newest->body, &latest);
        publishing->changes = timetable_diff(latest, draft, NULL);
        publishing->body = timetable_body(draft);
        timetable_free(latest);
        timetable_free(draft);
}

static void add_publication(struct call *call, struct batch *batch, const char *body, int64_t number)
{
        _cleanup_(row_unrefp) struct row *row = NULL;
        struct publication_row fresh;
        char id[24];

        snprintf(id, sizeof(id), "%lld", (long long)number);
        row_clear(&fresh, &publication_record);
        fresh.row.family = call->event->family->uuid;
        fresh.row.event = event_row(call->event)->event_uuid;
        fresh.row.id = id;
        fresh.row.version = 1;
        fresh.number = number;
        fresh.published_at = batch_now(batch);
        fresh.note = call_text(call, "note");
        fresh.body = body;
        row = row_seal(&fresh);
        batch_add_row(batch, row);
        programme_step_add(batch, call->event->family);
}

static enum decision publish_decide(struct call *call, struct batch *batch)
{
        struct ahead *ahead = call->own;
        struct publishing *publishing = ahead->own;
        int64_t number = latest_number(call->event) + 1;
        struct jsonout out = JSONOUT(&call->kept);
        enum decision decision;

        if (call_is_stale(call, programme_draft_version(
                                        call->event->family->programme, &event_row(call->event)->event_uuid)))
                return DECISION_ANSWERED;
        if (!ahead_holds(ahead, &decision))
                return decision;
        if (publishing->blocking.length)
                return CALL_ANSWERED(call_fail(call, "conflict",
                        "conflicts of the draft block its publication", publishing->blocking.data));
        add_publication(call, batch, publishing->body, number);
        json_begin_object(&out);
        json_member_int(&out, "version", number);
        json_member_int(&out, "changes", (int64_t)publishing->changes);
        json_end_object(&out);
        return call_record(call, batch);
}

static void prepared(struct ahead *ahead)
{
        struct call *call = ahead->call;

        call->change.alone = true;
        call_claim_programme(call, call->event->family);
        call_submit(call, &call->event->family->uuid, publish_decide);
}

static void schedule_publish(struct call *call)
{
        struct ahead *ahead =
                ahead_new(call, prepare, prepared, xcalloc(1, sizeof(struct publishing)), publishing_release);

        ahead->reset = publishing_reset;
        ahead_start(ahead);
}

static const struct param publish_params[] = {
        P_EVENT,
        P_RANGE("note", PARAM_TEXT, 0, 0, TEXT_LONG, "what changed, for people"),
        P_RANGE("if_version", PARAM_INT, 0, 0, INT64_MAX, "only if the draft's version is this one"),
        PARAM_END,
};
static const struct param publish_result[] = {
        P("version", PARAM_INT, REQ, "its number: 1, 2…"),
        P("changes", PARAM_INT, REQ, "sessions that differ from the version before"),
        PARAM_END,
};

const struct method schedule_publish_method = {
        .name = "schedule.publish",
        .role = ROLE_ORGANISER,
        .summary = "publishes the draft as a new version, which never changes",
        .flags = METHOD_CHANGES | METHOD_EVENT,
        .params = publish_params,
        .result = publish_result,
        .errors = place_errors,
        .handle = schedule_publish,
};

/* ---- schedule.versions ---- */

static void schedule_versions(struct call *call)
{
        const struct rowset *publications = &call->event->family->programme->publications;
        int64_t latest = latest_number(call->event);
        _cleanup_(buffer_deinit) struct buffer result = BUFFER_NULL;
        struct jsonout out = JSONOUT(&result);

        json_begin_object(&out);
        json_name(&out, "versions");
        json_begin_array(&out);
        for (int64_t number = 1; number <= latest; number++) {
                const struct publication_row *row;
                char id[24];

                snprintf(id, sizeof(id), "%lld", (long long)number);
                row = rowset_find(publications, &event_row(call->event)->event_uuid, id);
                if (!row)
                        continue;
                json_begin_object(&out);
                json_member_int(&out, "version", row->number);
                json_member_instant(
                        &out, "published_at", row->published_at, call->event->programme_event->zone);
                json_member_text(&out, "note", row->note);
                json_end_object(&out);
        }
        json_end_array(&out);
        json_end_object(&out);
        call_answer(call, &result);
}

static const struct param version_members[] = {
        P("version", PARAM_INT, REQ, NULL),
        P("published_at", PARAM_INSTANT, REQ, NULL),
        P("note", PARAM_TEXT, NUL, NULL),
        PARAM_END,
};
static const struct param version_item[] = { P_OBJECT(NULL, 0, version_members, NULL) };
static const struct param versions_result[] = { P_ARRAY("versions", REQ, 0, version_item, NULL), PARAM_END };
static const char *const read_errors[] = { "not_found", "unavailable", NULL };

const struct method schedule_versions_method = {
        .name = "schedule.versions",
        .role = ROLE_PUBLIC,
        .summary = "lists the published versions",
        .flags = METHOD_EVENT,
        .params = params_event_only,
        .result = versions_result,
        .errors = read_errors,
        .handle = schedule_versions,
};
