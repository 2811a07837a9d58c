/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <event2/buffer.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include "wire/private.h"

enum { OUTPUT_PIECES = 128, OUTPUT_BYTES = 1024 * 1024 }; /* of one write, about */

size_t peer_unread(const struct peer *peer)
{
        return (peer->out ? evbuffer_get_length(peer->out) : 0) +
               (peer->aside ? evbuffer_get_length(peer->aside) : 0);
}

/* What stands aside waits for a batch, not for the peer: were it counted here, that batch might never end. */
bool peer_is_choked(const struct peer *peer)
{
        return peer->out && evbuffer_get_length(peer->out) > peer->limits.unread_bytes / 2;
}

struct evbuffer *peer_output(struct peer *peer, const struct message *from)
{
        if (peer->state > PEER_ENDING)
                return NULL;
        if (peer_unread(peer) > peer->limits.unread_bytes) {
                peer_flush(peer);
                if (peer->state > PEER_ENDING)
                        return NULL;
                if (peer_unread(peer) > peer->limits.unread_bytes) {
                        peer_close(peer, "slow");
                        return NULL;
                }
        }
        wire_touch(peer->wire, peer);
        if (peer->streaming && peer->streaming != from) {
                if (!peer->aside)
                        peer->aside = evbuffer_new();
                return peer->aside;
        }
        if (!peer->out)
                peer->out = evbuffer_new();
        return peer->out;
}

static ssize_t output_send(struct peer *peer)
{
        struct evbuffer_iovec pieces[OUTPUT_PIECES];
        int count = evbuffer_peek(peer->out, OUTPUT_BYTES, NULL, pieces, OUTPUT_PIECES);
        struct msghdr header = { .msg_iov = pieces,
                .msg_iovlen = (size_t)(count < OUTPUT_PIECES ? count : OUTPUT_PIECES) };
        ssize_t sent;
        do
                sent = sendmsg(peer->fd, &header, MSG_NOSIGNAL);
        while (sent < 0 && errno == EINTR);
        return sent;
}

void peer_flush(struct peer *peer)
{
        if (!peer->out || evbuffer_get_length(peer->out) == 0 || peer->state >= PEER_LINGERING ||
                event_pending(&peer->write, EV_WRITE, NULL))
                return;
        ssize_t sent = output_send(peer);
        if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
                peer_go(peer);
                return;
        }
        if (sent > 0) {
                bool choked = peer_is_choked(peer);
                evbuffer_drain(peer->out, (size_t)sent);
                if (choked && !peer_is_choked(peer))
                        wire_touch(peer->wire, peer);
        }
        if (evbuffer_get_length(peer->out) > 0)
                event_add(&peer->write, &(struct timeval){ peer->limits.slow_seconds, 0 });
}

static void output_say(struct evbuffer *out, const char *method, const char *params_json)
{
        evbuffer_add_printf(out, "{\"jsonrpc\":\"2.0\",\"method\":\"%s\",\"params\":", method);
        evbuffer_add(out, params_json, strlen(params_json));
        evbuffer_add(out, "}\n", 2);
}

void peer_notify(struct peer *peer, const char *method, const char *params_json)
{
        struct evbuffer *out = peer_output(peer, NULL);
        if (out)
                output_say(out, method, params_json);
}

/* Last words: they go out whatever else is unread. */
void peer_say(struct peer *peer, const char *method, const char *params_json)
{
        if (!peer->out)
                peer->out = evbuffer_new();
        if (peer->streaming)
                evbuffer_add(peer->out, "]\n", 2);
        if (peer->aside)
                evbuffer_add_buffer(peer->out, peer->aside);
        output_say(peer->out, method, params_json);
}
