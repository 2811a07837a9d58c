/* SPDX-License-Identifier: Apache-2.0 */
#include "door/roster_private.h"

#include <string.h>

#include "base/texts.h"
#include "door/fold.h"
#include "door/person_key.h"

/* ---- keys ---- */

#define KEYED(name, type, expression)                                                                        \
        static uint64_t name##_hash(const void *entry)                                                       \
        {                                                                                                    \
                const type *row = entry;                                                                     \
                                                                                                             \
                return hash_text((expression), 0);                                                           \
        }                                                                                                    \
        static bool name##_equal(const void *entry, const void *key)                                         \
        {                                                                                                    \
                const type *row = entry;                                                                     \
                                                                                                             \
                return strcmp((expression), key) == 0;                                                       \
        }

KEYED(id, struct row, row->id)
KEYED(external, struct registration_row, row->external_id)
KEYED(code, struct credential_row, row->code)
KEYED(owner, struct credential_row, row->registration)

static uint64_t person_hash(const void *entry)
{
        const struct registration_row *row = entry;

        return person_key_hash(&(struct person_key){ row->email, row->name });
}

static bool person_equal(const void *entry, const void *key)
{
        return person_key_fits(key, entry);
}

/* A digest is a hash already, and nobody chooses one that is found here: they are of credentials that were issued. */
uint64_t roster_digest_hash(const uint8_t digest[static 16])
{
        uint64_t hash;

        memcpy(&hash, digest, sizeof(hash));
        return hash;
}

static uint64_t digest_hash(const void *entry)
{
        const struct credential_row *row = entry;

        return roster_digest_hash(row->digest.bytes);
}

static bool digest_equal(const void *entry, const void *key)
{
        const struct credential_row *row = entry;

        return memcmp(row->digest.bytes, key, 16) == 0;
}

struct roster *roster_new(const struct uuid *event)
{
        struct roster *roster = xcalloc(1, sizeof(*roster));

        roster->event = *event;
        roster->texts = texts_new();
        roll_init(&roster->roll);
        table_init(&roster->registrations, id_hash, id_equal);
        table_init(&roster->by_external_id, external_hash, external_equal);
        table_init(&roster->by_person, person_hash, person_equal);
        table_init(&roster->credentials, owner_hash, owner_equal);
        table_init(&roster->by_code, code_hash, code_equal);
        table_init(&roster->by_digest, digest_hash, digest_equal);
        roster->attendance = attendance_new(event);
        roster->bookings = bookings_new();
        return roster;
}

static void table_unref(struct table *table)
{
        size_t iterator = 0;
        void *entry;

        while ((entry = table_next(table, &iterator)))
                row_unref(entry);
        table_deinit(table);
}

struct roster *roster_free(struct roster *roster)
{
        if (!roster)
                return NULL;
        rowset_deinit(&roster->tickets);
        rowset_deinit(&roster->checkpoints);
        table_deinit(&roster->by_external_id);
        table_deinit(&roster->by_person);
        table_deinit(&roster->by_code);
        table_deinit(&roster->by_digest);
        table_unref(&roster->registrations);
        table_unref(&roster->credentials);
        attendance_free(roster->attendance);
        bookings_free(roster->bookings);
        roll_deinit(&roster->roll);
        texts_free(roster->texts);
        ticket_places_free(roster->places);
        field_names_deinit(&roster->field_names);
        free(roster);
        return NULL;
}

/* ---- registrations ---- */

static void index_registration(struct roster *roster, const struct registration_row *row, bool add)
{
        if (row->external_id)
                table_set(&roster->by_external_id, row, add);
        if (row->email && row->name)
                table_set(&roster->by_person, row, add);
        if (add)
                ticket_places_add(&roster->places, row);
        else
                ticket_places_remove(&roster->places, row);
}

static bool texts_same(const char *a, const char *b)
{
        return a == b || (a && b && strcmp(a, b) == 0);
}

/* Whether both are found by the same words. */
static bool folds_alike(const struct registration_row *a, const struct registration_row *b)
{
        return texts_same(a->name, b->name) && texts_same(a->name_latin, b->name_latin) &&
               texts_same(a->organisation, b->organisation) && texts_same(a->email, b->email) &&
               texts_same(a->phone, b->phone);
}

static bool is_unfolded(const struct roster *roster, const struct registration_row *row)
{
        struct roll_place place;

        return row && !registration_is(row, "erased") &&
               roll_find(&roster->roll, row->created_at, row->row.id, &place) &&
               !roll_has_text(&roster->roll, &place);
}

/* `row` is as it came, `kept` what the roster keeps of it. */
static void put_into_roll(struct roster *roster, const struct registration_row *before,
        const struct registration_row *kept, const struct registration_row *row)
{
        const char *text =
                row->search_fold == FOLD_VERSION && !registration_is(row, "erased") ? row->search : NULL;

        roster->unfolded -= is_unfolded(roster, before);
        if (!text && before && !registration_is(row, "erased") && folds_alike(before, row))
                roll_replace(&roster->roll, before, kept);
        else
                roll_put(&roster->roll, before, kept, text);
        roster->unfolded += !text && is_unfolded(roster, kept);
}

bool roster_has_unfolded(const struct roster *roster)
{
        return roster->unfolded > 0;
}

size_t roster_unfolded(const struct roster *roster, const struct registration_row **rows, size_t max)
{
        struct roll_place place = { 0, 0 };
        size_t count = 0;

        for (bool there = roster->unfolded; there && count < max; there = roll_next(&roster->roll, &place))
                if (!roll_has_text(&roster->roll, &place) &&
                        !registration_is(roll_row(&roster->roll, &place), "erased"))
                        rows[count++] = roll_row(&roster->roll, &place);
        return count;
}

void roster_fold(struct roster *roster, const struct registration_row *row, const char *text)
{
        if (roster_registration(roster, row->row.id) != row || !is_unfolded(roster, row))
                return;
        roll_put(&roster->roll, row, row, text);
        roster->unfolded--;
}

static bool apply_registration(struct roster *roster, const struct registration_row *row)
{
        const struct registration_row *before = roster_registration(roster, row->row.id);
        struct registration_row *kept;

        if ((before && before->row.version >= row->row.version) || row->row.deleted)
                return false;
        kept = row_pack(row, roster->texts);
        if (before) {
                index_registration(roster, before, false);
                table_remove(&roster->registrations, before);
        }
        put_into_roll(roster, before, kept, row);
        attendance_change_ticket(
                roster->attendance, row->row.id, before ? before->ticket : NULL, row->ticket);
        table_add(&roster->registrations, kept);
        index_registration(roster, kept, true);
        field_names_note(&roster->field_names, row->fields);
        row_unref(before);
        return true;
}

/* ---- credentials ---- */

static void index_credential(struct roster *roster, const struct credential_row *row, bool add)
{
        table_set(&roster->credentials, row, add);
        if (row->code)
                table_set(&roster->by_code, row, add);
        if (!uuid_is_nil(&row->digest))
                table_set(&roster->by_digest, row, add);
}

static bool apply_credential(struct roster *roster, const struct credential_row *row)
{
        const struct credential_row *before = NULL;

        while ((before = roster_credential_next(roster, row->registration, before)))
                if (strcmp(before->row.id, row->row.id) == 0)
                        break;
        if ((before && before->row.version >= row->row.version) || row->row.deleted)
                return false;
        if (before)
                index_credential(roster, before, false);
        index_credential(roster, row_pack(row, roster->texts), true);
        row_unref(before);
        return true;
}

bool roster_apply(struct roster *roster, const void *applied)
{
        const struct row *row = applied;

        if (row->record == &registration_record)
                return apply_registration(roster, applied);
        if (row->record == &credential_record)
                return apply_credential(roster, applied);
        if (row->record == &presence_record)
                return roster_apply_presences(roster, applied, 1);
        if (row->record == &booking_record)
                return bookings_apply(roster->bookings, applied);
        if (row->record == &ticket_record)
                return rowset_apply(&roster->tickets, row);
        if (row->record == &checkpoint_record)
                return rowset_apply(&roster->checkpoints, row);
        return false;
}

/* ---- looking up ---- */

const struct rowset *roster_tickets(const struct roster *roster)
{
        return &roster->tickets;
}

const struct rowset *roster_checkpoints(const struct roster *roster)
{
        return &roster->checkpoints;
}

const struct checkpoint_row *roster_checkpoint_next(
        const struct roster *roster, const struct checkpoint_row *after)
{
        return rowset_next(&roster->checkpoints, &roster->event, after ? after->row.id : NULL);
}

const struct roll *roster_roll(const struct roster *roster)
{
        return &roster->roll;
}

size_t roster_registration_count(const struct roster *roster)
{
        return roster->roll.count;
}

const struct registration_row *roster_registration(const struct roster *roster, const char *code)
{
        return table_find(&roster->registrations, hash_text(code, 0), code);
}

const struct registration_row *roster_by_external_id(const struct roster *roster, const char *external_id)
{
        return table_find(&roster->by_external_id, hash_text(external_id, 0), external_id);
}

const struct registration_row *roster_by_person(
        const struct roster *roster, const char *email, const char *name)
{
        struct person_key key = { email, name };

        return table_find(&roster->by_person, person_key_hash(&key), &key);
}

const struct registration_row *roster_registration_after(
        const struct roster *roster, struct instant created_at, const char *id)
{
        struct roll_place place;

        return roll_find_behind(&roster->roll, created_at, id, &place) ? roll_row(&roster->roll, &place)
                                                                       : NULL;
}

const struct field_names *roster_field_names(const struct roster *roster)
{
        return &roster->field_names;
}

const struct credential_row *roster_by_code(const struct roster *roster, const char *code)
{
        const struct credential_row *best = NULL, *row;
        uint64_t hash = hash_text(code, 0);
        size_t iterator = 0;

        while ((row = table_find_next(&roster->by_code, hash, code, &iterator))) {
                if (instant_is_none(row->replaced_at))
                        return row;
                if (!best || row->replaced_at.us > best->replaced_at.us)
                        best = row;
        }
        return best;
}

const struct credential_row *roster_by_digest(const struct roster *roster, const uint8_t digest[static 16])
{
        return table_find(&roster->by_digest, roster_digest_hash(digest), digest);
}

const struct credential_row *roster_credential_next(
        const struct roster *roster, const char *registration, const struct credential_row *after)
{
        uint64_t hash = hash_text(registration, 0);
        const struct credential_row *row;
        size_t iterator = 0;
        bool found = !after;

        while ((row = table_find_next(&roster->credentials, hash, registration, &iterator))) {
                if (found)
                        return row;
                found = row == after;
        }
        return NULL;
}

/* ---- places ---- */

int64_t roster_taken(const struct roster *roster, const char *ticket)
{
        return ticket_places_taken(roster->places, ticket);
}

int64_t roster_waiting(const struct roster *roster, const char *ticket)
{
        return ticket_places_waiting(roster->places, ticket);
}

const struct registration_row *roster_waiting_next(
        const struct roster *roster, const char *ticket, const struct registration_row *after)
{
        return ticket_places_next(roster->places, ticket, after);
}

size_t roster_ticket_users(const struct roster *roster, const char *ticket, const struct row **by, size_t max)
{
        const struct checkpoint_row *checkpoint = NULL;
        char *quoted = xasprintf("\"%s\"", ticket);
        struct roll_place place = { 0, 0 };
        size_t count = 0;

        for (bool there = roster->roll.count; there && count < max; there = roll_next(&roster->roll, &place))
                if (strcmp(roll_row(&roster->roll, &place)->ticket, ticket) == 0)
                        by[count++] = &roll_row(&roster->roll, &place)->row;
        while (count < max && (checkpoint = roster_checkpoint_next(roster, checkpoint)))
                if (checkpoint->tickets && strstr(checkpoint->tickets, quoted))
                        by[count++] = &checkpoint->row;
        free(quoted);
        return count;
}

struct bookings *roster_bookings(const struct roster *roster)
{
        return roster->bookings;
}

struct attendance *roster_attendance(const struct roster *roster)
{
        return roster->attendance;
}
