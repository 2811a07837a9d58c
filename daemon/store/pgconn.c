/* SPDX-License-Identifier: Apache-2.0 */
#include "store/pgconn.h"

#include <event2/event.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/instant.h"
#include "base/log.h"

enum {
        ATTEMPT_SECONDS = 3,
        BACKOFF_FIRST_MS = 50,
        BACKOFF_MOST_MS = 2000,
        STEADY_US = 1000000, /* a connection that lived so long was a good one */
        RESULTS_A_TURN = 500, /* then others are served */
        OPTIONS_MAX = 64,
};

static void connect_next(struct pgconn *conn);

static void events_free(struct pgconn *conn)
{
        if (conn->readable)
                event_free(conn->readable);
        if (conn->writable)
                event_free(conn->writable);
        conn->readable = conn->writable = NULL;
}

static void disconnect(struct pgconn *conn)
{
        events_free(conn);
        evtimer_del(conn->timer);
        evtimer_del(conn->rest);
        if (conn->pg)
                PQfinish(conn->pg);
        conn->pg = NULL;
        conn->due = 0;
        conn->life++;
        conn->replication_doubt = false;
}

/* Full jitter over a doubling ceiling: many daemons do not come back in step. */
static void wait_then_connect(struct pgconn *conn)
{
        unsigned shift = conn->failures < 6 ? conn->failures : 6;
        uint32_t ceiling = BACKOFF_FIRST_MS << shift;
        uint32_t ms = BACKOFF_FIRST_MS / 2 +
                      randombytes_uniform(ceiling > BACKOFF_MOST_MS ? BACKOFF_MOST_MS : ceiling);
        struct timeval delay = { ms / 1000, (suseconds_t)(ms % 1000) * 1000 };

        conn->failures++;
        conn->state = PGCONN_WAITING;
        evtimer_add(conn->timer, &delay);
}

void pgconn_drop(struct pgconn *conn, const char *why)
{
        bool was_ready = conn->state == PGCONN_READY;
        _cleanup_(freep) char *kept = NULL;

        if (conn->state == PGCONN_CLOSED || conn->state == PGCONN_WAITING)
                return;
        kept = xstrdup(why ? why : "connection lost");
        kept[strcspn(kept, "\n")] = '\0';
        if (was_ready && clock_monotonic_us() - conn->ready_us > STEADY_US)
                conn->failures = 0;
        disconnect(conn);
        wait_then_connect(conn);
        if (was_ready)
                log_warning("a database connection was lost: %s", kept);
        if (was_ready || conn->failures == 1 || conn->failures % 16 == 0)
                conn->handlers.lost(conn->handlers.context, kept);
}

/* ---- connecting ---- */

/* The n-th of a comma-separated list; one that is shorter repeats its last (as libpq does for ports). */
static char *nth(const char *list, size_t n)
{
        const char *start = list, *end;

        while (n && (end = strchr(start, ','))) {
                start = end + 1;
                n--;
        }
        return xstrndup(start, strcspn(start, ","));
}

static size_t count_of(const char *list)
{
        size_t count = 1;

        for (; list && *list; list++)
                count += *list == ',';
        return count;
}

struct target {
        const char *names[OPTIONS_MAX], *values[OPTIONS_MAX];
        char *owned[3];
        size_t count, owned_count;
};

static void target_add(struct target *target, const char *name, const char *value, bool owned)
{
        if (owned)
                target->owned[target->owned_count++] = (char *)(uintptr_t)value;
        target->names[target->count] = name;
        target->values[target->count++] = value;
        target->names[target->count] = target->values[target->count] = NULL;
}

static PGconn *connect_to_host(struct pgconn *conn)
{
        char *error = NULL;
        PQconninfoOption *options = PQconninfoParse(conn->conninfo, &error);
        struct target target = { .count = 0 };
        size_t hosts = 1;
        PGconn *pg;

        if (!options) {
                log_error("the database's connection string cannot be read: %s", error ? error : "");
                PQfreemem(error);
                return NULL;
        }
        for (PQconninfoOption *option = options; option->keyword; option++)
                if (option->val &&
                        (strcmp(option->keyword, "host") == 0 || strcmp(option->keyword, "hostaddr") == 0))
                        hosts = count_of(option->val) > hosts ? count_of(option->val) : hosts;
        for (PQconninfoOption *option = options; option->keyword; option++) {
                bool listed = strcmp(option->keyword, "host") == 0 ||
                              strcmp(option->keyword, "hostaddr") == 0 ||
                              strcmp(option->keyword, "port") == 0;

                if (!option->val || target.count > OPTIONS_MAX - 4)
                        continue;
                if (listed)
                        target_add(&target, option->keyword, nth(option->val, conn->host % hosts), true);
                else
                        target_add(&target, option->keyword, option->val, false);
        }
        conn->host++;
        target_add(&target, "client_encoding", "UTF8", false);
        target_add(&target, "fallback_application_name", "usherd", false);
        pg = PQconnectStartParams(target.names, target.values, 0);
        for (size_t i = 0; i < target.owned_count; i++)
                free(target.owned[i]);
        PQconninfoFree(options);
        return pg;
}

static void notice_received(void *context, const PGresult *result)
{
        struct pgconn *conn = context;
        const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

        /* A commit whose wait for its standby was cancelled looks like success, save for this warning. */
        if (state && strcmp(state, "01000") == 0)
                conn->replication_doubt = true;
        log_debug("the database says: %s", PQresultErrorMessage(result));
}

static void flush(struct pgconn *conn)
{
        int r = conn->pg ? PQflush(conn->pg) : -1;

        if (r > 0 && conn->writable)
                event_add(conn->writable, NULL);
        else if (r < 0 && conn->pg)
                pgconn_drop(conn, PQerrorMessage(conn->pg));
}

/* One result, or the end of a statement. False: nothing more now, or the connection has gone. */
static bool take_result(struct pgconn *conn)
{
        unsigned life = conn->life;
        PGresult *result;
        bool sync;

        if (!conn->due || PQisBusy(conn->pg))
                return false;
        result = PQgetResult(conn->pg);
        if (!result) {
                conn->due--;
                if (conn->handlers.end)
                        conn->handlers.end(conn->handlers.context);
                return conn->life == life;
        }
        sync = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
        if (sync)
                conn->due--;
        conn->handlers.result(conn->handlers.context, result);
        PQclear(result);
        return conn->life == life;
}

static void became_readable(evutil_socket_t fd, short what, void *context)
{
        struct pgconn *conn = context;
        unsigned life = conn->life;
        PGnotify *notify;
        size_t taken = 0;

        (void)fd;
        (void)what;
        if (!PQconsumeInput(conn->pg)) {
                pgconn_drop(conn, PQerrorMessage(conn->pg));
                return;
        }
        conn->heard_us = clock_monotonic_us();
        while (taken++ < RESULTS_A_TURN && take_result(conn))
                continue;
        if (conn->life != life)
                return;
        while ((notify = PQnotifies(conn->pg))) {
                if (conn->handlers.notified)
                        conn->handlers.notified(conn->handlers.context, notify->extra, notify->be_pid);
                PQfreemem(notify);
                if (conn->life != life)
                        return;
        }
        if (PQstatus(conn->pg) == CONNECTION_BAD) {
                pgconn_drop(conn, PQerrorMessage(conn->pg));
                return;
        }
        if (taken > RESULTS_A_TURN)
                evtimer_add(
                        conn->rest, (&(struct timeval){ 0, 0 })); /* an active event would come before I/O */
        flush(conn);
}

static void became_writable(evutil_socket_t fd, short what, void *context)
{
        struct pgconn *conn = context;

        (void)fd;
        (void)what;
        flush(conn);
}

static void connected(struct pgconn *conn)
{
        evtimer_del(conn->timer);
        events_free(conn);
        PQsetnonblocking(conn->pg, 1);
        PQsetNoticeReceiver(conn->pg, notice_received, conn);
        if (conn->pipeline)
                PQenterPipelineMode(conn->pg);
        conn->readable =
                event_new(conn->base, PQsocket(conn->pg), EV_READ | EV_PERSIST, became_readable, conn);
        conn->writable = event_new(conn->base, PQsocket(conn->pg), EV_WRITE, became_writable, conn);
        event_add(conn->readable, NULL);
        conn->state = PGCONN_READY;
        conn->ready_us = clock_monotonic_us();
        conn->handlers.ready(conn->handlers.context);
}

static void poll_connect(evutil_socket_t fd, short what, void *context)
{
        struct pgconn *conn = context;
        PostgresPollingStatusType status = PQconnectPoll(conn->pg);

        (void)fd;
        (void)what;
        events_free(conn);
        if (status == PGRES_POLLING_OK) {
                connected(conn);
                return;
        }
        if (status == PGRES_POLLING_FAILED) {
                pgconn_drop(conn, PQerrorMessage(conn->pg));
                return;
        }
        /* libpq may have changed sockets between two polls. */
        conn->readable = event_new(conn->base, PQsocket(conn->pg),
                status == PGRES_POLLING_READING ? EV_READ : EV_WRITE, poll_connect, conn);
        event_add(conn->readable, NULL);
}

static void timer_fired(evutil_socket_t fd, short what, void *context)
{
        struct pgconn *conn = context;

        (void)fd;
        (void)what;
        if (conn->state == PGCONN_WAITING)
                connect_next(conn);
        else if (conn->state == PGCONN_CONNECTING)
                pgconn_drop(conn, "it does not answer");
}

static void connect_next(struct pgconn *conn)
{
        static const struct timeval patience = { ATTEMPT_SECONDS, 0 };

        conn->state = PGCONN_CONNECTING;
        conn->pg = connect_to_host(conn);
        if (!conn->pg || PQstatus(conn->pg) == CONNECTION_BAD) {
                pgconn_drop(
                        conn, conn->pg ? PQerrorMessage(conn->pg) : "the connection string cannot be used");
                return;
        }
        evtimer_add(conn->timer, &patience);
        conn->readable = event_new(conn->base, PQsocket(conn->pg), EV_WRITE, poll_connect, conn);
        event_add(conn->readable, NULL);
}

void pgconn_init(
        struct pgconn *conn, struct event_base *base, bool pipeline, const struct pgconn_handlers *handlers)
{
        *conn = (struct pgconn){ .base = base, .handlers = *handlers, .pipeline = pipeline };
        conn->timer = evtimer_new(base, timer_fired, conn);
        conn->rest = evtimer_new(base, became_readable, conn);
}

void pgconn_deinit(struct pgconn *conn)
{
        if (!conn->timer)
                return;
        pgconn_stop(conn);
        event_free(conn->timer);
        event_free(conn->rest);
        conn->timer = conn->rest = NULL;
        free(conn->conninfo);
        conn->conninfo = NULL;
}

void pgconn_start(struct pgconn *conn, const char *conninfo)
{
        pgconn_stop(conn);
        free(conn->conninfo);
        conn->conninfo = xstrdup(conninfo);
        conn->failures = 0;
        connect_next(conn);
}

void pgconn_stop(struct pgconn *conn)
{
        disconnect(conn);
        conn->state = PGCONN_CLOSED;
}

/* ---- sending ---- */

int64_t pgconn_silent_us(const struct pgconn *conn, int64_t now_us)
{
        return conn->due ? now_us - conn->heard_us : 0;
}

bool pgconn_is_near(const struct pgconn *conn)
{
        const char *host = PQhost(conn->pg), *address = PQhostaddr(conn->pg);

        return (host && *host == '/') ||
               (address && (strcmp(address, "127.0.0.1") == 0 || strcmp(address, "::1") == 0));
}

bool pgconn_error_passes(const PGresult *result)
{
        static const char *const classes[] = { "08", "25006", "53", "57", "58", NULL };
        const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

        for (const char *const *class = classes; state && *class; class ++)
                if (strncmp(state, *class, strlen(*class)) == 0)
                        return true;
        return !state; /* libpq's own: the connection went */
}

static void is_due(struct pgconn *conn)
{
        if (!conn->due++)
                conn->heard_us = clock_monotonic_us();
}

static void sent(struct pgconn *conn, int good)
{
        if (!good) {
                pgconn_drop(conn, PQerrorMessage(conn->pg));
                return;
        }
        is_due(conn);
        if (conn->single_row)
                PQsetSingleRowMode(conn->pg);
        conn->single_row = false;
        if (!conn->pipeline)
                flush(conn);
}

void pgconn_send(struct pgconn *conn, const char *sql, int count, const char *const *values, bool binary)
{
        sent(conn, PQsendQueryParams(conn->pg, sql, count, NULL, values, NULL, NULL, binary));
}

void pgconn_send_script(struct pgconn *conn, const char *script)
{
        sent(conn, PQsendQuery(conn->pg, script));
}

void pgconn_prepare(struct pgconn *conn, const char *name, const char *sql)
{
        sent(conn, PQsendPrepare(conn->pg, name, sql, 0, NULL));
}

void pgconn_send_prepared(struct pgconn *conn, const char *name, int count, const char *const *values,
        const int *lengths, const int *formats, bool binary)
{
        sent(conn, PQsendQueryPrepared(conn->pg, name, count, values, lengths, formats, binary));
}

void pgconn_sync(struct pgconn *conn)
{
        if (!conn->pg || !PQpipelineSync(conn->pg)) {
                pgconn_drop(conn, conn->pg ? PQerrorMessage(conn->pg) : NULL);
                return;
        }
        is_due(conn);
        flush(conn);
}

void pgconn_single_rows(struct pgconn *conn)
{
        if (conn->pipeline)
                PQsetSingleRowMode(conn->pg);
        else
                conn->single_row = true;
}
