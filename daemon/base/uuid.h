/* SPDX-License-Identifier: Apache-2.0 */
/* UUIDs (RFC 9562). */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "base/instant.h"

struct uuid {
        uint8_t bytes[16];
};

#define UUID_NIL ((struct uuid){ { 0 } })

bool uuid_parse(const char *text, struct uuid *uuid); /* 36 characters, either case */
void uuid_format(const struct uuid *uuid, char out[static 37]);
bool uuid_equal(const struct uuid *a, const struct uuid *b);
bool uuid_is_nil(const struct uuid *uuid);
int uuid_compare(const struct uuid *a, const struct uuid *b);
void uuid_v4(struct uuid *uuid);
/* Version 7: millisecond of `now`, then a counter that grows within the millisecond of this process, then random. */
void uuid_v7(struct instant now, struct uuid *uuid);
/* The same text in the same space, the same UUID: as version 5, but by BLAKE2b, and so marked version 8. */
void uuid_from_name(const struct uuid *space, const char *name, struct uuid *uuid);
