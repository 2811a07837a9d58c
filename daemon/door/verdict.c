/* SPDX-License-Identifier: Apache-2.0 */
#include "door/verdict.h"

#include <stdio.h>
#include <string.h>

#include "base/zone.h"

/* ---- what each reason asks ---- */

static bool is_unknown(const struct verdict_case *judged)
{
        return judged->found == FOUND_NOWHERE;
}

static bool is_forged(const struct verdict_case *judged)
{
        return judged->found == FOUND_FORGED;
}

static bool is_of_another_event(const struct verdict_case *judged)
{
        return judged->found == FOUND_ELSEWHERE;
}

static bool is_revoked(const struct verdict_case *judged)
{
        return judged->credential && !instant_is_none(judged->credential->replaced_at);
}

static bool has_status(const struct verdict_case *judged, const char *status)
{
        return judged->registration && registration_is(judged->registration, status);
}

static bool is_erased(const struct verdict_case *judged)
{
        return has_status(judged, "erased");
}

static bool is_blocked(const struct verdict_case *judged)
{
        return judged->registration && judged->registration->blocked;
}

static bool is_cancelled(const struct verdict_case *judged)
{
        return has_status(judged, "cancelled");
}

static bool is_waitlisted(const struct verdict_case *judged)
{
        return has_status(judged, "waitlisted");
}

static bool is_unpaid(const struct verdict_case *judged)
{
        return judged->registration && !judged->registration->paid;
}

/* The list is a JSON array of slugs, which need no escapes. */
static bool is_for_another_door(const struct verdict_case *judged)
{
        const char *list = judged->checkpoint->tickets, *ticket;
        char quoted[72];

        if (!judged->registration || !list)
                return false;
        ticket = judged->registration->ticket;
        if (!ticket || strlen(ticket) > sizeof(quoted) - 3)
                return true;
        snprintf(quoted, sizeof(quoted), "\"%s\"", ticket);
        return !strstr(list, quoted);
}

static bool is_before(struct instant at, struct instant from)
{
        return !instant_is_none(from) && at.us < from.us;
}

static bool is_behind(struct instant at, struct instant to)
{
        return !instant_is_none(to) && at.us >= to.us;
}

static bool is_too_early(const struct verdict_case *judged)
{
        return judged->ticket && is_before(judged->at, judged->ticket->valid_from);
}

static bool is_too_late(const struct verdict_case *judged)
{
        return judged->ticket && is_behind(judged->at, judged->ticket->valid_to);
}

static bool is_not_open(const struct verdict_case *judged)
{
        return is_before(judged->at, judged->checkpoint->opens_at);
}

static bool is_closed(const struct verdict_case *judged)
{
        return is_behind(judged->at, judged->checkpoint->closes_at);
}

static bool has_no_booking(const struct verdict_case *judged)
{
        return judged->checkpoint->needs_booking && !judged->booked;
}

static bool is_inside(const struct verdict_case *judged)
{
        return judged->presence && judged->presence->inside;
}

static bool is_admitted(const struct verdict_case *judged)
{
        const char *mode = judged->checkpoint->mode;

        if (judged->leaving || strcmp(mode, "count") == 0)
                return false;
        return strcmp(mode, "reentry") == 0 ? is_inside(judged)
                                            : judged->presence && judged->presence->admitted;
}

static bool is_not_inside(const struct verdict_case *judged)
{
        return judged->leaving && !is_inside(judged);
}

static bool is_full(const struct verdict_case *judged)
{
        int64_t capacity = judged->checkpoint->capacity;

        return capacity != FIELD_INT_NONE && !is_inside(judged) && judged->inside >= capacity;
}

/* ---- the table ---- */

enum { HOLDS_LEAVING = 1, FORCEABLE = 2 };

static const struct rule {
        bool (*applies)(const struct verdict_case *judged);
        unsigned flags;
} rules[REASON_COUNT] = {
        [REASON_UNKNOWN_CREDENTIAL] = { is_unknown, HOLDS_LEAVING },
        [REASON_BAD_SIGNATURE] = { is_forged, HOLDS_LEAVING },
        [REASON_OTHER_EVENT] = { is_of_another_event, HOLDS_LEAVING },
        [REASON_REVOKED] = { is_revoked, HOLDS_LEAVING | FORCEABLE },
        [REASON_ERASED] = { is_erased, HOLDS_LEAVING | FORCEABLE },
        [REASON_BLOCKED] = { is_blocked, FORCEABLE },
        [REASON_CANCELLED] = { is_cancelled, FORCEABLE },
        [REASON_WAITLISTED] = { is_waitlisted, FORCEABLE },
        [REASON_UNPAID] = { is_unpaid, FORCEABLE },
        [REASON_TICKET_NOT_VALID_HERE] = { is_for_another_door, FORCEABLE },
        [REASON_TICKET_TOO_EARLY] = { is_too_early, FORCEABLE },
        [REASON_TICKET_TOO_LATE] = { is_too_late, FORCEABLE },
        [REASON_CHECKPOINT_NOT_OPEN] = { is_not_open, FORCEABLE },
        [REASON_CHECKPOINT_CLOSED] = { is_closed, FORCEABLE },
        [REASON_NO_BOOKING] = { has_no_booking, FORCEABLE },
        [REASON_ALREADY_ADMITTED] = { is_admitted, FORCEABLE },
        [REASON_NOT_INSIDE] = { is_not_inside, HOLDS_LEAVING | FORCEABLE },
        [REASON_FULL] = { is_full, FORCEABLE },
};

bool verdict_applies(enum verdict_reason reason, const struct verdict_case *judged)
{
        if (judged->leaving && !(rules[reason].flags & HOLDS_LEAVING))
                return false;
        return rules[reason].applies && rules[reason].applies(judged);
}

enum verdict_reason verdict_reason(const struct verdict_case *judged)
{
        for (int reason = REASON_NONE + 1; reason < REASON_COUNT; reason++)
                if (verdict_applies((enum verdict_reason)reason, judged))
                        return (enum verdict_reason)reason;
        return REASON_NONE;
}

/* ---- when ---- */

struct instant verdict_at(struct instant at, struct instant arrived, bool dry_run)
{
        return instant_is_none(at) || (!dry_run && at.us > arrived.us) ? arrived : at;
}

struct date verdict_day(const struct checkpoint_row *checkpoint, struct instant at, const struct zone *zone,
        int day_starts_minutes)
{
        return strcmp(checkpoint->per, "day") == 0 ? zone_day(zone, at, day_starts_minutes) : DATE_NONE;
}

/* ---- the verdict ---- */

static void go_in(struct verdict *verdict, const struct verdict_case *judged)
{
        verdict->word = VERDICT_ADMITTED;
        verdict->moves = true;
        verdict->inside = verdict->admitted = true;
        verdict->by = is_inside(judged) ? 0 : 1;
}

static void go_out(struct verdict *verdict, const struct verdict_case *judged)
{
        verdict->word = VERDICT_LEFT;
        verdict->moves = true;
        verdict->admitted = judged->presence && judged->presence->admitted;
        verdict->by = is_inside(judged) ? -1 : 0;
}

struct verdict verdict_decide(const struct verdict_case *judged)
{
        struct verdict verdict = { .word = VERDICT_REFUSED, .reason = verdict_reason(judged) };

        verdict.forced = judged->force && verdict.reason && rules[verdict.reason].flags & FORCEABLE;
        if (verdict.reason && !verdict.forced)
                return verdict;
        if (judged->leaving)
                go_out(&verdict, judged);
        else if (!verdict.reason && judged->asks)
                verdict.word = VERDICT_INCOMPLETE;
        else
                go_in(&verdict, judged);
        return verdict;
}
