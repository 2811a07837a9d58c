/* SPDX-License-Identifier: Apache-2.0 */
#include "api/issue.h"

#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "api/folds.h"
#include "api/keyring.h"
#include "door/code.h"

void issue_code(const struct family *family, char code[static 16])
{
        bool taken = true;

        while (taken) {
                code_make(code);
                taken = false;
                for (size_t i = 0; i < family->count; i++)
                        taken = taken || roster_registration(family->events[i]->roster, code);
        }
}

static void credential_head(struct credential_row *fresh, const struct registration_row *registration,
        enum credential_kind kind, int64_t issue, struct instant now, char id[static 96])
{
        row_clear(fresh, &credential_record);
        snprintf(id, 96, "%s/%s/%lld", registration->row.id, credential_kind_word(kind), (long long)issue);
        fresh->row.family = registration->row.family;
        fresh->row.event = registration->row.event;
        fresh->row.id = id;
        fresh->row.version = 1;
        fresh->registration = registration->row.id;
        fresh->what = credential_kind_word(kind);
        fresh->issue = issue;
        fresh->issued_at = now;
}

struct credential_row *issue_signed(const struct registration_row *registration,
        const struct ticket_row *ticket, const struct signing_key *key, int64_t number,
        enum credential_kind kind, int64_t issue, struct instant now, char text[CREDENTIAL_TEXT + 1])
{
        struct credential_content content;
        char own[CREDENTIAL_TEXT + 1];
        struct credential_row fresh;
        char id[96];

        if (credential_fill(&content, &registration->row.event, number, registration->row.id, ticket->row.id,
                    ticket->valid_from, ticket->valid_to, kind, issue) != 0)
                return NULL;
        credential_issue(&content, key, text ? text : own);
        credential_head(&fresh, registration, kind, issue, now, id);
        credential_digest(text ? text : own, fresh.digest.bytes);
        fresh.ticket = ticket->row.id;
        fresh.valid_from = ticket->valid_from;
        fresh.valid_to = ticket->valid_to;
        fresh.key_number = number;
        return row_seal(&fresh);
}

struct credential_row *issue_credential(struct call *call, const struct registration_row *registration,
        const struct ticket_row *ticket, enum credential_kind kind, int64_t issue, struct instant now,
        char text[static CREDENTIAL_TEXT + 1])
{
        const struct signing_key *key;
        int64_t number;

        key = keyring_key(call->api->keyring, &call->api->state, call->event, 0, &number);
        return key ? issue_signed(registration, ticket, key, number, kind, issue, now, text) : NULL;
}

struct credential_row *issue_plain(const struct registration_row *registration, enum credential_kind kind,
        int64_t issue, const char *folded, struct instant now)
{
        struct credential_row fresh;
        char id[96];

        credential_head(&fresh, registration, kind, issue, now, id);
        fresh.code = folded;
        return row_seal(&fresh);
}

struct credential_row *issue_replaced(const struct credential_row *credential, struct instant now)
{
        struct credential_row fresh = *credential;

        fresh.row.version++;
        fresh.replaced_at = now;
        return row_seal(&fresh);
}

bool issue_text(struct call *call, const struct event_state *event, const struct credential_row *credential,
        struct buffer *text)
{
        struct credential_content content;
        char signed_text[CREDENTIAL_TEXT + 1];
        const struct signing_key *key;
        int kind = credential_kind_from_word(credential->what);
        int64_t number;

        if (credential->code) {
                buffer_add_text(text, credential->code);
                return true;
        }
        key = keyring_key(call->api->keyring, &call->api->state, event, credential->key_number, &number);
        if (!key || credential_fill(&content, &credential->row.event, number, credential->registration,
                            credential->ticket, credential->valid_from, credential->valid_to,
                            (enum credential_kind)kind, credential->issue) != 0)
                return false;
        credential_issue(&content, key, signed_text);
        buffer_add_text(text, signed_text);
        return true;
}

char *issue_search(struct api *api, const struct registration_row *registration)
{
        return fold_registration(folds_own(api->folds), registration);
}
