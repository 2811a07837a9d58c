/* SPDX-License-Identifier: Apache-2.0 */
#include "api/call.h"

#include <string.h>

#include "api/api.h"
#include "api/call_private.h"
#include "api/login.h"
#include "base/log.h"
#include "base/table.h"

enum { SHARED_FROM = 65536 }; /* bytes: smaller answers are copied */
enum { CODE_INVALID_PARAMS = -32602, CODE_INTERNAL = -32603, CODE_APPLICATION = -32000 };

struct call *call_new(
        struct api *api, struct request *request, const struct method *method, const struct login *login)
{
        const char *actor = login ? login->actor : "", *label = login ? login->label : "";
        size_t actor_size = strlen(actor) + 1, label_size = strlen(label) + 1, params_length;
        struct call *call;

        request_params_text(request, &params_length);
        call = xmalloc(sizeof(*call) + actor_size + label_size + params_length);
        memset(call, 0, sizeof(*call));
        call->api = api;
        call->request = request;
        call->method = method;
        call->role = login ? login->role : ROLE_PUBLIC;
        call->actor = memcpy(call->texts + params_length, actor, actor_size);
        call->label = memcpy(call->texts + params_length + actor_size, label, label_size);
        return call;
}

static struct call *call_free(struct call *call)
{
        if (!call)
                return NULL;
        if (call->own_free && call->own)
                call->own_free(call->own);
        buffer_deinit(&call->kept);
        free(call);
        return NULL;
}

/* ---- parameters ---- */

const json_t *call_params(const struct call *call)
{
        return request_params(call->request);
}

const json_t *call_param(const struct call *call, const char *name)
{
        const json_t *value = NULL;

        /* Most that are asked for are absent: no tree is made to find that out. */
        if (!call->arguments.are_read || arguments_find(&call->arguments, name))
                value = json_object_get(call_params(call), name);
        return value && !json_is_null(value) ? value : NULL;
}

bool call_has(const struct call *call, const char *name)
{
        if (call->arguments.are_read)
                return arguments_find(&call->arguments, name) != NULL;
        return json_object_get(call_params(call), name) != NULL;
}

/* An argument that is of that type; NULL: it is absent or null, for whatever was read fits its row. */
static const struct argument *find(const struct call *call, const char *name, enum argument_type type)
{
        const struct argument *argument = arguments_find(&call->arguments, name);

        return argument && argument->type == type ? argument : NULL;
}

bool call_gives(const struct call *call, const char *name)
{
        if (call->arguments.are_read) {
                const struct argument *argument = arguments_find(&call->arguments, name);

                return argument && argument->type != ARGUMENT_NULL;
        }
        return call_param(call, name) != NULL;
}

const char *call_text(const struct call *call, const char *name)
{
        if (call->arguments.are_read) {
                const struct argument *argument = find(call, name, ARGUMENT_TEXT);

                return argument ? argument->text : NULL;
        }
        return json_string_value(call_param(call, name));
}

int64_t call_int(const struct call *call, const char *name, int64_t fallback)
{
        const json_t *value;

        if (call->arguments.are_read) {
                const struct argument *argument = find(call, name, ARGUMENT_INT);

                return argument ? argument->integer : fallback;
        }
        value = call_param(call, name);
        return value ? json_integer_value(value) : fallback;
}

bool call_bool(const struct call *call, const char *name, bool fallback)
{
        const json_t *value;

        if (call->arguments.are_read) {
                const struct argument *argument = find(call, name, ARGUMENT_BOOL);

                return argument ? argument->boolean : fallback;
        }
        value = call_param(call, name);
        return value ? json_is_true(value) : fallback;
}

struct instant call_instant(const struct call *call, const char *name)
{
        const char *text = call_text(call, name);
        struct instant at;

        return text && instant_parse(text, &at) ? at : INSTANT_NONE;
}

struct date call_date(const struct call *call, const char *name)
{
        const char *text = call_text(call, name);
        struct date date;

        return text && date_parse(text, &date) ? date : DATE_NONE;
}

bool call_event_again(struct call *call)
{
        call->event = state_event(&call->api->state, call_text(call, "event"));
        if (call->event && uuid_equal(&event_row(call->event)->event_uuid, &call->event_uuid))
                return true;
        call_fail_not_found(call, "event", call_text(call, "event"));
        return false;
}

/* ---- answers ---- */

void call_answer(struct call *call, const struct buffer *result_json)
{
        if (call->replayed) {
                struct buffer marked = BUFFER_NULL;
                size_t length = result_json->length - 1;

                buffer_add(&marked, result_json->data, length);
                buffer_add_text(&marked, length > 1 ? ",\"replayed\":true}" : "\"replayed\":true}");
                request_answer(call->request, marked.data, marked.length);
                buffer_deinit(&marked);
        } else {
                request_answer(call->request, result_json->data, result_json->length);
        }
        call_free(call);
}

void call_answer_taken(struct call *call, struct buffer *result_json)
{
        size_t length = result_json->length;
        char *text;

        if (call->replayed || length < SHARED_FROM) {
                call_answer(call, result_json);
                return;
        }
        text = buffer_steal(result_json);
        call_answer_shared(call, text, length, free, text);
}

void call_answer_shared(
        struct call *call, const char *json, size_t length, void (*release)(void *), void *context)
{
        request_answer_shared(call->request, json, length, release, context);
        call_free(call);
}

static void fail(struct call *call, int code, const char *kind, const char *message, const char *more_json)
{
        struct buffer data = BUFFER_NULL;

        if (code != CODE_INTERNAL && call_put_off(call))
                return;
        buffer_addf(&data, "{\"kind\":\"%s\"", kind);
        if (more_json && *more_json)
                buffer_addf(&data, ",%s", more_json);
        buffer_add_char(&data, '}');
        request_fail(call->request, code, message, data.data);
        buffer_deinit(&data);
        call_free(call);
}

void call_fail(struct call *call, const char *kind, const char *message, const char *more_json)
{
        fail(call, CODE_APPLICATION, kind, message, more_json);
}

void call_fail_params(struct call *call, const char *path, const char *expected)
{
        struct buffer more = BUFFER_NULL, message = BUFFER_NULL;
        struct jsonout out = JSONOUT(&more);

        json_member_text(&out, "path", path);
        json_member_text(&out, "expected", expected);
        buffer_addf(&message, "%s: expected %s", *path ? path : "params", expected);
        fail(call, CODE_INVALID_PARAMS, "invalid_params", message.data, more.data);
        buffer_deinit(&more);
        buffer_deinit(&message);
}

/* not_found, exists: {what, id} */
static void fail_named(
        struct call *call, const char *kind, const char *format, const char *what, const char *id)
{
        struct buffer more = BUFFER_NULL;
        struct jsonout out = JSONOUT(&more);
        char *message = NULL;

        json_member_text(&out, "what", what);
        json_member_text(&out, "id", id ? id : "");
        message = xasprintf("%s \"%s\" %s", what, id ? id : "", format);
        fail(call, CODE_APPLICATION, kind, message, more.data);
        free(message);
        buffer_deinit(&more);
}

void call_fail_not_found(struct call *call, const char *what, const char *id)
{
        fail_named(call, "not_found", "does not exist", what, id);
}

void call_fail_exists(struct call *call, const char *what, const char *id)
{
        fail_named(call, "exists", "is taken already", what, id);
}

static void fail_stale(struct call *call, int64_t version)
{
        char more[48];

        snprintf(more, sizeof(more), "\"version\":%lld", (long long)version);
        call_fail(call, "stale", "somebody changed it meanwhile: read it again and repeat", more);
}

void call_fail_full(struct call *call, int64_t capacity)
{
        char more[48];

        snprintf(more, sizeof(more), "\"capacity\":%lld", (long long)capacity);
        call_fail(call, "full", "no place is left", more);
}

void call_fail_in_use(struct call *call, const struct row *const *by, size_t count)
{
        struct buffer more = BUFFER_NULL;
        struct jsonout out = JSONOUT(&more);

        json_name(&out, "by");
        json_begin_array(&out);
        for (size_t i = 0; i < count && i < 10; i++) {
                json_begin_object(&out);
                json_member_text(&out, "what", by[i]->record->kind);
                json_member_text(&out, "id", by[i]->id);
                json_end_object(&out);
        }
        json_end_array(&out);
        call_fail(call, "in_use", "something else refers to it: change that first", more.data);
        buffer_deinit(&more);
}

void call_fail_forbidden(struct call *call, const char *needs)
{
        struct buffer more = BUFFER_NULL;
        bool unauthenticated = call->role == ROLE_PUBLIC && needs;

        if (needs)
                buffer_addf(&more, "\"needs\":\"%s\"", needs);
        if (unauthenticated)
                call_fail(call, "unauthenticated", "log in first", more.data);
        else
                call_fail(call, "forbidden",
                        needs ? "this token does not allow it"
                              : "this token is for another event or checkpoint",
                        needs ? more.data : NULL);
        buffer_deinit(&more);
}

void call_fail_unavailable(struct call *call, bool known_not_done)
{
        if (known_not_done)
                call_fail(call, "unavailable",
                        "the database could not be reached in time: nothing was done; repeat",
                        "\"retry_after_ms\":1000,\"done\":false");
        else
                call_fail(call, "unavailable",
                        "the database went away: whether it was done is not known; repeat with the same key",
                        "\"retry_after_ms\":1000,\"done\":null");
}

void call_fail_outrun(struct call *call)
{
        call_fail(call, "unavailable", "others kept changing the same rows: nothing was done; repeat",
                "\"retry_after_ms\":1000,\"done\":false");
}

void call_fail_internal(struct call *call, const char *log)
{
        struct buffer more = BUFFER_NULL;

        log_error("[%s] %s: %s", request_log_id(call->request), call->method ? call->method->name : "?", log);
        buffer_addf(&more, "\"log_id\":\"%s\"", request_log_id(call->request));
        fail(call, CODE_INTERNAL, "internal", "our fault; the log says more under this id", more.data);
        buffer_deinit(&more);
}

bool call_is_stale(struct call *call, int64_t version)
{
        if (call_int(call, "if_version", version) == version)
                return false;
        fail_stale(call, version);
        return true;
}
