/* SPDX-License-Identifier: Apache-2.0 */
#include "door/search.h"

#include <string.h>

#include "base/buffer.h"
#include "base/utf8.h"
#include "door/code.h"
#include "door/fold.h"
#include "door/han.h"

void search_query_init(struct search_query *query, const char *folded, bool phone)
{
        *query = (struct search_query){ .phone = phone };
        while (query->count < SEARCH_WORDS_MAX) {
                struct search_word *word = &query->words[query->count];
                uint32_t first = 0;

                folded += strspn(folded, " ");
                word->text = folded;
                word->length = strcspn(folded, " ");
                if (!word->length)
                        return;
                utf8_next(word->text, word->length, &first);
                word->han = han_is(first);
                folded += word->length;
                query->letters += word->length;
                query->count++;
        }
}

static bool is_code(const struct search_word *word)
{
        char text[CODE_LENGTH + 1], code[CODE_LENGTH + 1];

        if (word->length != CODE_LENGTH)
                return false;
        memcpy(text, word->text, CODE_LENGTH);
        text[CODE_LENGTH] = '\0';
        return code_read(text, code);
}

bool search_query_is_narrow(const struct search_query *query)
{
        size_t letters = 0;

        for (size_t i = 0; i < query->count; i++) {
                const struct search_word *word = &query->words[i];

                if (is_code(word))
                        return true;
                for (size_t at = 0, length; at < word->length; at += length) {
                        uint32_t c;

                        length = utf8_next(word->text + at, word->length - at, &c);
                        if (!length || han_is(c))
                                return length;
                        letters += c > '9';
                }
        }
        return letters >= 2;
}

/* ---- where a word may stand ---- */

typedef uint8_t lanes __attribute__((vector_size(16)));

static inline lanes lanes_load(const char *at)
{
        lanes bytes;

        memcpy(&bytes, at, sizeof(bytes));
        return bytes;
}

/* The first lane that is set; 16: none is. */
static inline size_t lanes_first(lanes mask)
{
        uint64_t halves[2];

        memcpy(halves, &mask, sizeof(halves));
        if (halves[0])
                return (size_t)__builtin_ctzll(halves[0]) / 8;
        return halves[1] ? 8 + (size_t)__builtin_ctzll(halves[1]) / 8 : 16;
}

static bool parts(char c)
{
        return (unsigned char)c <= ' ';
}

/* Whether the word may begin here: its first two bytes fit, and, unless it may stand anywhere, so does what is before it. */
static bool may_begin(const struct search_word *word, const char *at, const char *end)
{
        if (at[0] != word->text[0] || (!word->han && !parts(at[-1])))
                return false;
        return word->length == 1 || (at + 1 < end && (at[1] == word->text[1] || parts(at[1])));
}

/* The next place from `at` on where the word may begin; NULL: there is none before `end`. The byte before `at` is read, too. */
static const char *next_place(const struct search_word *word, const char *at, const char *end)
{
        const lanes first = (lanes){} + (uint8_t)word->text[0];
        const lanes second = (lanes){} + (uint8_t)word->text[word->length > 1];
        const lanes any = (lanes){} + (uint8_t)(word->length > 1 ? 0 : 0xff);
        const lanes anywhere = (lanes){} + (uint8_t)(word->han ? 0xff : 0);

        for (; end - at > (ptrdiff_t)sizeof(lanes); at += sizeof(lanes)) {
                lanes before = lanes_load(at - 1), behind = lanes_load(at + 1);
                lanes mask = (lanes)(lanes_load(at) == first) & ((lanes)(before <= ' ') | anywhere) &
                             ((lanes)(behind == second) | (lanes)(behind <= ' ') | any);
                size_t lane = lanes_first(mask);

                if (lane < sizeof(lanes))
                        return at + lane;
        }
        for (; at < end; at++)
                if (may_begin(word, at, end))
                        return at;
        return NULL;
}

/* Behind the word, where it stands at `at`; NULL: it does not. Parts may be written together. */
static const char *walk(const struct search_word *word, const char *at, const char *end)
{
        for (size_t i = 0; i < word->length; at++) {
                if (at == end)
                        return NULL;
                if (*at == word->text[i])
                        i++;
                else if (*at != FOLD_PART || !i)
                        return NULL;
        }
        return at;
}

/* ---- how well a text fits ---- */

struct text {
        const char *begin, *names_end, *end;
};

/* What of it may be looked at. */
static struct text text_read(const struct search_query *query, const char *begin, const char *end)
{
        const char *names_end = memchr(begin, FOLD_GROUP, (size_t)(end - begin)), *phone = NULL;

        if (names_end)
                phone = memchr(names_end + 1, FOLD_GROUP, (size_t)(end - names_end - 1));
        if (phone && !query->phone)
                end = phone;
        return (struct text){ begin, names_end ? names_end : end, end };
}

static enum search_rank rank_at(
        const struct search_word *word, const struct text *text, const char *at, const char *end)
{
        const char *behind = walk(word, at, end);

        if (!behind)
                return SEARCH_RANKS;
        if (!parts(at[-1]))
                return at < text->names_end ? SEARCH_INSIDE : SEARCH_RANKS;
        return behind == end || parts(*behind) ? SEARCH_WORD : SEARCH_BEGIN;
}

/* The word's best place between `from` and `end`; SEARCH_RANKS: it has none. */
static enum search_rank best_rank(
        const struct search_word *word, const struct text *text, const char *from, const char *end)
{
        enum search_rank best = SEARCH_RANKS;

        while (best > SEARCH_WORD && (from = next_place(word, from, end))) {
                enum search_rank rank = rank_at(word, text, from, end);

                best = rank < best ? rank : best;
                from++;
        }
        return best;
}

static size_t count_letters(const char *from, const char *end)
{
        size_t letters = 0;

        for (; from < end; from++)
                letters += !parts(*from);
        return letters;
}

/* Whether some field consists of the words of the query. */
static bool is_field(const struct search_query *query, const struct text *text)
{
        const char *from = text->begin;

        while (from < text->end) {
                const char *end = from;
                size_t fitting = 0;

                while (end < text->end && *end != FOLD_FIELD && *end != FOLD_GROUP)
                        end++;
                if (count_letters(from, end) == query->letters)
                        while (fitting < query->count &&
                                best_rank(&query->words[fitting], text, from, end) == SEARCH_WORD)
                                fitting++;
                if (fitting == query->count)
                        return true;
                from = end + 1;
        }
        return false;
}

/* The byte before `begin` parts words. */
static enum search_rank judge(const struct search_query *query, const char *begin, const char *end)
{
        struct text text = text_read(query, begin, end);
        enum search_rank worst = SEARCH_FIELD;

        for (size_t i = 0; i < query->count && worst < SEARCH_RANKS; i++) {
                enum search_rank rank = best_rank(&query->words[i], &text, begin, text.end);

                worst = rank > worst ? rank : worst;
        }
        if (worst == SEARCH_WORD && is_field(query, &text))
                return SEARCH_FIELD;
        return worst;
}

bool search_fits(const struct search_query *query, const char *text, size_t length, enum search_rank *rank)
{
        char *copy = xmalloc(length + 2);

        copy[0] = ROLL_END;
        memcpy(copy + 1, text, length);
        *rank = query->count ? judge(query, copy + 1, copy + 1 + length) : SEARCH_RANKS;
        free(copy);
        return *rank < SEARCH_RANKS;
}

/* ---- all of a roll ---- */

struct hits {
        const struct registration_row **of[SEARCH_RANKS]; /* the first of each rank, `wanted` at most */
        size_t count[SEARCH_RANKS], wanted;
        enum search_rank from_rank; /* nothing better is wanted, and of this rank nothing before: */
        struct roll_place from;
        bool from_end; /* … nothing at all */
};

static void hits_add(
        struct hits *hits, enum search_rank rank, const struct roll_block *block, size_t at, size_t n)
{
        if (rank < hits->from_rank || hits->count[rank] == hits->wanted)
                return;
        if (rank == hits->from_rank &&
                (hits->from_end || at < hits->from.block || (at == hits->from.block && n < hits->from.row)))
                return;
        hits->of[rank][hits->count[rank]++] = block->rows[n];
}

/* The longest is looked for; where it stands, the others are. */
static const struct search_word *rarest_word(const struct search_query *query)
{
        const struct search_word *longest = &query->words[0];

        for (size_t i = 1; i < query->count; i++)
                if (query->words[i].length > longest->length)
                        longest = &query->words[i];
        return longest;
}

static void search_block(
        const struct search_query *query, const struct roll_block *block, size_t at, struct hits *hits)
{
        const struct search_word *word = rarest_word(query);
        const char *text = block->text, *end = text + block->length, *place = text + 1;
        size_t n = 0;

        while ((place = next_place(word, place, end))) {
                enum search_rank rank;

                while (block->ends[n] <= (size_t)(place - text))
                        n++;
                if (!walk(word, place, text + block->ends[n] - 1)) {
                        place++;
                        continue;
                }
                rank = judge(query, text + roll_begin(block, n), text + block->ends[n] - 1);
                if (rank < SEARCH_RANKS)
                        hits_add(hits, rank, block, at, n);
                place = text + block->ends[n];
        }
}

static void hits_begin(
        struct hits *hits, const struct roll *roll, const struct search_place *after, size_t limit)
{
        *hits = (struct hits){ .wanted = limit + 1 };
        for (size_t i = 0; i < SEARCH_RANKS; i++)
                hits->of[i] = xcalloc(hits->wanted, sizeof(*hits->of[i]));
        if (!after)
                return;
        hits->from_rank = after->rank;
        hits->from_end = !roll_find(roll, after->created_at, after->id, &hits->from);
        if (!hits->from_end && roll_compare(roll_row(roll, &hits->from), after->created_at, after->id) == 0)
                hits->from.row++;
}

size_t search_run(const struct roll *roll, const struct search_query *query, const struct search_place *after,
        size_t limit, const struct registration_row **rows, bool *more, enum search_rank *rank_of_last)
{
        struct hits hits;
        size_t count = 0, found = 0;

        hits_begin(&hits, roll, after, limit);
        for (size_t i = 0; query->count && i < roll->block_count; i++)
                search_block(query, roll->blocks[i], i, &hits);
        for (enum search_rank rank = SEARCH_FIELD; rank < SEARCH_RANKS; rank++) {
                found += hits.count[rank];
                for (size_t i = 0; i < hits.count[rank] && count < limit; i++) {
                        rows[count++] = hits.of[rank][i];
                        if (rank_of_last)
                                *rank_of_last = rank;
                }
                free(hits.of[rank]);
        }
        *more = found > limit;
        return count;
}
