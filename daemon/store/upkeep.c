/* SPDX-License-Identifier: Apache-2.0 */
/* Change rows and request keys go after seven days. Many daemons may ask: the database lets one at a time do it. */
#include "store/private.h"

#include <event2/event.h>
#include <sodium.h>
#include <string.h>

#include "base/log.h"

enum { FIRST_MS = 1000, EVERY_SECONDS = 3600 };

static void after_ms(struct upkeep *upkeep, uint32_t ms)
{
        evtimer_add(upkeep->timer, (&(struct timeval){ ms / 1000, (suseconds_t)(ms % 1000) * 1000 }));
}

/* A connection for the moment: nobody waits behind a long deletion. */
static void timer_fired(evutil_socket_t fd, short what, void *context)
{
        struct upkeep *upkeep = context;

        (void)fd;
        (void)what;
        pgconn_start(&upkeep->conn, upkeep->store->conninfo);
}

static void conn_ready(void *context)
{
        struct upkeep *upkeep = context;

        pgconn_send(&upkeep->conn, "SELECT usher.trim(now() - interval '7 days')", 0, NULL, false);
}

static void conn_lost(void *context, const char *why)
{
        (void)context;
        (void)why; /* it tries again by itself */
}

static void conn_result(void *context, PGresult *result)
{
        (void)context;
        if (PQresultStatus(result) != PGRES_TUPLES_OK)
                log_warning("old change rows could not be deleted: %s", PQresultErrorMessage(result));
        else if (!PQgetisnull(result, 0, 0) && strcmp(PQgetvalue(result, 0, 0), "0") != 0)
                log_info("%s change rows and request keys older than a week were deleted",
                        PQgetvalue(result, 0, 0));
}

static void conn_end(void *context)
{
        struct upkeep *upkeep = context;

        pgconn_stop(&upkeep->conn);
        after_ms(upkeep, EVERY_SECONDS * 500 + randombytes_uniform(EVERY_SECONDS * 1000));
}

void upkeep_init(struct upkeep *upkeep, struct store *store)
{
        struct pgconn_handlers handlers = { .context = upkeep,
                .ready = conn_ready,
                .lost = conn_lost,
                .result = conn_result,
                .end = conn_end };

        upkeep->store = store;
        upkeep->timer = evtimer_new(store->base, timer_fired, upkeep);
        pgconn_init(&upkeep->conn, store->base, false, &handlers);
}

void upkeep_start(struct upkeep *upkeep)
{
        after_ms(upkeep, FIRST_MS);
}

void upkeep_stop(struct upkeep *upkeep)
{
        evtimer_del(upkeep->timer);
        pgconn_stop(&upkeep->conn);
}

void upkeep_deinit(struct upkeep *upkeep)
{
        if (!upkeep->timer)
                return;
        pgconn_deinit(&upkeep->conn);
        event_free(upkeep->timer);
        upkeep->timer = NULL;
}
