/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking for people in a roll. Every word of the query has to begin a word of a text (see door/fold.h), in any order; a word
 * that begins with a Han character may stand anywhere in a name. The better a text fits the earlier it comes:
 *
 *   SEARCH_FIELD   the words of the query are all the words of one field
 *   SEARCH_WORD    each is a whole word
 *   SEARCH_BEGIN   each begins a word
 *   SEARCH_INSIDE  one stands inside a name
 *
 * and those that fit alike come in the order in which they were registered.
 */
#pragma once

#include "door/roll.h"

enum { SEARCH_WORDS_MAX = 8 };

enum search_rank { SEARCH_FIELD, SEARCH_WORD, SEARCH_BEGIN, SEARCH_INSIDE, SEARCH_RANKS };

struct search_word {
        const char *text; /* in the query */
        size_t length;
        bool han; /* begins with a Han character */
};

struct search_query {
        struct search_word words[SEARCH_WORDS_MAX];
        size_t count; /* 0: it finds nobody */
        size_t letters; /* bytes of all words */
        bool phone; /* whether phones are looked at */
};

/* Where a page ended. */
struct search_place {
        enum search_rank rank;
        struct instant created_at;
        char id[16];
};

/* `folded`: of fold_query, borrowed; its first SEARCH_WORDS_MAX words count. */
void search_query_init(struct search_query *query, const char *folded, bool phone);
/* Whether it names few enough for a door: a Han character, two letters or a whole code. */
bool search_query_is_narrow(const struct search_query *query);
/* Whether a text (not ended by a NUL) fits, and how well: what a search asks of each. */
bool search_fits(const struct search_query *query, const char *text, size_t length, enum search_rank *rank);

/* ---- a search through a roll, a part at a time: the roll may change in between ---- */

struct search;

/* The first `limit` behind `after` (NULL: from the first). The query's words are borrowed. */
struct search *search_new(const struct search_query *query, const struct search_place *after, size_t limit);
struct search *search_free(struct search *search);
/* Looks at so many registrations more, or a few hundred above that; true: at all of them. */
bool search_go_on(struct search *search, const struct roll *roll, size_t rows);
/*
 * What was found, best first, borrowed: `limit` at most, and whether there is more. `rank_of_last` (may be NULL) is the
 * last one's.
 */
size_t search_hits(const struct search *search, const struct registration_row **rows, bool *more,
        enum search_rank *rank_of_last);
