/* SPDX-License-Identifier: Apache-2.0 */
#include "api/dispatch.h"

#include <event2/event.h>
#include <string.h>

#include "api/api.h"
#include "api/call_private.h"
#include "api/login.h"
#include "api/validate.h"
#include "base/slug.h"

enum { CATCH_UP_MS = 500, CODE_UNKNOWN_METHOD = -32601 };

static size_t method_count(void)
{
        static size_t count;

        while (method_table[count])
                count++;
        return count;
}

const struct method *method_find(const char *name)
{
        size_t low = 0, high = method_count();

        while (low < high) {
                size_t middle = low + (high - low) / 2;
                int order = strcmp(method_table[middle]->name, name);

                if (order == 0)
                        return method_table[middle];
                if (order < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return NULL;
}

enum wire_order dispatch_order(void *api, const char *name, const void **meaning)
{
        const struct method *method = method_find(name);

        (void)api;
        *meaning = method;
        if (!method || method->flags & METHOD_FREE)
                return WIRE_ORDER_FREE;
        if (method->flags & METHOD_LOGIN)
                return WIRE_ORDER_LOGIN;
        if (method->flags & METHOD_SCAN)
                return WIRE_ORDER_SCAN;
        return method->flags & METHOD_CHANGES ? WIRE_ORDER_CHANGE : WIRE_ORDER_READ;
}

/* Whether the token covers the event named, or one that is yet to be made within its own. */
static bool covers(const struct call *call, const struct login *login, const char *event)
{
        const struct state *state = &call->api->state;
        const char *bound = login->token ? login->token->event : NULL;
        const char *parent = call_text(call, "parent");

        if (!bound)
                return login->role > ROLE_PUBLIC;
        if (!slug_is_valid(event)) /* nor is anything long looked up */
                return false;
        if (login_covers(login, state, event))
                return true;
        return (call->method->flags & METHOD_ITSELF) && parent && strcmp(parent, bound) == 0 &&
               !state_event(state, event);
}

/* The peer has gone: nobody will read it. */
static void call_fail_closed(struct call *call)
{
        call_fail(call, "unavailable", "the connection has closed", "\"retry_after_ms\":0,\"done\":false");
}

static bool has_role(struct call *call)
{
        if (call->role >= call->method->role)
                return true;
        call_fail_forbidden(call, role_word(call->method->role));
        return false;
}

/* The token's event, where `event` is a text. */
static bool has_event(struct call *call, const struct login *login)
{
        const char *event = call_text(call, "event");

        if (!event || covers(call, login, event))
                return true;
        if (call->method->role > ROLE_PUBLIC) {
                call_fail_forbidden(call, NULL);
                return false;
        }
        call->role = ROLE_PUBLIC; /* of an event that is not the token's, as without one */
        return true;
}

/* Nobody's parameters are looked at who may not call the method at all. */
static void read_arguments(struct call *call)
{
        size_t length;
        const char *text = request_params_text(call->request, &length);

        if (text)
                arguments_read(&call->arguments, call->method, text, length, call->texts);
}

static bool params_fit(struct call *call)
{
        struct buffer path = BUFFER_NULL, expected = BUFFER_NULL;
        bool fit;

        if (call->arguments.are_read)
                return true;
        if (request_is_positional(call->request)) {
                call_fail_params(call, "", "object");
                return false;
        }
        fit = validate_params(call->method, call_params(call), &path, &expected);

        if (!fit)
                call_fail_params(call, buffer_text(&path), buffer_text(&expected));
        buffer_deinit(&path);
        buffer_deinit(&expected);
        return fit;
}

static void set_deadline(struct call *call)
{
        int64_t fallback_us = call->api->settings->deadline_us;

        call->change.patient = call_gives(call, "deadline_ms");
        call->deadline_us = request_arrived_us(call->request) +
                            (call->change.patient ? call_int(call, "deadline_ms", 0) * 1000 : fallback_us);
}

static void caught_up(void *context, enum outcome outcome);

static void catch_up(struct call *call, const struct uuid *family)
{
        int64_t until_us = clock_monotonic_us() + CATCH_UP_MS * 1000;

        store_catch_up(call->api->store, family, call->deadline_us < until_us ? call->deadline_us : until_us,
                caught_up, call);
}

/* An event that another daemon has just made: the feed is asked before anybody is told that there is none. */
static bool is_news(struct call *call, const char *slug)
{
        if (state_event(&call->api->state, slug) || call->caught_up)
                return false;
        call->caught_up = true;
        catch_up(call, &UUID_NIL);
        return true;
}

/* Public methods answer without a token as if there were none: an event nobody has published is not found. */
static bool find_event(struct call *call)
{
        const char *slug = call_text(call, "event");
        struct event_state *event;

        if (!(call->method->flags & METHOD_EVENT) || (call->method->flags & METHOD_ITSELF))
                return true;
        if (is_news(call, slug))
                return false;
        event = state_event(&call->api->state, slug);
        if (event && call->role == ROLE_PUBLIC && !event_newest(event))
                event = NULL;
        call->event = event;
        if (event)
                call->event_uuid = event_row(event)->event_uuid;
        else
                call_fail_not_found(call, "event", slug);
        return event;
}

static bool take_request_key(struct call *call)
{
        const char *key = method_takes_key(call->method) ? call_text(call, "request_key") : NULL;

        /* A dry run changes nothing, so a key on it is as unknown as on a read. */
        if (key && call_bool(call, "dry_run", false)) {
                call_fail_params(call, "/request_key", "no such parameter of a dry run");
                return false;
        }
        call->has_request_key = key && uuid_parse(key, &call->request_key);
        return true;
}

static void go_on(struct call *call)
{
        if (find_event(call))
                call->method->handle(call);
}

static void caught_up_whole(void *context, enum outcome outcome)
{
        struct call *call = context;

        (void)outcome; /* not in time: what memory holds has to do */
        if (request_peer(call->request))
                go_on(call);
        else
                call_fail_closed(call);
}

/* That there is such an event is known by now; what belongs to it is told by its family's feed. */
static void caught_up(void *context, enum outcome outcome)
{
        struct call *call = context;
        const struct event_state *event = state_event(&call->api->state, call_text(call, "event"));

        if (event && outcome == OUTCOME_DONE)
                store_catch_up(
                        call->api->store, &event->family->uuid, call->deadline_us, caught_up_whole, call);
        else
                caught_up_whole(call, outcome);
}

/* ---- while memory does not hold everything yet ---- */

enum { PARKED_LOOK_MS = 20 };

struct parked {
        struct call *call;
        struct event *timer;
        int64_t until_us;
};

static void parked_free(struct parked *parked)
{
        event_free(parked->timer);
        free(parked);
}

static void parked_look(evutil_socket_t fd, short what, void *context)
{
        static const struct timeval again = { 0, PARKED_LOOK_MS * 1000 };
        struct parked *parked = context;
        struct call *call = parked->call;
        struct peer *peer = request_peer(call->request);

        (void)fd;
        (void)what;
        if (!call->api->loaded && peer && clock_monotonic_us() < parked->until_us) {
                evtimer_add(parked->timer, &again);
                return;
        }
        parked_free(parked);
        if (peer && call->api->loaded)
                go_on(call);
        else
                call_fail_unavailable(call, true);
}

/* The database has never been reached: what needs it waits, as long as while it is away. */
static void park(struct call *call)
{
        static const struct timeval first = { 0, PARKED_LOOK_MS * 1000 };
        struct parked *parked = xcalloc(1, sizeof(*parked));
        int64_t most = request_arrived_us(call->request) + call->api->settings->offline_deadline_us;

        parked->call = call;
        parked->until_us = call->change.patient || call->deadline_us < most ? call->deadline_us : most;
        parked->timer = evtimer_new(call->api->base, parked_look, parked);
        evtimer_add(parked->timer, &first);
}

void dispatch_begin(void *context, struct request *request)
{
        struct api *api = context;
        const struct method *method = request_meaning(request);
        struct peer *peer = request_peer(request);
        const struct login *login = peer ? peer_session(peer) : NULL;
        struct call *call;

        if (!method) {
                request_fail(request, CODE_UNKNOWN_METHOD, "no such method: ask server.describe",
                        "{\"kind\":\"unknown_method\"}");
                return;
        }
        call = call_new(api, request, method, login);
        if (!login) { /* the peer has gone: nobody would read the answer */
                call_fail_closed(call);
                return;
        }
        if (!has_role(call))
                return;
        read_arguments(call);
        if (!has_event(call, login) || !params_fit(call) || !take_request_key(call))
                return;
        set_deadline(call);
        if (clock_monotonic_us() > call->deadline_us) {
                call_fail(call, "deadline", "the deadline passed before the work was begun: nothing was done",
                        NULL);
                return;
        }
        if (!api->loaded && !(method->flags & METHOD_FREE))
                park(call);
        else
                go_on(call);
}
