/* SPDX-License-Identifier: Apache-2.0 */
/* checkin.scan: may this person pass? */
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/arrivals.h"
#include "api/login.h"
#include "api/methods.h"
#include "api/nonces.h"
#include "api/scan.h"

enum { UNKNOWN_CODES_A_SECOND = 30, UNKNOWN_CREDENTIALS_A_SECOND = 200 };

static void scan_free(void *own)
{
        struct scan *scan = own;

        presented_deinit(&scan->presented);
        free(scan);
}

/* ---- what was asked ---- */

static bool refuse(struct call *call, const char *path, const char *expected)
{
        call_fail_params(call, path, expected);
        return false;
}

static bool take_points(struct call *call, struct scan *scan)
{
        const json_t *points = call_param(call, "points");
        const char *event = call_text(call, "event"), *checkpoint = call_text(call, "checkpoint");

        if (!points) {
                if (!event || !checkpoint)
                        return refuse(
                                call, event ? "/checkpoint" : "/event", "to be given, or points instead");
                scan->points[0] = (struct scan_point){ event, checkpoint };
                scan->point_count = 1;
                return true;
        }
        if (event || checkpoint)
                return refuse(call, "/points", "either points, or event and checkpoint");
        scan->point_count = json_array_size(points);
        for (size_t i = 0; i < scan->point_count; i++) {
                const json_t *point = json_array_get(points, i);

                scan->points[i] = (struct scan_point){ json_string_value(json_object_get(point, "event")),
                        json_string_value(json_object_get(point, "checkpoint")) };
        }
        return true;
}

static bool take_credential(struct call *call, struct scan *scan)
{
        const char *credential = call_text(call, "credential"),
                   *registration = call_text(call, "registration");

        if (!credential == !registration)
                return refuse(call, credential ? "/registration" : "/credential",
                        "either credential or registration");
        if (credential)
                presented_credential(&scan->presented, credential);
        else
                presented_registration(&scan->presented, registration);
        return true;
}

static bool take_rest(struct call *call, struct scan *scan)
{
        const char *direction = call_text(call, "direction"), *device = call_text(call, "device");

        scan->dry_run = call_bool(call, "dry_run", false);
        scan->nonce_text = call_text(call, "nonce");
        if (scan->nonce_text)
                uuid_parse(scan->nonce_text, &scan->nonce);
        else if (!scan->dry_run)
                return refuse(call, "/nonce", "to be given: a UUID, the same when the scan is repeated");
        scan->leaving = direction && strcmp(direction, "out") == 0;
        scan->force = call_bool(call, "force", false);
        scan->why = scan->force ? call_text(call, "why") : NULL;
        scan->device = device ? device : call->label;
        scan->answers = call_param(call, "answers");
        scan->language = verdict_language_from_word(call_text(call, "language"));
        scan->at = call_instant(call, "at");
        scan->received_at = clock_now();
        return true;
}

/* ---- who asks ---- */

static bool is_allowed(struct call *call, const struct scan *scan, const struct login *login)
{
        if (scan->force && call->role < ROLE_DESK) {
                call_fail_forbidden(call, role_word(ROLE_DESK));
                return false;
        }
        for (size_t i = 0; i < scan->point_count; i++) {
                if (login_covers_checkpoint(
                            login, &call->api->state, scan->points[i].event, scan->points[i].checkpoint))
                        continue;
                call_fail_forbidden(call, NULL);
                return false;
        }
        return true;
}

/* Guessing is held back, and so is what costs a verification; what succeeds never is. */
static bool is_in_pace(struct call *call, struct scan *scan, struct login *login)
{
        bool ours = scan->presented.form == PRESENTED_OURS;
        int64_t wait_ms =
                ours ? pace_take(&login->unknown_credentials, UNKNOWN_CREDENTIALS_A_SECOND,
                               clock_monotonic_us())
                     : pace_take(&login->unknown_codes, UNKNOWN_CODES_A_SECOND, clock_monotonic_us());
        char more[64];

        if (!wait_ms)
                return true;
        snprintf(more, sizeof(more), "\"retry_after_ms\":%lld", (long long)wait_ms);
        call_fail(call, "rate_limited", "too many unknown credentials on this connection: wait", more);
        return false;
}

/*
 * Another daemon may have issued it a moment ago: whoever is sent away was looked for in all that has been recorded. Of
 * what will be recorded itself, its batch sees to that.
 */
static void submit_unknown(struct call *call, struct scan *scan, struct login *login)
{
        if (!is_in_pace(call, scan, login))
                return;
        if (scan->dry_run && call->api->database == STORE_ONLINE)
                scan_seek(scan);
        else
                scan_submit(scan);
}

void scan_arrived(struct scan *scan)
{
        struct call *call = scan->call;
        struct peer *peer = request_peer(call->request);
        struct login *login = peer ? peer_session(peer) : NULL;
        const struct scan_found *found = scan_find(scan);

        if (!found)
                return;
        if (found->found != FOUND_NOWHERE)
                scan_submit(scan);
        else if (login)
                submit_unknown(call, scan, login);
        else
                call_fail_unavailable(call, true); /* the peer has gone: nobody will read it */
}

static void checkin_scan(struct call *call)
{
        struct login *login = peer_session(request_peer(call->request));
        struct scan *scan = xcalloc(1, sizeof(*scan));

        call->own = scan;
        call->own_free = scan_free;
        scan->call = call;
        if (!take_points(call, scan) || !take_credential(call, scan) || !take_rest(call, scan) ||
                !is_allowed(call, scan, login) || !scan_points_exist(call, scan))
                return;
        scan->nonce_hash = nonces_hash(&scan->family, &scan->nonce);
        arrivals_add(call->api->arrivals, scan);
}

static const char *const scan_errors[] = { "not_found", "exists", "unavailable", "rate_limited", NULL };

const struct method checkin_scan_method = {
        .name = "checkin.scan",
        .role = ROLE_DOOR,
        .summary = "judges a credential at a checkpoint, and records who was let in, out or refused",
        .flags = METHOD_SCAN | METHOD_NO_KEY,
        .params = checkin_scan_params,
        .result = checkin_scan_result,
        .errors = scan_errors,
        .handle = checkin_scan,
};
