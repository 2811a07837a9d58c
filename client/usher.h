/* SPDX-License-Identifier: Apache-2.0 */
/* What the words of usher share: options, screen, the connection. Each word is one function and answers with an exit status. */
#pragma once

#include <jansson.h>
#include "client/options.h"
#include "client/present.h"
#include "client/usher_client.h"

struct usher {
        struct options options;
        struct screen screen;
        struct usher_client *client; /* NULL until usher_connect */
};

/* Connects and logs in where a token is given. Otherwise an exit status, after saying why. */
int usher_connect(struct usher *usher);
/* One call; the caller owns the reply. Non-zero (the connection failed) is an exit status, already told. */
int usher_call(struct usher *usher, const char *method, json_t *params, struct usher_reply *reply);
/* The connection failed with `r`: says so; an exit status. */
int usher_lost(const struct usher *usher, int r);
/* As printf on standard error after "usher: "; returns EXIT_USAGE for wrong usage, with a pointer to the help. */
int usher_misused(const char *format, ...) __attribute__((format(printf, 1, 2)));
void usher_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Writes out to standard output; an exit status. */
int usher_print(const struct buffer *out);

/* ---- the words ---- */

int call_run(struct usher *usher);
int describe_run(struct usher *usher);
int describe_method(struct usher *usher, const char *method);
int complete_run(struct usher *usher);
int watch_run(struct usher *usher);
int import_run(struct usher *usher);
