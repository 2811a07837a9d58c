/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that make and read rows share: row.c, row_params.c, row_json.c, row_source.c. */
#pragma once

#include "base/row.h"

static inline void *field_at(const void *row, const struct field *field)
{
        return (char *)(uintptr_t)row + field->offset;
}

/* Of a FIELD_TEXT or FIELD_JSON. */
static inline const char *field_text(const void *row, const struct field *field)
{
        return *(const char **)field_at(row, field);
}

/* Makes it absent. */
void field_clear(void *template, const struct field *field);
/* Takes the text over. */
const char *row_scratch_keep(struct row_scratch *scratch, char *text);
/* One form for what says the same, whether a client or the database wrote it: compact, names sorted. */
char *json_canonical(const json_t *value);
