/* SPDX-License-Identifier: Apache-2.0 */
/* A conflict that was accepted and ends because a room or a speaker changes is accepted no longer. */
#pragma once

#include "api/call.h"

/* For a noun's `changed`: adds the ends of acceptances that the row brings. */
void ended_by_room(struct call *call, struct batch *batch, const void *row, const void *before);
void ended_by_speaker(struct call *call, struct batch *batch, const void *row, const void *before);
