/* SPDX-License-Identifier: Apache-2.0 */
/* From an address to a connected socket. Part of the client library: knows neither JSON nor the project's base. */
#pragma once

#include <stdint.h>

/* 0, a negative errno, or USHER_E_ADDRESS, USHER_E_NO_HOST, USHER_E_TIMEOUT. "/path" is read as unix:/path. */
int dial(const char *address, int timeout_ms, int *fdp);
int64_t dial_now_ms(void); /* monotonic */
