/* SPDX-License-Identifier: Apache-2.0 */
/* Which conflicts somebody has knowingly accepted: named by kind and sessions. */
#pragma once

#include "programme/conflicts.h"

const struct acceptance_row *acceptance_find(
        const struct programme *programme, const struct conflict *conflict);
/* The row for a conflict accepted now; the caller owns it. */
struct acceptance_row *acceptance_new(const struct programme *programme, const struct conflict *conflict);
