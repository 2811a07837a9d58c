/* SPDX-License-Identifier: Apache-2.0 */
#include "door/search.h"

#include <string.h>

#include "base/buffer.h"
#include "base/utf8.h"
#include "door/code.h"
#include "door/fit.h"
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

/* ---- one text ---- */

/* How well each word fits an organisation; the whole query may be one of its fields. */
struct verdict {
        bool known, any, field;
        uint8_t ranks[SEARCH_WORDS_MAX];
};

/* A copy with edges and room behind it; `*buffer` is to be freed. */
static struct fit_text copy_text(const char *text, size_t length, char **buffer, size_t *capacity)
{
        size_t size = length + 2 + ROLL_PAD;
        char *begin;

        if (!*buffer || size > *capacity) {
                *buffer = xrealloc(*buffer, size);
                *capacity = size;
        }
        begin = *buffer + 1;
        begin[-1] = begin[length] = ROLL_END;
        memcpy(begin, text, length);
        memset(begin + length + 1, 0, ROLL_PAD);
        return (struct fit_text){ begin, begin + length, begin };
}

static void judge_organisation(
        const struct probes *probes, const struct fit_text *text, struct verdict *verdict)
{
        enum search_rank worst = SEARCH_FIELD;

        verdict->known = true;
        for (size_t i = 0; i < probes->query->count; i++) {
                enum search_rank rank = fit_word(&probes->of[i], text);

                verdict->ranks[i] = (uint8_t)rank;
                verdict->any = verdict->any || rank < SEARCH_RANKS;
                worst = rank > worst ? rank : worst;
        }
        verdict->field = worst <= SEARCH_WORD && fit_field(probes, text);
}

/* What of a registration's own text may be looked at. */
static struct fit_text own_text(const struct search_query *query, const char *begin, const char *end)
{
        const char *names_end = memchr(begin, FOLD_GROUP, (size_t)(end - begin));
        const char *phone = query->phone ? NULL : memrchr(begin, FOLD_GROUP, (size_t)(end - begin));

        return (struct fit_text){ begin, phone ? phone : end, names_end ? names_end : end };
}

static enum search_rank judge(
        const struct probes *probes, const struct fit_text *text, const struct verdict *organisation)
{
        enum search_rank worst = SEARCH_FIELD;

        for (size_t i = 0; i < probes->query->count && worst < SEARCH_RANKS; i++) {
                enum search_rank rank = fit_word(&probes->of[i], text);

                if (organisation && organisation->ranks[i] < rank)
                        rank = organisation->ranks[i];
                worst = rank > worst ? rank : worst;
        }
        if (worst > SEARCH_WORD || probes->query->count == 1)
                return worst;
        return (organisation && organisation->field) || fit_field(probes, text) ? SEARCH_FIELD : SEARCH_WORD;
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
        struct verdict *verdicts; /* of organisations, by number; made when first needed */
        size_t verdict_count;
        char *copy; /* of an organisation's text */
        size_t copy_capacity;
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
        free(search->verdicts);
        free(search->copy);
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

/* There may have come new ones since the last look. */
static void verdicts_reserve(struct search *search, const struct roll *roll)
{
        size_t count = roll_numbers(roll);

        if (count <= search->verdict_count)
                return;
        search->verdicts = xrealloc(search->verdicts, count * sizeof(*search->verdicts));
        memset(&search->verdicts[search->verdict_count], 0,
                (count - search->verdict_count) * sizeof(*search->verdicts));
        search->verdict_count = count;
        search->verdicts[0].known = true; /* no organisation */
}

static void verdict_make(struct search *search, const struct roll *roll, uint32_t number)
{
        const char *name = roll->by_number[number]->text;
        struct fit_text text = copy_text(name, strlen(name), &search->copy, &search->copy_capacity);

        judge_organisation(&search->probes, &text, &search->verdicts[number]);
}

/* The first rank of which there are enough: only what is better can still be among the hits. */
static enum search_rank enough_of(const struct search *search)
{
        enum search_rank rank = SEARCH_FIELD;

        while (rank < SEARCH_RANKS && search->hits[rank].count < search->wanted)
                rank++;
        return rank;
}

static void search_block(struct search *search, const struct behind *behind, const struct roll *roll,
        const struct roll_place *begin, enum search_rank enough)
{
        const struct roll_block *block = roll->blocks[begin->block];
        size_t longest = search->probes.longest;
        uint64_t marks[ROLL_MARKS] = { 0 };

        /* Words that stand whole may make a field together. */
        if (search->query.count > 1 && enough == SEARCH_WORD)
                enough = SEARCH_BEGIN;
        fit_mark(&search->probes.of[longest], block, begin->row, enough, marks);
        for (size_t n = begin->row; n < block->count; n++) {
                const struct verdict *verdict = &search->verdicts[block->organisations[n]];
                struct fit_text text;
                enum search_rank rank;

                if (!verdict->known)
                        verdict_make(search, roll, block->organisations[n]);
                if (!(marks[n / 64] >> n % 64 & 1) && (!verdict->any || verdict->ranks[longest] >= enough))
                        continue;
                text = own_text(
                        &search->query, block->text + roll_begin(block, n), block->text + block->ends[n] - 1);
                rank = judge(&search->probes, &text, verdict->any ? verdict : NULL);
                hits_add(search, behind, rank, block->rows[n], begin->block, n);
        }
}

static struct behind find_after(const struct search *search, const struct roll *roll)
{
        struct behind behind = { SEARCH_FIELD, { 0, 0 } };

        if (!search->has_after)
                return behind;
        behind.rank = search->after.rank;
        if (!roll_find_behind(roll, search->after.created_at, search->after.id, &behind.place))
                behind.place.block = roll->block_count;
        return behind;
}

bool search_go_on(struct search *search, const struct roll *roll, size_t rows)
{
        struct behind behind = find_after(search, roll);
        struct roll_place place = { 0, 0 };

        if (!search->query.count || !roll->count)
                return true;
        verdicts_reserve(search, roll);
        if (search->begun && !roll_find_behind(roll, search->seen_at, search->seen_id, &place))
                return true;
        for (size_t looked = 0; place.block < roll->block_count;
                place = (struct roll_place){ place.block + 1, 0 }) {
                const struct roll_block *block = roll->blocks[place.block];
                const struct registration_row *last = block->rows[block->count - 1];
                enum search_rank enough = enough_of(search);

                if (enough <= behind.rank)
                        return true;
                search_block(search, &behind, roll, &place, enough);
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

bool search_fits(const struct search_query *query, const char *text, size_t length, enum search_rank *rank)
{
        struct fold_parts parts = fold_parts(text, length);
        struct verdict verdict = { 0 };
        char *copy = NULL, *own = xmalloc(length + 1);
        size_t capacity = 0;
        struct probes probes;
        struct fit_text part;

        probes_init(&probes, query);
        part = copy_text(parts.organisation, parts.organisation_length, &copy, &capacity);
        judge_organisation(&probes, &part, &verdict);
        memcpy(mempcpy(own, text, parts.before), text + parts.behind, length - parts.behind);
        part = copy_text(own, length - (parts.behind - parts.before), &copy, &capacity);
        part = own_text(query, part.begin, part.end);
        *rank = query->count ? judge(&probes, &part, &verdict) : SEARCH_RANKS;
        free(copy);
        free(own);
        return *rank < SEARCH_RANKS;
}
