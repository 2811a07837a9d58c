/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold of every programme that was read, for the targets of the readers. */
#pragma once

#include "exchange/programme_file.h"

typedef int programme_reader(const char *bytes, size_t length, const struct programme_file_options *options,
        struct programme_file *out);

/* Reads `data` and looks at the model, or at the error. */
void programme_look(programme_reader *reader, const uint8_t *data, size_t size);
