/* SPDX-License-Identifier: Apache-2.0 */
#include "programme/model.h"

#include <string.h>

#include "base/zone.h"

struct programme *programme_new(const struct uuid *family)
{
        struct programme *programme = xcalloc(1, sizeof(*programme));

        programme->family = *family;
        return programme;
}

static struct programme_event *event_free(struct programme_event *event)
{
        zone_free(event->zone);
        row_unref(event->row);
        free(event);
        return NULL;
}

/* Every set of rows, for what is done to all of them. */
enum { SETS = 9 };

static void sets(struct programme *programme, struct rowset *out[static SETS])
{
        struct rowset *const all[SETS] = { &programme->rooms, &programme->tracks, &programme->speakers,
                &programme->sessions, &programme->placements, &programme->acceptances, &programme->drafts,
                &programme->steps, &programme->publications };

        memcpy(out, all, sizeof(all));
}

struct programme *programme_free(struct programme *programme)
{
        struct rowset *all[SETS];

        if (!programme)
                return NULL;
        sets(programme, all);
        for (size_t i = 0; i < SETS; i++)
                rowset_deinit(all[i]);
        while (programme->events) {
                struct programme_event *next = programme->events->next;

                event_free(programme->events);
                programme->events = next;
        }
        free(programme);
        return NULL;
}

struct programme_event *programme_event(const struct programme *programme, const struct uuid *uuid)
{
        struct programme_event *event = programme->events;

        while (event && !uuid_equal(&event->row->event_uuid, uuid))
                event = event->next;
        return event;
}

static int minutes_of_day(const char *text)
{
        return text ? ((text[0] - '0') * 10 + (text[1] - '0')) * 60 + (text[3] - '0') * 10 + (text[4] - '0')
                    : 0;
}

static bool event_apply(struct programme *programme, const struct event_row *row)
{
        struct programme_event *event = programme_event(programme, &row->event_uuid);

        if (event && event->row->row.version >= row->row.version)
                return false;
        if (!event) {
                event = xcalloc(1, sizeof(*event));
                event->next = programme->events;
                programme->events = event;
        }
        row_unref(event->row);
        event->row = row_ref(row);
        event->zone = zone_free(event->zone);
        if (zone_load(row->timezone, &event->zone) != 0)
                event->zone = NULL; /* a zone that tzdata no longer knows: UTC, rather than nothing at all */
        event->day_starts_minutes = minutes_of_day(row->day_starts);
        return true;
}

/* Zones are read anew, for each event owns its own. */
struct programme *programme_copy(const struct programme *programme)
{
        struct programme *copy = programme_new(&programme->family);
        struct rowset *from[SETS], *to[SETS];

        sets((struct programme *)(uintptr_t)programme, from);
        sets(copy, to);
        for (size_t i = 0; i < SETS; i++)
                rowset_copy(from[i], to[i]);
        for (const struct programme_event *event = programme->events; event; event = event->next)
                event_apply(copy, event->row);
        return copy;
}

void programme_drop_event(struct programme *programme, const struct uuid *uuid)
{
        struct programme_event **link = &programme->events;
        struct rowset *all[SETS];

        sets(programme, all);
        for (size_t i = 0; i < SETS; i++)
                rowset_drop_event(all[i], uuid);
        for (; *link; link = &(*link)->next) {
                struct programme_event *event = *link;

                if (!uuid_equal(&event->row->event_uuid, uuid))
                        continue;
                *link = event->next;
                event_free(event);
                return;
        }
}

static struct rowset *set_of(struct programme *programme, const struct record *record)
{
        const struct record *const records[SETS] = { &room_record, &track_record, &speaker_record,
                &session_record, &placement_record, &acceptance_record, &draft_record, &programme_record,
                &publication_record };
        struct rowset *all[SETS];

        sets(programme, all);
        for (size_t i = 0; i < SETS; i++)
                if (records[i] == record)
                        return all[i];
        return NULL;
}

bool programme_apply(struct programme *programme, const void *applied)
{
        const struct row *row = applied;
        struct rowset *set;

        if (row->record == &event_record) {
                if (!row->deleted)
                        return event_apply(programme, applied);
                programme_drop_event(programme, &((const struct event_row *)applied)->event_uuid);
                return true;
        }
        set = set_of(programme, row->record);
        return set && rowset_apply(set, row);
}

/* Rooms and speakers: unique among the family's events. */
static const void *find_shared(const struct programme *programme, const struct rowset *set, const char *id)
{
        for (const struct programme_event *event = programme->events; event; event = event->next) {
                const void *row = rowset_find(set, &event->row->event_uuid, id);

                if (row)
                        return row;
        }
        return NULL;
}

const struct room_row *programme_room(const struct programme *programme, const char *room)
{
        return find_shared(programme, &programme->rooms, room);
}

const struct speaker_row *programme_speaker(const struct programme *programme, const char *speaker)
{
        return find_shared(programme, &programme->speakers, speaker);
}

int64_t programme_draft_version(const struct programme *programme, const struct uuid *event)
{
        return rowset_version(&programme->drafts, event, "");
}

int64_t programme_step(const struct programme *programme)
{
        return rowset_version(&programme->steps, &UUID_NIL, "");
}

static size_t event_count(const struct programme *programme)
{
        size_t count = 0;

        for (const struct programme_event *event = programme->events; event; event = event->next)
                count++;
        return count;
}

bool programme_is_same(const struct programme *copy, const struct programme *programme)
{
        if (!uuid_equal(&copy->family, &programme->family) ||
                programme_step(copy) != programme_step(programme) ||
                event_count(copy) != event_count(programme))
                return false;
        for (const struct programme_event *event = programme->events; event; event = event->next) {
                const struct programme_event *then = programme_event(copy, &event->row->event_uuid);

                if (!then || then->row != event->row)
                        return false;
        }
        return true;
}
