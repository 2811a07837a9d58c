/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 for URLs (RFC 4648, 5), without padding, of what is no secret: for secrets, libsodium's takes the same time whatever they are. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define BASE64_LENGTH(bytes) (((bytes)*4 + 2) / 3)

/* Writes BASE64_LENGTH(length) characters, and no NUL. */
void base64_write(const uint8_t *bytes, size_t length, char *out);
