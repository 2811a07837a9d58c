/* SPDX-License-Identifier: Apache-2.0 */
#include "api/noun.h"

#include <string.h>

#include "api/api.h"
#include "api/params.h"

const char *const put_errors[] = { "not_found", "exists", "stale", "conflict", "unavailable", NULL };
const char *const get_errors[] = { "not_found", NULL };
const char *const delete_errors[] = { "not_found", "exists", "stale", "in_use", "unavailable", NULL };

const void *noun_find(const struct noun *noun, const struct event_state *event, const char *id)
{
        const struct family *family = event->family;
        const void *row = NULL;

        if (!noun->of_family)
                return rowset_find(noun->rows(event), &event_row(event)->event_uuid, id);
        for (size_t i = 0; !row && i < family->count; i++)
                row = rowset_find(noun->rows(event), &event_row(family->events[i])->event_uuid, id);
        return row;
}

/* The whole object: {KIND: id, event, fields…, version}. */
static void noun_write(
        const void *of, const struct state *state, const struct zone *zone, struct jsonout *out)
{
        const struct row *row = of;
        const struct event_state *event = state_event_by_uuid(state, &row->event);

        json_begin_object(out);
        json_member_text(out, row->record->kind, row->id);
        json_member_text(out, "event", event ? event_row(event)->row.id : NULL);
        row_write_members(row, out, zone);
        json_end_object(out);
}

void programme_step_add(struct batch *batch, const struct family *family)
{
        _cleanup_(row_unrefp) struct programme_row *step = NULL;
        struct programme_row fresh;

        row_clear(&fresh, &programme_record);
        fresh.row.family = family->uuid;
        fresh.row.id = "";
        fresh.row.version = programme_step(family->programme) + 1;
        step = row_seal(&fresh);
        batch_add_row(batch, step);
}

static void keep_object(struct call *call, const void *row)
{
        struct jsonout out = JSONOUT(&call->kept);

        noun_write(row, &call->api->state, call->event->programme_event->zone, &out);
}

/* ---- put ---- */

/* The row as the parameters want it; NULL: the call has been answered. Versions and heads are set. */
static struct row *put_row(struct call *call, const struct noun *noun, const struct row *before)
{
        const struct event_row *event = event_row(call->event);
        struct row_scratch scratch = { NULL, 0 };
        struct row *fresh = xcalloc(1, noun->record->size), *sealed = NULL;

        row_clear(fresh, noun->record);
        row_from_params(fresh, call_params(call), false, &scratch);
        fresh->record = noun->record;
        fresh->family = event->family_uuid;
        fresh->event = event->event_uuid;
        fresh->id = call_text(call, noun->record->kind);
        fresh->version = rowset_version(noun->rows(call->event), &event->event_uuid, fresh->id) + 1;
        if (noun->defaults)
                noun->defaults(fresh);
        if (!noun->check || noun->check(call, fresh, before))
                sealed = row_seal(fresh);
        row_scratch_deinit(&scratch);
        free(fresh);
        return sealed;
}

static enum decision put_decide(struct call *call, struct batch *batch)
{
        const struct noun *noun = call->own;
        const char *id = call_text(call, noun->record->kind);
        const struct row *before = noun_find(noun, call->event, id);
        _cleanup_(row_unrefp) struct row *row = NULL;

        if (before && !uuid_equal(&before->event, &event_row(call->event)->event_uuid))
                return CALL_ANSWERED(call_fail_exists(call, noun->record->kind, id));
        if (call_is_stale(call, before ? before->version : 0))
                return DECISION_ANSWERED;
        row = put_row(call, noun, before);
        if (!row)
                return DECISION_ANSWERED;
        if (before && row_same(before, row)) {
                keep_object(call, before);
                return call_unchanged(call, batch);
        }
        batch_add_row(batch, row);
        if (noun->of_programme)
                programme_step_add(batch, call->event->family);
        if (noun->changed)
                noun->changed(call, batch, row, before);
        keep_object(call, row);
        return call_record(call, batch);
}

static void submit(
        struct call *call, const struct noun *noun, enum decision (*decide)(struct call *, struct batch *))
{
        call->own = (void *)(uintptr_t)noun;
        call->own_free = NULL;
        call_claim_programme(call, call->event->family);
        if (noun->claim)
                noun->claim(call);
        call_submit(call, &call->event->family->uuid, decide);
}

void noun_put(struct call *call, const struct noun *noun)
{
        submit(call, noun, put_decide);
}

/* ---- get, list ---- */

void noun_get(struct call *call, const struct noun *noun)
{
        const char *id = call_text(call, noun->record->kind);
        const struct row *row = noun_find(noun, call->event, id);
        _cleanup_(buffer_deinit) struct buffer result = BUFFER_NULL;
        struct jsonout out = JSONOUT(&result);

        if (!row) {
                call_fail_not_found(call, noun->record->kind, id);
                return;
        }
        noun_write(row, &call->api->state, call->event->programme_event->zone, &out);
        call_answer(call, &result);
}

/* The next live object in order of id, over the family's events where the noun is shared by them. */
static const struct row *next_row(const struct noun *noun, const struct event_state *event, const char *after)
{
        const struct family *family = event->family;
        const struct row *next = NULL;

        if (!noun->of_family)
                return rowset_next(noun->rows(event), &event_row(event)->event_uuid, after);
        for (size_t i = 0; i < family->count; i++) {
                const struct row *row =
                        rowset_next(noun->rows(event), &event_row(family->events[i])->event_uuid, after);

                if (row && (!next || strcmp(row->id, next->id) < 0))
                        next = row;
        }
        return next;
}

void noun_list(struct call *call, const struct noun *noun)
{
        int64_t limit = call_int(call, "limit", 100), written = 0;
        const char *after = call_text(call, "cursor");
        const struct row *row = next_row(noun, call->event, after);
        _cleanup_(buffer_deinit) struct buffer result = BUFFER_NULL;
        struct jsonout out = JSONOUT(&result);

        json_begin_object(&out);
        json_name(&out, noun->plural);
        json_begin_array(&out);
        for (; row && written < limit && result.length < PAGE_BYTES_MAX - TEXT_LONG * 2; written++) {
                noun_write(row, &call->api->state, call->event->programme_event->zone, &out);
                after = row->id;
                row = next_row(noun, call->event, after);
        }
        json_end_array(&out);
        json_member_text(&out, "next", row ? after : NULL);
        json_end_object(&out);
        call_answer_taken(call, &result);
}

/* ---- delete ---- */

static enum decision delete_decide(struct call *call, struct batch *batch)
{
        const struct noun *noun = call->own;
        const char *id = call_text(call, noun->record->kind);
        const struct row *row = noun_find(noun, call->event, id), *by[10];
        _cleanup_(row_unrefp) struct row *gone = NULL;
        size_t count;

        if (!row)
                return CALL_ANSWERED(call_fail_not_found(call, noun->record->kind, id));
        if (!uuid_equal(&row->event, &event_row(call->event)->event_uuid))
                return CALL_ANSWERED(call_fail_exists(call, noun->record->kind, id));
        if (call_is_stale(call, row->version))
                return DECISION_ANSWERED;
        count = noun->references ? noun->references(call->event, row, by) : 0;
        if (count)
                return CALL_ANSWERED(call_fail_in_use(call, by, count));
        gone = row_tombstone(row, row->version + 1);
        batch_add_row(batch, gone);
        if (noun->of_programme)
                programme_step_add(batch, call->event->family);
        buffer_add_text(&call->kept, "{\"deleted\":true}");
        return call_record(call, batch);
}

void noun_delete(struct call *call, const struct noun *noun)
{
        /* In one batch with it, what memory lets refer to this yet would be recorded, or refused, beside its end. */
        call->change.alone = true;
        submit(call, noun, delete_decide);
}
