/* SPDX-License-Identifier: Apache-2.0 */
/* From a request to its method: role, event, params, deadline, in the order protocol.md section 2 judges. */
#pragma once

#include "wire/wire.h"

struct api;

enum wire_order dispatch_order(void *api, const char *method, const void **meaning);
void dispatch_begin(void *api, struct request *request);
