/* SPDX-License-Identifier: Apache-2.0 */
#include "api/places.h"

#include <string.h>

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
        moved->of[moved->count] =
                (struct place){ .ticket = row_ref(ticket), .places = seats_limited(moved->roster, ticket) };
        return &moved->of[moved->count++];
}

/* As they are by now. */
static struct limited by_now(const struct place *place)
{
        struct limited places = place->places;

        places.taken += place->taken;
        places.waiting += place->waiting;
        return places;
}

const char *places_take(struct places_moved *moved, const struct ticket_row *ticket)
{
        struct place *place = place_of(moved, ticket);
        struct limited places = by_now(place);

        if (limited_fits(&places)) {
                place->taken++;
                return "confirmed";
        }
        place->rests = true;
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
                place->rests = true;
        }
}

int64_t places_free(const struct place *place)
{
        struct limited places = by_now(place);
        int64_t room = limited_room(&places);

        return room < places.waiting ? room : places.waiting;
}

void places_promote(struct place *place)
{
        place->taken++;
        place->waiting--;
}

void places_count(const struct places_moved *moved, struct call *call, struct batch *batch)
{
        for (size_t i = 0; i < moved->count; i++) {
                const struct place *place = &moved->of[i];

                batch_expect(batch, &call->change, place->ticket);
                limited_move(&place->places, call, batch, place->taken, place->waiting, place->rests);
        }
}
