/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any script into plain Latin letters, by ICU: what door/fold.h is made of. Rules are opened when first needed, and
 * serve one thread at a time. What ICU cannot do leaves a text as it is.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <unicode/utypes.h>

/* Text in UTF-16, reused from one text to the next. */
struct units {
        UChar *data;
        int32_t length, capacity;
};

struct latin;

void units_deinit(struct units *units);
struct latin *latin_new(void);
struct latin *latin_free(struct latin *latin);
void latin_open(struct latin *latin);
/* Lower case, compatibility forms and diacritics gone, Latin letters ASCII; other scripts stay. */
void latin_base(struct latin *latin, const char *text, struct units *base);
/* The base of the same text, ä, ö, ü and their like written ae, oe, ue; false: it has none. */
bool latin_base_umlauts(struct latin *latin, struct units *base);
/*
 * A base in Latin letters alone: Han by syllables with `between` between them (0: nothing), the first of a name read as a
 * surname where `names`. False: it is Latin already.
 */
bool latin_reading(
        struct latin *latin, const struct units *base, bool names, UChar between, struct units *reading);
/* A base with its Han characters simplified; false: they are. */
bool latin_simplified(struct latin *latin, const struct units *base, struct units *simplified);
