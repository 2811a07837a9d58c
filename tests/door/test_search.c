/* SPDX-License-Identifier: Apache-2.0 */
/* The search against a plain one that looks at every place of every text, over random people in several scripts. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "door/fold.h"
#include "door/search.h"

enum { PEOPLE = 1000, QUERIES = 1500 };

/* Few letters, so that words begin alike. */
static const char *const pieces[] = { "a", "b", "an", "li", "liu", "yan", "ann", "anna", "刘", "艳", "刘艳",
        "曾国", "жан", "жанна", "ü", "é", "00042", "4", "-", "'", " ", " ", " ", "김", "민수" };

static struct fold *fold;
static struct roll roll;
static struct registration_row *people[PEOPLE];
static char *texts[PEOPLE];

static unsigned draw(unsigned below)
{
        static unsigned long state = 20251025;

        state = state * 6364136223846793005ul + 1442695040888963407ul;
        return (unsigned)(state >> 33) % below;
}

/* A search in steps of so many rows. */
static size_t run(const struct roll *all, const struct search_query *query, const struct search_place *after,
        size_t limit, size_t step, const struct registration_row **rows, bool *more, enum search_rank *rank)
{
        struct search *search = search_new(query, after, limit);
        size_t count;

        while (!search_go_on(search, all, step))
                ;
        count = search_hits(search, rows, more, rank);
        search_free(search);
        return count;
}

static void draw_text(char text[static 128], unsigned most)
{
        unsigned count = 1 + draw(most);

        *text = '\0';
        for (unsigned i = 0; i < count; i++)
                strcat(text, pieces[draw(sizeof(pieces) / sizeof(pieces[0]))]);
}

/* Many are registered at one moment, and few in the order of their codes. */
static struct registration_row *draw_person(unsigned n)
{
        char name[128], organisation[128], email[160], phone[128], code[9];
        struct registration_row row;

        row_clear(&row, &registration_record);
        snprintf(code, sizeof(code), "%08X", n * 2654435761u);
        draw_text(name, 5);
        draw_text(organisation, 4);
        draw_text(phone, 3);
        snprintf(email, sizeof(email), "%s@example.org", code);
        row.row.id = code;
        row.name = name;
        row.organisation = draw(2) ? organisation : NULL;
        row.email = draw(2) ? email : NULL;
        row.phone = draw(2) ? phone : NULL;
        row.created_at.us = draw(PEOPLE / 3);
        return row_seal(&row);
}

static void put(unsigned n, struct registration_row *person, bool found)
{
        struct registration_row *before = people[n];

        people[n] = person;
        free(texts[n]);
        texts[n] = found ? fold_registration(fold, person) : NULL;
        roll_put(&roll, before, person, texts[n]);
        row_unref(before);
}

static void setup(void)
{
        fold = fold_new();
        roll_init(&roll);
        for (unsigned n = 0; n < PEOPLE; n++)
                put(n, draw_person(n), true);
        /* Some change: their names, or that they are found at all. */
        for (unsigned i = 0; i < PEOPLE / 2; i++) {
                unsigned n = draw(PEOPLE);
                struct registration_row *person = draw_person(n);

                person->created_at = people[n]->created_at;
                put(n, person, draw(10) > 0);
        }
}

static void teardown(void)
{
        for (unsigned n = 0; n < PEOPLE; n++) {
                row_unref(people[n]);
                people[n] = NULL;
                free(texts[n]);
                texts[n] = NULL;
        }
        roll_deinit(&roll);
        fold = fold_free(fold);
}

/* ---- the plain one ---- */

static bool plain_parts(char c)
{
        return (unsigned char)c <= ' ';
}

/* How a word stands at that place. */
static enum search_rank plain_at(
        const char *text, size_t at, size_t from, size_t to, const char *word, size_t length)
{
        size_t names_end = strcspn(text, (char[]){ FOLD_GROUP, '\0' }), i = 0, p = at;
        bool begins = at == from || plain_parts(text[at - 1]);
        /* The first byte of a three-byte character from U+4000 on tells Han apart here, Hangul aside. */
        bool han = strncmp(word, "刘", 3) == 0 || strncmp(word, "艳", 3) == 0 ||
                   strncmp(word, "曾", 3) == 0 || strncmp(word, "国", 3) == 0;

        while (i < length && p < to) {
                if (text[p] == word[i])
                        i++;
                else if (i == 0 || text[p] != FOLD_PART)
                        return SEARCH_RANKS;
                p++;
        }
        if (i < length)
                return SEARCH_RANKS;
        if (!begins)
                return han && at < names_end ? SEARCH_INSIDE : SEARCH_RANKS;
        return p == to || plain_parts(text[p]) ? SEARCH_WORD : SEARCH_BEGIN;
}

static enum search_rank plain_word(const char *text, size_t from, size_t to, const char *word, size_t length)
{
        enum search_rank best = SEARCH_RANKS;

        for (size_t at = from; at < to; at++) {
                enum search_rank rank = plain_at(text, at, from, to, word, length);

                best = rank < best ? rank : best;
        }
        return best;
}

/* The rank of a stretch of the text: the worst of its words; `letters` of it and of the words are counted. */
static enum search_rank plain_stretch(
        const char *text, size_t from, size_t to, const char *words, size_t *own, size_t *theirs)
{
        enum search_rank worst = SEARCH_FIELD;
        size_t count = 0;

        *own = *theirs = 0;
        for (size_t i = from; i < to; i++)
                *own += !plain_parts(text[i]);
        while (*words && count++ < 8) {
                size_t length = strcspn(words, " ");
                enum search_rank rank = plain_word(text, from, to, words, length);

                worst = rank > worst ? rank : worst;
                *theirs += length;
                words += length;
                words += strspn(words, " ");
        }
        return worst;
}

static enum search_rank plain_rank(const char *text, const char *words, bool phone)
{
        const char *last = text ? strrchr(text, FOLD_GROUP) : NULL;
        size_t to = !text ? 0 : phone ? strlen(text) : (size_t)(last - text), own, theirs;
        enum search_rank rank;

        if (!text || !*words)
                return SEARCH_RANKS;
        rank = plain_stretch(text, 0, to, words, &own, &theirs);
        for (size_t from = 0; rank == SEARCH_WORD && from <= to;) {
                size_t end = from;

                while (end < to && text[end] != FOLD_FIELD && text[end] != FOLD_GROUP)
                        end++;
                if (plain_stretch(text, from, end, words, &own, &theirs) == SEARCH_WORD && own == theirs)
                        return SEARCH_FIELD;
                from = end + 1;
        }
        return rank;
}

struct found {
        enum search_rank rank;
        const struct registration_row *row;
};

static int found_compare(const void *a, const void *b)
{
        const struct found *one = a, *other = b;

        if (one->rank != other->rank)
                return one->rank < other->rank ? -1 : 1;
        return roll_compare(one->row, other->row->created_at, other->row->row.id);
}

static size_t plain_search(const char *words, bool phone, struct found found[static PEOPLE])
{
        size_t count = 0;

        for (unsigned n = 0; n < PEOPLE; n++) {
                enum search_rank rank = plain_rank(texts[n], words, phone);

                if (rank < SEARCH_RANKS)
                        found[count++] = (struct found){ rank, people[n] };
        }
        qsort(found, count, sizeof(*found), found_compare);
        return count;
}

/* ---- */

static void check_pages(const char *words, bool phone, size_t limit)
{
        static struct found found[PEOPLE];
        size_t expected = plain_search(words, phone, found), seen = 0;
        const struct registration_row *rows[PEOPLE];
        struct search_place after;
        struct search_query query;
        bool more = true;

        search_query_init(&query, words, phone);
        while (more) {
                enum search_rank rank = SEARCH_RANKS;
                size_t count = run(&roll, &query, seen ? &after : NULL, limit, draw(2) ? SIZE_MAX : 1, rows,
                        &more, &rank);

                ck_assert_msg(seen + count <= expected, "\"%s\" finds more than %zu", words, expected);
                for (size_t i = 0; i < count; i++, seen++)
                        ck_assert_msg(rows[i] == found[seen].row, "\"%s\": hit %zu is %s, not %s", words,
                                seen, rows[i]->name, found[seen].row->name);
                if (!count)
                        break;
                ck_assert_int_eq(rank, found[seen - 1].rank);
                after.rank = rank;
                after.created_at = rows[count - 1]->created_at;
                snprintf(after.id, sizeof(after.id), "%s", rows[count - 1]->row.id);
        }
        ck_assert_msg(seen == expected, "\"%s\" finds %zu of %zu", words, seen, expected);
}

START_TEST(finds_what_a_plain_search_finds_in_the_same_order)
{
        static const size_t limits[] = { PEOPLE, 1, 7, 100 };

        for (unsigned i = 0; i < QUERIES; i++) {
                char typed[128], *words;

                draw_text(typed, 4);
                words = fold_query(fold, typed);
                check_pages(words, draw(2), limits[i % 20 == 0 ? 1 + draw(3) : 0]);
                free(words);
        }
}
END_TEST

START_TEST(a_roll_may_change_between_two_steps)
{
        const struct registration_row *rows[PEOPLE];
        struct search_query query;
        struct search *search;
        bool more;

        search_query_init(&query, "a", true);
        search = search_new(&query, NULL, PEOPLE);
        while (!search_go_on(search, &roll, 1))
                for (unsigned i = 0; i < 50; i++) {
                        unsigned n = draw(PEOPLE);
                        struct registration_row *person = draw_person(n);

                        person->created_at = people[n]->created_at;
                        put(n, person, true);
                }
        for (size_t i = 1, count = search_hits(search, rows, &more, NULL); i < count; i++)
                ck_assert(rows[i] != rows[i - 1] && rows[i]->row.references > 0);
        search_free(search);
}
END_TEST

START_TEST(finds_nobody_who_has_no_text)
{
        const struct registration_row *rows[PEOPLE];
        struct search_query query;
        bool more;

        for (unsigned n = 0; n < PEOPLE; n++)
                roll_put(&roll, people[n], people[n], NULL);
        search_query_init(&query, "a", true);
        ck_assert_uint_eq(run(&roll, &query, NULL, PEOPLE, SIZE_MAX, rows, &more, NULL), 0);
        ck_assert(!more);
}
END_TEST

START_TEST(counts_the_first_eight_words)
{
        enum search_rank rank;
        struct search_query query;

        search_query_init(&query, "a b c d e f g h nothing", true);
        ck_assert_uint_eq(query.count, 8);
        ck_assert(search_fits(&query, "h g f e d c b a\x1e\x1e\x1e", 18, &rank));
        ck_assert_int_eq(rank, SEARCH_FIELD);
        ck_assert(!search_fits(&query, "h g f e d c b\x1e\x1e\x1e", 16, &rank));
}
END_TEST

START_TEST(the_better_it_fits_the_earlier_it_comes)
{
        static const char *const names[] = { "Liuyang Ann", "Liu Yan Ann", "Liu", "小刘", "刘艳", "刘",
                "Liu Yan" };
        static const char *const latin[] = { "Liu", "刘", "Liu Yan Ann", "小刘", "刘艳", "Liu Yan",
                "Liuyang Ann" };
        static const char *const han[] = { "刘", "刘艳", "小刘" };
        const struct registration_row *rows[PEOPLE];
        struct roll few;
        struct registration_row *made[7];
        struct search_query query;
        size_t count;
        bool more;

        roll_init(&few);
        for (size_t i = 0; i < 7; i++) {
                struct registration_row row;
                char *text;

                row_clear(&row, &registration_record);
                row.row.id = "00000000";
                row.name = names[i];
                row.created_at.us = (int64_t)i;
                made[i] = row_seal(&row);
                text = fold_registration(fold, made[i]);
                roll_put(&few, NULL, made[i], text);
                free(text);
        }
        search_query_init(&query, "liu", false);
        count = run(&few, &query, NULL, PEOPLE, SIZE_MAX, rows, &more, NULL);
        ck_assert_uint_eq(count, 7);
        for (size_t i = 0; i < count; i++)
                ck_assert_str_eq(rows[i]->name, latin[i]);
        search_query_init(&query, "刘", false);
        count = run(&few, &query, NULL, PEOPLE, SIZE_MAX, rows, &more, NULL);
        ck_assert_uint_eq(count, 3);
        for (size_t i = 0; i < count; i++)
                ck_assert_str_eq(rows[i]->name, han[i]);
        roll_deinit(&few);
        for (size_t i = 0; i < 7; i++)
                row_unref(made[i]);
}
END_TEST

START_TEST(a_roll_stays_in_order)
{
        struct roll_place place = { 0, 0 };
        size_t count = 1;

        do {
                const struct registration_row *row = roll_row(&roll, &place);

                if (!roll_next(&roll, &place))
                        break;
                ck_assert_int_lt(roll_compare(row, roll_row(&roll, &place)->created_at,
                                         roll_row(&roll, &place)->row.id),
                        0);
                count++;
        } while (true);
        ck_assert_uint_eq(count, PEOPLE);
        for (unsigned n = 0; n < PEOPLE; n++) {
                char *text = roll_text(&roll, people[n]);

                ck_assert(!text == !texts[n]);
                if (text)
                        ck_assert_str_eq(text, texts[n]);
                free(text);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("search");
        TCase *cases = tcase_create("people");
        SRunner *runner = srunner_create(suite);
        int failed;

        suite_add_tcase(suite, cases);
        tcase_set_timeout(cases, 100);
        tcase_add_checked_fixture(cases, setup, teardown);
        tcase_add_test(cases, finds_what_a_plain_search_finds_in_the_same_order);
        tcase_add_test(cases, a_roll_may_change_between_two_steps);
        tcase_add_test(cases, finds_nobody_who_has_no_text);
        tcase_add_test(cases, counts_the_first_eight_words);
        tcase_add_test(cases, the_better_it_fits_the_earlier_it_comes);
        tcase_add_test(cases, a_roll_stays_in_order);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
