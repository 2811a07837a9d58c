/* SPDX-License-Identifier: Apache-2.0 */
#include "base/uuid.h"

#include <sodium.h>
#include <string.h>

#include "base/hex.h"

bool uuid_parse(const char *text, struct uuid *uuid)
{
        static const uint8_t places[16] = { 0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34 };
        int all = 0; /* negative as soon as one of the digits is */

        if (strlen(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-')
                return false;
        for (size_t i = 0; i < 16; i++) {
                int high = hex_digit(text[places[i]]), low = hex_digit(text[places[i] + 1]);

                all |= high | low;
                uuid->bytes[i] = (uint8_t)((unsigned)high << 4 | (unsigned)low);
        }
        return all >= 0;
}

void uuid_format(const struct uuid *uuid, char out[static 37])
{
        static const char digits[] = "0123456789abcdef";
        size_t at = 0;

        for (size_t i = 0; i < 16; i++) {
                if (i == 4 || i == 6 || i == 8 || i == 10)
                        out[at++] = '-';
                out[at++] = digits[uuid->bytes[i] >> 4];
                out[at++] = digits[uuid->bytes[i] & 15];
        }
        out[at] = '\0';
}

bool uuid_equal(const struct uuid *a, const struct uuid *b)
{
        return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

bool uuid_is_nil(const struct uuid *uuid)
{
        static const struct uuid nil;

        return uuid_equal(uuid, &nil);
}

int uuid_compare(const struct uuid *a, const struct uuid *b)
{
        return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

static void mark(struct uuid *uuid, int version)
{
        uuid->bytes[6] = (uint8_t)((uuid->bytes[6] & 0x0f) | version << 4);
        uuid->bytes[8] = (uint8_t)((uuid->bytes[8] & 0x3f) | 0x80);
}

void uuid_v4(struct uuid *uuid)
{
        randombytes_buf(uuid->bytes, sizeof(uuid->bytes));
        mark(uuid, 4);
}

/* RFC 9562, 6.2, method 1: the 12 bits behind the version count within the millisecond. */
void uuid_v7(struct instant now, struct uuid *uuid)
{
        static _Thread_local int64_t last_ms;
        static _Thread_local uint16_t counter;
        int64_t ms = now.us / 1000;

        randombytes_buf(uuid->bytes, sizeof(uuid->bytes));
        if (ms > last_ms) {
                last_ms = ms;
                counter = (uint16_t)randombytes_uniform(1024);
        } else if (++counter > 0x0fff) {
                counter = 0;
                last_ms++;
        }
        for (size_t i = 0; i < 6; i++)
                uuid->bytes[i] = (uint8_t)(last_ms >> (40 - 8 * i));
        uuid->bytes[6] = (uint8_t)(counter >> 8);
        uuid->bytes[7] = (uint8_t)counter;
        mark(uuid, 7);
}

void uuid_from_name(const struct uuid *space, const char *name, struct uuid *uuid)
{
        crypto_generichash(uuid->bytes, sizeof(uuid->bytes), (const unsigned char *)name, strlen(name),
                space->bytes, sizeof(space->bytes));
        mark(uuid, 8);
}
