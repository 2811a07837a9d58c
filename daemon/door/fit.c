/* SPDX-License-Identifier: Apache-2.0 */
#include "door/fit.h"

#include <string.h>

#include "door/fold.h"

/* ---- where a word may stand ---- */

/*
 * A text is looked at in stretches of 64 bytes, 16 at a time: a place is one where the first two bytes of the word
 * fit, and what stands before them. A text is followed by ROLL_PAD bytes that may be read and fit nowhere.
 */
enum { STRETCH = 64 };

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

/* Where the first two bytes fit; the second may come behind a part's mark. */
static inline lanes lanes_begin(const struct probe *probe, const char *at)
{
        lanes behind = lanes_load(at + 1);

        return (lanes)(lanes_load(at) == probe->first) &
               ((lanes)(behind == probe->second) | (lanes)(behind == FOLD_PART) | probe->any_second);
}

/* … and so does what stands before them. */
static inline lanes lanes_fit(const struct probe *probe, const char *at)
{
        return lanes_begin(probe, at) & ((lanes)(lanes_load(at - 1) <= ' ') | probe->anywhere);
}

/* The places among the 64 bytes from `at` on that are before `end`, a bit each. Most stretches have none. */
static inline uint64_t places(const struct probe *probe, const char *at, const char *end)
{
        lanes any = lanes_begin(probe, at) | lanes_begin(probe, at + 16) | lanes_begin(probe, at + 32) |
                    lanes_begin(probe, at + 48);
        uint64_t bits = 0;

        if (!lanes_bits(any))
                return 0;
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

static enum search_rank rank_at(const struct search_word *word, const struct fit_text *text, const char *at)
{
        const char *behind = walk(word, at, text->end);

        if (!behind)
                return SEARCH_RANKS;
        if (!parts(at[-1]))
                return at < text->names_end ? SEARCH_INSIDE : SEARCH_RANKS;
        if (edges(at[-1]) && edges(*behind))
                return SEARCH_FIELD;
        return parts(*behind) ? SEARCH_WORD : SEARCH_BEGIN;
}

/* The best that the word finds between `from` and `end`. */
static enum search_rank best_rank(
        const struct probe *probe, const struct fit_text *text, const char *from, const char *end)
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

enum search_rank fit_word(const struct probe *probe, const struct fit_text *text)
{
        return best_rank(probe, text, text->begin, text->end);
}

static size_t count_letters(const char *from, const char *end)
{
        size_t letters = 0;

        for (; from < end; from++)
                letters += !parts(*from);
        return letters;
}

void probes_init(struct probes *probes, const struct search_query *query)
{
        probes->query = query;
        probes->longest = 0;
        for (size_t i = 0; i < query->count; i++) {
                probes->of[i] = probe_of(&query->words[i]);
                if (query->words[i].length > query->words[probes->longest].length)
                        probes->longest = i;
        }
}

bool fit_field(const struct probes *probes, const struct fit_text *text)
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

/* Whether a word between `at` and `behind` can be of a better rank than that. */
static bool is_better(const char *at, const char *behind, enum search_rank than)
{
        switch (than) {
        case SEARCH_FIELD:
                return false;
        case SEARCH_WORD:
                return edges(at[-1]) && edges(*behind);
        case SEARCH_BEGIN:
                return parts(at[-1]) && parts(*behind);
        case SEARCH_INSIDE:
                return parts(at[-1]);
        case SEARCH_RANKS:
                return true;
        }
        return true;
}

void fit_mark(const struct probe *probe, const struct roll_block *block, size_t from,
        enum search_rank better_than, uint64_t marks[static ROLL_MARKS])
{
        const char *text = block->text, *end = text + block->length, *done = text;
        size_t n = from;

        for (const char *at = text + roll_begin(block, n); at < end; at += STRETCH) {
                uint64_t bits = places(probe, at, end);

                while (bits) {
                        const char *place = take_place(at, &bits), *behind;

                        if (place < done)
                                continue;
                        while (block->ends[n] <= (size_t)(place - text))
                                n++;
                        behind = walk(probe->word, place, text + block->ends[n] - 1);
                        if (!behind || !is_better(place, behind, better_than))
                                continue;
                        done = text + block->ends[n];
                        marks[n / 64] |= UINT64_C(1) << n % 64;
                }
        }
}
