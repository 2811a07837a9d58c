/* SPDX-License-Identifier: Apache-2.0 */
#include "store/private.h"

#include <event2/event.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

enum { TICK_MS = 20, FEW_PROCESSORS = 2 };

static void tick(evutil_socket_t fd, short what, void *context)
{
        struct store *store = context;
        int64_t now_us = clock_monotonic_us();

        (void)fd;
        (void)what;
        queue_expire(store, now_us);
        for (size_t i = 0; i < store->lane_count; i++) {
                lane_expire(&store->lanes[i], now_us);
                link_expire(&store->links[i], now_us);
        }
        links_ask(store, now_us);
        for (size_t i = 0; i < READERS; i++)
                reader_expire(&store->readers[i], now_us);
        feed_expire(&store->feed, now_us);
        loader_expire(store->loader, now_us);
        if (store->first) /* what waits for a batch that takes long */
                store_pump_soon(store);
}

static void pump(evutil_socket_t fd, short what, void *context)
{
        (void)fd;
        (void)what;
        queue_pump(context);
}

size_t store_processors(void)
{
        cpu_set_t set;

        if (sched_getaffinity(0, sizeof(set), &set) == 0)
                return (size_t)CPU_COUNT(&set);
        return (size_t)sysconf(_SC_NPROCESSORS_ONLN); /* more than a set holds */
}

/*
 * One lane (of those that are not for imports) is for the batch that is decided ahead. Where PostgreSQL shares few
 * processors with us batches only get in each other's way: one at a time, and each at once after the other, gets more
 * through, and at an even pace.
 */
void store_count_turns(struct store *store, bool near)
{
        bool cramped = near && store_processors() <= FEW_PROCESSORS;

        store->turns = cramped || store->settings.lanes < 3 ? 1 : store->settings.lanes - 1;
}

static void activate(struct event *event)
{
        if (!event_pending(event, EV_TIMEOUT, NULL))
                event_active(event, EV_TIMEOUT, 0);
}

void store_pump_soon(struct store *store)
{
        activate(store->pump_event);
}

void store_pump_next(struct store *store)
{
        activate(store->pump_next_event);
}

void store_pump_init(struct store *store)
{
        store->pump_event = event_new(store->base, -1, 0, pump, store);
        store->pump_next_event = event_new(store->base, -1, 0, pump, store);
        event_priority_set(store->pump_next_event, 0);
}

void store_pump_deinit(struct store *store)
{
        event_free(store->pump_event);
        event_free(store->pump_next_event);
}

void store_update_state(struct store *store)
{
        enum store_state state = STORE_OFFLINE;

        for (size_t i = 0; i < store->lane_count; i++)
                if (store->links[i].ready && store->loaded)
                        state = STORE_ONLINE;
        if (state == store->state)
                return;
        store->state = state;
        store->since = clock_now();
        store->away_us = clock_monotonic_us();
        if (state == STORE_ONLINE)
                store->complained = false;
        store->handlers.state(store->handlers.context, state, store->since);
}

void store_fail(struct store *store, const char *why)
{
        if (!store->stopping)
                store->handlers.failed(store->handlers.context, why);
}

void store_connect(struct store *store, const char *conninfo, const char *owner_conninfo)
{
        free(store->conninfo);
        store->conninfo = xstrdup(conninfo);
        free(store->owner_conninfo);
        store->owner_conninfo = xstrdup(owner_conninfo);
        loader_start(store, owner_conninfo);
}

void store_is_loaded(struct store *store)
{
        bool first = !store->loaded;

        store->loaded = true;
        if (first) {
                feed_start(&store->feed, store->conninfo);
                for (size_t i = 0; i < READERS; i++)
                        pgconn_start(&store->readers[i].conn, store->conninfo);
                for (size_t i = 0; i < store->lane_count; i++)
                        pgconn_start(&store->links[i].conn, store->conninfo);
                store->handlers.loaded(store->handlers.context);
        }
        upkeep_start(&store->upkeep);
        store_pump_soon(store);
}

bool store_conninfo_fits(const char *conninfo, struct buffer *why)
{
        char *error = NULL;
        PQconninfoOption *options = PQconninfoParse(conninfo, &error);

        if (!options && error)
                buffer_add(why, error, strcspn(error, "\n"));
        PQfreemem(error);
        PQconninfoFree(options);
        return options != NULL;
}

int store_new(struct event_base *base, struct workers *workers, const struct store_settings *settings,
        const struct store_handlers *handlers, struct store **storep)
{
        struct store *store = xcalloc(1, sizeof(*store));

        store->base = base;
        store->workers = workers;
        store->settings = *settings;
        store->handlers = *handlers;
        store->since = clock_now();
        store->away_us = clock_monotonic_us();
        store->tick = event_new(base, -1, EV_PERSIST, tick, store);
        store_pump_init(store);
        store->lane_count = settings->lanes + 1;
        store->lanes = xcalloc(store->lane_count, sizeof(*store->lanes));
        store->links = xcalloc(store->lane_count, sizeof(*store->links));
        for (size_t i = 0; i < store->lane_count; i++) {
                lane_init(&store->lanes[i], store, i == settings->lanes);
                link_init(&store->links[i], store, i == settings->lanes);
        }
        feed_init(&store->feed, store);
        for (size_t i = 0; i < READERS; i++)
                reader_init(&store->readers[i], store, i ? READ_THROUGH : READ_BY_KEY);
        upkeep_init(&store->upkeep, store);
        awake_init(&store->awake);
        if (!settings->conninfo) {
                int r = cluster_new(store, &store->cluster);

                if (r) {
                        store_free(store);
                        return error_fold(r);
                }
        }
        *storep = store;
        return 0;
}

void store_start(struct store *store)
{
        event_add(store->tick, &(struct timeval){ 0, TICK_MS * 1000 });
        if (store->cluster)
                cluster_start(store->cluster);
        else
                store_connect(store, store->settings.conninfo, store->settings.conninfo);
}

void store_reload(struct store *store)
{
        if (store->loaded)
                loader_start(store, store->owner_conninfo);
}

enum store_state store_state(const struct store *store, struct instant *since)
{
        *since = store->since;
        return store->state;
}

void store_catch_up(struct store *store, const struct uuid *family, int64_t deadline_us,
        void (*done)(void *context, enum outcome), void *context)
{
        feed_wait(&store->feed, family, deadline_us, done, context);
}

/* ---- stopping ---- */

static bool is_busy(const struct store *store)
{
        if (store->state != STORE_ONLINE)
                return false;
        for (size_t i = 0; i < store->lane_count; i++)
                if (store->lanes[i].state != LANE_IDLE)
                        return true;
        return store->first;
}

static void disconnect_all(struct store *store)
{
        loader_free(store->loader);
        store->loader = NULL;
        feed_stop(&store->feed);
        for (size_t i = 0; i < READERS; i++)
                pgconn_stop(&store->readers[i].conn);
        upkeep_stop(&store->upkeep);
        for (size_t i = 0; i < store->lane_count; i++)
                pgconn_stop(&store->links[i].conn);
}

static void stop_look(evutil_socket_t fd, short what, void *context)
{
        struct store *store = context;

        (void)fd;
        (void)what;
        if (is_busy(store) && clock_monotonic_us() < store->stop_deadline_us) {
                event_base_once(store->base, -1, EV_TIMEOUT, stop_look, store,
                        &(struct timeval){ 0, TICK_MS * 1000 });
                return;
        }
        disconnect_all(store);
        if (store->cluster)
                cluster_stop(store->cluster, 20, store->stopped, store->stopped_context);
        else
                store->stopped(store->stopped_context);
}

void store_stop(struct store *store, unsigned seconds, void (*done)(void *context), void *context)
{
        store->stopping = true;
        store->stopped = done;
        store->stopped_context = context;
        store->stop_deadline_us = clock_monotonic_us() + (int64_t)seconds * INSTANT_SECOND;
        stop_look(-1, 0, store);
}

struct store *store_free(struct store *store)
{
        if (!store)
                return NULL;
        loader_free(store->loader);
        for (size_t i = 0; i < store->lane_count; i++) {
                lane_deinit(&store->lanes[i]);
                link_deinit(&store->links[i]);
        }
        feed_deinit(&store->feed);
        for (size_t i = 0; i < READERS; i++)
                reader_deinit(&store->readers[i]);
        upkeep_deinit(&store->upkeep);
        cluster_free(store->cluster);
        claims_deinit(&store->held);
        claims_deinit(&store->waiting);
        event_free(store->tick);
        store_pump_deinit(store);
        free(store->lanes);
        free(store->links);
        free(store->conninfo);
        free(store->owner_conninfo);
        free(store);
        return NULL;
}
