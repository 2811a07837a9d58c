/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several things looked up in a roster together. It lies in memory and not in caches: a look-up waits for a slot, then for
 * the row that the slot names, and one by credential for another slot and another row. Those of several may be waited for
 * side by side: see base/table.h.
 */
#include "base/fetch.h"
#include "door/roster_private.h"

/* Of a row's texts behind its struct: what it is told by is the first of them, or the second. */
enum { TOGETHER_MAX = 16, CODE_FETCHED = 16, CREDENTIAL_TEXTS_FETCHED = 48 };

static void fetch_registration(const struct roster *roster, uint64_t hash)
{
        fetch_ahead(table_prefetched(&roster->registrations, hash),
                sizeof(struct registration_row) + CODE_FETCHED);
}

/* ---- look-ups ---- */

static void fetch_slot(struct roster_look *look)
{
        const struct roster *roster = look->roster;

        if (look->digest) {
                look->hash = roster_digest_hash(look->digest);
                table_prefetch(&roster->by_digest, look->hash);
        } else if (look->code) {
                look->hash = hash_text(look->code, 0);
                table_prefetch(&roster->by_code, look->hash);
        } else if (look->registration) {
                look->hash = hash_text(look->registration, 0);
                table_prefetch(&roster->registrations, look->hash);
        }
}

static void fetch_credential(struct roster_look *look)
{
        if (look->digest)
                look->likely = table_prefetched(&look->roster->by_digest, look->hash);
        else if (look->code)
                look->likely = table_prefetched(&look->roster->by_code, look->hash);
        fetch_ahead(look->likely, sizeof(struct credential_row) + CREDENTIAL_TEXTS_FETCHED);
}

static void fetch_owner_slot(struct roster_look *look)
{
        if (!look->likely)
                return;
        look->registration = look->likely->registration;
        look->hash = hash_text(look->registration, 0);
        table_prefetch(&look->roster->registrations, look->hash);
}

void roster_fetch(struct roster_look *looks, size_t count)
{
        for (size_t i = 0; i < count; i++)
                fetch_slot(&looks[i]);
        for (size_t i = 0; i < count; i++)
                fetch_credential(&looks[i]);
        for (size_t i = 0; i < count; i++)
                fetch_owner_slot(&looks[i]);
        for (size_t i = 0; i < count; i++)
                if (looks[i].registration)
                        fetch_registration(looks[i].roster, looks[i].hash);
}

/* ---- presences ---- */

static bool apply_presence(
        struct roster *roster, const struct presence_row *row, const struct presence_hashes *hashes)
{
        const struct registration_row *registration =
                table_find(&roster->registrations, hashes->registration, row->registration);

        return attendance_apply(
                roster->attendance, row, hashes, registration ? registration->ticket : NULL, roster->texts);
}

static bool apply_together(struct roster *roster, const struct presence_row *rows, size_t count)
{
        struct presence_hashes hashes[TOGETHER_MAX];
        bool changed = false;

        for (size_t i = 0; i < count; i++) {
                hashes[i] = presence_hashes(&rows[i]);
                table_prefetch(&roster->registrations, hashes[i].registration);
                attendance_prefetch(roster->attendance, rows[i].checkpoint, &hashes[i]);
        }
        for (size_t i = 0; i < count; i++) {
                fetch_registration(roster, hashes[i].registration);
                attendance_prefetched(roster->attendance, rows[i].checkpoint, &hashes[i]);
        }
        for (size_t i = 0; i < count; i++)
                changed |= apply_presence(roster, &rows[i], &hashes[i]);
        return changed;
}

bool roster_apply_presences(struct roster *roster, const struct presence_row *rows, size_t count)
{
        bool changed = false;

        for (size_t i = 0; i < count; i += TOGETHER_MAX)
                changed |=
                        apply_together(roster, rows + i, count - i < TOGETHER_MAX ? count - i : TOGETHER_MAX);
        return changed;
}
