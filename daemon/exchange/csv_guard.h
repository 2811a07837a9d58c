/* SPDX-License-Identifier: Apache-2.0 */
/* Which cells bear an apostrophe more than their text: what the writer adds, the reader takes off. */
#pragma once

#include <stdbool.h>

/* Whether a text is apostrophes, perhaps none, and then what a spreadsheet would not leave alone. */
bool csv_guard_matches(const char *text);
