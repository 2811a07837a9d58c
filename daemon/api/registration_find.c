/* SPDX-License-Identifier: Apache-2.0 */
/* registration.find: the one box. From memory, in one pass over the roll. */
#include <string.h>

#include "api/api.h"
#include "api/folds.h"
#include "api/methods.h"
#include "api/params.h"
#include "api/registration.h"
#include "base/cleanup.h"
#include "door/search.h"

enum { LIMIT_DOOR = 20, LIMIT_DEFAULT = 100 };

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

static void find(struct call *call, const struct search_query *query, const struct search_place *after)
{
        bool desk = call->role >= ROLE_DESK, more;
        size_t limit = (size_t)call_int(call, "limit", LIMIT_DEFAULT), count;
        _cleanup_(buffer_deinit) struct buffer result = BUFFER_NULL;
        const struct registration_row **rows;
        struct jsonout out = JSONOUT(&result);
        enum search_rank rank = SEARCH_FIELD;

        if (!desk && limit > LIMIT_DOOR)
                limit = LIMIT_DOOR;
        rows = xcalloc(limit, sizeof(*rows));
        count = search_run(roster_roll(call->event->roster), query, after, limit, rows, &more, &rank);
        json_begin_object(&out);
        json_name(&out, "registrations");
        json_begin_array(&out);
        for (size_t i = 0; i < count; i++)
                write_item(&out, rows[i], desk);
        json_end_array(&out);
        if (more && desk && count)
                write_next(&out, rank, rows[count - 1]);
        else
                json_member_null(&out, "next");
        json_end_object(&out);
        free(rows);
        call_answer(call, &result);
}

static void registration_find(struct call *call)
{
        const char *cursor = call_text(call, "cursor");
        _cleanup_(freep) char *folded = fold_query(folds_own(call->api->folds), call_text(call, "query"));
        struct search_place after;
        struct search_query query;

        search_query_init(&query, folded, call->role >= ROLE_DESK);
        if (call->role < ROLE_DESK && !search_query_is_narrow(&query)) {
                call_fail_params(call, "/query", "a Han character, two letters or a whole code");
                return;
        }
        if (cursor && (call->role < ROLE_DESK || !read_cursor(cursor, &after))) {
                call_fail_params(call, "/cursor", "a cursor from an earlier answer");
                return;
        }
        find(call, &query, cursor ? &after : NULL);
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
