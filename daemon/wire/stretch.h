/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run of bytes that may grow long without ever being copied: past a size it lies in pages of its own, which the
 * kernel moves by their table. (The allocator copies 8 MiB to grow to 16: 5 ms and more in which the loop stands.)
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct stretch {
        char *data;
        size_t length, capacity;
        bool mapped;
};

#define STRETCH_NULL ((struct stretch){ NULL, 0, 0, false })

void stretch_deinit(struct stretch *stretch);
void stretch_add(struct stretch *stretch, const char *bytes, size_t length);
