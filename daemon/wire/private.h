/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of wire/ share. A loop's turn: callbacks read and hand over; whoever changes a peer touches it;
 * once the callbacks are through, wire_turn looks at each touched peer: begins what may begin, writes what is to be
 * written (once a peer), closes, frees. A peer is freed nowhere else, so it outlives any callback that holds it.
 */
#pragma once

#include <event2/event.h>
#include <event2/event_struct.h>
#include <sys/queue.h>
#include "base/table.h"
#include "wire/frame.h"
#include "wire/gate.h"
#include "wire/message.h"
#include "wire/origin.h"
#include "wire/wire.h"

struct evbuffer;
struct longline;
struct listener;

enum {
        WIRE_READ_BYTES = 64 * 1024, /* one read of one peer */
        WIRE_TURN_US = 500, /* what a turn gives to work before the loop looks at everything else */
        PEER_LINGER_US =
                1000000, /* how long what a peer still sends is read away, so that it sees our last words */
};

TAILQ_HEAD(peer_list, peer);
LIST_HEAD(message_list, message);
LIST_HEAD(listener_list, listener);

enum peer_state {
        PEER_OPEN,
        PEER_ENDING, /* nothing more is read; what came is answered, then it is closed with `reason` */
        PEER_CLOSING, /* its last words are being written */
        PEER_LINGERING, /* written; what it still sends is thrown away for a moment */
        PEER_GONE, /* freed at the end of this turn */
};

struct peer {
        struct wire *wire;
        struct origin *origin;
        void *session;
        const char *reason; /* ending */
        struct wire_limits limits;
        int fd;
        uid_t uid;
        enum peer_kind kind;
        enum peer_state state;
        bool logged_in, watching, joined, touched, eof, more, reading;
        struct event read, write, timer;
        int64_t armed_us; /* when `timer` fires; 0: it does not */
        int64_t quiet_us; /* since when nothing has happened */
        int64_t closed_us; /* when the state became closing or lingering */
        int64_t read_us; /* when the newest bytes came */
        struct frame frame;
        struct gate gate;
        struct message_list messages; /* unfinished */
        struct message *message; /* the one whose requests are going into the gate */
        struct message *streaming; /* a batch that has the output to itself */
        struct longline *longline; /* a line on a helper thread */
        struct evbuffer *out, *aside; /* aside: what waits for `streaming` to end; NULL: nothing */
        size_t charged; /* by its unfinished messages */
        TAILQ_ENTRY(peer) link, touched_link;
};

struct wire {
        struct event_base *base;
        struct workers *workers;
        struct wire_settings settings;
        struct wire_owner owner;
        struct peer_list peers, touched;
        size_t peer_count;
        struct message_list orphans; /* messages whose peers are gone */
        struct table origins;
        struct listener_list listeners;
        struct event turn, later, rest, stop;
        int spare_fd; /* given up at the descriptor limit, to turn a caller away */
        bool scheduled; /* wire_turn will run, or is running */
        bool stopping, stop_forced;
        void (*stopped)(void *context);
        void *stopped_context;
        uint64_t next_request;
        char scratch[WIRE_READ_BYTES];
};

/* wire.c */
void wire_touch(struct wire *wire, struct peer *peer);

/* listener.c */
void listeners_init(struct wire *wire);
void listeners_close(struct wire *wire);

/* peer.c */
void peer_new(struct wire *wire, int fd, enum peer_kind kind, uid_t uid, struct origin *origin);
void peer_free(struct peer *peer);
void peer_turn(struct peer *peer, int64_t until_us);
void peer_end(struct peer *peer, const char *reason);
void peer_go(struct peer *peer);
/* A whole line was refused: its error goes out, with id null. */
void peer_refuse(struct peer *peer, const struct message_error *error);
void peer_take_message(struct peer *peer, struct message *message, int64_t arrived_us);
bool peer_is_busy(const struct peer *peer);

/* work.c: lines to requests, requests to the owner. True: there is more than `until` allowed. */
bool peer_work(struct peer *peer, int64_t until_us);
/* May another line be looked at? What is unread, and what is held to answer those before, are one account. */
bool peer_may_cut(const struct peer *peer);

/* output.c */
size_t peer_unread(const struct peer *peer);
bool peer_is_choked(const struct peer *peer); /* over half of unread_bytes */
/* Where a message other than the streaming batch's goes; NULL: the peer is closed, for being slow it may be just now. */
struct evbuffer *peer_output(struct peer *peer, const struct message *from);
void peer_flush(struct peer *peer);
void peer_say(struct peer *peer, const char *method, const char *params_json);

/* reply.c */
void request_refuse(struct request *request);
/* What its peer answers for because of it, from now on. */
void message_charge(struct message *message, size_t bytes);
/* Its peer is gone: requests that have not begun are finished. */
void message_abandon(struct message *message, struct wire *wire);

/* longline.c */
void longline_start(struct peer *peer, struct stretch *own, const char *line, size_t length);
void longline_abandon(struct longline *longline);

/* timer.c */
void peer_arm_timer(struct peer *peer);
void peer_timer(evutil_socket_t fd, short what, void *context);
