/* SPDX-License-Identifier: Apache-2.0 */
#include "api/rows.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct field token_fields[] = {
        FIELD(struct token_row, secret_digest, FIELD_BYTES, 0),
        FIELD(struct token_row, role, FIELD_TEXT, FIELD_ON_WIRE),
        FIELD(struct token_row, label, FIELD_TEXT, FIELD_ON_WIRE),
        FIELD(struct token_row, event, FIELD_TEXT, FIELD_ON_WIRE),
        FIELD(struct token_row, checkpoints, FIELD_JSON, FIELD_ON_WIRE),
        FIELD(struct token_row, expires_at, FIELD_INSTANT, FIELD_ON_WIRE),
        FIELD(struct token_row, created_at, FIELD_INSTANT, FIELD_ON_WIRE | FIELD_READ_ONLY),
        FIELD(struct token_row, created_by, FIELD_TEXT, 0),
        FIELD(struct token_row, revoked, FIELD_BOOL, 0),
};
const struct record token_record = { "token", sizeof(struct token_row), token_fields, COUNT(token_fields) };

static const struct field invite_fields[] = {
        FIELD(struct invite_row, code_digest, FIELD_BYTES, 0),
        FIELD(struct invite_row, role, FIELD_TEXT, FIELD_ON_WIRE),
        FIELD(struct invite_row, label, FIELD_TEXT, FIELD_ON_WIRE),
        FIELD(struct invite_row, event, FIELD_TEXT, FIELD_ON_WIRE),
        FIELD(struct invite_row, checkpoints, FIELD_JSON, FIELD_ON_WIRE),
        FIELD(struct invite_row, expires_at, FIELD_INSTANT, FIELD_ON_WIRE),
        FIELD(struct invite_row, good_until, FIELD_INSTANT, 0),
        FIELD(struct invite_row, created_by, FIELD_TEXT, 0),
};
const struct record invite_record = { "invite", sizeof(struct invite_row), invite_fields,
        COUNT(invite_fields) };
