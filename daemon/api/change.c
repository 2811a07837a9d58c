/* SPDX-License-Identifier: Apache-2.0 */
/* The way of a changing call through the store: request key, queue, decision, record, answer. */
#include "api/call.h"

#include <sodium.h>
#include <string.h>

#include "api/api.h"
#include "api/call_private.h"
#include "base/table.h"
#include "base/workers.h"

static uint64_t claim_of(const char *what, const struct uuid *scope, const char *id)
{
        return hash_text(id, hash_bytes(scope->bytes, sizeof(scope->bytes), hash_text(what, 0)));
}

void call_claim(struct call *call, const char *what, const struct uuid *scope, const char *id)
{
        if (call->change.claim_count == CALL_CLAIMS_MAX)
                abort();
        call->claims[call->change.claim_count++] = claim_of(what, scope, id);
        call->change.claims = call->claims;
}

bool call_claimed(struct call *call, const char *what, const struct uuid *scope, const char *id)
{
        uint64_t claim = claim_of(what, scope, id);

        for (size_t i = 0; i < call->change.claim_count; i++)
                if (call->claims[i] == claim)
                        return true;
        call_claim(call, what, scope, id);
        store_submit(call->api->store, &call->change);
        return false;
}

void call_claim_programme(struct call *call, const struct family *family)
{
        call_claim(call, "programme", &family->uuid, "");
}

static struct call *call_of_change(struct change *change)
{
        return (struct call *)((char *)change - offsetof(struct call, change));
}

/* Params by value, the envelope's own aside. */
void call_digest(struct call *call)
{
        json_t *copy;
        char *text;

        if (call->has_digest)
                return;
        copy = json_copy((json_t *)(uintptr_t)call_params(call));
        json_object_del(copy, "request_key");
        json_object_del(copy, "deadline_ms");
        text = json_dumps(copy, JSON_COMPACT | JSON_SORT_KEYS);
        crypto_generichash(
                call->digest, sizeof(call->digest), (const unsigned char *)text, strlen(text), NULL, 0);
        free(text);
        json_decref(copy);
        call->has_digest = true;
}

/* The result goes out: made from what was kept, or that itself. */
static void answer_kept(struct call *call)
{
        json_t *kept;

        if (!call->method->again) {
                call_answer_taken(call, &call->kept);
                return;
        }
        kept = json_loadb(call->kept.data, call->kept.length, 0, NULL);
        call->method->again(call, kept);
        json_decref(kept);
}

static void replay_caught_up(void *context, enum outcome outcome)
{
        struct call *call = context;

        if (outcome == OUTCOME_DONE)
                answer_kept(call);
        else
                call_fail_unavailable(call, false);
}

static void replay(struct call *call, const struct store_result *result)
{
        char digest_text[33];

        call_digest(call);
        sodium_bin2hex(digest_text, sizeof(digest_text), call->digest, sizeof(call->digest));
        if (strcmp(result_text(result, 0, 0), call->actor) != 0 ||
                strcmp(result_text(result, 0, 1), call->method->name) != 0 ||
                strcmp(result_text(result, 0, 2) + 2, digest_text) != 0) {
                call_fail_exists(call, "request_key", call_text(call, "request_key"));
                return;
        }
        call->replayed = true;
        buffer_clear(&call->kept);
        buffer_add_text(&call->kept, result_text(result, 0, 3));
        /* The database may know the first before this daemon's memory does, which the result is made from. */
        if (call->method->again)
                store_catch_up(
                        call->api->store, &call->change.family, call->deadline_us, replay_caught_up, call);
        else
                answer_kept(call);
}

void call_read(struct call *call, enum read_way way, const char *sql, size_t count, const char *const *values,
        void (*done)(void *context, enum outcome outcome, const struct store_result *result))
{
        store_read(call->api->store, way, call->change.patient, sql, count, values, call->deadline_us, done,
                call);
}

static void key_answered(void *context, enum outcome outcome, const struct store_result *result)
{
        struct call *call = context;

        if (outcome == OUTCOME_UNKNOWN) {
                call_fail_unavailable(call, false); /* this call did nothing; an earlier one may have */
        } else if (outcome != OUTCOME_DONE) {
                call_fail_internal(call, "the request key could not be looked up");
        } else if (result_lines(result) > 0) {
                replay(call, result);
        } else {
                store_submit(call->api->store, &call->change);
        }
}

static void key_ask(struct call *call)
{
        char family[37], key[37];
        const char *values[] = { family, key };

        uuid_format(&call->change.family, family);
        uuid_format(&call->request_key, key);
        call_read(call, READ_BY_KEY,
                "SELECT actor, method, params_digest, result FROM usher.request_key_find($1::uuid, $2::uuid)",
                2, values, key_answered);
}

static void digest_work(void *job)
{
        call_digest(job);
}

static void digest_done(void *job, int dropped)
{
        if (dropped)
                call_fail_unavailable(job, true);
        else
                key_ask(job);
}

bool call_put_off(struct call *call)
{
        struct api *api = call->api;

        if (api->deciding != call)
                return false;
        api->deciding = NULL;
        api->put_off = true;
        return true;
}

static void caught_up(void *context, enum outcome outcome)
{
        struct call *call = context;

        call->caught_up = true;
        if (outcome == OUTCOME_DONE)
                store_submit(call->api->store, &call->change);
        else
                call_fail_unavailable(call, !call->has_request_key);
}

int64_t call_patience(const struct call *call)
{
        int64_t until_us = clock_monotonic_us() + call->api->settings->offline_deadline_us;

        return call->change.patient || call->deadline_us < until_us ? call->deadline_us : until_us;
}

/* What changes rows is compared with the database as it is recorded. Other answers are not, so they wait for the feed. */
static void catch_up(struct call *call)
{
        store_catch_up(call->api->store, &call->change.family, call_patience(call), caught_up, call);
}

static bool may_be_put_off(const struct call *call)
{
        return !call->caught_up && !call->change.bulk && !(call->method->flags & METHOD_NO_KEY) &&
               !call_bool(call, "dry_run", false);
}

static enum decision decide_anew(struct call *call, struct batch *batch)
{
        if (call->method->flags & METHOD_EVENT && !(call->method->flags & METHOD_ITSELF)) {
                if (!call_event_again(call))
                        return DECISION_ANSWERED;
        }
        buffer_clear(&call->kept);
        return call->decide(call, batch);
}

static enum decision change_decide(struct change *change, struct batch *batch)
{
        struct call *call = call_of_change(change);
        struct api *api =
                call->api; /* the call may be gone when it has decided, or wait for something else */
        enum decision decision;

        api->put_off = false;
        api->deciding = may_be_put_off(call) ? call : NULL;
        decision = decide_anew(call, batch);
        api->deciding = NULL;
        if (!api->put_off)
                return decision;
        catch_up(call);
        return DECISION_ANSWERED;
}

static void change_applied(struct change *change, const struct batch *batch)
{
        (void)batch;
        answer_kept(call_of_change(change));
}

void call_fail_change(struct call *call, const struct change_failure *failure)
{
        switch (failure->why) {
        case FAILURE_DEADLINE:
                call_fail(call, "deadline", "the deadline passed before the work was begun: nothing was done",
                        NULL);
                return;
        case FAILURE_OFFLINE:
                /* What an earlier call under this key or nonce came to is known to the database alone. */
                call_fail_unavailable(call, !call->has_request_key && !(call->method->flags & METHOD_SCAN));
                return;
        case FAILURE_STALE:
                call_fail_outrun(call);
                return;
        case FAILURE_UNKNOWN:
                call_fail_unavailable(call, false);
                return;
        case FAILURE_KEY_USED:
        case FAILURE_REFUSED:
                call_fail_internal(
                        call, failure->message ? failure->message : "the database refused the change");
                return;
        }
}

static void change_failed(struct change *change, const struct change_failure *failure)
{
        struct call *call = call_of_change(change);

        if (failure->why == FAILURE_KEY_USED)
                key_ask(call);
        else
                call_fail_change(call, failure);
}

/* The database names a used request key as {"key": "…"}. */
static bool change_owns_key(const struct change *change, const char *detail)
{
        const struct call *call = call_of_change((struct change *)(uintptr_t)change);
        char key[37];

        uuid_format(&call->request_key, key);
        return call->has_request_key && strstr(detail, key);
}

static const struct change_kind call_change_kind = {
        .decide = change_decide,
        .applied = change_applied,
        .owns_key = change_owns_key,
        .failed = change_failed,
};

void call_submit(
        struct call *call, const struct uuid *family, enum decision (*decide)(struct call *, struct batch *))
{
        call->decide = decide;
        call->change.kind = &call_change_kind;
        call->change.family = *family;
        call->change.deadline_us = call->deadline_us;
        if (call->has_request_key) {
                char key[37];

                /* Two calls under one key that met in a batch would both find it used. */
                uuid_format(&call->request_key, key);
                call_claim(call, "request_key", family, key);
                if (request_is_large(call->request) && !call->has_digest)
                        workers_submit(call->api->workers, digest_work, digest_done, call);
                else
                        key_ask(call);
        } else {
                store_submit(call->api->store, &call->change);
        }
}

enum decision call_record(struct call *call, struct batch *batch)
{
        if (call->has_request_key) {
                call_digest(call);
                batch_add_request_key(batch, &call->request_key, call->actor, call->method->name,
                        call->digest, call->kept.data);
        }
        return DECISION_RECORD;
}

enum decision call_unchanged(struct call *call, struct batch *batch)
{
        if (call_put_off(call))
                return DECISION_ANSWERED;
        if (call->has_request_key)
                return call_record(call, batch);
        answer_kept(call);
        return DECISION_ANSWERED;
}
