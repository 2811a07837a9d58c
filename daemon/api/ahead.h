/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is large, worked out ahead: on a helper thread, over a copy of the family's programme, for one call. A read
 * answers with it; a change finds out in its decision whether it still holds, and has it made anew where it does not,
 * while its claim keeps others of this daemon waiting.
 */
#pragma once

#include "api/call.h"

struct ahead {
        struct call *call;
        struct workers *workers;
        struct programme *copy; /* the work's to read, and to try things on */
        struct uuid event;
        struct instant at;
        void (*work)(
                struct ahead *ahead); /* on a helper thread; of the call it may read params, label and role */
        void (*done)(struct ahead *ahead); /* the first time, on the loop: answers or submits */
        void (*reset)(struct ahead *ahead); /* what was made is to be made anew; NULL: nothing */
        void (*release)(void *own); /* on any thread; NULL: free */
        void *own; /* what is made */
        bool running; /* a helper thread has it … */
        bool abandoned; /* … and the call is gone */
        bool dropped;
};

/* It becomes the call's own. */
struct ahead *ahead_new(struct call *call, void (*work)(struct ahead *), void (*done)(struct ahead *),
        void *own, void (*release)(void *own));
void ahead_start(struct ahead *ahead);
/* In a decision: whether it can be used. Else `*decision` is to be returned. */
bool ahead_holds(struct ahead *ahead, enum decision *decision);

/* A read that is all of its work: `work` writes the answer into `own`, a struct buffer. */
void ahead_answer(struct call *call, void (*work)(struct ahead *));
