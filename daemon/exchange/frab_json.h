/* SPDX-License-Identifier: Apache-2.0 */
/* frab's (and pretalx', hub's) schedule in JSON. */
#pragma once

#include <stddef.h>
#include "exchange/programme_file.h"

/*
 * Reads a whole file into an initialised `out`.
 *
 * Return: 0; PROGRAMME_FILE_E_SYNTAX, _E_FORM, _E_LIMIT with out->error; negative: see base/error.h.
 */
int frab_json_read(const char *bytes, size_t length, const struct programme_file_options *options,
        struct programme_file *out);
