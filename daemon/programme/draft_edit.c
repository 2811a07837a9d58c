/* SPDX-License-Identifier: Apache-2.0 */
#include "programme/draft_edit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "programme/acceptance.h"

static struct overlay overlay_of(const struct draft_edit *edit)
{
        return (struct overlay){
                .sessions = edit->sessions,
                .count = edit->count,
                .accept = edit->accept,
                .accepted_by = edit->by,
                .accepted_at = edit->at,
        };
}

bool draft_edit_judge(struct draft_edit *edit)
{
        struct overlay overlay = overlay_of(edit);

        conflict_list_deinit(&edit->conflicts);
        conflicts_of_change(edit->programme, &overlay, &edit->conflicts);
        return !conflicts_refuse(&edit->conflicts);
}

void draft_edit_deinit(struct draft_edit *edit)
{
        conflict_list_deinit(&edit->conflicts);
}

static const struct placement_row *placed_now(
        const struct draft_edit *edit, const struct overlay_session *session)
{
        return rowset_find(&edit->programme->placements, &session->event, session->id);
}

static bool is_moved(const struct placement_row *before, const struct overlay_session *after)
{
        if (!before || !after->placed)
                return before || after->placed;
        return strcmp(before->room, after->room) != 0 || before->starts_at.us != after->starts_at.us ||
               before->ends_at.us != after->ends_at.us;
}

/* Whether any placement differs from what stands: only then the draft's version grows. */
static bool moves_anything(const struct draft_edit *edit)
{
        for (size_t i = 0; i < edit->count; i++)
                if (is_moved(placed_now(edit, &edit->sessions[i]), &edit->sessions[i]))
                        return true;
        return false;
}

/* ---- placements ---- */

/* Outside the exclusion constraints stands what clashes with leave: accepted, or by the family's rules. One flag a session. */
static bool *find_exempt(const struct draft_edit *edit)
{
        /* Rules set to "ignore" list nothing, and let pass what the constraints would not. */
        bool ignored = conflict_rule(edit->programme, CONFLICT_ROOM_TAKEN) == RULE_IGNORE ||
                       conflict_rule(edit->programme, CONFLICT_SPEAKER_TAKEN) == RULE_IGNORE;
        bool *exempt = xcalloc(edit->count + 1, sizeof(*exempt));
        struct overlay overlay = overlay_of(edit);

        for (size_t i = 0; i < edit->count; i++)
                exempt[i] = ignored || (edit->sessions[i].session && edit->sessions[i].session->cancelled);
        for (size_t i = 0; i < edit->conflicts.count; i++) {
                const struct conflict *conflict = &edit->conflicts.items[i];

                if (conflict->kind != CONFLICT_ROOM_TAKEN && conflict->kind != CONFLICT_SPEAKER_TAKEN)
                        continue;
                for (size_t j = 0; j < conflict->count; j++) {
                        const struct overlay_session *touched =
                                overlay_find(&overlay, &conflict->event[j], conflict->session[j]);

                        if (touched)
                                exempt[touched - edit->sessions] = true;
                }
        }
        return exempt;
}

static void add_placement(const struct draft_edit *edit, const struct overlay_session *session, bool exempt,
        struct rowlist *rows)
{
        const struct placement_row *before = placed_now(edit, session);
        struct placement_row fresh;
        void *row;

        if (!session->placed) {
                if (before)
                        rowlist_add(rows, row_tombstone(&before->row, before->row.version + 1));
                return;
        }
        row_clear(&fresh, &placement_record);
        fresh.row.family = edit->programme->family;
        fresh.row.event = session->event;
        fresh.row.id = session->id;
        fresh.row.version = rowset_version(&edit->programme->placements, &session->event, session->id) + 1;
        fresh.room = session->room;
        fresh.starts_at = session->starts_at;
        fresh.ends_at = session->ends_at;
        fresh.exempt = exempt;
        row = row_seal(&fresh);
        if (before && row_same(before, row))
                row_unref(row);
        else
                rowlist_add(rows, row);
}

/* ---- acceptances ---- */

static int pointer_compare(const void *a, const void *b)
{
        uintptr_t one = (uintptr_t)(*(const void *const *)a), other = (uintptr_t)(*(const void *const *)b);

        return one < other ? -1 : one > other;
}

static bool is_touched(const struct overlay *overlay, const struct acceptance_row *row)
{
        return overlay_find(overlay, &row->a_event, row->a_session) ||
               (row->b_session && overlay_find(overlay, &row->b_event, row->b_session));
}

/* What is accepted now is kept; what was accepted of a touched session and is no more has ended. */
void draft_edit_acceptances(const struct draft_edit *edit, struct rowlist *rows)
{
        const struct rowset *acceptances = &edit->programme->acceptances;
        _cleanup_(freep) const void **holding = xcalloc(edit->conflicts.count + 1, sizeof(*holding));
        const struct acceptance_row *standing;
        struct overlay overlay = overlay_of(edit);
        size_t index = 0, count = 0;

        for (size_t i = 0; i < edit->conflicts.count; i++) {
                const struct conflict *conflict = &edit->conflicts.items[i];

                if (conflict->accepted_now)
                        rowlist_add(rows, acceptance_new(edit->programme, conflict));
                else if (conflict->standing)
                        holding[count++] = conflict->standing;
        }
        qsort(holding, count, sizeof(*holding), pointer_compare);
        while ((standing = rowset_each(acceptances, &index))) {
                if (!is_touched(&overlay, standing) ||
                        bsearch(&standing, holding, count, sizeof(*holding), pointer_compare))
                        continue;
                rowlist_add(rows, row_tombstone(&standing->row, standing->row.version + 1));
        }
}

/* ---- history ---- */

static void write_place(const char *name, bool placed, const char *room, struct instant from,
        struct instant to, struct jsonout *out)
{
        json_name(out, name);
        if (!placed) {
                json_null_value(out);
                return;
        }
        json_begin_object(out);
        json_member_text(out, "room", room);
        json_member_instant(out, "start", from, NULL);
        json_member_instant(out, "end", to, NULL);
        json_end_object(out);
}

static void write_moves(const struct draft_edit *edit, struct jsonout *out)
{
        json_begin_array(out);
        for (size_t i = 0; i < edit->count; i++) {
                const struct overlay_session *after = &edit->sessions[i];
                const struct placement_row *before = placed_now(edit, after);

                if (!is_moved(before, after))
                        continue;
                json_begin_object(out);
                json_member_text(out, "session", after->id);
                write_place("before", before, before ? before->room : NULL,
                        before ? before->starts_at : INSTANT_NONE, before ? before->ends_at : INSTANT_NONE,
                        out);
                write_place("after", after->placed, after->room, after->starts_at, after->ends_at, out);
                json_end_object(out);
        }
        json_end_array(out);
}

static void add_history(const struct draft_edit *edit, int64_t version, struct rowlist *rows)
{
        _cleanup_(buffer_deinit) struct buffer json = BUFFER_NULL;
        struct jsonout out = JSONOUT(&json);
        struct draft_change_row fresh;
        char id[24];

        write_moves(edit, &out);
        snprintf(id, sizeof(id), "%lld", (long long)version);
        row_clear(&fresh, &draft_change_record);
        fresh.row.family = edit->programme->family;
        fresh.row.event = edit->event;
        fresh.row.id = id;
        fresh.row.version = 1;
        fresh.changed_at = edit->at;
        fresh.changed_by = edit->by;
        fresh.what = edit->what;
        fresh.placements = buffer_text(&json);
        rowlist_add(rows, row_seal(&fresh));
}

static void add_draft(const struct draft_edit *edit, int64_t version, struct rowlist *rows)
{
        struct draft_row fresh;

        row_clear(&fresh, &draft_record);
        fresh.row.family = edit->programme->family;
        fresh.row.event = edit->event;
        fresh.row.id = "";
        fresh.row.version = version;
        rowlist_add(rows, row_seal(&fresh));
}

int64_t draft_edit_rows(const struct draft_edit *edit, struct rowlist *rows)
{
        int64_t version = programme_draft_version(edit->programme, &edit->event);
        _cleanup_(freep) bool *exempt = find_exempt(edit);

        if (moves_anything(edit)) {
                version++;
                add_draft(edit, version, rows);
                add_history(edit, version, rows);
        }
        for (size_t i = 0; i < edit->count; i++)
                add_placement(edit, &edit->sessions[i], exempt[i], rows);
        draft_edit_acceptances(edit, rows);
        return version;
}
