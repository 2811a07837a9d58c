/* SPDX-License-Identifier: Apache-2.0 */
#include "exchange/frab_time.h"

#include <stdio.h>
#include <string.h>

enum { DURATION_MOST = 7 * 24 * 60 };

static bool digits_parse(const char **text, size_t least, size_t most, int *value)
{
        size_t n = 0;

        for (*value = 0; n < most && **text >= '0' && **text <= '9'; n++, (*text)++)
                *value = *value * 10 + (**text - '0');
        return n >= least && !(**text >= '0' && **text <= '9');
}

/* Hours, minutes and perhaps seconds, whole text. */
static bool sexagesimal_parse(const char *text, int *hours, int *minutes, int *seconds)
{
        *seconds = 0;
        if (!text || !digits_parse(&text, 1, 4, hours) || *text++ != ':' ||
                !digits_parse(&text, 2, 2, minutes))
                return false;
        if (*text == ':') {
                text++;
                if (!digits_parse(&text, 1, 2, seconds))
                        return false;
        }
        return !*text && *minutes < 60 && *seconds < 60;
}

bool clock_parse(const char *text, int32_t *seconds)
{
        int h, m, s;

        if (!sexagesimal_parse(text, &h, &m, &s) || h >= 48)
                return false;
        *seconds = (h * 60 + m) * 60 + s;
        return true;
}

bool duration_parse(const char *text, int64_t *minutes)
{
        int h, m, s;

        if (!sexagesimal_parse(text, &h, &m, &s) || h * 60 + m > DURATION_MOST)
                return false;
        *minutes = h * 60 + m;
        return true;
}

/* -1: there are not two. */
static int two_digits(const char *text)
{
        for (size_t i = 0; i < 2; i++) {
                if (text[i] < '0' || text[i] > '9')
                        return -1;
        }
        return (text[0] - '0') * 10 + (text[1] - '0');
}

/* What stands behind a clock: nothing, "Z", "+01:00", "+0100". */
static bool offset_parse(const char *text, struct written_time *time)
{
        int h, m;
        bool west = *text == '-';

        time->has_offset = *text != '\0';
        time->offset_seconds = 0;
        if (!*text || ((*text == 'Z' || *text == 'z') && !text[1]))
                return true;
        if (*text++ != '+' && !west)
                return false;
        h = two_digits(text);
        text += h < 0 ? 0 : text[2] == ':' ? 3 : 2;
        m = h < 0 ? -1 : two_digits(text);
        if (h < 0 || h > 23 || m < 0 || m > 59 || text[2])
                return false;
        time->offset_seconds = (west ? -1 : 1) * (h * 60 + m) * 60;
        return true;
}

bool written_time_parse(const char *text, struct written_time *time)
{
        char clock[64];
        size_t length, used = 16;
        struct date date;

        if (!text || strlen(text) > 48 || strlen(text) < 10)
                return false;
        length = strlen(text);
        *time = (struct written_time){ .has_clock = length > 10 };
        snprintf(clock, sizeof(clock), "%.10s", text);
        if (!date_parse(clock, &date))
                return false;
        time->local.us = (int64_t)date.days * 86400 * INSTANT_SECOND;
        if (length == 10)
                return true;
        if (length < 16)
                return false;
        if (text[16] == ':') {
                used = 19;
                if (length < used)
                        return false;
                if (text[19] == '.')
                        used += 1 + strspn(text + 20, "0123456789");
        }
        snprintf(clock, sizeof(clock), "%.*s%sZ", (int)used, text, used == 16 ? ":00" : "");
        return instant_parse(clock, &time->local) && offset_parse(text + used, time);
}
