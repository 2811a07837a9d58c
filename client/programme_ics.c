/* SPDX-License-Identifier: Apache-2.0 */
/* The calendar's own lines of an iCalendar file: its name, its time zone, its first and last day. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/cleanup.h"
#include "client/programme_facts.h"

/* "NAME;PARAMS:VALUE", in one unfolded line; all three end in NUL. */
struct ics_line {
        char *name, *params, *value;
};

/* Lines are unfolded byte by byte before anything is read: a fold may split a character. */
static bool line_next(const struct buffer *body, size_t *offset, struct buffer *line)
{
        buffer_clear(line);
        while (*offset < body->length) {
                const char *at = body->data + *offset;
                const char *end = memchr(at, '\n', body->length - *offset);
                size_t length = end ? (size_t)(end - at) : body->length - *offset;

                *offset += length + (end != NULL);
                if (length && at[length - 1] == '\r')
                        length--;
                buffer_add(line, at, length);
                if (*offset >= body->length || (body->data[*offset] != ' ' && body->data[*offset] != '\t'))
                        return true;
                ++*offset;
        }
        return false;
}

void programme_ics_unfold(struct buffer *body)
{
        _cleanup_(buffer_deinit) struct buffer line = BUFFER_NULL;
        struct buffer whole = BUFFER_NULL;
        size_t offset = 0;

        buffer_reserve(&whole, body->length);
        while (line_next(body, &offset, &line)) {
                buffer_add(&whole, line.data, line.length);
                buffer_add_text(&whole, "\r\n");
        }
        buffer_deinit(body);
        *body = whole;
}

/* Cuts at the first colon outside quotes. */
static bool line_cut(struct buffer *line, struct ics_line *cut)
{
        bool quoted = false;
        char *at = line->data;

        if (!line->length)
                return false;
        cut->name = at;
        for (; *at && (quoted || *at != ':'); at++)
                quoted ^= *at == '"';
        if (!*at)
                return false;
        *at = '\0';
        cut->value = at + 1;
        at = strchr(cut->name, ';');
        cut->params = at ? at + 1 : cut->value - 1; /* the colon's place is an empty text now */
        if (at)
                *at = '\0';
        return true;
}

/* \, \; \n and \\ of a text, as they read. */
static void text_unescape(char *text)
{
        char *to = text;

        for (; *text; text++) {
                if (*text == '\\' && text[1])
                        text++, *to++ = *text == 'n' || *text == 'N' ? ' ' : *text;
                else
                        *to++ = *text;
        }
        *to = '\0';
}

static void zone_keep(struct programme_facts *facts, const char *params)
{
        const char *zone = strcasestr(params, "TZID=");
        _cleanup_(freep) char *name = NULL;

        if (!zone)
                return;
        zone += 5 + (zone[5] == '"');
        name = xstrndup(zone, strcspn(zone, "\";:"));
        programme_facts_keep(&facts->zone, name);
}

/* DTSTART, DTEND: a day where it is local, an instant where it is UTC. */
static void time_keep(struct programme_facts *facts, const struct ics_line *line, bool end)
{
        int year, month, day, hour = 0, minute = 0, second = 0;
        char text[48];
        int got = sscanf(line->value, "%4d%2d%2dT%2d%2d%2d", &year, &month, &day, &hour, &minute, &second);

        if (got < 3)
                return;
        zone_keep(facts, line->params);
        snprintf(
                text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02dZ", year, month, day, hour, minute, second);
        if (line->value[strlen(line->value) - 1] == 'Z') {
                programme_facts_session(facts, end ? NULL : text, end ? text : NULL);
                return;
        }
        text[10] = '\0';
        /* What ends at midnight ends with the day before. */
        if (!end || hour || minute || second)
                programme_facts_day(facts, text, NULL, NULL);
}

bool programme_facts_ics(const struct buffer *body, struct programme_facts *facts)
{
        _cleanup_(buffer_deinit) struct buffer line = BUFFER_NULL;
        char *described = NULL;
        bool in_event = false;
        size_t offset = 0;
        struct ics_line cut;

        while (line_next(body, &offset, &line)) {
                if (!line_cut(&line, &cut))
                        continue;
                if (strcasecmp(cut.name, "BEGIN") == 0 || strcasecmp(cut.name, "END") == 0) {
                        in_event = toupper((unsigned char)cut.name[0]) == 'B' &&
                                   strcasecmp(cut.value, "VEVENT") == 0;
                } else if (strcasecmp(cut.name, "X-WR-CALNAME") == 0 || strcasecmp(cut.name, "NAME") == 0) {
                        text_unescape(cut.value);
                        programme_facts_keep(&facts->title, cut.value);
                } else if (strcasecmp(cut.name, "X-WR-CALDESC") == 0) {
                        text_unescape(cut.value);
                        programme_facts_keep(&described, cut.value);
                } else if (strcasecmp(cut.name, "X-WR-TIMEZONE") == 0) {
                        free(facts->zone);
                        facts->zone = NULL;
                        programme_facts_keep(&facts->zone, cut.value);
                } else if (in_event &&
                           (strcasecmp(cut.name, "DTSTART") == 0 || strcasecmp(cut.name, "DTEND") == 0)) {
                        time_keep(facts, &cut, toupper((unsigned char)cut.name[2]) == 'E');
                }
        }
        programme_facts_keep(&facts->title, described);
        free(described);
        return true;
}
