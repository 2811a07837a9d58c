/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of parameter tables that many methods share. */
#pragma once

#include "api/method.h"

#define REQ PARAM_REQUIRED
#define NUL (PARAM_REQUIRED | PARAM_NULLABLE) /* of a result: there, perhaps null */

#define P(name, type, flags, summary)                                                                        \
        {                                                                                                    \
                name, type, flags, 0, 0, NULL, NULL, NULL, NULL, summary                                     \
        }
#define P_RANGE(name, type, flags, min, max, summary)                                                        \
        {                                                                                                    \
                name, type, flags, min, max, NULL, NULL, NULL, NULL, summary                                 \
        }
#define P_WORDS(name, flags, words, fallback, summary)                                                       \
        {                                                                                                    \
                name, PARAM_WORD, flags, 0, 0, words, NULL, NULL, fallback, summary                          \
        }
#define P_ARRAY(name, flags, max, items, summary)                                                            \
        {                                                                                                    \
                name, PARAM_ARRAY, flags, 0, max, NULL, items, NULL, NULL, summary                           \
        }
#define P_OBJECT(name, flags, members, summary)                                                              \
        {                                                                                                    \
                name, PARAM_OBJECT, flags, 0, 0, NULL, NULL, members, NULL, summary                          \
        }
#define P_MAP(name, flags, items, words, summary)                                                            \
        {                                                                                                    \
                name, PARAM_MAP, flags, 0, 0, words, items, NULL, NULL, summary                              \
        }

#define P_EVENT P("event", PARAM_SLUG, REQ, "the event's slug")
#define P_IF_VERSION                                                                                         \
        P_RANGE("if_version", PARAM_INT, 0, 0, INT64_MAX,                                                    \
                "only if its version is this one; 0: only if it does not exist")
#define P_LIMIT                                                                                              \
        {                                                                                                    \
                "limit", PARAM_INT, 0, 1, 1000, NULL, NULL, NULL, "100", "at most so many"                   \
        }
#define P_CURSOR P("cursor", PARAM_CURSOR, 0, "where an earlier answer's `next` says to go on")
#define P_DRY_RUN                                                                                            \
        {                                                                                                    \
                "dry_run", PARAM_BOOL, 0, 0, 0, NULL, NULL, NULL, "false", "judge and change nothing"        \
        }
#define P_VERSION P("version", PARAM_INT, REQ, "grows with each change")
#define P_NEXT P("next", PARAM_CURSOR, NUL, "the cursor of the next page; null: this was the last")

enum {
        TEXT_LONG = 65536,
        PAGE_BYTES_MAX = 4 << 20, /* of an answer in pages */
};

extern const struct param slug_item[], text_item[], period_item[];
extern const struct param result_deleted[];
extern const struct param params_event_only[];
