/* SPDX-License-Identifier: Apache-2.0 */
#include "api/demo.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <string.h>

#include "api/own_socket.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/log.h"

struct demo {
        struct api *api;
        void (*done)(void *context, const char *why);
        void *context;
        json_t *script;
        struct bufferevent *peer;
        size_t asked, answered;
};

/* ---- what to call ---- */

/* Every "{n}" in every string, at any depth, becomes `number`. Takes `value`. */
static json_t *fill_in(json_t *value, const char *number)
{
        const char *name, *text = json_string_value(value), *mark;
        struct buffer filled = BUFFER_NULL;
        json_t *item;
        size_t i;
        void *next;

        json_object_foreach_safe(value, next, name, item)
                json_object_set_new(value, name, fill_in(json_deep_copy(item), number));
        json_array_foreach(value, i, item)
                json_array_set_new(value, i, fill_in(json_deep_copy(item), number));
        if (!text || !strstr(text, "{n}"))
                return value;
        for (; (mark = strstr(text, "{n}")); text = mark + 3) {
                buffer_add(&filled, text, (size_t)(mark - text));
                buffer_add_text(&filled, number);
        }
        buffer_add_text(&filled, text);
        json_decref(value);
        value = json_string(buffer_text(&filled));
        buffer_deinit(&filled);
        return value;
}

static void ask(struct demo *demo, const char *method, json_t *params)
{
        struct buffer line = BUFFER_NULL;
        struct uuid key;
        char name[48], text[37];
        char *dumped;

        snprintf(name, sizeof(name), "demo %zu", demo->asked++);
        uuid_from_name(&UUID_NIL, name, &key);
        uuid_format(&key, text);
        json_object_set_new(params, "request_key", json_string(text));
        dumped = json_dumps(params, JSON_COMPACT);
        buffer_addf(&line, "{\"jsonrpc\":\"2.0\",\"id\":%zu,\"method\":\"%s\",\"params\":%s}\n", demo->asked,
                method, dumped);
        bufferevent_write(demo->peer, line.data, line.length);
        free(dumped);
        buffer_deinit(&line);
        json_decref(params);
}

/* {"method", "first", "count", "digits", "params", "cycles"}: see config/demo/README.md. */
static void ask_generated(struct demo *demo, const json_t *rule)
{
        const char *method = json_string_value(json_object_get(rule, "method"));
        json_int_t first = json_integer_value(json_object_get(rule, "first"));
        json_int_t count = json_integer_value(json_object_get(rule, "count"));
        int digits = (int)json_integer_value(json_object_get(rule, "digits"));
        json_t *cycle;
        size_t i;

        for (json_int_t n = first; method && n < first + count; n++) {
                json_t *params = json_deep_copy(json_object_get(rule, "params"));
                char number[32];

                json_array_foreach(json_object_get(rule, "cycles"), i, cycle) json_object_update(
                        params, json_array_get(cycle, (size_t)(n - first) % json_array_size(cycle)));
                snprintf(number, sizeof(number), "%0*lld", digits, (long long)n);
                ask(demo, method, fill_in(params, number));
        }
}

static void ask_all(struct demo *demo)
{
        json_t *step;
        size_t i;

        json_array_foreach(demo->script, i, step)
        {
                const char *method = json_string_value(json_object_get(step, "method"));
                const json_t *rule = json_object_get(step, "generate");

                if (rule)
                        ask_generated(demo, rule);
                else if (method)
                        ask(demo, method, json_deep_copy(json_object_get(step, "params")));
        }
}

/* ---- the connection ---- */

static void finish(struct demo *demo, const char *why)
{
        bufferevent_free(demo->peer);
        demo->peer = NULL;
        demo->done(demo->context, why);
}

/* An answer is fine, and so is "exists": an earlier start has done it. */
static bool is_fine(const char *line)
{
        json_t *reply = json_loads(line, 0, NULL);
        const json_t *error = json_object_get(reply, "error");
        const char *kind = json_string_value(json_object_get(json_object_get(error, "data"), "kind"));
        bool fine = reply && (!error || (kind && strcmp(kind, "exists") == 0));

        json_decref(reply);
        return fine;
}

static void answered(struct bufferevent *peer, void *context)
{
        struct demo *demo = context;

        for (;;) {
                _cleanup_(freep) char *line =
                        evbuffer_readln(bufferevent_get_input(peer), NULL, EVBUFFER_EOL_LF);

                if (!line)
                        return;
                if (!is_fine(line)) {
                        finish(demo, line);
                        return;
                }
                if (++demo->answered == demo->asked) {
                        log_info("the demo event is loaded");
                        finish(demo, NULL);
                        return;
                }
        }
}

static void went(struct bufferevent *peer, short what, void *context)
{
        (void)peer;
        if (what & (BEV_EVENT_ERROR | BEV_EVENT_EOF))
                finish(context, "the connection to the daemon's own socket was lost");
}

static const char *own_socket(const struct settings *settings)
{
        for (size_t i = 0; i < settings->listen.count; i++)
                if (strncmp(settings->listen.addresses[i], "unix:", 5) == 0)
                        return settings->listen.addresses[i] + 5;
        return NULL;
}

/* Whether the first event of the script is there, with its attendees: then nothing is to be done, or undone. */
static bool is_loaded(const struct demo *demo)
{
        const json_t *params = json_object_get(json_array_get(demo->script, 0), "params");
        const char *slug = json_string_value(json_object_get(params, "event"));
        struct event_state *event = slug ? state_event(&demo->api->state, slug) : NULL;
        json_int_t wanted = 0;
        json_t *step;
        size_t i;

        json_array_foreach(demo->script, i, step) wanted +=
                json_integer_value(json_object_get(json_object_get(step, "generate"), "count"));
        return event && roster_registration_count(event->roster) >= (size_t)wanted;
}

void demo_load(struct demo *demo)
{
        const char *path = own_socket(demo->api->settings);

        if (is_loaded(demo)) {
                log_info("the demo event is there");
                demo->done(demo->context, NULL);
                return;
        }
        if (!path) {
                demo->done(demo->context, "it goes over a Unix socket: let the daemon listen on one");
                return;
        }
        log_info("loading the demo event");
        demo->peer = own_socket_connect(demo->api, path);
        bufferevent_setcb(demo->peer, answered, NULL, went, demo);
        bufferevent_enable(demo->peer, EV_READ | EV_WRITE);
        ask_all(demo);
}

int demo_new(struct api *api, const char *file, void (*done)(void *context, const char *why), void *context,
        struct demo **demop)
{
        struct demo *demo = xcalloc(1, sizeof(*demo));

        demo->api = api;
        demo->done = done;
        demo->context = context;
        demo->script = json_load_file(file, JSON_REJECT_DUPLICATES, NULL);
        if (!json_is_array(demo->script)) {
                demo_free(demo);
                return error_origin(-EBADMSG);
        }
        *demop = demo;
        return 0;
}

struct demo *demo_free(struct demo *demo)
{
        if (!demo)
                return NULL;
        if (demo->peer)
                bufferevent_free(demo->peer);
        json_decref(demo->script);
        free(demo);
        return NULL;
}
