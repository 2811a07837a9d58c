/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "wire/private.h"

enum peer_kind peer_kind(const struct peer *peer)
{
        return peer->kind;
}

uid_t peer_uid(const struct peer *peer)
{
        return peer->uid;
}

const char *peer_address(const struct peer *peer)
{
        return peer->origin->name;
}

void *peer_session(const struct peer *peer)
{
        return peer->session;
}

void peer_set_session(struct peer *peer, void *session)
{
        peer->session = session;
}

const struct wire_limits *peer_limits(const struct peer *peer)
{
        return &peer->limits;
}

void peer_set_limits(struct peer *peer, const struct wire_limits *limits)
{
        peer->limits = *limits;
        wire_touch(peer->wire, peer);
}

void peer_set_logged_in(struct peer *peer, bool logged_in)
{
        peer->logged_in = logged_in;
        wire_touch(peer->wire, peer);
}

void peer_set_watching(struct peer *peer, bool watching)
{
        /* The quiet begins with the watch's end. */
        if (peer->watching && !watching)
                peer->quiet_us = clock_monotonic_us();
        peer->watching = watching;
        wire_touch(peer->wire, peer);
}

bool peer_is_busy(const struct peer *peer)
{
        return peer->gate.count > 0 || peer->message || peer->longline;
}

/* ---- from state to state ---- */

/* What it asked is dropped: what is under way is answered into nothing. */
static void peer_forget_requests(struct peer *peer)
{
        struct message *message;
        while ((message = LIST_FIRST(&peer->messages)))
                message_abandon(message, peer->wire);
        if (peer->longline)
                longline_abandon(peer->longline);
        peer->longline = NULL;
        peer->message = peer->streaming = NULL;
        gate_init(&peer->gate);
        frame_deinit(&peer->frame);
}

void peer_end(struct peer *peer, const char *reason)
{
        if (peer->state != PEER_OPEN)
                return;
        peer->state = PEER_ENDING;
        peer->reason = reason;
        wire_touch(peer->wire, peer);
}

void peer_close(struct peer *peer, const char *reason)
{
        if (peer->state > PEER_ENDING)
                return;
        peer->state = PEER_CLOSING;
        peer->closed_us = clock_monotonic_us();
        char params[64];
        snprintf(params, sizeof params, "{\"reason\":\"%s\"}", reason);
        peer_say(peer, "server.closing", params);
        peer_forget_requests(peer);
        wire_touch(peer->wire, peer);
}

/* A socket closed with bytes unread would be reset, and our last words lost on their way. */
static void peer_linger(struct peer *peer)
{
        peer->state = PEER_LINGERING;
        peer->closed_us = clock_monotonic_us();
        if (peer->eof || shutdown(peer->fd, SHUT_WR) < 0)
                peer_go(peer);
}

void peer_go(struct peer *peer)
{
        peer->state = PEER_GONE;
        peer_forget_requests(peer);
        wire_touch(peer->wire, peer);
}

/* ---- what the socket says ---- */

static void peer_throw_away(struct peer *peer)
{
        ssize_t n = recv(peer->fd, peer->wire->scratch, sizeof peer->wire->scratch, 0);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
                peer_go(peer);
}

/* No more than the longest line and its end: what a peer makes us keep is within its limits. */
static size_t peer_room(const struct peer *peer)
{
        size_t most = peer->limits.line_bytes + 2, pending = frame_pending(&peer->frame);
        size_t room = pending < most ? most - pending : 1;
        return room < WIRE_READ_BYTES ? room : WIRE_READ_BYTES;
}

static void peer_readable(evutil_socket_t fd, short what, void *context)
{
        (void)what;
        struct peer *peer = context;
        if (peer->state == PEER_LINGERING) {
                peer_throw_away(peer);
                return;
        }
        if (peer->state != PEER_OPEN)
                return;
        ssize_t n = recv(fd, peer->wire->scratch, peer_room(peer), 0);
        if (n < 0) {
                if (errno != EAGAIN && errno != EINTR)
                        peer_go(peer);
                return;
        }
        wire_touch(peer->wire, peer);
        if (n == 0) {
                peer->eof = true;
                return;
        }
        peer->read_us = clock_monotonic_us();
        frame_lend(&peer->frame, peer->wire->scratch, (size_t)n);
        if (peer_may_cut(peer))
                peer->more = peer_work(peer, peer->read_us + WIRE_TURN_US);
        frame_settle(&peer->frame);
}

static void peer_writable(evutil_socket_t fd, short what, void *context)
{
        (void)fd;
        struct peer *peer = context;
        wire_touch(peer->wire, peer);
        if (!(what & EV_TIMEOUT))
                return;
        if (peer->state <= PEER_ENDING) { /* should it read again this very moment, it hears why */
                peer_close(peer, "slow");
                peer_flush(peer);
        }
        peer_go(peer);
}

/* ---- the turn ---- */

static void peer_watch_input(struct peer *peer)
{
        bool wanted = peer->state == PEER_LINGERING || (!peer->eof && !peer->more && peer_may_cut(peer));
        if (wanted == peer->reading)
                return;
        peer->reading = wanted;
        if (wanted)
                event_add(&peer->read, NULL);
        else
                event_del(&peer->read);
}

/* What follows from everything being answered, or written. */
static void peer_conclude(struct peer *peer)
{
        bool written = !peer->out || evbuffer_get_length(peer->out) == 0;
        if (peer->state == PEER_ENDING && !peer_is_busy(peer)) {
                peer_close(peer, peer->reason);
                return;
        }
        if (peer->state == PEER_OPEN && peer->eof && !peer->touched && !peer->more && !peer_is_busy(peer) &&
                written)
                peer_go(peer);
        if (peer->state == PEER_CLOSING && written)
                peer_linger(peer);
}

static void peer_leave(struct peer *peer)
{
        if (!peer->joined)
                return;
        peer->joined = false;
        peer->wire->owner.left(peer->wire->owner.context, peer);
}

void peer_turn(struct peer *peer, int64_t until_us)
{
        if (peer->state <= PEER_ENDING) {
                peer->more = peer_work(peer, until_us);
                frame_settle(&peer->frame);
        }
        bool wrote = peer_unread(peer) > 0;
        peer_flush(peer);
        if (wrote)
                peer->quiet_us = clock_monotonic_us();
        peer_conclude(peer);
        if (peer->state >= PEER_CLOSING)
                peer_leave(peer);
        if (peer->state == PEER_GONE) {
                peer_free(peer);
                return;
        }
        if (peer->more)
                wire_touch(peer->wire, peer);
        peer_watch_input(peer);
        peer_arm_timer(peer);
}

void peer_new(struct wire *wire, int fd, enum peer_kind kind, uid_t uid, struct origin *origin)
{
        struct peer *peer = xcalloc(1, sizeof *peer);
        peer->wire = wire;
        peer->origin = origin;
        peer->limits = wire->settings.before_login;
        peer->fd = fd;
        peer->kind = kind;
        peer->uid = uid;
        peer->quiet_us = peer->read_us = clock_monotonic_us();
        gate_init(&peer->gate);
        LIST_INIT(&peer->messages);
        event_assign(&peer->read, wire->base, fd, EV_READ | EV_PERSIST, peer_readable, peer);
        event_assign(&peer->write, wire->base, fd, EV_WRITE, peer_writable, peer);
        evtimer_assign(&peer->timer, wire->base, peer_timer, peer);
        TAILQ_INSERT_TAIL(&wire->peers, peer, link);
        wire->peer_count++;
        peer->joined = true;
        wire->owner.joined(wire->owner.context, peer);
        wire_touch(wire, peer);
}

void peer_free(struct peer *peer)
{
        struct wire *wire = peer->wire;
        peer->state = PEER_GONE;
        peer_forget_requests(peer);
        peer_leave(peer);
        if (peer->touched)
                TAILQ_REMOVE(&wire->touched, peer, touched_link);
        event_del(&peer->read);
        event_del(&peer->write);
        event_del(&peer->timer);
        if (peer->out)
                evbuffer_free(peer->out);
        if (peer->aside)
                evbuffer_free(peer->aside);
        TAILQ_REMOVE(&wire->peers, peer, link);
        wire->peer_count--;
        origin_drop(&wire->origins, peer->origin);
        close(peer->fd);
        free(peer);
}
