/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Folding: the text under which a person is found, whatever is typed into the one box.
 *
 * A folded text has four groups, parted by FOLD_GROUP: the names in all their readings; the organisation; e-mail and
 * short code; the phone. A group has fields, parted by FOLD_FIELD, these have words, parted by a blank, and these have
 * parts, parted by FOLD_PART where a blank may be left out: between the syllables of Han characters, where a hyphen or an
 * apostrophe stood, between Han characters and others. All is lower case, without diacritics; Latin letters are ASCII;
 * other scripts stand as they are and, once more, in Latin. A folded query is words alone, punctuation left out.
 *
 * ASCII goes through a loop of our own; the rest through ICU, whose rules take a tenth of a second to open. They are
 * opened when first needed; a fold serves one thread at a time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include "door/rows.h"

enum { FOLD_VERSION = 2 };

#define FOLD_GROUP '\x1e'
#define FOLD_FIELD '\x1f'
#define FOLD_PART '\x01'

struct fold;

struct fold *fold_new(void);
struct fold *fold_free(struct fold *fold);
/* Opens the rules now. */
void fold_open(struct fold *fold);
/* The folded text of a registration, to be freed. */
char *fold_registration(struct fold *fold, const struct registration_row *row);

/* Where a folded text says the organisation: the first `before` bytes come before it, what begins at `behind` comes behind. */
struct fold_parts {
        const char *organisation;
        size_t organisation_length;
        size_t before, behind;
};
struct fold_parts fold_parts(const char *text, size_t length);

/* The folded words of a query, a blank between them, to be freed. */
char *fold_query(struct fold *fold, const char *text);
