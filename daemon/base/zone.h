/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time zones from the system's tzdata (TZif, RFC 8536; the POSIX TZ footer for times past the table).
 * A zone is immutable, may be shared between threads, and needs no TZ environment.
 */
#pragma once

#include "base/instant.h"

struct zone;

enum { ZONE_E_UNKNOWN = 1 };

/* Loads an IANA name ("Asia/Shanghai", "UTC"). ZONE_E_UNKNOWN: no such zone (a name with "..", too). The caller owns it. */
int zone_load(const char *name, struct zone **zonep);
struct zone *zone_free(struct zone *zone);
const char *zone_name(const struct zone *zone);

/* Seconds east of UTC in force at an instant; a NULL zone is UTC. */
int32_t zone_offset(const struct zone *zone, struct instant at);
/*
 * The instant of a wall-clock time. A time that a forward jump skips is read with the offset from before it; one
 * that occurs twice is the earlier.
 */
struct instant zone_instant(const struct zone *zone, const struct civil *civil);
struct civil zone_civil(const struct zone *zone, struct instant at);
/* The conference day that an instant falls on, days starting at `day_starts_minutes` past local midnight. */
struct date zone_day(const struct zone *zone, struct instant at, int day_starts_minutes);
/* When that day begins. */
struct instant zone_day_start(const struct zone *zone, struct date day, int day_starts_minutes);
/* RFC 3339 in this zone; `out` takes 40. */
void zone_format(const struct zone *zone, struct instant at, char out[static 40]);
