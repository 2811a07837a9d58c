/* SPDX-License-Identifier: Apache-2.0 */
/* person.export: all that is held on a person, as the person may ask for it. */
#include <stdlib.h>

#include "api/api.h"
#include "api/methods.h"
#include "api/params.h"
#include "api/registration.h"
#include "api/scan.h"

static const char scans_sql[] = "SELECT writer, seq, (extract(epoch FROM at) * 1000000)::bigint, checkpoint, "
                                "direction, verdict, reason, "
                                "device, why FROM usher.person_scans($1::uuid, $2::uuid, $3)";

enum scan_column {
        SCAN_WRITER,
        SCAN_SEQ,
        SCAN_AT,
        SCAN_CHECKPOINT,
        SCAN_DIRECTION,
        SCAN_VERDICT,
        SCAN_REASON,
        SCAN_DEVICE,
        SCAN_WHY,
};

static void write_credentials(
        const struct event_state *event, const struct registration_row *registration, struct jsonout *out)
{
        const struct zone *zone = event->programme_event->zone;
        const struct credential_row *credential = NULL;

        json_name(out, "credentials");
        json_begin_array(out);
        while ((credential = roster_credential_next(event->roster, registration->row.id, credential))) {
                json_begin_object(out);
                json_member_text(out, "kind", credential->what);
                json_member_text(out, "code", credential->code);
                json_member_instant(out, "issued_at", credential->issued_at, zone);
                json_member_instant(out, "replaced_at", credential->replaced_at, zone);
                json_end_object(out);
        }
        json_end_array(out);
}

static void write_bookings(
        const struct event_state *event, const struct registration_row *registration, struct jsonout *out)
{
        const struct booking_row *booking = NULL;

        json_name(out, "bookings");
        json_begin_array(out);
        while ((booking = bookings_of_registration(
                        roster_bookings(event->roster), registration->row.id, booking))) {
                json_begin_object(out);
                json_member_text(out, "session", booking->session);
                json_member_text(out, "status", booking->status);
                json_member_instant(out, "created_at", booking->created_at, event->programme_event->zone);
                json_end_object(out);
        }
        json_end_array(out);
}

static void write_scans(
        const struct event_state *event, const struct store_result *result, struct jsonout *out)
{
        json_name(out, "scans");
        json_begin_array(out);
        for (size_t line = 0; line < result_lines(result); line++) {
                struct instant at = { strtoll(result_text(result, line, SCAN_AT), NULL, 10) };
                char id[SCAN_ID_LENGTH + 1];
                struct uuid writer;

                uuid_parse(result_text(result, line, SCAN_WRITER), &writer);
                scan_id_write(&writer, strtoll(result_text(result, line, SCAN_SEQ), NULL, 10), id);
                json_begin_object(out);
                json_member_text(out, "scan", id);
                json_member_instant(out, "at", at, event->programme_event->zone);
                json_member_text(out, "checkpoint", result_text(result, line, SCAN_CHECKPOINT));
                json_member_text(out, "direction", result_text(result, line, SCAN_DIRECTION));
                json_member_text(out, "verdict", result_text(result, line, SCAN_VERDICT));
                json_member_text(out, "reason", result_text(result, line, SCAN_REASON));
                json_member_text(out, "device", result_text(result, line, SCAN_DEVICE));
                json_member_text(out, "why", result_text(result, line, SCAN_WHY));
                json_end_object(out);
        }
        json_end_array(out);
}

static void scans_answered(void *context, enum outcome outcome, const struct store_result *result)
{
        struct call *call = context;
        const struct registration_row *registration;
        _cleanup_(buffer_deinit) struct buffer answer = BUFFER_NULL;
        struct jsonout out = JSONOUT(&answer);

        if (outcome == OUTCOME_UNKNOWN) {
                call_fail_unavailable(call, true);
                return;
        }
        if (outcome != OUTCOME_DONE) {
                call_fail_internal(call, "the person's scans could not be read");
                return;
        }
        if (!call_event_again(call))
                return;
        registration = registration_need(call);
        if (!registration)
                return;
        json_begin_object(&out);
        json_name(&out, "registration");
        registration_write(call->event, registration, &out);
        write_credentials(call->event, registration, &out);
        write_bookings(call->event, registration, &out);
        write_scans(call->event, result, &out);
        json_end_object(&out);
        call_answer(call, &answer);
}

static void person_export(struct call *call)
{
        const struct registration_row *registration = registration_need(call);
        char family[37], event[37];
        const char *values[] = { family, event, NULL };

        if (!registration)
                return;
        uuid_format(&registration->row.family, family);
        uuid_format(&registration->row.event, event);
        values[2] = registration->row.id;
        call_read(call, READ_THROUGH, scans_sql, 3, values, scans_answered);
}

/* ---- tables ---- */

static const struct param export_params[] = {
        P_EVENT,
        P_RANGE("registration", PARAM_TEXT, REQ, 1, 64, "its short code"),
        PARAM_END,
};
static const struct param credential_members[] = {
        P("kind", PARAM_TEXT, REQ, NULL),
        P("code", PARAM_TEXT, NUL, "another system's"),
        P("issued_at", PARAM_INSTANT, REQ, NULL),
        P("replaced_at", PARAM_INSTANT, NUL, NULL),
        PARAM_END,
};
static const struct param booking_members[] = {
        P("session", PARAM_SLUG, REQ, NULL),
        P("status", PARAM_TEXT, REQ, NULL),
        P("created_at", PARAM_INSTANT, REQ, NULL),
        PARAM_END,
};
static const struct param scan_members[] = {
        P("scan", PARAM_TEXT, REQ, "its id"),
        P("at", PARAM_INSTANT, REQ, "when it happened"),
        P("checkpoint", PARAM_SLUG, REQ, NULL),
        P("direction", PARAM_TEXT, NUL, NULL),
        P("verdict", PARAM_TEXT, REQ, NULL),
        P("reason", PARAM_TEXT, NUL, NULL),
        P("device", PARAM_TEXT, NUL, NULL),
        P("why", PARAM_TEXT, NUL, "what somebody wrote about it"),
        PARAM_END,
};
static const struct param credential_item[] = { P_OBJECT(NULL, 0, credential_members, NULL) };
static const struct param booking_item[] = { P_OBJECT(NULL, 0, booking_members, NULL) };
static const struct param scan_item[] = { P_OBJECT(NULL, 0, scan_members, NULL) };
static const struct param export_result[] = {
        P_OBJECT("registration", REQ, registration_whole_result, "as registration.get"),
        P_ARRAY("credentials", REQ, 0, credential_item, "every one there was"),
        P_ARRAY("bookings", REQ, 0, booking_item, "those cancelled, too"),
        P_ARRAY("scans", REQ, 0, scan_item, "the log's, oldest first"),
        PARAM_END,
};
static const char *const export_errors[] = { "not_found", "unavailable", NULL };

const struct method person_export_method = {
        .name = "person.export",
        .role = ROLE_ADMIN,
        .summary = "answers with all that is held on a person",
        .flags = METHOD_EVENT,
        .params = export_params,
        .result = export_result,
        .errors = export_errors,
        .handle = person_export,
};
