/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client of usherd: one connection, requests pipelined on it, replies matched by their id.
 *
 * Stands on jansson alone, so that other programs may use it. It never starts a thread and never blocks but in
 * usher_client_connect, usher_client_wait and what is made of it (usher_client_call). Functions that return int: 0, a negative errno,
 * or one of USHER_E_…. A connection that has failed stays failed: every call answers with the same again.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define USHER_DEFAULT_ADDRESS "unix:/run/usherd/usherd.sock"

enum {
        USHER_E_ADDRESS = 1, /* neither unix:PATH nor tcp:HOST:PORT */
        USHER_E_NO_HOST, /* the host's name is not known */
        USHER_E_CLOSED, /* the daemon closed the connection (usher_client_closing says why, if it did) */
        USHER_E_GARBLED, /* what came is no JSON-RPC */
        USHER_E_TIMEOUT, /* nothing came until then; the connection is as good as before */
        USHER_E_INTERRUPTED, /* the descriptor given to usher_client_wait became readable */
};

struct usher_client;

/* One reply: exactly one of the two is set; borrowed, and gone after the callback (json_incref keeps them). */
struct usher_reply {
        json_t *result;
        json_t *error;
};

typedef void (*usher_reply_fn)(void *context, const struct usher_reply *reply);
typedef void (*usher_notified_fn)(void *context, const char *method, json_t *params);

/* In words, for any value that a function here returned. */
const char *usher_client_error(int r);

/* timeout_ms < 0: as long as the system takes. The caller frees with usher_client_free. */
int usher_client_connect(const char *address, int timeout_ms, struct usher_client **clientp);
/* Callbacks of requests still under way are not called. Returns NULL. */
struct usher_client *usher_client_free(struct usher_client *client);

/* Called for every notification, `server.closing` too. */
void usher_client_set_notified(struct usher_client *client, usher_notified_fn notified, void *context);

/*
 * Sends a request, or keeps what the socket does not take for the next usher_client_wait. `params` is borrowed; NULL: none.
 * `replied` is called once, from usher_client_wait, unless the connection fails before.
 */
int usher_client_send(struct usher_client *client, const char *method, json_t *params, usher_reply_fn replied,
        void *context);
/* Requests sent and not yet answered. */
size_t usher_client_pending(const struct usher_client *client);

/*
 * Writes what waits, reads what is there, and calls back; returns after anything has come (0), at the timeout
 * (timeout_ms < 0: none), or when `interrupt_fd` (-1: none) can be read.
 */
int usher_client_wait(struct usher_client *client, int timeout_ms, int interrupt_fd);

/* Sends and waits for that reply; others are called back meanwhile. The caller owns what is set in `reply`: usher_reply_deinit. */
int usher_client_call(
        struct usher_client *client, const char *method, json_t *params, struct usher_reply *reply);
int usher_client_login(struct usher_client *client, const char *token, struct usher_reply *reply);
void usher_reply_deinit(struct usher_reply *reply);

/* The reason that the daemon gave for closing, or NULL. */
const char *usher_client_closing(const struct usher_client *client);
/* For an event loop of the caller's own: the socket. */
int usher_client_fd(const struct usher_client *client);
