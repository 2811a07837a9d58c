/* SPDX-License-Identifier: Apache-2.0 */
/*
 * May this person pass? The rules of a door, as one table in the order in which they are judged; whoever asks brings
 * what they are judged by, so the answer depends on nothing else. What becomes of the person's presence is part of it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "base/buffer.h"
#include "door/rows.h"

struct zone;

/* In the order in which they are judged; the words of the wire, and what is said to the staff. */
#define VERDICT_REASONS(X)                                                                                   \
        X(UNKNOWN_CREDENTIAL, "unknown_credential", "Not known. Scan again or search.")                      \
        X(BAD_SIGNATURE, "bad_signature", "Code altered. Hold; call a supervisor.")                          \
        X(OTHER_EVENT, "other_event", "For another event. Ask which.")                                       \
        X(REVOKED, "revoked", "Replaced. Ask for the newer ticket.")                                         \
        X(ERASED, "erased", "Record erased. Register as walk-in.")                                           \
        X(BLOCKED, "blocked", "Blocked. Call a supervisor.")                                                 \
        X(CANCELLED, "cancelled", "Cancelled. Offer walk-in.")                                               \
        X(WAITLISTED, "waitlisted", "On the waiting list. Ask the desk.")                                    \
        X(UNPAID, "unpaid", "Not paid. Pay at the desk, scan again.")                                        \
        X(TICKET_NOT_VALID_HERE, "ticket_not_valid_here", "Another door. Show it.")                          \
        X(TICKET_TOO_EARLY, "ticket_too_early", "Not valid yet. Check the ticket's day.")                    \
        X(TICKET_TOO_LATE, "ticket_too_late", "Ticket ended. New one at the desk.")                          \
        X(CHECKPOINT_NOT_OPEN, "checkpoint_not_open", "Door not open yet. Wait here.")                       \
        X(CHECKPOINT_CLOSED, "checkpoint_closed", "Door closed. Send to the front desk.")                    \
        X(NO_BOOKING, "no_booking", "No seat booked. Ask the desk.")                                         \
        X(ALREADY_ADMITTED, "already_admitted", "In already. See badge.")                                    \
        X(NOT_INSIDE, "not_inside", "No entry recorded. Scan in first.")                                     \
        X(FULL, "full", "Full. Wait till someone leaves.")

enum verdict_reason {
        REASON_NONE,
#define X(name, word, sentence) REASON_##name,
        VERDICT_REASONS(X)
#undef X
                REASON_COUNT
};

#define VERDICT_WORDS(X)                                                                                     \
        X(ADMITTED, "admitted", "Admitted.")                                                                 \
        X(LEFT, "left", "Left.")                                                                             \
        X(REFUSED, "refused", "Refused.")                                                                    \
        X(INCOMPLETE, "incomplete", "Ask first, then scan again.")

enum verdict_word {
#define X(name, word, sentence) VERDICT_##name,
        VERDICT_WORDS(X)
#undef X
                VERDICT_COUNT
};

/* What the thing shown turned out to be. */
enum verdict_found { FOUND_HERE, FOUND_NOWHERE, FOUND_FORGED, FOUND_ELSEWHERE };

/* What a verdict is judged by: rows as they stand, borrowed. */
struct verdict_case {
        const struct checkpoint_row *checkpoint;
        enum verdict_found found;
        const struct registration_row *registration; /* FOUND_HERE */
        const struct credential_row *credential; /* what was shown; NULL: the registration was named */
        const struct ticket_row *ticket; /* its type; NULL: there is none any more */
        const struct presence_row *presence; /* at this checkpoint (and day); NULL: never been */
        int64_t inside; /* people inside this checkpoint (on that day) */
        struct instant at; /* when it happened: hours and validity go by it */
        bool leaving;
        bool force;
        bool booked; /* has a seat in the checkpoint's session */
        bool asks; /* a question of the door's is open, and has been neither answered nor declined */
};

struct verdict {
        enum verdict_word word;
        enum verdict_reason reason; /* why refused, or (forced) what was overridden */
        bool forced;
        /*
         * What becomes of the presence: every admission and exit is a move, so that the last can be taken back. `by`:
         * how it changes the number of people inside.
         */
        bool moves, inside, admitted;
        int by;
};

/* When it is taken to have happened: one ahead of its arrival counts as then, but in a dry run. `at` may be none. */
struct instant verdict_at(struct instant at, struct instant arrived, bool dry_run);
/* The day whose presence counts at a checkpoint; DATE_NONE where it is the whole event's. */
struct date verdict_day(const struct checkpoint_row *checkpoint, struct instant at, const struct zone *zone,
        int day_starts_minutes);
struct verdict verdict_decide(const struct verdict_case *judged);
/* The first reason that applies, REASON_NONE: none does. */
enum verdict_reason verdict_reason(const struct verdict_case *judged);
/* Whether the table's rule of a reason applies, whatever stands before it. */
bool verdict_applies(enum verdict_reason reason, const struct verdict_case *judged);

const char *verdict_word(enum verdict_word word);
const char *verdict_reason_word(enum verdict_reason reason); /* NULL: none */
int verdict_from_word(const char *word); /* -1: no such word */
int verdict_reason_from_word(const char *word); /* 0 (REASON_NONE): no such reason */

/* What is said to the staff, beyond a table's sentence: what was seen first, the ticket's name, what a person wrote. */
struct verdict_words {
        enum verdict_word word;
        enum verdict_reason reason;
        const char *blocked, *ticket_name;
        struct instant first_at, now;
        const char *first_device;
        const struct zone *zone;
};
void verdict_say(const struct verdict_words *words, struct buffer *out);
