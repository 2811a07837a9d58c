/* SPDX-License-Identifier: Apache-2.0 */
#include "api/signatures.h"

#include <event2/event.h>
#include <stdlib.h>

#include "api/scan.h"

enum { SIGNATURES_A_TURN = 20 };

struct signatures {
        struct event *turn;
        struct scan *first, **last;
};

static void wait_for_turn(struct signatures *signatures)
{
        evtimer_add(
                signatures->turn, (&(struct timeval){ 0, 0 })); /* an active event would come before I/O */
}

static void turn(evutil_socket_t fd, short what, void *context)
{
        struct signatures *signatures = context;

        (void)fd;
        (void)what;
        for (int i = 0; i < SIGNATURES_A_TURN && signatures->first; i++) {
                struct scan *scan = signatures->first;

                signatures->first = scan->next_signature;
                if (!signatures->first)
                        signatures->last = &signatures->first;
                scan_judge_signature(scan);
                scan_submit(scan);
        }
        if (signatures->first)
                wait_for_turn(signatures);
}

struct signatures *signatures_new(struct event_base *base)
{
        struct signatures *signatures = xcalloc(1, sizeof(*signatures));

        signatures->turn = evtimer_new(base, turn, signatures);
        signatures->last = &signatures->first;
        return signatures;
}

struct signatures *signatures_free(struct signatures *signatures)
{
        if (!signatures)
                return NULL;
        event_free(signatures->turn);
        free(signatures);
        return NULL;
}

void signatures_add(struct signatures *signatures, struct scan *scan)
{
        if (!signatures->first)
                wait_for_turn(signatures);
        scan->next_signature = NULL;
        *signatures->last = scan;
        signatures->last = &scan->next_signature;
}
