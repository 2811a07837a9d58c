/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials: what the QR code on a ticket or badge holds.
 *
 * A credential is 96 bytes, a payload of 32 and its Ed25519 signature, written with A-Z and 2-7 (RFC 4648's base 32
 * without padding): 154 characters, which is what a QR code of version 6 and level M holds. They begin with "U" and
 * are read in either case with blanks left out; the upper case form without blanks is the canonical one, and there is
 * one text for each 96 bytes. Signing is deterministic: the same content under the same key gives the same text.
 *
 * At the door a credential is known by the digest of its bytes; only one that nobody knows is verified.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include "base/instant.h"
#include "base/uuid.h"

struct signing_key;

enum {
        CREDENTIAL_TEXT = 154, /* characters */
        CREDENTIAL_DIGEST = 16, /* bytes */
        CREDENTIAL_CODE_MAX = 11, /* bytes of a registration's code */
        CREDENTIAL_PAYLOAD = 32,
        CREDENTIAL_SIGNATURE = 64,
};

enum {
        CREDENTIAL_E_FORM = 1, /* not of our form */
        CREDENTIAL_E_SIGNATURE, /* of our form, and this key has not signed it */
        CREDENTIAL_E_RANGE, /* issue: the content does not fit into a credential */
};

#define CREDENTIAL_KINDS(X)                                                                                  \
        X(TICKET, "ticket")                                                                                  \
        X(BADGE, "badge")                                                                                    \
        X(CARD, "card")                                                                                      \
        X(CODE, "code")

enum credential_kind {
#define X(name, word) CREDENTIAL_##name,
        CREDENTIAL_KINDS(X)
#undef X
};

const char *credential_kind_word(enum credential_kind kind);
/* -1: no such word. */
int credential_kind_from_word(const char *word);

/* What a credential says. */
struct credential_content {
        uint8_t event_mark[4]; /* of the event's UUID: see credential_event_mark */
        uint8_t key_number; /* 1 to 255 */
        char registration[CREDENTIAL_CODE_MAX + 1];
        uint8_t ticket_mark[4];
        struct instant valid_from, valid_to; /* whole seconds, 1970 to 2106; none: unbounded */
        enum credential_kind kind;
        uint16_t issue;
};

/* A credential that was read, not yet verified. */
struct credential_read {
        struct credential_content content;
        uint8_t payload[CREDENTIAL_PAYLOAD];
        uint8_t signature[CREDENTIAL_SIGNATURE];
        uint8_t digest[CREDENTIAL_DIGEST];
};

void credential_event_mark(const struct uuid *event, uint8_t mark[static 4]);

/* Whether a credential can tell that time, or has none to tell. */
bool credential_second_fits(struct instant at);
/* What is signed for a registration, from the rows' own values; issue and key number beyond range: CREDENTIAL_E_RANGE. */
int credential_fill(struct credential_content *content, const struct uuid *event, int64_t key_number,
        const char *registration, const char *ticket, struct instant valid_from, struct instant valid_to,
        enum credential_kind kind, int64_t issue);
/* Writes the text; `key` must be opened (see keys.h). */
void credential_issue(const struct credential_content *content, const struct signing_key *key,
        char text[static CREDENTIAL_TEXT + 1]);
/* Reads without judging the signature: 0 or CREDENTIAL_E_FORM. */
int credential_parse(const char *text, struct credential_read *read);
/* Judges the signature under an event's public key: 0 or CREDENTIAL_E_SIGNATURE. 50 µs. */
int credential_verify(const struct credential_read *read, const uint8_t public_key[static 32]);
/* BLAKE2b-128 of the bytes that a text of our form says. */
void credential_digest(const char text[static CREDENTIAL_TEXT + 1], uint8_t digest[static CREDENTIAL_DIGEST]);
