/* SPDX-License-Identifier: Apache-2.0 */
#include "client/programme_facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include "base/cleanup.h"

void programme_facts_deinit(struct programme_facts *facts)
{
        free(facts->acronym);
        free(facts->title);
        free(facts->start);
        free(facts->end);
        free(facts->zone);
        free(facts->day_change);
        free(facts->offset);
}

void programme_facts_keep(char **into, const char *text)
{
        size_t length;

        if (*into || !text)
                return;
        text += strspn(text, " \t\r\n");
        length = strlen(text);
        while (length && strchr(" \t\r\n", text[length - 1]))
                length--;
        if (length)
                *into = xstrndup(text, length);
}

static void offset_keep(struct programme_facts *facts, const char *text)
{
        struct instant at;

        if (text && instant_parse(text, &at))
                programme_facts_keep(&facts->offset, text);
}

/* The minutes after midnight of "2019-12-28T04:00:00+01:00"; 03:59 is the last minute before 04:00. -1: no such text. */
static int clock_minutes(const char *text)
{
        int hour, minute, second = 0;

        if (!text || strlen(text) < 16 || sscanf(text + 11, "%2d:%2d:%2d", &hour, &minute, &second) < 2)
                return -1;
        return minute == 59 ? (hour + 1) * 60 : hour * 60 + minute + (second > 0);
}

void programme_facts_day(struct programme_facts *facts, const char *date, const char *start, const char *end)
{
        int begins = clock_minutes(start), ends = clock_minutes(end);
        char begin[11] = "";
        struct date day;

        offset_keep(facts, start);
        if (date)
                strncpy(begin, date, 10);
        if (date_parse(begin, &day)) {
                if (date_is_none(facts->first) || day.days < facts->first.days)
                        facts->first = day;
                if (date_is_none(facts->last) || day.days > facts->last.days)
                        facts->last = day;
        }
        /* A day that ends after midnight, before the next begins: the conference's day starts there. */
        if (begins >= 0 && ends > facts->day_starts && ends <= begins && strncmp(start, end, 10) < 0)
                facts->day_starts = ends;
}

void programme_facts_session(struct programme_facts *facts, const char *from, const char *to)
{
        struct instant at;

        offset_keep(facts, from);
        if (from && instant_parse(from, &at) &&
                (instant_is_none(facts->earliest) || at.us < facts->earliest.us))
                facts->earliest = at;
        if (to && instant_parse(to, &at) && (instant_is_none(facts->latest) || at.us > facts->latest.us))
                facts->latest = at;
}

/* ---- frab XML ---- */

static bool named(const xmlNode *node, const char *name)
{
        return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

static void node_keep(char **into, xmlNode *node)
{
        xmlChar *text = xmlNodeGetContent(node);

        programme_facts_keep(into, (const char *)text);
        xmlFree(text);
}

static void xml_conference(xmlNode *conference, struct programme_facts *facts)
{
        for (xmlNode *node = conference->children; node; node = node->next) {
                if (named(node, "acronym"))
                        node_keep(&facts->acronym, node);
                else if (named(node, "title"))
                        node_keep(&facts->title, node);
                else if (named(node, "start"))
                        node_keep(&facts->start, node);
                else if (named(node, "end"))
                        node_keep(&facts->end, node);
                else if (named(node, "time_zone_name"))
                        node_keep(&facts->zone, node);
                else if (named(node, "day_change"))
                        node_keep(&facts->day_change, node);
        }
}

/* The first event's <date>, where the days have no times of their own. */
static void xml_event_dates(xmlNode *parent, struct programme_facts *facts)
{
        for (xmlNode *node = parent->children; node && !facts->offset; node = node->next) {
                _cleanup_(freep) char *date = NULL;

                if (named(node, "room") || named(node, "event"))
                        xml_event_dates(node, facts);
                if (!named(node, "date"))
                        continue;
                node_keep(&date, node);
                offset_keep(facts, date);
        }
}

static void xml_day(xmlNode *node, struct programme_facts *facts)
{
        xmlChar *date = xmlGetProp(node, (const xmlChar *)"date");
        xmlChar *start = xmlGetProp(node, (const xmlChar *)"start");
        xmlChar *end = xmlGetProp(node, (const xmlChar *)"end");

        programme_facts_day(facts, (const char *)date, (const char *)start, (const char *)end);
        xml_event_dates(node, facts);
        xmlFree(date);
        xmlFree(start);
        xmlFree(end);
}

/* A file in another encoding is handed on in UTF-8: it travels as a JSON text. */
static void xml_recode(xmlDoc *document, struct buffer *body)
{
        xmlChar *text = NULL;
        int length = 0;

        if (!document->encoding || xmlStrcasecmp(document->encoding, (const xmlChar *)"UTF-8") == 0)
                return;
        xmlDocDumpMemoryEnc(document, &text, &length, "UTF-8");
        if (text && length > 0) {
                buffer_clear(body);
                buffer_add(body, text, (size_t)length);
        }
        xmlFree(text);
}

bool programme_facts_xml(struct buffer *body, struct programme_facts *facts)
{
        xmlDoc *document = xmlReadMemory(body->data, (int)body->length, NULL, NULL,
                XML_PARSE_NONET | XML_PARSE_HUGE | XML_PARSE_RECOVER | XML_PARSE_NOERROR |
                        XML_PARSE_NOWARNING);
        xmlNode *root = document ? xmlDocGetRootElement(document) : NULL;
        /* What a document type declares might be larger than any file: it is not even looked at. */
        bool found = root && !document->intSubset && named(root, "schedule");

        for (xmlNode *node = found ? root->children : NULL; node; node = node->next) {
                if (named(node, "conference"))
                        xml_conference(node, facts);
                else if (named(node, "day"))
                        xml_day(node, facts);
        }
        if (found)
                xml_recode(document, body);
        xmlFreeDoc(document);
        return found;
}

/* ---- JSON ---- */

static const char *text_of(const json_t *object, const char *name)
{
        return json_string_value(json_object_get(object, name));
}

static void json_event_dates(json_t *rooms, struct programme_facts *facts)
{
        const char *name;
        json_t *events;

        json_object_foreach(rooms, name, events)
        {
                for (size_t i = 0; i < json_array_size(events) && !facts->offset; i++)
                        offset_keep(facts, text_of(json_array_get(events, i), "date"));
        }
}

bool programme_facts_frab_json(json_t *root, struct programme_facts *facts)
{
        json_t *conference = json_object_get(json_object_get(root, "schedule"), "conference");
        json_t *days = json_object_get(conference, "days");

        if (!json_is_object(conference))
                return false;
        programme_facts_keep(&facts->acronym, text_of(conference, "acronym"));
        programme_facts_keep(&facts->title, text_of(conference, "title"));
        programme_facts_keep(&facts->start, text_of(conference, "start"));
        programme_facts_keep(&facts->end, text_of(conference, "end"));
        programme_facts_keep(&facts->zone, text_of(conference, "time_zone_name"));
        for (size_t i = 0; i < json_array_size(days); i++) {
                json_t *day = json_array_get(days, i);

                programme_facts_day(
                        facts, text_of(day, "date"), text_of(day, "day_start"), text_of(day, "day_end"));
                json_event_dates(json_object_get(day, "rooms"), facts);
        }
        return true;
}

bool programme_facts_opass(json_t *root, struct programme_facts *facts)
{
        json_t *sessions = json_object_get(root, "sessions");

        if (!json_is_array(sessions))
                return false;
        for (size_t i = 0; i < json_array_size(sessions); i++) {
                json_t *session = json_array_get(sessions, i);

                programme_facts_session(facts, text_of(session, "start"), text_of(session, "end"));
        }
        return true;
}
