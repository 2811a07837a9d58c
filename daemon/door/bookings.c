/* SPDX-License-Identifier: Apache-2.0 */
#include "door/bookings.h"

#include <stdio.h>
#include <string.h>

#include "base/table.h"

/* One session's seats. Rows stand in the order of (created_at, registration), which is mostly that of their coming. */
struct seats {
        const char *session; /* of the first row that came */
        const struct booking_row **rows;
        size_t count, capacity;
        int64_t taken, waiting;
};

struct bookings {
        struct table by_id, by_registration;
        struct seats *sessions; /* by slug */
        size_t session_count;
};

/* ---- keys ---- */

static uint64_t id_hash(const void *entry)
{
        return hash_text(((const struct booking_row *)entry)->row.id, 0);
}

static bool id_equal(const void *entry, const void *key)
{
        return strcmp(((const struct booking_row *)entry)->row.id, key) == 0;
}

static uint64_t registration_hash(const void *entry)
{
        return hash_text(((const struct booking_row *)entry)->registration, 0);
}

static bool registration_equal(const void *entry, const void *key)
{
        return strcmp(((const struct booking_row *)entry)->registration, key) == 0;
}

const char *booking_id(char id[static BOOKING_ID_MAX], const char *session, const char *registration)
{
        snprintf(id, BOOKING_ID_MAX, "%s/%s", session, registration);
        return id;
}

bool booking_is(const struct booking_row *booking, const char *status)
{
        return booking && strcmp(booking->status, status) == 0;
}

bool booking_stands(const struct booking_row *booking)
{
        return booking && !booking_is(booking, "cancelled");
}

struct bookings *bookings_new(void)
{
        struct bookings *bookings = xcalloc(1, sizeof(*bookings));

        table_init(&bookings->by_id, id_hash, id_equal);
        table_init(&bookings->by_registration, registration_hash, registration_equal);
        return bookings;
}

struct bookings *bookings_free(struct bookings *bookings)
{
        if (!bookings)
                return NULL;
        table_deinit(&bookings->by_id);
        table_deinit(&bookings->by_registration);
        for (size_t i = 0; i < bookings->session_count; i++) {
                for (size_t j = 0; j < bookings->sessions[i].count; j++)
                        row_unref(bookings->sessions[i].rows[j]);
                free(bookings->sessions[i].rows);
                free((char *)(uintptr_t)bookings->sessions[i].session);
        }
        free(bookings->sessions);
        free(bookings);
        return NULL;
}

/* ---- a session's seats ---- */

/* Where that session stands, or would. */
static size_t seats_place(const struct bookings *bookings, const char *session)
{
        size_t low = 0, high = bookings->session_count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (strcmp(bookings->sessions[middle].session, session) < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

static struct seats *seats_find(const struct bookings *bookings, const char *session)
{
        size_t place = seats_place(bookings, session);

        if (place == bookings->session_count || strcmp(bookings->sessions[place].session, session) != 0)
                return NULL;
        return &bookings->sessions[place];
}

static struct seats *seats_need(struct bookings *bookings, const char *session)
{
        size_t place = seats_place(bookings, session);
        struct seats *seats = seats_find(bookings, session);

        if (seats)
                return seats;
        bookings->sessions =
                xrealloc(bookings->sessions, (bookings->session_count + 1) * sizeof(*bookings->sessions));
        seats = &bookings->sessions[place];
        memmove(seats + 1, seats, (bookings->session_count - place) * sizeof(*seats));
        bookings->session_count++;
        *seats = (struct seats){ .session = xstrdup(session) };
        return seats;
}

/* The first row behind or at a place. */
static size_t row_place(const struct seats *seats, struct instant created_at, const char *registration)
{
        size_t low = 0, high = seats->count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;
                const struct booking_row *row = seats->rows[middle];
                bool before = row->created_at.us != created_at.us
                                      ? row->created_at.us < created_at.us
                                      : strcmp(row->registration, registration) < 0;

                if (before)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

static void seats_count(struct seats *seats, const struct booking_row *row, int by)
{
        if (booking_is(row, "confirmed"))
                seats->taken += by;
        else if (booking_is(row, "waitlisted"))
                seats->waiting += by;
}

static void seats_insert(struct seats *seats, const struct booking_row *row)
{
        size_t place = row_place(seats, row->created_at, row->registration);

        if (seats->count == seats->capacity) {
                seats->capacity = seats->capacity ? seats->capacity * 3 / 2 : 16;
                seats->rows = xrealloc(seats->rows, seats->capacity * sizeof(*seats->rows));
        }
        memmove(&seats->rows[place + 1], &seats->rows[place], (seats->count - place) * sizeof(*seats->rows));
        seats->rows[place] = row;
        seats->count++;
}

static void seats_remove(struct seats *seats, const struct booking_row *row)
{
        size_t place = row_place(seats, row->created_at, row->registration);

        seats->count--;
        memmove(&seats->rows[place], &seats->rows[place + 1], (seats->count - place) * sizeof(*seats->rows));
}

bool bookings_apply(struct bookings *bookings, const struct booking_row *row)
{
        const struct booking_row *before =
                table_find(&bookings->by_id, hash_text(row->row.id, 0), row->row.id);
        void *entry = (void *)(uintptr_t)row_ref(row);
        struct seats *seats;

        if (row->row.deleted || (before && before->row.version >= row->row.version)) {
                row_unref(row);
                return false;
        }
        seats = seats_need(bookings, row->session);
        if (before) {
                table_remove(&bookings->by_id, before);
                table_remove(&bookings->by_registration, before);
                seats_remove(seats, before);
                seats_count(seats, before, -1);
                row_unref(before);
        }
        table_add(&bookings->by_id, entry);
        table_add(&bookings->by_registration, entry);
        seats_insert(seats, row);
        seats_count(seats, row, 1);
        return true;
}

/* ---- looking up ---- */

const struct booking_row *bookings_find(
        const struct bookings *bookings, const char *session, const char *registration)
{
        char id[BOOKING_ID_MAX];

        booking_id(id, session, registration);
        return table_find(&bookings->by_id, hash_text(id, 0), id);
}

const struct booking_row *bookings_of_registration(
        const struct bookings *bookings, const char *registration, const struct booking_row *after)
{
        uint64_t hash = hash_text(registration, 0);
        const struct booking_row *row;
        size_t iterator = 0;
        bool found = !after;

        while ((row = table_find_next(&bookings->by_registration, hash, registration, &iterator))) {
                if (found)
                        return row;
                found = row == after;
        }
        return NULL;
}

/* Where what follows (created_at, registration) begins. */
static size_t row_behind(const struct seats *seats, struct instant created_at, const char *registration)
{
        size_t place = row_place(seats, created_at, registration);

        if (place < seats->count && seats->rows[place]->created_at.us == created_at.us &&
                strcmp(seats->rows[place]->registration, registration) == 0)
                place++;
        return place;
}

const struct booking_row *bookings_next_of_session(
        const struct bookings *bookings, const char *session, const struct booking_row *after)
{
        const struct seats *seats = seats_find(bookings, session);
        size_t place = seats && after ? row_behind(seats, after->created_at, after->registration) : 0;

        return seats && place < seats->count ? seats->rows[place] : NULL;
}

const struct booking_row *bookings_after(const struct bookings *bookings, const char *session,
        struct instant created_at, const char *registration)
{
        size_t place = session ? seats_place(bookings, session) : 0, first = 0;

        if (session && place < bookings->session_count && !instant_is_none(created_at) &&
                strcmp(bookings->sessions[place].session, session) == 0)
                first = row_behind(&bookings->sessions[place], created_at, registration);
        for (; place < bookings->session_count; place++, first = 0)
                for (; first < bookings->sessions[place].count; first++)
                        if (booking_stands(bookings->sessions[place].rows[first]))
                                return bookings->sessions[place].rows[first];
        return NULL;
}

int64_t bookings_taken(const struct bookings *bookings, const char *session)
{
        const struct seats *seats = seats_find(bookings, session);

        return seats ? seats->taken : 0;
}

int64_t bookings_waiting(const struct bookings *bookings, const char *session)
{
        const struct seats *seats = seats_find(bookings, session);

        return seats ? seats->waiting : 0;
}

int64_t bookings_held(const struct bookings *bookings, const char *registration)
{
        const struct booking_row *row = NULL;
        int64_t held = 0;

        while ((row = bookings_of_registration(bookings, registration, row)))
                held += booking_stands(row);
        return held;
}

static int waits_before(const void *a, const void *b)
{
        const struct booking_row *one = *(const struct booking_row *const *)a,
                                 *other = *(const struct booking_row *const *)b;

        if (one->waiting_since.us != other->waiting_since.us)
                return one->waiting_since.us < other->waiting_since.us ? -1 : 1;
        return strcmp(one->registration, other->registration);
}

size_t bookings_queue(
        const struct bookings *bookings, const char *session, const struct booking_row **out, size_t max)
{
        const struct seats *seats = seats_find(bookings, session);
        const struct booking_row **waiting;
        size_t count = 0;

        if (!seats || !seats->waiting || !max)
                return 0;
        waiting = xmalloc((size_t)seats->waiting * sizeof(*waiting));
        for (size_t i = 0; i < seats->count; i++)
                if (booking_is(seats->rows[i], "waitlisted"))
                        waiting[count++] = seats->rows[i];
        qsort(waiting, count, sizeof(*waiting), waits_before);
        if (count > max)
                count = max;
        memcpy(out, waiting, count * sizeof(*out));
        free(waiting);
        return count;
}
