/* SPDX-License-Identifier: Apache-2.0 */
#include "api/token_end.h"

#include <string.h>

#include "api/api.h"

void token_end(struct batch *batch, const struct token_row *token)
{
        _cleanup_(row_unrefp) struct token_row *revoked = NULL;
        struct token_row fresh = *token;

        fresh.revoked = true;
        fresh.row.version++;
        revoked = row_seal(&fresh);
        batch_add_row(batch, revoked);
}

void invite_end(struct batch *batch, const struct invite_row *invite)
{
        _cleanup_(row_unrefp) struct row *gone = row_tombstone(&invite->row, invite->row.version + 1);

        batch_add_row(batch, gone);
}

void tokens_end_with_event(struct call *call, struct batch *batch, const char *event)
{
        const struct state *state = &call->api->state;
        const struct token_row *token;
        const struct invite_row *invite;

        for (size_t i = 0; (token = rowset_each(&state->tokens, &i));)
                if (!token->revoked && token->event && strcmp(token->event, event) == 0)
                        token_end(batch, token);
        for (size_t i = 0; (invite = rowset_each(&state->invites, &i));)
                if (invite->event && strcmp(invite->event, event) == 0)
                        invite_end(batch, invite);
}
