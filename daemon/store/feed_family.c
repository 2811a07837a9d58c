/* SPDX-License-Identifier: Apache-2.0 */
/* Where this daemon stands in each family's feed, what came of late, and what it has done there itself. */
#include "store/private.h"

#include <event2/event.h>

enum { WAKE_MS = 5, QUIET_US = 1000000, UNMET_US = 60000000 };

struct feed_family *feed_family(struct feed *feed, const struct uuid *family)
{
        for (size_t i = 0; i < feed->count; i++)
                if (uuid_equal(&feed->families[i].family, family))
                        return &feed->families[i];
        feed->families = xrealloc(feed->families, (feed->count + 1) * sizeof(*feed->families));
        feed->families[feed->count] = (struct feed_family){ .family = *family };
        return &feed->families[feed->count++];
}

void feed_wake_soon(struct feed *feed)
{
        if (!evtimer_pending(feed->wake_timer, NULL))
                evtimer_add(feed->wake_timer, (&(struct timeval){ 0, WAKE_MS * 1000 }));
}

void feed_own(struct feed *feed, const struct uuid *uuid, const struct uuid *writer, int64_t seq)
{
        struct feed_family *family = feed_family(feed, uuid);

        family->wake = true;
        places_advance(&family->places, writer, seq);
        feed_wake_soon(feed);
}

bool feed_is_quiet(struct feed *feed, const struct uuid *family)
{
        int64_t moved_us = feed_family(feed, family)->moved_us;

        for (size_t i = 0; i < feed->store->lane_count; i++)
                if (feed->store->lanes[i].bulk && feed->store->lanes[i].state != LANE_IDLE)
                        return false;
        return !moved_us || clock_monotonic_us() - moved_us > QUIET_US;
}

bool feed_meets_nobody(struct feed *feed, const struct uuid *family)
{
        int64_t met_us = feed_family(feed, family)->met_us;

        return feed->ready && (!met_us || clock_monotonic_us() - met_us > UNMET_US);
}

void feed_met(struct feed *feed, const struct uuid *family)
{
        feed_family(feed, family)->met_us = clock_monotonic_us();
}

bool feed_takes_scan(struct feed *feed, const struct scan_row *scan)
{
        struct feed_family *family = feed_family(feed, &scan->family);

        if (scan->seq <= places_get(&family->scans, &scan->writer))
                return false;
        places_advance(&family->scans, &scan->writer, scan->seq);
        return true;
}
