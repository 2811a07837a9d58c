/* SPDX-License-Identifier: Apache-2.0 */
#include "api/guard.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/table.h"

/* A bucket of tries: BURST at once, then one every REFILL_US. */
enum { BURST = 10, ORIGINS_MAX = 4096 };
#define REFILL_US INT64_C(2000000)

struct origin {
        int64_t empty_at_us; /* when all failures are forgotten */
        char name[];
};

struct login_guard {
        struct table origins;
};

static uint64_t origin_hash(const void *entry)
{
        return hash_text(((const struct origin *)entry)->name, 0);
}

static bool origin_equal(const void *entry, const void *key)
{
        return strcmp(((const struct origin *)entry)->name, key) == 0;
}

struct login_guard *login_guard_new(void)
{
        struct login_guard *guard = xcalloc(1, sizeof(*guard));

        table_init(&guard->origins, origin_hash, origin_equal);
        return guard;
}

struct login_guard *login_guard_free(struct login_guard *guard)
{
        size_t iterator = 0;
        void *entry;

        if (!guard)
                return NULL;
        while ((entry = table_next(&guard->origins, &iterator)))
                free(entry);
        table_deinit(&guard->origins);
        free(guard);
        return NULL;
}

int64_t login_guard_wait_ms(struct login_guard *guard, const char *name, int64_t now_us)
{
        const struct origin *origin = table_find(&guard->origins, hash_text(name, 0), name);
        int64_t debt_us = origin ? origin->empty_at_us - now_us : 0;

        if (debt_us <= (BURST - 1) * REFILL_US)
                return 0;
        return (debt_us - (BURST - 1) * REFILL_US) / 1000 + 1;
}

/* Room for a new one: what has been forgotten anyway goes. */
static void sweep(struct login_guard *guard, int64_t now_us)
{
        struct origin *old[64];
        size_t iterator = 0, count = 0;
        struct origin *origin;

        while (count < 64 && (origin = table_next(&guard->origins, &iterator)))
                if (origin->empty_at_us <= now_us || guard->origins.count > ORIGINS_MAX)
                        old[count++] = origin;
        for (size_t i = 0; i < count; i++) {
                table_remove(&guard->origins, old[i]);
                free(old[i]);
        }
}

void login_guard_failed(struct login_guard *guard, const char *name, int64_t now_us)
{
        struct origin *origin = table_find(&guard->origins, hash_text(name, 0), name);

        if (!origin) {
                if (guard->origins.count >= ORIGINS_MAX / 2)
                        sweep(guard, now_us);
                origin = xcalloc(1, sizeof(*origin) + strlen(name) + 1);
                memcpy(origin->name, name, strlen(name) + 1);
                table_add(&guard->origins, origin);
        }
        if (origin->empty_at_us < now_us)
                origin->empty_at_us = now_us;
        origin->empty_at_us += REFILL_US;
}
