/* SPDX-License-Identifier: Apache-2.0 */
#include "api/placing.h"

#include <string.h>

#include "api/noun.h"
#include "api/params.h"

static const char *const severity_words[] = { "hard", "warning", NULL };
#define X(name, word, hard) word,
const char *const conflict_kind_words[] = { CONFLICT_KINDS(X) NULL };
#undef X

const struct param accept_item[] = { P_WORDS(NULL, 0, conflict_kind_words, NULL, NULL) };
static const struct param accepted_members[] = {
        P("by", PARAM_TEXT, REQ, NULL),
        P("at", PARAM_INSTANT, REQ, NULL),
        PARAM_END,
};
static const struct param conflict_members[] = {
        P_WORDS("kind", REQ, conflict_kind_words, NULL, NULL),
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

static unsigned read_accept(const struct call *call)
{
        unsigned accept = 0;
        json_t *word;
        size_t i;

        json_array_foreach((json_t *)(uintptr_t)call_param(call, "accept"), i, word)
        {
                enum conflict_kind kind;

                if (conflict_kind_parse(json_string_value(word), &kind))
                        accept |= 1U << kind;
        }
        return accept;
}

void placing_init(struct placing *placing, struct call *call, const struct batch *batch, const char *what,
        const struct overlay_session *sessions, size_t count)
{
        *placing = (struct placing){
                .call = call,
                .edit = {
                        .programme = call->event->family->programme,
                        .event = event_row(call->event)->event_uuid,
                        .what = what,
                        .by = call->label,
                        .at = batch ? batch_now(batch) : clock_now(),
                        .sessions = sessions,
                        .count = count,
                        .accept = read_accept(call),
                },
        };
}

void placing_deinit(struct placing *placing)
{
        draft_edit_deinit(&placing->edit);
}

bool placing_judge(struct placing *placing)
{
        return draft_edit_judge(&placing->edit);
}

int64_t placing_version(const struct placing *placing)
{
        return programme_draft_version(placing->edit.programme, &placing->edit.event);
}

int64_t placing_record(struct placing *placing, struct batch *batch)
{
        struct rowlist rows = ROWLIST_NULL;
        int64_t version = draft_edit_rows(&placing->edit, &rows);

        programme_step_add(batch, placing->call->event->family);
        for (size_t i = 0; i < rows.count; i++)
                batch_add_row(batch, rows.rows[i]);
        rowlist_deinit(&rows);
        return version;
}

void placing_write_conflicts(const struct placing *placing, struct jsonout *out)
{
        json_name(out, "conflicts");
        conflicts_write(&placing->edit.conflicts, placing->edit.programme, &placing->edit.event, out);
}

void placing_refuse(struct placing *placing)
{
        _cleanup_(buffer_deinit) struct buffer more = BUFFER_NULL;
        struct jsonout out = JSONOUT(&more);

        placing_write_conflicts(placing, &out);
        call_fail(placing->call, "conflict",
                "it would break a rule: see the conflicts, or accept their kinds", more.data);
}

void placing_write(const struct placing *placing, bool placed, int64_t version, struct jsonout *out)
{
        json_begin_object(out);
        json_member_bool(out, "placed", placed);
        placing_write_conflicts(placing, out);
        json_member_int(out, "version", version);
        json_end_object(out);
}
