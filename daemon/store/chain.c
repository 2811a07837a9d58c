/* SPDX-License-Identifier: Apache-2.0 */
#include "store/chain.h"

#include <sodium.h>
#include <string.h>

/* Every member goes in with its length, so that no two scans are written alike. */
static void put(crypto_generichash_state *state, const void *bytes, size_t length)
{
        uint8_t head[4] = { (uint8_t)length, (uint8_t)(length >> 8), (uint8_t)(length >> 16),
                (uint8_t)(length >> 24) };

        crypto_generichash_update(state, head, sizeof(head));
        crypto_generichash_update(state, bytes, length);
}

/* Absent is not the same as empty. */
static void put_text(crypto_generichash_state *state, const char *text)
{
        put(state, text ? "+" : "-", 1);
        put(state, text ? text : "", text ? strlen(text) : 0);
}

static void put_int(crypto_generichash_state *state, int64_t value)
{
        uint8_t bytes[8];

        for (size_t i = 0; i < sizeof(bytes); i++)
                bytes[i] = (uint8_t)((uint64_t)value >> (8 * i));
        put(state, bytes, sizeof(bytes));
}

static void put_uuid(crypto_generichash_state *state, const struct uuid *uuid)
{
        put(state, uuid->bytes, sizeof(uuid->bytes));
}

void chain_next(
        const uint8_t head[static CHAIN_BYTES], const struct scan_row *scan, uint8_t hash[static CHAIN_BYTES])
{
        crypto_generichash_state state;

        crypto_generichash_init(&state, NULL, 0, CHAIN_BYTES);
        put(&state, head, CHAIN_BYTES);
        put_uuid(&state, &scan->family);
        put_uuid(&state, &scan->writer);
        put_int(&state, scan->seq);
        put_uuid(&state, &scan->nonce);
        put_uuid(&state, &scan->event);
        put_text(&state, scan->checkpoint);
        put_text(&state, scan->registration);
        put_int(&state, scan->registration_version);
        put(&state, scan->credential_digest, scan->has_digest ? sizeof(scan->credential_digest) : 0);
        put_int(&state, scan->day.days);
        put_text(&state, scan->direction);
        put_text(&state, scan->verdict);
        put_text(&state, scan->reason);
        put_int(&state, scan->at.us);
        put_int(&state, scan->received_at.us);
        put_text(&state, scan->device);
        put_text(&state, scan->by);
        put_text(&state, scan->flags);
        put_int(&state, scan->inside);
        put_int(&state, scan->presence_version);
        put_int(&state, scan->presence_inside + 2 * scan->presence_admitted + 4 * scan->force);
        put_int(&state, scan->first_at.us);
        put_text(&state, scan->first_device);
        put_text(&state, scan->undoes);
        crypto_generichash_final(&state, hash, CHAIN_BYTES);
}
