/* SPDX-License-Identifier: Apache-2.0 */
/* What dispatch and the change's machinery share of a call. */
#pragma once

#include "api/call.h"

struct call *call_free(struct call *call);
