/* SPDX-License-Identifier: Apache-2.0 */
/* The limits of one connection (docs/protocol.md, Framing), as settings give them and wire/ keeps them. */
#pragma once

#include <stddef.h>

/* They grow with its login (peer_set_limits). Bytes, counts, seconds. */
struct wire_limits {
        size_t line_bytes, values, nesting, in_flight, unread_bytes, connections;
        unsigned login_seconds, idle_seconds, slow_seconds;
};
