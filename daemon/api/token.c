/* SPDX-License-Identifier: Apache-2.0 */
/* token.*: what others may do, granted no further than one's own rights. */
#include <string.h>

#include "api/api.h"
#include "api/methods.h"
#include "api/params.h"
#include "api/token_end.h"
#include "api/token_rights.h"

/* What is granted, checked against the maker's own rights. */
struct grant {
        enum role role;
        const char *label, *event;
        char *checkpoints; /* JSON text or NULL, owned */
        struct instant expires_at;
        int64_t minutes;
        char secret[SECRET_TEXT_MAX];
};

static void grant_free(void *own)
{
        struct grant *grant = own;

        free(grant->checkpoints);
        free(grant);
}

/* Whether every checkpoint asked for is among the maker's. */
static bool within_checkpoints(const json_t *wanted, const char *own_text)
{
        json_t *own = own_text ? json_loads(own_text, 0, NULL) : NULL, *item;
        bool within = true;
        size_t i, j;
        json_t *mine;

        if (!own)
                return true;
        if (!wanted)
                within = false;
        json_array_foreach((json_t *)(uintptr_t)wanted, i, item)
        {
                bool found = false;

                json_array_foreach(own, j, mine) found = found || json_equal(mine, item);
                within = within && found;
        }
        json_decref(own);
        return within;
}

/* Fails the call and returns false where the maker may not grant this. */
static bool may_grant(struct call *call, const struct login *maker, enum role role)
{
        const char *event = call_text(call, "event");
        enum role most = maker->role == ROLE_DESK ? ROLE_DOOR : maker->role;

        if (maker->role < ROLE_DESK || role > most) {
                call_fail_forbidden(
                        call, role_word(maker->role < ROLE_ORGANISER && role == ROLE_DOOR ? ROLE_DESK
                                        : role > ROLE_ORGANISER                           ? role
                                                                                          : ROLE_ORGANISER));
                return false;
        }
        if (maker->token && maker->token->event &&
                (!event || !login_covers(maker, &call->api->state, event))) {
                call_fail_forbidden(call, NULL);
                return false;
        }
        if (maker->token && !within_checkpoints(call_param(call, "checkpoints"), maker->token->checkpoints)) {
                call_fail_forbidden(call, NULL);
                return false;
        }
        return true;
}

/* The parameters that create and invite share; NULL: the call has been answered. */
static struct grant *grant_read(struct call *call)
{
        const struct login *maker = peer_session(request_peer(call->request));
        const json_t *checkpoints = call_param(call, "checkpoints");
        struct instant now = clock_now();
        struct grant *grant;
        enum role role = ROLE_PUBLIC;

        role_parse(call_text(call, "role"), &role);
        if (!may_grant(call, maker, role))
                return NULL;
        if (checkpoints && !call_text(call, "event")) {
                call_fail_params(call, "/event", "to be given: checkpoints are of one event");
                return NULL;
        }
        if (call_text(call, "event") && !state_event(&call->api->state, call_text(call, "event"))) {
                call_fail_not_found(call, "event", call_text(call, "event"));
                return NULL;
        }
        if (call_text(call, "expires_at") && call_instant(call, "expires_at").us <= now.us) {
                call_fail_params(call, "/expires_at", "a time that is still to come");
                return NULL;
        }
        grant = xcalloc(1, sizeof(*grant));
        grant->role = role;
        grant->label = call_text(call, "label");
        grant->event = call_text(call, "event");
        grant->checkpoints = checkpoints ? json_dumps(checkpoints, JSON_COMPACT) : NULL;
        grant->expires_at = call_instant(call, "expires_at");
        grant->minutes = call_int(call, "minutes", 10);
        /* Nobody grants beyond their own token's life. */
        if (maker->token && !instant_is_none(maker->token->expires_at) &&
                (instant_is_none(grant->expires_at) || grant->expires_at.us > maker->token->expires_at.us))
                grant->expires_at = maker->token->expires_at;
        call->own = grant;
        call->own_free = grant_free;
        return grant;
}

static void write_secret(struct call *call, const char *id, const char *name, const char *secret)
{
        struct jsonout out = JSONOUT(&call->kept);

        json_begin_object(&out);
        json_member_text(&out, "id", id);
        json_member_text(&out, name, secret);
        json_end_object(&out);
}

/* The event that it is for stands until it is recorded; false: it has gone, and the call has been answered. */
static bool rely_on_event(struct call *call, struct batch *batch, const struct grant *grant)
{
        const void *event =
                grant->event ? rowset_find(&call->api->state.events, &UUID_NIL, grant->event) : NULL;

        if (event)
                batch_expect(batch, event);
        else if (grant->event)
                call_fail_not_found(call, "event", grant->event);
        return event || !grant->event;
}

static enum decision create_decide(struct call *call, struct batch *batch)
{
        struct grant *grant = call->own;
        _cleanup_(row_unrefp) struct token_row *token = NULL;
        struct token_row fresh;
        uint8_t digest[SECRET_DIGEST];
        char id[32];

        if (!rely_on_event(call, batch, grant))
                return DECISION_ANSWERED;
        id_make("t", id);
        token_secret_make(grant->secret);
        secret_digest(grant->secret, digest);
        row_clear(&fresh, &token_record);
        fresh.row.id = id;
        fresh.row.version = 1;
        fresh.secret_digest = (struct bytes){ digest, sizeof(digest) };
        fresh.role = role_word(grant->role);
        fresh.label = grant->label;
        fresh.event = grant->event;
        fresh.checkpoints = grant->checkpoints;
        fresh.expires_at = grant->expires_at;
        fresh.created_at = batch_now(batch);
        fresh.created_by = call->actor;
        token = row_seal(&fresh);
        batch_add_row(batch, token);
        write_secret(call, id, "token", grant->secret);
        return call_record(call, batch);
}

static void token_create(struct call *call)
{
        if (grant_read(call))
                call_submit(call, &UUID_NIL, create_decide);
}

static const struct param create_params[] = {
        P_WORDS("role", REQ, role_words + 1, NULL, "what it may do, each including those before it"),
        P_RANGE("label", PARAM_TEXT, REQ, 1, 300, "whose it is, for lists and logs"),
        P("event", PARAM_SLUG, 0, "the one event (and its co-located ones) it is for"),
        P_ARRAY("checkpoints", 0, 1000, slug_item, "the checkpoints of that event it is for"),
        P("expires_at", PARAM_INSTANT, 0, "when it ends"),
        PARAM_END,
};
static const struct param create_result[] = {
        P("id", PARAM_TEXT, REQ, "the token's id"),
        P("token", PARAM_TEXT, REQ, "the secret, shown this once"),
        PARAM_END,
};
static const char *const grant_errors[] = { "not_found", "unavailable", NULL };

const struct method token_create_method = {
        .name = "token.create",
        .role = ROLE_ORGANISER,
        .summary = "makes a token and shows its secret once",
        .flags = METHOD_CHANGES | METHOD_NO_KEY | METHOD_ITSELF,
        .params = create_params,
        .result = create_result,
        .errors = grant_errors,
        .handle = token_create,
};

/* ---- token.invite ---- */

static enum decision invite_decide(struct call *call, struct batch *batch)
{
        struct grant *grant = call->own;
        _cleanup_(row_unrefp) struct invite_row *invite = NULL;
        struct invite_row fresh;
        uint8_t digest[SECRET_DIGEST];
        char code[INVITE_CODE_LENGTH + 1], id[32];

        if (!rely_on_event(call, batch, grant))
                return DECISION_ANSWERED;
        id_make("i", id);
        invite_code_make(code);
        secret_digest(code, digest);
        row_clear(&fresh, &invite_record);
        fresh.row.id = id;
        fresh.row.version = 1;
        fresh.code_digest = (struct bytes){ digest, sizeof(digest) };
        fresh.role = role_word(grant->role);
        fresh.label = grant->label;
        fresh.event = grant->event;
        fresh.checkpoints = grant->checkpoints;
        fresh.expires_at = grant->expires_at;
        fresh.good_until.us = batch_now(batch).us + grant->minutes * INSTANT_MINUTE;
        fresh.created_by = call->actor;
        invite = row_seal(&fresh);
        batch_add_row(batch, invite);
        write_secret(call, id, "code", code);
        return call_record(call, batch);
}

static void token_invite(struct call *call)
{
        if (grant_read(call))
                call_submit(call, &UUID_NIL, invite_decide);
}

static const struct param invite_params[] = {
        P_WORDS("role", REQ, role_words + 1, NULL, "what the token may do"),
        P_RANGE("label", PARAM_TEXT, REQ, 1, 300, "whose it is, for lists and logs"),
        P("event", PARAM_SLUG, 0, "the one event (and its co-located ones) it is for"),
        P_ARRAY("checkpoints", 0, 1000, slug_item, "the checkpoints of that event it is for"),
        P("expires_at", PARAM_INSTANT, 0, "when the token ends"),
        { "minutes", PARAM_INT, 0, 1, 10080, NULL, NULL, NULL, "10", "how long the code is good" },
        PARAM_END,
};
static const struct param invite_result[] = {
        P("id", PARAM_TEXT, REQ, "the invitation's id"),
        P("code", PARAM_TEXT, REQ, "the one-time code, for auth.enrol"),
        PARAM_END,
};

const struct method token_invite_method = {
        .name = "token.invite",
        .role = ROLE_DESK,
        .summary = "makes a one-time code, short enough to type, for a token",
        .flags = METHOD_CHANGES | METHOD_NO_KEY | METHOD_ITSELF,
        .params = invite_params,
        .result = invite_result,
        .errors = grant_errors,
        .handle = token_invite,
};

/* ---- token.list ---- */

/* Whose token is bound to an event sees what is bound to it alone. `event` may be NULL. */
static bool sees(const struct call *call, const struct login *login, const char *event)
{
        if (!login->token || !login->token->event)
                return true;
        return event && login_covers(login, &call->api->state, event);
}

static void write_token(const struct token_row *token, struct jsonout *out)
{
        json_begin_object(out);
        json_member_text(out, "id", token->row.id);
        json_member_text(out, "role", token->role);
        json_member_text(out, "label", token->label);
        json_member_text(out, "event", token->event);
        json_member_raw(out, "checkpoints", token->checkpoints);
        json_member_instant(out, "expires_at", token->expires_at, NULL);
        json_member_instant(out, "created_at", token->created_at, NULL);
        json_member_bool(out, "revoked", token->revoked);
        json_member_int(out, "version", token->row.version);
        json_end_object(out);
}

static void token_list(struct call *call)
{
        const struct login *login = peer_session(request_peer(call->request));
        int64_t limit = call_int(call, "limit", 100), written = 0;
        const char *after = call_text(call, "cursor"), *last = NULL;
        const struct token_row *token = NULL;
        _cleanup_(buffer_deinit) struct buffer result = BUFFER_NULL;
        struct jsonout out = JSONOUT(&result);

        json_begin_object(&out);
        json_name(&out, "tokens");
        json_begin_array(&out);
        while (written < limit && (token = rowset_next(&call->api->state.tokens, &UUID_NIL, after))) {
                after = last = token->row.id;
                if (!sees(call, login, token->event))
                        continue;
                write_token(token, &out);
                written++;
        }
        json_end_array(&out);
        json_member_text(&out, "next", token ? last : NULL);
        json_end_object(&out);
        call_answer(call, &result);
}

static const struct param token_members[] = {
        P("id", PARAM_TEXT, REQ, NULL),
        P_WORDS("role", REQ, role_words, NULL, NULL),
        P("label", PARAM_TEXT, REQ, NULL),
        P("event", PARAM_SLUG, NUL, NULL),
        P_ARRAY("checkpoints", NUL, 0, slug_item, NULL),
        P("expires_at", PARAM_INSTANT, NUL, NULL),
        P("created_at", PARAM_INSTANT, REQ, NULL),
        P("revoked", PARAM_BOOL, REQ, NULL),
        P_VERSION,
        PARAM_END,
};
static const struct param token_item[] = { P_OBJECT(NULL, 0, token_members, NULL) };
static const struct param list_params[] = { P_LIMIT, P_CURSOR, PARAM_END };
static const struct param list_result[] = { P_ARRAY("tokens", REQ, 0, token_item, NULL), P_NEXT, PARAM_END };

const struct method token_list_method = {
        .name = "token.list",
        .role = ROLE_ORGANISER,
        .summary = "lists tokens, never their secrets",
        .params = list_params,
        .result = list_result,
        .handle = token_list,
};

/* ---- token.revoke ---- */

/* A token, or an invitation that nobody has used yet. */
static enum decision revoke_decide(struct call *call, struct batch *batch)
{
        const char *id = call_text(call, "id");
        const struct token_row *token = rowset_find(&call->api->state.tokens, &UUID_NIL, id);
        const struct invite_row *invite = rowset_find(&call->api->state.invites, &UUID_NIL, id);
        const struct login *login = call->own;
        bool is_invite = invite && sees(call, login, invite->event);

        if (!is_invite && (!token || !sees(call, login, token->event)))
                return CALL_ANSWERED(call_fail_not_found(call, "token", id));
        buffer_add_text(&call->kept, "{\"revoked\":true}");
        if (!is_invite && token->revoked)
                return call_unchanged(call, batch);
        if (is_invite)
                invite_end(batch, invite);
        else
                token_end(batch, token);
        return call_record(call, batch);
}

static void login_copy_free(void *own)
{
        login_free(own);
}

static void token_revoke(struct call *call)
{
        /* The maker's rights as they are now: the peer may be gone when the turn comes. */
        call->own = login_copy(peer_session(request_peer(call->request)));
        call->own_free = login_copy_free;
        call_claim(call, "token", &UUID_NIL, call_text(call, "id"));
        call_submit(call, &UUID_NIL, revoke_decide);
}

static const struct param revoke_params[] = { P_RANGE("id", PARAM_TEXT, REQ, 1, 64, "the token's id"),
        PARAM_END };
static const struct param revoke_result[] = { P("revoked", PARAM_BOOL, REQ, "true"), PARAM_END };
static const char *const revoke_errors[] = { "not_found", "unavailable", NULL };

const struct method token_revoke_method = {
        .name = "token.revoke",
        .role = ROLE_ORGANISER,
        .summary = "ends a token and closes its live connections at once",
        .flags = METHOD_CHANGES | METHOD_NO_KEY,
        .params = revoke_params,
        .result = revoke_result,
        .errors = revoke_errors,
        .handle = token_revoke,
};
