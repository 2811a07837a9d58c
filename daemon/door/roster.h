/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The roster: who is registered for one event, what opens its doors for them, and where they have been. It holds
 * rows (see base/row.h) by all that they are looked up by, and counts what decisions need. Changed by roster_apply
 * alone; a row that is not newer than what it holds does nothing.
 */
#pragma once

#include <stddef.h>
#include "base/rowset.h"
#include "door/attendance.h"
#include "door/bookings.h"
#include "door/field_names.h"
#include "door/roll.h"
#include "door/rows.h"

struct roster;

struct roster *roster_new(const struct uuid *event);
struct roster *roster_free(struct roster *roster);
/* Takes a row of door/rows.h of this event: a sealed one, unless it is a presence. True when it changed anything. */
bool roster_apply(struct roster *roster, const void *row);
/* Presences, one after the other, as roster_apply() does; what each looks up is waited for together. */
bool roster_apply_presences(struct roster *roster, const struct presence_row *rows, size_t count);

const struct rowset *roster_tickets(const struct roster *roster);
const struct rowset *roster_checkpoints(const struct roster *roster);
/* Checkpoints one after the other; NULL begins, NULL ends. */
const struct checkpoint_row *roster_checkpoint_next(
        const struct roster *roster, const struct checkpoint_row *after);

/* ---- registrations; borrowed, NULL: none ---- */

size_t roster_registration_count(const struct roster *roster);
const struct registration_row *roster_registration(const struct roster *roster, const char *code);
const struct registration_row *roster_by_external_id(const struct roster *roster, const char *external_id);
/* By e-mail and name, both to the letter. */
const struct registration_row *roster_by_person(
        const struct roster *roster, const char *email, const char *name);
/* In order of (created_at, id): the first behind that place; INSTANT_NONE begins. */
const struct registration_row *roster_registration_after(
        const struct roster *roster, struct instant created_at, const char *id);
/* All of them in that order, with their folded texts. */
const struct roll *roster_roll(const struct roster *roster);

bool roster_has_unfolded(const struct roster *roster);
/* Up to `max` of those whose text another fold made, or none: nothing finds them until roster_fold. */
size_t roster_unfolded(const struct roster *roster, const struct registration_row **rows, size_t max);
/* The text of one of those; nothing happens where it has changed since. */
void roster_fold(struct roster *roster, const struct registration_row *row, const char *text);

/* The fields that any of them bears, or bore since it was read. */
const struct field_names *roster_field_names(const struct roster *roster);

/* ---- credentials ---- */

/* The standing credential with a plain code (as code_fold makes it), else the one last replaced that had it. */
const struct credential_row *roster_by_code(const struct roster *roster, const char *code);
const struct credential_row *roster_by_digest(const struct roster *roster, const uint8_t digest[static 16]);
/* All of a registration's, one after the other; NULL begins, NULL ends. */
const struct credential_row *roster_credential_next(
        const struct roster *roster, const char *registration, const struct credential_row *after);

/*
 * A look-up to come: by a digest, else by a plain code, else of a registration, the others NULL (all three: of nothing).
 * Fetched together, several find what they look up at hand, and nothing else than they would have found. A few at a time:
 * more than a dozen or two push each other out.
 */
struct roster_look {
        const struct roster *roster;
        const uint8_t *digest;
        const char *code, *registration;
        /* the roster's own; NULL, 0 at first */
        const struct credential_row *likely;
        uint64_t hash;
};
void roster_fetch(struct roster_look *looks, size_t count);

/* ---- places ---- */

int64_t roster_taken(const struct roster *roster, const char *ticket); /* confirmed */
int64_t roster_waiting(const struct roster *roster, const char *ticket); /* waitlisted */
/* The waiting of a ticket type in order of (waiting_since, id); NULL begins, NULL ends. */
const struct registration_row *roster_waiting_next(
        const struct roster *roster, const char *ticket, const struct registration_row *after);
/* Up to `max` registrations and checkpoints that name a ticket type. */
size_t roster_ticket_users(
        const struct roster *roster, const char *ticket, const struct row **by, size_t max);

/* Seats in sessions. */
struct bookings *roster_bookings(const struct roster *roster);

/* Who has been where. */
struct attendance *roster_attendance(const struct roster *roster);
