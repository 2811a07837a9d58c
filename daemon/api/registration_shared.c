/* SPDX-License-Identifier: Apache-2.0 */
/* What the methods of registrations share: finding, writing, keeping, codes. */
#include <string.h>

#include "api/api.h"
#include "api/registration.h"
#include "door/code.h"
#include "door/fold.h"

void registration_write(
        const struct event_state *event, const struct registration_row *registration, struct jsonout *out)
{
        const struct zone *zone = event->programme_event->zone;
        const struct credential_row *credential = NULL,
                                    *code = registration_credential(event, registration->row.id, "code");

        json_begin_object(out);
        json_member_text(out, "registration", registration->row.id);
        json_member_text(out, "event", event_row(event)->row.id);
        row_write_members(registration, out, zone);
        json_member_text(out, "code", code ? code->code : NULL);
        json_name(out, "credentials");
        json_begin_array(out);
        while ((credential = roster_credential_next(event->roster, registration->row.id, credential))) {
                if (!instant_is_none(credential->replaced_at))
                        continue;
                json_begin_object(out);
                json_member_text(out, "kind", credential->what);
                json_member_instant(out, "issued_at", credential->issued_at, zone);
                json_end_object(out);
        }
        json_end_array(out);
        json_end_object(out);
}

const struct registration_row *registration_need(struct call *call)
{
        const char *given = call_text(call, "registration");
        char code[CODE_LENGTH + 1];
        const struct registration_row *registration =
                code_read(given, code) ? roster_registration(call->event->roster, code) : NULL;

        if (!registration)
                call_fail_not_found(call, "registration", given);
        return registration;
}

const struct registration_row *registration_need_living(struct call *call)
{
        const struct registration_row *registration = registration_need(call);

        if (!registration || !registration_is(registration, "erased"))
                return registration;
        call_fail_not_found(call, "registration", registration->row.id);
        return NULL;
}

void registration_claim(struct call *call, const char *given)
{
        char code[CODE_LENGTH + 1];

        call_claim(call, "registration", &call->event->family->uuid, code_read(given, code) ? code : given);
}

void registration_keep(struct call *call, const char *code)
{
        struct jsonout out = JSONOUT(&call->kept);

        json_begin_object(&out);
        json_member_text(&out, "registration", code);
        json_end_object(&out);
}

/* The registration that a kept result names, as it stands now. NULL: answered. */
static const struct registration_row *kept_registration(struct call *call, const json_t *kept)
{
        const char *code = json_string_value(json_object_get(kept, "registration"));
        const struct registration_row *registration;

        call->event = state_event(&call->api->state, call_text(call, "event"));
        registration = call->event && code ? roster_registration(call->event->roster, code) : NULL;
        if (!registration)
                call_fail_not_found(call, "registration", code);
        return registration;
}

void registration_answer_whole(struct call *call, const json_t *kept)
{
        const struct registration_row *registration = kept_registration(call, kept);
        _cleanup_(buffer_deinit) struct buffer result = BUFFER_NULL;
        struct jsonout out = JSONOUT(&result);

        if (!registration)
                return;
        registration_write(call->event, registration, &out);
        call_answer(call, &result);
}

void registration_answer_issued(struct call *call, const json_t *kept)
{
        const struct registration_row *registration = kept_registration(call, kept);
        const char *kind = json_string_value(json_object_get(kept, "kind"));
        const struct credential_row *credential;
        _cleanup_(buffer_deinit) struct buffer result = BUFFER_NULL, text = BUFFER_NULL;
        struct jsonout out = JSONOUT(&result);

        if (!registration)
                return;
        credential = registration_credential(call->event, registration->row.id, kind ? kind : "ticket");
        if (!credential) { /* replaced since: a credential that opens nothing is not told */
                call_fail_not_found(call, "credential", kind ? kind : "ticket");
                return;
        }
        if (!issue_text(call, call->event, credential, &text)) {
                call_fail_internal(call,
                        "there is no key here to sign the credential with: copy the key file of the "
                        "daemon that made the event");
                return;
        }
        json_begin_object(&out);
        json_member_text(&out, "registration", registration->row.id);
        json_member_text(&out, "status", registration->status);
        json_member_text(&out, "credential", buffer_text(&text));
        json_member_int(&out, "version", registration->row.version);
        if (kind)
                json_member_text(&out, "kind", kind);
        json_end_object(&out);
        call_answer(call, &result);
}

struct registration_row *registration_seal(
        struct api *api, struct registration_row *template, struct instant now)
{
        struct registration_row *row;
        char *search = issue_search(api, template);

        template->search = search;
        template->search_fold = FOLD_VERSION;
        template->changed_at = now;
        row = row_seal(template);
        free(search);
        return row;
}

struct registration_row *registration_reseal(
        const struct event_state *event, struct registration_row *template, struct instant now)
{
        const struct registration_row *standing = roster_registration(event->roster, template->row.id);
        struct registration_row *row;
        char *search = NULL;

        if (!template->search && standing) {
                search = roll_text(roster_roll(event->roster), standing);
                template->search = search;
                template->search_fold = search ? FOLD_VERSION : FIELD_INT_NONE;
        }
        template->changed_at = now;
        row = row_seal(template);
        free(search);
        return row;
}

const struct credential_row *registration_credential(
        const struct event_state *event, const char *code, const char *kind)
{
        const struct credential_row *credential = NULL;

        while ((credential = roster_credential_next(event->roster, code, credential)))
                if (instant_is_none(credential->replaced_at) && strcmp(credential->what, kind) == 0)
                        return credential;
        return NULL;
}

int64_t registration_last_issue(const struct event_state *event, const char *code, const char *kind)
{
        const struct credential_row *credential = NULL;
        int64_t last = 0;

        while ((credential = roster_credential_next(event->roster, code, credential)))
                if (strcmp(credential->what, kind) == 0 && credential->issue > last)
                        last = credential->issue;
        return last;
}

void registration_put_code(struct call *call, struct batch *batch,
        const struct registration_row *registration, enum credential_kind kind, const char *folded)
{
        const char *word = credential_kind_word(kind), *id = registration->row.id;
        const struct credential_row *standing = registration_credential(call->event, id, word);
        _cleanup_(row_unrefp) struct row *row = NULL;

        if (registration_has_code(call->event, id, kind, folded))
                return;
        if (standing) {
                _cleanup_(row_unrefp) struct row *replaced =
                        (struct row *)issue_replaced(standing, batch_now(batch));

                batch_add_row(batch, replaced);
        }
        if (!folded)
                return;
        row = (struct row *)issue_plain(registration, kind,
                registration_last_issue(call->event, id, word) + 1, folded, batch_now(batch));
        batch_add_row(batch, row);
}

bool registration_read_code(struct call *call, const char *given, const char *own, enum credential_kind kind,
        struct buffer *folded)
{
        const struct credential_row *taken;
        char text[CODE_MAX + 1];

        if (!code_fold(given, text)) {
                call_fail_params(call, "/code", "a code that is more than blanks");
                return false;
        }
        taken = roster_by_code(call->event->roster, text);
        if (taken && instant_is_none(taken->replaced_at) &&
                (!own || strcmp(taken->registration, own) != 0 ||
                        strcmp(taken->what, credential_kind_word(kind)) != 0)) {
                call_fail_exists(call, "code", given);
                return false;
        }
        buffer_add_text(folded, text);
        return true;
}

bool registration_has_code(
        const struct event_state *event, const char *code, enum credential_kind kind, const char *folded)
{
        const struct credential_row *standing =
                registration_credential(event, code, credential_kind_word(kind));

        if (!folded)
                return !standing;
        return standing && standing->code && strcmp(standing->code, folded) == 0;
}
