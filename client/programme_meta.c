/* SPDX-License-Identifier: Apache-2.0 */
#include "client/programme_meta.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unicode/utf8.h>
#include "base/cleanup.h"
#include "base/zone.h"
#include "client/programme_facts.h"

DEFINE_CLEANUP(struct zone *, zone_free);

void programme_meta_deinit(struct programme_meta *meta)
{
        free(meta->name);
        free(meta->timezone);
        *meta = PROGRAMME_META_NULL;
}

/* ---- format ---- */

static bool json_facts(
        struct buffer *body, struct programme_facts *facts, const char **format, struct buffer *why)
{
        json_error_t error;
        json_t *root = json_loadb(body->data, body->length, 0, &error);

        if (!root)
                buffer_addf(why, "not JSON: line %d: %s", error.line, error.text);
        else if (programme_facts_frab_json(root, facts))
                *format = "frab-json";
        else if (programme_facts_opass(root, facts))
                *format = "opass";
        else
                buffer_add_text(why, "JSON, but neither a frab schedule nor OPass sessions");
        json_decref(root);
        return *format != NULL;
}

static bool utf8_whole(const struct buffer *body)
{
        const uint8_t *bytes = (const uint8_t *)body->data;
        size_t i = 0;

        while (i < body->length) {
                UChar32 c;

                U8_NEXT(bytes, i, body->length, c);
                if (c <= 0)
                        return false;
        }
        return true;
}

static bool format_find(
        struct buffer *body, struct programme_facts *facts, const char **format, struct buffer *why)
{
        const char *start;

        if (body->length >= 3 && memcmp(body->data, "\xEF\xBB\xBF", 3) == 0) {
                memmove(body->data, body->data + 3, body->length - 2);
                body->length -= 3;
        }
        start = buffer_text(body) + strspn(buffer_text(body), " \t\r\n");
        if (!*start) {
                buffer_add_text(why, "the file is empty");
        } else if (*start == '<' || memcmp(start, "\xFF\xFE", 2) == 0 || memcmp(start, "\xFE\xFF", 2) == 0) {
                if (programme_facts_xml(body, facts))
                        *format = "frab-xml";
                else
                        buffer_add_text(
                                why, "XML, but no frab schedule (with a document type, none is read)");
        } else if (*start == '{') {
                json_facts(body, facts, format, why);
        } else if (strncasecmp(start, "BEGIN:VCALENDAR", 15) == 0) {
                if (programme_facts_ics(body, facts))
                        *format = "ics";
        } else {
                buffer_add_text(why, "neither frab XML, frab JSON, iCalendar nor OPass JSON");
        }
        if (*format && strcmp(*format, "ics") == 0 && !utf8_whole(body))
                programme_ics_unfold(body);
        if (*format && !utf8_whole(body)) {
                buffer_add_text(why, "not in UTF-8 (iconv -t UTF-8 makes it so)");
                *format = NULL;
        }
        return *format != NULL;
}

/* ---- time zone ---- */

static bool zone_known(const char *name, struct zone **zonep)
{
        return name && zone_load(name, zonep) == 0;
}

/* Some zone with that offset, always the same: a file that names none does not say more. */
static void zone_of_offset(int minutes, char out[static 40])
{
        static const struct {
                int minutes;
                const char *zone;
        } uneven[] = {
                { -570, "Pacific/Marquesas" },
                { -210, "America/St_Johns" },
                { 210, "Asia/Tehran" },
                { 270, "Asia/Kabul" },
                { 330, "Asia/Kolkata" },
                { 345, "Asia/Kathmandu" },
                { 390, "Asia/Yangon" },
                { 525, "Australia/Eucla" },
                { 570, "Australia/Darwin" },
                { 630, "Australia/Lord_Howe" },
        };

        snprintf(out, 40, "UTC");
        if (minutes && minutes % 60 == 0) {
                snprintf(out, 40, "Etc/GMT%c%d", minutes > 0 ? '-' : '+',
                        abs(minutes) / 60); /* POSIX counts westward */
                return;
        }
        for (size_t i = 0; i < sizeof(uneven) / sizeof(uneven[0]); i++) {
                if (uneven[i].minutes == minutes)
                        snprintf(out, 40, "%s", uneven[i].zone);
        }
}

static int offset_minutes(const char *text)
{
        size_t length = text ? strlen(text) : 0;
        int hours, minutes;

        if (length < 6 || sscanf(text + length - 5, "%2d:%2d", &hours, &minutes) != 2)
                return 0;
        return (text[length - 6] == '-' ? -1 : text[length - 6] == '+' ? 1 : 0) * (hours * 60 + minutes);
}

static void zone_settle(const struct programme_facts *facts, struct programme_meta *meta, struct zone **zonep)
{
        char made[40];

        meta->timezone_named = zone_known(facts->zone, zonep);
        if (!meta->timezone_named) {
                zone_of_offset(offset_minutes(facts->offset), made);
                if (!zone_known(made, zonep))
                        snprintf(made, sizeof(made), "UTC");
        }
        meta->timezone = xstrdup(meta->timezone_named ? facts->zone : made);
}

/* ---- dates ---- */

static void date_widen(struct programme_meta *meta, struct date day)
{
        if (date_is_none(day))
                return;
        if (date_is_none(meta->starts_on) || day.days < meta->starts_on.days)
                meta->starts_on = day;
        if (date_is_none(meta->ends_on) || day.days > meta->ends_on.days)
                meta->ends_on = day;
}

/* A date, or the date on which an instant falls there. */
static struct date date_read(const char *text, const struct zone *zone, int day_starts)
{
        struct instant at;
        char begin[11] = "";
        struct date day;

        if (!text)
                return DATE_NONE;
        if (instant_parse(text, &at))
                return zone_day(zone, at, day_starts);
        strncpy(begin, text, 10);
        return date_parse(begin, &day) ? day : DATE_NONE;
}

static void dates_settle(
        const struct programme_facts *facts, const struct zone *zone, struct programme_meta *meta)
{
        int hour, minute;

        meta->day_starts = facts->day_starts;
        if (facts->day_change && sscanf(facts->day_change, "%2d:%2d", &hour, &minute) == 2 && hour >= 0 &&
                hour < 24 && minute >= 0 && minute < 60)
                meta->day_starts = hour * 60 + minute;
        date_widen(meta, date_read(facts->start, zone, 0));
        date_widen(meta, date_read(facts->end, zone, 0));
        date_widen(meta, facts->first);
        date_widen(meta, facts->last);
        if (!instant_is_none(facts->earliest))
                date_widen(meta, zone_day(zone, facts->earliest, 0));
        if (!instant_is_none(facts->latest)) /* half-open: what ends at midnight ends with the day before */
                date_widen(meta, zone_day(zone, (struct instant){ facts->latest.us - 1 }, 0));
}

/* ---- together ---- */

/* "/tmp/My conference.json" -> "My conference" */
static char *name_of_file(const char *file_name)
{
        const char *base = strrchr(file_name, '/') ? strrchr(file_name, '/') + 1 : file_name;
        const char *dot = strrchr(base, '.');

        return xstrndup(base, dot && dot > base ? (size_t)(dot - base) : strlen(base));
}

int programme_meta_read(
        const char *file_name, struct buffer *body, struct programme_meta *meta, struct buffer *why)
{
        _cleanup_(programme_facts_deinit) struct programme_facts facts = {
                .first = DATE_NONE, .last = DATE_NONE, .earliest = INSTANT_NONE, .latest = INSTANT_NONE
        };
        _cleanup_(zone_freep) struct zone *zone = NULL;
        _cleanup_(freep) char *file = name_of_file(file_name);
        const char *slug_from;

        *meta = PROGRAMME_META_NULL;
        if (!format_find(body, &facts, &meta->format, why))
                return PROGRAMME_META_E_UNKNOWN;
        slug_from = facts.acronym ? facts.acronym : facts.title ? facts.title : file;
        slug_from_text(slug_from, "event", meta->event);
        meta->name = xstrdup(facts.title ? facts.title : slug_from);
        zone_settle(&facts, meta, &zone);
        dates_settle(&facts, zone, meta);
        return 0;
}
