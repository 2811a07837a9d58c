/* SPDX-License-Identifier: Apache-2.0 */
/* Before JSON is parsed: what is too much for a tree in memory. */
#pragma once

#include <stddef.h>
#include "exchange/programme_file.h"

/* 0, PROGRAMME_FILE_E_LIMIT (size, values, nesting) or PROGRAMME_FILE_E_SYNTAX (a NUL, which the parser would pass over). */
int json_limits_check(const char *bytes, size_t length, struct programme_file *out);
