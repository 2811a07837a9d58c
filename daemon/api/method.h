/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Methods are declared, not coded: one row a method. Validation, server.describe, the client's help, the tables of
 * docs/protocol.md and what the tests hold every reply to all come from these rows.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/jsonout.h"

struct call;

enum role { ROLE_PUBLIC, ROLE_DOOR, ROLE_DESK, ROLE_ORGANISER, ROLE_ADMIN };

enum param_type {
        PARAM_SLUG,
        PARAM_TEXT, /* min..max characters (max 0: 300) */
        PARAM_INT, /* min..max */
        PARAM_BOOL,
        PARAM_INSTANT, /* RFC 3339 with an offset */
        PARAM_DATE,
        PARAM_TIME, /* "HH:MM" */
        PARAM_UUID,
        PARAM_WORD, /* one of `words` */
        PARAM_PERIOD, /* [from, to] of instants, from < to */
        PARAM_ARRAY, /* of `items`, min..max of them */
        PARAM_OBJECT, /* of `members` */
        PARAM_MAP, /* any names -> `items`; names are one of `words` where given, else texts */
        PARAM_ZONE, /* an IANA time zone that this machine knows */
        PARAM_COLOUR, /* "#rrggbb" */
        PARAM_COUNTRY, /* ISO 3166-1 alpha-2 */
        PARAM_CURSOR, /* opaque */
        PARAM_ANY,
        PARAM_NULL, /* results: always null */
        PARAM_ONE_OF, /* any of `members` by type, their names ignored (a word or a number: version) */
};

enum {
        PARAM_TEXT_MAX = 300, /* characters, where a row gives no max */
        PARAM_MAP_MAX = 1000, /* members of a map */
};

enum {
        PARAM_REQUIRED = 1, /* params: must be given; results: always there */
        PARAM_NULLABLE =
                2, /* results: may be null. Params: null means absent always; with this flag it means "clear" */
        PARAM_BY_ONE =
                4, /* an array whose items the method judges one by one: one that does not fit fails alone */
};

struct param {
        const char *name;
        enum param_type type;
        unsigned flags;
        int64_t min, max;
        const char *const *words; /* NULL-terminated */
        const struct param *items; /* PARAM_ARRAY, PARAM_MAP */
        const struct param *members; /* PARAM_OBJECT, PARAM_ONE_OF; ends with a NULL name */
        const char *fallback; /* the default as JSON text; NULL: none */
        const char *summary;
};

#define PARAM_END                                                                                            \
        {                                                                                                    \
                NULL, PARAM_ANY, 0, 0, 0, NULL, NULL, NULL, NULL, NULL                                       \
        }

enum method_flags {
        METHOD_CHANGES = 1, /* takes request_key; ordered as a change */
        METHOD_SCAN = 2, /* ordered as a scan */
        METHOD_LOGIN = 4,
        METHOD_FREE = 8, /* no order at all: server.ping */
        METHOD_NO_KEY = 16, /* changes, but takes no request_key (token.*, auth.*, checkin.scan) */
        METHOD_EVENT =
                32, /* `event` names the event that the token must cover; found before the handler: call->event */
        METHOD_ITSELF =
                64, /* with METHOD_EVENT: the handler finds the event itself (event.put may create it) */
};

struct method {
        const char *name;
        enum role role;
        const char *summary;
        unsigned flags;
        const struct param *params; /* ends with PARAM_END */
        const struct param *result; /* the result's members; ends with PARAM_END */
        const char *const
                *errors; /* the kinds it may answer with beyond those every method may; NULL-terminated */
        void (*handle)(struct call *call); /* answers (call_answer, call_fail_*) or submits (call_submit) */
        /* Of a changing method: makes the whole result again from what stands now and from what was kept; NULL: kept whole. */
        void (*again)(struct call *call, const json_t *kept);
};

/* All methods, by name; NULL-terminated. */
extern const struct method *const method_table[];
const struct method *method_find(const char *name);
