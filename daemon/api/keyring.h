/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The events' signing keys, opened. Private halves stand in the database sealed under a key file; a daemon without
 * that file judges credentials, and issues none.
 */
#pragma once

#include "api/call.h"
#include "door/keys.h"

struct keyring;

/* Opens, or at the first start makes, the key file in the state directory. */
int keyring_new(const char *state_dir, struct keyring **keyringp);
struct keyring *keyring_free(struct keyring *keyring);
/* The family's newest signing key, opened; NULL: there is none yet (see keyring_make) or it cannot be opened here. */
const struct signing_key *keyring_signing(struct keyring *keyring, const struct event_state *event);
/* A key for the event's parent, added to the batch; usable at once. */
const struct signing_key *keyring_make(struct keyring *keyring, struct call *call, struct batch *batch);
