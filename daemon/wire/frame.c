/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "wire/frame.h"

enum { FRAME_KEEP = 4096 }; /* a consumed stretch shorter than this is not worth a move */

void frame_deinit(struct frame *frame)
{
        stretch_deinit(&frame->kept);
        *frame = FRAME_NULL;
}

size_t frame_pending(const struct frame *frame)
{
        return frame->length - frame->start;
}

static void frame_own(struct frame *frame)
{
        frame->bytes = frame->kept.data;
        frame->length = frame->kept.length;
}

/* Drops what was consumed; moves the rest only when it is the smaller part, so that no byte moves often. */
static void frame_compact(struct frame *frame)
{
        size_t rest = frame_pending(frame);
        if (frame->start < FRAME_KEEP || rest > frame->start)
                return;
        memmove(frame->kept.data, frame->kept.data + frame->start, rest);
        frame->kept.length = rest;
        frame->searched -= frame->start;
        frame->start = 0;
        frame_own(frame);
}

void frame_lend(struct frame *frame, const char *bytes, size_t length)
{
        if (frame_pending(frame) == 0) {
                frame_deinit(frame);
                frame->bytes = bytes;
                frame->length = length;
                frame->lent = true;
                return;
        }
        frame_settle(frame);
        frame_compact(frame);
        stretch_add(&frame->kept, bytes, length);
        frame_own(frame);
}

void frame_settle(struct frame *frame)
{
        size_t rest = frame_pending(frame);
        if (rest == 0) {
                frame_deinit(frame);
                return;
        }
        if (!frame->lent)
                return;
        struct stretch kept = STRETCH_NULL;
        stretch_add(&kept, frame->bytes + frame->start, rest);
        frame->searched -= frame->start;
        frame->start = 0;
        frame->kept = kept;
        frame->lent = false;
        frame_own(frame);
}

int frame_next(struct frame *frame, size_t line_bytes, const char **linep, size_t *lengthp)
{
        if (frame_pending(frame) == 0)
                return FRAME_E_MORE;
        const char *line = frame->bytes + frame->start;
        size_t fresh = frame->length - frame->searched;
        const char *end = fresh ? memchr(frame->bytes + frame->searched, '\n', fresh) : NULL;
        size_t length = end ? (size_t)(end - line) : frame_pending(frame);
        bool cr = length > 0 && line[length - 1] == '\r';
        if (length - cr > line_bytes)
                return FRAME_E_TOO_LONG;
        if (!end) {
                frame->searched = frame->length;
                return FRAME_E_MORE;
        }
        frame->start += length + 1;
        frame->searched = frame->start;
        *linep = line;
        *lengthp = length - cr;
        return 0;
}

const char *frame_take(struct frame *frame, const char *line, size_t length, struct stretch *own)
{
        if (frame->lent) {
                stretch_add(own, line, length);
                return own->data;
        }
        /* What follows is at most one read's worth: it is copied, and the line stays where it is. */
        struct stretch rest = STRETCH_NULL;
        stretch_add(&rest, frame->bytes + frame->start, frame_pending(frame));
        *own = frame->kept;
        *frame = FRAME_NULL;
        frame->kept = rest;
        frame_own(frame);
        return line;
}
