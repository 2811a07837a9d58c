/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that belong to no event: who may do what. Family and event nil. */
#pragma once

#include "base/row.h"

/* Id: made by the daemon. The secret is kept as a digest alone. */
struct token_row {
        struct row row;
        struct bytes secret_digest; /* 32 bytes */
        const char *role, *label;
        const char *event; /* slug, NULL: every event */
        const char *checkpoints; /* JSON array of slugs, NULL: every checkpoint */
        struct instant expires_at, created_at;
        const char *created_by;
        bool revoked;
};

/* A one-time code to be turned into a token. Deleted once used or old. */
struct invite_row {
        struct row row;
        struct bytes code_digest;
        const char *role, *label, *event, *checkpoints;
        struct instant expires_at; /* the token's */
        struct instant good_until; /* the code's */
        const char *created_by;
};

extern const struct record token_record, invite_record;
