/* SPDX-License-Identifier: Apache-2.0 */
#include "exchange/frab_xml.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <stdio.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/error.h"
#include "base/utf8.h"
#include "exchange/frab.h"

/* What libxml2 is watched by while it parses. */
struct guard {
        startElementNsSAX2Func start;
        endElementNsSAX2Func end;
        size_t nodes, depth;
        const char *limit; /* why it was stopped */
        bool declared;
        int line; /* of the first error */
        char message[300];
};

static void guard_start(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
        int namespaces, const xmlChar **namespace_list, int attributes, int defaulted,
        const xmlChar **attribute_list)
{
        xmlParserCtxtPtr parser = context;
        struct guard *guard = parser->_private;

        guard->nodes += 1 + (size_t)attributes + (size_t)namespaces;
        guard->depth++;
        if (guard->nodes > PROGRAMME_FILE_NODES)
                guard->limit = "too many elements";
        else if (guard->depth > PROGRAMME_FILE_NESTING)
                guard->limit = "elements nested too deep";
        if (guard->limit) {
                xmlStopParser(parser);
                return;
        }
        guard->start(context, name, prefix, uri, namespaces, namespace_list, attributes, defaulted,
                attribute_list);
}

static void guard_end(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
        xmlParserCtxtPtr parser = context;
        struct guard *guard = parser->_private;

        guard->depth--;
        guard->end(context, name, prefix, uri);
}

/* Before anything in it is read: no entity is ever declared. */
static void guard_declaration(void *context, const xmlChar *name, const xmlChar *id, const xmlChar *system)
{
        xmlParserCtxtPtr parser = context;

        (void)name;
        (void)id;
        (void)system;
        ((struct guard *)parser->_private)->declared = true;
        xmlStopParser(parser);
}

/* The first error says what is wrong; those behind it what follows from that. */
static void guard_error(void *context, xmlErrorPtr error)
{
        struct guard *guard = ((xmlParserCtxtPtr)context)->_private;
        size_t length = error->message ? strcspn(error->message, "\r\n") : 0;

        if (error->level < XML_ERR_ERROR || guard->message[0])
                return;
        guard->line = error->line;
        length = length > 0 ? utf8_cut(error->message, length, sizeof(guard->message) - 1) : 0;
        snprintf(guard->message, sizeof(guard->message), "%.*s", (int)length, length ? error->message : "");
        if (!length || !utf8_is_valid(guard->message, length))
                snprintf(guard->message, sizeof(guard->message), "not XML");
}

/* ---- nodes ---- */

static bool node_is(const xmlNode *node, const char *name)
{
        return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

static const char *take_text(struct frab *frab, xmlChar *text)
{
        const char *copy =
                text ? arena_text(&frab->source.arena, (const char *)text, strlen((const char *)text)) : NULL;

        xmlFree(text);
        return copy;
}

static const char *node_text(struct frab *frab, const xmlNode *node)
{
        return take_text(frab, xmlNodeGetContent(node));
}

/* An empty attribute is as none. */
static const char *node_attribute(struct frab *frab, const xmlNode *node, const char *name)
{
        const char *text = take_text(frab, xmlGetNoNsProp(node, (const xmlChar *)name));

        return text && *text ? text : NULL;
}

/* ---- the schedule ---- */

static void read_persons(struct frab *frab, struct source_session *session, const xmlNode *persons)
{
        for (const xmlNode *node = persons->children; node; node = node->next) {
                struct source_person *person;

                if (!node_is(node, "person"))
                        continue;
                person = source_add_person(&frab->source, session);
                person->number = node_attribute(frab, node, "id");
                person->guid = node_attribute(frab, node, "guid");
                person->name = node_text(frab, node);
        }
}

static void read_event(struct frab *frab, const xmlNode *element, const char *room)
{
        struct source_session *session;
        struct frab_event *event = frab_add_event(frab, &session);
        const struct {
                const char *name, **to;
        } parts[] = {
                { "date", &event->date },
                { "start", &event->start },
                { "duration", &event->duration },
                { "end", &event->end },
                { "room", &session->room_element },
                { "slug", &session->slug },
                { "title", &session->title },
                { "subtitle", &session->subtitle },
                { "track", &session->track },
                { "type", &session->kind },
                { "language", &session->language },
                { "abstract", &session->abstract },
                { "description", &session->description },
        };

        session->room = room;
        session->number = node_attribute(frab, element, "id");
        session->code = node_attribute(frab, element, "code");
        session->guid = node_attribute(frab, element, "guid");
        for (const xmlNode *node = element->children; node; node = node->next) {
                if (node_is(node, "persons"))
                        read_persons(frab, session, node);
                for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
                        if (node_is(node, parts[i].name))
                                *parts[i].to = node_text(frab, node);
                }
        }
}

static void read_room(struct frab *frab, const xmlNode *element)
{
        const char *name = node_attribute(frab, element, "name");

        if (name)
                frab_add_heading(frab, name);
        for (const xmlNode *node = element->children; node; node = node->next) {
                if (node_is(node, "event"))
                        read_event(frab, node, name);
        }
}

static void read_day(struct frab *frab, const xmlNode *element)
{
        struct frab_day *day = frab_add_day(frab);

        day->index = node_attribute(frab, element, "index");
        day->date = node_attribute(frab, element, "date");
        day->start = node_attribute(frab, element, "start");
        day->end = node_attribute(frab, element, "end");
        for (const xmlNode *node = element->children; node; node = node->next) {
                if (node_is(node, "room"))
                        read_room(frab, node);
                else if (node_is(node, "event"))
                        read_event(frab, node, NULL);
        }
}

/* <track name="" color=""/> of today's format, <track>name</track> of FOSDEM's. */
static void read_track(struct frab *frab, const xmlNode *element)
{
        const char *name = node_attribute(frab, element, "name");
        struct source_track *track = source_add_track(&frab->source);

        track->name = name ? name : node_text(frab, element);
        track->colour = node_attribute(frab, element, "color");
}

static void read_conference(struct frab *frab, const xmlNode *element)
{
        const struct {
                const char *name, **to;
        } parts[] = {
                { "acronym", &frab->acronym },
                { "title", &frab->title },
                { "start", &frab->start },
                { "end", &frab->end },
                { "day_change", &frab->day_change },
                { "time_zone_name", &frab->zone_name },
        };

        for (const xmlNode *node = element->children; node; node = node->next) {
                if (node_is(node, "track"))
                        read_track(frab, node);
                for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
                        if (node_is(node, parts[i].name))
                                *parts[i].to = node_text(frab, node);
                }
        }
}

static void read_schedule(struct frab *frab, const xmlNode *root)
{
        for (const xmlNode *node = root->children; node; node = node->next) {
                if (node->type == XML_PI_NODE && strcmp((const char *)node->name, "usherd") == 0 &&
                        node->content)
                        frab_set_note(frab, (const char *)node->content, strlen((const char *)node->content));
                else if (node_is(node, "conference"))
                        read_conference(frab, node);
                else if (node_is(node, "day"))
                        read_day(frab, node);
                else if (node_is(node, "tracks")) {
                        for (const xmlNode *track = node->children; track; track = track->next) {
                                if (node_is(track, "track"))
                                        read_track(frab, track);
                        }
                }
        }
}

/* ---- parsing ---- */

static int fail_syntax(xmlParserCtxtPtr parser, const struct guard *guard, struct programme_file *out)
{
        int line = xmlSAX2GetLineNumber(parser);

        if (guard->declared)
                return programme_file_fail(
                        out, PROGRAMME_FILE_E_SYNTAX, line, "a document type declaration is not read");
        if (guard->limit)
                return programme_file_fail(out, PROGRAMME_FILE_E_LIMIT, line, guard->limit);
        return programme_file_fail(
                out, PROGRAMME_FILE_E_SYNTAX, guard->line, guard->message[0] ? guard->message : "not XML");
}

static int read_document(
        xmlDocPtr document, const struct programme_file_options *options, struct programme_file *out)
{
        struct frab frab = { 0 };
        const xmlNode *root = xmlDocGetRootElement(document);
        int r;

        if (!root || !node_is(root, "schedule"))
                return programme_file_fail(out, PROGRAMME_FILE_E_FORM, 0, "its root is no <schedule>");
        read_schedule(&frab, root);
        r = frab_finish(&frab, options, out);
        frab_deinit(&frab);
        return error_fold(r);
}

int frab_xml_read(const char *bytes, size_t length, const struct programme_file_options *options,
        struct programme_file *out)
{
        struct guard guard = { 0 };
        xmlParserCtxtPtr parser;
        xmlDocPtr document;
        int r;

        if (length > PROGRAMME_FILE_BYTES)
                return programme_file_fail(out, PROGRAMME_FILE_E_LIMIT, 0, "larger than 64 MiB");
        parser = xmlNewParserCtxt();
        if (!parser)
                return error_origin(-ENOMEM);
        parser->_private = &guard;
        guard.start = parser->sax->startElementNs;
        guard.end = parser->sax->endElementNs;
        parser->sax->startElementNs = guard_start;
        parser->sax->endElementNs = guard_end;
        parser->sax->internalSubset = guard_declaration;
        parser->sax->serror = guard_error;
        /* What is UTF-8 is read as UTF-8, whatever it calls itself: it came through a JSON text. */
        document = xmlCtxtReadMemory(parser, bytes, (int)length, NULL,
                utf8_is_valid(bytes, length) ? "UTF-8" : NULL,
                XML_PARSE_NONET | XML_PARSE_COMPACT | XML_PARSE_NOCDATA);
        if (!document || guard.limit || guard.declared)
                r = fail_syntax(parser, &guard, out);
        else
                r = read_document(document, options, out);
        xmlFreeDoc(document);
        xmlFreeParserCtxt(parser);
        return r;
}
