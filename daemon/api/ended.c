/* SPDX-License-Identifier: Apache-2.0 */
#include "api/ended.h"

#include <stdlib.h>
#include <string.h>

#include "programme/draft_edit.h"
#include "programme/speakers.h"

static int overlay_compare(const void *a, const void *b)
{
        const struct overlay_session *one = a, *other = b;
        int order = uuid_compare(&one->event, &other->event);

        return order ? order : strcmp(one->id, other->id);
}

/* The session as it stands, once. */
static void add_session(struct overlay *overlay, struct overlay_session *sessions,
        const struct session_row *session, const struct placement_row *placement)
{
        for (size_t i = 0; i < overlay->count; i++)
                if (sessions[i].session == session)
                        return;
        sessions[overlay->count++] = (struct overlay_session){
                .session = session,
                .event = session->row.event,
                .id = session->row.id,
                .placed = true,
                .room = placement->room,
                .starts_at = placement->starts_at,
                .ends_at = placement->ends_at,
        };
}

/* Judges these sessions as they stand beside the changed row, and ends what no longer holds. */
static void end_acceptances(
        struct call *call, struct batch *batch, const void *row, const struct overlay *overlay)
{
        struct programme *after = programme_copy(call->event->family->programme);
        struct rowlist rows = ROWLIST_NULL;
        struct draft_edit edit = {
                .programme = after,
                .event = event_row(call->event)->event_uuid,
                .sessions = overlay->sessions,
                .count = overlay->count,
        };

        programme_apply(after, row);
        draft_edit_judge(&edit);
        draft_edit_acceptances(&edit, &rows);
        for (size_t i = 0; i < rows.count; i++)
                batch_add_row(batch, rows.rows[i]);
        rowlist_deinit(&rows);
        draft_edit_deinit(&edit);
        programme_free(after);
}

static bool is_of_room(enum conflict_kind kind)
{
        return kind == CONFLICT_ROOM_UNAVAILABLE || kind == CONFLICT_ROOM_TOO_SMALL ||
               kind == CONFLICT_FEATURE_MISSING;
}

static void ended_by(
        struct call *call, struct batch *batch, const struct row *row, const char *room, const char *speaker)
{
        const struct programme *programme = call->event->family->programme;
        struct overlay_session *sessions = xcalloc(programme->acceptances.count + 1, sizeof(*sessions));
        struct overlay overlay = { .sessions = sessions };
        const struct acceptance_row *accepted;
        size_t index = 0;

        while ((accepted = rowset_each(&programme->acceptances, &index))) {
                const struct session_row *session =
                        rowset_find(&programme->sessions, &accepted->a_event, accepted->a_session);
                const struct placement_row *placement =
                        rowset_find(&programme->placements, &accepted->a_event, accepted->a_session);
                enum conflict_kind kind;

                if (!session || !placement || !conflict_kind_parse(accepted->conflict, &kind))
                        continue;
                if (room ? is_of_room(kind) && strcmp(placement->room, room) == 0
                         : kind == CONFLICT_SPEAKER_UNAVAILABLE && session_has_speaker(session, speaker))
                        add_session(&overlay, sessions, session, placement);
        }
        qsort(sessions, overlay.count, sizeof(*sessions), overlay_compare);
        if (overlay.count)
                end_acceptances(call, batch, row, &overlay);
        free(sessions);
}

void ended_by_room(struct call *call, struct batch *batch, const void *row, const void *before)
{
        (void)before;
        ended_by(call, batch, row, ((const struct row *)row)->id, NULL);
}

void ended_by_speaker(struct call *call, struct batch *batch, const void *row, const void *before)
{
        (void)before;
        ended_by(call, batch, row, NULL, ((const struct row *)row)->id);
}
