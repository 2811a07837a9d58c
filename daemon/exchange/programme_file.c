/* SPDX-License-Identifier: Apache-2.0 */
#include "exchange/programme_file.h"

#include <string.h>

void programme_file_init(struct programme_file *file)
{
        *file = (struct programme_file){
                .arena = ARENA_NULL,
                .starts_on = DATE_NONE,
                .ends_on = DATE_NONE,
                .day_starts_minutes = -1,
        };
}

void programme_file_deinit(struct programme_file *file)
{
        arena_deinit(&file->arena);
        programme_file_init(file);
}

int programme_file_fail(struct programme_file *file, int r, int line, const char *why)
{
        file->error_line = line;
        file->error = arena_text(&file->arena, why, strlen(why));
        return r;
}

void programme_file_skip(struct programme_file *file, const char *what, const char *id, const char *why)
{
        struct file_skip *skip =
                arena_append(&file->arena, &file->skipped, &file->skipped_count, sizeof(*file->skipped));

        skip->what = arena_text(&file->arena, what, strlen(what));
        skip->id = arena_text(&file->arena, id, strlen(id));
        skip->why = arena_text(&file->arena, why, strlen(why));
}
