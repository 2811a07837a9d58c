/* SPDX-License-Identifier: Apache-2.0 */
/* From `name=text` and `name:=json` to a request's params. */
#pragma once

#include <jansson.h>
#include "base/buffer.h"

enum { PARAMS_E_USAGE = 1 };

/* Adds each word to `params` (an object). PARAMS_E_USAGE: `why` names the word and what is wrong with it. */
int params_parse(char *const *words, int count, json_t *params, struct buffer *why);
