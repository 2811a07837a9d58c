/* SPDX-License-Identifier: Apache-2.0 */
#include "api/keyring.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/log.h"

struct opened {
        struct uuid event;
        int64_t number;
        struct signing_key key;
        struct opened *next;
};

struct keyring {
        uint8_t file_key[KEY_FILE_BYTES];
        struct opened *opened;
};

int keyring_new(const char *state_dir, struct keyring **keyringp)
{
        _cleanup_(freep) char *path = xasprintf("%s/usherd.key", state_dir);
        struct keyring *keyring = xcalloc(1, sizeof(*keyring));
        int r = key_file_read(path, keyring->file_key);

        if (r == KEYS_E_MISSING)
                r = key_file_make(path, keyring->file_key);
        if (r) {
                log_error("the key file %s cannot be used: %s", path,
                        r == KEYS_E_EXPOSED   ? "it must be its owner's alone (chmod 600)"
                        : r == KEYS_E_DAMAGED ? "it is damaged"
                        : r < 0               ? strerror(-r)
                                              : "it appeared meanwhile");
                keyring_free(keyring);
                return error_origin(r < 0 ? r : -EPERM);
        }
        *keyringp = keyring;
        return 0;
}

struct keyring *keyring_free(struct keyring *keyring)
{
        if (!keyring)
                return NULL;
        while (keyring->opened) {
                struct opened *next = keyring->opened->next;

                signing_key_deinit(&keyring->opened->key);
                free(keyring->opened);
                keyring->opened = next;
        }
        sodium_memzero(keyring->file_key, sizeof(keyring->file_key));
        free(keyring);
        return NULL;
}

static const struct signing_key_row *find_row(
        const struct state *state, const struct uuid *event, int64_t number)
{
        const struct signing_key_row *found = NULL, *row;
        const char *after = NULL;

        while ((row = rowset_next(&state->signing_keys, event, after))) {
                after = row->row.id;
                if (number ? row->number == number : !found || row->number > found->number)
                        found = row;
        }
        return found;
}

const struct signing_key *keyring_key(struct keyring *keyring, const struct state *state,
        const struct event_state *event, int64_t number, int64_t *numberp)
{
        const struct signing_key_row *row = find_row(state, &event->family->uuid, number);
        struct opened *opened;

        if (!row)
                return NULL;
        *numberp = row->number;
        for (opened = keyring->opened; opened; opened = opened->next)
                if (opened->number == row->number && uuid_equal(&opened->event, &row->row.event))
                        return &opened->key;
        opened = xcalloc(1, sizeof(*opened));
        opened->event = row->row.event;
        opened->number = row->number;
        if (signing_key_unseal(&opened->key, &row->public_key, &row->sealed, keyring->file_key) != 0) {
                free(opened);
                return NULL;
        }
        opened->next = keyring->opened;
        keyring->opened = opened;
        return &opened->key;
}

struct signing_key_row *keyring_make(
        struct keyring *keyring, const struct uuid *event, int64_t number, struct instant now)
{
        uint8_t sealed[KEY_SEALED_BYTES];
        struct signing_key_row fresh, *row;
        struct signing_key key;
        char id[24];

        snprintf(id, sizeof(id), "%lld", (long long)number);
        signing_key_make(&key);
        signing_key_seal(&key, keyring->file_key, sealed);
        row_clear(&fresh, &signing_key_record);
        fresh.row.event = *event;
        fresh.row.id = id;
        fresh.row.version = 1;
        fresh.number = number;
        fresh.public_key = (struct bytes){ key.public_key, sizeof(key.public_key) };
        fresh.sealed = (struct bytes){ sealed, sizeof(sealed) };
        fresh.created_at = now;
        row = row_seal(&fresh);
        signing_key_deinit(&key);
        return row;
}
