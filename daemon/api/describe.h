/* SPDX-License-Identifier: Apache-2.0 */
/* The method table as JSON Schema (draft 2020-12): server.describe, and what docs and tests are checked against. */
#pragma once

#include "api/method.h"

/* {role, summary, changes, params, result, errors} of one method. */
void describe_method(const struct method *method, struct jsonout *out);
