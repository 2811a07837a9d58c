/* SPDX-License-Identifier: Apache-2.0 */
#include "api/params.h"

const struct param slug_item[] = { P(NULL, PARAM_SLUG, 0, NULL) };
const struct param text_item[] = { P_RANGE(NULL, PARAM_TEXT, 0, 1, 300, NULL) };
const struct param period_item[] = { P(NULL, PARAM_PERIOD, 0, NULL) };
const struct param result_deleted[] = { P("deleted", PARAM_BOOL, REQ, "true"), PARAM_END };
const struct param params_event_only[] = { P_EVENT, PARAM_END };
