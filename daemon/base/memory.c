/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"

#include <malloc.h>
#include <stddef.h>

/* jemalloc's, if it is there. */
extern int mallctl(const char *name, void *old, size_t *old_length, void *new, size_t new_length)
        __attribute__((weak, visibility("default")));
extern const char *malloc_conf;

/* One thread makes nearly all there is: further arenas would only keep pages of their own. Read by jemalloc. */
const char *malloc_conf __attribute__((visibility("default"))) =
        "narenas:1,dirty_decay_ms:1000,muzzy_decay_ms:0";

void memory_give_back(void)
{
        if (mallctl)
                mallctl("arena.4096.purge", NULL, NULL, NULL, 0); /* MALLCTL_ARENAS_ALL */
        else
                malloc_trim(0);
}
