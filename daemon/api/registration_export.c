/* SPDX-License-Identifier: Apache-2.0 */
/*
 * registration.export: a page of the registrations in the order in which they were made, as a piece of a file. Rows are
 * immutable, so the page is written on a helper thread. The erased are nobody, and left out.
 */
#include <string.h>

#include "api/api.h"
#include "api/methods.h"
#include "api/params.h"
#include "api/registration.h"
#include "base/cleanup.h"
#include "base/workers.h"
#include "base/zone.h"
#include "exchange/csv.h"

enum { CURSOR_MAX = 1024 };

struct export_row {
        const struct registration_row *registration;
        const struct credential_row *code; /* NULL: none */
};

struct export
{
        struct call *call;
        bool csv, first, more;
        char *timezone;
        struct export_row *rows;
        size_t count;
        json_t *fields; /* the columns beyond the usual, by name */
        struct buffer result; /* made on the helper thread */
};

static void export_free(void *own)
{
        struct export *export = own;

        for (size_t i = 0; i < export->count; i++) {
                row_unref(export->rows[i].registration);
                row_unref(export->rows[i].code);
        }
        free(export->rows);
        free(export->timezone);
        json_decref(export->fields);
        buffer_deinit(&export->result);
        free(export);
}

/* ---- on a helper thread ---- */

static void write_cell(
        struct csv_writer *writer, const struct export_row *row, const char *column, const struct zone *zone)
{
        const struct registration_row *registration = row->registration;
        char text[64];

        if (strcmp(column, "registration") == 0) {
                csv_write_text(writer, registration->row.id);
        } else if (strcmp(column, "code") == 0) {
                csv_write_text(writer, row->code ? row->code->code : NULL);
        } else if (strcmp(column, "paid") == 0) {
                csv_write_text(writer, registration->paid ? "true" : "false");
        } else if (strcmp(column, "version") == 0) {
                snprintf(text, sizeof(text), "%lld", (long long)registration->row.version);
                csv_write_text(writer, text);
        } else if (strcmp(column, "created_at") == 0) {
                zone_format(zone, registration->created_at, text);
                csv_write_text(writer, text);
        } else {
                csv_write_text(writer, row_text(registration, column));
        }
}

static void write_csv_row(const struct export *export, const struct export_row *row, const struct zone *zone,
        struct buffer *body)
{
        const char *text = row->registration->fields;
        json_t *fields = text ? json_loads(text, 0, NULL) : NULL;
        struct csv_writer writer = CSV_WRITER(body);

        for (size_t i = 0; csv_registration_columns[i]; i++)
                write_cell(&writer, row, csv_registration_columns[i], zone);
        for (size_t i = 0; i < json_array_size(export->fields); i++) {
                const char *name = json_string_value(json_array_get(export->fields, i));

                csv_write_text(&writer, json_string_value(json_object_get(fields, name)));
        }
        csv_write_end(&writer);
        json_decref(fields);
}

static void write_csv_header(const struct export *export, struct buffer *body)
{
        size_t count = json_array_size(export->fields);
        const char **names = xcalloc(count + 1, sizeof(const char *));
        struct csv_writer writer = CSV_WRITER(body);

        for (size_t i = 0; i < count; i++)
                names[i] = json_string_value(json_array_get(export->fields, i));
        csv_write_registration_header(&writer, names, count);
        free(names);
}

static void write_json_row(const struct export_row *row, const struct zone *zone, struct buffer *body)
{
        struct jsonout out = JSONOUT(body);

        json_begin_object(&out);
        json_member_text(&out, "registration", row->registration->row.id);
        row_write_members(row->registration, &out, zone);
        json_member_text(&out, "code", row->code ? row->code->code : NULL);
        json_end_object(&out);
}

/* Returns how many rows the page took. */
static size_t write_body(const struct export *export, const struct zone *zone, struct buffer *body)
{
        size_t n = 0;

        if (export->first && export->csv)
                write_csv_header(export, body);
        else if (export->first)
                buffer_add_char(body, '[');
        for (; n < export->count && body->length < PAGE_BYTES_MAX; n++) {
                if (export->csv) {
                        write_csv_row(export, &export->rows[n], zone, body);
                        continue;
                }
                if (n || !export->first)
                        buffer_add_char(body, ',');
                buffer_add_char(body, '\n');
                write_json_row(&export->rows[n], zone, body);
        }
        return n;
}

/* Where the next page begins, and which fields are its columns: they may have become more by then. */
static void write_next(const struct export *export, size_t taken, struct jsonout *out)
{
        const struct registration_row *last = export->rows[taken - 1].registration;
        char *names = json_dumps(export->fields, JSON_COMPACT), *cursor;

        cursor = xasprintf("%lld/%s/%s", (long long)last->created_at.us, last->row.id, names);
        if (strlen(cursor) > CURSOR_MAX) /* then they are found again */
                cursor[strlen(cursor) - strlen(names)] = '\0';
        json_member_text(out, "next", cursor);
        free(cursor);
        free(names);
}

static void export_work(void *job)
{
        struct export *export = job;
        _cleanup_(buffer_deinit) struct buffer body = BUFFER_NULL;
        struct jsonout out = JSONOUT(&export->result);
        struct zone *zone = NULL;
        size_t taken;
        bool more;

        if (zone_load(export->timezone, &zone) != 0)
                zone = NULL;
        taken = write_body(export, zone, &body);
        more = taken && (export->more || taken < export->count);
        if (!export->csv && !more)
                buffer_add_text(&body, "]\n");
        json_begin_object(&out);
        json_member_text(&out, "content_type",
                export->csv ? "text/csv; charset=utf-8; header=present" : "application/json");
        json_member_text(&out, "body", buffer_text(&body));
        if (more)
                write_next(export, taken, &out);
        else
                json_member_null(&out, "next");
        json_end_object(&out);
        zone_free(zone);
}

static void export_done(void *job, int dropped)
{
        struct export *export = job;

        if (dropped)
                call_fail_unavailable(export->call, true);
        else
                call_answer_taken(export->call, &export->result);
}

/* ---- the call ---- */

static bool is_among(const json_t *columns, const char *name)
{
        for (size_t i = 0; i < json_array_size(columns); i++)
                if (strcmp(json_string_value(json_array_get(columns, i)), name) == 0)
                        return true;
        return false;
}

/* The event's own fields in their order, then what else its registrations bear. */
static json_t *field_columns(const struct event_state *event)
{
        const struct field_names *names = roster_field_names(event->roster);
        const char *declared = event_row(event)->fields;
        json_t *columns = json_array(), *own = declared ? json_loads(declared, 0, NULL) : NULL;

        for (size_t i = 0; i < json_array_size(own); i++)
                json_array_append(columns, json_object_get(json_array_get(own, i), "field"));
        for (size_t i = 0; i < names->count; i++) {
                json_t *name = json_loads(names->quoted[i], JSON_DECODE_ANY, NULL);

                if (!is_among(columns, json_string_value(name)))
                        json_array_append(columns, name);
                json_decref(name);
        }
        json_decref(own);
        return columns;
}

static bool are_texts(const json_t *names)
{
        for (size_t i = 0; i < json_array_size(names); i++)
                if (!json_is_string(json_array_get(names, i)))
                        return false;
        return json_is_array(names);
}

/* "MICROSECONDS/CODE/[names]": false when it is none of ours. */
static bool read_cursor(struct export *export, const char *cursor, struct instant *at, char id[static 16])
{
        int length = 0;
        long long us;

        if (sscanf(cursor, "%18lld/%15[^/]/%n", &us, id, &length) != 2 || !length)
                return false;
        at->us = us;
        if (cursor[length])
                export->fields = json_loads(cursor + length, 0, NULL);
        else
                export->fields = field_columns(export->call->event);
        return are_texts(export->fields);
}

static void take_rows(struct export *export, struct instant at, const char *id, size_t limit)
{
        const struct event_state *event = export->call->event;
        const struct registration_row *row = roster_registration_after(event->roster, at, id);

        export->rows = xcalloc(limit, sizeof(*export->rows));
        for (; row; row = roster_registration_after(event->roster, row->created_at, row->row.id)) {
                if (registration_is(row, "erased"))
                        continue;
                export->more = export->count == limit;
                if (export->more)
                        return;
                export->rows[export->count++] = (struct export_row){ row_ref(row),
                        row_ref(registration_credential(event, row->row.id, "code")) };
        }
}

static void registration_export(struct call *call)
{
        struct export *export = xcalloc(1, sizeof(*export));
        const char *cursor = call_text(call, "cursor");
        struct instant at = INSTANT_NONE;
        char id[16] = "";

        export->call = call;
        call->own = export;
        call->own_free = export_free;
        if (cursor && !read_cursor(export, cursor, &at, id)) {
                call_fail_params(call, "/cursor", "a cursor from an earlier answer");
                return;
        }
        export->csv = strcmp(call_text(call, "format"), "csv") == 0;
        export->first = !cursor;
        if (!cursor)
                export->fields = field_columns(call->event);
        export->timezone = xstrdup(event_row(call->event)->timezone);
        take_rows(export, at, id, (size_t)call_int(call, "limit", 1000));
        workers_submit(call->api->workers, export_work, export_done, export);
}

static const char *const format_words[] = { "csv", "json", NULL };
static const struct param export_params[] = {
        P_EVENT,
        P_WORDS("format", REQ, format_words, NULL, "the file's format"),
        { "limit", PARAM_INT, 0, 1, 1000, NULL, NULL, NULL, "1000", "at most so many registrations a page" },
        P_CURSOR,
        PARAM_END,
};
static const struct param export_result[] = {
        P("content_type", PARAM_TEXT, REQ, NULL),
        P("body", PARAM_TEXT, REQ, "a piece of the file: all pages put together are the whole"),
        P_NEXT,
        PARAM_END,
};
static const char *const export_errors[] = { "not_found", "unavailable", NULL };

const struct method registration_export_method = {
        .name = "registration.export",
        .role = ROLE_ORGANISER,
        .summary = "writes the registrations as a file, a page at a time",
        .flags = METHOD_EVENT,
        .params = export_params,
        .result = export_result,
        .errors = export_errors,
        .handle = registration_export,
};
