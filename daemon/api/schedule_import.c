/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schedule.import: a programme's file into the draft, in one transaction. The file is read on a helper thread; what
 * it says is laid over what stands, and what it lacks stays.
 */
#include <string.h>

#include "api/api.h"
#include "api/methods.h"
#include "api/noun.h"
#include "api/params.h"
#include "api/placing.h"
#include "base/workers.h"
#include "base/zone.h"
#include "exchange/frab_json.h"
#include "exchange/frab_xml.h"

struct import {
        struct call *call;
        const char *body, *format; /* the call's own parameters */
        struct zone *zone; /* the event's, read anew: the event may change meanwhile */
        struct programme_file_options options;
        struct programme_file file;
        int outcome;
        int64_t placed, unchanged;
};

static void import_free(void *own)
{
        struct import *import = own;

        programme_file_deinit(&import->file);
        zone_free(import->zone);
        free(import);
}

/* ---- on a helper thread ---- */

static void read_file(void *job)
{
        struct import *import = job;
        size_t length = strlen(import->body);

        if (strcmp(import->format, "frab-xml") == 0)
                import->outcome = frab_xml_read(import->body, length, &import->options, &import->file);
        else
                import->outcome = frab_json_read(import->body, length, &import->options, &import->file);
}

/* ---- one noun after the other ---- */

/* The batch is NULL in a dry run: then rows are counted alone. */
struct laying {
        struct import *import;
        struct call *call;
        struct batch *batch;
        struct programme *programme;
        const struct event_row *event;
        size_t changed;
};

static void head(const struct laying *laying, struct row *row, const struct rowset *set, const char *id)
{
        row->family = laying->event->family_uuid;
        row->event = laying->event->event_uuid;
        row->id = id;
        row->version = rowset_version(set, &row->event, id) + 1;
}

/* What the template says, unless it stands there alike. */
static void lay(struct laying *laying, const void *template, const void *before)
{
        _cleanup_(row_unrefp) void *row = row_seal(template);

        if (before && row_same(before, row)) {
                laying->import->unchanged++;
                return;
        }
        laying->changed++;
        if (laying->batch)
                batch_add_row(laying->batch, &laying->call->change, row);
}

static const char *either(const char *fresh, const char *before)
{
        return fresh ? fresh : before;
}

static void lay_rooms(struct laying *laying)
{
        const struct programme_file *file = &laying->import->file;

        for (size_t i = 0; i < file->room_count; i++) {
                const struct file_room *from = &file->rooms[i];
                const struct room_row *before = programme_room(laying->programme, from->id);
                struct room_row row;

                if (before && !uuid_equal(&before->row.event, &laying->event->event_uuid)) {
                        laying->import->unchanged++; /* a co-located event's: it is used as it is */
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
                lay(laying, &row, before);
        }
}

static void lay_tracks(struct laying *laying)
{
        const struct programme_file *file = &laying->import->file;

        for (size_t i = 0; i < file->track_count; i++) {
                const struct file_track *from = &file->tracks[i];
                const struct track_row *before =
                        rowset_find(&laying->programme->tracks, &laying->event->event_uuid, from->id);
                struct track_row row;

                row_clear(&row, &track_record);
                if (before)
                        row = *before;
                head(laying, &row.row, &laying->programme->tracks, from->id);
                row.name = either(from->name, row.name);
                row.name_latin = either(from->name_latin, row.name_latin);
                row.colour = either(from->colour, row.colour);
                lay(laying, &row, before);
        }
}

static void lay_speakers(struct laying *laying)
{
        const struct programme_file *file = &laying->import->file;

        for (size_t i = 0; i < file->speaker_count; i++) {
                const struct file_speaker *from = &file->speakers[i];
                const struct speaker_row *before = programme_speaker(laying->programme, from->id);
                struct speaker_row row;

                if (before && !uuid_equal(&before->row.event, &laying->event->event_uuid)) {
                        laying->import->unchanged++;
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
                lay(laying, &row, before);
        }
}

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

/* Fills the sealed rows that the overlay's sessions stand on; they live until the change is recorded. */
static void lay_session(struct laying *laying, const struct file_session *from, struct session_row **sealed)
{
        const struct session_row *before =
                rowset_find(&laying->programme->sessions, &laying->event->event_uuid, from->id);
        char *speakers = speakers_json(from);
        struct session_row row;

        row_clear(&row, &session_record);
        if (before)
                row = *before;
        head(laying, &row.row, &laying->programme->sessions, from->id);
        row.title = either(from->title, row.title ? row.title : from->id);
        row.title_latin = either(from->title_latin, row.title_latin);
        row.kind = either(from->kind, row.kind);
        row.minutes = from->minutes;
        row.track = either(from->track, row.track);
        row.speakers = from->speaker_count || !before ? speakers : row.speakers;
        row.abstract = either(from->abstract, row.abstract);
        row.language = either(from->language, row.language);
        row.guid = from->guid;
        *sealed = row_seal(&row);
        free(speakers);
        if (before && row_same(before, *sealed)) {
                laying->import->unchanged++;
                return;
        }
        laying->changed++;
        if (laying->batch)
                batch_add_row(laying->batch, &laying->call->change, *sealed);
}

static void overlay_fill(const struct laying *laying, const struct file_session *from,
        const struct session_row *session, struct overlay_session *overlay)
{
        const struct placement_row *placement =
                rowset_find(&laying->programme->placements, &laying->event->event_uuid, from->id);

        *overlay = (struct overlay_session){
                .session = session, .event = laying->event->event_uuid, .id = session->row.id
        };
        if (from->room) {
                overlay->placed = true;
                overlay->room = from->room;
                overlay->starts_at = from->start;
                overlay->ends_at.us = from->start.us + from->minutes * INSTANT_MINUTE;
        } else if (placement) {
                overlay->placed = true;
                overlay->room = placement->room;
                overlay->starts_at = placement->starts_at;
                overlay->ends_at = placement->ends_at;
        }
        laying->import->placed += from->room != NULL;
}

/* ---- the result ---- */

static void write_result(const struct import *import, const struct placing *placing, struct jsonout *out)
{
        const struct programme_file *file = &import->file;

        json_begin_object(out);
        json_member_int(out, "rooms", (int64_t)file->room_count);
        json_member_int(out, "tracks", (int64_t)file->track_count);
        json_member_int(out, "speakers", (int64_t)file->speaker_count);
        json_member_int(out, "sessions", (int64_t)file->session_count);
        json_member_int(out, "placed", import->placed);
        json_member_int(out, "unchanged", import->unchanged);
        json_name(out, "conflicts");
        conflicts_write(&placing->conflicts, placing->event->family->programme,
                &event_row(placing->event)->event_uuid, out);
        json_name(out, "skipped");
        json_begin_array(out);
        for (size_t i = 0; i < file->skipped_count; i++) {
                json_begin_object(out);
                json_member_text(out, "what", file->skipped[i].what);
                json_member_text(out, "id", file->skipped[i].id);
                json_member_text(out, "why", file->skipped[i].why);
                json_end_object(out);
        }
        json_end_array(out);
        json_end_object(out);
}

static enum decision import_settle(struct laying *laying, struct placing *placing)
{
        struct call *call = laying->call;
        struct jsonout out = JSONOUT(&call->kept);

        bool changes;

        placing_judge(placing, laying->batch ? batch_now(laying->batch) : clock_now());
        changes = laying->changed || placing_moves(placing);
        if (laying->batch && changes)
                placing_record(placing, laying->batch);
        write_result(laying->import, placing, &out);
        placing_deinit(placing);
        if (!laying->batch) {
                call_answer(call, &call->kept);
                return DECISION_ANSWERED;
        }
        return changes ? call_record(call, laying->batch) : call_unchanged(call, laying->batch);
}

static enum decision import_decide(struct call *call, struct batch *batch)
{
        struct import *import = call->own;
        const struct programme_file *file = &import->file;
        struct laying laying = { import, call, batch, call->event->family->programme, event_row(call->event),
                0 };
        struct overlay_session *overlays = xcalloc(file->session_count + 1, sizeof(*overlays));
        struct session_row **sealed = xcalloc(file->session_count + 1, sizeof(*sealed));
        struct placing placing = { .call = call,
                .event = call->event,
                .what = "import",
                .sessions = overlays,
                .count = file->session_count,
                .accept_all = true };
        size_t count = file->session_count;
        enum decision decision;

        import->placed = import->unchanged = 0;
        lay_rooms(&laying);
        lay_tracks(&laying);
        lay_speakers(&laying);
        for (size_t i = 0; i < count; i++) {
                lay_session(&laying, &file->sessions[i], &sealed[i]);
                overlay_fill(&laying, &file->sessions[i], sealed[i], &overlays[i]);
        }
        decision = import_settle(&laying, &placing);
        for (size_t i = 0; i < count; i++)
                row_unref(sealed[i]);
        free(sealed);
        free(overlays);
        return decision;
}

/* ---- the call ---- */

static void fail_file(struct call *call, const struct import *import)
{
        const struct programme_file *file = &import->file;
        struct buffer expected = BUFFER_NULL;

        buffer_addf(&expected, "a programme in %s", import->format);
        if (file->error)
                buffer_addf(&expected, ": %s", file->error);
        if (file->error_line > 0)
                buffer_addf(&expected, " (line %d)", file->error_line);
        call_fail_params(call, "/body", buffer_text(&expected));
        buffer_deinit(&expected);
}

static void file_read(void *job, int dropped)
{
        struct import *import = job;
        struct call *call = import->call;

        if (dropped) {
                call_fail_unavailable(call, true);
                return;
        }
        call->event = state_event(&call->api->state, call_text(call, "event"));
        if (!call->event) {
                call_fail_not_found(call, "event", call_text(call, "event"));
                return;
        }
        if (import->outcome != 0) {
                fail_file(call, import);
                return;
        }
        if (call_bool(call, "dry_run", false)) {
                import_decide(call, NULL);
                return;
        }
        call->change.bulk = true;
        call_claim_programme(call, call->event->family);
        call_submit(call, &call->event->family->uuid, import_decide);
}

static void schedule_import(struct call *call)
{
        struct import *import = xcalloc(1, sizeof(*import));

        import->call = call;
        import->body = call_text(call, "body");
        import->format = call_text(call, "format");
        if (zone_load(event_row(call->event)->timezone, &import->zone) != 0)
                import->zone = NULL;
        import->options = (struct programme_file_options){ import->zone,
                call->event->programme_event->day_starts_minutes };
        programme_file_init(&import->file);
        call->own = import;
        call->own_free = import_free;
        workers_submit(call->api->workers, read_file, file_read, import);
}

static const char *const format_words[] = { "frab-json", "frab-xml", NULL };
static const struct param import_params[] = {
        P_EVENT,
        P_WORDS("format", REQ, format_words, NULL, "the file's format"),
        P_RANGE("body", PARAM_TEXT, REQ, 1, 16 << 20, "the file"),
        P_DRY_RUN,
        PARAM_END,
};
static const struct param skipped_members[] = {
        P("what", PARAM_TEXT, REQ, NULL),
        P("id", PARAM_TEXT, NUL, NULL),
        P("why", PARAM_TEXT, REQ, NULL),
        PARAM_END,
};
static const struct param skipped_item[] = { P_OBJECT(NULL, 0, skipped_members, NULL) };
static const struct param import_result[] = {
        P("rooms", PARAM_INT, REQ, "so many the file holds"),
        P("tracks", PARAM_INT, REQ, NULL),
        P("speakers", PARAM_INT, REQ, NULL),
        P("sessions", PARAM_INT, REQ, NULL),
        P("placed", PARAM_INT, REQ, NULL),
        P("unchanged", PARAM_INT, REQ, "of the four nouns, so many stood there alike"),
        P_ARRAY("conflicts", REQ, 0, conflict_item, "kept as accepted ones"),
        P_ARRAY("skipped", REQ, 0, skipped_item, "what was not taken as it stands"),
        PARAM_END,
};

const struct method schedule_import_method = {
        .name = "schedule.import",
        .role = ROLE_ORGANISER,
        .summary = "lays a programme's file over the draft",
        .flags = METHOD_CHANGES | METHOD_EVENT,
        .params = import_params,
        .result = import_result,
        .errors = place_errors,
        .handle = schedule_import,
};
