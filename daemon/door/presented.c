/* SPDX-License-Identifier: Apache-2.0 */
#include "door/presented.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "door/code.h"

static void digest_of(struct presented *presented, const char *label, const char *text)
{
        crypto_generichash_state state;

        crypto_generichash_init(&state, NULL, 0, CREDENTIAL_DIGEST);
        crypto_generichash_update(&state, (const uint8_t *)label, strlen(label));
        crypto_generichash_update(&state, (const uint8_t *)text, strlen(text));
        crypto_generichash_final(&state, presented->digest, CREDENTIAL_DIGEST);
}

/* What has no form at all still has a digest: it goes into the log, too. */
static void take_code(struct presented *presented, const char *text, enum presented_form form)
{
        char folded[CODE_MAX + 1];

        if (code_fold(text, folded)) {
                presented->form = form;
                presented->code = xstrdup(folded);
        }
        digest_of(presented, form == PRESENTED_REGISTRATION ? "registration " : "code ",
                presented->code ? presented->code : text);
}

void presented_credential(struct presented *presented, const char *text)
{
        presented->form = PRESENTED_NOTHING;
        presented->text = text;
        presented->code = NULL;
        if (credential_parse(text, &presented->read) != 0) {
                take_code(presented, text, PRESENTED_CODE);
                return;
        }
        presented->form = PRESENTED_OURS;
        memcpy(presented->digest, presented->read.digest, CREDENTIAL_DIGEST);
}

void presented_registration(struct presented *presented, const char *text)
{
        presented->form = PRESENTED_NOTHING;
        presented->text = text;
        presented->code = NULL;
        take_code(presented, text, PRESENTED_REGISTRATION);
}

void presented_deinit(struct presented *presented)
{
        free(presented->code);
        presented->code = NULL;
}

/* Another system's code may happen to look like ours. */
static const struct credential_row *find_ours(const struct presented *presented, const struct roster *roster)
{
        const struct credential_row *found = roster_by_digest(roster, presented->read.digest);
        char folded[CODE_MAX + 1];

        if (!found && code_fold(presented->text, folded))
                found = roster_by_code(roster, folded);
        return found;
}

bool presented_find(const struct presented *presented, const struct roster *roster,
        const struct credential_row **credential, const struct registration_row **registration)
{
        *credential = NULL;
        *registration = NULL;
        switch (presented->form) {
        case PRESENTED_NOTHING:
                return false;
        case PRESENTED_OURS:
                *credential = find_ours(presented, roster);
                break;
        case PRESENTED_CODE:
                *credential = roster_by_code(roster, presented->code);
                break;
        case PRESENTED_REGISTRATION:
                *registration = roster_registration(roster, presented->code);
                break;
        }
        if (*credential)
                *registration = roster_registration(roster, (*credential)->registration);
        return *registration != NULL;
}

struct roster_look presented_look(const struct presented *presented, const struct roster *roster)
{
        return (struct roster_look){
                .roster = roster,
                .digest = presented->form == PRESENTED_OURS ? presented->read.digest : NULL,
                .code = presented->form == PRESENTED_CODE ? presented->code : NULL,
                .registration = presented->form == PRESENTED_REGISTRATION ? presented->code : NULL,
        };
}

void presented_digest(
        const struct presented *presented, const struct uuid *nonce, uint8_t digest[static CREDENTIAL_DIGEST])
{
        _Static_assert(crypto_shorthash_siphashx24_KEYBYTES == sizeof(nonce->bytes), "a nonce is a key");
        _Static_assert(crypto_shorthash_siphashx24_BYTES == CREDENTIAL_DIGEST, "as long as any digest");
        crypto_shorthash_siphashx24(digest, presented->digest, CREDENTIAL_DIGEST, nonce->bytes);
}
