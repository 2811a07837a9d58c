/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines out of a stream. Bytes just read are lent, and only what is left of them when the turn is over is copied;
 * a frame that holds nothing owns no memory. No byte is searched for a line end twice.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include "wire/stretch.h"

struct frame {
        struct stretch kept;
        const char *bytes; /* kept.data, or what was lent */
        size_t length, start, searched;
        bool lent;
};

#define FRAME_NULL ((struct frame){ STRETCH_NULL, NULL, 0, 0, 0, false })

enum {
        FRAME_E_MORE = 1, /* no whole line yet */
        FRAME_E_TOO_LONG, /* what stands there is, or cannot but become, longer than the limit */
};

void frame_deinit(struct frame *frame);
/* `bytes` must stay until frame_settle. */
void frame_lend(struct frame *frame, const char *bytes, size_t length);
void frame_settle(struct frame *frame);
/* The next line without its LF or CR LF; it stands until the frame is next touched. */
int frame_next(struct frame *frame, size_t line_bytes, const char **line, size_t *length);
/* Moves a long line just returned into `own` without copying it where that can be; yields where it stands now. */
const char *frame_take(struct frame *frame, const char *line, size_t length, struct stretch *own);
/* Bytes not yet returned. */
size_t frame_pending(const struct frame *frame);
