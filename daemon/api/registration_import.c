/* SPDX-License-Identifier: Apache-2.0 */
/*
 * registration.import: many rows in one change. Helper threads make the rows ready, a part at a time; then they are
 * laid over what stands and added to the batch, in slices, so that the loop goes on meanwhile.
 */
#include <string.h>

#include "api/api.h"
#include "api/folds.h"
#include "api/import_lay.h"
#include "api/methods.h"
#include "api/params.h"
#include "api/registration.h"
#include "api/seats.h"
#include "base/workers.h"

enum { PART_ROWS = 250, PARTS_MOST = 2, EXPECTED_MOST = 1000, SLICE_US = 1000 };

enum stage { STAGE_LAY, STAGE_ADD };

struct import {
        struct call *call;
        struct workers *workers;
        struct import_source source;
        struct import_row *rows;
        size_t count;
        bool dry_run;
        /* On helper threads. */
        size_t handed, parts; /* rows given out; parts under way */
        bool dropped;
        /* The decision, over several turns of the loop. */
        unsigned attempt; /* the store's count of them: another one begins anew */
        enum stage stage;
        size_t at;
        struct import_lay *lay;
        const struct event_state *event; /* as it was decided on */
        int64_t counts[IMPORT_REFUSED + 1];
        struct buffer results;
        struct jsonout out;
};

static const char *const result_words[] = { "created", "updated", "unchanged", "refused", NULL };

static void rows_release(void *own)
{
        struct import *import = own;

        for (size_t i = 0; i < import->count; i++)
                import_row_deinit(&import->rows[i]);
        free(import->rows);
        free(import);
}

static void rows_released(void *own, int dropped)
{
        if (dropped)
                rows_release(own);
}

/* The rows may take a while. */
static void import_free(void *own)
{
        struct import *import = own;

        import_lay_free(import->lay);
        import_source_deinit(&import->source);
        buffer_deinit(&import->results);
        workers_submit(import->workers, rows_release, rows_released, import);
}

/* ---- the decision ---- */

static void write_outcome(struct import *import, const struct import_outcome *outcome)
{
        const char *registration = outcome->registration;

        if (import->dry_run && outcome->result == IMPORT_CREATED)
                registration = NULL; /* it was only tried */
        json_begin_object(&import->out);
        json_member_text(&import->out, "result", result_words[outcome->result]);
        if (registration)
                json_member_text(&import->out, "registration", registration);
        if (outcome->why)
                json_member_text(&import->out, "why", outcome->why);
        if (outcome->path)
                json_member_text(&import->out, "path", outcome->path);
        json_end_object(&import->out);
}

static void write_result(struct import *import, struct buffer *result)
{
        struct jsonout out = JSONOUT(result);

        json_begin_object(&out);
        for (size_t i = 0; result_words[i]; i++)
                json_member_int(&out, result_words[i], import->counts[i]);
        json_member_raw(&out, "rows", buffer_text(&import->results));
        json_end_object(&out);
}

static void import_begin(struct import *import, struct instant now)
{
        struct call *call = import->call;

        import->attempt = call->change.attempts;
        import->event = call->event;
        import->stage = STAGE_LAY;
        import->at = 0;
        import_lay_free(import->lay);
        import->lay = import_lay_new(call, now);
        memset(import->counts, 0, sizeof(import->counts));
        buffer_clear(&import->results);
        import->out = JSONOUT(&import->results);
        json_begin_array(&import->out);
}

/* False: the slice has ended before the rows have. */
static bool import_lay_some(struct import *import, int64_t until_us)
{
        while (import->at < import->count) {
                struct import_outcome outcome;

                import_lay_row(import->lay, &import->rows[import->at++], &outcome);
                import->counts[outcome.result]++;
                write_outcome(import, &outcome);
                if (clock_monotonic_us() > until_us)
                        return false;
        }
        import_lay_settle(import->lay);
        json_end_array(&import->out);
        import->stage = STAGE_ADD;
        import->at = 0;
        return true;
}

static enum decision import_add_some(struct import *import, struct batch *batch, int64_t until_us)
{
        struct call *call = import->call;

        while (import->at < import_lay_count(import->lay)) {
                if (!import_lay_add(import->lay, batch, import->at++))
                        return CALL_ANSWERED(
                                call_fail_internal(call, "there is no key here to sign a credential with"));
                if (clock_monotonic_us() > until_us)
                        return DECISION_MORE;
        }
        write_result(import, &call->kept);
        if (!import_lay_count(import->lay))
                return call_unchanged(call, batch);
        import_lay_finish(import->lay, batch);
        return call_record(call, batch);
}

static bool has_limits(const struct event_state *event)
{
        const struct rowset *tickets = roster_tickets(event->roster);
        const struct ticket_row *ticket;
        const char *after = NULL;

        while ((ticket = rowset_next(tickets, &event_row(event)->event_uuid, after))) {
                if (ticket->capacity != FIELD_INT_NONE)
                        return true;
                after = ticket->row.id;
        }
        return false;
}

/* From its beginning, on what memory says now. False: its turn is yet to come. */
static bool import_begins(struct import *import, struct instant now)
{
        struct call *call = import->call;

        if (has_limits(call->event) && !seats_claimed(call)) {
                import->attempt = 0;
                return false;
        }
        import_begin(import, now);
        return true;
}

static enum decision import_decide(struct call *call, struct batch *batch)
{
        struct import *import = call->own;
        int64_t until_us = clock_monotonic_us() + SLICE_US;

        if ((import->attempt != call->change.attempts || import->event != call->event) &&
                !import_begins(import, batch_now(batch)))
                return DECISION_ANSWERED;
        if (import->stage == STAGE_LAY && !import_lay_some(import, until_us))
                return DECISION_MORE;
        if (!import->dry_run)
                return import_add_some(import, batch, until_us);
        write_result(import, &call->kept);
        call_answer(call, &call->kept);
        return DECISION_ANSWERED;
}

static void import_submit(struct import *import)
{
        struct call *call = import->call;

        if (import->dropped) {
                call_fail_unavailable(call, true);
                return;
        }
        if (!call_event_again(call))
                return;
        call->change.bulk = true;
        call_claim(call, "import", &event_row(call->event)->event_uuid, "");
        if (has_limits(call->event))
                seats_claim(call, call->event);
        call_submit(call, &call->event->family->uuid, import_decide);
}

/* ---- on helper threads ---- */

struct part {
        struct import *import;
        size_t from, to;
        bool digest;
        struct fold *fold;
};

static void part_work(void *job)
{
        struct part *part = job;
        struct import *import = part->import;

        for (size_t i = part->from; i < part->to; i++)
                import_row_prepare(&import->rows[i], &import->source, part->fold);
        if (part->digest)
                call_digest(import->call);
}

static void parts_hand_out(struct import *import);

static void part_done(void *job, int dropped)
{
        struct part *part = job;
        struct import *import = part->import;

        folds_give(import->call->api->folds, part->fold);
        free(part);
        import->parts--;
        import->dropped = import->dropped || dropped;
        parts_hand_out(import);
}

/* A few parts at a time, for others want helper threads too. */
static void parts_hand_out(struct import *import)
{
        while (import->parts < PARTS_MOST && import->handed < import->count && !import->dropped) {
                struct part *part = xcalloc(1, sizeof(*part));
                size_t left = import->count - import->handed;

                part->import = import;
                part->fold = folds_take(import->call->api->folds);
                part->digest = import->handed == 0 && import->call->has_request_key;
                part->from = import->handed;
                part->to = part->from + (left < PART_ROWS ? left : PART_ROWS);
                import->handed = part->to;
                import->parts++;
                workers_submit(import->workers, part_work, part_done, part);
        }
        if (!import->parts)
                import_submit(import);
}

/* ---- the call ---- */

/* Who is there already will hardly need a credential or a search text, which are the dearest parts. A guess: the decision looks again. */
static bool is_expected(const struct roster *roster, const json_t *params)
{
        const char *external_id = json_string_value(json_object_get(params, "external_id"));
        const char *email = json_string_value(json_object_get(params, "email"));
        const char *name = json_string_value(json_object_get(params, "name"));

        return (external_id && roster_by_external_id(roster, external_id)) ||
               (email && name && roster_by_person(roster, email, name));
}

static void registration_import(struct call *call)
{
        const json_t *rows = call_param(call, "rows");
        struct import *import = xcalloc(1, sizeof(*import));

        import->call = call;
        import->workers = call->api->workers;
        import->count = json_array_size(rows);
        import->rows = xcalloc(import->count + 1, sizeof(*import->rows));
        import->dry_run = call_bool(call, "dry_run", false);
        import_source_init(&import->source, call);
        for (size_t i = 0; i < import->count; i++) {
                import->rows[i].params = json_array_get(rows, i);
                import->rows[i].expected =
                        i < EXPECTED_MOST && is_expected(call->event->roster, import->rows[i].params);
        }
        call->own = import;
        call->own_free = import_free;
        parts_hand_out(import);
}

static const struct param row_item[] = { P_OBJECT(NULL, 0, registration_row_params, NULL) };
static const struct param import_params[] = {
        P_EVENT,
        { "rows", PARAM_ARRAY, REQ | PARAM_BY_ONE, 0, 0, NULL, row_item, NULL, NULL,
                "as registration.create takes them; one that does not fit is refused alone" },
        P_DRY_RUN,
        PARAM_END,
};
static const struct param outcome_members[] = {
        P_WORDS("result", REQ, result_words, NULL, NULL),
        P("registration", PARAM_TEXT, 0, "its short code"),
        P("why", PARAM_TEXT, 0, "it was refused"),
        P("path", PARAM_TEXT, 0, "a JSON pointer into the row"),
        PARAM_END,
};
static const struct param outcome_item[] = { P_OBJECT(NULL, 0, outcome_members, NULL) };
static const struct param import_result[] = {
        P("created", PARAM_INT, REQ, NULL),
        P("updated", PARAM_INT, REQ, NULL),
        P("unchanged", PARAM_INT, REQ, NULL),
        P("refused", PARAM_INT, REQ, NULL),
        P_ARRAY("rows", REQ, 0, outcome_item, "what became of each, in their order"),
        PARAM_END,
};
static const char *const import_errors[] = { "not_found", "unavailable", NULL };

const struct method registration_import_method = {
        .name = "registration.import",
        .role = ROLE_DESK,
        .summary = "registers many people, or brings what is known of them up to date",
        .flags = METHOD_CHANGES | METHOD_EVENT,
        .params = import_params,
        .result = import_result,
        .errors = import_errors,
        .handle = registration_import,
};
