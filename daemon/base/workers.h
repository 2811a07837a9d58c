/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small pool of helper threads for work that is large and pure. A job goes in with everything it may touch; its
 * result comes back through the event loop. Threads share nothing else.
 */
#pragma once

#include <stddef.h>

struct event_base;
struct workers;

int workers_new(struct event_base *base, size_t threads, struct workers **workersp);
/* Waits for what runs, then drops what is queued (calling `done` with its `dropped` true on the loop's thread). */
struct workers *workers_free(struct workers *workers);
/* `work` runs on a helper thread, then `done` on the loop's, in no order between jobs. */
void workers_submit(
        struct workers *workers, void (*work)(void *job), void (*done)(void *job, int dropped), void *job);
