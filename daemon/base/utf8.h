/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing past U+10FFFF. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes of the character that begins at `text`, 1 to 4, or 0 where none does. */
size_t utf8_next(const char *text, size_t length, uint32_t *character);
bool utf8_is_valid(const char *text, size_t length);
/* How many bytes the first `characters` characters take: all of `length` when there are fewer. */
size_t utf8_prefix(const char *text, size_t length, size_t characters);
/* The greatest length up to `bytes` that ends between two characters. */
size_t utf8_cut(const char *text, size_t length, size_t bytes);
