/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signing keys, and the key file they are sealed under.
 *
 * An event's private keys stand in the database encrypted (signing_key_row.sealed) under 32 bytes that stand in a file
 * of mode 0600 beside the daemon. A daemon without the file judges and issues nothing. Call sodium_init() first.
 */
#pragma once

#include <stdint.h>
#include "base/row.h"

enum { KEY_FILE_BYTES = 32, KEY_SEALED_BYTES = 24 + 16 + 32 };

enum {
        KEYS_E_MISSING = 1, /* there is no key file */
        KEYS_E_EXISTS, /* there is one already */
        KEYS_E_EXPOSED, /* others than its owner may read or change it, or it is another user's */
        KEYS_E_DAMAGED, /* it is not 32 bytes, or not a plain file */
        KEYS_E_SEALED, /* the private half was sealed under another key file, or was changed */
};

struct signing_key {
        uint8_t public_key[32];
        uint8_t secret_key[64];
};

void signing_key_make(struct signing_key *key);
/* Forgets the private half. */
void signing_key_deinit(struct signing_key *key);
void signing_key_seal(const struct signing_key *key, const uint8_t file_key[static KEY_FILE_BYTES],
        uint8_t sealed[static KEY_SEALED_BYTES]);
/* 0 or KEYS_E_SEALED; the public half is compared with `public_key`. */
int signing_key_unseal(struct signing_key *key, const struct bytes *public_key, const struct bytes *sealed,
        const uint8_t file_key[static KEY_FILE_BYTES]);

/* Makes the file, new, with random bytes, durable before it returns: 0, KEYS_E_EXISTS or a negative errno. */
int key_file_make(const char *path, uint8_t file_key[static KEY_FILE_BYTES]);
/* 0, KEYS_E_MISSING, _EXPOSED, _DAMAGED or a negative errno. */
int key_file_read(const char *path, uint8_t file_key[static KEY_FILE_BYTES]);
