/* SPDX-License-Identifier: Apache-2.0 */
/* Lines that are too much for the loop are scanned, read and let go on a helper thread. */
#include <stdlib.h>
#include "base/workers.h"
#include "wire/private.h"

struct longline {
        struct peer *peer; /* NULL once it is gone */
        struct workers *workers;
        struct stretch own;
        const char *line;
        size_t length;
        struct message_limits limits;
        int64_t arrived_us;
        int result;
        struct message *message;
        struct message_error error;
};

static void longline_work(void *job)
{
        struct longline *longline = job;
        longline->result = message_read(
                longline->line, longline->length, &longline->limits, &longline->message, &longline->error);
        stretch_deinit(&longline->own);
        if (longline->message) {
                longline->message->large = true;
                longline->message->line_bytes = longline->length;
        }
}

static void longline_done(void *job, int dropped)
{
        struct longline *longline = job;
        struct peer *peer = longline->peer;
        struct message *message = longline->message;
        if (peer) {
                peer->longline = NULL;
                wire_touch(peer->wire, peer);
                if (!dropped && message)
                        peer_take_message(peer, message, longline->arrived_us);
                else if (!dropped)
                        peer_refuse(peer, &longline->error);
        } else if (message) {
                message->workers = dropped ? NULL : longline->workers;
                message_free(message);
        }
        stretch_deinit(&longline->own);
        free(longline);
}

void longline_start(struct peer *peer, struct stretch *own, const char *line, size_t length)
{
        struct longline *longline = xcalloc(1, sizeof *longline);
        longline->peer = peer;
        longline->workers = peer->wire->workers;
        longline->own = *own;
        longline->line = line;
        longline->length = length;
        longline->limits = (struct message_limits){ peer->limits.values, peer->limits.nesting,
                peer->limits.in_flight, 0, true };
        longline->arrived_us = peer->read_us;
        peer->longline = longline;
        workers_submit(longline->workers, longline_work, longline_done, longline);
}

void longline_abandon(struct longline *longline)
{
        longline->peer = NULL;
}
