/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A crowd: who was let in and who is inside, at one checkpoint or at any of an event. It counts people, never scans:
 * who used two doors is one. It is told of each move of a presence, and answers without looking at anybody.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/instant.h"
#include "base/table.h"

struct crowd_minute {
        int64_t minute; /* since the epoch */
        int64_t count;
};

struct crowd {
        struct table people; /* by code */
        struct crowd_ticket *tickets;
        struct crowd_day *days;
        struct crowd_minute
                *minutes; /* in order: whose first admission that minute saw; none may be left of one */
        size_t minute_count, minute_capacity;
        int64_t admitted;
        int64_t inside; /* at checkpoints that count no days */
};

void crowd_init(struct crowd *crowd);
void crowd_deinit(struct crowd *crowd);

/* What one presence of a person did: -1, 0 or 1 each. */
struct crowd_move {
        const char *registration, *ticket;
        uint64_t hash; /* of the registration: hash_text(…, 0) */
        int admitted, inside;
        struct date day; /* the presence's */
        /*
         * If it admits the person, `comes`, `first` is when, and the crowd keeps an earlier admission that it knows of.
         * If it `stays`, the admission is as it was, and `first` is not looked at. Else it is the first admission that is
         * left; INSTANT_NONE: none is.
         */
        bool comes, stays;
        struct instant first;
};
void crowd_apply(struct crowd *crowd, const struct crowd_move *move);
/* Before moves of several people: first crowd_prefetch() of each, then crowd_prefetched() of each. See base/table.h. */
void crowd_prefetch(const struct crowd *crowd, uint64_t hash);
void crowd_prefetched(const struct crowd *crowd, uint64_t hash);
/* A registration has another ticket type. */
void crowd_change_ticket(
        struct crowd *crowd, const char *registration, const char *before, const char *after);

/* People inside on a day: those of checkpoints that count days were let in on that very day. */
int64_t crowd_inside(const struct crowd *crowd, struct date today);
int64_t crowd_admitted_with(const struct crowd *crowd, const char *ticket);
