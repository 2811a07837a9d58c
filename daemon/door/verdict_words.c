/* SPDX-License-Identifier: Apache-2.0 */
/* The words of verdicts: those of the wire, and what is said to the staff. */
#include "door/verdict.h"

#include <string.h>

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include "base/zone.h"

static const struct words {
        const char *word, *sentences[LANGUAGE_COUNT];
} reasons[REASON_COUNT] = {
#define X(name, word, ...) [REASON_##name] = { word, { __VA_ARGS__ } },
        VERDICT_REASONS(X)
#undef X
}, verdicts[VERDICT_COUNT] = {
#define X(name, word, ...) [VERDICT_##name] = { word, { __VA_ARGS__ } },
        VERDICT_WORDS(X)
#undef X
};

static const char *const languages[LANGUAGE_COUNT] = {
#define X(name, word) [LANGUAGE_##name] = word,
        VERDICT_LANGUAGES(X)
#undef X
};

/* Said in place of the tables' where those need what is not known; the first whose braces can be filled. */
static const struct plainer {
        enum verdict_reason reason;
        const char *sentences[LANGUAGE_COUNT];
} plainer[] = {
        { REASON_BLOCKED, { "Blocked. Call a supervisor.", "已停用。叫主管。" } },
        { REASON_TICKET_NOT_VALID_HERE, { "Another door. Show it.", "此票走别的门。请指路。" } },
        { REASON_ALREADY_ADMITTED, { "In since {time}. See badge.", "{time} 已入场。核对胸牌。" } },
        { REASON_ALREADY_ADMITTED, { "In already. See badge.", "已入场。核对胸牌。" } },
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

enum verdict_language verdict_language_from_word(const char *word)
{
        for (int i = 0; word && i < LANGUAGE_COUNT; i++)
                if (strcmp(languages[i], word) == 0)
                        return (enum verdict_language)i;
        return LANGUAGE_ENGLISH;
}

/* ---- when ---- */

static void say_date(const struct civil *then, const struct civil *today, enum verdict_language language,
        struct buffer *out)
{
        static const char *const weekdays[] = { "日", "一", "二", "三", "四", "五", "六" };
        int days = date_from_civil(then->year, then->month, then->day).days;

        if (language == LANGUAGE_ENGLISH) {
                buffer_addf(out, "%04d-%02d-%02d ", then->year, then->month, then->day);
                return;
        }
        if (then->year != today->year)
                buffer_addf(out, "%d年", then->year);
        /* The first of all days was a Thursday. */
        buffer_addf(out, "%d月%d日 周%s ", then->month, then->day, weekdays[((days + 4) % 7 + 7) % 7]);
}

/* "09:30", the date before it when that is another day. */
static void say_time(const struct verdict_words *words, struct buffer *out)
{
        struct civil then = zone_civil(words->zone, words->first_at),
                     today = zone_civil(words->zone, words->now);

        if (then.year != today.year || then.month != today.month || then.day != today.day)
                say_date(&then, &today, words->language, out);
        buffer_addf(out, "%02d:%02d", then.hour, then.minute);
}

/* ---- what a person wrote, as a sentence among ours ---- */

static UChar32 last_character(const char *text, size_t length)
{
        int32_t at = (int32_t)length;
        UChar32 last = 0;

        if (at)
                U8_PREV((const uint8_t *)text, 0, at, last);
        return last;
}

static bool closes(UChar32 c)
{
        int8_t type = u_charType(c);

        return type == U_END_PUNCTUATION || type == U_FINAL_PUNCTUATION || c == '"' || c == '\'';
}

static bool stops(UChar32 c)
{
        const UChar32 ellipsis = 0x2026;

        return c == ':' || c == 0xFF1A || c == ellipsis || u_hasBinaryProperty(c, UCHAR_S_TERM);
}

/* How much of a text stands before what `is` true of at its end. */
static size_t length_without(const char *text, size_t length, bool (*is)(UChar32))
{
        UChar32 last;

        while (length && is(last = last_character(text, length)))
                length -= (size_t)U8_LENGTH(last);
        return length;
}

static bool is_blank(UChar32 c)
{
        return u_isUWhiteSpace(c);
}

static size_t length_written(const char *text)
{
        return text ? length_without(text, strlen(text), is_blank) : 0;
}

static void say_written(const struct verdict_words *words, struct buffer *out)
{
        static const char *const full_stops[LANGUAGE_COUNT] = { ".", "。" };
        size_t length = length_written(words->blocked);
        size_t within = length_without(words->blocked, length, closes);

        buffer_add(out, words->blocked, length);
        if (!stops(last_character(words->blocked, within)))
                buffer_add_text(out, full_stops[words->language]);
}

/* A full-width mark brings its own blank. */
static bool ends_wide(const struct buffer *out)
{
        int width = u_getIntPropertyValue(last_character(out->data, out->length), UCHAR_EAST_ASIAN_WIDTH);

        return width == U_EA_FULLWIDTH || width == U_EA_WIDE;
}

/* ---- sentences ---- */

enum part { PART_TIME, PART_DEVICE, PART_TICKET, PART_MESSAGE, PART_COUNT };

static const char *const part_names[PART_COUNT] = { "{time}", "{device}", "{ticket}", "{message}" };

static enum part part_at(const char *brace)
{
        enum part part = 0;

        while (part < PART_COUNT && strncmp(brace, part_names[part], strlen(part_names[part])) != 0)
                part++;
        return part;
}

static bool is_known(enum part part, const struct verdict_words *words)
{
        switch (part) {
        case PART_TIME:
                return !instant_is_none(words->first_at);
        case PART_DEVICE:
                return words->first_device;
        case PART_TICKET:
                return words->ticket_name;
        case PART_MESSAGE:
                return length_written(words->blocked) > 0;
        case PART_COUNT:
                break;
        }
        return false;
}

static void say_part(enum part part, const struct verdict_words *words, struct buffer *out)
{
        switch (part) {
        case PART_TIME:
                say_time(words, out);
                break;
        case PART_DEVICE:
                buffer_add_text(out, words->first_device);
                break;
        case PART_TICKET:
                buffer_add_text(out, words->ticket_name);
                break;
        case PART_MESSAGE:
                say_written(words, out);
                break;
        case PART_COUNT:
                break;
        }
}

static bool can_say(const char *sentence, const struct verdict_words *words)
{
        for (const char *brace = strchr(sentence, '{'); brace; brace = strchr(brace + 1, '{'))
                if (!is_known(part_at(brace), words))
                        return false;
        return true;
}

static const char *choose_sentence(const struct verdict_words *words)
{
        const char *sentence = reasons[words->reason].sentences[words->language];

        if (words->word != VERDICT_REFUSED || words->reason == REASON_NONE)
                return verdicts[words->word].sentences[words->language];
        for (size_t i = 0; !can_say(sentence, words) && i < sizeof(plainer) / sizeof(plainer[0]); i++)
                if (plainer[i].reason == words->reason)
                        sentence = plainer[i].sentences[words->language];
        return sentence;
}

void verdict_say(const struct verdict_words *words, struct buffer *out)
{
        const char *sentence = choose_sentence(words), *brace;
        enum part part;

        while ((brace = strchr(sentence, '{')) && (part = part_at(brace)) != PART_COUNT) {
                buffer_add(out, sentence, (size_t)(brace - sentence));
                say_part(part, words, out);
                sentence = brace + strlen(part_names[part]);
                if (part == PART_MESSAGE && ends_wide(out))
                        sentence += strspn(sentence, " ");
        }
        buffer_add_text(out, sentence);
}
