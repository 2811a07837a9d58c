/* SPDX-License-Identifier: Apache-2.0 */
#include "api/places.h"

#include <string.h>

#include "api/seats.h"

void places_moved_deinit(struct places_moved *moved)
{
        for (size_t i = 0; i < moved->count; i++)
                row_unref(moved->of[i].ticket);
        free(moved->of);
        *moved = (struct places_moved){ NULL, NULL, 0 };
}

static struct place *place_of(struct places_moved *moved, const struct ticket_row *ticket)
{
        for (size_t i = 0; i < moved->count; i++)
                if (strcmp(moved->of[i].ticket->row.id, ticket->row.id) == 0)
                        return &moved->of[i];
        moved->of = xrealloc(moved->of, (moved->count + 1) * sizeof(*moved->of));
        moved->of[moved->count] = (struct place){ row_ref(ticket), 0, 0, false };
        return &moved->of[moved->count++];
}

static bool is_limited(const struct place *place)
{
        return place->ticket->capacity != FIELD_INT_NONE;
}

static int64_t taken(const struct places_moved *moved, const struct place *place)
{
        return roster_taken(moved->roster, place->ticket->row.id) + place->taken;
}

static int64_t waiting(const struct places_moved *moved, const struct place *place)
{
        return roster_waiting(moved->roster, place->ticket->row.id) + place->waiting;
}

const char *places_take(struct places_moved *moved, const struct ticket_row *ticket)
{
        struct place *place = place_of(moved, ticket);

        if (!is_limited(place) ||
                (taken(moved, place) < place->ticket->capacity && waiting(moved, place) == 0)) {
                place->taken++;
                return "confirmed";
        }
        if (!place->ticket->waitlist)
                return NULL;
        place->waiting++;
        return "waitlisted";
}

void places_leave(struct places_moved *moved, const struct ticket_row *ticket, const char *status)
{
        struct place *place = place_of(moved, ticket);

        if (strcmp(status, "waitlisted") == 0) {
                place->waiting--;
        } else {
                place->taken--;
                place->left = true;
        }
}

int64_t places_free(const struct places_moved *moved, const struct place *place)
{
        int64_t room;

        if (!place->left || !is_limited(place))
                return 0;
        room = place->ticket->capacity - taken(moved, place);
        return room < waiting(moved, place) ? room : waiting(moved, place);
}

void places_promote(struct place *place)
{
        place->taken++;
        place->waiting--;
}

static void count_place(
        const struct places_moved *moved, const struct place *place, struct call *call, struct batch *batch)
{
        bool limited = is_limited(place);
        /* A place was left to nobody: then nobody may have joined the queue unseen. */
        bool alone = place->left && place->ticket->waitlist && limited &&
                     taken(moved, place) < place->ticket->capacity;
        /* Somebody joins the queue, or left and nobody's turn came: then it has to be full still. */
        bool full = (place->waiting > 0 || place->left) && limited &&
                    taken(moved, place) >= place->ticket->capacity;

        if (limited)
                batch_expect(batch, &call->change, place->ticket);
        if (place->taken || full)
                seats_count(call, batch, SEATS_TAKEN, place->ticket, place->taken,
                        full ? place->ticket->capacity : INT64_MIN,
                        place->taken > 0 && limited ? place->ticket->capacity : INT64_MAX);
        if (place->waiting || alone)
                seats_count(call, batch, SEATS_WAITING, place->ticket, place->waiting, INT64_MIN,
                        alone ? 0 : INT64_MAX);
}

void places_count(const struct places_moved *moved, struct call *call, struct batch *batch)
{
        for (size_t i = 0; i < moved->count; i++)
                count_place(moved, &moved->of[i], call, batch);
}
