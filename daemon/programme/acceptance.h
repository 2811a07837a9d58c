/* SPDX-License-Identifier: Apache-2.0 */
/* Which conflicts somebody has knowingly accepted: named by kind and sessions. */
#pragma once

#include "programme/conflicts.h"

enum { ACCEPTANCE_ID_MAX = 320 };

/* The id of the row that accepts a conflict: "kind event/session event/session", events as UUIDs. */
void acceptance_id(const struct conflict *conflict, char out[static ACCEPTANCE_ID_MAX]);
const struct acceptance_row *acceptance_find(
        const struct programme *programme, const struct conflict *conflict);
/* The row for a conflict accepted now; the caller owns it. */
struct acceptance_row *acceptance_new(const struct programme *programme, const struct conflict *conflict);
/* Whether it names this session. */
bool acceptance_involves(
        const struct acceptance_row *acceptance, const struct uuid *event, const char *session);
