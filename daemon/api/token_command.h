/* SPDX-License-Identifier: Apache-2.0 */
/* `usherd token`: one token.create over the daemon's own Unix socket. */
#pragma once

#include "api/api.h"

struct token_command;

/*
 * Asks for a token of the settings' role, event and label at the Unix socket `path`. `done` is called once, on the
 * loop: with the secret, or with NULL and why there is none. Both are borrowed.
 */
struct token_command *token_command_new(struct api *api, const char *path,
        void (*done)(void *context, const char *secret, const char *why), void *context);
struct token_command *token_command_free(struct token_command *command);
