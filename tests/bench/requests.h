/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The requests of a load, read from a file: one a line,
 *
 *     BODY<tab>EXPECTED<tab>EXPECTED…
 *
 * where BODY is a request's members behind its id ("method":…,"params":{…}) and each EXPECTED is a text that its
 * reply has to hold. In BODY @nonce@ becomes a fresh UUIDv7 and @round@ the number of times that the file has been
 * gone through. Lines are cut apart once, so that making a request is a few copies.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buffer.h"

enum { REQUEST_PIECES = 8, REQUEST_EXPECTS = 4 };

enum piece_kind { PIECE_TEXT, PIECE_NONCE, PIECE_ROUND };

struct piece {
        enum piece_kind kind;
        uint32_t length;
        const char *text;
};

struct expect {
        const char *text;
        size_t length;
};

struct line {
        struct piece pieces[REQUEST_PIECES];
        struct expect expects[REQUEST_EXPECTS];
        uint8_t piece_count, expect_count;
};

struct requests {
        char *text;
        struct line *lines;
        size_t count, capacity;
};

/* False: could not be read, or a line has more of something than fits; said on standard error. */
bool requests_read(struct requests *requests, const char *path);
void requests_deinit(struct requests *requests);
/* The n-th request of a load, with its id, as it goes over the wire. */
void requests_write(
        const struct requests *requests, size_t n, size_t first_round, unsigned id, struct buffer *to);
/* Whether a reply holds all that the n-th request's has to. */
bool requests_fits(const struct requests *requests, size_t n, const char *reply, size_t length);
