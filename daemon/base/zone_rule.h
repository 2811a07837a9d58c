/* SPDX-License-Identifier: Apache-2.0 */
/* The rule behind a zone's table: a POSIX TZ string (IEEE 1003.1, 8.3), as RFC 8536 puts it into the footer. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct zone_change {
        enum { CHANGE_JULIAN, CHANGE_DAY, CHANGE_WEEKDAY } form; /* Jn, n, Mm.w.d */
        int day, month, week;
        int32_t seconds; /* local time of the change */
};

struct zone_rule {
        int32_t standard, summer; /* seconds east of UTC */
        bool has_summer;
        struct zone_change starts, ends;
};

/* "CST-8", "CET-1CEST,M3.5.0,M10.5.0/3", "<+03>-3"; whole text or false. */
bool zone_rule_parse(const char *text, struct zone_rule *rule);
/* In force at a moment (seconds since the epoch, UTC). */
int32_t zone_rule_offset(const struct zone_rule *rule, int64_t seconds);
