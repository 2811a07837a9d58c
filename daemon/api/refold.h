/* SPDX-License-Identifier: Apache-2.0 */
/* Registrations whose search text is of another fold, or missing, are folded anew, a few at a time, on a helper thread. */
#pragma once

#include "api/state.h"

struct api;
struct refold;

struct refold *refold_new(struct api *api);
struct refold *refold_free(struct refold *refold);
/* Something of a roster has changed: begins, unless it is at it. Cheap. */
void refold_look(struct refold *refold, const struct event_state *event);
