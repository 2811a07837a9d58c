/* SPDX-License-Identifier: Apache-2.0 */
/* Scans decided when their turn has come, many of them into one batch. */
#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "api/call_private.h"
#include "api/nonces.h"
#include "api/registration.h"
#include "api/scan.h"
#include "api/signatures.h"
#include "api/validate.h"

#define NO_ID "................................" /* SCAN_ID_LENGTH characters, until the id is known */

/* ---- people whose scans are under way ---- */

static void leave_way(struct scan *scan)
{
        const struct event_state *event =
                scan->under_way_by ? state_event_by_uuid(&scan->call->api->state, &scan->under_way_event)
                                   : NULL;

        if (event)
                attendance_move_under_way(roster_attendance(event->roster), scan->under_way_checkpoint,
                        scan->under_way_day, -scan->under_way_by);
        scan->under_way_by = 0;
}

static void move_under_way(
        struct scan *scan, const struct scan_found *found, struct date day, const struct verdict *verdict)
{
        scan->under_way_event = event_row(found->event)->event_uuid;
        for (size_t i = 0; i < scan->point_count; i++)
                if (strcmp(scan->points[i].checkpoint, found->checkpoint->row.id) == 0)
                        scan->under_way_checkpoint = scan->points[i].checkpoint;
        scan->under_way_day = day;
        scan->under_way_by = verdict->by;
        attendance_move_under_way(
                roster_attendance(found->event->roster), scan->under_way_checkpoint, day, verdict->by);
}

/* ---- what it is judged by ---- */

struct instant scan_at(const struct scan *scan)
{
        return verdict_at(scan->at, scan->received_at, scan->dry_run);
}

struct date scan_day(const struct scan *scan, const struct scan_found *found)
{
        const struct programme_event *event = found->event->programme_event;

        return verdict_day(found->checkpoint, scan_at(scan), event->zone, event->day_starts_minutes);
}

/* The person's booking of the checkpoint's session, where one is needed; NULL: none. */
static const struct booking_row *seat_of(const struct scan_found *found)
{
        const struct checkpoint_row *checkpoint = found->checkpoint;

        if (!found->registration || !checkpoint->needs_booking || !checkpoint->session)
                return NULL;
        return bookings_find(
                roster_bookings(found->event->roster), checkpoint->session, found->registration->row.id);
}

static void fill_case(const struct scan *scan, const struct scan_found *found, struct instant at,
        struct date day, struct verdict_case *judged)
{
        const struct registration_row *registration = found->registration;
        const struct roster *roster = found->event->roster;
        const char *checkpoint = found->checkpoint->row.id;
        const struct booking_row *seat = seat_of(found);

        *judged = (struct verdict_case){
                .checkpoint = found->checkpoint,
                .found = found->found,
                .registration = registration,
                .credential = found->credential,
                .inside = attendance_inside_soon(roster_attendance(roster), checkpoint, day),
                .at = at,
                .leaving = scan->leaving,
                .force = scan->force,
                .booked = seat && booking_is(seat, "confirmed"),
        };
        if (!registration)
                return;
        judged->presence =
                attendance_presence(roster_attendance(roster), checkpoint, day, registration->row.id);
        judged->asks =
                !scan->answers && door_fields_are_open(event_door_fields(found->event), registration->fields);
        if (registration->ticket)
                judged->ticket =
                        rowset_find(roster_tickets(roster), &registration->row.event, registration->ticket);
}

static const char *flags_of(const struct scan *scan, const struct verdict *verdict)
{
        bool late = !instant_is_none(scan->at) && scan->at.us < scan->received_at.us;

        if (verdict->forced)
                return late ? "[\"forced\",\"late\"]" : "[\"forced\"]";
        return late ? "[\"late\"]" : "[]";
}

/* ---- answers given at the door ---- */

/* A field that is answered and not asked here; NULL: none. */
static const char *find_misfit(const struct scan *scan, const struct scan_found *found)
{
        const struct door_fields *fields = event_door_fields(found->event);
        const char *field;
        json_t *value;

        json_object_foreach((json_t *)(uintptr_t)scan->answers, field, value)
        {
                if (!door_fields_asks(fields, field))
                        return field;
        }
        return NULL;
}

static void refuse_answer(struct scan *scan, const char *field)
{
        struct buffer path = BUFFER_NULL;

        buffer_add_text(&path, "/answers/");
        path_add_name(&path, field);
        call_fail_params(scan->call, path.data, "a field of the event that is asked at the door");
        buffer_deinit(&path);
}

/* The registration with what was answered; NULL: nothing new was. The caller owns it. */
static struct registration_row *answered(
        struct scan *scan, const struct scan_found *found, struct instant now)
{
        struct registration_row fresh = *found->registration, *row = NULL;
        json_t *before = fresh.fields ? json_loads(fresh.fields, 0, NULL) : json_object(), *value;
        json_t *fields = json_copy(before);
        const char *field;

        json_object_foreach((json_t *)(uintptr_t)scan->answers, field, value)
        {
                if (*json_string_value(value))
                        json_object_set(fields, field, value);
        }
        if (!json_equal(before, fields)) {
                _cleanup_(freep) char *text = json_dumps(fields, JSON_COMPACT | JSON_SORT_KEYS);

                fresh.row.version++;
                fresh.fields = text;
                row = registration_seal(scan->call->api, &fresh, now);
        }
        json_decref(before);
        json_decref(fields);
        return row;
}

static void record_answers(struct scan *scan, const struct scan_found *found, struct batch *batch)
{
        struct registration_row *row;

        if (!json_object_size(scan->answers))
                return;
        row = answered(scan, found, batch_now(batch));
        if (row)
                batch_add_row(batch, row);
        row_unref(row);
}

/* ---- recording ---- */

void scan_count_inside(
        struct batch *batch, const struct checkpoint_row *checkpoint, struct date day, int by, bool free)
{
        char id[PRESENCE_ID_MAX];

        if (checkpoint->capacity == FIELD_INT_NONE || !by)
                return;
        presence_id(id, checkpoint->row.id, day, "");
        /* Who goes out may leave more inside than there is room for: a capacity may have been lowered. */
        batch_add_counter(batch, &checkpoint->row.event, "inside", id, by, INT64_MIN,
                by > 0 && !free ? checkpoint->capacity : INT64_MAX);
}

struct instant scan_admitted_since(const struct presence_row *presence, struct instant first_at)
{
        return presence && presence->admitted_at.us != first_at.us ? presence->admitted_at : INSTANT_NONE;
}

static void record(struct scan *scan, const struct scan_found *found, const struct verdict_case *judged,
        struct date day, const struct verdict *verdict, const struct scan_answer *answer, struct batch *batch)
{
        const struct presence_row *presence = judged->presence;
        const struct registration_row *registration = found->registration;
        bool erased =
                registration && registration_is(registration, "erased"); /* nothing more is kept of them */
        struct scan_row row = {
                .family = scan->family,
                .event = event_row(found->event)->event_uuid,
                .nonce = scan->nonce,
                .checkpoint = found->checkpoint->row.id,
                .registration = registration ? registration->row.id : NULL,
                .has_digest = true,
                .day = day,
                .direction = scan->leaving ? "out" : "in",
                .verdict = verdict_word(verdict->word),
                .reason = verdict_reason_word(verdict->reason),
                .at = judged->at,
                .received_at = scan->received_at,
                .device = scan->device,
                .by = scan->call->actor,
                .why = erased ? NULL : scan->why,
                .flags = answer->flags,
                .force = scan->force,
                .first_at = answer->first_at,
                .first_device = answer->first_device,
                .admitted_at =
                        verdict->moves ? scan_admitted_since(presence, answer->first_at) : INSTANT_NONE,
                .inside = answer->inside,
                .registration_version = registration ? registration->row.version : 0,
                .presence_version = verdict->moves ? (presence ? presence->row.version : 0) + 1 : 0,
                .presence_inside = verdict->inside,
                .presence_admitted = verdict->admitted,
        };

        if (verdict->moves)
                row.presence = attendance_key(
                        roster_attendance(found->event->roster), row.checkpoint, day, row.registration);
        if (registration)
                presented_digest(&scan->presented, &scan->nonce, row.credential_digest);
        else
                memcpy(row.credential_digest, scan->presented.digest, sizeof(row.credential_digest));
        scan_rely(batch, found, judged, seat_of(found), day, verdict);
        scan_count_inside(batch, found->checkpoint, day, verdict->by, verdict->forced);
        if (verdict->word == VERDICT_ADMITTED && registration && !erased)
                record_answers(scan, found, batch);
        scan->place = batch_add_scan(batch, &row);
}

/* ---- deciding ---- */

static void answer_now(struct scan *scan)
{
        call_answer(scan->call, &scan->call->kept);
}

/* What it claimed is not what it is about by now: it queues again. */
static bool claims_another(const struct scan *scan, const struct scan_found *found)
{
        return strcmp(scan->claimed, found->registration ? found->registration->row.id : "") != 0;
}

/* The admission that stands in the way, if one does. */
static void name_first(const struct presence_row *presence, struct scan_answer *answer)
{
        bool inside = presence && presence->inside;

        answer->first_at = inside ? presence->first_at : INSTANT_NONE;
        answer->first_device = inside ? presence->first_device : NULL;
}

/*
 * Those inside as they are told: with whoever is under way, save that a batch that another daemon has overtaken, and
 * that will be decided again, must not seem to fill a checkpoint beyond what it holds.
 */
static int64_t people_inside(const struct scan_found *found, struct date day,
        const struct verdict_case *judged, const struct verdict *verdict)
{
        int64_t capacity = found->checkpoint->capacity, inside = judged->inside + verdict->by;
        int64_t most;

        if (capacity == FIELD_INT_NONE || verdict->forced || inside <= capacity)
                return inside;
        most = attendance_inside(roster_attendance(found->event->roster), found->checkpoint->row.id, day) +
               verdict->by;
        most = most > capacity ? most : capacity;
        return inside < most ? inside : most;
}

/*
 * What leaves no row is not told by the log that it is a repeat: an earlier try, here or at another daemon, may have left
 * one when other things were asked. Without a database nobody knows.
 */
static bool may_repeat(const struct scan *scan)
{
        return !scan->dry_run && !scan->exclusive && scan->call->api->database == STORE_ONLINE;
}

static enum decision decide_found(struct scan *scan, const struct scan_found *found, struct batch *batch)
{
        struct instant at = scan_at(scan);
        struct date day = scan_day(scan, found);
        struct verdict_case judged;
        struct verdict verdict;
        struct scan_answer answer;
        bool recorded;

        fill_case(scan, found, at, day, &judged);
        verdict = verdict_decide(&judged);
        if (verdict.word == VERDICT_INCOMPLETE && may_repeat(scan))
                return CALL_ANSWERED(scan_replay(scan));
        recorded = batch && !scan->dry_run && verdict.word != VERDICT_INCOMPLETE;
        answer = (struct scan_answer){
                .found = found,
                .word = verdict.word,
                .reason = verdict.reason,
                .language = scan->language,
                .flags = flags_of(scan, &verdict),
                .scan = recorded ? NO_ID : NULL,
                .nonce = scan->nonce_text,
                .at = judged.at,
                .now = scan->received_at,
                .inside = people_inside(found, day, &judged, &verdict),
        };
        name_first(judged.presence, &answer);
        buffer_clear(&scan->call->kept);
        scan->id_offset = scan_answer_write(&answer, &scan->call->kept);
        if (!recorded)
                return CALL_ANSWERED(answer_now(scan));
        record(scan, found, &judged, day, &verdict, &answer, batch);
        move_under_way(scan, found, day, &verdict);
        return DECISION_RECORD;
}

/* What a checkpoint's mode does not know. */
static bool direction_fits(struct scan *scan, const struct scan_found *found)
{
        if (!scan->leaving || strcmp(found->checkpoint->mode, "reentry") == 0)
                return true;
        call_fail_params(scan->call, "/direction", "\"in\": only a checkpoint of mode \"reentry\" lets out");
        return false;
}

static bool seems_used(const struct scan *scan)
{
        return !scan->dry_run && !scan->exclusive &&
               nonces_may_have(scan->call->api->nonces, scan->nonce_hash);
}

/*
 * Who is not known here may have come at another daemon. That nobody has is worth a try, which the database judges when
 * the batch is recorded; who has been tried, or cannot be, is looked for first.
 */
static bool must_seek(const struct scan *scan, struct batch *batch)
{
        if (!scan->nowhere || scan->sought || scan->dry_run)
                return false;
        return scan->call->change.attempts > 1 || scan_lacks_key(scan) || !batch_expect_no_news(batch);
}

static enum decision scan_decide(struct change *change, struct batch *batch)
{
        struct scan *scan = scan_of(change);
        const struct scan_found *found;
        const char *misfit;

        leave_way(scan);
        if (seems_used(scan))
                return CALL_ANSWERED(scan_replay(scan));
        found = scan_find(scan);
        if (!found || !direction_fits(scan, found))
                return DECISION_ANSWERED;
        misfit = find_misfit(scan, found);
        if (misfit)
                return CALL_ANSWERED(may_repeat(scan) ? scan_replay(scan) : refuse_answer(scan, misfit));
        if (claims_another(scan, found))
                return CALL_ANSWERED(scan_submit(scan));
        if (must_seek(scan, batch))
                return CALL_ANSWERED(scan_seek(scan));
        if (scan_needs_signature(scan))
                return CALL_ANSWERED(signatures_add(scan->call->api->signatures, scan));
        scan_judge_unknown(scan);
        return decide_found(scan, found, batch);
}

static void scan_applied(struct change *change, const struct batch *batch)
{
        struct scan *scan = scan_of(change);
        const struct scan_row *row = batch_scan(batch, scan->place);
        char id[SCAN_ID_LENGTH + 1];

        leave_way(scan);
        nonces_add(scan->call->api->nonces, scan->nonce_hash);
        scan_id_write(&row->writer, row->seq, id);
        memcpy(scan->call->kept.data + scan->id_offset, id, SCAN_ID_LENGTH);
        answer_now(scan);
}

static void scan_forgotten(struct change *change)
{
        leave_way(scan_of(change));
}

static void scan_failed(struct change *change, const struct change_failure *failure)
{
        struct scan *scan = scan_of(change);

        leave_way(scan);
        if (failure->why == FAILURE_KEY_USED)
                scan_replay(scan);
        else
                call_fail_change(scan->call, failure);
}

/* The database names a used nonce as "Key (nonce, family_id)=(…, …) already exists.": it is the first of the two. */
static bool scan_owns_key(const struct change *change, const char *detail)
{
        char nonce[39] = "(";

        uuid_format(&scan_of(change)->nonce, nonce + 1);
        strcat(nonce, ",");
        return strstr(detail, nonce);
}

static const struct change_kind scan_kind = {
        .decide = scan_decide,
        .prefetch = scan_prefetch,
        .applied = scan_applied,
        .owns_key = scan_owns_key,
        .forgotten = scan_forgotten,
        .failed = scan_failed,
};

void scan_submit(struct scan *scan)
{
        struct call *call = scan->call;
        const struct scan_found *found = scan_find(scan);

        if (!found)
                return;
        call->change.kind = &scan_kind;
        call->change.family = scan->family;
        call->change.deadline_us = call->deadline_us;
        call->change.claim_count = 0;
        scan->claimed[0] = '\0';
        if (found->registration) {
                snprintf(scan->claimed, sizeof(scan->claimed), "%s", found->registration->row.id);
                call_claim(call, "registration", &scan->family, scan->claimed);
        }
        if (scan->exclusive) {
                char nonce[37];

                uuid_format(&scan->nonce, nonce);
                call_claim(call, "nonce", &scan->family, nonce);
        }
        /* Memory judges as well without a database; what is recorded has to wait for it. */
        if (scan->dry_run && call->api->database != STORE_ONLINE)
                scan_decide(&call->change, NULL);
        else
                store_submit(call->api->store, &call->change);
}
