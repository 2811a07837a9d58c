/* SPDX-License-Identifier: Apache-2.0 */
/* An event's places by ticket type: how many are taken, and who waits for one, in order of (waiting_since, id). */
#pragma once

#include "door/rows.h"

struct ticket_places;

struct ticket_places *ticket_places_free(struct ticket_places *all);
/* Counts a registration in, or out; `*all` is NULL at first. The row is borrowed until it is counted out. */
void ticket_places_add(struct ticket_places **all, const struct registration_row *row);
void ticket_places_remove(struct ticket_places **all, const struct registration_row *row);
int64_t ticket_places_taken(const struct ticket_places *all, const char *ticket); /* confirmed */
int64_t ticket_places_waiting(const struct ticket_places *all, const char *ticket); /* waitlisted */
/* One after the other; NULL begins, NULL ends. */
const struct registration_row *ticket_places_next(
        const struct ticket_places *all, const char *ticket, const struct registration_row *after);
