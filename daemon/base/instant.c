/* SPDX-License-Identifier: Apache-2.0 */
#include "base/instant.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

struct instant clock_now(void)
{
        struct timespec now;

        clock_gettime(CLOCK_REALTIME, &now);
        return (struct instant){ (int64_t)now.tv_sec * INSTANT_SECOND + now.tv_nsec / 1000 };
}

int64_t clock_monotonic_us(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * INSTANT_SECOND + now.tv_nsec / 1000;
}

/* H. Hinnant, "chrono-Compatible Low-Level Date Algorithms": days_from_civil, civil_from_days. */
struct date date_from_civil(int year, int month, int day)
{
        int y = month <= 2 ? year - 1 : year;
        int era = (y >= 0 ? y : y - 399) / 400;
        int of_era = y - era * 400;
        int of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
        int days = of_era * 365 + of_era / 4 - of_era / 100 + of_year;

        return (struct date){ era * 146097 + days - 719468 };
}

void date_to_civil(struct date date, int *year, int *month, int *day)
{
        int z = date.days + 719468;
        int era = (z >= 0 ? z : z - 146096) / 146097;
        int days = z - era * 146097;
        int of_era = (days - days / 1460 + days / 36524 - days / 146096) / 365;
        int of_year = days - (365 * of_era + of_era / 4 - of_era / 100);
        int shifted = (5 * of_year + 2) / 153;

        *day = of_year - (153 * shifted + 2) / 5 + 1;
        *month = shifted < 10 ? shifted + 3 : shifted - 9;
        *year = of_era + era * 400 + (*month <= 2);
}

/* Any zone writes these years with four digits, a week before and after as well: so far an end or a day may lie off. */
enum { YEAR_FIRST = 2, YEAR_LAST = 9998 };

bool instant_is_usable(struct instant at)
{
        int64_t day_us = 86400 * INSTANT_SECOND;

        return at.us >= date_from_civil(YEAR_FIRST, 1, 1).days * day_us &&
               at.us < date_from_civil(YEAR_LAST + 1, 1, 1).days * day_us;
}

/* Reads exactly `count` digits. */
static bool digits(const char **text, int count, int *value)
{
        *value = 0;
        for (int i = 0; i < count; i++, (*text)++) {
                if (**text < '0' || **text > '9')
                        return false;
                *value = *value * 10 + (**text - '0');
        }
        return true;
}

static bool expect(const char **text, char c)
{
        return *(*text)++ == c;
}

static bool read_date(const char **text, int *year, int *month, int *day)
{
        static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
        bool leap;

        if (!digits(text, 4, year) || **text != '-')
                return false;
        (*text)++;
        if (!digits(text, 2, month) || **text != '-')
                return false;
        (*text)++;
        if (!digits(text, 2, day) || *year < YEAR_FIRST || *year > YEAR_LAST || *month < 1 || *month > 12)
                return false;
        leap = (*year % 4 == 0 && *year % 100 != 0) || *year % 400 == 0;
        return *day >= 1 && *day <= lengths[*month - 1] + (*month == 2 && leap);
}

bool date_parse(const char *text, struct date *date)
{
        int year, month, day;

        if (!read_date(&text, &year, &month, &day) || *text)
                return false;
        *date = date_from_civil(year, month, day);
        return true;
}

void date_format(struct date date, char out[static 11])
{
        int year, month, day;

        date_to_civil(date, &year, &month, &day);
        out[0] = (char)('0' + year / 1000 % 10);
        out[1] = (char)('0' + year / 100 % 10);
        out[2] = (char)('0' + year / 10 % 10);
        out[3] = (char)('0' + year % 10);
        out[4] = out[7] = '-';
        out[5] = (char)('0' + month / 10);
        out[6] = (char)('0' + month % 10);
        out[8] = (char)('0' + day / 10);
        out[9] = (char)('0' + day % 10);
        out[10] = '\0';
}

/* The fraction in microseconds: one to nine digits, what is finer is cut. */
static bool read_fraction(const char **text, int64_t *us)
{
        int64_t scale = 100000;
        int count = 0;

        *us = 0;
        if (**text != '.')
                return true;
        for ((*text)++; **text >= '0' && **text <= '9'; (*text)++, count++, scale /= 10)
                *us += (**text - '0') * scale;
        return count >= 1 && count <= 9;
}

static bool read_offset(const char **text, int *seconds)
{
        int sign, hours, minutes;

        if (**text == 'Z' || **text == 'z') {
                (*text)++;
                *seconds = 0;
                return true;
        }
        if (**text != '+' && **text != '-')
                return false;
        sign = *(*text)++ == '-' ? -1 : 1;
        if (!digits(text, 2, &hours) || !expect(text, ':') || !digits(text, 2, &minutes) || hours > 23 ||
                minutes > 59)
                return false;
        *seconds = sign * (hours * 3600 + minutes * 60);
        return true;
}

bool instant_parse(const char *text, struct instant *instant)
{
        int year, month, day, hour, minute, second, offset;
        int64_t us, seconds;

        if (!text || !read_date(&text, &year, &month, &day) || !*text || !strchr("Tt ", *text))
                return false;
        text++;
        if (!digits(&text, 2, &hour) || *text != ':')
                return false;
        text++;
        if (!digits(&text, 2, &minute) || *text != ':')
                return false;
        text++;
        if (!digits(&text, 2, &second) || hour > 23 || minute > 59 || second > 60)
                return false;
        if (second == 60)
                second = 59;
        if (!read_fraction(&text, &us) || !read_offset(&text, &offset) || *text)
                return false;
        seconds = (int64_t)date_from_civil(year, month, day).days * 86400 + hour * 3600 + minute * 60 +
                  second - offset;
        instant->us = seconds * INSTANT_SECOND + us;
        return true;
}

static void two(char *out, int value)
{
        out[0] = (char)('0' + value / 10 % 10);
        out[1] = (char)('0' + value % 10);
}

void instant_format(struct instant instant, int32_t offset, char out[static 40])
{
        int64_t local = instant.us + (int64_t)offset * INSTANT_SECOND;
        int64_t day_us = 86400 * INSTANT_SECOND;
        int64_t days = local >= 0 ? local / day_us : -((-local + day_us - 1) / day_us);
        int64_t rest = local - days * day_us;
        int seconds = (int)(rest / INSTANT_SECOND), us = (int)(rest % INSTANT_SECOND);
        int east = offset < 0 ? -offset : offset;
        size_t at = 19;

        date_format((struct date){ (int32_t)days }, out);
        out[10] = 'T';
        two(out + 11, seconds / 3600);
        out[13] = ':';
        two(out + 14, seconds / 60 % 60);
        out[16] = ':';
        two(out + 17, seconds % 60);
        if (us) {
                out[at++] = '.';
                two(out + at, us / 10000);
                two(out + at + 2, us / 100);
                two(out + at + 4, us);
                at += 6;
        }
        if (!offset) {
                out[at++] = 'Z';
        } else {
                out[at] = offset < 0 ? '-' : '+';
                two(out + at + 1, east / 3600);
                out[at + 3] = ':';
                two(out + at + 4, east / 60 % 60);
                at += 6;
        }
        out[at] = '\0';
}
