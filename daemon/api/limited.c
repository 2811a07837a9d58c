/* SPDX-License-Identifier: Apache-2.0 */
#include "api/limited.h"

static bool is_limited(const struct limited *limited)
{
        return limited->capacity != FIELD_INT_NONE;
}

int64_t limited_room(const struct limited *limited)
{
        return is_limited(limited) ? limited->capacity - limited->taken : INT64_MAX;
}

bool limited_fits(const struct limited *limited)
{
        return !is_limited(limited) || (limited_room(limited) > 0 && limited->waiting == 0);
}

bool limited_passes_on(const struct limited *limited)
{
        return limited_room(limited) >= 0;
}

bool limited_grows(int64_t capacity_before, int64_t capacity)
{
        return capacity_before != FIELD_INT_NONE &&
               (capacity == FIELD_INT_NONE || capacity > capacity_before);
}

static void count_taken(const struct limited *limited, struct batch *batch, int64_t by, bool still_full)
{
        int64_t min = still_full ? limited->capacity : INT64_MIN;
        int64_t max = by > 0 && is_limited(limited) ? limited->capacity : INT64_MAX;

        if (by || still_full)
                batch_add_counter(batch, &limited->event, limited->taken_kind, limited->id, by, min, max);
}

/* Whoever joins the queue though a place is free stands behind others: they have to be there still. */
static void count_waiting(const struct limited *limited, struct batch *batch, int64_t by, bool beside_room)
{
        int64_t min = beside_room && by > 0 ? by + 1 : INT64_MIN;
        int64_t max = beside_room && limited->waiting + by == 0 ? 0 : INT64_MAX;

        if (by || beside_room)
                batch_add_counter(batch, &limited->event, limited->waiting_kind, limited->id, by, min, max);
}

void limited_move(
        const struct limited *limited, struct batch *batch, int64_t taken, int64_t waiting, bool rests)
{
        bool full = is_limited(limited) && limited->taken + taken >= limited->capacity;

        count_taken(limited, batch, taken, rests && full);
        count_waiting(limited, batch, waiting, rests && !full);
}
