/* SPDX-License-Identifier: Apache-2.0 */
#include "api/programme_lay.h"

#include <stdlib.h>
#include <string.h>

#include "api/session_match.h"
#include "base/cleanup.h"
#include "programme/draft_edit.h"

void programme_lay_deinit(struct programme_lay *lay)
{
        rowlist_deinit(&lay->rows);
        buffer_deinit(&lay->result);
        lay->changes = false;
}

/* ---- one noun after the other ---- */

struct laying {
        struct programme_lay *lay;
        struct programme *programme;
        const struct programme_file *file;
        struct session_match *matches; /* one a session of the file */
        int64_t placed, unchanged;
};

static void head(const struct laying *laying, struct row *row, const struct rowset *set, const char *id)
{
        row->family = laying->programme->family;
        row->event = laying->lay->event;
        row->id = id;
        row->version = rowset_version(set, &row->event, id) + 1;
}

/* What the template says, unless it stands there alike: then that. Borrowed from the programme. */
static const void *lay_row(struct laying *laying, const void *template, const void *before)
{
        void *row = row_seal(template);

        if (before && row_same(before, row)) {
                laying->unchanged++;
                row_unref(row);
                return before;
        }
        programme_apply(laying->programme, row);
        rowlist_add(&laying->lay->rows, row);
        return row;
}

static const char *either(const char *fresh, const char *before)
{
        return fresh ? fresh : before;
}

/* A room or speaker that a co-located event made is used as it is. */
static bool is_of_another(const struct laying *laying, const struct row *before)
{
        return before && !uuid_equal(&before->event, &laying->lay->event);
}

static void lay_rooms(struct laying *laying)
{
        for (size_t i = 0; i < laying->file->room_count; i++) {
                const struct file_room *from = &laying->file->rooms[i];
                const struct room_row *before = programme_room(laying->programme, from->id);
                struct room_row row;

                if (is_of_another(laying, before ? &before->row : NULL)) {
                        laying->unchanged++;
                        continue;
                }
                row_clear(&row, &room_record);
                if (before)
                        row = *before;
                head(laying, &row.row, &laying->programme->rooms, from->id);
                row.name = either(from->name, row.name);
                row.name_latin = either(from->name_latin, row.name_latin);
                if (from->capacity != FIELD_INT_NONE)
                        row.capacity = from->capacity;
                if (!before)
                        row.position = (int64_t)i + 1;
                lay_row(laying, &row, before);
        }
}

static void lay_tracks(struct laying *laying)
{
        for (size_t i = 0; i < laying->file->track_count; i++) {
                const struct file_track *from = &laying->file->tracks[i];
                const struct track_row *before =
                        rowset_find(&laying->programme->tracks, &laying->lay->event, from->id);
                struct track_row row;

                row_clear(&row, &track_record);
                if (before)
                        row = *before;
                head(laying, &row.row, &laying->programme->tracks, from->id);
                row.name = either(from->name, row.name);
                row.name_latin = either(from->name_latin, row.name_latin);
                row.colour = either(from->colour, row.colour);
                lay_row(laying, &row, before);
        }
}

static void lay_speakers(struct laying *laying)
{
        for (size_t i = 0; i < laying->file->speaker_count; i++) {
                const struct file_speaker *from = &laying->file->speakers[i];
                const struct speaker_row *before = programme_speaker(laying->programme, from->id);
                struct speaker_row row;

                if (is_of_another(laying, before ? &before->row : NULL)) {
                        laying->unchanged++;
                        continue;
                }
                row_clear(&row, &speaker_record);
                if (before)
                        row = *before;
                head(laying, &row.row, &laying->programme->speakers, from->id);
                row.name = either(from->name, row.name);
                row.name_latin = either(from->name_latin, row.name_latin);
                row.title = either(from->title, row.title);
                row.affiliation = either(from->affiliation, row.affiliation);
                row.bio = either(from->bio, row.bio);
                lay_row(laying, &row, before);
        }
}

/* ---- sessions ---- */

static char *speakers_json(const struct file_session *session)
{
        struct buffer text = BUFFER_NULL;
        struct jsonout out = JSONOUT(&text);

        json_begin_array(&out);
        for (size_t i = 0; i < session->speaker_count; i++) {
                json_begin_object(&out);
                json_member_text(
                        &out, "role", session->speakers[i].role ? session->speakers[i].role : "speaker");
                json_member_text(&out, "speaker", session->speakers[i].speaker);
                json_end_object(&out);
        }
        json_end_array(&out);
        return buffer_steal(&text);
}

static const struct session_row *lay_session(
        struct laying *laying, const struct file_session *from, const struct session_match *match)
{
        const struct session_row *before = match->standing;
        _cleanup_(freep) char *speakers = speakers_json(from);
        struct session_row row;

        row_clear(&row, &session_record);
        if (before)
                row = *before;
        head(laying, &row.row, &laying->programme->sessions, match->id);
        row.title = either(from->title, row.title ? row.title : from->id);
        row.title_latin = either(from->title_latin, row.title_latin);
        row.kind = either(from->kind, row.kind);
        row.minutes = from->minutes;
        row.track = either(from->track, row.track);
        if (from->speaker_count || !before || strcmp(row.kind, "break") == 0)
                row.speakers = speakers;
        row.abstract = either(from->abstract, row.abstract);
        row.language = either(from->language, row.language);
        if (!before || !from->guid_made)
                row.guid = from->guid;
        return lay_row(laying, &row, before);
}

static void fill_overlay(struct laying *laying, const struct file_session *from,
        const struct session_row *session, struct overlay_session *overlay)
{
        const struct placement_row *placement =
                rowset_find(&laying->programme->placements, &laying->lay->event, session->row.id);

        *overlay = (struct overlay_session){
                .session = session, .event = laying->lay->event, .id = session->row.id
        };
        if (from->room) {
                overlay->placed = true;
                overlay->room = from->room;
                overlay->starts_at = from->start;
                overlay->ends_at.us = from->start.us + from->minutes * INSTANT_MINUTE;
                laying->placed++;
        } else if (placement) {
                overlay->placed = true;
                overlay->room = placement->room;
                overlay->starts_at = placement->starts_at;
                overlay->ends_at = placement->ends_at;
        }
}

static int overlay_compare(const void *a, const void *b)
{
        return strcmp(((const struct overlay_session *)a)->id, ((const struct overlay_session *)b)->id);
}

/* ---- the result ---- */

static void write_skipped(const struct laying *laying, struct jsonout *out)
{
        const struct programme_file *file = laying->file;

        json_begin_array(out);
        for (size_t i = 0; i < file->skipped_count; i++) {
                json_begin_object(out);
                json_member_text(out, "what", file->skipped[i].what);
                json_member_text(out, "id", file->skipped[i].id);
                json_member_text(out, "why", file->skipped[i].why);
                json_end_object(out);
        }
        for (size_t i = 0; i < file->session_count; i++) {
                if (!laying->matches[i].renamed)
                        continue;
                json_begin_object(out);
                json_member_text(out, "what", "id");
                json_member_text(out, "id", laying->matches[i].id);
                json_member_text(
                        out, "why", "another session of the event has the id that the file gives it");
                json_end_object(out);
        }
        json_end_array(out);
}

static void write_result(const struct laying *laying, const struct draft_edit *edit, struct buffer *result)
{
        const struct programme_file *file = laying->file;
        struct jsonout out = JSONOUT(result);

        json_begin_object(&out);
        json_member_int(&out, "rooms", (int64_t)file->room_count);
        json_member_int(&out, "tracks", (int64_t)file->track_count);
        json_member_int(&out, "speakers", (int64_t)file->speaker_count);
        json_member_int(&out, "sessions", (int64_t)file->session_count);
        json_member_int(&out, "placed", laying->placed);
        json_member_int(&out, "unchanged", laying->unchanged);
        json_name(&out, "conflicts");
        conflicts_write(&edit->conflicts, edit->programme, &edit->event, &out);
        json_name(&out, "skipped");
        write_skipped(laying, &out);
        json_end_object(&out);
}

void programme_lay_file(struct programme_lay *lay, const struct programme_file *file)
{
        size_t count = file->session_count;
        _cleanup_(freep) struct overlay_session *overlays = xcalloc(count + 1, sizeof(*overlays));
        struct laying laying = { .lay = lay, .programme = lay->programme, .file = file };
        struct draft_edit edit = {
                .programme = lay->programme,
                .event = lay->event,
                .what = "import",
                .by = lay->by,
                .at = lay->at,
                .sessions = overlays,
                .count = count,
                .accept = ~0U,
        };

        lay_rooms(&laying);
        lay_tracks(&laying);
        lay_speakers(&laying);
        laying.matches = session_match_file(lay->programme, &lay->event, file);
        for (size_t i = 0; i < count; i++) {
                const struct file_session *from = &file->sessions[i];

                fill_overlay(&laying, from, lay_session(&laying, from, &laying.matches[i]), &overlays[i]);
        }
        qsort(overlays, count, sizeof(*overlays), overlay_compare);
        draft_edit_judge(&edit);
        draft_edit_rows(&edit, &lay->rows);
        lay->changes = lay->rows.count > 0;
        write_result(&laying, &edit, &lay->result);
        session_match_free(laying.matches, count);
        draft_edit_deinit(&edit);
}
