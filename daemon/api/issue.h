/* SPDX-License-Identifier: Apache-2.0 */
/* Codes, credentials and search text of registrations: what is made when one is made or changed. */
#pragma once

#include "api/call.h"
#include "door/credential.h"
#include "door/keys.h"

/* A short code that nobody in the family has. */
void issue_code(const struct family *family, char code[static 16]);
/* The n-th credential of a kind for a registration, signed; `text` is what the QR code holds. NULL: no key to sign with. */
struct credential_row *issue_credential(struct call *call, const struct registration_row *registration,
        const struct ticket_row *ticket, enum credential_kind kind, int64_t issue, struct instant now,
        char text[static CREDENTIAL_TEXT + 1]);
/* As issue_credential, under a given key; touches nothing else, so any thread may call it. `text` may be NULL. */
struct credential_row *issue_signed(const struct registration_row *registration,
        const struct ticket_row *ticket, const struct signing_key *key, int64_t number,
        enum credential_kind kind, int64_t issue, struct instant now, char text[CREDENTIAL_TEXT + 1]);
/* A plain code as a credential; `folded` as code_fold makes it. */
struct credential_row *issue_plain(const struct registration_row *registration, enum credential_kind kind,
        int64_t issue, const char *folded, struct instant now);
/* The row of a credential that is replaced now. */
struct credential_row *issue_replaced(const struct credential_row *credential, struct instant now);
/* The credential's text made again from its row; false: there is no key here to sign with, or it is a plain code (copied). */
bool issue_text(struct call *call, const struct event_state *event, const struct credential_row *credential,
        struct buffer *text);
/* The text that registration.find searches, to be freed. */
char *issue_search(struct api *api, const struct registration_row *registration);
