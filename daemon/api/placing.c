/* SPDX-License-Identifier: Apache-2.0 */
#include "api/placing.h"

#include <string.h>

#include "api/noun.h"
#include "api/params.h"
#include "programme/acceptance.h"

static const char *const severity_words[] = { "hard", "warning", NULL };
#define X(name, word, hard) word,
static const char *const kind_words[] = { CONFLICT_KINDS(X) NULL };
#undef X

const struct param accept_item[] = { P_WORDS(NULL, 0, kind_words, NULL, NULL) };
static const struct param accepted_members[] = {
        P("by", PARAM_TEXT, REQ, NULL),
        P("at", PARAM_INSTANT, REQ, NULL),
        PARAM_END,
};
static const struct param conflict_members[] = {
        P_WORDS("kind", REQ, kind_words, NULL, NULL),
        P_WORDS("severity", REQ, severity_words, NULL, NULL),
        P("message", PARAM_TEXT, REQ, NULL),
        P_ARRAY("sessions", REQ, 0, text_item, "one of another event of the family as event/session"),
        P("room", PARAM_SLUG, 0, NULL),
        P("speaker", PARAM_SLUG, 0, NULL),
        P("from", PARAM_INSTANT, PARAM_NULLABLE, NULL),
        P("to", PARAM_INSTANT, PARAM_NULLABLE, NULL),
        P_OBJECT("accepted", 0, accepted_members, NULL),
        PARAM_END,
};
const struct param conflict_item[] = { P_OBJECT(NULL, 0, conflict_members, NULL) };
const char *const place_errors[] = { "not_found", "stale", "conflict", "unavailable", NULL };

bool placing_read_accept(struct call *call, unsigned *accept)
{
        json_t *word;
        size_t i;

        *accept = 0;
        json_array_foreach((json_t *)(uintptr_t)call_param(call, "accept"), i, word)
        {
                enum conflict_kind kind;

                if (conflict_kind_parse(json_string_value(word), &kind))
                        *accept |= 1U << kind;
        }
        return true;
}

bool placing_judge(struct placing *placing, struct instant now)
{
        struct overlay overlay = {
                .sessions = placing->sessions,
                .count = placing->count,
                .accept = placing->accept_all ? ~0U : placing->accept,
                .accepted_by = placing->call->label,
                .accepted_at = now,
        };

        conflict_list_deinit(&placing->conflicts);
        conflicts_of_change(placing->event->family->programme, &overlay, &placing->conflicts);
        return !conflicts_refuse(&placing->conflicts);
}

static const struct placement_row *placed_now(
        const struct placing *placing, const struct overlay_session *session)
{
        return rowset_find(&placing->event->family->programme->placements, &session->event, session->id);
}

static bool is_moved(const struct placement_row *before, const struct overlay_session *after)
{
        if (!before || !after->placed)
                return before || after->placed;
        return strcmp(before->room, after->room) != 0 || before->starts_at.us != after->starts_at.us ||
               before->ends_at.us != after->ends_at.us;
}

bool placing_moves(const struct placing *placing)
{
        for (size_t i = 0; i < placing->count; i++)
                if (is_moved(placed_now(placing, &placing->sessions[i]), &placing->sessions[i]))
                        return true;
        return false;
}

/* Outside the exclusion constraints stands what clashes with leave: accepted, or by the family's rules. */
static bool is_exempt(const struct placing *placing, const struct overlay_session *session)
{
        if (session->session && session->session->cancelled)
                return true;
        for (size_t i = 0; i < placing->conflicts.count; i++) {
                const struct conflict *conflict = &placing->conflicts.items[i];

                if (conflict->kind != CONFLICT_ROOM_TAKEN && conflict->kind != CONFLICT_SPEAKER_TAKEN)
                        continue;
                for (size_t j = 0; j < conflict->count; j++)
                        if (uuid_equal(&conflict->event[j], &session->event) &&
                                strcmp(conflict->session[j], session->id) == 0)
                                return true;
        }
        return false;
}

/* Rules set to "ignore" list nothing, and let pass what the constraints would not. */
static bool is_ignored(const struct placing *placing)
{
        const struct programme *programme = placing->event->family->programme;

        return conflict_rule(programme, CONFLICT_ROOM_TAKEN) == RULE_IGNORE ||
               conflict_rule(programme, CONFLICT_SPEAKER_TAKEN) == RULE_IGNORE;
}

static void record_placement(
        struct placing *placing, struct batch *batch, const struct overlay_session *session)
{
        const struct programme *programme = placing->event->family->programme;
        const struct placement_row *before = placed_now(placing, session);
        _cleanup_(row_unrefp) struct placement_row *row = NULL;
        struct placement_row fresh;

        if (!session->placed) {
                if (!before)
                        return;
                row = row_tombstone(&before->row, before->row.version + 1);
                batch_add_row(batch, &placing->call->change, row);
                return;
        }
        row_clear(&fresh, &placement_record);
        fresh.row.family = programme->family;
        fresh.row.event = session->event;
        fresh.row.id = session->id;
        fresh.row.version = rowset_version(&programme->placements, &session->event, session->id) + 1;
        fresh.room = session->room;
        fresh.starts_at = session->starts_at;
        fresh.ends_at = session->ends_at;
        fresh.exempt = is_exempt(placing, session) || is_ignored(placing);
        row = row_seal(&fresh);
        if (before && row_same(before, row))
                return;
        batch_add_row(batch, &placing->call->change, row);
}

/* What is accepted now is kept; what was accepted of a touched session and is no more has ended. */
static void record_acceptances(struct placing *placing, struct batch *batch)
{
        const struct programme *programme = placing->event->family->programme;
        const struct acceptance_row *standing;
        size_t index = 0;

        for (size_t i = 0; i < placing->conflicts.count; i++) {
                _cleanup_(row_unrefp) struct acceptance_row *row = NULL;

                if (!placing->conflicts.items[i].accepted_now)
                        continue;
                row = acceptance_new(programme, &placing->conflicts.items[i]);
                batch_add_row(batch, &placing->call->change, row);
        }
        while ((standing = rowset_each(&programme->acceptances, &index))) {
                bool touched = false, holds = false;

                for (size_t i = 0; i < placing->count; i++)
                        touched = touched || acceptance_involves(standing, &placing->sessions[i].event,
                                                     placing->sessions[i].id);
                for (size_t i = 0; touched && i < placing->conflicts.count; i++)
                        holds = holds || acceptance_find(programme, &placing->conflicts.items[i]) == standing;
                if (touched && !holds) {
                        _cleanup_(row_unrefp) struct row *ended =
                                row_tombstone(&standing->row, standing->row.version + 1);

                        batch_add_row(batch, &placing->call->change, ended);
                }
        }
}

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

static void record_history(struct placing *placing, struct batch *batch, int64_t version)
{
        _cleanup_(buffer_deinit) struct buffer json = BUFFER_NULL;
        struct jsonout out = JSONOUT(&json);
        _cleanup_(row_unrefp) struct row *change = NULL;
        struct draft_change_row fresh;
        char id[24];

        json_begin_array(&out);
        for (size_t i = 0; i < placing->count; i++) {
                const struct overlay_session *after = &placing->sessions[i];
                const struct placement_row *before = placed_now(placing, after);

                if (!is_moved(before, after))
                        continue;
                json_begin_object(&out);
                json_member_text(&out, "session", after->id);
                write_place("before", before, before ? before->room : NULL,
                        before ? before->starts_at : INSTANT_NONE, before ? before->ends_at : INSTANT_NONE,
                        &out);
                write_place("after", after->placed, after->room, after->starts_at, after->ends_at, &out);
                json_end_object(&out);
        }
        json_end_array(&out);
        snprintf(id, sizeof(id), "%lld", (long long)version);
        row_clear(&fresh, &draft_change_record);
        fresh.row.family = placing->event->family->uuid;
        fresh.row.event = event_row(placing->event)->event_uuid;
        fresh.row.id = id;
        fresh.row.version = 1;
        fresh.changed_at = batch_now(batch);
        fresh.changed_by = placing->call->label;
        fresh.what = placing->what;
        fresh.placements = buffer_text(&json);
        change = row_seal(&fresh);
        batch_add_row(batch, &placing->call->change, change);
}

static void record_draft(struct placing *placing, struct batch *batch, int64_t version)
{
        _cleanup_(row_unrefp) struct row *draft = NULL;
        struct draft_row fresh;

        row_clear(&fresh, &draft_record);
        fresh.row.family = placing->event->family->uuid;
        fresh.row.event = event_row(placing->event)->event_uuid;
        fresh.row.id = "";
        fresh.row.version = version;
        draft = row_seal(&fresh);
        batch_add_row(batch, &placing->call->change, draft);
}

int64_t placing_record(struct placing *placing, struct batch *batch)
{
        const struct programme *programme = placing->event->family->programme;
        int64_t version = programme_draft_version(programme, &event_row(placing->event)->event_uuid);

        programme_step_add(placing->call, batch, placing->event->family);
        if (placing_moves(placing)) {
                version++;
                record_draft(placing, batch, version);
                record_history(placing, batch, version);
        }
        for (size_t i = 0; i < placing->count; i++)
                record_placement(placing, batch, &placing->sessions[i]);
        record_acceptances(placing, batch);
        return version;
}

void placing_deinit(struct placing *placing)
{
        conflict_list_deinit(&placing->conflicts);
}

void placing_refuse(struct placing *placing)
{
        _cleanup_(buffer_deinit) struct buffer more = BUFFER_NULL;
        struct jsonout out = JSONOUT(&more);

        json_name(&out, "conflicts");
        conflicts_write(&placing->conflicts, placing->event->family->programme,
                &event_row(placing->event)->event_uuid, &out);
        call_fail(placing->call, "conflict",
                "it would break a rule: see the conflicts, or accept their kinds", more.data);
}

void placing_write(const struct placing *placing, bool placed, int64_t version, struct jsonout *out)
{
        json_begin_object(out);
        json_member_bool(out, "placed", placed);
        json_name(out, "conflicts");
        conflicts_write(&placing->conflicts, placing->event->family->programme,
                &event_row(placing->event)->event_uuid, out);
        json_member_int(out, "version", version);
        json_end_object(out);
}
