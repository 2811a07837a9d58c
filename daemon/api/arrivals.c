/* SPDX-License-Identifier: Apache-2.0 */
#include "api/arrivals.h"

#include <event2/event.h>
#include <stdlib.h>

#include "api/scan.h"

enum { TOGETHER_MAX = 16 };

struct arrivals {
        struct event *turn;
        struct scan *first, **last;
};

static struct scan *take_first(struct arrivals *arrivals)
{
        struct scan *scan = arrivals->first;

        arrivals->first = scan->next_arrival;
        if (!arrivals->first)
                arrivals->last = &arrivals->first;
        scan->next_arrival = NULL;
        return scan;
}

static void take_some(struct arrivals *arrivals)
{
        struct scan *scans[TOGETHER_MAX];
        struct roster_look looks[TOGETHER_MAX];
        size_t count = 0;

        while (arrivals->first && count < TOGETHER_MAX) {
                scans[count] = take_first(arrivals);
                looks[count] = scan_look(scans[count]);
                count++;
        }
        if (count > 1)
                roster_fetch(looks, count);
        for (size_t i = 0; i < count; i++)
                scan_arrived(scans[i]);
}

static void turn(evutil_socket_t fd, short what, void *context)
{
        struct arrivals *arrivals = context;

        (void)fd;
        (void)what;
        while (arrivals->first)
                take_some(arrivals);
}

struct arrivals *arrivals_new(struct event_base *base)
{
        struct arrivals *arrivals = xcalloc(1, sizeof(*arrivals));

        arrivals->turn = event_new(base, -1, 0, turn, arrivals);
        arrivals->last = &arrivals->first;
        return arrivals;
}

struct arrivals *arrivals_free(struct arrivals *arrivals)
{
        if (!arrivals)
                return NULL;
        event_free(arrivals->turn);
        free(arrivals);
        return NULL;
}

void arrivals_add(struct arrivals *arrivals, struct scan *scan)
{
        if (!arrivals->first)
                event_active(arrivals->turn, EV_TIMEOUT, 0);
        *arrivals->last = scan;
        arrivals->last = &scan->next_arrival;
}
