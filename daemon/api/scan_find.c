/* SPDX-License-Identifier: Apache-2.0 */
/* Whose credential it is, and which of the points judges. */
#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "api/scan.h"

static struct event_state *point_event(const struct scan *scan, size_t i)
{
        return state_event(&scan->call->api->state, scan->points[i].event);
}

static const struct checkpoint_row *point_checkpoint(const struct event_state *event, const char *checkpoint)
{
        return rowset_find(roster_checkpoints(event->roster), &event_row(event)->event_uuid, checkpoint);
}

bool scan_points_exist(struct call *call, struct scan *scan)
{
        for (size_t i = 0; i < scan->point_count; i++) {
                const struct event_state *event = point_event(scan, i);
                char path[40];

                if (!event) {
                        call_fail_not_found(call, "event", scan->points[i].event);
                        return false;
                }
                if (!point_checkpoint(event, scan->points[i].checkpoint)) {
                        call_fail_not_found(call, "checkpoint", scan->points[i].checkpoint);
                        return false;
                }
                if (i == 0)
                        scan->family = event->family->uuid;
                if (!uuid_equal(&scan->family, &event->family->uuid)) {
                        snprintf(path, sizeof(path), "/points/%zu/event", i);
                        call_fail_params(call, path, "an event of the first point's family");
                        return false;
                }
        }
        return true;
}

/* ---- not known at any of the points ---- */

/* A family knows its codes; other families know signed credentials alone, for anybody's plain code may look like any other's. */
static struct event_state *find_elsewhere(const struct scan *scan, const struct event_state *here)
{
        const struct state *state = &scan->call->api->state;
        const struct credential_row *credential;
        const struct registration_row *registration;

        for (size_t i = 0; i < state->count; i++) {
                const struct family *family = state->families[i];

                if (family != here->family && scan->presented.form != PRESENTED_OURS)
                        continue;
                for (size_t n = 0; n < family->count; n++)
                        if (presented_find(
                                    &scan->presented, family->events[n]->roster, &credential, &registration))
                                return family->events[n];
        }
        return NULL;
}

static const struct signing_key_row *key_of(
        const struct state *state, const struct family *family, unsigned number)
{
        char id[8];

        snprintf(id, sizeof(id), "%u", number);
        return rowset_find(&state->signing_keys, &family->uuid, id);
}

/* The key by which the event would have signed it; NULL: it says that it is of another event, or the key is not here. */
static const struct signing_key_row *key_by(const struct scan *scan, const struct event_state *event)
{
        const struct credential_content *content = &scan->presented.read.content;
        uint8_t mark[4];

        credential_event_mark(&event_row(event)->event_uuid, mark);
        if (memcmp(mark, content->event_mark, sizeof(mark)) != 0)
                return NULL;
        return key_of(&scan->call->api->state, event->family, content->key_number);
}

static bool is_signed_for(const struct scan *scan, const struct event_state *event)
{
        const struct signing_key_row *key = key_by(scan, event);

        return key && key->public_key.length == 32 &&
               credential_verify(&scan->presented.read, key->public_key.data) == 0;
}

bool scan_lacks_key(const struct scan *scan)
{
        const struct state *state = &scan->call->api->state;

        if (!scan_needs_signature(scan))
                return false;
        for (size_t i = 0; i < state->count; i++)
                for (size_t n = 0; n < state->families[i]->count; n++)
                        if (key_by(scan, state->families[i]->events[n]))
                                return false;
        return true;
}

void scan_judge_signature(struct scan *scan)
{
        const struct state *state = &scan->call->api->state;

        scan->signature = SIGNATURE_BAD;
        for (size_t i = 0; i < state->count; i++)
                for (size_t n = 0; n < state->families[i]->count; n++) {
                        const struct event_state *event = state->families[i]->events[n];

                        if (!is_signed_for(scan, event))
                                continue;
                        scan->signature = SIGNATURE_GOOD;
                        scan->signed_for = event_row(event)->event_uuid;
                        return;
                }
}

static bool is_point(const struct scan *scan, const struct uuid *event)
{
        for (size_t i = 0; i < scan->point_count; i++) {
                const struct event_state *point = point_event(scan, i);

                if (point && uuid_equal(&event_row(point)->event_uuid, event))
                        return true;
        }
        return false;
}

static bool is_told_by_signature(const struct scan *scan)
{
        return scan->found.found == FOUND_NOWHERE && scan->presented.form == PRESENTED_OURS;
}

bool scan_needs_signature(const struct scan *scan)
{
        return is_told_by_signature(scan) && scan->signature == SIGNATURE_NOT_JUDGED;
}

void scan_judge_unknown(struct scan *scan)
{
        struct scan_found *found = &scan->found;

        if (!is_told_by_signature(scan))
                return;
        if (scan->signature == SIGNATURE_BAD) {
                found->found = FOUND_FORGED;
        } else if (!is_point(scan, &scan->signed_for)) {
                found->found = FOUND_ELSEWHERE;
                found->elsewhere = state_event_by_uuid(&scan->call->api->state, &scan->signed_for);
        }
}

/* ---- the whole look-up ---- */

/* Which point's event knows it; none: the first. */
static size_t find_judge(struct scan *scan)
{
        struct scan_found *found = &scan->found;

        for (size_t i = 0; i < scan->point_count; i++) {
                const struct event_state *event = point_event(scan, i);

                if (event && presented_find(&scan->presented, event->roster, &found->credential,
                                     &found->registration))
                        return i;
        }
        found->credential = NULL;
        return 0;
}

static bool find_anew(struct scan *scan)
{
        struct scan_found *found = &scan->found;
        const struct scan_point *point;

        memset(found, 0, sizeof(*found));
        scan->nowhere = false;
        point = &scan->points[find_judge(scan)];
        found->event = state_event(&scan->call->api->state, point->event);
        if (!found->event || !uuid_equal(&found->event->family->uuid, &scan->family)) {
                call_fail_not_found(scan->call, "event", point->event);
                return false;
        }
        found->checkpoint = point_checkpoint(found->event, point->checkpoint);
        if (!found->checkpoint) {
                call_fail_not_found(scan->call, "checkpoint", point->checkpoint);
                return false;
        }
        found->found = FOUND_HERE;
        if (found->registration)
                return true;
        found->elsewhere = find_elsewhere(scan, found->event);
        found->found = found->elsewhere ? FOUND_ELSEWHERE : FOUND_NOWHERE;
        scan->nowhere = !found->elsewhere;
        return true;
}

static uint64_t now(const struct scan *scan)
{
        return scan->call->api->state.generation + 1;
}

bool scan_is_found(const struct scan *scan)
{
        return scan->found_at == now(scan);
}

struct roster_look scan_look(const struct scan *scan)
{
        const struct event_state *event = point_event(scan, 0);

        return event ? presented_look(&scan->presented, event->roster) : (struct roster_look){ NULL };
}

const struct scan_found *scan_find(struct scan *scan)
{
        if (scan_is_found(scan))
                return &scan->found;
        if (!find_anew(scan))
                return NULL;
        scan->found_at = now(scan);
        return &scan->found;
}

static void caught_up(void *context, enum outcome outcome)
{
        struct call *call = context;
        struct scan *scan = call->own;

        scan->sought = true;
        scan->signature = SIGNATURE_NOT_JUDGED; /* its key may have come */
        if (outcome == OUTCOME_DONE)
                scan_submit(scan);
        else
                call_fail_unavailable(
                        call, scan->dry_run); /* an earlier try may have recorded what is no dry run */
}

void scan_seek(struct scan *scan)
{
        store_catch_up(
                scan->call->api->store, &scan->family, call_patience(scan->call), caught_up, scan->call);
}
