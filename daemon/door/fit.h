/* SPDX-License-Identifier: Apache-2.0 */
/* How well folded texts fit the words of a query: what door/search.h is made of. */
#pragma once

#include "door/roll.h"
#include "door/search.h"

typedef uint8_t lanes __attribute__((vector_size(16)));

/* A word, made ready to be looked for. */
struct probe {
        const struct search_word *word;
        lanes first, second, any_second, anywhere;
};

/* All words of a query. The longest is looked for; where it stands, the others are. */
struct probes {
        const struct search_query *query; /* borrowed */
        struct probe of[SEARCH_WORDS_MAX];
        size_t longest;
};

/* A text with an edge before and behind it, and ROLL_PAD bytes behind that may be read. */
struct fit_text {
        const char *begin, *end;
        const char *names_end; /* only names may be looked into */
};

enum { ROLL_MARKS = ROLL_BLOCK_ROWS / 64 };

void probes_init(struct probes *probes, const struct search_query *query);
/* The best that a word finds in a text. */
enum search_rank fit_word(const struct probe *probe, const struct fit_text *text);
/* Whether some field of a text consists of the words of the query. */
bool fit_field(const struct probes *probes, const struct fit_text *text);
/* Marks the registrations of a block, from the n-th on, in whose text the word may stand better than that. */
void fit_mark(const struct probe *probe, const struct roll_block *block, size_t from,
        enum search_rank better_than, uint64_t marks[static ROLL_MARKS]);
