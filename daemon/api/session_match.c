/* SPDX-License-Identifier: Apache-2.0 */
#include "api/session_match.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"

struct by_guid {
        const struct session_row *row;
        bool meant; /* a session of the file has it */
};

static int guid_compare(const void *a, const void *b)
{
        return uuid_compare(&((const struct by_guid *)a)->row->guid, &((const struct by_guid *)b)->row->guid);
}

static int guid_find(const void *key, const void *entry)
{
        return uuid_compare(key, &((const struct by_guid *)entry)->row->guid);
}

static struct by_guid *sessions_by_guid(
        const struct programme *programme, const struct uuid *event, size_t *count)
{
        struct by_guid *all = xcalloc(programme->sessions.count + 1, sizeof(*all));
        const struct session_row *row;
        const char *after = NULL;

        *count = 0;
        while ((row = rowset_next(&programme->sessions, event, after))) {
                all[(*count)++].row = row;
                after = row->row.id;
        }
        qsort(all, *count, sizeof(*all), guid_compare);
        return all;
}

static void match_standing(struct session_match *match, struct by_guid *found)
{
        found->meant = true;
        match->standing = row_ref(found->row);
        match->id = xstrdup(found->row->row.id);
}

static void match_id(struct session_match *match, const struct file_session *from,
        const struct session_row *same_id, struct by_guid *entry)
{
        char guid[37];

        if (same_id && from->guid_made && !entry->meant) {
                match_standing(match, entry);
                return;
        }
        uuid_format(&from->guid, guid);
        match->renamed = same_id != NULL;
        match->id = xstrdup(same_id ? guid : from->id);
}

struct session_match *session_match_file(
        const struct programme *programme, const struct uuid *event, const struct programme_file *file)
{
        struct session_match *matches = xcalloc(file->session_count + 1, sizeof(*matches));
        size_t count;
        _cleanup_(freep) struct by_guid *all = sessions_by_guid(programme, event, &count);

        for (size_t i = 0; i < file->session_count; i++) {
                struct by_guid *found = bsearch(&file->sessions[i].guid, all, count, sizeof(*all), guid_find);

                if (found)
                        match_standing(&matches[i], found);
        }
        for (size_t i = 0; i < file->session_count; i++) {
                const struct file_session *from = &file->sessions[i];
                const struct session_row *same_id = rowset_find(&programme->sessions, event, from->id);

                if (!matches[i].id)
                        match_id(&matches[i], from, same_id,
                                same_id ? bsearch(&same_id->guid, all, count, sizeof(*all), guid_find)
                                        : NULL);
        }
        return matches;
}

void session_match_free(struct session_match *matches, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                row_unref(matches[i].standing);
                free(matches[i].id);
        }
        free(matches);
}
