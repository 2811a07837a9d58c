/* SPDX-License-Identifier: Apache-2.0 */
#include "api/state.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "store/store.h"

const struct record *const state_records[] = {
        &event_record,
        &token_record,
        &invite_record,
        &signing_key_record,
        &room_record,
        &track_record,
        &speaker_record,
        &session_record,
        &placement_record,
        &acceptance_record,
        &publication_record,
        &draft_record,
        &programme_record,
        &ticket_record,
        &checkpoint_record,
        &registration_record,
        &credential_record,
        &booking_record,
        &presence_record,
        NULL,
};

void state_init(struct state *state)
{
        memset(state, 0, sizeof(*state));
}

/* What was made of the newest publication, and of the zone it is shown in, is made anew when next asked for. */
static void event_forget_latest(struct event_state *event)
{
        event->newest = NULL;
        event->latest = timetable_free(event->latest);
        pages_clear(&event->pages);
}

static struct event_state *event_free(struct event_state *event)
{
        if (!event)
                return NULL;
        event_forget_latest(event);
        roster_free(event->roster);
        door_fields_deinit(&event->door_fields);
        free(event);
        return NULL;
}

static struct family *family_free(struct family *family)
{
        for (size_t i = 0; i < family->count; i++)
                event_free(family->events[i]);
        programme_free(family->programme);
        free(family->events);
        free(family);
        return NULL;
}

void state_deinit(struct state *state)
{
        for (size_t i = 0; i < state->count; i++)
                family_free(state->families[i]);
        free(state->families);
        rowset_deinit(&state->events);
        rowset_deinit(&state->tokens);
        rowset_deinit(&state->invites);
        rowset_deinit(&state->signing_keys);
        memset(state, 0, sizeof(*state));
}

struct family *state_family(const struct state *state, const struct uuid *uuid)
{
        for (size_t i = 0; i < state->count; i++)
                if (uuid_equal(&state->families[i]->uuid, uuid))
                        return state->families[i];
        return NULL;
}

static struct family *family_need(struct state *state, const struct uuid *uuid)
{
        struct family *family = state_family(state, uuid);

        if (family)
                return family;
        family = xcalloc(1, sizeof(*family));
        family->uuid = *uuid;
        family->programme = programme_new(uuid);
        state->families = xrealloc(state->families, (state->count + 1) * sizeof(*state->families));
        state->families[state->count++] = family;
        return family;
}

static struct event_state *family_event(const struct family *family, const struct uuid *uuid)
{
        for (size_t i = 0; i < family->count; i++)
                if (uuid_equal(&family->events[i]->programme_event->row->event_uuid, uuid))
                        return family->events[i];
        return NULL;
}

struct event_state *state_event_by_uuid(const struct state *state, const struct uuid *uuid)
{
        for (size_t i = 0; i < state->count; i++) {
                struct event_state *event = family_event(state->families[i], uuid);

                if (event)
                        return event;
        }
        return NULL;
}

struct event_state *state_event(const struct state *state, const char *slug)
{
        const struct event_row *row = rowset_find(&state->events, &UUID_NIL, slug);
        const struct family *family = row ? state_family(state, &row->family_uuid) : NULL;

        return family ? family_event(family, &row->event_uuid) : NULL;
}

/* An event and all that was its goes; a family without events goes too. */
static void event_drop(struct state *state, const struct event_row *gone)
{
        struct family *family = state_family(state, &gone->family_uuid);

        for (size_t i = 0; family && i < family->count; i++) {
                if (!uuid_equal(&family->events[i]->programme_event->row->event_uuid, &gone->event_uuid))
                        continue;
                event_free(family->events[i]);
                family->events[i] = family->events[--family->count];
                programme_drop_event(family->programme, &gone->event_uuid);
                break;
        }
        for (size_t i = 0; family && !family->count && i < state->count; i++) {
                if (state->families[i] != family)
                        continue;
                state->families[i] = state->families[--state->count];
                family = family_free(family);
        }
}

static bool event_apply(struct state *state, const struct event_row *row)
{
        _cleanup_(row_unrefp) const struct event_row *before =
                row_ref(rowset_find(&state->events, &UUID_NIL, row->row.id));
        struct event_state *event;
        struct family *family;

        if (!rowset_apply(&state->events, row))
                return false;
        if (before && (row->row.deleted || !uuid_equal(&before->event_uuid, &row->event_uuid)))
                event_drop(state, before);
        if (row->row.deleted)
                return true;
        family = family_need(state, &row->family_uuid);
        programme_apply(family->programme, row);
        event = family_event(family, &row->event_uuid);
        if (event) {
                event_forget_latest(event);
                return true;
        }
        event = xcalloc(1, sizeof(*event));
        event->family = family;
        event->programme_event = programme_event(family->programme, &row->event_uuid);
        event->roster = roster_new(&row->event_uuid);
        family->events = xrealloc(family->events, (family->count + 1) * sizeof(*family->events));
        family->events[family->count++] = event;
        return true;
}

static bool is_roster_record(const struct record *record)
{
        return record == &ticket_record || record == &checkpoint_record || record == &registration_record ||
               record == &credential_record || record == &presence_record || record == &booking_record;
}

static bool family_apply(struct state *state, const struct row *row)
{
        struct family *family = state_family(state, &row->family);
        struct event_state *event;

        if (!family)
                return false;
        event = family_event(family, &row->event);
        if (is_roster_record(row->record))
                return event && roster_apply(event->roster, row);
        if (event && row->record == &publication_record)
                event_forget_latest(event);
        return programme_apply(family->programme, row);
}

void state_apply(struct state *state, const void *applied)
{
        const struct row *row = applied;
        bool changed;

        if (row->record == &event_record)
                changed = event_apply(state, applied);
        else if (row->record == &token_record)
                changed = rowset_apply(&state->tokens, row);
        else if (row->record == &invite_record)
                changed = rowset_apply(&state->invites, row);
        else if (row->record == &signing_key_record)
                changed = rowset_apply(&state->signing_keys, row);
        else
                changed = family_apply(state, row);
        state->generation += changed;
        if (changed && state->changed)
                state->changed(state->context, row);
}

/* ---- scans ---- */

enum { MOVES_MAX = 16 };

/* Presences that scans moved, to be taken into one event's roster together. */
struct moves {
        const struct event_state *event;
        size_t count;
        struct presence_row
                rows[MOVES_MAX]; /* not sealed: of a presence the roster keeps a copy of its own */
        char ids[MOVES_MAX][PRESENCE_ID_MAX];
};

static void moves_apply(struct moves *moves)
{
        if (moves->count)
                roster_apply_presences(moves->event->roster, moves->rows, moves->count);
        moves->count = 0;
}

/* Versions of a presence grow by scans alone: a row loaded, one from the feed and a scan seen later order themselves. */
static void moves_add(struct moves *moves, const struct event_state *event, const struct scan_row *scan)
{
        struct presence_row *row;

        if (moves->event != event || moves->count == MOVES_MAX)
                moves_apply(moves);
        moves->event = event;
        row = &moves->rows[moves->count];
        row_clear(row, &presence_record);
        row->row.family = scan->family;
        row->row.event = scan->event;
        row->row.version = scan->presence_version;
        row->row.id = presence_id(moves->ids[moves->count], scan->checkpoint, scan->day, scan->registration);
        row->checkpoint = scan->checkpoint;
        row->registration = scan->registration;
        row->day = scan->day;
        row->inside = scan->presence_inside;
        row->admitted = scan->presence_admitted;
        if (row->inside) {
                row->first_at = instant_or(scan->first_at, scan->at);
                row->first_device = instant_is_none(scan->first_at) ? scan->device : scan->first_device;
        }
        if (row->admitted)
                row->admitted_at = instant_or(scan->admitted_at, instant_or(scan->first_at, scan->at));
        moves->count++;
}

void state_apply_scans(struct state *state, const struct scan_row *const *scans, size_t count)
{
        struct moves moves;

        moves.event = NULL;
        moves.count = 0;
        for (size_t i = 0; i < count; i++) {
                const struct scan_row *scan = scans[i];
                const struct event_state *event = state_event_by_uuid(state, &scan->event);

                if (!event)
                        continue;
                attendance_mark_used(roster_attendance(event->roster), scan->checkpoint);
                if (strcmp(scan->verdict, verdict_word(VERDICT_REFUSED)) == 0 && scan->reason)
                        attendance_refuse(roster_attendance(event->roster), scan->checkpoint,
                                (enum verdict_reason)verdict_reason_from_word(scan->reason));
                if (scan->presence_version)
                        moves_add(&moves, event, scan);
        }
        moves_apply(&moves);
}

void state_apply_refused(struct state *state, const struct uuid *uuid, const char *checkpoint,
        const char *reason, int64_t count)
{
        const struct event_state *event = state_event_by_uuid(state, uuid);

        if (event)
                attendance_set_refused(roster_attendance(event->roster), checkpoint,
                        (enum verdict_reason)verdict_reason_from_word(reason), count);
}

const struct door_fields *event_door_fields(struct event_state *event)
{
        const struct event_row *row = event_row(event);

        if (event->door_fields_version != row->row.version) {
                door_fields_deinit(&event->door_fields);
                door_fields_read(&event->door_fields, row->fields);
                event->door_fields_version = row->row.version;
        }
        return &event->door_fields;
}

const struct publication_row *event_newest(struct event_state *event)
{
        const struct uuid *uuid = &event_row(event)->event_uuid;
        const struct publication_row *row;
        const char *after = NULL;

        if (event->newest)
                return event->newest;
        while ((row = rowset_next(&event->family->programme->publications, uuid, after))) {
                after = row->row.id;
                if (!event->newest || row->number > event->newest->number)
                        event->newest = row;
        }
        return event->newest;
}

struct timetable *event_latest(struct event_state *event)
{
        const struct publication_row *newest = event_newest(event);

        if (!newest || event->latest)
                return event->latest;
        if (!newest->body || timetable_from_body(event->programme_event, newest->body, &event->latest) != 0)
                log_error("the published version %lld of %s cannot be read", (long long)newest->number,
                        event_row(event)->row.id);
        return event->latest;
}
