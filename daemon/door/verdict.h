/* SPDX-License-Identifier: Apache-2.0 */
/*
 * May this person pass? The rules of a door, as one table in the order in which they are judged; whoever asks brings
 * what they are judged by, so the answer depends on nothing else. What becomes of the person's presence is part of it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "base/buffer.h"
#include "door/rows.h"

struct zone;

/* What the staff read, in the order of each table's sentences. */
#define VERDICT_LANGUAGES(X)                                                                                 \
        X(ENGLISH, "en")                                                                                     \
        X(CHINESE, "zh")

enum verdict_language {
#define X(name, word) LANGUAGE_##name,
        VERDICT_LANGUAGES(X)
#undef X
                LANGUAGE_COUNT
};

/*
 * In the order in which they are judged; the words of the wire, and what is said to the staff in each language: what is
 * so, then what to do. Where nothing is known to put in place of a brace, a plainer sentence is said (verdict_words.c).
 */
#define VERDICT_REASONS(X)                                                                                   \
        X(UNKNOWN_CREDENTIAL, "unknown_credential", "Not known. Scan again or search.",                      \
                "查无此码。重扫或查姓名。")                                                                  \
        X(BAD_SIGNATURE, "bad_signature", "Code altered. Hold; call a supervisor.",                          \
                "票码被改。勿放行，叫主管。")                                                                \
        X(OTHER_EVENT, "other_event", "For another event. Ask which.", "其他活动的票。问清是哪场。")         \
        X(REVOKED, "revoked", "Replaced. Ask for the newer ticket.", "已换新票。请扫新票。")                 \
        X(ERASED, "erased", "Record erased. Register as walk-in.", "资料已删。现场登记。")                   \
        X(BLOCKED, "blocked", "Blocked: {message} Call a supervisor.", "已停用：{message} 叫主管。")         \
        X(CANCELLED, "cancelled", "Cancelled. Offer walk-in.", "报名已取消。可现场登记。")                   \
        X(WAITLISTED, "waitlisted", "On the waiting list. Ask the desk.", "候补中。到服务台问。")            \
        X(UNPAID, "unpaid", "Not paid. Pay at the desk, scan again.", "未付款。付款后重扫。")                \
        X(TICKET_NOT_VALID_HERE, "ticket_not_valid_here", "{ticket}: another door. Show it.",                \
                "{ticket}走别的门。请指路。")                                                                \
        X(TICKET_TOO_EARLY, "ticket_too_early", "Not valid yet. Check the ticket's day.",                    \
                "尚未生效。核对日期。")                                                                      \
        X(TICKET_TOO_LATE, "ticket_too_late", "Ticket ended. New one at the desk.",                          \
                "已过期。到服务台换票。")                                                                    \
        X(CHECKPOINT_NOT_OPEN, "checkpoint_not_open", "Door not open yet. Wait here.",                       \
                "尚未开门。在此等候。")                                                                      \
        X(CHECKPOINT_CLOSED, "checkpoint_closed", "Door closed. Send to the front desk.",                    \
                "已停止入场。到服务台。")                                                                    \
        X(NO_BOOKING, "no_booking", "No seat booked. Ask the desk.", "未订座。到服务台问余位。")             \
        X(ALREADY_ADMITTED, "already_admitted", "In since {time}, {device}. See badge.",                     \
                "{time} 已入{device}。核对胸牌。")                                                           \
        X(NOT_INSIDE, "not_inside", "No entry recorded. Scan in first.", "无入场记录。先扫入场。")           \
        X(FULL, "full", "Full. Wait till someone leaves.", "已满。等人离场。")

enum verdict_reason {
        REASON_NONE,
#define X(name, ...) REASON_##name,
        VERDICT_REASONS(X)
#undef X
                REASON_COUNT
};

#define VERDICT_WORDS(X)                                                                                     \
        X(ADMITTED, "admitted", "Admitted.", "已入场。")                                                     \
        X(LEFT, "left", "Left.", "已离场。")                                                                 \
        X(REFUSED, "refused", "Refused.", "不予放行。")                                                      \
        X(INCOMPLETE, "incomplete", "Ask first, then scan again.", "先问清，再重扫。")

enum verdict_word {
#define X(name, ...) VERDICT_##name,
        VERDICT_WORDS(X)
#undef X
                VERDICT_COUNT
};

/* What the thing shown turned out to be. */
enum verdict_found { FOUND_HERE, FOUND_NOWHERE, FOUND_FORGED, FOUND_ELSEWHERE };

/* What a verdict is judged by: rows as they stand, borrowed. */
struct verdict_case {
        const struct checkpoint_row *checkpoint;
        enum verdict_found found;
        const struct registration_row *registration; /* FOUND_HERE */
        const struct credential_row *credential; /* what was shown; NULL: the registration was named */
        const struct ticket_row *ticket; /* its type; NULL: there is none any more */
        const struct presence_row *presence; /* at this checkpoint (and day); NULL: never been */
        int64_t inside; /* people inside this checkpoint (on that day) */
        struct instant at; /* when it happened: hours and validity go by it */
        bool leaving;
        bool force;
        bool booked; /* has a seat in the checkpoint's session */
        bool asks; /* a question of the door's is open, and has been neither answered nor declined */
};

struct verdict {
        enum verdict_word word;
        enum verdict_reason reason; /* why refused, or (forced) what was overridden */
        bool forced;
        /*
         * What becomes of the presence: every admission and exit is a move, so that the last can be taken back. `by`:
         * how it changes the number of people inside.
         */
        bool moves, inside, admitted;
        int by;
};

/* When it is taken to have happened: one ahead of its arrival counts as then, but in a dry run. `at` may be none. */
struct instant verdict_at(struct instant at, struct instant arrived, bool dry_run);
/* The day whose presence counts at a checkpoint; DATE_NONE where it is the whole event's. */
struct date verdict_day(const struct checkpoint_row *checkpoint, struct instant at, const struct zone *zone,
        int day_starts_minutes);
struct verdict verdict_decide(const struct verdict_case *judged);
/* The first reason that applies, REASON_NONE: none does. */
enum verdict_reason verdict_reason(const struct verdict_case *judged);
/* Whether the table's rule of a reason applies, whatever stands before it. */
bool verdict_applies(enum verdict_reason reason, const struct verdict_case *judged);

const char *verdict_word(enum verdict_word word);
const char *verdict_reason_word(enum verdict_reason reason); /* NULL: none */
int verdict_from_word(const char *word); /* -1: no such word */
int verdict_reason_from_word(const char *word); /* 0 (REASON_NONE): no such reason */

/* LANGUAGE_ENGLISH where it is the word of none, or NULL. */
enum verdict_language verdict_language_from_word(const char *word);

/* What is said to the staff, and what a sentence's braces stand for: the words of a block, the ticket, who came first. */
struct verdict_words {
        enum verdict_language language;
        enum verdict_word word;
        enum verdict_reason reason;
        const char *blocked, *ticket_name;
        struct instant first_at, now;
        const char *first_device;
        const struct zone *zone;
};
void verdict_say(const struct verdict_words *words, struct buffer *out);
