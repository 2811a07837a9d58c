/* SPDX-License-Identifier: Apache-2.0 */
/* What the roster's own files share. */
#pragma once

#include "door/roster.h"
#include "door/ticket_places.h"

struct roster {
        struct uuid event;
        struct rowset tickets, checkpoints;
        struct table registrations, by_external_id, by_person;
        struct table credentials; /* by registration */
        struct table by_code, by_digest;
        struct attendance *attendance;
        struct bookings *bookings;
        struct roll roll;
        struct texts *texts; /* what many rows say alike */
        struct ticket_places *places;
        size_t unfolded; /* registrations that nothing finds, and should */
        struct field_names field_names;
};

uint64_t roster_digest_hash(const uint8_t digest[static 16]);
