/* SPDX-License-Identifier: Apache-2.0 */
#include "door/presence.h"

#include <sodium.h>
#include <string.h>

const char *presence_id(
        char id[static PRESENCE_ID_MAX], const char *checkpoint, struct date day, const char *registration)
{
        size_t place = strnlen(checkpoint, 64), length = strnlen(registration, 64);
        char *tail = mempcpy(id, checkpoint, place);

        *tail++ = '/';
        if (!date_is_none(day)) {
                date_format(day, tail);
                tail += strlen(tail);
        }
        *tail++ = '/';
        tail = mempcpy(tail, registration, length);
        *tail = '\0';
        return id;
}

struct presence_place presence_place(const struct uuid *event, const char *checkpoint, struct date day)
{
        uint8_t named[sizeof(event->bytes) + PRESENCE_ID_MAX], hash[crypto_hash_sha256_BYTES];
        struct presence_place place;
        char id[PRESENCE_ID_MAX];
        size_t length;

        presence_id(id, checkpoint, day, "");
        length = strlen(id);
        memcpy(named, event->bytes, sizeof(event->bytes));
        memcpy(named + sizeof(event->bytes), id, length);
        crypto_generichash(place.key, sizeof(place.key), named, sizeof(event->bytes) + length, NULL, 0);
        crypto_hash_sha256(
                hash, (const uint8_t *)checkpoint, strlen(checkpoint)); /* as usher.presence_bound() */
        memcpy(place.range, hash, sizeof(place.range));
        return place;
}

struct uuid presence_key(const struct presence_place *place, const char *registration)
{
        uint8_t hash[crypto_shorthash_siphashx24_BYTES];
        struct uuid key;

        crypto_shorthash_siphashx24(hash, (const uint8_t *)registration, strlen(registration), place->key);
        memcpy(key.bytes, place->range, sizeof(place->range));
        memcpy(key.bytes + sizeof(place->range), hash, sizeof(key.bytes) - sizeof(place->range));
        return key;
}
