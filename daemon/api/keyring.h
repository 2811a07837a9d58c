/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The events' signing keys, opened. Private halves stand in the database sealed under a key file; a daemon without
 * that file judges credentials, and issues none.
 */
#pragma once

#include "api/state.h"
#include "door/keys.h"

struct keyring;

/* Opens, or at the first start makes, the key file in the state directory. */
int keyring_new(const char *state_dir, struct keyring **keyringp);
struct keyring *keyring_free(struct keyring *keyring);
/* A key of the event's family by number (0: the newest), opened; NULL: none, or it was sealed under another file. */
const struct signing_key *keyring_key(struct keyring *keyring, const struct state *state,
        const struct event_state *event, int64_t number, int64_t *numberp);
/* A fresh key for an event that has no parent, as a row to be recorded; the caller owns it. */
struct signing_key_row *keyring_make(
        struct keyring *keyring, const struct uuid *event, int64_t number, struct instant now);
