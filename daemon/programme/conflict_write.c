/* SPDX-License-Identifier: Apache-2.0 */
/* Conflicts as the protocol shows them, with a sentence each. */
#include <string.h>

#include "base/zone.h"
#include "programme/conflicts.h"

static void write_session(const struct conflict *conflict, size_t i, const struct programme *programme,
        const struct uuid *event, struct buffer *text)
{
        const struct programme_event *of = programme_event(programme, &conflict->event[i]);

        if (of && !uuid_equal(&conflict->event[i], event))
                buffer_addf(text, "%s/", of->row->row.id);
        buffer_add_text(text, conflict->session[i]);
}

static void clock_text(const struct zone *zone, struct instant at, char out[static 24])
{
        struct civil civil = zone_civil(zone, at);

        snprintf(out, 24, "%02d:%02d", civil.hour, civil.minute);
}

static void write_message(const struct conflict *conflict, const struct programme *programme,
        const struct uuid *event, struct buffer *text)
{
        const struct programme_event *of = programme_event(programme, event);
        const struct room_row *room = conflict->room ? programme_room(programme, conflict->room) : NULL;
        const struct speaker_row *speaker =
                conflict->speaker ? programme_speaker(programme, conflict->speaker) : NULL;
        const char *first = conflict->title[0], *second = conflict->title[1];
        const char *room_name = room ? room->name : conflict->room ? conflict->room : "the room";
        const char *who = speaker ? speaker->name : "the speaker";
        char from[24], to[24];

        clock_text(of ? of->zone : NULL, conflict->from, from);
        clock_text(of ? of->zone : NULL, conflict->to, to);
        switch (conflict->kind) {
        case CONFLICT_ROOM_TAKEN:
                buffer_addf(
                        text, "%s holds \"%s\" and \"%s\" from %s to %s", room_name, first, second, from, to);
                return;
        case CONFLICT_SPEAKER_TAKEN:
                buffer_addf(
                        text, "%s is in \"%s\" and in \"%s\" from %s to %s", who, first, second, from, to);
                return;
        case CONFLICT_OUTSIDE_EVENT:
                buffer_addf(text, "\"%s\" from %s to %s is outside the event's days", first, from, to);
                return;
        case CONFLICT_ROOM_UNAVAILABLE:
                buffer_addf(text, "%s is not available for \"%s\" from %s to %s", room_name, first, from, to);
                return;
        case CONFLICT_SPEAKER_UNAVAILABLE:
                buffer_addf(text, "%s is not available for \"%s\" from %s to %s", who, first, from, to);
                return;
        case CONFLICT_ROOM_TOO_SMALL:
                buffer_addf(text, "%s is too small for what \"%s\" expects", room_name, first);
                return;
        case CONFLICT_FEATURE_MISSING:
                buffer_addf(text, "%s lacks something that \"%s\" needs", room_name, first);
                return;
        case CONFLICT_BREAK_TOO_SHORT:
                buffer_addf(text, "the break from %s to %s between \"%s\" and \"%s\" is too short for %s",
                        from, to, first, second, conflict->speaker ? who : room_name);
                return;
        case CONFLICT_TRACK_OVERLAP:
                buffer_addf(text, "\"%s\" and \"%s\" of one track overlap from %s to %s", first, second, from,
                        to);
                return;
        case CONFLICT_ATTENDEE_CLASH:
                buffer_addf(text, "somebody has booked both \"%s\" and \"%s\"", first, second);
                return;
        case CONFLICT_KIND_COUNT:
                return;
        }
}

static void conflict_write(const struct conflict *conflict, const struct programme *programme,
        const struct uuid *event, struct jsonout *out)
{
        const struct programme_event *of = programme_event(programme, event);
        const struct zone *zone = of ? of->zone : NULL;
        bool hard = conflict->rule == RULE_REFUSE || conflict->rule == RULE_BLOCK_PUBLISH;
        struct buffer text = BUFFER_NULL;

        json_begin_object(out);
        json_member_text(out, "kind", conflict_kind_word(conflict->kind));
        json_member_text(out, "severity", hard ? "hard" : "warning");
        write_message(conflict, programme, event, &text);
        json_member_text(out, "message", buffer_text(&text));
        json_name(out, "sessions");
        json_begin_array(out);
        for (size_t i = 0; i < conflict->count; i++) {
                buffer_clear(&text);
                write_session(conflict, i, programme, event, &text);
                json_text(out, buffer_text(&text));
        }
        json_end_array(out);
        buffer_deinit(&text);
        if (conflict->room)
                json_member_text(out, "room", conflict->room);
        if (conflict->speaker)
                json_member_text(out, "speaker", conflict->speaker);
        json_member_instant(out, "from", conflict->from, zone);
        json_member_instant(out, "to", conflict->to, zone);
        if (conflict->accepted) {
                json_name(out, "accepted");
                json_begin_object(out);
                json_member_text(out, "by", conflict->accepted_by);
                json_member_instant(out, "at", conflict->accepted_at, zone);
                json_end_object(out);
        }
        json_end_object(out);
}

void conflicts_write(const struct conflict_list *list, const struct programme *programme,
        const struct uuid *event, struct jsonout *out)
{
        json_begin_array(out);
        for (size_t i = 0; i < list->count; i++)
                conflict_write(&list->items[i], programme, event, out);
        json_end_array(out);
}
