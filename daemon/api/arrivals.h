/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scans that have arrived in this turn of the loop, of whatever peers. At its end, behind all that was read in it and before
 * the store looks at its queue, they are looked up together: alone each would wait for memory four times (see
 * door/roster_together.c). They go on in the order in which they arrived.
 */
#pragma once

struct arrivals;
struct event_base;
struct scan;

struct arrivals *arrivals_new(struct event_base *base);
/* At the daemon's end, when nobody is left to be answered. */
struct arrivals *arrivals_free(struct arrivals *arrivals);
/* scan_arrived() is called, never at once. Its peer may have gone by then, and its event too. */
void arrivals_add(struct arrivals *arrivals, struct scan *scan);
