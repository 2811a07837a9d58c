/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Repeats: a nonce that the log has is answered as it was then. What was decided comes from the log; the words, and
 * what is said of the person, from what stands now.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "api/api.h"
#include "api/scan.h"

enum column {
        COLUMN_EVENT,
        COLUMN_CHECKPOINT,
        COLUMN_REGISTRATION,
        COLUMN_DIGEST,
        COLUMN_DIRECTION,
        COLUMN_FORCE,
        COLUMN_VERDICT,
        COLUMN_REASON,
        COLUMN_AT,
        COLUMN_FLAGS,
        COLUMN_INSIDE,
        COLUMN_FIRST_AT,
        COLUMN_FIRST_DEVICE,
        COLUMN_WRITER,
        COLUMN_SEQ,
        COLUMN_COUNT
};

static const char replay_sql[] =
        "SELECT event_id, checkpoint, registration, encode(credential_digest, 'hex'), direction, force, "
        "verdict, reason, (extract(epoch FROM at) * 1000000)::bigint, flags, inside, "
        "(extract(epoch FROM first_at) * 1000000)::bigint, first_device, writer, seq "
        "FROM usher.nonce_find($1::uuid, $2::uuid)";

/* A line of the log, kept until memory has caught up with it. */
struct replay {
        struct scan *scan;
        char *columns[COLUMN_COUNT];
};

static void replay_free(struct replay *replay)
{
        for (size_t i = 0; i < COLUMN_COUNT; i++)
                free(replay->columns[i]);
        free(replay);
}

static struct instant instant_of(const char *us)
{
        if (!us)
                return INSTANT_NONE;
        return (struct instant){ strtoll(us, NULL, 10) };
}

/* Whether the repeat presents the same: the digest stands there under the nonce, or plain where nobody was known. */
static bool is_same_credential(const struct scan *scan, const char *hex)
{
        uint8_t digest[CREDENTIAL_DIGEST];
        char under_nonce[2 * CREDENTIAL_DIGEST + 1], plain[2 * CREDENTIAL_DIGEST + 1];

        presented_digest(&scan->presented, &scan->nonce, digest);
        sodium_bin2hex(under_nonce, sizeof(under_nonce), digest, sizeof(digest));
        sodium_bin2hex(plain, sizeof(plain), scan->presented.digest, CREDENTIAL_DIGEST);
        return hex && (strcmp(hex, under_nonce) == 0 || strcmp(hex, plain) == 0);
}

static bool is_same_scan(const struct replay *replay, const struct event_state *event)
{
        const struct scan *scan = replay->scan;
        bool there = false;

        for (size_t i = 0; event && i < scan->point_count; i++)
                there = there ||
                        (strcmp(scan->points[i].event, event_row(event)->row.id) == 0 &&
                                strcmp(scan->points[i].checkpoint, replay->columns[COLUMN_CHECKPOINT]) == 0);
        return there && is_same_credential(scan, replay->columns[COLUMN_DIGEST]) &&
               strcmp(replay->columns[COLUMN_DIRECTION], scan->leaving ? "out" : "in") == 0 &&
               (replay->columns[COLUMN_FORCE][0] == 't') == scan->force;
}

/* As things stand now: the judging checkpoint, the person, whose ticket it was. */
static bool find_again(const struct replay *replay, struct event_state *event, struct scan_found *found)
{
        const char *registration = replay->columns[COLUMN_REGISTRATION];
        const char *reason = replay->columns[COLUMN_REASON];
        const struct scan_found *now = scan_find(replay->scan);

        if (!now)
                return false;
        if (reason && strcmp(reason, verdict_reason_word(REASON_OTHER_EVENT)) == 0) {
                if (scan_needs_signature(replay->scan))
                        scan_judge_signature(replay->scan);
                scan_judge_unknown(replay->scan);
        }
        *found = (struct scan_found){
                .event = event,
                .checkpoint = rowset_find(roster_checkpoints(event->roster), &event_row(event)->event_uuid,
                        replay->columns[COLUMN_CHECKPOINT]),
                .credential = now->credential,
                .registration = registration ? roster_registration(event->roster, registration) : NULL,
                .elsewhere = now->elsewhere,
        };
        if (found->checkpoint)
                return true;
        call_fail_not_found(replay->scan->call, "checkpoint", replay->columns[COLUMN_CHECKPOINT]);
        return false;
}

static void answer_again(const struct replay *replay)
{
        struct scan *scan = replay->scan;
        char *const *columns = replay->columns;
        struct uuid uuid;
        struct event_state *event;
        struct scan_found found;
        struct scan_answer answer;
        char id[SCAN_ID_LENGTH + 1];
        int verdict = verdict_from_word(columns[COLUMN_VERDICT]);

        uuid_parse(columns[COLUMN_EVENT], &uuid);
        event = state_event_by_uuid(&scan->call->api->state, &uuid);
        if (verdict < 0 || !is_same_scan(replay, event)) {
                call_fail_exists(scan->call, "nonce", scan->nonce_text);
                return;
        }
        if (!find_again(replay, event, &found))
                return;
        uuid_parse(columns[COLUMN_WRITER], &uuid);
        scan_id_write(&uuid, strtoll(columns[COLUMN_SEQ], NULL, 10), id);
        answer = (struct scan_answer){
                .found = &found,
                .word = (enum verdict_word)verdict,
                .reason = (enum verdict_reason)(
                        columns[COLUMN_REASON] ? verdict_reason_from_word(columns[COLUMN_REASON]) : 0),
                .language = scan->language,
                .flags = columns[COLUMN_FLAGS] ? columns[COLUMN_FLAGS] : "[]",
                .scan = id,
                .nonce = scan->nonce_text,
                .at = instant_of(columns[COLUMN_AT]),
                .now = scan->received_at,
                .first_at = instant_of(columns[COLUMN_FIRST_AT]),
                .first_device = columns[COLUMN_FIRST_DEVICE],
                .inside = columns[COLUMN_INSIDE] ? strtoll(columns[COLUMN_INSIDE], NULL, 10) : 0,
                .replayed = true,
        };
        buffer_clear(&scan->call->kept);
        scan_answer_write(&answer, &scan->call->kept);
        call_answer(scan->call, &scan->call->kept);
}

static void caught_up(void *context, enum outcome outcome)
{
        struct replay *replay = context;

        if (outcome == OUTCOME_DONE)
                answer_again(replay);
        else
                call_fail_unavailable(replay->scan->call, false);
        replay_free(replay);
}

/* The log may know the scan before this daemon's memory does. */
static void catch_up(struct scan *scan, const struct store_result *result)
{
        struct replay *replay = xcalloc(1, sizeof(*replay));

        replay->scan = scan;
        for (size_t i = 0; i < COLUMN_COUNT; i++) {
                const char *text = result_text(result, 0, i);

                replay->columns[i] = text ? xstrdup(text) : NULL;
        }
        store_catch_up(scan->call->api->store, &scan->family, scan->call->deadline_us, caught_up, replay);
}

static void log_answered(void *context, enum outcome outcome, const struct store_result *result)
{
        struct scan *scan = ((struct call *)context)->own;

        if (outcome == OUTCOME_UNKNOWN) {
                call_fail_unavailable(scan->call, false);
        } else if (outcome != OUTCOME_DONE) {
                call_fail_internal(scan->call, "the nonce could not be looked up");
        } else if (result_lines(result) > 0) {
                catch_up(scan, result);
        } else {
                /* Not there: two of it were under way, or it only looked used. */
                scan->exclusive = true;
                scan_submit(scan);
        }
}

void scan_replay(struct scan *scan)
{
        char family[37], nonce[37];
        const char *values[] = { family, nonce };

        uuid_format(&scan->family, family);
        uuid_format(&scan->nonce, nonce);
        call_read(scan->call, READ_BY_KEY, replay_sql, 2, values, log_answered);
}
