/* SPDX-License-Identifier: Apache-2.0 */
/*
 * person.erase: what is held on a person goes; that somebody was registered, and what the doors decided, stays, under a
 * code that names nobody any more. The log and the change feed hold ids alone, so neither is touched.
 */
#include <string.h>

#include "api/api.h"
#include "api/booking_seats.h"
#include "api/methods.h"
#include "api/params.h"
#include "api/registration.h"
#include "api/seats.h"

static void erase_row(struct batch *batch, const struct registration_row *before)
{
        _cleanup_(row_unrefp) struct registration_row *row = NULL;
        struct registration_row fresh;

        row_clear(&fresh, &registration_record);
        fresh.row = before->row;
        fresh.row.version++;
        fresh.ticket = before->ticket;
        fresh.status = "erased";
        fresh.paid = before->paid;
        fresh.keeps_place = registration_is(before, "confirmed");
        fresh.created_at = before->created_at;
        fresh.changed_at = batch_now(batch);
        row = row_seal(&fresh);
        batch_add_row(batch, row);
}

/* Signed ones say nothing of the person and still have to be told apart at the door; another system's code is a name. */
static void erase_codes(struct call *call, struct batch *batch, const char *registration)
{
        const struct credential_row *credential = NULL;

        while ((credential = roster_credential_next(call->event->roster, registration, credential))) {
                _cleanup_(row_unrefp) struct row *row = NULL;
                struct credential_row fresh = *credential;

                if (!credential->code)
                        continue;
                fresh.row.version++;
                fresh.code = NULL;
                if (instant_is_none(fresh.replaced_at))
                        fresh.replaced_at = batch_now(batch);
                row = row_seal(&fresh);
                batch_add_row(batch, row);
        }
}

/* That it was done, when and by whom; recording it takes the notes beside the log along. */
static void note_erasure(struct call *call, struct batch *batch, const struct registration_row *before)
{
        _cleanup_(row_unrefp) struct row *row = NULL;
        struct erasure_row fresh;

        row_clear(&fresh, &erasure_record);
        fresh.row.family = before->row.family;
        fresh.row.event = before->row.event;
        fresh.row.id = before->row.id;
        fresh.row.version = 1;
        fresh.erased_at = batch_now(batch);
        fresh.erased_by = call->actor;
        row = row_seal(&fresh);
        batch_add_row(batch, row);
}

static void keep_erased(struct call *call, const char *code, int64_t version)
{
        struct jsonout out = JSONOUT(&call->kept);

        json_begin_object(&out);
        json_member_text(&out, "registration", code);
        json_member_text(&out, "status", "erased");
        json_member_int(&out, "version", version);
        json_end_object(&out);
}

static enum decision erase_decide(struct call *call, struct batch *batch)
{
        const struct registration_row *before = registration_need(call);

        if (!before || call_is_stale(call, before->row.version))
                return DECISION_ANSWERED;
        if (registration_is(before, "erased")) {
                keep_erased(call, before->row.id, before->row.version);
                return call_unchanged(call, batch);
        }
        if (registration_is(before, "waitlisted"))
                seats_release(call, batch, before);
        booking_release_all(call, batch, before->row.id);
        erase_row(batch, before);
        erase_codes(call, batch, before->row.id);
        note_erasure(call, batch, before);
        keep_erased(call, before->row.id, before->row.version + 1);
        return call_record(call, batch);
}

static void person_erase(struct call *call)
{
        registration_claim(call, call_text(call, "registration"));
        seats_claim(call, call->event);
        booking_claim(call, call->event);
        call_submit(call, &call->event->family->uuid, erase_decide);
}

static const struct param erase_params[] = {
        P_EVENT,
        P_RANGE("registration", PARAM_TEXT, REQ, 1, 64, "its short code"),
        P_IF_VERSION,
        PARAM_END,
};
static const struct param erase_result[] = {
        P("registration", PARAM_TEXT, REQ, "its short code, which names nobody any more"),
        P_WORDS("status", REQ, registration_status_words, NULL, "erased"),
        P_VERSION,
        PARAM_END,
};
static const char *const erase_errors[] = { "not_found", "stale", "unavailable", NULL };

const struct method person_erase_method = {
        .name = "person.erase",
        .role = ROLE_ADMIN,
        .summary = "erases what is held on a person; the counts and the log stay, without the person",
        .flags = METHOD_CHANGES | METHOD_EVENT,
        .params = erase_params,
        .result = erase_result,
        .errors = erase_errors,
        .handle = person_erase,
};
