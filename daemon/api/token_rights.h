/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets of tokens and invitations: made, hashed, looked up; and what one may grant. */
#pragma once

#include "api/call.h"
#include "api/login.h"

enum { SECRET_DIGEST = 32, SECRET_TEXT_MAX = 64, INVITE_CODE_LENGTH = 8 };

/* "ut_" and 43 characters of base64url: 256 random bits. */
void token_secret_make(char out[static SECRET_TEXT_MAX]);
/* 8 characters of 0-9A-Z without I, L, O, U. */
void invite_code_make(char out[static INVITE_CODE_LENGTH + 1]);
/* Upper case, blanks aside; false when it cannot be one. */
bool invite_code_fold(const char *typed, char out[static INVITE_CODE_LENGTH + 1]);
void secret_digest(const char *text, uint8_t digest[static SECRET_DIGEST]);
/* The token whose secret has this digest, expired and revoked ones too; NULL: none. Compared in constant time. */
const struct token_row *token_by_digest(
        const struct state *state, const uint8_t digest[static SECRET_DIGEST]);
const struct invite_row *invite_by_digest(
        const struct state *state, const uint8_t digest[static SECRET_DIGEST]);
bool token_is_good(const struct token_row *token, struct instant now);
/* Logs a peer in with a token, with its limits. */
void login_enter(struct api *api, struct peer *peer, const struct token_row *token);
/* A short id made of random letters: "t-3k9x…" */
void id_make(const char *prefix, char out[static 32]);
