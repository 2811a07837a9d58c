/* SPDX-License-Identifier: Apache-2.0 */
#include "programme/speakers.h"

#include <string.h>

void session_speakers_read(const char *json, struct session_speakers *out)
{
        json_t *array = json ? json_loads(json, 0, NULL) : NULL, *item;
        size_t i;

        out->count = 0;
        out->items = xcalloc(json_array_size(array) + 1, sizeof(*out->items));
        json_array_foreach(array, i, item)
        {
                const char *speaker = json_string_value(json_object_get(item, "speaker"));
                const char *role = json_string_value(json_object_get(item, "role"));

                if (!speaker)
                        continue;
                out->items[out->count].speaker = xstrdup(speaker);
                out->items[out->count++].role = role ? xstrdup(role) : NULL;
        }
        json_decref(array);
}

void session_speakers_deinit(struct session_speakers *speakers)
{
        for (size_t i = 0; i < speakers->count; i++) {
                free(speakers->items[i].speaker);
                free(speakers->items[i].role);
        }
        free(speakers->items);
        *speakers = (struct session_speakers){ NULL, 0 };
}

bool session_has_speaker(const struct session_row *session, const char *speaker)
{
        struct session_speakers speakers;
        bool has = false;

        /* Most sessions do not even hold the letters. */
        if (!session->speakers || !strstr(session->speakers, speaker))
                return false;
        session_speakers_read(session->speakers, &speakers);
        for (size_t i = 0; i < speakers.count; i++)
                has = has || strcmp(speakers.items[i].speaker, speaker) == 0;
        session_speakers_deinit(&speakers);
        return has;
}

const char *session_speakers_common(const struct session_speakers *a, const struct session_speakers *b)
{
        for (size_t i = 0; i < a->count; i++)
                for (size_t j = 0; j < b->count; j++)
                        if (strcmp(a->items[i].speaker, b->items[j].speaker) == 0)
                                return a->items[i].speaker;
        return NULL;
}
