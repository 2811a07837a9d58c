/* SPDX-License-Identifier: Apache-2.0 */
/* registration.transfer, .reissue: another person, another piece of paper. */
#include <string.h>

#include "api/api.h"
#include "api/methods.h"
#include "api/params.h"
#include "api/registration.h"
#include "door/code.h"

static const char *const hand_errors[] = { "not_found", "exists", "stale", "unavailable", NULL };
static const char *const kind_words[] = { "ticket", "badge", "card", NULL };

#define P_REGISTRATION P_RANGE("registration", PARAM_TEXT, REQ, 1, 64, "its short code")

static const struct ticket_row *ticket_of(
        const struct call *call, const struct registration_row *registration)
{
        return rowset_find(
                roster_tickets(call->event->roster), &registration->row.event, registration->ticket);
}

/* ---- registration.transfer ---- */

static void replace_all(struct call *call, struct batch *batch, const struct registration_row *registration)
{
        const struct credential_row *credential = NULL;

        while ((credential = roster_credential_next(call->event->roster, registration->row.id, credential))) {
                _cleanup_(row_unrefp) struct row *replaced = NULL;

                if (!instant_is_none(credential->replaced_at))
                        continue;
                replaced = (struct row *)issue_replaced(credential, batch_now(batch));
                batch_add_row(batch, replaced);
        }
}

/* A fresh signed credential behind those that went before it; false: answered. */
static bool issue_next(struct call *call, struct batch *batch, const struct registration_row *registration,
        enum credential_kind kind)
{
        const struct ticket_row *ticket = ticket_of(call, registration);
        int64_t last = registration_last_issue(call->event, registration->row.id, credential_kind_word(kind));
        _cleanup_(row_unrefp) struct row *row = NULL;
        char text[CREDENTIAL_TEXT + 1];

        if (ticket)
                row = (struct row *)issue_credential(
                        call, registration, ticket, kind, last + 1, batch_now(batch), text);
        if (!row) {
                call_fail_internal(call, "there is no key here to sign a credential with");
                return false;
        }
        batch_add_row(batch, row);
        return true;
}

static enum decision transfer_decide(struct call *call, struct batch *batch)
{
        const struct registration_row *before = registration_need_living(call);
        _cleanup_(row_unrefp) struct registration_row *row = NULL;
        struct row_scratch scratch = { NULL, 0 };
        struct registration_row fresh;

        if (!before || call_is_stale(call, before->row.version))
                return DECISION_ANSWERED;
        row_clear(&fresh, &registration_record);
        row_from_params(&fresh, call_param(call, "to"), false, &scratch);
        fresh.row = before->row;
        fresh.row.version++;
        fresh.ticket = before->ticket;
        fresh.external_id = before->external_id;
        fresh.paid = before->paid;
        fresh.blocked = before->blocked;
        fresh.status = before->status;
        fresh.created_at = before->created_at;
        fresh.waiting_since = before->waiting_since;
        row = registration_seal(call->api, &fresh, batch_now(batch));
        row_scratch_deinit(&scratch);
        replace_all(call, batch, before);
        if (!issue_next(call, batch, row, CREDENTIAL_TICKET))
                return DECISION_ANSWERED;
        batch_add_row(batch, row);
        registration_keep(call, row->row.id);
        return call_record(call, batch);
}

static void registration_transfer(struct call *call)
{
        registration_claim(call, call_text(call, "registration"));
        call_submit(call, &call->event->family->uuid, transfer_decide);
}

static const struct param transfer_params[] = {
        P_EVENT,
        P_REGISTRATION,
        P_OBJECT("to", REQ, registration_person_params, "the other person"),
        P_IF_VERSION,
        PARAM_END,
};

const struct method registration_transfer_method = {
        .name = "registration.transfer",
        .role = ROLE_DESK,
        .summary = "gives a registration to another person; every older credential is revoked",
        .flags = METHOD_CHANGES | METHOD_EVENT,
        .params = transfer_params,
        .result = registration_issued_result,
        .errors = hand_errors,
        .handle = registration_transfer,
        .again = registration_answer_issued,
};

/* ---- registration.reissue ---- */

/* The registration's version grows with what it holds. */
static void touch(struct call *call, struct batch *batch, const struct registration_row *before)
{
        _cleanup_(row_unrefp) struct registration_row *row = NULL;
        struct registration_row fresh = *before;

        fresh.row.version++;
        row = registration_reseal(call->event, &fresh, batch_now(batch));
        batch_add_row(batch, row);
}

static void keep_reissued(struct call *call, const char *code, const char *kind)
{
        struct jsonout out = JSONOUT(&call->kept);

        json_begin_object(&out);
        json_member_text(&out, "registration", code);
        json_member_text(&out, "kind", kind);
        json_end_object(&out);
}

static enum decision reissue_decide(struct call *call, struct batch *batch)
{
        const char *word = call_text(call, "kind") ? call_text(call, "kind") : "ticket",
                   *code = call_text(call, "code");
        enum credential_kind kind = (enum credential_kind)credential_kind_from_word(word);
        const struct registration_row *before = registration_need_living(call); /* or the call is gone */
        _cleanup_(buffer_deinit) struct buffer folded = BUFFER_NULL;
        const struct credential_row *standing;

        if (!before || call_is_stale(call, before->row.version))
                return DECISION_ANSWERED;
        if (code && !registration_read_code(call, code, before->row.id, kind, &folded))
                return DECISION_ANSWERED;
        keep_reissued(call, before->row.id, word);
        if (code && registration_has_code(call->event, before->row.id, kind, folded.data))
                return call_unchanged(call, batch);
        standing = registration_credential(call->event, before->row.id, word);
        if (code) {
                registration_put_code(call, batch, before, kind, folded.data);
        } else {
                if (!issue_next(call, batch, before, kind))
                        return DECISION_ANSWERED;
                if (standing) {
                        _cleanup_(row_unrefp) struct row *replaced =
                                (struct row *)issue_replaced(standing, batch_now(batch));

                        batch_add_row(batch, replaced);
                }
        }
        touch(call, batch, before);
        return call_record(call, batch);
}

static void registration_reissue(struct call *call)
{
        char folded[CODE_MAX + 1];

        registration_claim(call, call_text(call, "registration"));
        if (call_text(call, "code") && code_fold(call_text(call, "code"), folded))
                call_claim(call, "code", &event_row(call->event)->event_uuid, folded);
        call_submit(call, &call->event->family->uuid, reissue_decide);
}

static const struct param reissue_params[] = {
        P_EVENT,
        P_REGISTRATION,
        P_WORDS("kind", 0, kind_words, "\"ticket\"", "which of its credentials is replaced"),
        P_RANGE("code", PARAM_TEXT, 0, 1, 300, "a card's number, which then is the credential"),
        P_IF_VERSION,
        PARAM_END,
};
static const struct param reissue_result[] = {
        P("registration", PARAM_TEXT, REQ, NULL),
        P_WORDS("status", REQ, registration_status_words, NULL, NULL),
        P("credential", PARAM_TEXT, REQ, "what the QR code holds"),
        P_VERSION,
        P_WORDS("kind", REQ, kind_words, NULL, NULL),
        PARAM_END,
};

const struct method registration_reissue_method = {
        .name = "registration.reissue",
        .role = ROLE_DESK,
        .summary = "replaces one credential of a registration",
        .flags = METHOD_CHANGES | METHOD_EVENT,
        .params = reissue_params,
        .result = reissue_result,
        .errors = hand_errors,
        .handle = registration_reissue,
        .again = registration_answer_issued,
};
