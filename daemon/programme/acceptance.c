/* SPDX-License-Identifier: Apache-2.0 */
#include "programme/acceptance.h"

#include <stdio.h>
#include <string.h>

enum { ACCEPTANCE_ID_MAX = 320 };

/* The id of the row that accepts a conflict: "kind event/session event/session", events as UUIDs. */
static void acceptance_id(const struct conflict *conflict, char out[static ACCEPTANCE_ID_MAX])
{
        char a[37], b[37];

        uuid_format(&conflict->event[0], a);
        if (conflict->count == 1) {
                snprintf(out, ACCEPTANCE_ID_MAX, "%s %s/%s", conflict_kind_word(conflict->kind), a,
                        conflict->session[0]);
                return;
        }
        uuid_format(&conflict->event[1], b);
        snprintf(out, ACCEPTANCE_ID_MAX, "%s %s/%s %s/%s", conflict_kind_word(conflict->kind), a,
                conflict->session[0], b, conflict->session[1]);
}

const struct acceptance_row *acceptance_find(
        const struct programme *programme, const struct conflict *conflict)
{
        char id[ACCEPTANCE_ID_MAX];

        acceptance_id(conflict, id);
        return rowset_find(&programme->acceptances, &UUID_NIL, id);
}

struct acceptance_row *acceptance_new(const struct programme *programme, const struct conflict *conflict)
{
        struct acceptance_row fresh;
        char id[ACCEPTANCE_ID_MAX];

        acceptance_id(conflict, id);
        row_clear(&fresh, &acceptance_record);
        fresh.row.family = programme->family;
        fresh.row.id = id;
        fresh.row.version = rowset_version(&programme->acceptances, &UUID_NIL, id) + 1;
        fresh.conflict = conflict_kind_word(conflict->kind);
        fresh.a_event = conflict->event[0];
        fresh.a_session = conflict->session[0];
        if (conflict->count == 2) {
                fresh.b_event = conflict->event[1];
                fresh.b_session = conflict->session[1];
        }
        fresh.accepted_by = conflict->accepted_by;
        fresh.accepted_at = conflict->accepted_at;
        return row_seal(&fresh);
}
