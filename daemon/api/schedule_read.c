/* SPDX-License-Identifier: Apache-2.0 */
/* schedule.publish, .versions, .get, .now: what people see. */
#include <string.h>

#include "api/api.h"
#include "api/login.h"
#include "api/methods.h"
#include "api/noun.h"
#include "api/params.h"
#include "api/placing.h"

/* ---- schedule.publish ---- */

static int64_t latest_number(struct event_state *event)
{
        const struct publication_row *newest = event_newest(event);

        return newest ? newest->number : 0;
}

static bool is_blocked(struct call *call)
{
        const struct programme *programme = call->event->family->programme;
        const struct uuid *event = &event_row(call->event)->event_uuid;
        struct conflict_list conflicts = { NULL, 0, 0 };
        _cleanup_(buffer_deinit) struct buffer more = BUFFER_NULL;
        struct jsonout out = JSONOUT(&more);
        size_t kept = 0;
        bool blocked;

        conflicts_of_event(programme, event, &conflicts);
        blocked = conflicts_block_publish(&conflicts);
        for (size_t i = 0; i < conflicts.count; i++) {
                struct conflict_list one = { &conflicts.items[i], 1, 1 };

                if (conflicts_block_publish(&one))
                        conflicts.items[kept++] = conflicts.items[i];
        }
        conflicts.count = kept;
        if (blocked) {
                json_name(&out, "conflicts");
                conflicts_write(&conflicts, programme, event, &out);
                call_fail(call, "conflict", "conflicts of the draft block its publication", more.data);
        }
        conflict_list_deinit(&conflicts);
        return blocked;
}

static enum decision publish_decide(struct call *call, struct batch *batch)
{
        struct programme *programme = call->event->family->programme;
        const struct uuid *event = &event_row(call->event)->event_uuid;
        struct jsonout out = JSONOUT(&call->kept);
        _cleanup_(row_unrefp) struct row *row = NULL;
        struct publication_row fresh;
        struct timetable *draft;
        size_t changes;
        char *body, id[24];

        if (call_is_stale(call, programme_draft_version(programme, event)) || is_blocked(call))
                return DECISION_ANSWERED;
        draft = timetable_from_draft(programme, event);
        changes = timetable_diff(event_latest(call->event), draft, NULL);
        body = timetable_body(draft);
        timetable_unref(draft);
        row_clear(&fresh, &publication_record);
        fresh.number = latest_number(call->event) + 1;
        snprintf(id, sizeof(id), "%lld", (long long)fresh.number);
        fresh.row.family = programme->family;
        fresh.row.event = *event;
        fresh.row.id = id;
        fresh.row.version = 1;
        fresh.published_at = batch_now(batch);
        fresh.note = call_text(call, "note");
        fresh.body = body;
        row = row_seal(&fresh);
        free(body);
        batch_add_row(batch, &call->change, row);
        programme_step_add(call, batch, call->event->family);
        json_begin_object(&out);
        json_member_int(&out, "version", fresh.number);
        json_member_int(&out, "changes", (int64_t)changes);
        json_end_object(&out);
        return call_record(call, batch);
}

static void schedule_publish(struct call *call)
{
        call_claim_programme(call, call->event->family);
        call_submit(call, &call->event->family->uuid, publish_decide);
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

/* ---- schedule.get ---- */

static bool query_read(struct call *call, struct timetable_query *query)
{
        *query = (struct timetable_query){
                .day = call_date(call, "day"),
                .room = call_text(call, "room"),
                .track = call_text(call, "track"),
                .speaker = call_text(call, "speaker"),
        };
        return true;
}

static void write_schedule(struct call *call, const struct timetable *timetable, const char *version,
        struct instant published_at, struct buffer *to)
{
        struct jsonout out = JSONOUT(to);
        struct timetable_query query;

        query_read(call, &query);
        json_begin_object(&out);
        json_member_text(&out, "event", event_row(call->event)->row.id);
        json_member_raw(&out, "version", version);
        json_member_instant(&out, "published_at", published_at, call->event->programme_event->zone);
        timetable_write(timetable, &query, &out);
        json_end_object(&out);
}

static const struct publication_row *find_publication(const struct event_state *event, int64_t number)
{
        char id[24];

        snprintf(id, sizeof(id), "%lld", (long long)number);
        return rowset_find(&event->family->programme->publications, &event_row(event)->event_uuid, id);
}

/* An older version's body is asked of the database: memory keeps the latest alone. */
struct older {
        int64_t number;
};

static void older_read(void *context, enum outcome outcome, const struct store_result *result)
{
        struct call *call = context;
        const struct older *older = call->own;
        const struct publication_row *row;
        struct timetable *timetable = NULL;
        _cleanup_(buffer_deinit) struct buffer reply = BUFFER_NULL;
        char version[24];

        if (outcome == OUTCOME_UNKNOWN) {
                call_fail_unavailable(call, true);
                return;
        }
        call->event = state_event(&call->api->state, call_text(call, "event"));
        row = call->event ? find_publication(call->event, older->number) : NULL;
        if (outcome != OUTCOME_DONE || !row || !result_lines(result) || !result_text(result, 0, 0) ||
                timetable_from_body(call->event->programme_event, result_text(result, 0, 0), &timetable) !=
                        0) {
                call_fail_internal(call, "a published version could not be read");
                return;
        }
        snprintf(version, sizeof(version), "%lld", (long long)older->number);
        write_schedule(call, timetable, version, row->published_at, &reply);
        timetable_unref(timetable);
        call_answer(call, &reply);
}

static void read_older(struct call *call, int64_t number)
{
        struct older *older = xcalloc(1, sizeof(*older));
        char family[37], event[37], digits[24];
        const char *values[] = { family, event, digits };

        older->number = number;
        call->own = older;
        call->own_free = free;
        uuid_format(&call->event->family->uuid, family);
        uuid_format(&event_row(call->event)->event_uuid, event);
        snprintf(digits, sizeof(digits), "%lld", (long long)number);
        call_read(
                call, "SELECT usher.publication_body($1::uuid, $2::uuid, $3::bigint)", 3, values, older_read);
}

static void get_draft(struct call *call)
{
        const struct login *login = peer_session(request_peer(call->request));
        struct programme *programme = call->event->family->programme;
        const struct uuid *event = &event_row(call->event)->event_uuid;
        _cleanup_(buffer_deinit) struct buffer result = BUFFER_NULL;
        struct timetable *draft;
        char version[24];

        if (call->role < ROLE_ORGANISER ||
                !login_covers(login, &call->api->state, event_row(call->event)->row.id)) {
                call_fail_forbidden(call, call->role < ROLE_ORGANISER ? "organiser" : NULL);
                return;
        }
        draft = timetable_from_draft(programme, event);
        snprintf(version, sizeof(version), "%lld", (long long)programme_draft_version(programme, event));
        write_schedule(call, draft, version, INSTANT_NONE, &result);
        timetable_unref(draft);
        call_answer(call, &result);
}

/* The latest is written once for each question. */
static void answer_latest(struct call *call, const struct publication_row *row, const char *version)
{
        static const char *const filters[] = { "day", "room", "track", "speaker" };
        _cleanup_(buffer_deinit) struct buffer key = BUFFER_NULL, json = BUFFER_NULL;
        struct pages *pages = &call->event->pages;
        struct page *page;

        for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
                const char *value = call_text(call, filters[i]);

                buffer_addf(&key, "%s ", value ? value : "");
        }
        page = pages_find(pages, key.data);
        if (!page) {
                write_schedule(call, event_latest(call->event), version, row->published_at, &json);
                page = pages_add(pages, key.data, &json);
        }
        call_answer_shared(call, page->json.data, page->json.length, page_unref, page_ref(page));
}

static void schedule_get(struct call *call)
{
        const json_t *version = call_param(call, "version");
        int64_t latest = latest_number(call->event);
        int64_t number = json_is_integer(version) ? json_integer_value(version) : latest;
        const struct publication_row *row = find_publication(call->event, number);
        char digits[24];

        if (version && json_is_string(version) && strcmp(json_string_value(version), "draft") == 0) {
                get_draft(call);
                return;
        }
        snprintf(digits, sizeof(digits), "%lld", (long long)number);
        if (!row) {
                call_fail_not_found(call, "version", json_is_integer(version) ? digits : "latest");
        } else if (number != latest) {
                read_older(call, number);
        } else if (!event_latest(call->event)) {
                call_fail_internal(call, "the published version could not be read");
        } else {
                answer_latest(call, row, digits);
        }
}

static const char *const version_words[] = { "draft", "latest", NULL };
static const struct param version_choices[] = {
        P_WORDS("word", 0, version_words, NULL, NULL),
        P_RANGE("number", PARAM_INT, 0, 1, INT32_MAX, NULL),
        PARAM_END,
};
static const struct param get_params[] = {
        P_EVENT,
        { "version", PARAM_ONE_OF, 0, 0, 0, NULL, NULL, version_choices, "\"latest\"",
                "\"draft\", \"latest\" or a published version's number" },
        P("day", PARAM_DATE, 0, "that day's alone"),
        P("room", PARAM_SLUG, 0, "that room's alone"),
        P("track", PARAM_SLUG, 0, "that track's alone"),
        P("speaker", PARAM_SLUG, 0, "that speaker's alone"),
        PARAM_END,
};
static const struct param room_members[] = {
        P("room", PARAM_SLUG, REQ, NULL),
        P("name", PARAM_TEXT, REQ, NULL),
        P("name_latin", PARAM_TEXT, NUL, NULL),
        P("capacity", PARAM_INT, NUL, NULL),
        PARAM_END,
};
static const struct param track_members[] = {
        P("track", PARAM_SLUG, REQ, NULL),
        P("name", PARAM_TEXT, REQ, NULL),
        P("name_latin", PARAM_TEXT, NUL, NULL),
        P("colour", PARAM_COLOUR, NUL, NULL),
        PARAM_END,
};
static const struct param speaker_members[] = {
        P("speaker", PARAM_SLUG, REQ, NULL),
        P("name", PARAM_TEXT, REQ, NULL),
        P("name_latin", PARAM_TEXT, NUL, NULL),
        P("role", PARAM_TEXT, NUL, NULL),
        PARAM_END,
};
static const struct param speaker_item[] = { P_OBJECT(NULL, 0, speaker_members, NULL) };
static const char *const status_words[] = { "confirmed", "cancelled", NULL };
static const struct param session_members[] = {
        P("session", PARAM_SLUG, REQ, NULL),
        P("guid", PARAM_UUID, REQ, NULL),
        P("title", PARAM_TEXT, REQ, NULL),
        P("title_latin", PARAM_TEXT, NUL, NULL),
        P("kind", PARAM_TEXT, REQ, NULL),
        P("room", PARAM_SLUG, NUL, NULL),
        P("start", PARAM_INSTANT, NUL, NULL),
        P("end", PARAM_INSTANT, NUL, NULL),
        P("minutes", PARAM_INT, REQ, NULL),
        P("track", PARAM_SLUG, NUL, NULL),
        P_ARRAY("speakers", REQ, 0, speaker_item, NULL),
        P("language", PARAM_TEXT, NUL, NULL),
        P_WORDS("status", REQ, status_words, NULL, NULL),
        PARAM_END,
};
static const struct param room_item[] = { P_OBJECT(NULL, 0, room_members, NULL) };
static const struct param track_item[] = { P_OBJECT(NULL, 0, track_members, NULL) };
static const struct param session_item[] = { P_OBJECT(NULL, 0, session_members, NULL) };
static const struct param get_result[] = {
        P_EVENT,
        P("version", PARAM_INT, REQ, "the published version's number; of a draft its version"),
        P("published_at", PARAM_INSTANT, NUL, NULL),
        P_ARRAY("rooms", REQ, 0, room_item, NULL),
        P_ARRAY("tracks", REQ, 0, track_item, NULL),
        P_ARRAY("sessions", REQ, 0, session_item, "by start, room, session"),
        P_ARRAY("unplaced", 0, 0, session_item, "of a draft"),
        PARAM_END,
};

const struct method schedule_get_method = {
        .name = "schedule.get",
        .role = ROLE_PUBLIC,
        .summary = "answers with a version of the schedule, whole or by day, room, track, speaker",
        .flags = METHOD_EVENT,
        .params = get_params,
        .result = get_result,
        .errors = read_errors,
        .handle = schedule_get,
};

/* ---- schedule.now ---- */

static void schedule_now(struct call *call)
{
        struct timetable *latest = event_latest(call->event);
        struct instant at = call_text(call, "at") ? call_instant(call, "at") : clock_now();
        const char *room = call_text(call, "room");
        _cleanup_(buffer_deinit) struct buffer result = BUFFER_NULL;
        struct jsonout out = JSONOUT(&result);

        if (!latest) {
                call_fail_not_found(call, "version", "latest");
                return;
        }
        if (room && !timetable_has_room(latest, room)) {
                call_fail_not_found(call, "room", room);
                return;
        }
        json_begin_object(&out);
        json_member_instant(&out, "at", at, call->event->programme_event->zone);
        timetable_write_now(latest, at, room, &out);
        json_end_object(&out);
        call_answer(call, &result);
}

static const struct param now_params[] = {
        P_EVENT,
        P("at", PARAM_INSTANT, 0, "the moment; absent: now"),
        P("room", PARAM_SLUG, 0, "that room alone"),
        PARAM_END,
};
static const struct param now_members[] = {
        P("room", PARAM_SLUG, REQ, NULL),
        P_ARRAY("running", REQ, 0, session_item, NULL),
        P_OBJECT("next", NUL, session_members, "that day's next session there"),
        PARAM_END,
};
static const struct param now_item[] = { P_OBJECT(NULL, 0, now_members, NULL) };
static const struct param now_result[] = {
        P("at", PARAM_INSTANT, REQ, NULL),
        P_ARRAY("rooms", REQ, 0, now_item, NULL),
        PARAM_END,
};

const struct method schedule_now_method = {
        .name = "schedule.now",
        .role = ROLE_PUBLIC,
        .summary = "tells what runs in each room, and what comes next there",
        .flags = METHOD_EVENT,
        .params = now_params,
        .result = now_result,
        .errors = read_errors,
        .handle = schedule_now,
};
