/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key.*: the keys that sign a family's credentials and the heads of its log. A new one signs what is issued from then
 * on; what older ones have signed stays good.
 */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "api/call.h"
#include "api/keyring.h"
#include "api/methods.h"
#include "api/params.h"

enum { KEYS_MOST = 255 }; /* a credential names its key in one byte */

/* The event whose keys sign for this one: the family's parent. */
static const struct uuid *signer_of(const struct call *call)
{
        return &call->event->family->uuid;
}

static void write_key(const struct signing_key_row *row, const struct zone *zone, struct jsonout *out)
{
        char public_key[65];

        sodium_bin2hex(public_key, sizeof(public_key), row->public_key.data, row->public_key.length);
        json_begin_object(out);
        json_member_int(out, "key", row->number);
        json_member_text(out, "public_key", public_key);
        json_member_instant(out, "created_at", row->created_at, zone);
        json_member_int(out, "version", row->row.version);
        json_end_object(out);
}

/* ---- key.list ---- */

static void key_list(struct call *call)
{
        const struct signing_key_row *row;
        _cleanup_(buffer_deinit) struct buffer result = BUFFER_NULL;
        struct jsonout out = JSONOUT(&result);

        json_begin_object(&out);
        json_name(&out, "keys");
        json_begin_array(&out);
        for (int64_t number = 1; number <= KEYS_MOST; number++) {
                char id[8];

                snprintf(id, sizeof(id), "%lld", (long long)number);
                row = rowset_find(&call->api->state.signing_keys, signer_of(call), id);
                if (row)
                        write_key(row, call->event->programme_event->zone, &out);
        }
        json_end_array(&out);
        json_member_null(&out, "next");
        json_end_object(&out);
        call_answer(call, &result);
}

/* ---- key.rotate ---- */

static enum decision rotate_decide(struct call *call, struct batch *batch)
{
        const struct rowset *keys = &call->api->state.signing_keys;
        _cleanup_(row_unrefp) struct signing_key_row *row = NULL;
        struct jsonout out = JSONOUT(&call->kept);
        const struct signing_key_row *key;
        const char *after = NULL;
        int64_t newest = 0;

        while ((key = rowset_next(keys, signer_of(call), after))) {
                after = key->row.id;
                newest = key->number > newest ? key->number : newest;
        }
        if (newest == KEYS_MOST)
                return CALL_ANSWERED(call_fail_full(call, KEYS_MOST));
        row = keyring_make(call->api->keyring, signer_of(call), newest + 1, batch_now(batch));
        batch_add_row(batch, row);
        write_key(row, call->event->programme_event->zone, &out);
        return call_record(call, batch);
}

static void key_rotate(struct call *call)
{
        call_claim(call, "signing_key", signer_of(call), "");
        call_submit(call, &UUID_NIL, rotate_decide);
}

/* ---- tables ---- */

#define KEY_MEMBERS                                                                                          \
        P("key", PARAM_INT, REQ, "its number, from 1; the highest signs"),                                   \
                P("public_key", PARAM_TEXT, REQ,                                                             \
                        "Ed25519, hexadecimal: what it signed can be checked with it"),                      \
                P("created_at", PARAM_INSTANT, REQ, NULL), P_VERSION

static const struct param key_result[] = { KEY_MEMBERS, PARAM_END };
static const struct param key_item[] = { P_OBJECT(NULL, 0, key_result, NULL) };
static const struct param list_result[] = { P_ARRAY("keys", REQ, 0, key_item, NULL), P_NEXT, PARAM_END };
static const char *const list_errors[] = { "not_found", NULL };
static const char *const rotate_errors[] = { "not_found", "full", "unavailable", NULL };

const struct method key_list_method = {
        .name = "key.list",
        .role = ROLE_DOOR,
        .summary = "lists the keys that sign an event's credentials, public halves alone",
        .flags = METHOD_EVENT,
        .params = params_event_only,
        .result = list_result,
        .errors = list_errors,
        .handle = key_list,
};
const struct method key_rotate_method = {
        .name = "key.rotate",
        .role = ROLE_ADMIN,
        .summary = "makes a new key for what is signed from now on; what older ones signed stays good",
        .flags = METHOD_CHANGES | METHOD_EVENT,
        .params = params_event_only,
        .result = key_result,
        .errors = rotate_errors,
        .handle = key_rotate,
};
