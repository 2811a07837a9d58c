/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that carry out a change share of a call. */
#pragma once

#include "api/call.h"

/* Answers with why a change was not done; FAILURE_KEY_USED is the caller's own. */
void call_fail_change(struct call *call, const struct change_failure *failure);
/* Instead of an answer from a decision that recorded nothing: true when it is to be decided on newer memory first. */
bool call_put_off(struct call *call);
