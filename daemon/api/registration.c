/* SPDX-License-Identifier: Apache-2.0 */
/* registration.create, .get, .update, .cancel. */
#include "api/registration.h"

#include <string.h>

#include "api/api.h"
#include "api/booking_seats.h"
#include "api/methods.h"
#include "api/params.h"
#include "api/seats.h"
#include "door/code.h"

static const char *const create_errors[] = { "not_found", "exists", "stale", "full", "unavailable", NULL };

static const struct ticket_row *need_ticket(struct call *call, const char *id)
{
        const struct ticket_row *ticket =
                rowset_find(roster_tickets(call->event->roster), &event_row(call->event)->event_uuid, id);

        if (!ticket)
                call_fail_not_found(call, "ticket", id);
        return ticket;
}

static bool external_id_is_free(
        struct call *call, const char *external_id, const struct registration_row *own)
{
        const struct registration_row *other =
                external_id ? roster_by_external_id(call->event->roster, external_id) : NULL;

        if (!other || other == own)
                return true;
        call_fail_exists(call, "external_id", external_id);
        return false;
}

/* Creates and updates of limited tickets, and of one external id or code, are decided one after the other. */
static void claim_identity(struct call *call)
{
        const struct uuid *event = &event_row(call->event)->event_uuid;
        char folded[CODE_MAX + 1];

        if (call_text(call, "external_id"))
                call_claim(call, "external_id", event, call_text(call, "external_id"));
        if (call_text(call, "code") && code_fold(call_text(call, "code"), folded))
                call_claim(call, "code", event, folded);
}

static bool is_limited(const struct call *call, const char *ticket_id)
{
        const struct ticket_row *ticket = ticket_id ? rowset_find(roster_tickets(call->event->roster),
                                                              &event_row(call->event)->event_uuid, ticket_id)
                                                    : NULL;

        return !ticket || ticket->capacity != FIELD_INT_NONE;
}

/* ---- registration.create ---- */

static void create_template(struct call *call, struct registration_row *fresh, const char *code,
        const char *status, struct instant now)
{
        fresh->row.family = event_row(call->event)->family_uuid;
        fresh->row.event = event_row(call->event)->event_uuid;
        fresh->row.id = code;
        fresh->row.version = 1;
        fresh->status = status;
        fresh->paid = call_bool(call, "paid", true);
        fresh->created_at = now;
        fresh->waiting_since = registration_is(fresh, "waitlisted") ? now : INSTANT_NONE;
}

static enum decision create_record(struct call *call, struct batch *batch, const struct ticket_row *ticket,
        const char *status, const char *plain)
{
        struct row_scratch scratch = { NULL, 0 };
        _cleanup_(row_unrefp) struct registration_row *row = NULL;
        _cleanup_(row_unrefp) struct credential_row *credential = NULL;
        char code[16], text[CREDENTIAL_TEXT + 1];
        struct registration_row fresh;

        issue_code(call->event->family, code);
        row_clear(&fresh, &registration_record);
        row_from_params(&fresh, call_params(call), false, &scratch);
        create_template(call, &fresh, code, status, batch_now(batch));
        row = registration_seal(call->api, &fresh, batch_now(batch));
        row_scratch_deinit(&scratch);
        credential = issue_credential(call, row, ticket, CREDENTIAL_TICKET, 1, batch_now(batch), text);
        if (!credential)
                return CALL_ANSWERED(
                        call_fail_internal(call, "there is no key here to sign a credential with"));
        batch_add_row(batch, row);
        batch_add_row(batch, credential);
        if (plain)
                registration_put_code(call, batch, row, CREDENTIAL_CODE, plain);
        registration_keep(call, code);
        return call_record(call, batch);
}

static enum decision create_decide(struct call *call, struct batch *batch)
{
        const struct ticket_row *ticket = need_ticket(call, call_text(call, "ticket"));
        _cleanup_(buffer_deinit) struct buffer plain = BUFFER_NULL;
        const char *code, *status;

        if (!ticket || !external_id_is_free(call, call_text(call, "external_id"), NULL))
                return DECISION_ANSWERED;
        code = call_text(call, "code");
        if (code && !registration_read_code(call, code, NULL, CREDENTIAL_CODE, &plain))
                return DECISION_ANSWERED;
        if (ticket->capacity != FIELD_INT_NONE && !seats_claimed(call))
                return DECISION_ANSWERED;
        status = seats_take(call, batch, ticket);
        if (!status)
                return CALL_ANSWERED(call_fail_full(call, ticket->capacity));
        return create_record(call, batch, ticket, status, code ? plain.data : NULL);
}

static void registration_create(struct call *call)
{
        claim_identity(call);
        if (is_limited(call, call_text(call, "ticket")))
                seats_claim(call, call->event);
        call_submit(call, &call->event->family->uuid, create_decide);
}

const struct method registration_create_method = {
        .name = "registration.create",
        .role = ROLE_DESK,
        .summary = "registers a person",
        .flags = METHOD_CHANGES | METHOD_EVENT,
        .params = registration_create_params,
        .result = registration_issued_result,
        .errors = create_errors,
        .handle = registration_create,
        .again = registration_answer_issued,
};

/* ---- registration.get ---- */

static void registration_get(struct call *call)
{
        const struct registration_row *registration = registration_need(call);
        _cleanup_(buffer_deinit) struct buffer result = BUFFER_NULL;
        struct jsonout out = JSONOUT(&result);

        if (!registration)
                return;
        registration_write(call->event, registration, &out);
        call_answer(call, &result);
}

#define P_REGISTRATION P_RANGE("registration", PARAM_TEXT, REQ, 1, 64, "its short code")

static const struct param get_params[] = { P_EVENT, P_REGISTRATION, PARAM_END };
static const char *const get_errors_list[] = { "not_found", NULL };

const struct method registration_get_method = {
        .name = "registration.get",
        .role = ROLE_DESK,
        .summary = "answers with one registration",
        .flags = METHOD_EVENT,
        .params = get_params,
        .result = registration_whole_result,
        .errors = get_errors_list,
        .handle = registration_get,
};

/* ---- registration.update ---- */

/* Another ticket type: the place of the old is given back, one of the new is taken. NULL status: answered. */
static const char *move_seat(
        struct call *call, struct batch *batch, const struct registration_row *before, const char *ticket_id)
{
        const struct ticket_row *ticket = need_ticket(call, ticket_id);
        const char *status;

        if (!ticket)
                return NULL;
        if (!registration_is(before, "confirmed") && !registration_is(before, "waitlisted"))
                return before->status;
        status = seats_take(call, batch, ticket);
        if (!status) {
                call_fail_full(call, ticket->capacity);
                return NULL;
        }
        seats_release(call, batch, before);
        return status;
}

/* Required texts cannot be cleared. */
static bool clears_well(struct call *call)
{
        static const char *const kept[] = { "ticket", "name", "paid" };

        for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
                char path[16];

                if (!call_has(call, kept[i]) || call_param(call, kept[i]))
                        continue;
                snprintf(path, sizeof(path), "/%s", kept[i]);
                call_fail_params(call, path, "a value: it cannot be cleared");
                return false;
        }
        return true;
}

static enum decision update_decide(struct call *call, struct batch *batch)
{
        const char *code = call_text(call, "code");
        const struct registration_row *before = registration_need_living(call); /* or the call is gone */
        _cleanup_(buffer_deinit) struct buffer plain = BUFFER_NULL;
        _cleanup_(row_unrefp) struct registration_row *row = NULL;
        struct row_scratch scratch = { NULL, 0 };
        struct registration_row fresh;
        bool code_changes;

        if (!before || call_is_stale(call, before->row.version))
                return DECISION_ANSWERED;
        if (!external_id_is_free(call, call_text(call, "external_id"), before))
                return DECISION_ANSWERED;
        if (code && !registration_read_code(call, code, before->row.id, CREDENTIAL_CODE, &plain))
                return DECISION_ANSWERED;
        fresh = *before;
        row_from_params(&fresh, call_params(call), true, &scratch);
        if (strcmp(fresh.ticket, before->ticket) != 0) {
                fresh.status = move_seat(call, batch, before, fresh.ticket);
                if (!fresh.status) {
                        row_scratch_deinit(&scratch);
                        return DECISION_ANSWERED;
                }
                fresh.waiting_since = registration_is(&fresh, "waitlisted") ? batch_now(batch) : INSTANT_NONE;
        }
        registration_keep(call, before->row.id);
        fresh.row.version++;
        row = registration_seal(call->api, &fresh, before->changed_at);
        row_scratch_deinit(&scratch);
        code_changes = call_has(call, "code") && !registration_has_code(call->event, before->row.id,
                                                         CREDENTIAL_CODE, code ? plain.data : NULL);
        if (row_same(before, row) && !code_changes)
                return call_unchanged(call, batch);
        row->changed_at = batch_now(batch); /* nobody else has it yet */
        batch_add_row(batch, row);
        if (code_changes)
                registration_put_code(call, batch, row, CREDENTIAL_CODE, code ? plain.data : NULL);
        return call_record(call, batch);
}

static void registration_update(struct call *call)
{
        if (!clears_well(call))
                return;
        registration_claim(call, call_text(call, "registration"));
        claim_identity(call);
        if (call_text(call, "ticket"))
                seats_claim(call, call->event);
        call_submit(call, &call->event->family->uuid, update_decide);
}

static const struct param field_text[] = { P_RANGE(NULL, PARAM_TEXT, 0, 0, 300, NULL) };
static const struct param update_params[] = {
        P_EVENT,
        P_REGISTRATION,
        P("ticket", PARAM_SLUG, 0, "another ticket type"),
        P_RANGE("name", PARAM_TEXT, 0, 1, 300, NULL),
        P_RANGE("name_latin", PARAM_TEXT, 0, 1, 300, NULL),
        P_RANGE("email", PARAM_TEXT, 0, 1, 300, NULL),
        P_RANGE("phone", PARAM_TEXT, 0, 1, 300, NULL),
        P_RANGE("organisation", PARAM_TEXT, 0, 1, 300, NULL),
        P_RANGE("title", PARAM_TEXT, 0, 1, 300, NULL),
        P("country", PARAM_COUNTRY, 0, NULL),
        P_RANGE("language", PARAM_TEXT, 0, 1, 35, NULL),
        P_RANGE("notes", PARAM_TEXT, 0, 0, TEXT_LONG, NULL),
        P_MAP("fields", 0, field_text, NULL, "all of them: what is not named is cleared"),
        P_RANGE("external_id", PARAM_TEXT, 0, 1, 300, NULL),
        P_RANGE("code", PARAM_TEXT, 0, 1, 300, NULL),
        P("paid", PARAM_BOOL, 0, NULL),
        P_RANGE("attention", PARAM_TEXT, 0, 1, 300, NULL),
        P_RANGE("blocked", PARAM_TEXT, 0, 1, 300, NULL),
        P_IF_VERSION,
        PARAM_END,
};

const struct method registration_update_method = {
        .name = "registration.update",
        .role = ROLE_DESK,
        .summary = "changes what is given; null clears",
        .flags = METHOD_CHANGES | METHOD_EVENT,
        .params = update_params,
        .result = registration_whole_result,
        .errors = create_errors,
        .handle = registration_update,
        .again = registration_answer_whole,
};

/* ---- registration.cancel ---- */

static enum decision cancel_decide(struct call *call, struct batch *batch)
{
        bool undo = call_bool(call, "undo", false);
        const struct registration_row *before = registration_need_living(call); /* or the call is gone */
        _cleanup_(row_unrefp) struct registration_row *row = NULL;
        struct registration_row fresh;

        if (!before || call_is_stale(call, before->row.version))
                return DECISION_ANSWERED;
        registration_keep(call, before->row.id);
        if (registration_is(before, "cancelled") != undo)
                return call_unchanged(call, batch);
        if (undo) {
                const struct ticket_row *ticket = need_ticket(call, before->ticket);

                if (!ticket)
                        return DECISION_ANSWERED;
                if (!seats_retake(call, batch, ticket))
                        return CALL_ANSWERED(call_fail_full(call, ticket->capacity));
        } else {
                seats_release(call, batch, before);
                booking_release_all(call, batch, before->row.id);
        }
        fresh = *before;
        fresh.row.version++;
        fresh.status = undo ? "confirmed" : "cancelled";
        fresh.waiting_since = INSTANT_NONE;
        row = registration_reseal(call->event, &fresh, batch_now(batch));
        batch_add_row(batch, row);
        return call_record(call, batch);
}

static void registration_cancel(struct call *call)
{
        registration_claim(call, call_text(call, "registration"));
        seats_claim(call, call->event);
        booking_claim(call, call->event);
        call_submit(call, &call->event->family->uuid, cancel_decide);
}

static const struct param cancel_params[] = {
        P_EVENT,
        P_REGISTRATION,
        { "undo", PARAM_BOOL, 0, 0, 0, NULL, NULL, NULL, "false", "take the cancellation back" },
        P_IF_VERSION,
        PARAM_END,
};

const struct method registration_cancel_method = {
        .name = "registration.cancel",
        .role = ROLE_DESK,
        .summary = "cancels a registration and its bookings; the first waiting moves up",
        .flags = METHOD_CHANGES | METHOD_EVENT,
        .params = cancel_params,
        .result = registration_whole_result,
        .errors = create_errors,
        .handle = registration_cancel,
        .again = registration_answer_whole,
};
