/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include "base/buffer.h"
#include "base/table.h"
#include "wire/jsonkeys.h"
#include "wire/jsonscan.h"

enum { LINEAR_KEYS = 12 }; /* objects up to this size are compared key by key */

/* Slots of closed objects stay: their number comes never again. */
struct jsonkeys_slot {
        uint64_t hash;
        uint32_t object; /* 0: empty */
        uint32_t key; /* in the stack */
};

void jsonkeys_init(struct jsonkeys *keys)
{
        keys->more = NULL;
        keys->slots = NULL;
        keys->count = keys->capacity = 0;
        keys->slot_count = keys->slot_capacity = 0;
}

void jsonkeys_deinit(struct jsonkeys *keys)
{
        jsonkeys_drop(keys, 0);
        free(keys->more);
        free(keys->slots);
        jsonkeys_init(keys);
}

static struct jsonkey *key_at(struct jsonkeys *keys, size_t index)
{
        return index < JSONKEYS_FEW ? &keys->few[index] : &keys->more[index - JSONKEYS_FEW];
}

void jsonkeys_drop(struct jsonkeys *keys, size_t base)
{
        while (keys->count > base) {
                struct jsonkey *key = key_at(keys, --keys->count);

                if (key->owned)
                        free(key->owned);
        }
}

static void jsonkeys_push(struct jsonkeys *keys, const char *raw, size_t length, bool escaped)
{
        if (keys->count >= JSONKEYS_FEW && keys->count - JSONKEYS_FEW == keys->capacity) {
                keys->capacity = keys->capacity ? keys->capacity * 2 : 16;
                keys->more = xrealloc(keys->more, keys->capacity * sizeof *keys->more);
        }
        struct jsonkey *key = key_at(keys, keys->count++);
        *key = (struct jsonkey){ .text = raw, .length = length };
        if (escaped) {
                key->owned = xmalloc(length + 1);
                key->length = jsonscan_unescape(raw, length, key->owned);
                key->text = key->owned;
        }
}

static bool jsonkey_equal(const struct jsonkey *a, const struct jsonkey *b)
{
        return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

static struct jsonkeys_slot *slot_place(struct jsonkeys_slot *slots, size_t capacity, uint64_t hash)
{
        size_t i = hash & (capacity - 1);
        while (slots[i].object != 0)
                i = (i + 1) & (capacity - 1);
        return &slots[i];
}

static void jsonkeys_grow(struct jsonkeys *keys)
{
        size_t capacity = keys->slot_capacity ? keys->slot_capacity * 2 : 64;
        struct jsonkeys_slot *slots = xcalloc(capacity, sizeof *slots);
        for (size_t i = 0; i < keys->slot_capacity; i++) {
                if (keys->slots[i].object != 0)
                        *slot_place(slots, capacity, keys->slots[i].hash) = keys->slots[i];
        }
        free(keys->slots);
        keys->slots = slots;
        keys->slot_capacity = capacity;
}

/* Puts key number `index` of the stack into the table; false when an equal one of the same object is there. */
static bool jsonkeys_enter(struct jsonkeys *keys, uint32_t object, size_t index)
{
        if (keys->slot_count * 2 >= keys->slot_capacity)
                jsonkeys_grow(keys);
        const struct jsonkey *key = key_at(keys, index);
        uint64_t hash = hash_bytes(key->text, key->length, object);
        size_t i = hash & (keys->slot_capacity - 1);
        for (; keys->slots[i].object != 0; i = (i + 1) & (keys->slot_capacity - 1)) {
                const struct jsonkeys_slot *slot = &keys->slots[i];
                if (slot->hash == hash && slot->object == object &&
                        jsonkey_equal(key_at(keys, slot->key), key))
                        return false;
        }
        keys->slots[i] = (struct jsonkeys_slot){ .hash = hash, .object = object, .key = (uint32_t)index };
        keys->slot_count++;
        return true;
}

bool jsonkeys_add(
        struct jsonkeys *keys, size_t base, uint32_t object, const char *raw, size_t length, bool escaped)
{
        jsonkeys_push(keys, raw, length, escaped);
        size_t last = keys->count - 1, held = last - base;
        if (held < LINEAR_KEYS) {
                for (size_t i = base; i < last; i++) {
                        if (jsonkey_equal(key_at(keys, i), key_at(keys, last)))
                                return false;
                }
                return true;
        }
        if (held == LINEAR_KEYS) {
                for (size_t i = base; i < last; i++)
                        jsonkeys_enter(keys, object, i);
        }
        return jsonkeys_enter(keys, object, last);
}
