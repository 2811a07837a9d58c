/* SPDX-License-Identifier: Apache-2.0 */
/* The methods and what they stand on. main.c makes one, api/ alone looks inside. */
#pragma once

#include "api/state.h"
#include "settings/settings.h"
#include "store/store.h"
#include "wire/wire.h"

struct arrivals;
struct call;
struct signatures;
struct event_base;
struct folds;
struct refold;
struct workers;

/* Whoever made it is told. */
struct api_owner {
        void *context;
        void (*loaded)(void *context); /* memory holds everything */
        void (*failed)(void *context, const char *why); /* it cannot go on */
};

struct api {
        struct event_base *base;
        struct workers *workers;
        const struct settings *settings;
        struct wire *wire;
        struct store *store;
        struct state state;
        struct login_guard *guard; /* failed logins by address */
        struct nonces *nonces; /* of the latest scans */
        struct arrivals *arrivals; /* scans of this turn of the loop */
        struct call *deciding; /* inside its first decision; NULL: none is */
        bool put_off; /* … set instead of an answer that may rest on old memory */
        struct signatures *signatures; /* scans that wait for their signature's */
        struct keyring *keyring; /* the events' signing keys, opened */
        struct buffer description; /* server.describe's answer of all methods, once asked for */
        struct instant database_since;
        enum store_state database;
        bool loaded;
        uid_t uid;
        struct folds *folds; /* what folds names for search */
        struct refold *refold; /* … and those whose text is of another fold */
        struct api_owner owner;
};

int api_new(struct event_base *base, struct workers *workers, const struct settings *settings,
        const struct api_owner *owner, struct api **apip);
struct api *api_free(struct api *api);
void api_attach(struct api *api, struct wire *wire, struct store *store);
struct wire_owner api_wire_owner(struct api *api);
struct store_handlers api_store_handlers(struct api *api);
/* Closes what tokens opened that have expired by now. */
void api_close_expired(struct api *api, struct instant now);
