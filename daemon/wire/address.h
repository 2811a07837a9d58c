/* SPDX-License-Identifier: Apache-2.0 */
/* Listening sockets from addresses, and addresses from listening sockets. */
#pragma once

#include "base/buffer.h"

enum { ADDRESS_SOCKETS_MAX = 8 };

/*
 * Binds and listens on "unix:PATH" (mode 0666; a socket that nobody listens on any more is taken over) or
 * "tcp:HOST:PORT" (every address that HOST names; "*" or nothing: any; an IPv6 address may stand in brackets).
 * Yields how many descriptors are in `fds`, or -errno with `*why` said.
 */
int address_listen(const char *address, int fds[static ADDRESS_SOCKETS_MAX], const char **why);
/* "unix:/…" or "tcp:127.0.0.1:4321" of a bound socket. */
void address_write(int fd, struct buffer *out);
