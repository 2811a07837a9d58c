/* SPDX-License-Identifier: Apache-2.0 */
/* What somebody presented at a door, made ready to be looked up: a credential of ours, another system's code, or a registration by name. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "base/uuid.h"
#include "door/credential.h"
#include "door/roster.h"

enum presented_form { PRESENTED_NOTHING, PRESENTED_OURS, PRESENTED_CODE, PRESENTED_REGISTRATION };

struct presented {
        enum presented_form form;
        const char *text; /* as given, borrowed */
        struct credential_read read; /* PRESENTED_OURS: not verified */
        char *code; /* folded; PRESENTED_NOTHING: NULL */
        uint8_t digest[CREDENTIAL_DIGEST];
};

void presented_credential(struct presented *presented, const char *text);
void presented_registration(struct presented *presented, const char *text);
void presented_deinit(struct presented *presented);
/* Whether a roster knows it, replaced or not; `credential` is NULL where a registration was named. */
bool presented_find(const struct presented *presented, const struct roster *roster,
        const struct credential_row **credential, const struct registration_row **registration);
/* What presented_find() will look at there first: see roster_fetch(). */
struct roster_look presented_look(const struct presented *presented, const struct roster *roster);
/* The digest under a scan's nonce (SipHash-2-4-128): tells whether a repeat presents the same, and nothing else. */
void presented_digest(const struct presented *presented, const struct uuid *nonce,
        uint8_t digest[static CREDENTIAL_DIGEST]);
