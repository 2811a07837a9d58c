/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The demo event: config/demo/demo.json, put in by ordinary calls over the daemon's own Unix socket. Calls bear
 * request keys made from their place in the file, so a load that was cut short goes on where it stopped.
 */
#pragma once

#include "api/api.h"

struct demo;

/* Reads the file. `done` is called once, on the loop: `why` is NULL when the event is there. */
int demo_new(struct api *api, const char *file, void (*done)(void *context, const char *why), void *context,
        struct demo **demop);
struct demo *demo_free(struct demo *demo);
/* Begins, once the daemon listens. */
void demo_load(struct demo *demo);
