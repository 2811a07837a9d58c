/* SPDX-License-Identifier: Apache-2.0 */
/* The words of verdicts: those of the wire, and what is said to the staff. */
#include "door/verdict.h"

#include <string.h>

#include "base/zone.h"

static const struct words {
        const char *word, *sentence;
} reasons[REASON_COUNT] = {
#define X(name, word, sentence) [REASON_##name] = { word, sentence },
        VERDICT_REASONS(X)
#undef X
}, verdicts[VERDICT_COUNT] = {
#define X(name, word, sentence) [VERDICT_##name] = { word, sentence },
        VERDICT_WORDS(X)
#undef X
};

const char *verdict_word(enum verdict_word word)
{
        return verdicts[word].word;
}

const char *verdict_reason_word(enum verdict_reason reason)
{
        return reasons[reason].word;
}

int verdict_from_word(const char *word)
{
        for (int i = 0; i < VERDICT_COUNT; i++)
                if (strcmp(verdicts[i].word, word) == 0)
                        return i;
        return -1;
}

int verdict_reason_from_word(const char *word)
{
        for (int i = REASON_NONE + 1; i < REASON_COUNT; i++)
                if (strcmp(reasons[i].word, word) == 0)
                        return i;
        return REASON_NONE;
}

/* "09:30", the date before it when that is another day. */
static void say_time(struct buffer *out, struct instant at, struct instant now, const struct zone *zone)
{
        struct civil then = zone_civil(zone, at), today = zone_civil(zone, now);

        if (then.year != today.year || then.month != today.month || then.day != today.day)
                buffer_addf(out, "%04d-%02d-%02d ", then.year, then.month, then.day);
        buffer_addf(out, "%02d:%02d", then.hour, then.minute);
}

static void say_first(const struct verdict_words *words, struct buffer *out)
{
        buffer_add_text(out, "In since ");
        say_time(out, words->first_at, words->now, words->zone);
        if (words->first_device)
                buffer_addf(out, ", %s", words->first_device);
        buffer_add_text(out, ". See badge.");
}

void verdict_say(const struct verdict_words *words, struct buffer *out)
{
        if (words->word != VERDICT_REFUSED)
                buffer_add_text(out, verdicts[words->word].sentence);
        else if (words->reason == REASON_BLOCKED && words->blocked)
                buffer_add_text(out, words->blocked);
        else if (words->reason == REASON_TICKET_NOT_VALID_HERE && words->ticket_name)
                buffer_addf(out, "%s: another door. Show it.", words->ticket_name);
        else if (words->reason == REASON_ALREADY_ADMITTED && !instant_is_none(words->first_at))
                say_first(words, out);
        else
                buffer_add_text(out,
                        words->reason ? reasons[words->reason].sentence : verdicts[VERDICT_REFUSED].sentence);
}
