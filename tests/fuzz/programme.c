/* SPDX-License-Identifier: Apache-2.0 */
#include "programme.h"

#include <stdlib.h>
#include <string.h>
#include "base/slug.h"
#include "base/utf8.h"

enum { TEXT_MAX = 64 * 1024 };

static void check(bool holds)
{
        if (!holds)
                abort();
}

static void look_at_text(const char *text)
{
        if (!text)
                return;
        check(*text && strlen(text) <= TEXT_MAX && utf8_is_valid(text, strlen(text)));
}

/* Ids are slugs, and their order says that none stands twice. */
static void look_at_id(const char *id, const char *before)
{
        check(slug_is_valid(id));
        check(!before || strcmp(before, id) < 0);
}

static bool has_room(const struct programme_file *file, const char *id)
{
        for (size_t i = 0; i < file->room_count; i++)
                if (strcmp(file->rooms[i].id, id) == 0)
                        return true;
        return false;
}

static bool has_track(const struct programme_file *file, const char *id)
{
        for (size_t i = 0; i < file->track_count; i++)
                if (strcmp(file->tracks[i].id, id) == 0)
                        return true;
        return false;
}

static bool has_speaker(const struct programme_file *file, const char *id)
{
        for (size_t i = 0; i < file->speaker_count; i++)
                if (strcmp(file->speakers[i].id, id) == 0)
                        return true;
        return false;
}

static void look_at_session(const struct programme_file *file, const struct file_session *session)
{
        check(session->title && session->kind && session->minutes >= 0);
        look_at_text(session->title);
        look_at_text(session->kind);
        look_at_text(session->abstract);
        check(!session->room || (has_room(file, session->room) && !instant_is_none(session->start)));
        check(session->room || instant_is_none(session->start));
        check(!session->track || has_track(file, session->track));
        for (size_t i = 0; i < session->speaker_count; i++) {
                check(has_speaker(file, session->speakers[i].speaker));
                look_at_text(session->speakers[i].role);
        }
}

static void look_at_model(const struct programme_file *file)
{
        for (size_t i = 0; i < file->room_count; i++) {
                look_at_id(file->rooms[i].id, i ? file->rooms[i - 1].id : NULL);
                look_at_text(file->rooms[i].name);
        }
        for (size_t i = 0; i < file->track_count; i++)
                look_at_id(file->tracks[i].id, i ? file->tracks[i - 1].id : NULL);
        for (size_t i = 0; i < file->speaker_count; i++) {
                look_at_id(file->speakers[i].id, i ? file->speakers[i - 1].id : NULL);
                look_at_text(file->speakers[i].name);
                look_at_text(file->speakers[i].bio);
        }
        for (size_t i = 0; i < file->session_count; i++) {
                look_at_id(file->sessions[i].id, i ? file->sessions[i - 1].id : NULL);
                look_at_session(file, &file->sessions[i]);
        }
        for (size_t i = 0; i < file->skipped_count; i++)
                check(file->skipped[i].what && file->skipped[i].why);
}

void programme_look(programme_reader *reader, const uint8_t *data, size_t size)
{
        const struct programme_file_options options = { NULL, 0 };
        struct programme_file file;
        int r;

        programme_file_init(&file);
        r = reader((const char *)data, size, &options, &file);
        check(r >= 0);
        if (r)
                check(file.error != NULL);
        else
                look_at_model(&file);
        programme_file_deinit(&file);
}
