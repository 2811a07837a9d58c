/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon as a client of its own: what it does at its start goes the way of every other call. */
#pragma once

#include "api/api.h"

struct bufferevent;

/* A connection under way to a Unix socket on the daemon's loop, owned by the caller; one that fails says so by BEV_EVENT_ERROR. */
struct bufferevent *own_socket_connect(struct api *api, const char *path);
