/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory for what is made in bulk and stays for long: pieces of any size, one behind the other, without a head of their
 * own and hardly rounded. A block of them is given back as a whole, when its last piece goes; until then the room of a
 * piece that went is not used again. From any thread.
 */
#pragma once

#include <stddef.h>

/* Aligned for anything up to a pointer's size; ends the program when there is no memory. */
void *pool_take(size_t size);
void pool_give(void *piece);
