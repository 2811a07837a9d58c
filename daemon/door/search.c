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

/*
 * A text is looked at in stretches of 64 bytes, 16 at a time: a place is one where the first two bytes of the word
 * fit, and what stands before them. A text is followed by ROLL_PAD bytes that may be read and fit nowhere.
 */
typedef uint8_t lanes __attribute__((vector_size(16)));

enum { STRETCH = 64 };

/* A word, made ready to be looked for. */
struct probe {
        const struct search_word *word;
        lanes first, second, any_second, anywhere;
};

static struct probe probe_of(const struct search_word *word)
{
        return (struct probe){
                .word = word,
                .first = (lanes){} + (uint8_t)word->text[0],
                .second = (lanes){} + (uint8_t)word->text[word->length > 1],
                .any_second = (lanes){} + (uint8_t)(word->length > 1 ? 0 : 0xff),
                .anywhere = (lanes){} + (uint8_t)(word->han ? 0xff : 0),
        };
}

static inline lanes lanes_load(const char *at)
{
        lanes bytes;

        memcpy(&bytes, at, sizeof(bytes));
        return bytes;
}

/* A bit for each lane that is set, the first one lowest. */
static inline uint64_t lanes_bits(lanes mask)
{
#ifdef __SSE2__
        return (uint64_t)(unsigned)__builtin_ia32_pmovmskb128((__attribute__((vector_size(16))) char)mask);
#else
        uint64_t bits = 0;

        for (size_t i = 0; i < sizeof(mask); i++)
                bits |= (uint64_t)(mask[i] & 1) << i;
        return bits;
#endif
}

static inline lanes lanes_fit(const struct probe *probe, const char *at)
{
        lanes before = lanes_load(at - 1), behind = lanes_load(at + 1);

        return (lanes)(lanes_load(at) == probe->first) & ((lanes)(before <= ' ') | probe->anywhere) &
               ((lanes)(behind == probe->second) | (lanes)(behind <= ' ') | probe->any_second);
}

/* The places among the 64 bytes from `at` on that are before `end`, a bit each. */
static inline uint64_t places(const struct probe *probe, const char *at, const char *end)
{
        uint64_t bits = 0;

        for (size_t i = 0; i < STRETCH; i += sizeof(lanes))
                bits |= lanes_bits(lanes_fit(probe, at + i)) << i;
        if (end - at < STRETCH)
                bits &= (UINT64_C(1) << (end - at)) - 1;
        return bits;
}

/* Takes the first place from the bits of `places`. */
static inline const char *take_place(const char *at, uint64_t *bits)
{
        const char *place = at + __builtin_ctzll(*bits);

        *bits &= *bits - 1;
        return place;
}

static inline bool parts(char c)
{
        return (unsigned char)c <= ' ';
}

/* What is on either side of a field. */
static inline bool edges(char c)
{
        return c == FOLD_FIELD || c == FOLD_GROUP || c == ROLL_END;
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

/* The text of one registration; the bytes before and behind it are edges. */
struct text {
        const char *begin, *end;
};

static struct text text_read(const struct search_query *query, const char *begin, const char *end)
{
        const char *phone = query->phone ? NULL : memrchr(begin, FOLD_GROUP, (size_t)(end - begin));

        return (struct text){ begin, phone ? phone : end };
}

static enum search_rank rank_at(const struct search_word *word, const struct text *text, const char *at)
{
        const char *behind = walk(word, at, text->end);

        if (!behind)
                return SEARCH_RANKS;
        if (!parts(at[-1])) /* only names may be looked into */
                return memchr(text->begin, FOLD_GROUP, (size_t)(at - text->begin)) ? SEARCH_RANKS
                                                                                   : SEARCH_INSIDE;
        if (edges(at[-1]) && edges(*behind))
                return SEARCH_FIELD;
        return parts(*behind) ? SEARCH_WORD : SEARCH_BEGIN;
}

/* The best that the word finds in a part of the text. */
static enum search_rank best_rank(
        const struct probe *probe, const struct text *text, const char *from, const char *end)
{
        enum search_rank best = SEARCH_RANKS;

        for (; from < end; from += STRETCH) {
                uint64_t bits = places(probe, from, end);

                while (bits) {
                        enum search_rank rank = rank_at(probe->word, text, take_place(from, &bits));

                        best = rank < best ? rank : best;
                        if (best == SEARCH_FIELD)
                                return best;
                }
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

/* All words of a query, made ready. */
struct probes {
        const struct search_query *query;
        struct probe of[SEARCH_WORDS_MAX];
        size_t longest;
};

/* The longest word is looked for; where it stands, the others are. */
static void probes_init(struct probes *probes, const struct search_query *query)
{
        probes->query = query;
        probes->longest = 0;
        for (size_t i = 0; i < query->count; i++) {
                probes->of[i] = probe_of(&query->words[i]);
                if (query->words[i].length > query->words[probes->longest].length)
                        probes->longest = i;
        }
}

/* Whether some field consists of the words of the query. */
static bool is_field(const struct probes *probes, const struct text *text)
{
        const struct search_query *query = probes->query;
        const char *from = text->begin;

        while (from < text->end) {
                const char *end = from;
                size_t fitting = 0;

                while (!edges(*end))
                        end++;
                if ((size_t)(end - from) >= query->letters && count_letters(from, end) == query->letters)
                        while (fitting < query->count &&
                                best_rank(&probes->of[fitting], text, from, end) <= SEARCH_WORD)
                                fitting++;
                if (fitting == query->count)
                        return true;
                from = end + 1;
        }
        return false;
}

/* How well a text fits that a query of several words looks at. */
static enum search_rank judge(const struct probes *probes, const char *begin, const char *end)
{
        struct text text = text_read(probes->query, begin, end);
        enum search_rank worst = SEARCH_FIELD;

        for (size_t i = 0; i < probes->query->count && worst < SEARCH_RANKS; i++) {
                enum search_rank rank = best_rank(&probes->of[i], &text, begin, text.end);

                worst = rank > worst ? rank : worst;
        }
        if (worst <= SEARCH_WORD && probes->query->count > 1)
                return is_field(probes, &text) ? SEARCH_FIELD : SEARCH_WORD;
        return worst;
}

bool search_fits(const struct search_query *query, const char *text, size_t length, enum search_rank *rank)
{
        char *copy = xcalloc(1, length + 2 + ROLL_PAD);
        struct probes probes;

        copy[0] = copy[length + 1] = ROLL_END;
        memcpy(copy + 1, text, length);
        probes_init(&probes, query);
        *rank = query->count ? judge(&probes, copy + 1, copy + 1 + length) : SEARCH_RANKS;
        free(copy);
        return *rank < SEARCH_RANKS;
}

/* ---- through a roll ---- */

struct hits {
        const struct registration_row **rows; /* the first ones, `wanted` at most, references */
        size_t count;
};

struct search {
        struct search_query query;
        struct probes probes;
        struct hits hits[SEARCH_RANKS];
        size_t limit, wanted;
        bool has_after, begun;
        struct search_place after;
        struct instant seen_at; /* the last one that was looked at */
        char seen_id[16];
};

/* Where hits of the rank of `after` begin to count. */
struct behind {
        enum search_rank rank;
        struct roll_place place;
};

struct search *search_new(const struct search_query *query, const struct search_place *after, size_t limit)
{
        struct search *search = xcalloc(1, sizeof(*search));

        search->query = *query;
        probes_init(&search->probes, &search->query);
        search->limit = limit;
        search->wanted = limit + 1;
        for (size_t i = 0; i < SEARCH_RANKS; i++)
                search->hits[i].rows = xcalloc(search->wanted, sizeof(const struct registration_row *));
        search->has_after = after != NULL;
        if (after)
                search->after = *after;
        return search;
}

struct search *search_free(struct search *search)
{
        if (!search)
                return NULL;
        for (size_t rank = 0; rank < SEARCH_RANKS; rank++) {
                for (size_t i = 0; i < search->hits[rank].count; i++)
                        row_unref(search->hits[rank].rows[i]);
                free(search->hits[rank].rows);
        }
        free(search);
        return NULL;
}

static void hits_add(struct search *search, const struct behind *behind, enum search_rank rank,
        const struct registration_row *row, size_t block, size_t n)
{
        struct hits *hits = &search->hits[rank];

        if (rank == SEARCH_RANKS || rank < behind->rank || hits->count == search->wanted)
                return;
        if (search->has_after && rank == behind->rank &&
                (block < behind->place.block || (block == behind->place.block && n < behind->place.row)))
                return;
        hits->rows[hits->count++] = row_ref(row);
}

static void search_block(struct search *search, const struct behind *behind, const struct roll *roll,
        const struct roll_place *begin)
{
        const struct roll_block *block = roll->blocks[begin->block];
        const struct probe *probe = &search->probes.of[search->probes.longest];
        const char *text = block->text, *end = text + block->length, *done = text;
        size_t n = begin->row;

        for (const char *from = text + roll_begin(block, n); from < end; from += STRETCH) {
                uint64_t bits = places(probe, from, end);

                while (bits) {
                        const char *place = take_place(from, &bits);
                        enum search_rank rank;

                        if (place < done)
                                continue;
                        while (block->ends[n] <= (size_t)(place - text))
                                n++;
                        if (!walk(probe->word, place, text + block->ends[n] - 1))
                                continue;
                        done = text + block->ends[n];
                        rank = judge(&search->probes, text + roll_begin(block, n), done - 1);
                        hits_add(search, behind, rank, block->rows[n], begin->block, n);
                }
        }
}

/* The first behind that place; false: there is none. */
static bool find_behind(
        const struct roll *roll, struct instant created_at, const char *id, struct roll_place *place)
{
        if (!roll_find(roll, created_at, id, place))
                return false;
        return roll_compare(roll_row(roll, place), created_at, id) != 0 || roll_next(roll, place);
}

static struct behind find_after(const struct search *search, const struct roll *roll)
{
        struct behind behind = { SEARCH_FIELD, { 0, 0 } };

        if (!search->has_after)
                return behind;
        behind.rank = search->after.rank;
        if (!find_behind(roll, search->after.created_at, search->after.id, &behind.place))
                behind.place.block = roll->block_count;
        return behind;
}

bool search_go_on(struct search *search, const struct roll *roll, size_t rows)
{
        struct behind behind = find_after(search, roll);
        struct roll_place place = { 0, 0 };

        if (!search->query.count || !roll->count)
                return true;
        if (search->begun && !find_behind(roll, search->seen_at, search->seen_id, &place))
                return true;
        for (size_t looked = 0; place.block < roll->block_count;
                place = (struct roll_place){ place.block + 1, 0 }) {
                const struct roll_block *block = roll->blocks[place.block];
                const struct registration_row *last = block->rows[block->count - 1];

                search_block(search, &behind, roll, &place);
                looked += block->count - place.row;
                search->begun = true;
                search->seen_at = last->created_at;
                snprintf(search->seen_id, sizeof(search->seen_id), "%s", last->row.id);
                if (looked >= rows)
                        return place.block + 1 == roll->block_count;
        }
        return true;
}

size_t search_hits(const struct search *search, const struct registration_row **rows, bool *more,
        enum search_rank *rank_of_last)
{
        size_t count = 0, found = 0;

        for (enum search_rank rank = SEARCH_FIELD; rank < SEARCH_RANKS; rank++) {
                found += search->hits[rank].count;
                for (size_t i = 0; i < search->hits[rank].count && count < search->limit; i++) {
                        rows[count++] = search->hits[rank].rows[i];
                        if (rank_of_last)
                                *rank_of_last = rank;
                }
        }
        *more = found > search->limit;
        return count;
}
