/* SPDX-License-Identifier: Apache-2.0 */
/* The tokens of JSON whose inside has a grammar: each reads one from `at` and yields its end, or NULL when it is bad. */
#pragma once

#include <stdbool.h>

/* `at` stands on the opening quote; the end is past the closing one. */
const char *jsontoken_string(const char *at, const char *end, bool *escaped);
const char *jsontoken_number(const char *at, const char *end);
/* true, false, null */
const char *jsontoken_word(const char *at, const char *end);
