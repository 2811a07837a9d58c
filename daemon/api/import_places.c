/* SPDX-License-Identifier: Apache-2.0 */
#include "api/import_places.h"

#include <string.h>

void import_places_deinit(struct import_places *all)
{
        for (size_t i = 0; i < all->count; i++)
                row_unref(all->of[i].ticket);
        free(all->of);
        *all = (struct import_places){ NULL, NULL, 0 };
}

static struct import_place *place_of(struct import_places *all, const struct ticket_row *ticket)
{
        for (size_t i = 0; i < all->count; i++)
                if (strcmp(all->of[i].ticket->row.id, ticket->row.id) == 0)
                        return &all->of[i];
        all->of = xrealloc(all->of, (all->count + 1) * sizeof(*all->of));
        all->of[all->count] = (struct import_place){ .ticket = row_ref(ticket),
                .places = seats_limited(all->roster, ticket) };
        return &all->of[all->count++];
}

/* As they would be if what was decided so far were in memory. */
static struct limited by_now(const struct import_place *place)
{
        struct limited places = place->places;

        places.taken += place->taken;
        places.waiting += place->waiting;
        return places;
}

const char *import_places_take(struct import_places *all, const struct ticket_row *ticket)
{
        struct import_place *place = place_of(all, ticket);
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

void import_places_leave(struct import_places *all, const struct ticket_row *ticket, const char *status)
{
        struct import_place *place = place_of(all, ticket);

        if (strcmp(status, "waitlisted") == 0) {
                place->waiting--;
        } else {
                place->taken--;
                place->rests = true;
        }
}

int64_t import_place_turns(const struct import_place *place)
{
        struct limited places = by_now(place);
        int64_t room = limited_room(&places);

        return room < places.waiting ? room : places.waiting;
}

void import_place_promote(struct import_place *place)
{
        place->taken++;
        place->waiting--;
}

void import_places_count(const struct import_places *all, struct batch *batch)
{
        for (size_t i = 0; i < all->count; i++) {
                const struct import_place *place = &all->of[i];

                batch_expect(batch, place->ticket);
                limited_move(&place->places, batch, place->taken, place->waiting, place->rests);
        }
}
