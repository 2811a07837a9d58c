/* SPDX-License-Identifier: Apache-2.0 */
/* How tokens and invitations end. What is live under a token closes once its row is durable: see api.c. */
#pragma once

#include "api/call.h"

void token_end(struct batch *batch, const struct token_row *token);
void invite_end(struct batch *batch, const struct invite_row *invite);
/* An event goes: whoever had a token for it must not find the door of its namesake open. */
void tokens_end_with_event(struct call *call, struct batch *batch, const char *event);
