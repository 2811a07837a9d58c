/* SPDX-License-Identifier: Apache-2.0 */
#include "api/api.h"

#include <event2/event.h>
#include <string.h>

#include "api/arrivals.h"
#include "api/signatures.h"
#include "api/dispatch.h"
#include "api/folds.h"
#include "api/guard.h"
#include "api/keyring.h"
#include "api/login.h"
#include "api/nonces.h"
#include "api/refold.h"
#include "api/token_rights.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"

/* ---- tokens that end ---- */

struct closing {
        const char *token_id;
        struct instant now; /* INSTANT_NONE, or: whatever has expired by then */
};

static void close_if_token(void *context, struct peer *peer)
{
        const struct closing *closing = context;
        const struct login *login = peer_session(peer);
        const struct token_row *token = login ? login->token : NULL;

        if (!token)
                return;
        if (closing->token_id ? strcmp(token->row.id, closing->token_id) == 0
                              : !token_is_good(token, closing->now))
                peer_close(peer, "revoked");
}

static void close_token(struct api *api, const char *token_id)
{
        struct closing closing = { token_id, INSTANT_NONE };

        if (api->wire)
                wire_each_peer(api->wire, close_if_token, &closing);
}

static void state_changed(void *context, const struct row *row)
{
        const struct token_row *token = (const struct token_row *)row;
        struct api *api = context;

        if (row->record == &token_record && (row->deleted || token->revoked))
                close_token(api, row->id);
        else if (row->record == &registration_record)
                refold_look(api->refold, state_event_by_uuid(&api->state, &row->event));
}

int api_new(struct event_base *base, struct workers *workers, const struct settings *settings,
        const struct api_owner *owner, struct api **apip)
{
        struct api *api = xcalloc(1, sizeof(*api));
        int r;

        api->base = base;
        api->workers = workers;
        api->settings = settings;
        api->owner = *owner;
        api->database = STORE_OFFLINE;
        api->database_since = clock_now();
        api->uid = geteuid();
        api->guard = login_guard_new();
        api->nonces = nonces_new();
        api->arrivals = arrivals_new(base);
        api->signatures = signatures_new(base);
        api->folds = folds_new(workers);
        api->refold = refold_new(api);
        state_init(&api->state);
        api->state.context = api;
        api->state.changed = state_changed;
        r = keyring_new(settings->state_dir, &api->keyring);
        if (r) {
                api_free(api);
                return error_fold(r);
        }
        *apip = api;
        return 0;
}

struct api *api_free(struct api *api)
{
        if (!api)
                return NULL;
        refold_free(api->refold);
        folds_free(api->folds);
        keyring_free(api->keyring);
        login_guard_free(api->guard);
        buffer_deinit(&api->description);
        nonces_free(api->nonces);
        arrivals_free(api->arrivals);
        signatures_free(api->signatures);
        state_deinit(&api->state);
        free(api);
        return NULL;
}

void api_attach(struct api *api, struct wire *wire, struct store *store)
{
        api->wire = wire;
        api->store = store;
}

/* ---- the wire's side ---- */

static void peer_joined(void *context, struct peer *peer)
{
        struct api *api = context;
        struct login *login = login_new(peer, api->uid);

        peer_set_session(peer, login);
        if (login->role > ROLE_PUBLIC) {
                peer_set_logged_in(peer, true);
                peer_set_limits(peer, &api->settings->limits_organiser);
        }
}

static void peer_left(void *context, struct peer *peer)
{
        (void)context;
        peer_set_session(peer, login_free(peer_session(peer)));
}

struct wire_owner api_wire_owner(struct api *api)
{
        return (struct wire_owner){ api, dispatch_order, dispatch_begin, peer_joined, peer_left };
}

void api_close_expired(struct api *api, struct instant now)
{
        struct closing closing = { NULL, now };

        if (api->wire)
                wire_each_peer(api->wire, close_if_token, &closing);
}

/* ---- the store's side ---- */

static void row_applied(void *context, const void *row, bool own)
{
        struct api *api = context;

        (void)own;
        state_apply(&api->state, row);
}

static void scans_applied(void *context, const struct scan_row *const *scans, size_t count)
{
        struct api *api = context;

        state_apply_scans(&api->state, scans, count);
}

static void refused_applied(
        void *context, const struct uuid *event, const char *checkpoint, const char *reason, int64_t count)
{
        struct api *api = context;

        state_apply_refused(&api->state, event, checkpoint, reason, count);
}

static void store_changed(void *context, enum store_state state, struct instant since)
{
        struct api *api = context;

        api->database = state;
        api->database_since = since;
        log_info("the database is %s", state == STORE_ONLINE ? "online" : "offline");
}

static void store_loaded(void *context)
{
        struct api *api = context;

        api->loaded = true;
        memory_give_back();
        api->owner.loaded(api->owner.context);
}

static void store_failed(void *context, const char *why)
{
        struct api *api = context;

        api->owner.failed(api->owner.context, why);
}

struct store_handlers api_store_handlers(struct api *api)
{
        return (struct store_handlers){
                .context = api,
                .records = state_records,
                .apply = row_applied,
                .apply_scans = scans_applied,
                .apply_refused = refused_applied,
                .loaded = store_loaded,
                .state = store_changed,
                .failed = store_failed,
        };
}
