/* SPDX-License-Identifier: Apache-2.0 */
/* How far a long import has come: a bar on a terminal, a plain line every few seconds elsewhere; on standard error. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "base/buffer.h"

struct progress {
        bool terminal, shown; /* shown: a bar stands on the line */
        int64_t began_us, last_us;
        int64_t total_bytes; /* 0: not known */
};

/* Where it stands; bytes are those of the file whose rows have been answered. */
struct progress_at {
        int64_t now_us; /* monotonic */
        int64_t rows, bytes;
};

struct progress progress_begin(bool terminal, int64_t now_us, int64_t total_bytes);
/* Shows it, unless it did so a moment ago. */
void progress_show(struct progress *progress, struct progress_at at);
/* Takes the bar away, before anything else is written to standard error. */
void progress_hide(struct progress *progress);
/* The line itself, without its end; `width`: of the bar, 0: none. */
void progress_line(
        const struct progress *progress, struct progress_at at, unsigned width, struct buffer *out);
