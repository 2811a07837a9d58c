/* SPDX-License-Identifier: Apache-2.0 */
/* Texts as the model has them; see programme_file.h. NULL and what is blank yield NULL. `cut` is set, never cleared. */
#pragma once

#include <stdbool.h>
#include "exchange/arena.h"

enum { TEXT_LINE_CHARACTERS = 300, TEXT_BYTES = 64 * 1024 };

/* One line: blanks, line ends and controls become one space each run; at most 300 characters. */
char *text_line(struct arena *arena, const char *text, bool *cut);
/* Several lines: LF ends them, other controls but TAB are dropped; at most 64 KiB. */
char *text_lines(struct arena *arena, const char *text, bool *cut);
