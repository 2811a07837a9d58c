/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request on its way through api/: from dispatch to the one answer it gets. A call carries its peer's rights as
 * they were when it began, its checked parameters, and, when it changes something, its place in the store's queue.
 *
 * A reading method answers in `handle`. A changing one calls call_submit() there; the store calls its `decide` when
 * its turn has come (again after every stale batch), and the answer goes out once the batch is durable.
 */
#pragma once

#include "api/arguments.h"
#include "api/method.h"
#include "api/state.h"
#include "base/buffer.h"
#include "base/cleanup.h"
#include "store/store.h"
#include "wire/wire.h"

struct api;

enum { CALL_CLAIMS_MAX = 25 };

struct call {
        struct api *api;
        struct request *request;
        const struct method *method;
        struct arguments arguments; /* where the params are flat */
        enum role role; /* as it began */
        const char *actor; /* who: a token's id, or "uid:0"; for request keys and `by` */
        const char *label; /* the token's label, or the uid's name */
        int64_t deadline_us;
        struct event_state
                *event; /* METHOD_EVENT: found before `handle`; found again before every `decide` */
        struct uuid event_uuid; /* of that one: another that bears its slug later is not meant */

        struct change change;
        enum decision (*decide)(struct call *call, struct batch *batch);
        uint64_t claims[CALL_CLAIMS_MAX];
        struct uuid request_key; /* nil: none */
        bool has_request_key, replayed;
        bool caught_up; /* with other daemons: what memory says is as new as this call */
        bool has_digest; /* call_digest was asked already, on a helper thread */
        uint8_t digest[16];
        struct buffer kept; /* the result's JSON (or what `again` makes it from), set by decide */
        void *own; /* the method's, freed with own_free */
        void (*own_free)(void *own);
        char texts[]; /* of the arguments, and of who calls: a login may end before its calls do */
};

/* ---- parameters: checked already; absent and null are the fallback ---- */

const json_t *call_params(const struct call *call); /* all of them: an object */
const json_t *call_param(const struct call *call, const char *name); /* NULL when absent or null */
bool call_gives(const struct call *call, const char *name); /* neither absent nor null */
bool call_has(const struct call *call, const char *name); /* given, null included */
const char *call_text(const struct call *call, const char *name); /* NULL when absent */
int64_t call_int(const struct call *call, const char *name, int64_t fallback);
bool call_bool(const struct call *call, const char *name, bool fallback);
struct instant call_instant(const struct call *call, const char *name); /* INSTANT_NONE when absent */
struct date call_date(const struct call *call, const char *name);

/* After a wait: finds the event again. False: it has gone, or another bears its slug; the call has been answered. */
bool call_event_again(struct call *call);

/* ---- answers: each ends the call (and frees it) ---- */

void call_answer(struct call *call, const struct buffer *result_json);
/* Takes the text: a large one is not copied. */
void call_answer_taken(struct call *call, struct buffer *result_json);
void call_answer_shared(
        struct call *call, const char *json, size_t length, void (*release)(void *), void *context);
void call_fail_params(struct call *call, const char *path, const char *expected); /* -32602 */
void call_fail_not_found(struct call *call, const char *what, const char *id);
void call_fail_exists(struct call *call, const char *what, const char *id);
void call_fail_full(struct call *call, int64_t capacity);
void call_fail_in_use(struct call *call, const struct row *const *by, size_t count);
void call_fail_forbidden(struct call *call, const char *needs); /* needs NULL: no role would do */
void call_fail_unavailable(struct call *call, bool known_not_done);
void call_fail_outrun(struct call *call); /* by others, who change the same rows again and again */
void call_fail_internal(
        struct call *call, const char *log); /* `log` goes to the log, under the request's id */
/* Any other: message for a person, the members after kind (JSON without braces, or NULL). */
void call_fail(struct call *call, const char *kind, const char *message, const char *more_json);

/* ---- changes ---- */

void call_claim(struct call *call, const char *what, const struct uuid *scope, const char *id);
/*
 * Inside decide: whether it claimed that. False: it seemed not to depend on it when it was submitted. It does claim it
 * now, and queues again; the decision has to be DECISION_ANSWERED.
 */
bool call_claimed(struct call *call, const char *what, const struct uuid *scope, const char *id);
/* Every change of the programme of a family makes this one claim. */
void call_claim_programme(struct call *call, const struct family *family);
/* Joins the store's queue (after asking for the request key's earlier result, where one is given). */
void call_submit(
        struct call *call, const struct uuid *family, enum decision (*decide)(struct call *, struct batch *));
/* Until when (monotonic) it waits for what needs a database, which may be away. */
int64_t call_patience(const struct call *call);
/* One statement that reads, until the call's deadline; `done` gets the call. */
void call_read(struct call *call, enum read_way way, const char *sql, size_t count, const char *const *values,
        void (*done)(void *context, enum outcome outcome, const struct store_result *result));
/* if_version, where given, is not `version`: answers stale and returns true. */
bool call_is_stale(struct call *call, int64_t version);
/* Inside decide, `return CALL_ANSWERED(call_fail_…)`: fails the call there, and says so to the store. */
#define CALL_ANSWERED(expression) ((expression), DECISION_ANSWERED)
/* Inside decide: nothing has to be recorded; `call->kept` is the result (request key or not). */
enum decision call_unchanged(struct call *call, struct batch *batch);
/* What a request key was used for, into `digest`: for params that are too large to be dumped on the loop. */
void call_digest(struct call *call);
/* Inside decide: adds the request key's record, if one is given. Call last, when `kept` is complete. */
enum decision call_record(struct call *call, struct batch *batch);
