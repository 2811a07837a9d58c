/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A link: one connection that batches are recorded on. They stand in line there, and the server begins with the next
 * without waiting for us: where it had to be woken for each, it was kept waiting for a processor again and again.
 */
#include "store/private.h"

#include <string.h>

#include "base/log.h"

/* Of who stands behind a batch: a few whole ones should have been recorded by then. */
enum { PATIENCE_US = 50000 };
/* Silence for so much of the time after which a server is given up is cause for doubt. */
enum { DOUBT_SHARE = 4 };

/* ---- who is in line ---- */

void link_join(struct link *link, struct lane *lane)
{
        if (!link->count)
                link->turn_us = clock_monotonic_us();
        if (link->count == link->capacity) {
                link->capacity += 4;
                link->line = xrealloc(link->line, link->capacity * sizeof(link->line[0]));
        }
        link->line[link->count++] = lane;
}

/* The first has been answered, or never will be. NULL: it is answered elsewhere, or nobody's (see links_ask). */
static struct lane *leave(struct link *link)
{
        struct lane *first = link->line[0];

        link->count--;
        memmove(link->line, link->line + 1, link->count * sizeof(link->line[0]));
        link->turn_us = clock_monotonic_us();
        if (link->count && link->line[0])
                lane_comes_first(link->line[0]);
        return first;
}

static bool hangs(const struct link *link, int64_t now_us)
{
        return link->count && now_us - link->turn_us >= TURN_US;
}

bool link_works(const struct link *link, const struct uuid *family, int64_t now_us)
{
        if (!link->count || !link->line[0] || hangs(link, now_us))
                return false;
        return !family || uuid_equal(&link->line[0]->batch.family, family);
}

/* ---- which link ---- */

bool link_is_there(const struct store *store, bool bulk)
{
        for (size_t i = 0; i < store->lane_count; i++)
                if (store->links[i].ready && store->links[i].bulk == bulk)
                        return true;
        return false;
}

static bool is_freer(const struct link *link, const struct link *than, int64_t now_us)
{
        bool hung = hangs(link, now_us), than_hung = hangs(than, now_us);

        return hung == than_hung ? link->count < than->count : than_hung;
}

/* The first with the shortest line: as long as one is enough it is the same one, and its server is warm. */
struct link *link_free(const struct store *store, const struct lane *lane)
{
        int64_t now_us = clock_monotonic_us();
        struct link *found = NULL;

        for (size_t i = 0; i < store->lane_count; i++) {
                struct link *link = &store->links[i];

                if (link->ready && link->bulk == lane->bulk && (!found || is_freer(link, found, now_us)))
                        found = link;
        }
        return found;
}

struct link *link_to_follow(const struct store *store, const struct lane *lane)
{
        int64_t now_us = clock_monotonic_us();

        for (size_t i = 0; i < store->lane_count; i++) {
                struct link *link = &store->links[i];

                if (link->ready && !link->bulk && link->count == 1 &&
                        link_works(link, &lane->batch.family, now_us))
                        return link;
        }
        return NULL;
}

/* ---- time ---- */

static void let_overtake(struct link *link)
{
        for (size_t i = 1; i < link->count; i++) {
                struct lane *lane = link->line[i];
                struct link *other = lane && lane->sent ? link_free(link->store, lane) : NULL;

                if (!other || other->count)
                        continue;
                link->line[i] = NULL;
                lane_overtake(lane, other);
        }
}

void link_expire(struct link *link, int64_t now_us)
{
        bool is_watched = link->count && link->line[0]; /* by the lane that is first */

        if (!is_watched && pgconn_silent_us(&link->conn, now_us) > link->store->settings.batch_deadline_us)
                pgconn_drop(&link->conn, "a connection was not answered in time");
        else if (link->count && now_us - link->turn_us > PATIENCE_US)
                let_overtake(link);
}

static int64_t doubt_us(const struct store *store)
{
        return store->settings.batch_deadline_us / DOUBT_SHARE;
}

/* An import may take its time. */
static bool is_doubtful(const struct store *store, int64_t now_us)
{
        if (pgconn_silent_us(&store->feed.conn, now_us) > doubt_us(store))
                return true;
        for (size_t i = 0; i < store->lane_count; i++)
                if (!store->links[i].bulk &&
                        pgconn_silent_us(&store->links[i].conn, now_us) > doubt_us(store))
                        return true;
        return false;
}

void links_ask(struct store *store, int64_t now_us)
{
        if (!is_doubtful(store, now_us))
                return;
        for (size_t i = 0; i < store->lane_count; i++) {
                struct link *link = &store->links[i];

                if (!link->ready || link->count || now_us - link->turn_us <= doubt_us(store))
                        continue;
                link_join(link, NULL);
                pgconn_sync(&link->conn);
        }
}

/* ---- the connection ---- */

static void conn_ready(void *context)
{
        struct link *link = context;

        link->preparing = true;
        free(link->trouble);
        link->trouble = NULL;
        pgconn_send(&link->conn, "SELECT usher.begin_recording()", 0, NULL, false);
        for (const struct batch_statement *one = batch_statements; one->name && link->preparing; one++)
                pgconn_prepare(&link->conn, one->name, one->sql);
        pgconn_sync(&link->conn);
}

/* What waits for a link, for there was none. */
static void send_unsent(struct store *store)
{
        for (size_t i = 0; i < store->lane_count; i++) {
                struct lane *lane = &store->lanes[i];
                struct link *link = lane->state == LANE_SENT && !lane->sent ? link_free(store, lane) : NULL;

                if (link)
                        lane_send(lane, link);
        }
}

/* Prepared: the server knows usher.record(). */
static void prepared(struct link *link)
{
        link->preparing = false;
        if (link->trouble) {
                pgconn_drop(&link->conn, link->trouble);
                return;
        }
        link->ready = true;
        store_count_turns(link->store, pgconn_is_near(&link->conn));
        store_update_state(link->store);
        send_unsent(link->store);
        store_pump_soon(link->store);
}

static void conn_lost(void *context, const char *why)
{
        struct link *link = context;

        if (!link->ready && !link->store->complained && !link->store->stopping) {
                link->store->complained = true;
                log_warning("the database cannot be reached (%s); trying again", why);
        }
        link->ready = link->preparing = false;
        while (link->count) {
                struct lane *lane = leave(link);

                if (lane)
                        lane_lost(lane);
        }
        store_update_state(link->store);
}

static void prepare_answered(struct link *link, const PGresult *result)
{
        if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
                prepared(link);
        } else if (PQresultStatus(result) == PGRES_FATAL_ERROR && !link->trouble) {
                const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

                link->trouble = xstrdup(message ? message : "it cannot be prepared");
        }
}

static void conn_result(void *context, PGresult *result)
{
        struct link *link = context;
        struct lane *lane = link->count ? link->line[0] : NULL;
        bool doubt = link->conn.replication_doubt;

        if (link->preparing) {
                prepare_answered(link, result);
                return;
        }
        if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
                link->conn.replication_doubt = false;
                if (link->count)
                        leave(link);
                if (lane)
                        lane_synced(lane, doubt);
        } else if (lane) {
                lane_answered(lane, result);
        }
}

void link_init(struct link *link, struct store *store, bool bulk)
{
        struct pgconn_handlers handlers = {
                .context = link, .ready = conn_ready, .lost = conn_lost, .result = conn_result
        };

        *link = (struct link){ .store = store, .bulk = bulk };
        pgconn_init(&link->conn, store->base, true, &handlers);
}

void link_deinit(struct link *link)
{
        pgconn_deinit(&link->conn);
        free(link->trouble);
        free(link->line);
}
