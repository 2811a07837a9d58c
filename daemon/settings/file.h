/* SPDX-License-Identifier: Apache-2.0 */
/* Reading usherd.conf: `[section]`, `name = value`, comments after `#` or `;`, an indented line goes on. */
#pragma once

#include "settings/settings.h"

/*
 * Adds one complaint a line to `why`; nothing added: all was well. Whether there was a file: with `missing_is_fine`
 * nothing is said of one that is not there.
 */
bool settings_file_read(
        struct settings *settings, const char *path, bool missing_is_fine, struct buffer *why);
