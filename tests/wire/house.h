/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A wire on a Unix socket and a TCP port, in a thread of its own, with an owner made for looking at it. The test is
 * its client, over real sockets. Methods:
 *   ping (free), read, change, scan, login {name?}: begin and wait; `begun` tells their names, `release {name}` answers
 *   enter {organiser?}: a login that is answered at once, with the limits `after`
 *   big {bytes, shared?} a text of so many bytes · notify {count, bytes} · watch {on} · close {reason}
 *   work {us}: holds the loop for so long
 */
#pragma once

#include <jansson.h>
#include "wire/wire.h"

/* Sanitizers make what is measured mean nothing. */
#if defined(__SANITIZE_ADDRESS__)
#define HOUSE_MEASURES 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HOUSE_MEASURES 0
#endif
#endif
#ifndef HOUSE_MEASURES
#define HOUSE_MEASURES 1
#endif

struct house;

struct house_options {
        struct wire_limits before, after; /* zero members: generous ones */
        size_t max_connections, worker_line_bytes, worker_values;
};

struct house *house_open(const struct house_options *options);
void house_close(struct house *house);
/* Stops the wire as the daemon would; house_wait_stopped returns once `done` was called. */
void house_shutdown(struct house *house, unsigned seconds);
void house_wait_stopped(struct house *house);
const char *house_path(const struct house *house);
int house_port(const struct house *house);
size_t house_left(struct house *house); /* how many peers have gone */
/* The most processor time that one turn of the loop took, in microseconds: so long everybody else waits. Then counts anew. */
long house_held_us(struct house *house);
size_t house_unreleased(struct house *house); /* shared results not yet released */

/* ---- a client ---- */

struct client {
        int fd;
        char *bytes;
        size_t length, capacity;
};

struct client client_open(const struct house *house);
struct client client_open_tcp(const struct house *house);
void client_close(struct client *client);
void client_send(struct client *client, const char *text); /* as it is */
void client_send_n(struct client *client, const char *bytes, size_t length);
void client_sendf(struct client *client, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The next line, parsed; fails the test after 10 s. NULL: the stream has ended. The caller owns it. */
json_t *client_line(struct client *client);
/* The next line is `expected` (as JSON). */
void client_expect(struct client *client, const char *expected);
void client_expect_end(struct client *client);
/* Asks over this very client and takes what is answered, which must be the next line. */
json_t *client_ask(struct client *client, const char *method, const char *params);
/* Waits, asking over and over, until `begun` tells exactly these names ("a,b"). */
void client_wait_begun(struct client *client, const char *names);
