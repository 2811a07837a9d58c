/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that begin a call, or carry out a change, share of it. */
#pragma once

#include "api/call.h"

struct login;

/* `login` NULL: of nobody. Its parameters are not looked at yet. */
struct call *call_new(
        struct api *api, struct request *request, const struct method *method, const struct login *login);
/* Answers with why a change was not done; FAILURE_KEY_USED is the caller's own. */
void call_fail_change(struct call *call, const struct change_failure *failure);
/* Instead of an answer from a decision that recorded nothing: true when it is to be decided on newer memory first. */
bool call_put_off(struct call *call);
