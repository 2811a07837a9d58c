/* SPDX-License-Identifier: Apache-2.0 */
/* The newest publication's timetable, for who answers from it: read from its body once, on a helper thread. */
#pragma once

#include "api/call.h"

/* Calls `then` with event_latest() at hand (at once where it is), or answers. There is a publication. */
void latest_with(struct call *call, void (*then)(struct call *call));
