/* SPDX-License-Identifier: Apache-2.0 */
/* Slows guessing: failed logins counted by where they come from (an IP address, or a uid), forgotten as time passes. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct login_guard;

struct login_guard *login_guard_new(void);
struct login_guard *login_guard_free(struct login_guard *guard);
/* Milliseconds to wait before the next try from there is looked at; 0: now. */
int64_t login_guard_wait_ms(struct login_guard *guard, const char *origin, int64_t now_us);
void login_guard_failed(struct login_guard *guard, const char *origin, int64_t now_us);
