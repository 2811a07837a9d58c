/* SPDX-License-Identifier: Apache-2.0 */
#include "door/attendance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fetch.h"
#include "base/table.h"

enum { PRESENCE_ID_FETCHED = 32 };

/* People inside a checkpoint on a day. */
struct tally {
        struct presence_place place;
        struct date day;
        int64_t inside, under_way;
        char checkpoint[];
};

/* A checkpoint at which anything was scanned. */
struct spot {
        struct crowd crowd;
        int64_t refused[REASON_COUNT];
        char checkpoint[];
};

struct attendance {
        struct uuid event;
        struct table presences, tallies, spots;
        struct tally *last_tally; /* asked for last: people come to one checkpoint after another */
        struct spot *last_spot;
        struct crowd everybody;
};

/* ---- keys ---- */

static uint64_t id_hash(const void *entry)
{
        return hash_text(((const struct row *)entry)->id, 0);
}

static bool id_equal(const void *entry, const void *key)
{
        return strcmp(((const struct row *)entry)->id, key) == 0;
}

struct tally_key {
        const char *checkpoint;
        struct date day;
};

static uint64_t tally_key_hash(const char *checkpoint, struct date day)
{
        return hash_text(checkpoint, (uint32_t)day.days);
}

static uint64_t tally_hash(const void *entry)
{
        const struct tally *tally = entry;

        return tally_key_hash(tally->checkpoint, tally->day);
}

static bool tally_equal(const void *entry, const void *key)
{
        const struct tally *tally = entry;
        const struct tally_key *wanted = key;

        return tally->day.days == wanted->day.days && strcmp(tally->checkpoint, wanted->checkpoint) == 0;
}

static uint64_t spot_hash(const void *entry)
{
        return hash_text(((const struct spot *)entry)->checkpoint, 0);
}

static bool spot_equal(const void *entry, const void *key)
{
        return strcmp(((const struct spot *)entry)->checkpoint, key) == 0;
}

struct attendance *attendance_new(const struct uuid *event)
{
        struct attendance *attendance = xcalloc(1, sizeof(*attendance));

        attendance->event = *event;
        table_init(&attendance->presences, id_hash, id_equal);
        table_init(&attendance->tallies, tally_hash, tally_equal);
        table_init(&attendance->spots, spot_hash, spot_equal);
        crowd_init(&attendance->everybody);
        return attendance;
}

struct attendance *attendance_free(struct attendance *attendance)
{
        size_t iterator = 0;
        void *entry;

        if (!attendance)
                return NULL;
        while ((entry = table_next(&attendance->presences, &iterator)))
                row_unref(entry);
        table_deinit(&attendance->presences);
        iterator = 0;
        while ((entry = table_next(&attendance->tallies, &iterator)))
                free(entry);
        table_deinit(&attendance->tallies);
        iterator = 0;
        while ((entry = table_next(&attendance->spots, &iterator))) {
                crowd_deinit(&((struct spot *)entry)->crowd);
                free(entry);
        }
        table_deinit(&attendance->spots);
        crowd_deinit(&attendance->everybody);
        free(attendance);
        return NULL;
}

/* ---- checkpoints ---- */

static struct spot *spot_find(const struct attendance *attendance, const char *checkpoint)
{
        if (attendance->last_spot && spot_equal(attendance->last_spot, checkpoint))
                return attendance->last_spot;
        return table_find(&attendance->spots, hash_text(checkpoint, 0), checkpoint);
}

static struct spot *spot_need(struct attendance *attendance, const char *checkpoint)
{
        struct spot *spot = spot_find(attendance, checkpoint);
        size_t size = strlen(checkpoint) + 1;

        if (!spot) {
                spot = xcalloc(1, sizeof(*spot) + size);
                memcpy(spot->checkpoint, checkpoint, size);
                crowd_init(&spot->crowd);
                table_add(&attendance->spots, spot);
        }
        attendance->last_spot = spot;
        return spot;
}

bool attendance_is_used(const struct attendance *attendance, const char *checkpoint)
{
        return spot_find(attendance, checkpoint);
}

void attendance_mark_used(struct attendance *attendance, const char *checkpoint)
{
        spot_need(attendance, checkpoint);
}

const struct crowd *attendance_crowd(const struct attendance *attendance, const char *checkpoint)
{
        const struct spot *spot;

        if (!checkpoint)
                return &attendance->everybody;
        spot = spot_find(attendance, checkpoint);
        return spot ? &spot->crowd : NULL;
}

void attendance_refuse(struct attendance *attendance, const char *checkpoint, enum verdict_reason reason)
{
        spot_need(attendance, checkpoint)->refused[reason]++;
}

void attendance_set_refused(
        struct attendance *attendance, const char *checkpoint, enum verdict_reason reason, int64_t count)
{
        spot_need(attendance, checkpoint)->refused[reason] = count;
}

int64_t attendance_refused(
        const struct attendance *attendance, const char *checkpoint, enum verdict_reason reason)
{
        const struct spot *spot = checkpoint ? spot_find(attendance, checkpoint) : NULL;
        size_t iterator = 0;
        int64_t sum = 0;

        if (checkpoint)
                return spot ? spot->refused[reason] : 0;
        while ((spot = table_next(&attendance->spots, &iterator)))
                sum += spot->refused[reason];
        return sum;
}

/* ---- people inside ---- */

static struct tally *tally_find(const struct attendance *attendance, const char *checkpoint, struct date day)
{
        struct tally_key key = { checkpoint, day };

        if (attendance->last_tally && tally_equal(attendance->last_tally, &key))
                return attendance->last_tally;
        return table_find(&attendance->tallies, tally_key_hash(checkpoint, day), &key);
}

static struct tally *tally_need(struct attendance *attendance, const char *checkpoint, struct date day)
{
        struct tally *tally = tally_find(attendance, checkpoint, day);
        size_t size = strlen(checkpoint) + 1;

        if (!tally) {
                tally = xcalloc(1, sizeof(*tally) + size);
                memcpy(tally->checkpoint, checkpoint, size);
                tally->day = day;
                tally->place = presence_place(&attendance->event, checkpoint, day);
                table_add(&attendance->tallies, tally);
        }
        attendance->last_tally = tally;
        return tally;
}

int64_t attendance_inside(const struct attendance *attendance, const char *checkpoint, struct date day)
{
        const struct tally *tally = tally_find(attendance, checkpoint, day);

        return tally ? tally->inside : 0;
}

int64_t attendance_inside_soon(const struct attendance *attendance, const char *checkpoint, struct date day)
{
        const struct tally *tally = tally_find(attendance, checkpoint, day);

        return tally ? tally->inside + tally->under_way : 0;
}

void attendance_move_under_way(
        struct attendance *attendance, const char *checkpoint, struct date day, int64_t by)
{
        if (by)
                tally_need(attendance, checkpoint, day)->under_way += by;
}

/* ---- presences ---- */

const struct presence_row *attendance_presence(const struct attendance *attendance, const char *checkpoint,
        struct date day, const char *registration)
{
        char id[PRESENCE_ID_MAX];

        presence_id(id, checkpoint, day, registration);
        return table_find(&attendance->presences, hash_text(id, 0), id);
}

struct uuid attendance_key(
        struct attendance *attendance, const char *checkpoint, struct date day, const char *registration)
{
        return presence_key(&tally_need(attendance, checkpoint, day)->place, registration);
}

void attendance_prefetch_presence(const struct attendance *attendance, const char *checkpoint,
        struct date day, const char *registration)
{
        char id[PRESENCE_ID_MAX];

        table_prefetch(&attendance->presences, hash_text(presence_id(id, checkpoint, day, registration), 0));
}

const struct presence_row *attendance_next(const struct attendance *attendance, const char *checkpoint,
        const char *registration, size_t *iterator)
{
        const struct presence_row *row = NULL;
        const struct tally *tally;

        while (!row && (tally = table_next(&attendance->tallies, iterator)))
                if (!checkpoint || strcmp(tally->checkpoint, checkpoint) == 0)
                        row = attendance_presence(attendance, tally->checkpoint, tally->day, registration);
        return row;
}

/* A person's first admission that stands, at one checkpoint or (NULL) at any. */
static struct instant first_of(
        const struct attendance *attendance, const char *checkpoint, const char *registration)
{
        struct instant first = INSTANT_NONE;
        const struct presence_row *row;
        size_t iterator = 0;

        while ((row = attendance_next(attendance, checkpoint, registration, &iterator)))
                if (row->admitted && (instant_is_none(first) || row->admitted_at.us < first.us))
                        first = row->admitted_at;
        return first;
}

/* Whether what was said of a presence's admission is said still: so it is of all who go, and of most who come again. */
static bool is_admission_same(const struct presence_row *before, const struct presence_row *row)
{
        return before && before->admitted == row->admitted && before->admitted_at.us == row->admitted_at.us;
}

/*
 * The first admission is looked for, day by day, only where one is taken back: of one that comes a crowd keeps the
 * earlier.
 */
static void count_move(struct attendance *attendance, const struct presence_row *before,
        const struct presence_row *row, uint64_t hash, const char *ticket)
{
        bool was_admitted = before && before->admitted, was_inside = before && before->inside;
        struct spot *spot = spot_need(attendance, row->checkpoint);
        struct crowd_move move = {
                .registration = row->registration,
                .hash = hash,
                .ticket = ticket,
                .admitted = row->admitted - was_admitted,
                .inside = row->inside - was_inside,
                .day = row->day,
                .comes = row->admitted && !was_admitted,
                .stays = is_admission_same(before, row),
                .first = row->admitted_at,
        };
        bool seeks = !move.comes && !move.stays;

        tally_need(attendance, row->checkpoint, row->day)->inside += move.inside;
        if (seeks)
                move.first = first_of(attendance, row->checkpoint, row->registration);
        crowd_apply(&spot->crowd, &move);
        if (seeks)
                move.first = first_of(attendance, NULL, row->registration);
        crowd_apply(&attendance->everybody, &move);
}

struct presence_hashes presence_hashes(const struct presence_row *row)
{
        return (struct presence_hashes){ hash_text(row->row.id, 0), hash_text(row->registration, 0) };
}

bool attendance_apply(struct attendance *attendance, const struct presence_row *row,
        const struct presence_hashes *hashes, const char *ticket, struct texts *texts)
{
        const struct presence_row *before = table_find(&attendance->presences, hashes->id, row->row.id);

        if (before && before->row.version >= row->row.version)
                return false;
        if (before)
                table_remove(&attendance->presences, before);
        table_add_hashed(&attendance->presences, row_pack(row, texts), hashes->id);
        count_move(attendance, before, row, hashes->registration, ticket);
        row_unref(before);
        return true;
}

void attendance_prefetch(
        const struct attendance *attendance, const char *checkpoint, const struct presence_hashes *hashes)
{
        const struct spot *spot = spot_find(attendance, checkpoint);

        table_prefetch(&attendance->presences, hashes->id);
        crowd_prefetch(&attendance->everybody, hashes->registration);
        if (spot)
                crowd_prefetch(&spot->crowd, hashes->registration);
}

void attendance_prefetched(
        const struct attendance *attendance, const char *checkpoint, const struct presence_hashes *hashes)
{
        const struct spot *spot = spot_find(attendance, checkpoint);

        fetch_ahead(table_prefetched(&attendance->presences, hashes->id),
                sizeof(struct presence_row) + PRESENCE_ID_FETCHED);
        crowd_prefetched(&attendance->everybody, hashes->registration);
        if (spot)
                crowd_prefetched(&spot->crowd, hashes->registration);
}

void attendance_change_ticket(
        struct attendance *attendance, const char *registration, const char *before, const char *after)
{
        struct spot *spot;
        size_t iterator = 0;

        if (before && after && strcmp(before, after) == 0)
                return;
        crowd_change_ticket(&attendance->everybody, registration, before, after);
        while ((spot = table_next(&attendance->spots, &iterator)))
                crowd_change_ticket(&spot->crowd, registration, before, after);
}
