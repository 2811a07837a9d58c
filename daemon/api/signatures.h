/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scans whose credential nobody knows and whose signature is to be judged, which takes 50 µs: a few in a turn of the loop,
 * so that however many are presented together nobody else waits for all of them. They go on in their order.
 */
#pragma once

struct event_base;
struct scan;
struct signatures;

struct signatures *signatures_new(struct event_base *base);
/* At the daemon's end, when nobody is left to be answered. */
struct signatures *signatures_free(struct signatures *signatures);
/* scan_judge_signature() and then scan_submit() are called, never at once. */
void signatures_add(struct signatures *signatures, struct scan *scan);
