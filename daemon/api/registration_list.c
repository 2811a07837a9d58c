/* SPDX-License-Identifier: Apache-2.0 */
/* registration.list: a page in the order in which they were made, looked through in slices so that the loop goes on. */
#include <event2/event.h>
#include <string.h>

#include "api/api.h"
#include "api/methods.h"
#include "api/params.h"
#include "api/registration.h"

enum { ROW_BYTES = 2 * TEXT_LONG, SLICE_US = 1000, SLICE_ROWS = 64 };

struct listing {
        struct call *call;
        struct event *timer;
        const char *status, *ticket; /* NULL: any */
        struct instant changed_since;
        size_t limit, written;
        struct instant at; /* looked at up to here; INSTANT_NONE: nothing yet */
        char id[16];
        struct instant last_at; /* the last that was written */
        char last_id[16];
        struct buffer result;
        struct jsonout out;
};

static void listing_free(void *own)
{
        struct listing *listing = own;

        if (listing->timer)
                event_free(listing->timer);
        buffer_deinit(&listing->result);
        free(listing);
}

static bool is_wanted(const struct listing *listing, const struct registration_row *row)
{
        if (listing->status && !registration_is(row, listing->status))
                return false;
        if (listing->ticket && strcmp(row->ticket, listing->ticket) != 0)
                return false;
        return instant_is_none(listing->changed_since) || row->changed_at.us >= listing->changed_since.us;
}

static bool page_is_full(const struct listing *listing)
{
        return listing->written == listing->limit || listing->result.length > PAGE_BYTES_MAX - ROW_BYTES;
}

static void listing_answer(struct listing *listing, bool more)
{
        char cursor[48];

        json_end_array(&listing->out);
        if (more) {
                snprintf(cursor, sizeof(cursor), "%lld/%s", (long long)listing->last_at.us, listing->last_id);
                json_member_text(&listing->out, "next", cursor);
        } else {
                json_member_null(&listing->out, "next");
        }
        json_end_object(&listing->out);
        call_answer(listing->call, &listing->result);
}

/* One that comes after a full page only tells that there are more. False: the page has been answered. */
static bool listing_take(
        struct listing *listing, const struct event_state *event, const struct registration_row *row)
{
        listing->at = row->created_at;
        snprintf(listing->id, sizeof(listing->id), "%s", row->row.id);
        if (!is_wanted(listing, row))
                return true;
        if (page_is_full(listing)) {
                listing_answer(listing, true);
                return false;
        }
        registration_write(event, row, &listing->out);
        listing->written++;
        listing->last_at = listing->at;
        memcpy(listing->last_id, listing->id, sizeof(listing->id));
        return true;
}

static void listing_go_on(evutil_socket_t fd, short what, void *context)
{
        static const struct timeval at_once = { 0, 0 };
        struct listing *listing = context;
        struct call *call = listing->call;
        int64_t until_us = clock_monotonic_us() + SLICE_US;
        const struct roll *roll;
        struct roll_place place;
        bool there;

        (void)fd;
        (void)what;
        if (!call_event_again(call))
                return;
        roll = roster_roll(call->event->roster);
        /* Rows may come and go between two slices: the place is found again by what stood there. */
        there = roll_find_behind(roll, listing->at, listing->id, &place);
        for (size_t n = 1; there; there = roll_next(roll, &place), n++) {
                if (!listing_take(listing, call->event, roll_row(roll, &place)))
                        return;
                if (n % SLICE_ROWS == 0 && clock_monotonic_us() > until_us) {
                        evtimer_add(listing->timer, &at_once);
                        return;
                }
        }
        listing_answer(listing, false);
}

/* "MICROSECONDS/CODE": false when it is none of ours. */
static bool read_cursor(struct listing *listing, const char *cursor)
{
        int length = 0;
        long long us;

        if (sscanf(cursor, "%lld/%15[^/]%n", &us, listing->id, &length) != 2 || cursor[length])
                return false;
        listing->at.us = us;
        return true;
}

static void registration_list(struct call *call)
{
        const char *cursor = call_text(call, "cursor");
        struct listing *listing = xcalloc(1, sizeof(*listing));

        call->own = listing;
        call->own_free = listing_free;
        listing->call = call;
        listing->at = INSTANT_NONE;
        listing->status = call_text(call, "status");
        listing->ticket = call_text(call, "ticket");
        listing->changed_since = call_instant(call, "changed_since");
        listing->limit = (size_t)call_int(call, "limit", 100);
        if (cursor && !read_cursor(listing, cursor)) {
                call_fail_params(call, "/cursor", "a cursor from an earlier answer");
                return;
        }
        listing->timer = evtimer_new(call->api->base, listing_go_on, listing);
        listing->out = JSONOUT(&listing->result);
        json_begin_object(&listing->out);
        json_name(&listing->out, "registrations");
        json_begin_array(&listing->out);
        listing_go_on(-1, 0, listing);
}

static const struct param list_params[] = {
        P_EVENT,
        P_WORDS("status", 0, registration_status_words, NULL, "only those"),
        P("ticket", PARAM_SLUG, 0, "only those of this ticket type"),
        P("changed_since", PARAM_INSTANT, 0, "only those that were changed then or later"),
        P_LIMIT,
        P_CURSOR,
        PARAM_END,
};
static const struct param whole_item[] = { P_OBJECT(NULL, 0, registration_whole_result, NULL) };
static const struct param list_result[] = {
        P_ARRAY("registrations", REQ, 0, whole_item, "in the order in which they were made"),
        P_NEXT,
        PARAM_END,
};
static const char *const list_errors[] = { "not_found", NULL };

const struct method registration_list_method = {
        .name = "registration.list",
        .role = ROLE_DESK,
        .summary = "lists registrations, a page at a time",
        .flags = METHOD_EVENT,
        .params = list_params,
        .result = list_result,
        .errors = list_errors,
        .handle = registration_list,
};
