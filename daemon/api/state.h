/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the daemon holds in memory: families with their programme, events with their roster, tokens. It changes in
 * state_apply() alone, called by the store when rows are durable.
 */
#pragma once

#include "api/pages.h"
#include "api/rows.h"
#include "door/door_fields.h"
#include "door/roster.h"
#include "programme/model.h"
#include "programme/timetable.h"

struct event_state {
        struct programme_event *programme_event; /* row, zone, day_starts */
        struct family *family;
        struct roster *roster;
        const struct publication_row *newest; /* borrowed from the programme; found when first asked for */
        struct timetable *latest; /* of it; made when first asked for */
        struct pages pages; /* what was answered of it */
        struct door_fields door_fields; /* of the event's row of that version; read when first asked for */
        int64_t door_fields_version;
};

struct family {
        struct uuid uuid;
        struct programme *programme;
        struct event_state **events;
        size_t count;
};

struct state {
        uint64_t generation; /* grows whenever a row changes what memory holds; scans aside */
        struct family **families;
        size_t count;
        struct rowset events; /* all of them: nil family */
        struct rowset tokens, invites, signing_keys; /* nil family, too */
        void *context;
        /* A row changed what memory holds (for revocations, watches). */
        void (*changed)(void *context, const struct row *row);
};

/* Every record the store loads, in an order in which each row finds what it refers to. */
extern const struct record *const state_records[];

void state_init(struct state *state);
void state_deinit(struct state *state);
/* The one place where memory changes. */
void state_apply(struct state *state, const void *row);
/* A durable scan moves a presence, or was refused; one after the other. */
struct scan_row;
void state_apply_scans(struct state *state, const struct scan_row *const *scans, size_t count);
/* So many were refused before memory was loaded. */
void state_apply_refused(struct state *state, const struct uuid *event, const char *checkpoint,
        const char *reason, int64_t count);
struct family *state_family(const struct state *state, const struct uuid *family);
struct event_state *state_event(const struct state *state, const char *slug);
struct event_state *state_event_by_uuid(const struct state *state, const struct uuid *event);
static inline const struct event_row *event_row(const struct event_state *event)
{
        return event->programme_event->row;
}
/* The newest publication, borrowed; NULL before the first. */
const struct publication_row *event_newest(struct event_state *event);
/* Its timetable, borrowed; NULL before the first. */
struct timetable *event_latest(struct event_state *event);
/* The fields that its doors show and ask for. */
const struct door_fields *event_door_fields(struct event_state *event);
