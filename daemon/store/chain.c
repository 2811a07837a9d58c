/* SPDX-License-Identifier: Apache-2.0 */
#include "store/chain.h"

#include <sodium.h>
#include <string.h>

/* Members are short and many: they are put together before they are hashed. */
struct hashed {
        crypto_generichash_state state;
        uint8_t bytes[1024];
        size_t length;
};

static void flush(struct hashed *hashed)
{
        crypto_generichash_update(&hashed->state, hashed->bytes, hashed->length);
        hashed->length = 0;
}

/* Every member goes in with its length, so that no two scans are written alike. */
static void put(struct hashed *hashed, const void *bytes, size_t length)
{
        uint8_t head[4] = { (uint8_t)length, (uint8_t)(length >> 8), (uint8_t)(length >> 16),
                (uint8_t)(length >> 24) };

        if (hashed->length + sizeof(head) + length > sizeof(hashed->bytes))
                flush(hashed);
        memcpy(hashed->bytes + hashed->length, head, sizeof(head));
        hashed->length += sizeof(head);
        if (length > sizeof(hashed->bytes) - hashed->length) {
                flush(hashed);
                crypto_generichash_update(&hashed->state, bytes, length);
                return;
        }
        memcpy(hashed->bytes + hashed->length, bytes, length);
        hashed->length += length;
}

/* Absent is not the same as empty. */
static void put_text(struct hashed *hashed, const char *text)
{
        put(hashed, text ? "+" : "-", 1);
        put(hashed, text ? text : "", text ? strlen(text) : 0);
}

static void put_int(struct hashed *hashed, int64_t value)
{
        uint8_t bytes[8];

        for (size_t i = 0; i < sizeof(bytes); i++)
                bytes[i] = (uint8_t)((uint64_t)value >> (8 * i));
        put(hashed, bytes, sizeof(bytes));
}

static void put_uuid(struct hashed *hashed, const struct uuid *uuid)
{
        put(hashed, uuid->bytes, sizeof(uuid->bytes));
}

void chain_next(
        const uint8_t head[static CHAIN_BYTES], const struct scan_row *scan, uint8_t hash[static CHAIN_BYTES])
{
        struct hashed hashed;

        hashed.length = 0;
        crypto_generichash_init(&hashed.state, NULL, 0, CHAIN_BYTES);
        put(&hashed, head, CHAIN_BYTES);
        put_uuid(&hashed, &scan->family);
        put_uuid(&hashed, &scan->writer);
        put_int(&hashed, scan->seq);
        put_uuid(&hashed, &scan->nonce);
        put_uuid(&hashed, &scan->event);
        put_text(&hashed, scan->checkpoint);
        put_text(&hashed, scan->registration);
        put_int(&hashed, scan->registration_version);
        put(&hashed, scan->credential_digest, scan->has_digest ? sizeof(scan->credential_digest) : 0);
        put_int(&hashed, scan->day.days);
        put_text(&hashed, scan->direction);
        put_text(&hashed, scan->verdict);
        put_text(&hashed, scan->reason);
        put_int(&hashed, scan->at.us);
        put_int(&hashed, scan->received_at.us);
        put_text(&hashed, scan->device);
        put_text(&hashed, scan->by);
        put_text(&hashed, scan->flags);
        put_int(&hashed, scan->inside);
        put_int(&hashed, scan->presence_version);
        put_int(&hashed, scan->presence_inside + 2 * scan->presence_admitted + 4 * scan->force);
        put_int(&hashed, scan->first_at.us);
        put_text(&hashed, scan->first_device);
        put_text(&hashed, scan->undoes);
        flush(&hashed);
        crypto_generichash_final(&hashed.state, hash, CHAIN_BYTES);
}
