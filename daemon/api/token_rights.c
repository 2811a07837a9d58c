/* SPDX-License-Identifier: Apache-2.0 */
#include "api/token_rights.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"

static const char code_letters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

void token_secret_make(char out[static SECRET_TEXT_MAX])
{
        uint8_t random[32];

        randombytes_buf(random, sizeof(random));
        memcpy(out, "ut_", 3);
        sodium_bin2base64(out + 3, SECRET_TEXT_MAX - 3, random, sizeof(random),
                sodium_base64_VARIANT_URLSAFE_NO_PADDING);
        sodium_memzero(random, sizeof(random));
}

void invite_code_make(char out[static INVITE_CODE_LENGTH + 1])
{
        for (size_t i = 0; i < INVITE_CODE_LENGTH; i++)
                out[i] = code_letters[randombytes_uniform(32)];
        out[INVITE_CODE_LENGTH] = '\0';
}

bool invite_code_fold(const char *typed, char out[static INVITE_CODE_LENGTH + 1])
{
        size_t length = 0;

        for (; *typed; typed++) {
                char c = *typed >= 'a' && *typed <= 'z' ? (char)(*typed - 'a' + 'A') : *typed;

                if (c == ' ' || c == '\t')
                        continue;
                if (length == INVITE_CODE_LENGTH || !strchr(code_letters, c))
                        return false;
                out[length++] = c;
        }
        out[length] = '\0';
        return length == INVITE_CODE_LENGTH;
}

void secret_digest(const char *text, uint8_t digest[static SECRET_DIGEST])
{
        crypto_generichash(digest, SECRET_DIGEST, (const unsigned char *)text, strlen(text), NULL, 0);
}

const struct token_row *token_by_digest(const struct state *state, const uint8_t digest[static SECRET_DIGEST])
{
        const struct token_row *found = NULL, *token;
        size_t index = 0;

        while ((token = rowset_each(&state->tokens, &index)))
                if (token->secret_digest.length == SECRET_DIGEST &&
                        sodium_memcmp(token->secret_digest.data, digest, SECRET_DIGEST) == 0)
                        found = token;
        return found;
}

const struct invite_row *invite_by_digest(
        const struct state *state, const uint8_t digest[static SECRET_DIGEST])
{
        const struct invite_row *found = NULL, *invite;
        size_t index = 0;

        while ((invite = rowset_each(&state->invites, &index)))
                if (invite->code_digest.length == SECRET_DIGEST &&
                        sodium_memcmp(invite->code_digest.data, digest, SECRET_DIGEST) == 0)
                        found = invite;
        return found;
}

bool token_is_good(const struct token_row *token, struct instant now)
{
        return !token->revoked && (instant_is_none(token->expires_at) || token->expires_at.us > now.us);
}

void login_enter(struct api *api, struct peer *peer, const struct token_row *token)
{
        struct login *login = peer_session(peer);
        const struct token_row *before = login->token;

        login->token = row_ref(token);
        row_unref(before);
        if (!role_parse(token->role, &login->role))
                login->role = ROLE_PUBLIC;
        free(login->actor);
        free(login->label);
        login->actor = xstrdup(token->row.id);
        login->label = xstrdup(token->label);
        peer_set_logged_in(peer, true);
        peer_set_limits(peer, login->role >= ROLE_ORGANISER ? &api->settings->limits_organiser
                                                            : &api->settings->limits_login);
}

void id_make(const char *prefix, char out[static 32])
{
        size_t length = (size_t)snprintf(out, 16, "%s-", prefix);

        for (size_t i = 0; i < 10; i++) {
                char c = code_letters[randombytes_uniform(32)];

                out[length++] = c >= 'A' ? (char)(c - 'A' + 'a') : c;
        }
        out[length] = '\0';
}
