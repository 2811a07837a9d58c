/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of checkin.scan's parameters and result. */
#include "api/params.h"
#include "api/scan.h"

static const char *const direction_words[] = { "in", "out", NULL };
static const char *const durability_words[] = { "committed", "journaled", NULL };
static const char *const flag_words[] = { "forced", "late", NULL };
#define WORD(name, word, ...) word,
static const char *const verdict_words[] = { VERDICT_WORDS(WORD) NULL };
static const char *const reason_words[] = { VERDICT_REASONS(WORD) NULL };
#undef WORD
#define WORD(name, word) word,
static const char *const language_words[] = { VERDICT_LANGUAGES(WORD) NULL };
#undef WORD

static const struct param point_members[] = {
        P("event", PARAM_SLUG, REQ, "the event's slug"),
        P("checkpoint", PARAM_SLUG, REQ, "its checkpoint's slug"),
        PARAM_END,
};
static const struct param point_item[] = { P_OBJECT(NULL, 0, point_members, NULL) };
static const struct param answer_item[] = { P_RANGE(NULL, PARAM_TEXT, 0, 0, 300, NULL) };

const struct param checkin_scan_params[] = {
        P("event", PARAM_SLUG, 0, "the event's slug; with `checkpoint`, or `points` instead"),
        P("checkpoint", PARAM_SLUG, 0, "the checkpoint's slug"),
        { "points", PARAM_ARRAY, 0, 1, SCAN_POINTS_MAX, NULL, point_item, NULL, NULL,
                "checkpoints of one family: the first whose event knows the credential judges" },
        P_RANGE("credential", PARAM_TEXT, 0, 1, 4096, "what was scanned; or `registration` instead"),
        P_RANGE("registration", PARAM_TEXT, 0, 1, 64, "a registration's short code"),
        P_WORDS("direction", 0, direction_words, "\"in\"", "whether somebody comes or goes"),
        P("nonce", PARAM_UUID, 0,
                "made once a scan: a repeat gives the first answer; needed but in a dry run"),
        P("at", PARAM_INSTANT, 0, "when it happened, if that was earlier"),
        { "force", PARAM_BOOL, 0, 0, 0, NULL, NULL, NULL, "false",
                "admit in spite of any reason but the first three (desk)" },
        P_RANGE("why", PARAM_TEXT, 0, 1, 300, "why it was forced"),
        P_MAP("answers", 0, answer_item, NULL, "what was answered at the door; {}: nothing"),
        P_RANGE("device", PARAM_TEXT, 0, 1, 300, "which scanner; absent: the token's label"),
        P_WORDS("language", 0, language_words, "\"en\"", "what `message` is said in"),
        P_DRY_RUN,
        PARAM_END,
};

static const struct param facts_members[] = {
        P("opens_at", PARAM_INSTANT, 0, "when the checkpoint opens"),
        P("closes_at", PARAM_INSTANT, 0, "when it closes"),
        P("valid_from", PARAM_INSTANT, 0, "from when the ticket is valid"),
        P("valid_to", PARAM_INSTANT, 0, "until when"),
        P("ticket_name", PARAM_TEXT, 0, "the ticket type's name"),
        P("event_name", PARAM_TEXT, 0, "the event that it is for"),
        P("replaced_at", PARAM_INSTANT, 0, "when it was replaced"),
        P("capacity", PARAM_INT, 0, "people inside at most"),
        PARAM_END,
};
static const struct param shown_members[] = {
        P("field", PARAM_SLUG, REQ, "its name"),
        P("label", PARAM_TEXT, REQ, "as people read it"),
        P("value", PARAM_TEXT, REQ, "what it holds"),
        PARAM_END,
};
static const struct param shown_item[] = { P_OBJECT(NULL, 0, shown_members, NULL) };
static const struct param attendee_members[] = {
        P("registration", PARAM_TEXT, REQ, "the short code"),
        P("name", PARAM_TEXT, NUL, "the person's name"),
        P("name_latin", PARAM_TEXT, NUL, "in Latin letters"),
        P("organisation", PARAM_TEXT, NUL, NULL),
        P("title", PARAM_TEXT, NUL, NULL),
        P("ticket", PARAM_SLUG, NUL, "the ticket type"),
        P("language", PARAM_TEXT, NUL, NULL),
        P("notes", PARAM_TEXT, NUL, "cut at 300 characters"),
        P("attention", PARAM_TEXT, NUL, "a note for the staff"),
        P_ARRAY("fields", REQ, 0, shown_item, "those shown at the door"),
        PARAM_END,
};
static const struct param first_members[] = {
        P("at", PARAM_INSTANT, REQ, "when"),
        P("checkpoint", PARAM_SLUG, REQ, "where"),
        P("device", PARAM_TEXT, NUL, "at which scanner"),
        PARAM_END,
};
static const struct param question_members[] = {
        P("field", PARAM_SLUG, REQ, "its name, for `answers`"),
        P("label", PARAM_TEXT, REQ, "what to ask"),
        PARAM_END,
};
static const struct param question_item[] = { P_OBJECT(NULL, 0, question_members, NULL) };
static const struct param flag_item[] = { P_WORDS(NULL, 0, flag_words, NULL, NULL) };

const struct param checkin_scan_result[] = {
        P_WORDS("verdict", REQ, verdict_words, NULL, "what was decided"),
        P_WORDS("reason", NUL, reason_words, NULL, "why it was refused, or what was overridden"),
        P("message", PARAM_TEXT, REQ, "a sentence for the staff"),
        P_OBJECT("facts", REQ, facts_members, "what a sentence in any language needs"),
        P_ARRAY("flags", REQ, 0, flag_item, "words about the verdict"),
        P("scan", PARAM_TEXT, NUL, "its id in the log; null: nothing was recorded"),
        P("at", PARAM_INSTANT, REQ, "when it happened"),
        P("nonce", PARAM_UUID, NUL, "as given"),
        P("replayed", PARAM_BOOL, REQ, "whether this is the answer to an earlier scan of the nonce"),
        P_WORDS("durability", NUL, durability_words, NULL, "where it is kept; null: nothing was recorded"),
        P("event", PARAM_SLUG, REQ, "whose checkpoint judged"),
        P("checkpoint", PARAM_SLUG, REQ, "the checkpoint that judged"),
        P_OBJECT("attendee", 0, attendee_members, "whose credential it is, where it is known here"),
        P_OBJECT("first", 0, first_members, "the admission that stands in the way"),
        P("inside", PARAM_INT, REQ, "people inside the checkpoint"),
        P_ARRAY("questions", 0, 0, question_item, "to be asked, and answered with `answers`"),
        PARAM_END,
};
