/* SPDX-License-Identifier: Apache-2.0 */
/* track.*: the strands of an event's programme. */
#include <string.h>

#include "api/methods.h"
#include "api/noun.h"
#include "api/params.h"

static const struct rowset *tracks(const struct event_state *event)
{
        return &event->family->programme->tracks;
}

static size_t track_references(
        const struct event_state *event, const struct row *row, const struct row *by[static 10])
{
        const struct session_row *session;
        const char *after = NULL;
        size_t count = 0;

        while (count < 10 &&
                (session = rowset_next(&event->family->programme->sessions, &row->event, after))) {
                after = session->row.id;
                if (session->track && strcmp(session->track, row->id) == 0)
                        by[count++] = &session->row;
        }
        return count;
}

static const struct noun track_noun = {
        .record = &track_record,
        .plural = "tracks",
        .of_programme = true,
        .rows = tracks,
        .references = track_references,
};

NOUN_HANDLERS(track, track_noun);

#define P_TRACK P("track", PARAM_SLUG, REQ, "the track's slug")

static const struct param put_params[] = {
        P_EVENT,
        P_TRACK,
        P_RANGE("name", PARAM_TEXT, REQ, 1, 300, "as people read it"),
        P_RANGE("name_latin", PARAM_TEXT, 0, 1, 300, "the name in Latin letters"),
        P("colour", PARAM_COLOUR, 0, "of its edge in the grid, like #1f77b4"),
        P_IF_VERSION,
        PARAM_END,
};
static const struct param object_result[] = {
        P_TRACK,
        P("event", PARAM_SLUG, REQ, NULL),
        P("name", PARAM_TEXT, REQ, NULL),
        P("name_latin", PARAM_TEXT, NUL, NULL),
        P("colour", PARAM_COLOUR, NUL, NULL),
        P_VERSION,
        PARAM_END,
};
static const struct param object_item[] = { P_OBJECT(NULL, 0, object_result, NULL) };
static const struct param get_params[] = { P_EVENT, P_TRACK, PARAM_END };
static const struct param list_params[] = { P_EVENT, P_LIMIT, P_CURSOR, PARAM_END };
static const struct param list_result[] = { P_ARRAY("tracks", REQ, 0, object_item, NULL), P_NEXT, PARAM_END };
static const struct param delete_params[] = { P_EVENT, P_TRACK, P_IF_VERSION, PARAM_END };

NOUN_METHODS(track, ROLE_ORGANISER, "creates or replaces a track");
