/* SPDX-License-Identifier: Apache-2.0 */
/* registration.find: the one box. From memory, in slices so that the loop goes on. */
#include <event2/event.h>
#include <string.h>

#include "api/api.h"
#include "api/folds.h"
#include "api/methods.h"
#include "api/params.h"
#include "api/registration.h"
#include "base/cleanup.h"
#include "door/search.h"

enum { LIMIT_DOOR = 20, LIMIT_DEFAULT = 100, SLICE_US = 1000, SLICE_ROWS = 4096 };

struct finding {
        struct call *call;
        struct event *timer;
        char *words;
        struct search *search;
        size_t limit;
};

static void write_item(struct jsonout *out, const struct registration_row *row, bool desk)
{
        json_begin_object(out);
        json_member_text(out, "registration", row->row.id);
        json_member_text(out, "status", row->status);
        json_member_text(out, "name", row->name);
        json_member_text(out, "name_latin", row->name_latin);
        json_member_text(out, "organisation", row->organisation);
        json_member_text(out, "title", row->title);
        json_member_text(out, "ticket", row->ticket);
        if (desk) {
                json_member_text(out, "email", row->email);
                json_member_text(out, "phone", row->phone);
        }
        json_member_int(out, "version", row->row.version);
        json_end_object(out);
}

/* "RANK/MICROSECONDS/CODE": false when it is none of ours. */
static bool read_cursor(const char *cursor, struct search_place *place)
{
        int rank, length = 0;
        long long us;

        if (sscanf(cursor, "%d/%lld/%15[^/]%n", &rank, &us, place->id, &length) != 3 || cursor[length])
                return false;
        if (rank < 0 || rank >= SEARCH_RANKS)
                return false;
        place->rank = (enum search_rank)rank;
        place->created_at.us = us;
        return true;
}

static void write_next(struct jsonout *out, enum search_rank rank, const struct registration_row *last)
{
        char cursor[64];

        snprintf(cursor, sizeof(cursor), "%d/%lld/%s", (int)rank, (long long)last->created_at.us,
                last->row.id);
        json_member_text(out, "next", cursor);
}

static void finding_free(void *own)
{
        struct finding *finding = own;

        if (finding->timer)
                event_free(finding->timer);
        search_free(finding->search);
        free(finding->words);
        free(finding);
}

/* Those found early may have changed by the end: they are shown as they stand, the erased not at all. */
static void write_hits(const struct finding *finding, struct jsonout *out)
{
        const struct roster *roster = finding->call->event->roster;
        const struct registration_row **rows = xcalloc(finding->limit, sizeof(*rows));
        bool desk = finding->call->role >= ROLE_DESK, more;
        enum search_rank rank = SEARCH_FIELD;
        size_t count = search_hits(finding->search, rows, &more, &rank);

        json_name(out, "registrations");
        json_begin_array(out);
        for (size_t i = 0; i < count; i++) {
                const struct registration_row *row = roster_registration(roster, rows[i]->row.id);

                if (row && !registration_is(row, "erased"))
                        write_item(out, row, desk);
        }
        json_end_array(out);
        if (more && desk)
                write_next(out, rank, rows[count - 1]);
        else
                json_member_null(out, "next");
        free(rows);
}

static void find_go_on(evutil_socket_t fd, short what, void *context)
{
        static const struct timeval at_once = { 0, 0 };
        struct finding *finding = context;
        struct call *call = finding->call;
        int64_t until_us = clock_monotonic_us() + SLICE_US;
        _cleanup_(buffer_deinit) struct buffer result = BUFFER_NULL;
        struct jsonout out = JSONOUT(&result);

        (void)fd;
        (void)what;
        if (!call_event_again(call))
                return;
        while (!search_go_on(finding->search, roster_roll(call->event->roster), SLICE_ROWS)) {
                if (clock_monotonic_us() < until_us)
                        continue;
                evtimer_add(finding->timer, &at_once);
                return;
        }
        json_begin_object(&out);
        write_hits(finding, &out);
        json_end_object(&out);
        call_answer(call, &result);
}

static void registration_find(struct call *call)
{
        struct finding *finding = xcalloc(1, sizeof(*finding));
        const char *cursor = call_text(call, "cursor");
        bool desk = call->role >= ROLE_DESK;
        struct search_place after;
        struct search_query query;

        call->own = finding;
        call->own_free = finding_free;
        finding->call = call;
        finding->words = fold_query(folds_own(call->api->folds), call_text(call, "query"));
        finding->limit = (size_t)call_int(call, "limit", LIMIT_DEFAULT);
        if (!desk && finding->limit > LIMIT_DOOR)
                finding->limit = LIMIT_DOOR;
        search_query_init(&query, finding->words, desk);
        if (!desk && !search_query_is_narrow(&query)) {
                call_fail_params(call, "/query", "a Han character, two letters or a whole code");
                return;
        }
        if (cursor && (!desk || !read_cursor(cursor, &after))) {
                call_fail_params(call, "/cursor", "a cursor from an earlier answer");
                return;
        }
        finding->search = search_new(&query, cursor ? &after : NULL, finding->limit);
        finding->timer = evtimer_new(call->api->base, find_go_on, finding);
        find_go_on(-1, 0, finding);
}

static const struct param find_params[] = {
        P_EVENT,
        P_RANGE("query", PARAM_TEXT, REQ, 1, 300,
                "names in any script, pinyin, organisation, e-mail, short code; every word has to begin one "
                "of "
                "theirs"),
        P_LIMIT,
        P_CURSOR,
        PARAM_END,
};
static const struct param found_members[] = {
        P("registration", PARAM_TEXT, REQ, "its short code"),
        P_WORDS("status", REQ, registration_status_words, NULL, NULL),
        P("name", PARAM_TEXT, NUL, NULL),
        P("name_latin", PARAM_TEXT, NUL, NULL),
        P("organisation", PARAM_TEXT, NUL, NULL),
        P("title", PARAM_TEXT, NUL, NULL),
        P("ticket", PARAM_SLUG, REQ, NULL),
        P("email", PARAM_TEXT, PARAM_NULLABLE, "for desk"),
        P("phone", PARAM_TEXT, PARAM_NULLABLE, "for desk"),
        P_VERSION,
        PARAM_END,
};
static const struct param found_item[] = { P_OBJECT(NULL, 0, found_members, NULL) };
static const struct param find_result[] = {
        P_ARRAY("registrations", REQ, 0, found_item, "the best first"),
        P_NEXT,
        PARAM_END,
};
static const char *const find_errors[] = { "not_found", NULL };

const struct method registration_find_method = {
        .name = "registration.find",
        .role = ROLE_DOOR,
        .summary = "finds people by whatever is typed",
        .flags = METHOD_EVENT,
        .params = find_params,
        .result = find_result,
        .errors = find_errors,
        .handle = registration_find,
};
