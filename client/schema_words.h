/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Schema in the words of a person: "integer, 1 to 1440", "list of slugs, at most 16". */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include "base/buffer.h"

/* `nulls`: whether to say that it may be null (of a parameter that only means "absent"). */
void schema_words(json_t *schema, bool nulls, struct buffer *out);
/* Whether `name` stands in the schema's `required`. */
bool schema_requires(json_t *schema, const char *name);
/* Whether plain text is what this parameter takes: then it is given as name=text, else name:=json. */
bool schema_is_text(json_t *schema);
