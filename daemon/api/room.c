/* SPDX-License-Identifier: Apache-2.0 */
/* room.*: where sessions take place; shared by co-located events. */
#include <string.h>

#include "api/ended.h"
#include "api/methods.h"
#include "api/noun.h"
#include "api/params.h"

static const struct rowset *rooms(const struct event_state *event)
{
        return &event->family->programme->rooms;
}

static size_t room_references(
        const struct event_state *event, const struct row *row, const struct row *by[static 10])
{
        const struct placement_row *placement;
        size_t index = 0, count = 0;

        while (count < 10 && (placement = rowset_each(&event->family->programme->placements, &index)))
                if (strcmp(placement->room, row->id) == 0)
                        by[count++] = rowset_find(&event->family->programme->sessions, &placement->row.event,
                                placement->row.id);
        return count;
}

static const struct noun room_noun = {
        .record = &room_record,
        .plural = "rooms",
        .of_family = true,
        .of_programme = true,
        .rows = rooms,
        .references = room_references,
        .changed = ended_by_room,
};

NOUN_HANDLERS(room, room_noun);

#define P_ROOM P("room", PARAM_SLUG, REQ, "the room's slug")

static const struct param put_params[] = {
        P_EVENT,
        P_ROOM,
        P_RANGE("name", PARAM_TEXT, REQ, 1, 300, "as people read it"),
        P_RANGE("name_latin", PARAM_TEXT, 0, 1, 300, "the name in Latin letters"),
        P_RANGE("capacity", PARAM_INT, 0, 0, 1000000, "seats"),
        P_ARRAY("features", 0, 100, text_item, "what it has: stage, livestream…"),
        P_RANGE("position", PARAM_INT, 0, -1000000, 1000000, "its place among the rooms"),
        P_ARRAY("available", 0, 1000, period_item, "when it can be used; absent: always"),
        P_IF_VERSION,
        PARAM_END,
};
static const struct param object_result[] = {
        P_ROOM,
        P("event", PARAM_SLUG, REQ, "the event that made it"),
        P("name", PARAM_TEXT, REQ, NULL),
        P("name_latin", PARAM_TEXT, NUL, NULL),
        P("capacity", PARAM_INT, NUL, NULL),
        P_ARRAY("features", NUL, 0, text_item, NULL),
        P("position", PARAM_INT, NUL, NULL),
        P_ARRAY("available", NUL, 0, period_item, NULL),
        P_VERSION,
        PARAM_END,
};
static const struct param object_item[] = { P_OBJECT(NULL, 0, object_result, NULL) };
static const struct param get_params[] = { P_EVENT, P_ROOM, PARAM_END };
static const struct param list_params[] = { P_EVENT, P_LIMIT, P_CURSOR, PARAM_END };
static const struct param list_result[] = { P_ARRAY("rooms", REQ, 0, object_item, NULL), P_NEXT, PARAM_END };
static const struct param delete_params[] = { P_EVENT, P_ROOM, P_IF_VERSION, PARAM_END };

NOUN_METHODS(room, ROLE_ORGANISER, "creates or replaces a room");
