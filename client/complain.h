/* SPDX-License-Identifier: Apache-2.0 */
/* Error answers in words on standard error: what, where, what was expected, and what to do about it. */
#pragma once

#include <jansson.h>
#include "base/buffer.h"
#include "client/usher.h"

/* `params`: what was asked (NULL: none). May ask the daemon for its methods, to say which one was meant. */
void complain_error(struct usher *usher, const char *method, json_t *params, json_t *error);
/* The same words, without asking: for tests, and for what is told later. */
void complain_words(const char *method, json_t *params, json_t *error, struct buffer *out);
/* server.closing's reason in words. */
const char *complain_closing(const char *reason);
