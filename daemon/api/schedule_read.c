/* SPDX-License-Identifier: Apache-2.0 */
/* schedule.get, .now: what people see. */
#include <stdlib.h>
#include <string.h>

#include "api/ahead.h"
#include "api/api.h"
#include "api/latest.h"
#include "api/login.h"
#include "api/methods.h"
#include "api/params.h"
#include "base/workers.h"
#include "base/zone.h"

static const char *const read_errors[] = { "not_found", "unavailable", NULL };

/* ---- schedule.get ---- */

/* Of the call it reads the params alone: it may run on a helper thread. */
static void write_schedule(const struct call *call, const struct timetable *timetable, int64_t version,
        struct instant published_at, const struct zone *zone, struct buffer *to)
{
        struct jsonout out = JSONOUT(to);
        struct timetable_query query = {
                .day = call_date(call, "day"),
                .room = call_text(call, "room"),
                .track = call_text(call, "track"),
                .speaker = call_text(call, "speaker"),
        };

        json_begin_object(&out);
        json_member_text(&out, "event", call_text(call, "event"));
        json_member_int(&out, "version", version);
        json_member_instant(&out, "published_at", published_at, zone);
        timetable_write(timetable, &query, &out);
        json_end_object(&out);
}

static const struct publication_row *find_publication(const struct event_state *event, int64_t number)
{
        char id[24];

        snprintf(id, sizeof(id), "%lld", (long long)number);
        return rowset_find(&event->family->programme->publications, &event_row(event)->event_uuid, id);
}

/* ---- an older version: its body is asked of the database, for memory keeps the latest alone ---- */

struct older {
        struct call *call;
        const struct publication_row *row;
        struct programme_event
                event; /* its row and the hour that days begin; the zone is read from the row */
        char *body;
        struct buffer reply;
};

static void older_free(void *own)
{
        struct older *older = own;

        row_unref(older->row);
        row_unref(older->event.row);
        buffer_deinit(&older->reply);
        free(older->body);
        free(older);
}

static void write_older(void *job)
{
        struct older *older = job;
        struct timetable *timetable = NULL;
        struct zone *zone = NULL;

        if (timetable_from_body(&older->event, older->body, &timetable) != 0)
                return;
        if (zone_load(older->event.row->timezone, &zone) != 0)
                zone = NULL;
        write_schedule(
                older->call, timetable, older->row->number, older->row->published_at, zone, &older->reply);
        zone_free(zone);
        timetable_free(timetable);
}

static void older_written(void *job, int dropped)
{
        struct older *older = job;

        if (dropped)
                call_fail_unavailable(older->call, true);
        else if (!older->reply.length)
                call_fail_internal(older->call, "a published version could not be read");
        else
                call_answer_taken(older->call, &older->reply);
}

static void older_found(void *context, enum outcome outcome, const struct store_result *result)
{
        struct call *call = context;
        struct older *older = call->own;

        if (outcome == OUTCOME_UNKNOWN) {
                call_fail_unavailable(call, true);
                return;
        }
        if (outcome != OUTCOME_DONE) {
                call_fail_internal(call, "a published version could not be looked up");
                return;
        }
        /* It goes with its event alone, which the database may know before memory does. */
        if (!result_lines(result) || !result_text(result, 0, 0)) {
                call_fail_not_found(call, "event", call_text(call, "event"));
                return;
        }
        older->body = xstrdup(result_text(result, 0, 0));
        workers_submit(call->api->workers, write_older, older_written, older);
}

static void read_older(struct call *call, const struct publication_row *row)
{
        struct older *older = xcalloc(1, sizeof(*older));
        char family[37], event[37], digits[24];
        const char *values[] = { family, event, digits };

        older->call = call;
        older->row = row_ref(row);
        older->event.row = row_ref(event_row(call->event));
        older->event.day_starts_minutes = call->event->programme_event->day_starts_minutes;
        call->own = older;
        call->own_free = older_free;
        uuid_format(&call->event->family->uuid, family);
        uuid_format(&event_row(call->event)->event_uuid, event);
        snprintf(digits, sizeof(digits), "%lld", (long long)row->number);
        call_read(call, READ_BY_KEY, "SELECT usher.publication_body($1::uuid, $2::uuid, $3::bigint)", 3,
                values, older_found);
}

/* ---- the draft ---- */

static void write_draft(struct ahead *ahead)
{
        struct timetable *draft = timetable_from_draft(ahead->copy, &ahead->event);

        write_schedule(ahead->call, draft, programme_draft_version(ahead->copy, &ahead->event), INSTANT_NONE,
                NULL, ahead->own);
        timetable_free(draft);
}

static void get_draft(struct call *call)
{
        const struct login *login = peer_session(request_peer(call->request));

        if (call->role < ROLE_ORGANISER ||
                !login_covers(login, &call->api->state, event_row(call->event)->row.id))
                call_fail_forbidden(call, call->role < ROLE_ORGANISER ? "organiser" : NULL);
        else
                ahead_answer(call, write_draft);
}

/* ---- the latest: written once for each question ---- */

static void page_key(const struct call *call, struct buffer *key)
{
        static const char *const filters[] = { "day", "room", "track", "speaker" };

        for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
                const char *value = call_text(call, filters[i]);

                buffer_addf(key, "%s ", value ? value : "");
        }
}

static void answer_page(struct call *call, struct page *page)
{
        call_answer_shared(call, page->json.data, page->json.length, page_unref, page_ref(page));
}

static void write_latest(struct call *call)
{
        const struct publication_row *row = event_newest(call->event);
        const struct timetable *latest = event_latest(call->event);
        _cleanup_(buffer_deinit) struct buffer key = BUFFER_NULL, json = BUFFER_NULL;

        if (!latest) {
                call_fail_internal(call, "the published version could not be read");
                return;
        }
        page_key(call, &key);
        write_schedule(
                call, latest, row->number, row->published_at, call->event->programme_event->zone, &json);
        answer_page(call, pages_add(&call->event->pages, key.data, &json));
}

static void get_latest(struct call *call)
{
        _cleanup_(buffer_deinit) struct buffer key = BUFFER_NULL;
        struct page *page;

        page_key(call, &key);
        page = pages_find(&call->event->pages, key.data);
        if (page)
                answer_page(call, page);
        else
                latest_with(call, write_latest);
}

static void schedule_get(struct call *call)
{
        const json_t *version = call_param(call, "version");
        const char *word = json_string_value(version);
        const struct publication_row *newest = event_newest(call->event);
        const struct publication_row *row =
                json_is_integer(version) ? find_publication(call->event, json_integer_value(version))
                                         : newest;
        char digits[24];

        if (word && strcmp(word, "draft") == 0) {
                get_draft(call);
        } else if (!row) {
                snprintf(digits, sizeof(digits), "%lld", (long long)json_integer_value(version));
                call_fail_not_found(call, "version", json_is_integer(version) ? digits : "latest");
        } else if (row != newest) {
                read_older(call, row);
        } else {
                get_latest(call);
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

static void write_now(struct call *call)
{
        struct timetable *latest = event_latest(call->event);
        struct instant at = call_text(call, "at") ? call_instant(call, "at") : clock_now();
        const char *room = call_text(call, "room");
        _cleanup_(buffer_deinit) struct buffer result = BUFFER_NULL;
        struct jsonout out = JSONOUT(&result);

        if (!latest) {
                call_fail_internal(call, "the published version could not be read");
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

static void schedule_now(struct call *call)
{
        if (event_newest(call->event))
                latest_with(call, write_now);
        else
                call_fail_not_found(call, "version", "latest");
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
