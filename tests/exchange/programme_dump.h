/* SPDX-License-Identifier: Apache-2.0 */
/* A model as JSON, members in order, so that two models are the same where the texts are. */
#pragma once

#include "base/buffer.h"
#include "exchange/programme_file.h"

void programme_dump(const struct programme_file *file, struct buffer *to);
/* Reads a whole file; false where there is none. */
bool file_load(const char *path, struct buffer *to);
