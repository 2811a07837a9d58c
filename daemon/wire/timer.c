/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One timer a peer, armed lazily: it may fire too early and is then set anew, so that nothing is set for a request.
 * Whole lines, answers and bytes taken are signs of life; parts of a line are not.
 */
#include "wire/private.h"

/* When this peer is to be closed if nothing happens; 0: never. */
static int64_t peer_deadline_us(const struct peer *peer)
{
        const struct wire_limits *limits = &peer->limits;
        switch (peer->state) {
        case PEER_OPEN:
                if (peer->watching || peer_is_busy(peer) || peer_unread(peer) > 0)
                        return 0;
                return peer->quiet_us +
                       INSTANT_SECOND * (peer->logged_in ? limits->idle_seconds : limits->login_seconds);
        case PEER_ENDING:
                return 0;
        case PEER_CLOSING:
                return peer->closed_us + INSTANT_SECOND * limits->slow_seconds;
        case PEER_LINGERING:
                return peer->closed_us + PEER_LINGER_US;
        case PEER_GONE:
                return 0;
        }
        return 0;
}

void peer_arm_timer(struct peer *peer)
{
        int64_t deadline = peer_deadline_us(peer);
        if (deadline == 0 || (peer->armed_us && peer->armed_us <= deadline))
                return;
        int64_t wait = deadline - clock_monotonic_us();
        if (wait < 0)
                wait = 0;
        peer->armed_us = deadline;
        event_add(&peer->timer,
                &(struct timeval){ (time_t)(wait / INSTANT_SECOND), (suseconds_t)(wait % INSTANT_SECOND) });
}

void peer_timer(evutil_socket_t fd, short what, void *context)
{
        (void)fd, (void)what;
        struct peer *peer = context;
        peer->armed_us = 0;
        int64_t deadline = peer_deadline_us(peer);
        if (deadline != 0 && deadline <= clock_monotonic_us()) {
                if (peer->state == PEER_OPEN)
                        peer_close(peer, peer->logged_in ? "idle" : "login");
                else
                        peer_go(peer);
        }
        wire_touch(peer->wire, peer);
}
