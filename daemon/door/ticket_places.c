/* SPDX-License-Identifier: Apache-2.0 */
#include "door/ticket_places.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

struct ticket_places {
        struct ticket_places *next;
        int64_t taken;
        const struct registration_row **line;
        size_t waiting, capacity;
        char ticket[];
};

struct ticket_places *ticket_places_free(struct ticket_places *all)
{
        while (all) {
                struct ticket_places *gone = all;

                all = all->next;
                free(gone->line);
                free(gone);
        }
        return NULL;
}

static struct ticket_places *find(const struct ticket_places *all, const char *ticket)
{
        while (all && strcmp(all->ticket, ticket) != 0)
                all = all->next;
        return (struct ticket_places *)(uintptr_t)all;
}

static struct ticket_places *need(struct ticket_places **all, const char *ticket)
{
        struct ticket_places *places = find(*all, ticket);
        size_t size = strlen(ticket) + 1;

        if (places)
                return places;
        places = xcalloc(1, sizeof(*places) + size);
        memcpy(places->ticket, ticket, size);
        places->next = *all;
        *all = places;
        return places;
}

static bool has_place(const struct registration_row *row)
{
        return registration_is(row, "confirmed") || row->keeps_place;
}

static int compare(const struct registration_row *a, const struct registration_row *b)
{
        if (a->waiting_since.us != b->waiting_since.us)
                return a->waiting_since.us < b->waiting_since.us ? -1 : 1;
        return strcmp(a->row.id, b->row.id);
}

/* The first in the line that is not before that row. */
static size_t find_in_line(const struct ticket_places *places, const struct registration_row *row)
{
        size_t low = 0, high = places->waiting;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (compare(places->line[middle], row) < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

static void join_line(struct ticket_places *places, const struct registration_row *row)
{
        size_t at = find_in_line(places, row);

        if (places->waiting == places->capacity) {
                places->capacity = places->capacity ? places->capacity * 2 : 16;
                places->line = xrealloc(places->line, places->capacity * sizeof(*places->line));
        }
        memmove(&places->line[at + 1], &places->line[at], (places->waiting - at) * sizeof(*places->line));
        places->line[at] = row;
        places->waiting++;
}

static void leave_line(struct ticket_places *places, const struct registration_row *row)
{
        size_t at = find_in_line(places, row);

        if (at == places->waiting || places->line[at] != row)
                return;
        places->waiting--;
        memmove(&places->line[at], &places->line[at + 1], (places->waiting - at) * sizeof(*places->line));
}

void ticket_places_add(struct ticket_places **all, const struct registration_row *row)
{
        if (has_place(row))
                need(all, row->ticket)->taken++;
        else if (registration_is(row, "waitlisted"))
                join_line(need(all, row->ticket), row);
}

void ticket_places_remove(struct ticket_places **all, const struct registration_row *row)
{
        if (has_place(row))
                need(all, row->ticket)->taken--;
        else if (registration_is(row, "waitlisted"))
                leave_line(need(all, row->ticket), row);
}

int64_t ticket_places_taken(const struct ticket_places *all, const char *ticket)
{
        const struct ticket_places *places = find(all, ticket);

        return places ? places->taken : 0;
}

int64_t ticket_places_waiting(const struct ticket_places *all, const char *ticket)
{
        const struct ticket_places *places = find(all, ticket);

        return places ? (int64_t)places->waiting : 0;
}

const struct registration_row *ticket_places_next(
        const struct ticket_places *all, const char *ticket, const struct registration_row *after)
{
        const struct ticket_places *places = find(all, ticket);
        size_t at = places && after ? find_in_line(places, after) : 0;

        if (!places)
                return NULL;
        if (after && at < places->waiting && places->line[at] == after)
                at++;
        return at < places->waiting ? places->line[at] : NULL;
}
