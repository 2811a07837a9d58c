/* SPDX-License-Identifier: Apache-2.0 */
/* Ids that a client chooses: [a-z0-9][a-z0-9._-]{0,63}. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define SLUG_MAX 64

bool slug_is_valid(const char *text);
/*
 * A slug made from any UTF-8 text: ASCII letters lowered, runs of what else becomes one '-', cut at 64. Text that
 * leaves nothing readable ("", "主会场") yields `prefix` and a short hash of the text: the same text, the same slug.
 */
void slug_from_text(const char *text, const char *prefix, char out[static SLUG_MAX + 1]);
