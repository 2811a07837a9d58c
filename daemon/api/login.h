/* SPDX-License-Identifier: Apache-2.0 */
/* What a peer may do: its login. Owned by the peer, made when it joins. */
#pragma once

#include "api/method.h"
#include "api/pace.h"
#include "api/rows.h"
#include "wire/wire.h"

struct login {
        enum role role;
        const struct token_row *token; /* a reference, NULL without one */
        char *actor; /* "uid:1000" or the token's id; "" of a stranger */
        char *label;
        struct pace unknown_codes, unknown_credentials; /* of scans */
};

struct login *login_new(struct peer *peer, uid_t daemon_uid);
struct login *login_free(struct login *login);
struct login *login_copy(const struct login *login);
extern const char *const role_words[]; /* NULL-terminated */
const char *role_word(enum role role);
bool role_parse(const char *word, enum role *role);
/* Whether the login's token covers an event (its own, or a child of its own). */
struct state;
bool login_covers(const struct login *login, const struct state *state, const char *event_slug);
/* … and one of its checkpoints: those of a token are of its event alone. */
bool login_covers_checkpoint(
        const struct login *login, const struct state *state, const char *event_slug, const char *checkpoint);
