/* SPDX-License-Identifier: Apache-2.0 */
#include "programme/slots.h"

#include <string.h>

const struct overlay_session *overlay_find(
        const struct overlay *overlay, const struct uuid *event, const char *id)
{
        size_t low = 0, high = overlay ? overlay->count : 0;

        while (low < high) {
                size_t middle = low + (high - low) / 2;
                const struct overlay_session *session = &overlay->sessions[middle];
                int order = uuid_compare(&session->event, event);

                if (!order)
                        order = strcmp(session->id, id);
                if (!order)
                        return session;
                if (order < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return NULL;
}

static void slot_add(struct slots *slots, const struct programme_event *event,
        const struct session_row *session, const char *room, struct instant from, struct instant to,
        bool touched)
{
        /* What is cancelled holds nothing. */
        if (!event || !session || session->cancelled)
                return;
        slots->items[slots->count++] = (struct slot){
                .event = event,
                .session = session,
                .room = room,
                .from = from,
                .to = to,
                .touched = touched,
        };
}

static int slot_compare(const void *a, const void *b)
{
        const struct slot *one = a, *other = b;
        int order;

        if (one->from.us != other->from.us)
                return one->from.us < other->from.us ? -1 : 1;
        order = strcmp(one->event->row->row.id, other->event->row->row.id);
        return order ? order : strcmp(one->session->row.id, other->session->row.id);
}

void slots_build(const struct programme *programme, const struct overlay *overlay, struct slots *out)
{
        const struct placement_row *placement;
        size_t index = 0;

        out->count = 0;
        out->items = xcalloc(
                programme->placements.count + (overlay ? overlay->count : 0) + 1, sizeof(*out->items));
        while ((placement = rowset_each(&programme->placements, &index))) {
                const struct uuid *event = &placement->row.event;

                if (overlay_find(overlay, event, placement->row.id))
                        continue;
                slot_add(out, programme_event(programme, event),
                        rowset_find(&programme->sessions, event, placement->row.id), placement->room,
                        placement->starts_at, placement->ends_at, false);
        }
        for (size_t i = 0; overlay && i < overlay->count; i++) {
                const struct overlay_session *change = &overlay->sessions[i];

                if (!change->placed)
                        continue;
                slot_add(out, programme_event(programme, &change->event),
                        change->session ? change->session
                                        : rowset_find(&programme->sessions, &change->event, change->id),
                        change->room, change->starts_at, change->ends_at, true);
        }
        qsort(out->items, out->count, sizeof(*out->items), slot_compare);
}

void slots_deinit(struct slots *slots)
{
        for (size_t i = 0; i < slots->count; i++)
                if (slots->items[i].has_speakers)
                        session_speakers_deinit(&slots->items[i].speakers);
        free(slots->items);
        *slots = (struct slots){ NULL, 0 };
}

const struct session_speakers *slot_speakers(struct slot *slot)
{
        if (!slot->has_speakers) {
                session_speakers_read(slot->session->speakers, &slot->speakers);
                slot->has_speakers = true;
        }
        return &slot->speakers;
}
