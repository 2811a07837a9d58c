/* SPDX-License-Identifier: Apache-2.0 */
#include "programme_dump.h"

#include <stdio.h>
#include "base/jsonout.h"
#include "base/row.h"

static void dump_number(struct jsonout *out, const char *name, int64_t value)
{
        if (value == FIELD_INT_NONE)
                json_member_null(out, name);
        else
                json_member_int(out, name, value);
}

static void dump_session(const struct file_session *session, struct jsonout *out)
{
        json_begin_object(out);
        json_member_text(out, "session", session->id);
        json_name(out, "guid");
        json_uuid(out, &session->guid);
        json_member_text(out, "title", session->title);
        json_member_text(out, "title_latin", session->title_latin);
        json_member_text(out, "subtitle", session->subtitle);
        json_member_text(out, "kind", session->kind);
        json_member_text(out, "abstract", session->abstract);
        json_member_text(out, "language", session->language);
        json_member_text(out, "track", session->track);
        json_member_int(out, "minutes", session->minutes);
        json_member_text(out, "room", session->room);
        json_member_instant(out, "start", session->start, NULL);
        json_name(out, "speakers");
        json_begin_array(out);
        for (size_t i = 0; i < session->speaker_count; i++) {
                json_begin_object(out);
                json_member_text(out, "speaker", session->speakers[i].speaker);
                json_member_text(out, "role", session->speakers[i].role);
                json_end_object(out);
        }
        json_end_array(out);
        json_end_object(out);
}

static void dump_nouns(const struct programme_file *file, struct jsonout *out)
{
        json_name(out, "rooms");
        json_begin_array(out);
        for (size_t i = 0; i < file->room_count; i++) {
                json_begin_object(out);
                json_member_text(out, "room", file->rooms[i].id);
                json_member_text(out, "name", file->rooms[i].name);
                dump_number(out, "capacity", file->rooms[i].capacity);
                json_end_object(out);
        }
        json_end_array(out);
        json_name(out, "tracks");
        json_begin_array(out);
        for (size_t i = 0; i < file->track_count; i++) {
                json_begin_object(out);
                json_member_text(out, "track", file->tracks[i].id);
                json_member_text(out, "name", file->tracks[i].name);
                json_member_text(out, "colour", file->tracks[i].colour);
                json_end_object(out);
        }
        json_end_array(out);
        json_name(out, "speakers");
        json_begin_array(out);
        for (size_t i = 0; i < file->speaker_count; i++) {
                json_begin_object(out);
                json_member_text(out, "speaker", file->speakers[i].id);
                json_member_text(out, "name", file->speakers[i].name);
                json_member_text(out, "bio", file->speakers[i].bio);
                json_end_object(out);
        }
        json_end_array(out);
}

void programme_dump(const struct programme_file *file, struct buffer *to)
{
        struct jsonout out = JSONOUT(to);

        json_begin_object(&out);
        json_member_text(&out, "title", file->title);
        json_member_text(&out, "acronym", file->acronym);
        json_name(&out, "starts_on");
        json_date(&out, file->starts_on);
        json_name(&out, "ends_on");
        json_date(&out, file->ends_on);
        json_member_int(&out, "day_starts_minutes", file->day_starts_minutes);
        json_member_text(&out, "zone", file->zone_name);
        dump_nouns(file, &out);
        json_name(&out, "sessions");
        json_begin_array(&out);
        for (size_t i = 0; i < file->session_count; i++)
                dump_session(&file->sessions[i], &out);
        json_end_array(&out);
        json_name(&out, "skipped");
        json_begin_array(&out);
        for (size_t i = 0; i < file->skipped_count; i++) {
                json_begin_object(&out);
                json_member_text(&out, "what", file->skipped[i].what);
                json_member_text(&out, "id", file->skipped[i].id);
                json_member_text(&out, "why", file->skipped[i].why);
                json_end_object(&out);
        }
        json_end_array(&out);
        json_end_object(&out);
}

bool file_load(const char *path, struct buffer *to)
{
        FILE *in = fopen(path, "rb");
        char bytes[65536];
        size_t n;

        if (!in)
                return false;
        while ((n = fread(bytes, 1, sizeof(bytes), in)) > 0)
                buffer_add(to, bytes, n);
        fclose(in);
        return true;
}
