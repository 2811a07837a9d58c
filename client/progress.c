/* SPDX-License-Identifier: Apache-2.0 */
#include "client/progress.h"

#include <inttypes.h>
#include <stdio.h>

enum { BAR_WIDTH = 24, BAR_EVERY_US = 100000, LINE_EVERY_US = 5000000 };

struct progress progress_begin(bool terminal, int64_t now_us, int64_t total_bytes)
{
        return (struct progress){ terminal, false, now_us, now_us, total_bytes };
}

static void bar_add(struct buffer *out, double part, unsigned width)
{
        unsigned full = (unsigned)(part * width);

        buffer_add_char(out, '[');
        for (unsigned i = 0; i < width; i++)
                buffer_add_char(out, i < full ? '#' : i == full ? '>' : ' ');
        buffer_add_text(out, "] ");
}

void progress_line(const struct progress *progress, struct progress_at at, unsigned width, struct buffer *out)
{
        double seconds = (double)(at.now_us - progress->began_us) / 1e6;
        double part = progress->total_bytes > 0 ? (double)at.bytes / (double)progress->total_bytes : 0;

        if (part > 1)
                part = 1;
        if (progress->total_bytes > 0 && width)
                bar_add(out, part, width);
        if (progress->total_bytes > 0)
                buffer_addf(out, "%3.0f %%  ", part * 100);
        buffer_addf(out, "%" PRId64 " rows", at.rows);
        if (seconds > 0.05 && at.rows)
                buffer_addf(out, "  %.0f/s", (double)at.rows / seconds);
        if (seconds > 0.5 && part > 0.005 && part < 1) {
                int64_t left = (int64_t)(seconds * (1 - part) / part + 0.5);

                buffer_addf(out, "  %" PRId64 ":%02" PRId64 " left", left / 60, left % 60);
        }
}

void progress_show(struct progress *progress, struct progress_at at)
{
        struct buffer line = BUFFER_NULL;

        if (at.now_us - progress->last_us < (progress->terminal ? BAR_EVERY_US : LINE_EVERY_US))
                return;
        progress->last_us = at.now_us;
        progress_line(progress, at, progress->terminal ? BAR_WIDTH : 0, &line);
        fprintf(stderr, progress->terminal ? "\r\x1b[K%s" : "%s\n", buffer_text(&line));
        fflush(stderr);
        progress->shown = progress->terminal;
        buffer_deinit(&line);
}

void progress_hide(struct progress *progress)
{
        if (progress->shown)
                fputs("\r\x1b[K", stderr);
        progress->shown = false;
}
