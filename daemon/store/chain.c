/* SPDX-License-Identifier: Apache-2.0 */
#include "store/chain.h"

#include <sodium.h>
#include <string.h>

enum { NUMBER_BYTES = 10 };

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

static inline void put(struct hashed *hashed, const void *bytes, size_t length)
{
        if (length > sizeof(hashed->bytes) - hashed->length) {
                flush(hashed);
                if (length > sizeof(hashed->bytes)) {
                        crypto_generichash_update(&hashed->state, bytes, length);
                        return;
                }
        }
        memcpy(hashed->bytes + hashed->length, bytes, length);
        hashed->length += length;
}

/*
 * A number says where it ends, and in few bytes: LEB128, the sign its last bit. What is hashed of a scan should fit into
 * two of BLAKE2b's blocks of 128 bytes.
 */
static inline void put_number(struct hashed *hashed, int64_t value)
{
        uint64_t left = (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);

        if (sizeof(hashed->bytes) - hashed->length < NUMBER_BYTES)
                flush(hashed);
        for (; left > 0x7f; left >>= 7)
                hashed->bytes[hashed->length++] = (uint8_t)(left | 0x80);
        hashed->bytes[hashed->length++] = (uint8_t)left;
}

/* What may be of any length goes in behind it, so that no two scans are written alike. Absent is not the same as empty. */
static void put_text(struct hashed *hashed, const char *text)
{
        size_t length = text ? strlen(text) : 0;

        put_number(hashed, text ? (int64_t)length + 1 : 0);
        put(hashed, text ? text : "", length);
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
        put_number(&hashed, scan->seq);
        put_uuid(&hashed, &scan->nonce);
        put_uuid(&hashed, &scan->event);
        put_text(&hashed, scan->checkpoint);
        put_text(&hashed, scan->registration);
        put_number(&hashed, scan->registration_version);
        put_number(&hashed, scan->has_digest);
        put(&hashed, scan->credential_digest, scan->has_digest ? sizeof(scan->credential_digest) : 0);
        put_number(&hashed, scan->day.days);
        put_text(&hashed, scan->direction);
        put_text(&hashed, scan->verdict);
        put_text(&hashed, scan->reason);
        put_number(&hashed, scan->at.us);
        put_number(&hashed, scan->received_at.us);
        put_text(&hashed, scan->device);
        put_text(&hashed, scan->by);
        put_text(&hashed, scan->flags);
        put_number(&hashed, scan->inside);
        put_number(&hashed, scan->presence_version);
        put_number(&hashed, scan->presence_inside + 2 * scan->presence_admitted + 4 * scan->force);
        put_number(&hashed, scan->first_at.us);
        put_text(&hashed, scan->first_device);
        put_number(&hashed, scan->admitted_at.us);
        put_text(&hashed, scan->undoes);
        flush(&hashed);
        crypto_generichash_final(&hashed.state, hash, CHAIN_BYTES);
}
