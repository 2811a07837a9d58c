/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first reading: migrations where they are due, then where the feed stands, then every row of every family, one by
 * one as they arrive. The places are read before the rows, so what changes meanwhile is fed later; a row that is as
 * old as what memory holds does nothing there.
 */
#include "store/private.h"

#include <event2/event.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/log.h"

enum loader_step {
        LOAD_VERSION_TABLE,
        LOAD_VERSION,
        LOAD_MIGRATE,
        LOAD_GRANT,
        LOAD_FAMILIES,
        LOAD_PLACES,
        LOAD_BEGIN,
        LOAD_ROWS,
        LOAD_TOMBSTONES,
        LOAD_COMMIT,
        LOAD_REFUSED,
        LOAD_DONE
};

enum { SILENT_SECONDS = 60 };

struct loader {
        struct store *store;
        struct pgconn conn;
        enum loader_step step;
        int version, newest;
        bool granted; /* the private cluster's daemon may do its work */
        struct uuid *families;
        size_t family_count, family, record;
        struct places *places; /* of each family, as they were before any row was read */
        int pass;
        struct row_source source; /* of the record that is read */
        char *error;
        bool denied; /* the error: for want of a right */
};

/* ---- rows ---- */

static bool get_value(const void *result, int line, int column, const char **data, int *length)
{
        if (PQgetisnull(result, line, column))
                return false;
        *data = PQgetvalue(result, line, column);
        *length = PQgetlength(result, line, column);
        return true;
}

static void find_columns(struct row_source *source, const struct record *record, const PGresult *result)
{
        source->get = get_value;
        source->family_column = PQfnumber(result, "family_id");
        source->event_column = PQfnumber(result, "event_id");
        source->id_column = PQfnumber(result, "id");
        source->version_column = PQfnumber(result, "version");
        for (size_t i = 0; i < record->count; i++)
                source->columns[i] = PQfnumber(result, record->fields[i].name);
}

static void apply_one(void *context, void *row)
{
        struct store *store = context;

        store->handlers.apply(store->handlers.context, row, false);
        row_unref(row);
}

size_t rows_read(const struct record *record, struct row_source *source, const PGresult *result,
        void (*take)(void *context, void *row), void *context)
{
        size_t unread = 0;

        if (!source->get)
                find_columns(source, record, result);
        source->result = result;
        for (int line = 0; line < PQntuples(result); line++) {
                void *row = NULL;

                if (row_from_source(record, source, line, &row) != 0) {
                        log_error("a row of %s cannot be read", record->kind);
                        unread++;
                        continue;
                }
                take(context, row);
        }
        return unread;
}

void rows_apply(
        struct store *store, const struct record *record, struct row_source *source, const PGresult *result)
{
        if (rows_read(record, source, result, apply_one, store))
                store->unsure = true;
}

/* ---- migrations ---- */

static void loader_fail(struct loader *loader, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void loader_fail(struct loader *loader, const char *format, ...)
{
        struct store *store = loader->store;
        va_list arguments;
        char why[1024];

        va_start(arguments, format);
        vsnprintf(why, sizeof(why), format, arguments);
        va_end(arguments);
        pgconn_stop(&loader->conn);
        store_fail(store, why);
}

static void send_migration(struct loader *loader, int number)
{
        _cleanup_(buffer_deinit) struct buffer script = BUFFER_NULL;

        if (migration_script(loader->store->settings.sql_dir, number, &script) < 0) {
                loader_fail(loader, "the migration %d in %s cannot be read", number,
                        loader->store->settings.sql_dir);
                return;
        }
        log_info("migrating the database to version %d", number);
        loader->step = LOAD_MIGRATE;
        pgconn_send_script(&loader->conn, script.data);
}

/* ---- steps ---- */

static void load_next_family(struct loader *loader);

static void ask_families(struct loader *loader)
{
        loader->step = LOAD_FAMILIES;
        pgconn_send(&loader->conn, "SELECT * FROM usher.families()", 0, NULL, true);
}

static void version_known(struct loader *loader)
{
        struct store *store = loader->store;

        loader->newest = migrations_newest(store->settings.sql_dir);
        if (loader->newest <= 0) {
                loader_fail(loader,
                        "no migrations are found in %s: is usherd installed? sql_dir in its settings says "
                        "where they are",
                        store->settings.sql_dir);
        } else if (loader->version > loader->newest) {
                loader_fail(loader,
                        "the database's schema is version %d, newer than this usherd knows (%d): run a newer "
                        "usherd, nothing was changed",
                        loader->version, loader->newest);
        } else if (loader->version < loader->newest) {
                send_migration(loader, loader->version + 1);
        } else if (store->cluster && !loader->granted) {
                loader->granted = true;
                loader->step = LOAD_GRANT;
                pgconn_send_script(&loader->conn, "DO $$ BEGIN CREATE ROLE usherd_daemon LOGIN; EXCEPTION "
                                                  "WHEN duplicate_object THEN NULL; END $$;"
                                                  "SELECT usher.grant_to('usherd_daemon')");
        } else if (store->settings.migrate_only) {
                loader->step = LOAD_DONE;
                pgconn_stop(&loader->conn);
                store->handlers.loaded(store->handlers.context);
        } else {
                ask_families(loader);
        }
}

static void ask_version(struct loader *loader)
{
        loader->step = LOAD_VERSION_TABLE;
        pgconn_send(&loader->conn, "SELECT to_regclass('usher.schema_version') IS NOT NULL", 0, NULL, false);
}

static void ask_of_family(struct loader *loader, const char *sql, bool binary)
{
        char uuid[37];
        const char *values[] = { uuid };

        uuid_format(&loader->families[loader->family], uuid);
        pgconn_send(&loader->conn, sql, 1, values, binary);
}

/*
 * A family's rows are of one moment. Parts of a whole come before it, and what sums up behind all else: to whoever decides
 * meanwhile the whole, or the sum, has the version before, and so is stale when the decision is recorded.
 */
enum load_pass { PASS_PARTS, PASS_ROWS, PASS_SUMS };

static enum load_pass pass_of(const struct record *record)
{
        if (record->sums_up)
                return PASS_SUMS;
        return record_is_part(record) ? PASS_PARTS : PASS_ROWS;
}

static void load_next_record(struct loader *loader);

static void load_pass(struct loader *loader, enum load_pass pass)
{
        loader->pass = pass;
        loader->record = 0;
        load_next_record(loader);
}

static void pass_ended(struct loader *loader)
{
        if (loader->pass == PASS_PARTS) {
                load_pass(loader, PASS_ROWS);
        } else if (loader->pass == PASS_ROWS) {
                loader->step = LOAD_TOMBSTONES;
                ask_of_family(
                        loader, "SELECT kind, event_id, id, version FROM usher.tombstones($1::uuid)", true);
        } else {
                loader->step = LOAD_COMMIT;
                pgconn_send(&loader->conn, "COMMIT", 0, NULL, false);
        }
}

static void load_next_record(struct loader *loader)
{
        const struct record *const *records = loader->store->handlers.records;
        char sql[96];

        while (records[loader->record] && pass_of(records[loader->record]) != (enum load_pass)loader->pass)
                loader->record++;
        if (!records[loader->record]) {
                pass_ended(loader);
                return;
        }
        loader->step = LOAD_ROWS;
        loader->source.get = NULL;
        snprintf(sql, sizeof(sql), "SELECT * FROM usher.load_%s($1::uuid)", records[loader->record]->kind);
        pgconn_single_rows(&loader->conn);
        ask_of_family(loader, sql, true);
}

static void load_next_family(struct loader *loader)
{
        if (loader->family == loader->family_count) {
                struct store *store = loader->store;

                loader->step = LOAD_DONE;
                pgconn_stop(&loader->conn);
                store_is_loaded(store);
                return;
        }
        loader->step = LOAD_BEGIN;
        pgconn_send(&loader->conn, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", 0, NULL, false);
}

/* Scans up to the places are counted by the database, those behind them one by one as the feed brings them. */
static void load_refused(struct loader *loader)
{
        struct feed_family *family = feed_family(&loader->store->feed, &loader->families[loader->family]);
        _cleanup_(buffer_deinit) struct buffer writers = BUFFER_NULL, seqs = BUFFER_NULL;
        const char *values[3];
        char uuid[37];

        loader->step = LOAD_REFUSED;
        for (size_t i = 0; i < family->places.count; i++)
                places_advance(&family->scans, &family->places.items[i].writer, family->places.items[i].seq);
        places_write(&family->places, &writers, &seqs);
        uuid_format(&family->family, uuid);
        values[0] = uuid;
        values[1] = writers.data;
        values[2] = seqs.data;
        pgconn_send(&loader->conn,
                "SELECT event_id, checkpoint, reason, count FROM usher.refused($1::uuid, $2::uuid[], "
                "$3::bigint[])",
                3, values, false);
}

/* Now the feed may go on from there: before, it would have passed over what memory had nowhere to keep. */
static void rows_are_loaded(struct loader *loader)
{
        struct feed_family *family = feed_family(&loader->store->feed, &loader->families[loader->family]);
        const struct places *places = &loader->places[loader->family];

        for (size_t i = 0; i < places->count; i++)
                places_advance(&family->places, &places->items[i].writer, places->items[i].seq);
        if (!loader->store->loaded) {
                load_refused(loader);
                return;
        }
        /* Read anew: the scans have been counted all the time. */
        loader->family++;
        load_next_family(loader);
}

static void take_refused(struct loader *loader, const PGresult *result)
{
        const struct store_handlers *handlers = &loader->store->handlers;

        for (int line = 0; line < PQntuples(result); line++) {
                struct uuid event;

                uuid_parse(PQgetvalue(result, line, 0), &event);
                handlers->apply_refused(handlers->context, &event, PQgetvalue(result, line, 1),
                        PQgetvalue(result, line, 2), strtoll(PQgetvalue(result, line, 3), NULL, 10));
        }
}

/* All of them before any row: a row of an event that is made meanwhile, and nowhere to be kept yet, is fed later. */
static void load_next_places(struct loader *loader)
{
        if (loader->family == loader->family_count) {
                loader->family = 0;
                load_next_family(loader);
                return;
        }
        loader->step = LOAD_PLACES;
        ask_of_family(loader, "SELECT writer, seq FROM usher.places($1::uuid)", true);
}

static void add_family(struct loader *loader, const struct uuid *family)
{
        loader->families = xrealloc(loader->families, (loader->family_count + 1) * sizeof(*loader->families));
        loader->places = xrealloc(loader->places, (loader->family_count + 1) * sizeof(*loader->places));
        loader->places[loader->family_count] = (struct places){ NULL, 0, 0 };
        loader->families[loader->family_count++] = *family;
}

static void forget_families(struct loader *loader)
{
        while (loader->family_count)
                places_deinit(&loader->places[--loader->family_count]);
        loader->family = 0;
}

static void take_place(struct loader *loader, const PGresult *result, int line)
{
        const unsigned char *data = (const unsigned char *)PQgetvalue(result, line, 1);
        struct uuid writer;
        uint64_t seq = 0;

        memcpy(writer.bytes, PQgetvalue(result, line, 0), 16);
        for (int i = 0; i < 8; i++)
                seq = seq << 8 | data[i];
        places_advance(&loader->places[loader->family], &writer, (int64_t)seq);
}

static void take_tombstone(struct loader *loader, const PGresult *result, int line)
{
        struct store *store = loader->store;
        const struct record *record = store_record(store, PQgetvalue(result, line, 0));
        const unsigned char *data = (const unsigned char *)PQgetvalue(result, line, 3);
        struct row *template, *gone;
        uint64_t version = 0;

        if (!record)
                return;
        for (int i = 0; i < 8; i++)
                version = version << 8 | data[i];
        template = xcalloc(1, record->size);
        row_clear(template, record);
        template->family = loader->families[loader->family];
        memcpy(template->event.bytes, PQgetvalue(result, line, 1), 16);
        template->id = PQgetvalue(result, line, 2);
        gone = row_tombstone(template, (int64_t)version);
        store->handlers.apply(store->handlers.context, gone, false);
        row_unref(gone);
        free(template);
}

static void conn_result(void *context, PGresult *result)
{
        struct loader *loader = context;
        ExecStatusType status = PQresultStatus(result);

        if (status == PGRES_FATAL_ERROR && pgconn_error_passes(result)) {
                pgconn_drop(&loader->conn,
                        PQresultErrorMessage(result)); /* from the beginning, when it is back */
                return;
        }
        if (status == PGRES_FATAL_ERROR) {
                free(loader->error);
                loader->error = xstrdup(PQresultErrorMessage(result));
                loader->denied = strcmp(PQresultErrorField(result, PG_DIAG_SQLSTATE), "42501") == 0;
                return;
        }
        switch (loader->step) {
        case LOAD_VERSION_TABLE:
                loader->version = PQntuples(result) && PQgetvalue(result, 0, 0)[0] == 't' ? -1 : 0;
                return;
        case LOAD_VERSION:
                loader->version = PQntuples(result) ? atoi(PQgetvalue(result, 0, 0)) : 0;
                return;
        case LOAD_FAMILIES:
                for (int line = 0; line < PQntuples(result); line++) {
                        struct uuid family;

                        memcpy(family.bytes, PQgetvalue(result, line, 0), 16);
                        add_family(loader, &family);
                }
                return;
        case LOAD_PLACES:
                for (int line = 0; line < PQntuples(result); line++)
                        take_place(loader, result, line);
                return;
        case LOAD_ROWS:
                if (status == PGRES_SINGLE_TUPLE)
                        rows_apply(loader->store, loader->store->handlers.records[loader->record],
                                &loader->source, result);
                return;
        case LOAD_TOMBSTONES:
                for (int line = 0; line < PQntuples(result); line++)
                        take_tombstone(loader, result, line);
                return;
        case LOAD_REFUSED:
                take_refused(loader, result);
                return;
        case LOAD_MIGRATE:
        case LOAD_GRANT:
        case LOAD_BEGIN:
        case LOAD_COMMIT:
        case LOAD_DONE:
                return;
        }
}

static void migration_ended(struct loader *loader)
{
        if (loader->error && strstr(loader->error, "migrated meanwhile")) {
                free(loader->error);
                loader->error = NULL;
                pgconn_send_script(&loader->conn, "ROLLBACK");
                return;
        }
        if (loader->error) {
                loader_fail(loader,
                        "the migration failed, and nothing of it was kept: %s"
                        "the schema is made and changed by its owner: usherd -d CONNINFO migrate",
                        loader->error);
                return;
        }
        ask_version(loader);
}

static void conn_end(void *context)
{
        struct loader *loader = context;

        if (loader->error && loader->step != LOAD_MIGRATE) {
                loader_fail(loader, "the database cannot be read: %s%s", loader->error,
                        loader->denied
                                ? "what usherd logs in as has to be a member of the role usherd, which "
                                  "usherd -d CONNINFO migrate makes"
                                : "");
                return;
        }
        switch (loader->step) {
        case LOAD_VERSION_TABLE:
                if (loader->version == 0) {
                        version_known(loader);
                        return;
                }
                loader->step = LOAD_VERSION;
                pgconn_send(&loader->conn, "SELECT max(version) FROM usher.schema_version", 0, NULL, false);
                return;
        case LOAD_VERSION:
                version_known(loader);
                return;
        case LOAD_MIGRATE:
                migration_ended(loader);
                return;
        case LOAD_GRANT:
                version_known(loader);
                return;
        case LOAD_FAMILIES:
                load_next_places(loader);
                return;
        case LOAD_PLACES:
                loader->family++;
                load_next_places(loader);
                return;
        case LOAD_ROWS:
                loader->record++;
                load_next_record(loader);
                return;
        case LOAD_BEGIN:
                load_pass(loader, PASS_PARTS);
                return;
        case LOAD_TOMBSTONES:
                load_pass(loader, PASS_SUMS);
                return;
        case LOAD_COMMIT:
                rows_are_loaded(loader);
                return;
        case LOAD_REFUSED:
                loader->family++;
                load_next_family(loader);
                return;
        case LOAD_DONE:
                return;
        }
}

static void conn_ready(void *context)
{
        struct loader *loader = context;

        free(loader->error);
        loader->error = NULL;
        forget_families(loader);
        add_family(loader, &UUID_NIL);
        ask_version(loader);
}

static void conn_lost(void *context, const char *why)
{
        struct loader *loader = context;
        struct store *store = loader->store;

        if (store->complained || store->stopping)
                return;
        store->complained = true;
        log_warning("the database cannot be reached (%s); trying again until it can", why);
}

void loader_start(struct store *store, const char *conninfo)
{
        struct pgconn_handlers handlers = {
                .ready = conn_ready, .lost = conn_lost, .result = conn_result, .end = conn_end
        };
        struct loader *loader = xcalloc(1, sizeof(*loader));

        loader_free(store->loader);
        store->loader = loader;
        loader->store = store;
        handlers.context = loader;
        pgconn_init(&loader->conn, store->base, false, &handlers);
        pgconn_start(&loader->conn, conninfo);
}

bool loader_is_busy(const struct loader *loader)
{
        return loader && loader->step != LOAD_DONE;
}

/* Migrations take their time, and wait for each other. */
void loader_expire(struct loader *loader, int64_t now_us)
{
        if (loader && loader->step != LOAD_MIGRATE &&
                pgconn_silent_us(&loader->conn, now_us) > SILENT_SECONDS * INSTANT_SECOND)
                pgconn_drop(&loader->conn, "the database says nothing any more");
}

void loader_free(struct loader *loader)
{
        if (!loader)
                return;
        pgconn_deinit(&loader->conn);
        forget_families(loader);
        free(loader->places);
        free(loader->families);
        free(loader->error);
        free(loader);
}
