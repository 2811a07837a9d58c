/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fetching ahead: what memory has to bring anyway is asked for before it is needed, while there is something else to do.
 * It is a hint, which changes nothing but the time that is waited; any address will do.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { FETCH_LINE = 64 };

/* NULL: nothing. */
static inline void fetch_ahead(const void *from, size_t bytes)
{
        uintptr_t at = (uintptr_t)from & ~(uintptr_t)(FETCH_LINE - 1);

        for (; from && at < (uintptr_t)from + bytes; at += FETCH_LINE)
                __builtin_prefetch((const void *)at);
}
