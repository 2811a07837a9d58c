/* SPDX-License-Identifier: Apache-2.0 */
/* A set of 64-bit claims: what is being decided on by somebody already. Open addressing; 0 stands for "free". */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct claims {
        uint64_t *slots;
        size_t capacity, count;
};

void claims_deinit(struct claims *claims);
void claims_clear(struct claims *claims);
bool claims_hold(const struct claims *claims, const uint64_t *wanted, size_t count); /* any of them */
void claims_add(struct claims *claims, const uint64_t *taken, size_t count);
void claims_remove(struct claims *claims, const uint64_t *taken, size_t count);
