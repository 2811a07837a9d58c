/* SPDX-License-Identifier: Apache-2.0 */
/* server.*: what this daemon is and can do. */
#include <string.h>

#include "api/api.h"
#include "api/call.h"
#include "api/describe.h"
#include "api/methods.h"
#include "api/params.h"
#include "base/workers.h"

static const char *const state_words[] = { "online", "island", "offline", NULL };

static void write_limits(const struct wire_limits *limits, struct jsonout *out)
{
        json_name(out, "limits");
        json_begin_object(out);
        json_member_int(out, "line_bytes", (int64_t)limits->line_bytes);
        json_member_int(out, "values", (int64_t)limits->values);
        json_member_int(out, "nesting", (int64_t)limits->nesting);
        json_member_int(out, "in_flight", (int64_t)limits->in_flight);
        json_member_int(out, "unread_bytes", (int64_t)limits->unread_bytes);
        json_member_int(out, "connections", (int64_t)limits->connections);
        json_member_int(out, "login_seconds", limits->login_seconds);
        json_member_int(out, "idle_seconds", limits->idle_seconds);
        json_member_int(out, "slow_seconds", limits->slow_seconds);
        json_end_object(out);
}

static void server_info(struct call *call)
{
        _cleanup_(buffer_deinit) struct buffer result = BUFFER_NULL;
        struct jsonout out = JSONOUT(&result);

        json_begin_object(&out);
        json_member_text(&out, "name", "usherd");
        json_member_text(&out, "version", USHERD_VERSION);
        json_member_int(&out, "protocol", 1);
        json_name(&out, "database");
        json_begin_object(&out);
        json_member_text(&out, "state", call->api->database == STORE_ONLINE ? "online" : "offline");
        json_member_instant(&out, "since", call->api->database_since, NULL);
        json_member_int(&out, "backlog", 0);
        json_end_object(&out);
        write_limits(peer_limits(request_peer(call->request)), &out);
        json_member_instant(&out, "time", clock_now(), NULL);
        json_end_object(&out);
        call_answer(call, &result);
}

static const struct param database_members[] = {
        P_WORDS("state", REQ, state_words, NULL, NULL),
        P("since", PARAM_INSTANT, REQ, NULL),
        P("backlog", PARAM_INT, REQ, "scans kept here and not yet in the database"),
        PARAM_END,
};
static const struct param limit_members[] = {
        P("line_bytes", PARAM_INT, REQ, NULL),
        P("values", PARAM_INT, REQ, NULL),
        P("nesting", PARAM_INT, REQ, NULL),
        P("in_flight", PARAM_INT, REQ, NULL),
        P("unread_bytes", PARAM_INT, REQ, NULL),
        P("connections", PARAM_INT, REQ, NULL),
        P("login_seconds", PARAM_INT, REQ, NULL),
        P("idle_seconds", PARAM_INT, REQ, NULL),
        P("slow_seconds", PARAM_INT, REQ, NULL),
        PARAM_END,
};
static const struct param no_params[] = { PARAM_END };
static const struct param info_result[] = {
        P("name", PARAM_TEXT, REQ, NULL),
        P("version", PARAM_TEXT, REQ, NULL),
        P("protocol", PARAM_INT, REQ, "1"),
        P_OBJECT("database", REQ, database_members, NULL),
        P_OBJECT("limits", REQ, limit_members, "as they hold for this connection"),
        P("time", PARAM_INSTANT, REQ, NULL),
        PARAM_END,
};

const struct method server_info_method = {
        .name = "server.info",
        .role = ROLE_PUBLIC,
        .summary = "tells the version, the database's state and this connection's limits",
        .flags = METHOD_FREE,
        .params = no_params,
        .result = info_result,
        .handle = server_info,
};

/* ---- server.ping ---- */

static int echo_add(const char *bytes, size_t length, void *buffer)
{
        buffer_add(buffer, bytes, length);
        return 0;
}

static void echo_write(const struct call *call, struct buffer *result)
{
        const json_t *any = json_object_get(call_params(call), "any");

        buffer_add_text(result, "{\"any\":");
        if (any)
                json_dump_callback(any, echo_add, result, JSON_COMPACT | JSON_ENCODE_ANY);
        else
                buffer_add_text(result, "null");
        buffer_add_char(result, '}');
}

/* What is large is written, and let go, on a helper thread. */
struct echo {
        struct call *call;
        struct workers *workers;
        struct buffer result;
};

static void echo_work(void *job)
{
        struct echo *echo = job;

        echo_write(echo->call, &echo->result);
}

static void echo_free_work(void *job)
{
        struct echo *echo = job;

        buffer_deinit(&echo->result);
}

static void echo_free_done(void *job, int dropped)
{
        if (dropped)
                echo_free_work(job);
        free(job);
}

static void echo_release(void *context)
{
        struct echo *echo = context;

        workers_submit(echo->workers, echo_free_work, echo_free_done, echo);
}

static void echo_done(void *job, int dropped)
{
        struct echo *echo = job;

        if (!dropped) {
                call_answer_shared(echo->call, echo->result.data, echo->result.length, echo_release, echo);
                return;
        }
        call_fail_internal(echo->call, "the daemon stops");
        free(echo);
}

static void server_ping(struct call *call)
{
        _cleanup_(buffer_deinit) struct buffer result = BUFFER_NULL;
        struct echo *echo;

        if (request_is_large(call->request)) {
                echo = xcalloc(1, sizeof(*echo));
                echo->call = call;
                echo->workers = call->api->workers;
                workers_submit(echo->workers, echo_work, echo_done, echo);
                return;
        }
        echo_write(call, &result);
        call_answer(call, &result);
}

static const struct param ping_params[] = { P("any", PARAM_ANY, 0, "given back as it is"), PARAM_END };
static const struct param ping_result[] = { P("any", PARAM_ANY, REQ, NULL), PARAM_END };

const struct method server_ping_method = {
        .name = "server.ping",
        .role = ROLE_PUBLIC,
        .summary = "answers at once",
        .flags = METHOD_FREE,
        .params = ping_params,
        .result = ping_result,
        .handle = server_ping,
};

/* ---- server.describe ---- */

/* One method, or all: NULL. */
static void describe_methods(const struct method *one, struct buffer *result)
{
        struct jsonout out = JSONOUT(result);

        json_begin_object(&out);
        json_name(&out, "methods");
        json_begin_object(&out);
        for (size_t i = 0; method_table[i]; i++) {
                if (one && one != method_table[i])
                        continue;
                json_name(&out, method_table[i]->name);
                describe_method(method_table[i], &out);
        }
        json_end_object(&out);
        json_end_object(&out);
}

/* It stays as long as the daemon. */
static void description_release(void *context)
{
        (void)context;
}

static void server_describe(struct call *call)
{
        const char *name = call_text(call, "method");
        const struct method *one = name ? method_find(name) : NULL;
        _cleanup_(buffer_deinit) struct buffer result = BUFFER_NULL;
        struct buffer *all = &call->api->description;

        if (name && !one) {
                call_fail_not_found(call, "method", name);
        } else if (one) {
                describe_methods(one, &result);
                call_answer(call, &result);
        } else {
                if (!all->length) /* never changes: made once */
                        describe_methods(NULL, all);
                call_answer_shared(call, all->data, all->length, description_release, NULL);
        }
}

static const struct param schema_any[] = { P(NULL, PARAM_ANY, 0, NULL) };
static const struct param method_members[] = {
        P("role", PARAM_TEXT, REQ, NULL),
        P("summary", PARAM_TEXT, REQ, NULL),
        P("changes", PARAM_BOOL, REQ, NULL),
        P_MAP("params", REQ, schema_any, NULL, "JSON Schema, draft 2020-12"),
        P_MAP("result", REQ, schema_any, NULL, "JSON Schema, draft 2020-12"),
        P_ARRAY("errors", REQ, 0, text_item, NULL),
        PARAM_END,
};
static const struct param method_item[] = { P_OBJECT(NULL, 0, method_members, NULL) };
static const struct param describe_params[] = { P_RANGE("method", PARAM_TEXT, 0, 1, 64, "one method alone"),
        PARAM_END };
static const struct param describe_result[] = { P_MAP("methods", REQ, method_item, NULL, NULL), PARAM_END };
static const char *const describe_errors[] = { "not_found", NULL };

const struct method server_describe_method = {
        .name = "server.describe",
        .role = ROLE_PUBLIC,
        .summary = "describes every method: role, parameters, result, errors",
        .flags = METHOD_FREE,
        .params = describe_params,
        .result = describe_result,
        .errors = describe_errors,
        .handle = server_describe,
};
