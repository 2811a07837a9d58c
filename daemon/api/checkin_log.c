/* SPDX-License-Identifier: Apache-2.0 */
/* checkin.log: who was let in, out or refused, newest first. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/methods.h"
#include "api/params.h"
#include "api/scan.h"
#include "door/code.h"

enum column {
        COLUMN_WRITER,
        COLUMN_SEQ,
        COLUMN_AT,
        COLUMN_RECEIVED_AT,
        COLUMN_CHECKPOINT,
        COLUMN_REGISTRATION,
        COLUMN_DIRECTION,
        COLUMN_VERDICT,
        COLUMN_REASON,
        COLUMN_FLAGS,
        COLUMN_UNDONE,
        COLUMN_BY,
        COLUMN_DEVICE,
        COLUMN_NONCE
};

static const char log_sql[] =
        "SELECT writer, seq, (extract(epoch FROM at) * 1000000)::bigint, "
        "(extract(epoch FROM received_at) * 1000000)::bigint, checkpoint, registration, direction, verdict, "
        "reason, flags, undone, by, device, nonce "
        "FROM usher.scan_log($1::uuid, $2::uuid, $3, $4, $5, $6::timestamptz, $7::bigint, $8::timestamptz, "
        "$9::uuid, $10::bigint)";

static struct instant instant_of(const char *us)
{
        return (struct instant){ strtoll(us, NULL, 10) };
}

static void id_of(const struct store_result *result, size_t line, char id[static SCAN_ID_LENGTH + 1])
{
        struct uuid writer;

        uuid_parse(result_text(result, line, COLUMN_WRITER), &writer);
        scan_id_write(&writer, strtoll(result_text(result, line, COLUMN_SEQ), NULL, 10), id);
}

/* Tokens by their label, as long as they are known. */
static const char *name_of(const struct call *call, const char *actor)
{
        const struct token_row *token =
                actor ? rowset_find(&call->api->state.tokens, &UUID_NIL, actor) : NULL;

        return token && token->label ? token->label : actor;
}

static void write_scan(
        const struct call *call, const struct store_result *result, size_t line, struct jsonout *out)
{
        const struct zone *zone = call->event->programme_event->zone;
        const char *flags = result_text(result, line, COLUMN_FLAGS);
        char id[SCAN_ID_LENGTH + 1];

        id_of(result, line, id);
        json_begin_object(out);
        json_member_text(out, "scan", id);
        json_member_instant(out, "at", instant_of(result_text(result, line, COLUMN_AT)), zone);
        json_member_instant(
                out, "received_at", instant_of(result_text(result, line, COLUMN_RECEIVED_AT)), zone);
        json_member_text(out, "checkpoint", result_text(result, line, COLUMN_CHECKPOINT));
        json_member_text(out, "registration", result_text(result, line, COLUMN_REGISTRATION));
        json_member_text(out, "direction", result_text(result, line, COLUMN_DIRECTION));
        json_member_text(out, "verdict", result_text(result, line, COLUMN_VERDICT));
        json_member_text(out, "reason", result_text(result, line, COLUMN_REASON));
        json_member_raw(out, "flags", flags ? flags : "[]");
        json_member_bool(out, "undone", result_text(result, line, COLUMN_UNDONE)[0] == 't');
        json_member_text(out, "by", name_of(call, result_text(result, line, COLUMN_BY)));
        json_member_text(out, "device", result_text(result, line, COLUMN_DEVICE));
        json_member_text(out, "nonce", result_text(result, line, COLUMN_NONCE));
        json_end_object(out);
}

static void write_next(const struct store_result *result, size_t line, struct jsonout *out)
{
        char id[SCAN_ID_LENGTH + 1], cursor[64];

        id_of(result, line, id);
        snprintf(cursor, sizeof(cursor), "%s.%s", result_text(result, line, COLUMN_RECEIVED_AT), id);
        json_member_text(out, "next", cursor);
}

static void answered(void *context, enum outcome outcome, const struct store_result *result)
{
        struct call *call = context;
        _cleanup_(buffer_deinit) struct buffer text = BUFFER_NULL;
        struct jsonout out = JSONOUT(&text);
        size_t limit = (size_t)call_int(call, "limit", 100), lines;

        if (outcome == OUTCOME_UNKNOWN) {
                call_fail_unavailable(call, true);
                return;
        }
        if (outcome != OUTCOME_DONE) {
                call_fail_internal(call, "the log could not be read");
                return;
        }
        if (!call_event_again(call))
                return;
        lines = result_lines(result);
        json_begin_object(&out);
        json_name(&out, "scans");
        json_begin_array(&out);
        for (size_t line = 0; line < lines && line < limit; line++)
                write_scan(call, result, line, &out);
        json_end_array(&out);
        if (lines > limit)
                write_next(result, limit - 1, &out);
        else
                json_member_null(&out, "next");
        json_end_object(&out);
        call_answer(call, &text);
}

/* Where the page before ended. */
struct place_after {
        char at[40], writer[37], seq[24];
};

static bool read_cursor(struct call *call, struct place_after *after)
{
        const char *cursor = call_text(call, "cursor");
        char *dot;
        struct instant at = { strtoll(cursor, &dot, 10) };
        struct uuid writer;
        int64_t seq;

        if (dot == cursor || *dot != '.' || !instant_is_usable(at) || !scan_id_read(dot + 1, &writer, &seq)) {
                call_fail_params(call, "/cursor", "a cursor from an earlier answer");
                return false;
        }
        instant_format(at, 0, after->at);
        uuid_format(&writer, after->writer);
        snprintf(after->seq, sizeof(after->seq), "%lld", (long long)seq);
        return true;
}

static void checkin_log(struct call *call)
{
        const char *registration = call_text(call, "registration");
        bool on = call_param(call, "cursor");
        char family[37], event[37], since[40], limit[24], code[CODE_LENGTH + 1];
        struct place_after after;
        const char *values[] = { family, event, call_text(call, "checkpoint"), registration,
                call->role < ROLE_DESK ? call->actor : NULL, NULL, limit, NULL, NULL, NULL };

        if (on) {
                if (!read_cursor(call, &after))
                        return;
                values[7] = after.at;
                values[8] = after.writer;
                values[9] = after.seq;
        }
        if (registration && code_read(registration, code))
                values[3] = code;
        if (call_param(call, "since")) {
                instant_format(call_instant(call, "since"), 0, since);
                values[5] = since;
        }
        uuid_format(&call->event->family->uuid, family);
        uuid_format(&event_row(call->event)->event_uuid, event);
        /* One more tells whether there is a next page. */
        snprintf(limit, sizeof(limit), "%lld", (long long)call_int(call, "limit", 100) + 1);
        call_read(call, READ_THROUGH, log_sql, sizeof(values) / sizeof(values[0]), values, answered);
}

static const struct param log_params[] = {
        P_EVENT,
        P("checkpoint", PARAM_SLUG, 0, "of this checkpoint alone"),
        P_RANGE("registration", PARAM_TEXT, 0, 1, 64, "of this registration alone"),
        P("since", PARAM_INSTANT, 0, "received from then on"),
        P_LIMIT,
        P_CURSOR,
        PARAM_END,
};
static const struct param flag_item[] = { P(NULL, PARAM_TEXT, 0, NULL) };
static const struct param scan_members[] = {
        P("scan", PARAM_TEXT, REQ, "its id"),
        P("at", PARAM_INSTANT, REQ, "when it happened"),
        P("received_at", PARAM_INSTANT, REQ, "when it came in"),
        P("checkpoint", PARAM_SLUG, REQ, "where"),
        P("registration", PARAM_TEXT, NUL, "whose; null: an unknown credential"),
        P("direction", PARAM_TEXT, REQ, "in or out"),
        P("verdict", PARAM_TEXT, REQ, "admitted, left or refused"),
        P("reason", PARAM_TEXT, NUL, "why it was refused, or what was overridden"),
        P_ARRAY("flags", REQ, 0, flag_item, "words about the verdict"),
        P("undone", PARAM_BOOL, REQ, "whether it was taken back since"),
        P("by", PARAM_TEXT, NUL, "whose token"),
        P("device", PARAM_TEXT, NUL, "which scanner"),
        P("nonce", PARAM_UUID, REQ, "made by the client"),
        PARAM_END,
};
static const struct param scan_item[] = { P_OBJECT(NULL, 0, scan_members, NULL) };
static const struct param log_result[] = { P_ARRAY("scans", REQ, 0, scan_item, "newest first"), P_NEXT,
        PARAM_END };
static const char *const log_errors[] = { "not_found", "unavailable", NULL };

const struct method checkin_log_method = {
        .name = "checkin.log",
        .role = ROLE_DOOR,
        .summary = "lists scans, newest first; a scanner those of its own token",
        .flags = METHOD_EVENT,
        .params = log_params,
        .result = log_result,
        .errors = log_errors,
        .handle = checkin_log,
};
