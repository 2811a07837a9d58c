/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checkin.undo: takes back the last admission or exit of a person at a checkpoint.
 *
 * What stood before it is in the log alone. So the log is read first, and what it says is good as long as the presence
 * has the version that it had then: else it is read again.
 */
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/login.h"
#include "api/methods.h"
#include "api/params.h"
#include "api/registration.h"
#include "api/scan.h"

enum { READINGS_MOST = 8 };

enum column {
        COLUMN_ID,
        COLUMN_DAY,
        COLUMN_UNDOES,
        COLUMN_VERSION,
        COLUMN_INSIDE,
        COLUMN_ADMITTED,
        COLUMN_RECEIVED_AT,
        COLUMN_FIRST_AT,
        COLUMN_FIRST_DEVICE
};

static const char moves_sql[] = "SELECT id, day, undoes, version, inside, admitted, "
                                "(extract(epoch FROM received_at) * 1000000)::bigint, "
                                "(extract(epoch FROM first_at) * 1000000)::bigint, first_device "
                                "FROM usher.scan_moves($1::uuid, $2::uuid[])";

/* A move that stands. */
struct move {
        char id[SCAN_ID_LENGTH + 1];
        struct date day;
        bool inside, admitted; /* after it */
        struct instant first_at; /* by which who is inside then came in */
        char *first_device;
        int64_t received_us;
};

struct undo {
        struct move *moves; /* each day's in their order */
        size_t count;
        struct version {
                struct date day;
                int64_t version; /* of the presence, undone moves counted */
        } * versions;
        size_t version_count;
        unsigned readings;
        bool read;
};

static void pop(struct undo *undo)
{
        free(undo->moves[--undo->count].first_device);
}

static void undo_free(void *own)
{
        struct undo *undo = own;

        while (undo->count)
                pop(undo);
        free(undo->moves);
        free(undo->versions);
        free(undo);
}

/* ---- what the log says ---- */

static void take_line(struct undo *undo, const struct store_result *result, size_t line)
{
        const char *first_device = result_text(result, line, COLUMN_FIRST_DEVICE);
        struct date day = DATE_NONE;
        struct move *move;

        date_parse(result_text(result, line, COLUMN_DAY), &day);
        if (!undo->version_count || undo->versions[undo->version_count - 1].day.days != day.days)
                undo->versions[undo->version_count++].day = day;
        undo->versions[undo->version_count - 1].version =
                strtoll(result_text(result, line, COLUMN_VERSION), NULL, 10);
        if (result_text(result, line, COLUMN_UNDOES)) {
                pop(undo); /* the last that stood */
                return;
        }
        move = &undo->moves[undo->count++];
        snprintf(move->id, sizeof(move->id), "%s", result_text(result, line, COLUMN_ID));
        move->day = day;
        move->inside = result_text(result, line, COLUMN_INSIDE)[0] == 't';
        move->admitted = result_text(result, line, COLUMN_ADMITTED)[0] == 't';
        move->first_at.us = strtoll(result_text(result, line, COLUMN_FIRST_AT), NULL, 10);
        move->first_device = first_device ? xstrdup(first_device) : NULL;
        move->received_us = strtoll(result_text(result, line, COLUMN_RECEIVED_AT), NULL, 10);
}

static void caught_up(void *context, enum outcome outcome)
{
        struct call *call = context;

        if (outcome != OUTCOME_DONE) {
                call_fail_unavailable(call, true);
                return;
        }
        store_submit(call->api->store, &call->change); /* a day that has come meanwhile makes it read again */
}

static void log_answered(void *context, enum outcome outcome, const struct store_result *result)
{
        struct call *call = context;
        struct undo *undo = call->own;

        if (outcome != OUTCOME_DONE) {
                if (outcome == OUTCOME_UNKNOWN)
                        call_fail_unavailable(call, true);
                else
                        call_fail_internal(call, "the moves at a checkpoint could not be read");
                return;
        }
        while (undo->count)
                pop(undo);
        undo->moves = xrealloc(undo->moves, (result_lines(result) + 1) * sizeof(*undo->moves));
        undo->versions = xrealloc(undo->versions, (result_lines(result) + 1) * sizeof(*undo->versions));
        undo->version_count = 0;
        for (size_t line = 0; line < result_lines(result); line++)
                take_line(undo, result, line);
        undo->read = true;
        /* The event may have gone meanwhile. */
        store_catch_up(call->api->store, &call->change.family, call->deadline_us, caught_up, call);
}

/* The keys of a person's presences at the checkpoint, each day's, as an array of PostgreSQL's. */
static void write_keys(const struct call *call, const char *registration, struct buffer *keys)
{
        struct attendance *attendance = roster_attendance(call->event->roster);
        const char *checkpoint = call_text(call, "checkpoint");
        const struct presence_row *row;
        size_t iterator = 0;

        buffer_add_text(keys, "{");
        while ((row = attendance_next(attendance, checkpoint, registration, &iterator))) {
                struct uuid key = attendance_key(attendance, checkpoint, row->day, registration);
                char text[37];

                uuid_format(&key, text);
                buffer_add_text(keys, keys->length > 1 ? "," : "");
                buffer_add_text(keys, text);
        }
        buffer_add_text(keys, "}");
}

static void read_log(struct call *call, const struct registration_row *registration)
{
        _cleanup_(buffer_deinit) struct buffer keys = BUFFER_NULL;
        struct undo *undo = call->own;
        char family[37];
        const char *values[2];

        if (undo->readings++ == READINGS_MOST) {
                call_fail_unavailable(call, true);
                return;
        }
        uuid_format(&call->event->family->uuid, family);
        write_keys(call, registration->row.id, &keys);
        values[0] = family;
        values[1] = keys.data;
        call_read(call, READ_BY_KEY, moves_sql, 2, values, log_answered);
}

/* Whether nothing has moved since the log was read. */
static bool is_fresh(const struct call *call, const char *registration)
{
        const struct attendance *attendance = roster_attendance(call->event->roster);
        const char *checkpoint = call_text(call, "checkpoint");
        const struct undo *undo = call->own;
        size_t iterator = 0, days = 0;

        while (attendance_next(attendance, checkpoint, registration, &iterator))
                days++;
        for (size_t i = 0; i < undo->version_count; i++) {
                const struct presence_row *presence =
                        attendance_presence(attendance, checkpoint, undo->versions[i].day, registration);

                if (!presence || presence->row.version != undo->versions[i].version)
                        return false;
        }
        return undo->read && days == undo->version_count;
}

/* ---- what is taken back ---- */

static const struct move *last_of_day(const struct undo *undo, struct date day)
{
        const struct move *last = NULL;

        for (size_t i = 0; i < undo->count; i++)
                if (undo->moves[i].day.days == day.days)
                        last = &undo->moves[i];
        return last;
}

static const struct move *last_of_all(const struct undo *undo)
{
        const struct move *last = NULL;

        for (size_t i = 0; i < undo->count; i++) {
                const struct move *move = last_of_day(undo, undo->moves[i].day);

                if (!last || move->received_us > last->received_us)
                        last = move;
        }
        return last;
}

static void fail_stale(struct call *call, const struct move *last)
{
        struct buffer more = BUFFER_NULL;
        struct jsonout out = JSONOUT(&more);

        json_member_text(&out, "scan", last->id);
        call_fail(call, "stale", "it is not the last one there", more.data);
        buffer_deinit(&more);
}

static void fail_nothing_left(struct call *call, const char *id)
{
        struct buffer more = BUFFER_NULL;
        struct jsonout out = JSONOUT(&more);

        json_member_text(&out, "what", "scan");
        json_member_text(&out, "id", id);
        call_fail(call, "not_found", "no admission or exit of this registration is left to take back here",
                more.data);
        buffer_deinit(&more);
}

/* The move that is meant; NULL: the call has been answered. */
static const struct move *meant(struct call *call)
{
        const struct undo *undo = call->own;
        const char *scan = call_text(call, "scan");
        const struct move *last = last_of_all(undo);

        if (!last) {
                fail_nothing_left(call, scan ? scan : call_text(call, "registration"));
                return NULL;
        }
        if (!scan || strcmp(scan, last->id) == 0)
                return last;
        for (size_t i = 0; i < undo->count; i++)
                if (strcmp(undo->moves[i].id, scan) == 0) {
                        last = last_of_day(undo, undo->moves[i].day);
                        if (last == &undo->moves[i])
                                return last;
                }
        fail_stale(call, last);
        return NULL;
}

/* The move before it on its day; NULL: it was the first. */
static const struct move *before(const struct undo *undo, const struct move *move)
{
        return move > undo->moves && move[-1].day.days == move->day.days ? move - 1 : NULL;
}

static void keep_result(struct call *call, const struct move *move, int64_t inside)
{
        struct jsonout out = JSONOUT(&call->kept);

        json_begin_object(&out);
        json_member_text(&out, "scan", move->id);
        json_member_bool(&out, "undone", true);
        json_member_int(&out, "inside", inside);
        json_end_object(&out);
}

static void add_row(struct call *call, struct batch *batch, const struct checkpoint_row *checkpoint,
        const struct registration_row *registration, const struct presence_row *presence,
        const struct move *move, int64_t people)
{
        const struct move *stands = before(call->own, move);
        bool inside = stands && stands->inside, admitted = stands && stands->admitted;
        struct scan_row row = {
                .family = call->event->family->uuid,
                .event = event_row(call->event)->event_uuid,
                .checkpoint = checkpoint->row.id,
                .registration = registration->row.id,
                .registration_version = registration->row.version, /* a note must not outlive the person */
                .day = move->day,
                .verdict = "undone",
                .at = batch_now(batch),
                .received_at = batch_now(batch),
                .device = call->label,
                .by = call->actor,
                .why = registration_is(registration, "erased") ? NULL : call_text(call, "why"),
                .flags = "[]",
                .inside = people,
                .presence_version = presence->row.version + 1,
                .presence_inside = inside,
                .presence_admitted = admitted,
                .first_at = inside ? stands->first_at : INSTANT_NONE,
                .first_device = inside ? stands->first_device : NULL,
                .admitted_at =
                        admitted ? scan_admitted_since(presence, inside ? stands->first_at : INSTANT_NONE)
                                 : INSTANT_NONE,
                .undoes = move->id,
        };

        row.presence = attendance_key(
                roster_attendance(call->event->roster), row.checkpoint, row.day, row.registration);
        uuid_v7(batch_now(batch), &row.nonce);
        batch_expect(batch, checkpoint);
        batch_add_scan(batch, &row);
}

static enum decision take_back(struct call *call, struct batch *batch,
        const struct checkpoint_row *checkpoint, const struct registration_row *registration,
        const struct presence_row *presence, const struct move *move)
{
        const struct move *stands = before(call->own, move);
        int by = (stands && stands->inside) - presence->inside;
        int64_t inside = attendance_inside_soon(
                                 roster_attendance(call->event->roster), checkpoint->row.id, move->day) +
                         by;

        if (by > 0 && checkpoint->capacity != FIELD_INT_NONE && inside > checkpoint->capacity)
                return CALL_ANSWERED(call_fail_full(call, checkpoint->capacity));
        scan_count_inside(batch, checkpoint, move->day, by, false);
        add_row(call, batch, checkpoint, registration, presence, move, inside);
        keep_result(call, move, inside);
        return call_record(call, batch);
}

static enum decision undo_decide(struct call *call, struct batch *batch)
{
        const char *id = call_text(call, "checkpoint");
        const struct checkpoint_row *checkpoint =
                rowset_find(roster_checkpoints(call->event->roster), &event_row(call->event)->event_uuid, id);
        const struct registration_row *registration;
        const struct presence_row *presence;
        const struct move *move;

        if (!checkpoint)
                return CALL_ANSWERED(call_fail_not_found(call, "checkpoint", id));
        registration = registration_need(call);
        if (!registration)
                return DECISION_ANSWERED;
        if (!is_fresh(call, registration->row.id))
                return CALL_ANSWERED(read_log(call, registration));
        move = meant(call);
        if (!move)
                return DECISION_ANSWERED;
        presence = attendance_presence(
                roster_attendance(call->event->roster), id, move->day, registration->row.id);
        return take_back(call, batch, checkpoint, registration, presence, move);
}

static void checkin_undo(struct call *call)
{
        const struct login *login = peer_session(request_peer(call->request));

        if (!login_covers_checkpoint(
                    login, &call->api->state, call_text(call, "event"), call_text(call, "checkpoint"))) {
                call_fail_forbidden(call, NULL);
                return;
        }
        call->own = xcalloc(1, sizeof(struct undo));
        call->own_free = undo_free;
        registration_claim(call, call_text(call, "registration"));
        call->change.alone = true; /* scans beside it do not count whom it brings back inside */
        call_submit(call, &call->event->family->uuid, undo_decide);
}

static const struct param undo_params[] = {
        P_EVENT,
        P("checkpoint", PARAM_SLUG, REQ, "where"),
        P_RANGE("registration", PARAM_TEXT, REQ, 1, 64, "whose"),
        P_RANGE("scan", PARAM_TEXT, 0, 1, 64, "only if this is the last one"),
        P_RANGE("why", PARAM_TEXT, REQ, 1, 300, "why it is taken back"),
        PARAM_END,
};
static const struct param undo_result[] = {
        P("scan", PARAM_TEXT, REQ, "the admission or exit that was taken back"),
        P("undone", PARAM_BOOL, REQ, "true"),
        P("inside", PARAM_INT, REQ, "people inside the checkpoint"),
        PARAM_END,
};
static const char *const undo_errors[] = { "not_found", "stale", "full", "unavailable", NULL };

const struct method checkin_undo_method = {
        .name = "checkin.undo",
        .role = ROLE_DESK,
        .summary = "takes back the last admission or exit of a person at a checkpoint",
        .flags = METHOD_CHANGES | METHOD_EVENT,
        .params = undo_params,
        .result = undo_result,
        .errors = undo_errors,
        .handle = checkin_undo,
};
