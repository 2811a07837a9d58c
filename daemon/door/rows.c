/* SPDX-License-Identifier: Apache-2.0 */
#include "door/rows.h"

#define W FIELD_ON_WIRE
#define R (FIELD_ON_WIRE | FIELD_READ_ONLY)
#define S FIELD_SHARED
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct field ticket_fields[] = {
        FIELD(struct ticket_row, name, FIELD_TEXT, W),
        FIELD(struct ticket_row, name_latin, FIELD_TEXT, W),
        FIELD(struct ticket_row, capacity, FIELD_INT, W),
        FIELD(struct ticket_row, waitlist, FIELD_BOOL, W),
        FIELD(struct ticket_row, valid_from, FIELD_INSTANT, W),
        FIELD(struct ticket_row, valid_to, FIELD_INSTANT, W),
};
const struct record ticket_record = { "ticket", sizeof(struct ticket_row), ticket_fields,
        COUNT(ticket_fields) };

static const struct field checkpoint_fields[] = {
        FIELD(struct checkpoint_row, name, FIELD_TEXT, W),
        FIELD(struct checkpoint_row, name_latin, FIELD_TEXT, W),
        FIELD(struct checkpoint_row, session, FIELD_TEXT, W),
        FIELD(struct checkpoint_row, mode, FIELD_TEXT, W),
        FIELD(struct checkpoint_row, per, FIELD_TEXT, W),
        FIELD(struct checkpoint_row, tickets, FIELD_JSON, W),
        FIELD(struct checkpoint_row, opens_at, FIELD_INSTANT, W),
        FIELD(struct checkpoint_row, closes_at, FIELD_INSTANT, W),
        FIELD(struct checkpoint_row, capacity, FIELD_INT, W),
        FIELD(struct checkpoint_row, needs_booking, FIELD_BOOL, W),
};
const struct record checkpoint_record = { "checkpoint", sizeof(struct checkpoint_row), checkpoint_fields,
        COUNT(checkpoint_fields) };

static const struct field registration_fields[] = {
        FIELD(struct registration_row, ticket, FIELD_TEXT, W | S),
        FIELD(struct registration_row, name, FIELD_TEXT, W),
        FIELD(struct registration_row, name_latin, FIELD_TEXT, W),
        FIELD(struct registration_row, email, FIELD_TEXT, W),
        FIELD(struct registration_row, phone, FIELD_TEXT, W),
        FIELD(struct registration_row, organisation, FIELD_TEXT, W | S),
        FIELD(struct registration_row, title, FIELD_TEXT, W | S),
        FIELD(struct registration_row, country, FIELD_TEXT, W | S),
        FIELD(struct registration_row, language, FIELD_TEXT, W | S),
        FIELD(struct registration_row, notes, FIELD_TEXT, W),
        FIELD(struct registration_row, fields, FIELD_JSON, W | S),
        FIELD(struct registration_row, external_id, FIELD_TEXT, W),
        FIELD(struct registration_row, paid, FIELD_BOOL, W),
        FIELD(struct registration_row, keeps_place, FIELD_BOOL, 0),
        FIELD(struct registration_row, attention, FIELD_TEXT, W),
        FIELD(struct registration_row, blocked, FIELD_TEXT, W),
        FIELD(struct registration_row, status, FIELD_TEXT, R | S),
        FIELD(struct registration_row, created_at, FIELD_INSTANT, R),
        FIELD(struct registration_row, changed_at, FIELD_INSTANT, R),
        FIELD(struct registration_row, waiting_since, FIELD_INSTANT, 0),
        FIELD(struct registration_row, search, FIELD_TEXT, FIELD_DERIVED),
        FIELD(struct registration_row, search_fold, FIELD_INT, FIELD_DERIVED),
};
const struct record registration_record = { "registration", sizeof(struct registration_row),
        registration_fields, COUNT(registration_fields), .steady = true,
        .whole = offsetof(struct registration_row, row.id) };

static const struct field credential_fields[] = {
        FIELD(struct credential_row, registration, FIELD_TEXT, 0),
        FIELD(struct credential_row, what, FIELD_TEXT, S),
        FIELD(struct credential_row, issue, FIELD_INT, 0),
        FIELD(struct credential_row, digest, FIELD_DIGEST, 0),
        FIELD(struct credential_row, code, FIELD_TEXT, 0),
        FIELD(struct credential_row, ticket, FIELD_TEXT, S),
        FIELD(struct credential_row, valid_from, FIELD_INSTANT, 0),
        FIELD(struct credential_row, valid_to, FIELD_INSTANT, 0),
        FIELD(struct credential_row, key_number, FIELD_INT, 0),
        FIELD(struct credential_row, issued_at, FIELD_INSTANT, 0),
        FIELD(struct credential_row, replaced_at, FIELD_INSTANT, 0),
};
const struct record credential_record = { "credential", sizeof(struct credential_row), credential_fields,
        COUNT(credential_fields), .steady = true, .whole = offsetof(struct credential_row, registration) };

static const struct field presence_fields[] = {
        FIELD(struct presence_row, checkpoint, FIELD_TEXT, S),
        FIELD(struct presence_row, registration, FIELD_TEXT, 0),
        FIELD(struct presence_row, day, FIELD_DATE, 0),
        FIELD(struct presence_row, inside, FIELD_BOOL, 0),
        FIELD(struct presence_row, admitted, FIELD_BOOL, 0),
        FIELD(struct presence_row, first_at, FIELD_INSTANT, 0),
        FIELD(struct presence_row, first_device, FIELD_TEXT, S),
        FIELD(struct presence_row, admitted_at, FIELD_INSTANT, 0),
};
const struct record presence_record = { "presence", sizeof(struct presence_row), presence_fields,
        COUNT(presence_fields) };

static const struct field booking_fields[] = {
        FIELD(struct booking_row, session, FIELD_TEXT, W),
        FIELD(struct booking_row, registration, FIELD_TEXT, W),
        FIELD(struct booking_row, status, FIELD_TEXT, R),
        FIELD(struct booking_row, created_at, FIELD_INSTANT, R),
        FIELD(struct booking_row, waiting_since, FIELD_INSTANT, 0),
};
const struct record booking_record = { "booking", sizeof(struct booking_row), booking_fields,
        COUNT(booking_fields) };

static const struct field erasure_fields[] = {
        FIELD(struct erasure_row, erased_at, FIELD_INSTANT, 0),
        FIELD(struct erasure_row, erased_by, FIELD_TEXT, 0),
};
const struct record erasure_record = { "erasure", sizeof(struct erasure_row), erasure_fields,
        COUNT(erasure_fields) };

static const struct field signing_key_fields[] = {
        FIELD(struct signing_key_row, number, FIELD_INT, 0),
        FIELD(struct signing_key_row, public_key, FIELD_BYTES, 0),
        FIELD(struct signing_key_row, sealed, FIELD_BYTES, 0),
        FIELD(struct signing_key_row, created_at, FIELD_INSTANT, 0),
};
const struct record signing_key_record = { "signing_key", sizeof(struct signing_key_row), signing_key_fields,
        COUNT(signing_key_fields) };
