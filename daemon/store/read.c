/* SPDX-License-Identifier: Apache-2.0 */
/* Single statements that read, pipelined on connections of their own; asked again when one was lost. */
#include "store/private.h"

#include <string.h>

struct store_result {
        const PGresult *result;
};

struct read_request {
        char *sql;
        char **values;
        size_t count;
        int64_t deadline_us, asked_us;
        bool patient;
        void (*done)(void *context, enum outcome outcome, const struct store_result *result);
        void *context;
        bool answered; /* its result came, its sync is due */
        struct read_request *next;
};

size_t result_lines(const struct store_result *result)
{
        return (size_t)PQntuples(result->result);
}

const char *result_text(const struct store_result *result, size_t line, size_t column)
{
        if (PQgetisnull(result->result, (int)line, (int)column))
                return NULL;
        return PQgetvalue(result->result, (int)line, (int)column);
}

static void request_free(struct read_request *request)
{
        for (size_t i = 0; i < request->count; i++)
                free(request->values[i]);
        free(request->values);
        free(request->sql);
        free(request);
}

static void send_one(struct reader *reader, const struct read_request *request)
{
        reader->sent++;
        pgconn_send(&reader->conn, request->sql, (int)request->count, (const char *const *)request->values,
                false);
        pgconn_sync(&reader->conn);
}

/* Behind as few as may be, for one may take as long as its caller has. */
static struct reader *reader_for(struct store *store, enum read_way way)
{
        struct reader *found = NULL;

        for (size_t i = 0; i < READERS; i++) {
                struct reader *reader = &store->readers[i];

                if (reader->way == way && (!found || reader->queued < found->queued))
                        found = reader;
        }
        return found;
}

void store_read(struct store *store, enum read_way way, bool patient, const char *sql, size_t count,
        const char *const *values, int64_t deadline_us,
        void (*done)(void *context, enum outcome outcome, const struct store_result *result), void *context)
{
        struct reader *reader = reader_for(store, way);
        struct read_request *request = xcalloc(1, sizeof(*request));

        request->sql = xstrdup(sql);
        request->values = xcalloc(count + 1, sizeof(char *));
        request->count = count;
        request->deadline_us = deadline_us;
        request->asked_us = clock_monotonic_us();
        request->patient = patient;
        request->done = done;
        request->context = context;
        for (size_t i = 0; i < count; i++)
                request->values[i] = values[i] ? xstrdup(values[i]) : NULL;
        *reader->last = request;
        reader->last = &request->next;
        reader->queued++;
        if (reader->ready)
                send_one(reader, request);
}

/* The oldest is over; whoever was called is gone, or asks the next. */
static void pop(struct reader *reader)
{
        struct read_request *request = reader->first;

        reader->first = request->next;
        reader->queued--;
        if (!reader->first)
                reader->last = &reader->first;
        request_free(request);
}

static void conn_result(void *context, PGresult *result)
{
        struct reader *reader = context;
        struct read_request *request = reader->first;
        struct store_result answer = { result };
        void (*done)(void *, enum outcome, const struct store_result *) = request ? request->done : NULL;

        if (!request)
                return;
        if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
                reader->sent--;
                pop(reader);
                return;
        }
        if (request->answered || !done)
                return;
        if (PQresultStatus(result) == PGRES_FATAL_ERROR && pgconn_error_passes(result)) {
                pgconn_drop(&reader->conn, PQresultErrorMessage(result)); /* it is asked again on the next */
                return;
        }
        request->answered = true;
        request->done = NULL;
        if (PQresultStatus(result) == PGRES_TUPLES_OK)
                done(request->context, OUTCOME_DONE, &answer);
        else
                done(request->context, OUTCOME_REFUSED, NULL);
}

/* Nobody waits for them any more. */
static void forget_over(struct reader *reader)
{
        struct read_request **link = &reader->first;

        while (*link) {
                struct read_request *request = *link;

                if (request->done) {
                        link = &request->next;
                        continue;
                }
                *link = request->next;
                reader->queued--;
                request_free(request);
        }
        reader->last = link;
}

/* Before all else, for nobody. */
static void set_up(struct reader *reader)
{
        struct read_request *request = xcalloc(1, sizeof(*request));

        request->sql = xstrdup("SELECT usher.begin_reading()");
        request->values = xcalloc(1, sizeof(char *));
        request->next = reader->first;
        if (!reader->first)
                reader->last = &request->next;
        reader->first = request;
        reader->queued++;
}

static void conn_ready(void *context)
{
        struct reader *reader = context;

        reader->ready = true;
        reader->sent = 0;
        forget_over(reader);
        set_up(reader);
        for (struct read_request *request = reader->first; request && reader->ready; request = request->next)
                send_one(reader, request);
}

static void conn_lost(void *context, const char *why)
{
        struct reader *reader = context;

        (void)why;
        reader->ready = false;
}

/* Whether the feed, which asks all the time, has lost its server since ours said its last word. */
static bool is_server_doubtful(const struct reader *reader)
{
        const struct feed *feed = &reader->store->feed;

        return !feed->ready || feed->conn.ready_us > reader->conn.heard_us;
}

/* A server that says nothing for long is given up; but what reads through a log has the time that its caller has. */
static bool hangs(const struct reader *reader, int64_t now_us)
{
        const struct read_request *first = reader->first;

        if (pgconn_silent_us(&reader->conn, now_us) <= reader->store->settings.batch_deadline_us)
                return false;
        return reader->way != READ_THROUGH || !first || !first->done || is_server_doubtful(reader);
}

/* Whoever can wait no longer is told so; an answer that comes all the same goes nowhere. */
void reader_expire(struct reader *reader, int64_t now_us)
{
        for (struct read_request *request = reader->first; request; request = request->next) {
                void (*done)(void *, enum outcome, const struct store_result *) = request->done;

                if (!done || store_due_us(reader->store, request->patient, request->asked_us,
                                     request->deadline_us) > now_us)
                        continue;
                request->done = NULL;
                done(request->context, OUTCOME_UNKNOWN, NULL);
        }
        if (hangs(reader, now_us))
                pgconn_drop(&reader->conn, "a read was not answered in time");
}

void reader_init(struct reader *reader, struct store *store, enum read_way way)
{
        struct pgconn_handlers handlers = {
                .context = reader, .ready = conn_ready, .lost = conn_lost, .result = conn_result
        };

        memset(reader, 0, sizeof(*reader));
        reader->store = store;
        reader->way = way;
        reader->last = &reader->first;
        pgconn_init(&reader->conn, store->base, true, &handlers);
}

void reader_deinit(struct reader *reader)
{
        pgconn_deinit(&reader->conn);
        while (reader->first)
                pop(reader);
}
