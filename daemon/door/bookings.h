/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seats in sessions: who has booked one, who waits for one. Belongs to a roster and is changed by bookings_apply
 * alone; a row that is not newer than what it holds does nothing. A booking that was cancelled stays as a row, so that
 * its version never goes back, and holds nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include "door/rows.h"

struct bookings;

struct bookings *bookings_new(void);
struct bookings *bookings_free(struct bookings *bookings);
bool bookings_apply(struct bookings *bookings, const struct booking_row *row);

enum { BOOKING_ID_MAX = 96 };
/* A booking row's id, written to `id`, which comes back. */
const char *booking_id(char id[static BOOKING_ID_MAX], const char *session, const char *registration);
bool booking_is(const struct booking_row *booking, const char *status);
/* Confirmed or waiting. */
bool booking_stands(const struct booking_row *booking);

/* ---- borrowed; NULL: none ---- */

/* Standing or cancelled. */
const struct booking_row *bookings_find(
        const struct bookings *bookings, const char *session, const char *registration);
/* Those of a registration, one after the other, cancelled ones too; NULL begins. */
const struct booking_row *bookings_of_registration(
        const struct bookings *bookings, const char *registration, const struct booking_row *after);
/* Those of a session in the order in which they were made, cancelled ones too; NULL begins. */
const struct booking_row *bookings_next_of_session(
        const struct bookings *bookings, const char *session, const struct booking_row *after);
/*
 * Those that stand, by session and then in the order in which they were made: the first behind the place
 * (session, created_at, registration). INSTANT_NONE: from the session's first on. NULL session: from the first.
 */
const struct booking_row *bookings_after(const struct bookings *bookings, const char *session,
        struct instant created_at, const char *registration);

int64_t bookings_taken(const struct bookings *bookings, const char *session); /* confirmed */
int64_t bookings_waiting(const struct bookings *bookings, const char *session);
/* How many of a registration's stand. */
int64_t bookings_held(const struct bookings *bookings, const char *registration);
/* The first `max` of those that wait for a session, in their order, into `out`; returns how many. */
size_t bookings_queue(
        const struct bookings *bookings, const char *session, const struct booking_row **out, size_t max);
