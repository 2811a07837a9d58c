/* SPDX-License-Identifier: Apache-2.0 */
/* The door's rows, as they stand in the database and in memory. See base/row.h; each table of sql/ bears the kind's name. */
#pragma once

#include <string.h>
#include "base/row.h"

struct ticket_row {
        struct row row;
        const char *name, *name_latin;
        int64_t capacity; /* FIELD_INT_NONE: no limit */
        bool waitlist;
        struct instant valid_from, valid_to;
};

struct checkpoint_row {
        struct row row;
        const char *name, *name_latin, *session;
        const char *mode, *per; /* "once", "reentry", "count"; "event", "day" */
        const char *tickets; /* JSON array of ticket slugs; NULL: all */
        struct instant opens_at, closes_at;
        int64_t capacity;
        bool needs_booking;
};

/* Id: the short code, unique in the family. Never deleted, save with its event. */
struct registration_row {
        struct row row;
        const char *ticket, *name, *name_latin, *email, *phone, *organisation, *title, *country, *language,
                *notes;
        const char *fields; /* JSON object: field -> text */
        const char *external_id;
        bool paid;
        bool keeps_place; /* an erased one that was confirmed: it still counts */
        const char *attention, *blocked;
        const char *status; /* "confirmed", "waitlisted", "cancelled", "erased" */
        struct instant created_at, changed_at;
        struct instant waiting_since; /* its place in the queue */
        const char *search; /* folded text, made by door/fold.h */
        int64_t search_fold; /* the fold's version */
};

static inline bool registration_is(const struct registration_row *registration, const char *status)
{
        return strcmp(registration->status, status) == 0;
}

/*
 * What opens the door for a registration. Id: "REGISTRATION/what/issue". Kinds: "ticket", "badge", "card" and "code"
 * (another system's code given at registration). A row is written at issue and once more when it is replaced.
 */
struct credential_row {
        struct row row;
        const char *registration, *what;
        int64_t issue; /* 1, 2, … of its registration and kind */
        struct uuid digest; /* over the credential's text; of ours alone */
        const char *code; /* a plain code, folded to upper case without blanks */
        /* What was signed, so that it can be made again when the ticket has changed since. */
        const char *ticket;
        struct instant valid_from, valid_to;
        int64_t key_number;
        struct instant issued_at, replaced_at;
};

/* Who has been where. Id: "CHECKPOINT/DAY/REGISTRATION", DAY empty for `per` event. Moved by scans alone. */
struct presence_row {
        struct row row;
        const char *checkpoint, *registration;
        struct date day;
        bool inside; /* admitted and not left */
        bool admitted; /* stands admitted at least once (undone ones aside) */
        struct instant first_at; /* by which who is inside came in */
        const char *first_device;
        struct instant
                admitted_at; /* since when they stand admitted, however often they left and came again */
};

/* Id: the registration's. That a person was erased; written, and never kept in memory. */
struct erasure_row {
        struct row row;
        struct instant erased_at;
        const char *erased_by; /* a token's id, or "uid:0" */
};

/* Id: "SESSION/REGISTRATION". Never deleted, save with its event: a cancelled one may be made again. */
struct booking_row {
        struct row row;
        const char *session, *registration;
        const char *status; /* "confirmed", "waitlisted", "cancelled" */
        struct instant created_at;
        struct instant waiting_since; /* its place in the queue */
};

/* Family nil, event: the parent of the family it signs for. Id: its number in decimal. The private half is sealed under the key file. */
struct signing_key_row {
        struct row row;
        int64_t number;
        struct bytes public_key, sealed;
        struct instant created_at;
};

extern const struct record ticket_record, checkpoint_record, registration_record, credential_record,
        presence_record, booking_record, erasure_record, signing_key_record;
