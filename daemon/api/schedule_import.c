/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schedule.import: a programme's file into the draft, in one transaction. The file is read, and laid over a copy of
 * what stands, on a helper thread; what came of it goes into the batch in slices, unless something changed meanwhile:
 * then it is laid over anew, while the change's claim keeps others of this daemon waiting.
 */
#include <string.h>

#include "api/api.h"
#include "api/methods.h"
#include "api/noun.h"
#include "api/params.h"
#include "api/placing.h"
#include "api/programme_lay.h"
#include "base/workers.h"
#include "base/zone.h"
#include "exchange/frab_json.h"
#include "exchange/frab_xml.h"

enum { SLICE_US = 1000, REST_MS = 2 };

struct import {
        struct call *call;
        struct workers *workers;
        const char *body, *format; /* the call's own parameters */
        struct zone *zone; /* the event's, read anew: the event may change meanwhile */
        struct programme_file_options options;
        struct programme_file file;
        int outcome;
        struct programme_lay *lay;
        bool running; /* a helper thread has it … */
        bool abandoned; /* … and the call is gone */
        bool dropped;
        unsigned attempt; /* the store's count of them: another one begins anew */
        size_t at;
};

static void import_release(void *job)
{
        struct import *import = job;

        programme_lay_free(import->lay);
        programme_file_deinit(&import->file);
        zone_free(import->zone);
        free(import);
}

static void import_released(void *job, int dropped)
{
        if (dropped)
                import_release(job);
}

/* It is large: it is let go where it was made. */
static void import_free(void *own)
{
        struct import *import = own;

        if (import->running)
                import->abandoned = true;
        else
                workers_submit(import->workers, import_release, import_released, import);
}

/* ---- on a helper thread ---- */

static void read_file(void *job)
{
        struct import *import = job;
        size_t length = strlen(import->body);

        if (strcmp(import->format, "frab-xml") == 0)
                import->outcome = frab_xml_read(import->body, length, &import->options, &import->file);
        else
                import->outcome = frab_json_read(import->body, length, &import->options, &import->file);
        if (import->call->has_request_key)
                call_digest(import->call);
}

static void lay_file(void *job)
{
        struct import *import = job;

        programme_lay_file(import->lay, &import->file);
}

/* ---- the decision ---- */

static void lay_start(struct import *import, void (*done)(void *job, int dropped))
{
        struct call *call = import->call;

        programme_lay_free(import->lay);
        import->lay = programme_lay_new(call->event->family->programme, &event_row(call->event)->event_uuid,
                call->label, clock_now());
        import->running = true;
        workers_submit(import->workers, lay_file, done, import);
}

static bool was_abandoned(struct import *import, int dropped)
{
        import->running = false;
        import->dropped = import->dropped || dropped;
        if (import->abandoned)
                import_free(import);
        return import->abandoned;
}

static void laid_again(void *job, int dropped)
{
        was_abandoned(job, dropped);
}

static enum decision wait_for_it(struct import *import)
{
        import->call->change.rest_ms = REST_MS;
        return DECISION_MORE;
}

static enum decision import_decide(struct call *call, struct batch *batch)
{
        struct import *import = call->own;
        const struct rowlist *rows = &import->lay->rows;
        int64_t until_us = clock_monotonic_us() + SLICE_US;

        if (import->attempt != call->change.attempts)
                import->at = 0;
        import->attempt = call->change.attempts;
        if (import->running)
                return wait_for_it(import);
        if (import->dropped)
                return CALL_ANSWERED(call_fail_unavailable(call, true));
        if (!programme_lay_holds(import->lay, call->event->family->programme)) {
                lay_start(import, laid_again);
                return wait_for_it(import);
        }
        call->change.rest_ms = 0;
        while (import->at < rows->count) {
                batch_add_row(batch, &call->change, rows->rows[import->at++]);
                if (clock_monotonic_us() > until_us)
                        return DECISION_MORE;
        }
        buffer_add(&call->kept, import->lay->result.data, import->lay->result.length);
        if (!import->lay->changes)
                return call_unchanged(call, batch);
        programme_step_add(call, batch, call->event->family);
        return call_record(call, batch);
}

/* ---- the call ---- */

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

/* Between two steps of the call: false when there is no going on. */
static bool goes_on(struct import *import, int dropped)
{
        struct call *call = import->call;

        import->running = false;
        if (dropped) {
                call_fail_unavailable(call, true);
                return false;
        }
        call->event = state_event(&call->api->state, call_text(call, "event"));
        if (!call->event) {
                call_fail_not_found(call, "event", call_text(call, "event"));
                return false;
        }
        if (import->outcome != 0) {
                fail_file(call, import);
                return false;
        }
        return true;
}

static void file_laid(void *job, int dropped)
{
        struct import *import = job;
        struct call *call = import->call;

        if (!goes_on(import, dropped))
                return;
        if (call_bool(call, "dry_run", false)) {
                call_answer_taken(call, &import->lay->result);
                return;
        }
        call->change.bulk = true;
        call_claim_programme(call, call->event->family);
        call_submit(call, &call->event->family->uuid, import_decide);
}

static void file_read(void *job, int dropped)
{
        struct import *import = job;

        if (goes_on(import, dropped))
                lay_start(import, file_laid);
}

static void schedule_import(struct call *call)
{
        struct import *import = xcalloc(1, sizeof(*import));

        import->call = call;
        import->workers = call->api->workers;
        import->body = call_text(call, "body");
        import->format = call_text(call, "format");
        if (zone_load(event_row(call->event)->timezone, &import->zone) != 0)
                import->zone = NULL;
        import->options = (struct programme_file_options){ import->zone,
                call->event->programme_event->day_starts_minutes };
        programme_file_init(&import->file);
        call->own = import;
        call->own_free = import_free;
        import->running = true;
        workers_submit(import->workers, read_file, file_read, import);
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
