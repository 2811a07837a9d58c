/* SPDX-License-Identifier: Apache-2.0 */
/* How frab writes times. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "base/instant.h"

/* A point in time as written: its clock, and how far that is east of UTC, if it says. */
struct written_time {
        struct instant local; /* as if the clock were UTC's */
        int32_t offset_seconds;
        bool has_offset, has_clock;
};

/* "2019-12-27", "2019-12-27T11:00[:00]", either with "Z", "+01:00" or "+0100" behind the clock. Whole text or false. */
bool written_time_parse(const char *text, struct written_time *time);
/* "9:30", "09:30", "09:30:00", "24:30": seconds past midnight, under 48 hours. */
bool clock_parse(const char *text, int32_t *seconds);
/* "1:30", "00:30", "25:00", "01:00:00": minutes, at most a week; seconds are dropped. */
bool duration_parse(const char *text, int64_t *minutes);
