/* SPDX-License-Identifier: Apache-2.0 */
/* auth.*: who a connection is. */
#include <string.h>

#include "api/api.h"
#include "api/guard.h"
#include "api/login.h"
#include "api/methods.h"
#include "api/params.h"
#include "api/token_rights.h"

static const struct param whoami_result[] = {
        P_WORDS("role", REQ, role_words, NULL, "what it may do"),
        P("label", PARAM_TEXT, REQ, "the token's label, or the user's name"),
        P("event", PARAM_SLUG, NUL, "the one event it is bound to"),
        P_ARRAY("checkpoints", NUL, 0, slug_item, "the checkpoints it is bound to"),
        PARAM_END,
};

static void write_rights(
        struct jsonout *out, enum role role, const char *label, const char *event, const char *checkpoints)
{
        json_member_text(out, "role", role_word(role));
        json_member_text(out, "label", label);
        json_member_text(out, "event", event);
        json_member_raw(out, "checkpoints", checkpoints);
}

static void answer_login(struct call *call, const struct login *login)
{
        _cleanup_(buffer_deinit) struct buffer result = BUFFER_NULL;
        struct jsonout out = JSONOUT(&result);
        const struct token_row *token = login->token;

        json_begin_object(&out);
        write_rights(&out, login->role, login->label, token ? token->event : NULL,
                token ? token->checkpoints : NULL);
        json_end_object(&out);
        call_answer(call, &result);
}

/* Where a failed login is charged to: the address, or the uid. True: it has to wait, and has been told so. */
static bool is_held_back(struct call *call, const struct peer *peer)
{
        int64_t wait_ms = login_guard_wait_ms(call->api->guard, peer_address(peer), clock_monotonic_us());
        char more[64];

        if (!wait_ms)
                return false;
        snprintf(more, sizeof(more), "\"retry_after_ms\":%lld", (long long)wait_ms);
        call_fail(call, "rate_limited", "too many failed logins from here: wait", more);
        return true;
}

static void fail_login(struct call *call, const struct peer *peer, const char *message)
{
        login_guard_failed(call->api->guard, peer_address(peer), clock_monotonic_us());
        call_fail(call, "unauthenticated", message, NULL);
}

static void auth_login(struct call *call)
{
        struct peer *peer = request_peer(call->request);
        const struct token_row *token;
        uint8_t digest[SECRET_DIGEST];

        secret_digest(call_text(call, "token"), digest);
        token = token_by_digest(&call->api->state, digest);
        /* A good token is never held back: the door goes on while somebody guesses beside it. */
        if (!token || !token_is_good(token, clock_now())) {
                if (!is_held_back(call, peer))
                        fail_login(call, peer, "the token is unknown, revoked or expired");
                return;
        }
        login_enter(call->api, peer, token);
        answer_login(call, peer_session(peer));
}

static const struct param login_params[] = { P_RANGE("token", PARAM_TEXT, REQ, 1, 300, "the secret"),
        PARAM_END };
static const char *const login_errors[] = { "rate_limited", NULL };

const struct method auth_login_method = {
        .name = "auth.login",
        .role = ROLE_PUBLIC,
        .summary = "logs this connection in",
        .flags = METHOD_LOGIN,
        .params = login_params,
        .result = whoami_result,
        .errors = login_errors,
        .handle = auth_login,
};

static void auth_whoami(struct call *call)
{
        answer_login(call, peer_session(request_peer(call->request)));
}

static const struct param no_params[] = { PARAM_END };

const struct method auth_whoami_method = {
        .name = "auth.whoami",
        .role = ROLE_PUBLIC,
        .summary = "tells what this connection may do",
        .params = no_params,
        .result = whoami_result,
        .handle = auth_whoami,
};

/* ---- auth.enrol ---- */

struct enrolment {
        uint8_t digest[SECRET_DIGEST];
        char secret[SECRET_TEXT_MAX];
        char origin[128];
};

static void write_enrolled(struct call *call, const struct token_row *token, const char *secret)
{
        struct jsonout out = JSONOUT(&call->kept);
        enum role role = ROLE_PUBLIC;

        role_parse(token->role, &role);
        json_begin_object(&out);
        json_member_text(&out, "id", token->row.id);
        json_member_text(&out, "token", secret);
        write_rights(&out, role, token->label, token->event, token->checkpoints);
        json_end_object(&out);
}

static enum decision enrol_decide(struct call *call, struct batch *batch)
{
        struct enrolment *enrolment = call->own;
        const struct invite_row *invite = invite_by_digest(&call->api->state, enrolment->digest);
        _cleanup_(row_unrefp) struct row *used = NULL;
        _cleanup_(row_unrefp) struct token_row *token = NULL;
        struct token_row fresh;
        uint8_t digest[SECRET_DIGEST];
        char id[32];

        if (!invite || invite->good_until.us <= batch_now(batch).us) {
                login_guard_failed(call->api->guard, enrolment->origin, clock_monotonic_us());
                return CALL_ANSWERED(
                        call_fail(call, "unauthenticated", "the code is wrong, used or too old", NULL));
        }
        token_secret_make(enrolment->secret);
        secret_digest(enrolment->secret, digest);
        id_make("t", id);
        row_clear(&fresh, &token_record);
        fresh.row.id = id;
        fresh.row.version = 1;
        fresh.secret_digest = (struct bytes){ digest, sizeof(digest) };
        fresh.role = invite->role;
        fresh.label = invite->label;
        fresh.event = invite->event;
        fresh.checkpoints = invite->checkpoints;
        fresh.expires_at = invite->expires_at;
        fresh.created_at = batch_now(batch);
        fresh.created_by = invite->created_by;
        token = row_seal(&fresh);
        used = row_tombstone(&invite->row, invite->row.version + 1);
        batch_add_row(batch, token);
        batch_add_row(batch, used);
        write_enrolled(call, token, enrolment->secret);
        return call_record(call, batch);
}

static void auth_enrol(struct call *call)
{
        struct peer *peer = request_peer(call->request);
        char code[INVITE_CODE_LENGTH + 1];
        struct enrolment *enrolment;

        if (is_held_back(call, peer))
                return;
        if (!invite_code_fold(call_text(call, "code"), code)) {
                fail_login(call, peer, "the code is wrong, used or too old");
                return;
        }
        enrolment = xcalloc(1, sizeof(*enrolment));
        call->own = enrolment;
        call->own_free = free;
        secret_digest(code, enrolment->digest);
        snprintf(enrolment->origin, sizeof(enrolment->origin), "%s", peer_address(peer));
        call_claim(call, "invite", &UUID_NIL, code);
        call_submit(call, &UUID_NIL, enrol_decide);
}

static const struct param enrol_params[] = { P_RANGE("code", PARAM_TEXT, REQ, 1, 64, "the one-time code"),
        PARAM_END };
static const struct param enrol_result[] = {
        P("id", PARAM_TEXT, REQ, "the token's id"),
        P("token", PARAM_TEXT, REQ, "the secret, shown this once"),
        P_WORDS("role", REQ, role_words, NULL, "what it may do"),
        P("label", PARAM_TEXT, REQ, "the token's label"),
        P("event", PARAM_SLUG, NUL, "the one event it is bound to"),
        P_ARRAY("checkpoints", NUL, 0, slug_item, "the checkpoints it is bound to"),
        PARAM_END,
};
static const char *const enrol_errors[] = { "rate_limited", "unavailable", NULL };

const struct method auth_enrol_method = {
        .name = "auth.enrol",
        .role = ROLE_PUBLIC,
        .summary = "turns an invitation's code into a token",
        .flags = METHOD_CHANGES | METHOD_NO_KEY,
        .params = enrol_params,
        .result = enrol_result,
        .errors = enrol_errors,
        .handle = auth_enrol,
};
