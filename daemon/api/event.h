/* SPDX-License-Identifier: Apache-2.0 */
/* An event as clients see it. */
#pragma once

#include "base/jsonout.h"
#include "programme/rows.h"

void event_write(const struct event_row *row, struct jsonout *out);
