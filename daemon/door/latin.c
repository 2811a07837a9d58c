/* SPDX-License-Identifier: Apache-2.0 */
#include "door/latin.h"

#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>
#include <unicode/ustring.h>
#include <unicode/utrans.h>
#include <unicode/utf16.h>

#include "base/buffer.h"
#include "base/log.h"
#include "door/han.h"

enum rules { RULES_NAMES, RULES_HAN, RULES_LATIN, RULES_ASCII, RULES_SIMPLIFIED, RULES_COUNT };

static const char *const rule_names[RULES_COUNT] = {
        [RULES_NAMES] = "Han-Latin/Names",
        [RULES_HAN] = "Han-Latin",
        [RULES_LATIN] = "Any-Latin",
        [RULES_ASCII] = "Latin-ASCII",
        [RULES_SIMPLIFIED] = "Traditional-Simplified",
};

struct latin {
        UTransliterator *rules[RULES_COUNT];
        bool missing[RULES_COUNT]; /* said once */
        struct units given, composed, run;
};

/* ---- units ---- */

void units_deinit(struct units *units)
{
        free(units->data);
        *units = (struct units){ NULL, 0, 0 };
}

static void units_reserve(struct units *units, int32_t capacity)
{
        if (units->data && capacity <= units->capacity)
                return;
        units->capacity = capacity + capacity / 2 + 32;
        units->data = xrealloc(units->data, (size_t)units->capacity * sizeof(UChar));
}

static void units_set(struct units *units, const UChar *data, int32_t length)
{
        units_reserve(units, length);
        if (length)
                memcpy(units->data, data, (size_t)length * sizeof(UChar));
        units->length = length;
}

static void units_add(struct units *units, const UChar *data, int32_t length)
{
        units_reserve(units, units->length + length);
        if (length)
                memcpy(units->data + units->length, data, (size_t)length * sizeof(UChar));
        units->length += length;
}

static void units_add_character(struct units *units, UChar32 c)
{
        units_reserve(units, units->length + 2);
        U16_APPEND_UNSAFE(units->data, units->length, c);
}

static bool units_same(const struct units *a, const struct units *b)
{
        return a->length == b->length &&
               (!a->length || memcmp(a->data, b->data, (size_t)a->length * sizeof(UChar)) == 0);
}

static bool units_are_ascii(const UChar *data, int32_t length)
{
        for (int32_t i = 0; i < length; i++)
                if (data[i] >= 0x80)
                        return false;
        return true;
}

/* ---- ICU ---- */

struct latin *latin_new(void)
{
        return xcalloc(1, sizeof(struct latin));
}

struct latin *latin_free(struct latin *latin)
{
        if (!latin)
                return NULL;
        for (size_t i = 0; i < RULES_COUNT; i++)
                if (latin->rules[i])
                        utrans_close(latin->rules[i]);
        units_deinit(&latin->given);
        units_deinit(&latin->composed);
        units_deinit(&latin->run);
        free(latin);
        return NULL;
}

static UTransliterator *rules_need(struct latin *latin, enum rules which)
{
        UErrorCode error = U_ZERO_ERROR;
        UChar name[32];

        if (latin->rules[which] || latin->missing[which])
                return latin->rules[which];
        u_uastrcpy(name, rule_names[which]);
        latin->rules[which] = utrans_openU(name, -1, UTRANS_FORWARD, NULL, 0, NULL, &error);
        if (U_FAILURE(error)) {
                log_error("ICU has no rules %s (%s)", rule_names[which], u_errorName(error));
                latin->rules[which] = NULL;
                latin->missing[which] = true;
        }
        return latin->rules[which];
}

/* In place. A text that ICU cannot work on stays as it is. */
static void apply_rules(struct latin *latin, enum rules which, struct units *text)
{
        const UTransliterator *rules = rules_need(latin, which);
        struct units copy = { NULL, 0, 0 };
        int32_t capacity = text->length * 8 + 64;

        if (!rules || !text->length)
                return;
        units_set(&copy, text->data, text->length);
        for (int tries = 0; tries < 3; tries++, capacity *= 8) {
                UErrorCode error = U_ZERO_ERROR;
                int32_t limit = copy.length;

                units_reserve(text, capacity);
                units_set(text, copy.data, copy.length);
                utrans_transUChars(rules, text->data, &text->length, text->capacity, 0, &limit, &error);
                if (U_SUCCESS(error))
                        break;
                units_set(text, copy.data, copy.length);
        }
        units_deinit(&copy);
}

static void normalise(const UNormalizer2 *form, const struct units *from, struct units *to)
{
        int32_t capacity = from->length * 4 + 32;

        for (int tries = 0; tries < 3; tries++, capacity *= 8) {
                UErrorCode error = U_ZERO_ERROR;

                units_reserve(to, capacity);
                to->length = unorm2_normalize(form, from->data, from->length, to->data, to->capacity, &error);
                if (U_SUCCESS(error))
                        return;
        }
        units_set(to, from->data, from->length);
}

void latin_open(struct latin *latin)
{
        /* A character of each script that has rules of its own: they too are opened when first needed. */
        static const char *const samples[] = { "单", "Ж", "λ", "가", "か", "カ", "م", "ש", "ส", "न", "ა", "ա",
                "é", "æ" };
        struct units base = { NULL, 0, 0 }, reading = { NULL, 0, 0 };

        for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
                latin_base(latin, samples[i], &base);
                latin_reading(latin, &base, true, 0, &reading);
                latin_reading(latin, &base, false, 0, &reading);
                latin_simplified(latin, &base, &reading);
        }
        units_deinit(&base);
        units_deinit(&reading);
}

/* ---- the base ---- */

static void read_text(const char *text, struct units *to)
{
        size_t length = strlen(text);
        UErrorCode error = U_ZERO_ERROR;

        units_reserve(to, (int32_t)length + 1);
        u_strFromUTF8WithSub(
                to->data, to->capacity, &to->length, text, (int32_t)length, 0xfffd, NULL, &error);
        if (U_FAILURE(error))
                to->length = 0;
}

/* The two marks of kana make other syllables. */
static bool is_diacritic(UChar32 c)
{
        UErrorCode error = U_ZERO_ERROR;

        return u_charType(c) == U_NON_SPACING_MARK && c != 0x3099 && c != 0x309a &&
               uscript_getScript(c, &error) == USCRIPT_INHERITED;
}

/* Diacritics gone; what Latin letters are left beyond ASCII are spelt out. */
static void plainly(struct latin *latin, const struct units *composed, struct units *base)
{
        UErrorCode error = U_ZERO_ERROR;
        struct units apart = { NULL, 0, 0 }, bare = { NULL, 0, 0 };
        bool latin_left = false;

        normalise(unorm2_getNFDInstance(&error), composed, &apart);
        for (int32_t i = 0; i < apart.length;) {
                UErrorCode ignored = U_ZERO_ERROR;
                UChar32 c;

                U16_NEXT(apart.data, i, apart.length, c);
                if (is_diacritic(c))
                        continue;
                latin_left = latin_left || (c >= 0x80 && uscript_getScript(c, &ignored) == USCRIPT_LATIN);
                units_add_character(&bare, c);
        }
        normalise(unorm2_getNFCInstance(&error), &bare, base);
        if (latin_left)
                apply_rules(latin, RULES_ASCII, base);
        units_deinit(&apart);
        units_deinit(&bare);
}

void latin_base(struct latin *latin, const char *text, struct units *base)
{
        UErrorCode error = U_ZERO_ERROR;

        read_text(text, &latin->given);
        normalise(unorm2_getNFKCCasefoldInstance(&error), &latin->given, &latin->composed);
        plainly(latin, &latin->composed, base);
}

static UChar umlaut_vowel(UChar c)
{
        switch (c) {
        case 0xe4: /* ä */
        case 0xe5: /* å: written aa */
                return 'a';
        case 0xf6: /* ö */
        case 0xf8: /* ø */
                return 'o';
        case 0xfc: /* ü */
                return 'u';
        default:
                return 0;
        }
}

bool latin_base_umlauts(struct latin *latin, struct units *base)
{
        struct units spelt = { NULL, 0, 0 };
        bool any = false;

        for (int32_t i = 0; i < latin->composed.length && !any; i++)
                any = umlaut_vowel(latin->composed.data[i]);
        if (!any)
                return false;
        for (int32_t i = 0; i < latin->composed.length; i++) {
                UChar c = latin->composed.data[i], vowel = umlaut_vowel(c);
                UChar pair[2] = { vowel, c == 0xe5 ? 'a' : 'e' };

                units_add(&spelt, vowel ? pair : &c, vowel ? 2 : 1);
        }
        plainly(latin, &spelt, base);
        units_deinit(&spelt);
        return true;
}

/* ---- readings ---- */

/* Where the run of Han characters, or of others, that begins at `from` ends. */
static int32_t run_end(const struct units *text, int32_t from, bool *han)
{
        int32_t at = from, end = from;
        UChar32 c;

        while (at < text->length) {
                U16_NEXT(text->data, at, text->length, c);
                if (end == from)
                        *han = han_is((uint32_t)c);
                else if (han_is((uint32_t)c) != *han)
                        break;
                end = at;
        }
        return end;
}

/* ICU parts syllables with blanks. */
static void add_syllables(struct units *to, const struct units *run, UChar between)
{
        for (int32_t i = 0; i < run->length; i++) {
                if (run->data[i] != ' ')
                        units_add(to, &run->data[i], 1);
                else if (between)
                        units_add(to, &between, 1);
        }
}

bool latin_reading(
        struct latin *latin, const struct units *base, bool names, UChar between, struct units *reading)
{
        bool han = false;

        reading->length = 0;
        if (units_are_ascii(base->data, base->length))
                return false;
        for (int32_t from = 0, end; from < base->length; from = end) {
                end = run_end(base, from, &han);
                units_set(&latin->run, base->data + from, end - from);
                if (han)
                        apply_rules(latin, names ? RULES_NAMES : RULES_HAN, &latin->run);
                else if (!units_are_ascii(latin->run.data, latin->run.length))
                        apply_rules(latin, RULES_LATIN, &latin->run);
                if (!units_are_ascii(latin->run.data, latin->run.length)) {
                        struct units marked = { NULL, 0, 0 };

                        units_set(&marked, latin->run.data, latin->run.length);
                        plainly(latin, &marked, &latin->run);
                        units_deinit(&marked);
                }
                if (from && between)
                        units_add(reading, &between, 1);
                if (han)
                        add_syllables(reading, &latin->run, between);
                else
                        units_add(reading, latin->run.data, latin->run.length);
        }
        return true;
}

bool latin_simplified(struct latin *latin, const struct units *base, struct units *simplified)
{
        bool any = false;

        for (int32_t at = 0; at < base->length && !any;) {
                UChar32 c;

                U16_NEXT(base->data, at, base->length, c);
                any = han_is((uint32_t)c);
        }
        if (!any)
                return false;
        units_set(simplified, base->data, base->length);
        apply_rules(latin, RULES_SIMPLIFIED, simplified);
        return !units_same(base, simplified);
}
