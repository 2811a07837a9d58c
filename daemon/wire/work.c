/* SPDX-License-Identifier: Apache-2.0 */
#include <event2/buffer.h>
#include "wire/private.h"

bool peer_may_cut(const struct peer *peer)
{
        return peer->state == PEER_OPEN && !peer->message && !peer->longline && !peer->streaming &&
               !gate_has_login(&peer->gate) && peer->gate.count < peer->limits.in_flight &&
               peer_unread(peer) + peer->charged <= peer->limits.unread_bytes / 2;
}

void peer_refuse(struct peer *peer, const struct message_error *error)
{
        struct evbuffer *out = peer_output(peer, NULL);
        if (!out)
                return;
        struct buffer text = BUFFER_NULL;
        message_write_error(error, NULL, &text);
        buffer_add_char(&text, '\n');
        evbuffer_add(out, text.data, text.length);
        buffer_deinit(&text);
}

void peer_take_message(struct peer *peer, struct message *message, int64_t arrived_us)
{
        message->peer = peer;
        message->workers = peer->wire->workers;
        message->arrived_us = arrived_us;
        message->linked = true;
        message_charge(message, message->line_bytes);
        LIST_INSERT_HEAD(&peer->messages, message, link);
        peer->message = message;
}

static void peer_take_line(struct peer *peer, const char *line, size_t length)
{
        const struct wire_settings *settings = &peer->wire->settings;
        struct message_limits limits = { peer->limits.values, peer->limits.nesting, peer->limits.in_flight,
                settings->worker_values, false };
        struct message *message = NULL;
        struct message_error error;
        peer->quiet_us = peer->read_us;
        int r = length > settings->worker_line_bytes ? MESSAGE_E_LARGE
                                                     : message_read(line, length, &limits, &message, &error);
        if (r == 0) {
                peer_take_message(peer, message, peer->read_us);
        } else if (r == MESSAGE_E_LARGE) {
                struct stretch own = STRETCH_NULL;
                line = frame_take(&peer->frame, line, length, &own);
                longline_start(peer, &own, line, length);
        } else {
                peer_refuse(peer, &error);
        }
}

/* Looks at the next line; false when there is no whole one. */
static bool peer_cut(struct peer *peer)
{
        const char *line;
        size_t length;
        switch (frame_next(&peer->frame, peer->limits.line_bytes, &line, &length)) {
        case 0:
                if (length > 0)
                        peer_take_line(peer, line, length);
                return true;
        case FRAME_E_TOO_LONG:
                frame_deinit(&peer->frame);
                peer_refuse(
                        peer, &(struct message_error){ MESSAGE_FAULT_TOO_LARGE, peer->limits.line_bytes });
                peer_end(peer, "too_large");
                return false;
        default:
                return false;
        }
}

/* The next request of the line at hand goes into the gate. */
static void peer_enter(struct peer *peer)
{
        struct wire *wire = peer->wire;
        struct message *message = peer->message;
        struct request *request = &message->requests[message->taken++];
        if (message->taken == message->count)
                peer->message = NULL;
        request->number = ++wire->next_request;
        if (!request->method) {
                request_refuse(request);
                return;
        }
        gate_add(&peer->gate, &request->entry,
                wire->owner.order(wire->owner.context, request->method, &request->meaning));
}

/* The clock is asked once a request: when it has begun, or before another line is cut without any having. */
bool peer_work(struct peer *peer, int64_t until_us)
{
        struct wire *wire = peer->wire;
        bool cut = false;
        for (;;) {
                if (peer->state > PEER_ENDING || peer_is_choked(peer))
                        return false;
                struct gate_entry *entry = gate_next(&peer->gate);
                if (entry) {
                        wire->owner.begin(wire->owner.context, (struct request *)entry);
                } else if (peer->message && peer->gate.count < peer->limits.in_flight) {
                        peer_enter(peer);
                        continue;
                } else if (!peer_may_cut(peer) || (!cut && !peer_cut(peer))) {
                        return false;
                } else if (!cut) {
                        cut = true;
                        continue;
                }
                cut = false;
                if (clock_monotonic_us() > until_us)
                        return true;
        }
}
