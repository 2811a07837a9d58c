/* SPDX-License-Identifier: Apache-2.0 */
#include "base/zone_rule.h"

#include "base/instant.h"

static bool skip_name(const char **text)
{
        const char *start = *text;

        if (**text == '<') {
                while (**text && **text != '>')
                        (*text)++;
                return *(*text)++ == '>';
        }
        while ((**text >= 'A' && **text <= 'Z') || (**text >= 'a' && **text <= 'z'))
                (*text)++;
        return *text - start >= 3;
}

static bool read_number(const char **text, int *value)
{
        const char *start = *text;

        *value = 0;
        for (; **text >= '0' && **text <= '9' && *text - start < 4; (*text)++)
                *value = *value * 10 + (**text - '0');
        return *text != start;
}

/* [+-]hh[:mm[:ss]] */
static bool read_time(const char **text, int32_t *seconds)
{
        int sign = 1, hours, minutes = 0, rest = 0;

        if (**text == '+' || **text == '-')
                sign = *(*text)++ == '-' ? -1 : 1;
        if (!read_number(text, &hours))
                return false;
        if (**text == ':' && ((*text)++, !read_number(text, &minutes)))
                return false;
        if (**text == ':' && ((*text)++, !read_number(text, &rest)))
                return false;
        *seconds = sign * (hours * 3600 + minutes * 60 + rest);
        return true;
}

static bool read_dot(const char **text)
{
        return *(*text)++ == '.';
}

static bool read_change(const char **text, struct zone_change *change)
{
        bool good;

        if (*(*text)++ != ',')
                return false;
        change->form = **text == 'M' ? CHANGE_WEEKDAY : **text == 'J' ? CHANGE_JULIAN : CHANGE_DAY;
        if (change->form != CHANGE_DAY)
                (*text)++;
        if (change->form == CHANGE_WEEKDAY)
                good = read_number(text, &change->month) && read_dot(text) &&
                       read_number(text, &change->week) && read_dot(text) &&
                       read_number(text, &change->day) && change->month >= 1 && change->month <= 12;
        else
                good = read_number(text, &change->day);
        change->seconds = 2 * 3600;
        if (good && **text == '/') {
                (*text)++;
                good = read_time(text, &change->seconds);
        }
        return good;
}

bool zone_rule_parse(const char *text, struct zone_rule *rule)
{
        *rule = (struct zone_rule){ 0 };
        if (!skip_name(&text) || !read_time(&text, &rule->standard))
                return false;
        rule->standard = -rule->standard; /* POSIX counts westward */
        if (!*text)
                return true;
        rule->has_summer = true;
        rule->summer = rule->standard + 3600;
        if (!skip_name(&text))
                return false;
        if (*text != ',') {
                if (!read_time(&text, &rule->summer))
                        return false;
                rule->summer = -rule->summer;
        }
        return read_change(&text, &rule->starts) && read_change(&text, &rule->ends) && !*text;
}

static bool is_leap(int year)
{
        return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* The day of a change in a year, in days since the epoch. */
static int64_t change_day(const struct zone_change *change, int year)
{
        int64_t first = date_from_civil(year, 1, 1).days;
        int64_t month_start, next_month, day;
        int weekday;

        if (change->form == CHANGE_DAY)
                return first + change->day;
        if (change->form == CHANGE_JULIAN) /* February 29 is never counted */
                return first + change->day - 1 + (is_leap(year) && change->day >= 60);
        month_start = date_from_civil(year, change->month, 1).days;
        next_month = date_from_civil(year + change->month / 12, change->month % 12 + 1, 1).days;
        weekday = (int)((month_start + 4) % 7); /* 1970-01-01 was a Thursday */
        if (weekday < 0)
                weekday += 7;
        day = month_start + (change->day - weekday + 7) % 7 + (change->week - 1) * 7;
        while (day >= next_month)
                day -= 7;
        return day;
}

int32_t zone_rule_offset(const struct zone_rule *rule, int64_t seconds)
{
        int64_t local = seconds + rule->standard, starts, ends;
        int year, month, day;

        if (!rule->has_summer)
                return rule->standard;
        date_to_civil((struct date){ (int32_t)(local >= 0 ? local / 86400 : -((-local + 86399) / 86400)) },
                &year, &month, &day);
        starts = change_day(&rule->starts, year) * 86400 + rule->starts.seconds - rule->standard;
        ends = change_day(&rule->ends, year) * 86400 + rule->ends.seconds - rule->summer;
        if (starts < ends)
                return seconds >= starts && seconds < ends ? rule->summer : rule->standard;
        return seconds >= starts || seconds < ends ? rule->summer : rule->standard;
}
