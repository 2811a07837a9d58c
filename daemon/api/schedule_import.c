/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schedule.import: a programme's file into the draft, in one transaction. The file is read, and laid over a copy of
 * what stands, on a helper thread; what came of it goes into the batch in slices, unless something changed meanwhile:
 * then it is laid over anew, while the change's claim keeps others of this daemon waiting.
 */
#include <string.h>

#include "api/ahead.h"
#include "api/api.h"
#include "api/methods.h"
#include "api/noun.h"
#include "api/params.h"
#include "api/placing.h"
#include "api/programme_lay.h"
#include "base/zone.h"
#include "exchange/frab_json.h"
#include "exchange/frab_xml.h"

enum { SLICE_US = 1000 };

struct import {
        const char *body, *format; /* the call's own parameters */
        struct programme_file file;
        bool is_read;
        int outcome;
        struct programme_lay lay;
        /* The decision, over several turns of the loop. */
        unsigned attempt; /* the store's count of them: another one begins anew */
        size_t at;
};

static void import_release(void *own)
{
        struct import *import = own;

        programme_lay_deinit(&import->lay);
        programme_file_deinit(&import->file);
        free(import);
}

/* ---- on a helper thread ---- */

/* Times without a zone are in the event's. */
static void read_file(struct ahead *ahead)
{
        struct import *import = ahead->own;
        const struct programme_event *event = programme_event(ahead->copy, &ahead->event);
        struct programme_file_options options = { event->zone, event->day_starts_minutes };
        size_t length = strlen(import->body);

        if (strcmp(import->format, "frab-xml") == 0)
                import->outcome = frab_xml_read(import->body, length, &options, &import->file);
        else
                import->outcome = frab_json_read(import->body, length, &options, &import->file);
        import->is_read = true;
        if (ahead->call->has_request_key)
                call_digest(ahead->call);
}

static void lay_file(struct ahead *ahead)
{
        struct import *import = ahead->own;

        if (!import->is_read)
                read_file(ahead);
        if (import->outcome != 0)
                return;
        import->lay.programme = ahead->copy;
        import->lay.event = ahead->event;
        import->lay.by = ahead->call->label;
        import->lay.at = ahead->at;
        programme_lay_file(&import->lay, &import->file);
}

/* ---- the decision ---- */

/* The event may say other times now: the file is read anew with it. */
static void lay_reset(struct ahead *ahead)
{
        struct import *import = ahead->own;

        programme_lay_deinit(&import->lay);
        programme_file_deinit(&import->file);
        import->is_read = false;
}

static void fail_file(struct call *call, const struct import *import)
{
        const struct programme_file *file = &import->file;
        struct buffer expected = BUFFER_NULL;

        buffer_addf(&expected, "a programme in %s", import->format);
        if (file->error)
                buffer_addf(&expected, ": %s", file->error);
        if (file->error_line > 0)
                buffer_addf(&expected, " (line %d)", file->error_line);
        call_fail_params(call, "/body", buffer_text(&expected));
        buffer_deinit(&expected);
}

static enum decision import_decide(struct call *call, struct batch *batch)
{
        struct ahead *ahead = call->own;
        struct import *import = ahead->own;
        const struct rowlist *rows = &import->lay.rows;
        int64_t until_us = clock_monotonic_us() + SLICE_US;
        enum decision decision;

        if (import->attempt != call->change.attempts)
                import->at = 0;
        import->attempt = call->change.attempts;
        if (!ahead_holds(ahead, &decision))
                return decision;
        if (import->outcome != 0)
                return CALL_ANSWERED(fail_file(call, import));
        while (import->at < rows->count) {
                batch_add_row(batch, rows->rows[import->at++]);
                if (clock_monotonic_us() > until_us)
                        return DECISION_MORE;
        }
        buffer_add(&call->kept, import->lay.result.data, import->lay.result.length);
        if (!import->lay.changes)
                return call_unchanged(call, batch);
        programme_step_add(batch, call->event->family);
        return call_record(call, batch);
}

/* ---- the call ---- */

static void file_laid(struct ahead *ahead)
{
        struct import *import = ahead->own;
        struct call *call = ahead->call;

        if (import->outcome != 0) {
                fail_file(call, import);
                return;
        }
        if (call_bool(call, "dry_run", false)) {
                call_answer_taken(call, &import->lay.result);
                return;
        }
        call->change.bulk = true;
        call_claim_programme(call, call->event->family);
        call_submit(call, &call->event->family->uuid, import_decide);
}

static void schedule_import(struct call *call)
{
        struct import *import = xcalloc(1, sizeof(*import));
        struct ahead *ahead = ahead_new(call, lay_file, file_laid, import, import_release);

        ahead->reset = lay_reset;
        import->body = call_text(call, "body");
        import->format = call_text(call, "format");
        programme_file_init(&import->file);
        ahead_start(ahead);
}

static const char *const format_words[] = { "frab-json", "frab-xml", NULL };
static const struct param import_params[] = {
        P_EVENT,
        P_WORDS("format", REQ, format_words, NULL, "the file's format"),
        P_RANGE("body", PARAM_TEXT, REQ, 1, 16 << 20, "the file"),
        P_DRY_RUN,
        PARAM_END,
};
static const struct param skipped_members[] = {
        P("what", PARAM_TEXT, REQ, NULL),
        P("id", PARAM_TEXT, NUL, NULL),
        P("why", PARAM_TEXT, REQ, NULL),
        PARAM_END,
};
static const struct param skipped_item[] = { P_OBJECT(NULL, 0, skipped_members, NULL) };
static const struct param import_result[] = {
        P("rooms", PARAM_INT, REQ, "so many the file holds"),
        P("tracks", PARAM_INT, REQ, NULL),
        P("speakers", PARAM_INT, REQ, NULL),
        P("sessions", PARAM_INT, REQ, NULL),
        P("placed", PARAM_INT, REQ, NULL),
        P("unchanged", PARAM_INT, REQ, "of the four nouns, so many stood there alike"),
        P_ARRAY("conflicts", REQ, 0, conflict_item, "kept as accepted ones"),
        P_ARRAY("skipped", REQ, 0, skipped_item, "what was not taken as it stands"),
        PARAM_END,
};

const struct method schedule_import_method = {
        .name = "schedule.import",
        .role = ROLE_ORGANISER,
        .summary = "lays a programme's file over the draft",
        .flags = METHOD_CHANGES | METHOD_EVENT,
        .params = import_params,
        .result = import_result,
        .errors = place_errors,
        .handle = schedule_import,
};
