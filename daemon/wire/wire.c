/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include "wire/private.h"

void wire_touch(struct wire *wire, struct peer *peer)
{
        if (peer->touched)
                return;
        peer->touched = true;
        TAILQ_INSERT_TAIL(&wire->touched, peer, touched_link);
        if (!wire->scheduled)
                event_active(&wire->turn, EV_TIMEOUT, 0);
        wire->scheduled = true;
}

static void wire_check_stopped(struct wire *wire)
{
        if (!wire->stopping || !wire->stopped || !TAILQ_EMPTY(&wire->peers))
                return;
        void (*stopped)(void *) = wire->stopped;
        wire->stopped = NULL;
        event_del(&wire->stop);
        stopped(wire->stopped_context);
}

/*
 * Runs after the callbacks of this turn of the loop (what event_active adds, it adds at the end). Past its time it
 * goes on by a timer of no delay: the loop looks at sockets before that.
 */
static void wire_turn(evutil_socket_t fd, short what, void *context)
{
        (void)fd, (void)what;
        struct wire *wire = context;
        int64_t until = clock_monotonic_us() + WIRE_TURN_US;
        struct peer *peer;
        while ((peer = TAILQ_FIRST(&wire->touched))) {
                TAILQ_REMOVE(&wire->touched, peer, touched_link);
                peer->touched = false;
                peer_turn(peer, until);
                if (clock_monotonic_us() > until)
                        break;
        }
        wire->scheduled = !TAILQ_EMPTY(&wire->touched);
        if (wire->scheduled)
                event_add(&wire->later, &(struct timeval){ 0, 0 });
        wire_check_stopped(wire);
}

static void wire_stop_now(evutil_socket_t fd, short what, void *context)
{
        (void)fd, (void)what;
        struct wire *wire = context;
        struct peer *peer;
        TAILQ_FOREACH(peer, &wire->peers, link)
        {
                if (wire->stop_forced)
                        peer_go(peer);
                else
                        peer_close(peer, "shutdown");
        }
        wire->stop_forced = true;
        if (!TAILQ_EMPTY(&wire->peers))
                event_add(&wire->stop, &(struct timeval){ 1, 0 });
        wire_check_stopped(wire);
}

int wire_new(struct event_base *base, struct workers *workers, const struct wire_settings *settings,
        const struct wire_owner *owner, struct wire **wirep)
{
        struct wire *wire = xcalloc(1, sizeof *wire);
        wire->base = base;
        wire->workers = workers;
        wire->settings = *settings;
        wire->owner = *owner;
        TAILQ_INIT(&wire->peers);
        TAILQ_INIT(&wire->touched);
        LIST_INIT(&wire->orphans);
        origins_init(&wire->origins);
        evtimer_assign(&wire->turn, base, wire_turn, wire);
        evtimer_assign(&wire->later, base, wire_turn, wire);
        evtimer_assign(&wire->stop, base, wire_stop_now, wire);
        listeners_init(wire);
        *wirep = wire;
        return 0;
}

struct wire *wire_free(struct wire *wire)
{
        if (!wire)
                return NULL;
        listeners_close(wire);
        struct peer *peer;
        while ((peer = TAILQ_FIRST(&wire->peers)))
                peer_free(peer);
        struct message *message;
        LIST_FOREACH(message, &wire->orphans, link)
        message->workers = NULL;
        while ((message = LIST_FIRST(&wire->orphans))) {
                LIST_REMOVE(message, link);
                message->linked = false;
        }
        event_del(&wire->turn);
        event_del(&wire->later);
        event_del(&wire->stop);
        table_deinit(&wire->origins);
        free(wire);
        return NULL;
}

void wire_shutdown(struct wire *wire, unsigned seconds, void (*done)(void *context), void *context)
{
        listeners_close(wire);
        wire->stopping = true;
        wire->stopped = done;
        wire->stopped_context = context;
        struct peer *peer;
        TAILQ_FOREACH(peer, &wire->peers, link)
        peer_end(peer, "shutdown");
        bool nobody = TAILQ_EMPTY(&wire->peers);
        event_add(&wire->stop, &(struct timeval){ nobody ? 0 : seconds, 0 });
}

void wire_each_peer(struct wire *wire, void (*each)(void *context, struct peer *peer), void *context)
{
        struct peer *peer;
        TAILQ_FOREACH(peer, &wire->peers, link)
        {
                if (peer->state <= PEER_ENDING)
                        each(context, peer);
        }
}
