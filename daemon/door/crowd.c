/* SPDX-License-Identifier: Apache-2.0 */
#include "door/crowd.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/fetch.h"

enum { CODE_MAX_BYTES = 12 };

struct person {
        char code[CODE_MAX_BYTES];
        int32_t admitted, inside; /* presences that stand so; inside: of no day */
        int32_t inside_then; /* … of the latest day on which there were any */
        struct date then;
        struct instant first;
};

struct crowd_ticket {
        struct crowd_ticket *next;
        int64_t admitted;
        char ticket[];
};

/* People who are inside on that day alone, not at a checkpoint without days. */
struct crowd_day {
        struct crowd_day *next;
        struct date day;
        int64_t inside;
};

static uint64_t person_hash(const void *entry)
{
        return hash_text(((const struct person *)entry)->code, 0);
}

static bool person_equal(const void *entry, const void *key)
{
        return strcmp(((const struct person *)entry)->code, key) == 0;
}

void crowd_init(struct crowd *crowd)
{
        memset(crowd, 0, sizeof(*crowd));
        table_init(&crowd->people, person_hash, person_equal);
}

void crowd_deinit(struct crowd *crowd)
{
        size_t iterator = 0;
        void *entry;

        while ((entry = table_next(&crowd->people, &iterator)))
                free(entry);
        table_deinit(&crowd->people);
        while ((entry = crowd->tickets)) {
                crowd->tickets = crowd->tickets->next;
                free(entry);
        }
        while ((entry = crowd->days)) {
                crowd->days = crowd->days->next;
                free(entry);
        }
        free(crowd->minutes);
}

/* ---- what is counted ---- */

static struct crowd_ticket *ticket_find(const struct crowd *crowd, const char *ticket)
{
        struct crowd_ticket *found = crowd->tickets;

        while (found && strcmp(found->ticket, ticket) != 0)
                found = found->next;
        return found;
}

static void count_ticket(struct crowd *crowd, const char *ticket, int by)
{
        struct crowd_ticket *found = ticket_find(crowd, ticket);

        if (!found) {
                found = xcalloc(1, sizeof(*found) + strlen(ticket) + 1);
                memcpy(found->ticket, ticket, strlen(ticket) + 1);
                found->next = crowd->tickets;
                crowd->tickets = found;
        }
        found->admitted += by;
}

static void count_day(struct crowd *crowd, struct date day, int by)
{
        struct crowd_day *found = crowd->days;

        while (found && found->day.days != day.days)
                found = found->next;
        if (!found) {
                found = xcalloc(1, sizeof(*found));
                found->day = day;
                found->next = crowd->days;
                crowd->days = found;
        }
        found->inside += by;
}

static void count_minute(struct crowd *crowd, struct instant at, int by)
{
        int64_t minute = at.us / INSTANT_MINUTE - (at.us % INSTANT_MINUTE < 0);
        size_t low = 0, high = crowd->minute_count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (crowd->minutes[middle].minute < minute)
                        low = middle + 1;
                else
                        high = middle;
        }
        if (low == crowd->minute_count || crowd->minutes[low].minute != minute) {
                if (crowd->minute_count == crowd->minute_capacity) {
                        crowd->minute_capacity = crowd->minute_capacity ? crowd->minute_capacity * 2 : 64;
                        crowd->minutes =
                                xrealloc(crowd->minutes, crowd->minute_capacity * sizeof(*crowd->minutes));
                }
                memmove(&crowd->minutes[low + 1], &crowd->minutes[low],
                        (crowd->minute_count - low) * sizeof(*crowd->minutes));
                crowd->minutes[low] = (struct crowd_minute){ minute, 0 };
                crowd->minute_count++;
        }
        crowd->minutes[low].count += by;
}

/* ---- a person's moves ---- */

static struct person *person_find(const struct crowd *crowd, const char *registration)
{
        return table_find(&crowd->people, hash_text(registration, 0), registration);
}

static struct person *person_need(struct crowd *crowd, const char *registration, uint64_t hash)
{
        struct person *person = table_find(&crowd->people, hash, registration);

        if (person)
                return person;
        person = xcalloc(1, sizeof(*person));
        strncpy(person->code, registration, sizeof(person->code) - 1);
        person->then = DATE_NONE;
        person->first = INSTANT_NONE;
        table_add_hashed(&crowd->people, person, hash);
        return person;
}

/* How the person is counted among those inside; taken back before a change and counted again after it. */
static void count_inside(struct crowd *crowd, const struct person *person, int by)
{
        if (person->inside > 0)
                crowd->inside += by;
        else if (person->inside_then > 0)
                count_day(crowd, person->then, by);
}

static void move_inside(struct person *person, struct date day, int by)
{
        if (date_is_none(day)) {
                person->inside += by;
                return;
        }
        if (by > 0 && (date_is_none(person->then) || day.days > person->then.days)) {
                person->then = day;
                person->inside_then = 0;
        }
        if (day.days == person->then.days)
                person->inside_then += by;
}

static void move_admitted(struct crowd *crowd, struct person *person, const struct crowd_move *move)
{
        bool before = person->admitted > 0;

        person->admitted += move->admitted;
        if (before == (person->admitted > 0))
                return;
        crowd->admitted += move->admitted;
        if (move->ticket)
                count_ticket(crowd, move->ticket, move->admitted);
}

static void move_first(struct crowd *crowd, struct person *person, const struct crowd_move *move)
{
        struct instant first = move->first;

        if (person->first.us == first.us)
                return;
        if (move->comes && !instant_is_none(person->first) && person->first.us < first.us)
                return;
        if (!instant_is_none(person->first))
                count_minute(crowd, person->first, -1);
        if (!instant_is_none(first))
                count_minute(crowd, first, 1);
        person->first = first;
}

void crowd_apply(struct crowd *crowd, const struct crowd_move *move)
{
        struct person *person = person_need(crowd, move->registration, move->hash);

        count_inside(crowd, person, -1);
        move_inside(person, move->day, move->inside);
        count_inside(crowd, person, 1);
        move_admitted(crowd, person, move);
        if (!move->stays)
                move_first(crowd, person, move);
}

void crowd_prefetch(const struct crowd *crowd, uint64_t hash)
{
        table_prefetch(&crowd->people, hash);
}

void crowd_prefetched(const struct crowd *crowd, uint64_t hash)
{
        fetch_ahead(table_prefetched(&crowd->people, hash), sizeof(struct person));
}

void crowd_change_ticket(struct crowd *crowd, const char *registration, const char *before, const char *after)
{
        const struct person *person = person_find(crowd, registration);

        if (!person || person->admitted <= 0)
                return;
        if (before)
                count_ticket(crowd, before, -1);
        if (after)
                count_ticket(crowd, after, 1);
}

/* ---- looking ---- */

int64_t crowd_inside(const struct crowd *crowd, struct date today)
{
        const struct crowd_day *day = crowd->days;

        while (day && day->day.days != today.days)
                day = day->next;
        return crowd->inside + (day ? day->inside : 0);
}

int64_t crowd_admitted_with(const struct crowd *crowd, const char *ticket)
{
        const struct crowd_ticket *found = ticket_find(crowd, ticket);

        return found ? found->admitted : 0;
}
