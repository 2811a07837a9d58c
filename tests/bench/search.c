/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long the one box takes over a district's registrations, without socket and JSON: every query's median and longest
 * of many runs. `search [PEOPLE]`
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buffer.h"
#include "door/fold.h"
#include "door/search.h"

enum { PEOPLE = 160000, RUNS = 41, LIMIT = 100 };

static const char *const han[] = { "天", "地", "玄", "黄", "宇", "宙", "洪", "荒", "日", "月", "盈", "昃",
        "辰", "宿", "列", "张", "寒", "来", "暑", "往", "秋", "收", "冬", "藏", "曾", "刘", "艳" };
static const char *const other[] = { "Участник", "참가자", "Besökare Åsa", "Attendee", "Müller" };

static struct registration_row *person(struct fold *fold, unsigned n, char **text)
{
        const size_t hans = sizeof(han) / sizeof(han[0]);
        char name[64], latin[64], email[64], phone[32], organisation[64], code[9];
        struct registration_row row;

        row_clear(&row, &registration_record);
        snprintf(code, sizeof(code), "%08X", n * 2654435761u);
        if (n % 10 < 4)
                snprintf(name, sizeof(name), "Attendee %05u", n);
        else if (n % 10 < 8)
                snprintf(name, sizeof(name), "%s%s%s", han[n / 10 % hans], han[n / 270 % hans],
                        han[n / 7290 % hans]);
        else
                snprintf(name, sizeof(name), "%s %05u", other[n / 10 % 5], n);
        snprintf(latin, sizeof(latin), "Attendee %05u", n);
        snprintf(email, sizeof(email), "attendee-%05u@example.org", n);
        snprintf(phone, sizeof(phone), "+86 21 %08u", n);
        snprintf(organisation, sizeof(organisation), "研究所 Institute %u", n / 16 % 700);
        row.row.id = code;
        row.name = name;
        row.name_latin = latin;
        row.email = email;
        row.phone = phone;
        row.organisation = organisation;
        row.created_at.us = n;
        *text = fold_registration(fold, &row);
        return row_seal(&row);
}

static int compare(const void *a, const void *b)
{
        int64_t one = *(const int64_t *)a, two = *(const int64_t *)b;

        return one < two ? -1 : one > two;
}

/* Microseconds of this thread's own: a machine that does other things besides does not count. */
static int64_t now_us(void)
{
        struct timespec at;

        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
        return (int64_t)at.tv_sec * 1000000 + at.tv_nsec / 1000;
}

/* The median in microseconds. */
static int64_t measure(const struct roll *roll, struct fold *fold, const char *typed)
{
        const struct registration_row *rows[LIMIT];
        struct search_query query;
        struct search *search;
        int64_t took[RUNS], *median;
        size_t count = 0;
        bool more = false;

        for (size_t i = 0; i < RUNS; i++) {
                int64_t begun = now_us();
                char *words = fold_query(fold, typed);

                search_query_init(&query, words, true);
                search = search_new(&query, NULL, LIMIT);
                search_go_on(search, roll, SIZE_MAX);
                count = search_hits(search, rows, &more, NULL);
                search_free(search);
                took[i] = now_us() - begun;
                free(words);
        }
        qsort(took, RUNS, sizeof(took[0]), compare);
        median = &took[RUNS / 2];
        printf("%-28s %4zu%s found: median %5.2f ms, longest %5.2f ms\n", typed, count, more ? "+" : " ",
                (double)*median / 1000, (double)took[RUNS - 1] / 1000);
        return *median;
}

int main(int argc, char **argv)
{
        static const char *const typed[] = { "a", "at", "attendee", "刘", "艳", "刘艳", "liu", "liuyan",
                "Liu Yan", "mueller", "участник", "attendee-00042@example.org", "00042", "institute 42",
                "at in 0004", "nobody at all", "5" };
        unsigned people = argc > 1 ? (unsigned)atoi(argv[1]) : PEOPLE;
        int64_t medians[sizeof(typed) / sizeof(typed[0])], begun = now_us(), *median;
        struct fold *fold = fold_new();
        struct roll roll;
        size_t bytes = 0, count = sizeof(typed) / sizeof(typed[0]);

        roll_init(&roll);
        for (unsigned n = 0; n < people; n++) {
                char *text;
                struct registration_row *row = person(fold, n, &text);

                bytes += strlen(text);
                roll_put(&roll, NULL, row, text);
                free(text);
        }
        printf("%u people folded in %.1f s, %.1f MB of text\n", people, (double)(now_us() - begun) / 1e6,
                (double)bytes / 1e6);
        for (size_t i = 0; i < count; i++)
                medians[i] = measure(&roll, fold, typed[i]);
        qsort(medians, count, sizeof(medians[0]), compare);
        median = &medians[count / 2];
        printf("of the queries: median %.2f ms, slowest %.2f ms (goal: under 5 ms)\n", (double)*median / 1000,
                (double)medians[count - 1] / 1000);
        for (struct roll_place place = { 0, 0 }; roll.count;) {
                row_unref(roll_row(&roll, &place));
                if (!roll_next(&roll, &place))
                        break;
        }
        roll_deinit(&roll);
        fold_free(fold);
        return EXIT_SUCCESS;
}
