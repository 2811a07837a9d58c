/* SPDX-License-Identifier: Apache-2.0 */
#include "build.h"

static void apply_event(struct programme *programme, struct uuid event, const char *slug, const char *parent,
        const char *rules_json, int64_t min_break, int64_t version)
{
        struct event_row row;
        void *sealed;

        row_clear(&row, &event_record);
        row.row.id = slug;
        row.row.version = version;
        row.event_uuid = event;
        row.family_uuid = PARENT;
        row.name = slug;
        row.timezone = "Asia/Shanghai";
        row.starts_on = date_from_civil(2025, 10, 25);
        row.ends_on = date_from_civil(2025, 10, 26);
        row.day_starts = "00:00";
        row.parent = parent;
        row.rules = rules_json;
        row.min_break_minutes = min_break;
        sealed = row_seal(&row);
        programme_apply(programme, sealed);
        row_unref(sealed);
}

struct programme *family(void)
{
        struct programme *programme = programme_new(&PARENT);

        apply_event(programme, PARENT, "conf", NULL, NULL, FIELD_INT_NONE, 1);
        apply_event(programme, CHILD, "forum", "conf", NULL, FIELD_INT_NONE, 1);
        return programme;
}

void rules(struct programme *programme, const char *json, int64_t min_break)
{
        apply_event(programme, PARENT, "conf", NULL, json, min_break, 2);
}

static void head(struct row *row, struct uuid event, const char *id, const struct rowset *set)
{
        row->family = PARENT;
        row->event = event;
        row->id = id;
        row->version = rowset_version(set, &event, id) + 1;
}

static void apply(struct programme *programme, const void *template)
{
        void *sealed = row_seal(template);

        programme_apply(programme, sealed);
        row_unref(sealed);
}

void room(struct programme *programme, const char *id, int64_t capacity, const char *available)
{
        struct room_row row;

        row_clear(&row, &room_record);
        head(&row.row, PARENT, id, &programme->rooms);
        row.name = id;
        row.capacity = capacity;
        row.available = available;
        apply(programme, &row);
}

void speaker(struct programme *programme, const char *id, const char *available)
{
        struct speaker_row row;

        row_clear(&row, &speaker_record);
        head(&row.row, PARENT, id, &programme->speakers);
        row.name = id;
        row.available = available;
        apply(programme, &row);
}

void session(struct programme *programme, struct uuid event, const char *id, const char *track,
        const char *speakers)
{
        struct session_row row;

        row_clear(&row, &session_record);
        head(&row.row, event, id, &programme->sessions);
        row.title = id;
        row.kind = "talk";
        row.minutes = 30;
        row.track = track;
        row.speakers = speakers;
        apply(programme, &row);
}

struct instant moment(int minutes)
{
        /* 2025-10-25T00:00+08:00 */
        return (struct instant){ (INT64_C(1761321600) + minutes * 60) * INSTANT_SECOND };
}

void place(struct programme *programme, struct uuid event, const char *id, const char *room_id, int at,
        int minutes)
{
        struct placement_row row;

        row_clear(&row, &placement_record);
        head(&row.row, event, id, &programme->placements);
        row.room = room_id;
        row.starts_at = moment(at);
        row.ends_at = moment(at + minutes);
        apply(programme, &row);
}
