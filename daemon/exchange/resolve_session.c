/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/row.h"
#include "base/slug.h"
#include "exchange/resolve_private.h"
#include "exchange/texts.h"

/* 5b0e6f6c-…: the space of the guids that are made here. Never changes, or a file would name other sessions. */
static const struct uuid guid_space = { { 0x5b, 0x0e, 0x6f, 0x6c, 0x2f, 0x41, 0x4d, 0x0b, 0x9c, 0x6a, 0x31,
        0x77, 0x08, 0xe4, 0xd2, 0x59 } };

static const char *text_copy(struct arena *arena, const char *text)
{
        return text ? arena_text(arena, text, strlen(text)) : NULL;
}

struct thing *resolve_named(
        struct resolver *r, struct things *things, const char *as, const char *name, const char *prefix)
{
        bool cut = false;
        const char *clean = text_line(&r->out->arena, name, &cut);
        char slug[SLUG_MAX + 1];
        struct thing *thing;

        if (!clean)
                return NULL;
        thing = things_get(things, arena_format(r->scratch, "%c%s", as ? '=' : 'n', as ? as : clean));
        if (!thing->naming.base) {
                if (!as)
                        slug_from_text(clean, prefix, slug);
                thing->naming.base = as ? as : text_copy(r->scratch, slug);
        }
        thing_offer_first(&thing->name, clean);
        thing->called = thing->name;
        thing->cut_name |= cut;
        return thing;
}

/* A person is a guid, or a number and a name: files put together from several use each number more than once. */
static struct thing *resolve_person(struct resolver *r, const struct source_person *person)
{
        struct arena *texts = &r->out->arena;
        bool cut_name = false, cut_text = false, cut = false;
        const char *name = text_line(texts, person->name, &cut_name);
        const char *number = text_line(r->scratch, person->number ? person->number : person->guid, &cut);
        struct thing *thing;
        struct uuid guid;
        char slug[SLUG_MAX + 1], *key;

        if (person->as) {
                key = arena_format(r->scratch, "=%s", person->as);
                snprintf(slug, sizeof(slug), "%s", person->as);
        } else if (person->guid && uuid_parse(person->guid, &guid) && !uuid_is_nil(&guid)) {
                uuid_format(&guid, slug);
                key = arena_format(r->scratch, "g%s", slug);
        } else {
                key = arena_format(r->scratch, "p%s\x1f%s", number ? number : "", name ? name : "");
                slug_from_text(number && name ? arena_format(r->scratch, "%s-%s", name, number)
                               : name         ? name
                                              : "",
                        "speaker", slug);
        }
        thing = things_get(&r->speakers, key);
        if (!thing->naming.base)
                thing->naming.base = text_copy(r->scratch, slug);
        thing_offer_first(&thing->called, person->guid ? person->guid : number ? number : "");
        thing_offer_first(&thing->name, name);
        thing_offer_first(&thing->name_latin, text_line(texts, person->name_latin, &cut));
        thing_offer_first(&thing->title, text_line(texts, person->title, &cut));
        thing_offer_first(&thing->affiliation, text_line(texts, person->affiliation, &cut));
        thing_offer_longest(&thing->text, text_lines(texts, person->bio, &cut_text));
        thing->cut_name |= cut_name;
        thing->cut_text |= cut_text;
        thing->used = true;
        return thing;
}

/* Subtitle, abstract and description as one text, each once. */
static const char *join_texts(struct resolver *r, struct draft *draft, const char *subtitle)
{
        const struct source_session *source = draft->source;
        bool cut = false;
        const char *parts[] = { subtitle, text_lines(r->scratch, source->abstract, &cut),
                text_lines(r->scratch, source->description, &cut) };
        _cleanup_(buffer_deinit) struct buffer all = BUFFER_NULL;

        for (size_t i = 0; i < 3; i++) {
                bool said = false;

                for (size_t j = i + 1; parts[i] && j < 3; j++)
                        said |= parts[j] && strncmp(parts[j], parts[i], strlen(parts[i])) == 0;
                if (!parts[i] || said)
                        continue;
                if (all.length > 0)
                        buffer_add_text(&all, "\n\n");
                buffer_add_text(&all, parts[i]);
        }
        draft->cut_abstract = cut;
        return text_lines(&r->out->arena, buffer_text(&all), &draft->cut_abstract);
}

/* "en", "de-DE"; of "de, en" the first. NULL where it is no language tag. */
static const char *language_tag(struct arena *arena, const char *text, bool *bad)
{
        size_t length = 0, primary;
        char *tag;

        *bad = false;
        while (text && (*text == ' ' || *text == '\n'))
                text++;
        if (!text || !*text)
                return NULL;
        primary = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
        length = primary;
        while (text[length] == '-' || text[length] == '_' || (text[length] >= '0' && text[length] <= '9') ||
                (text[length] >= 'a' && text[length] <= 'z') || (text[length] >= 'A' && text[length] <= 'Z'))
                length++;
        *bad = text[length + strspn(text + length, " \n")] != '\0' || primary < 2 || primary > 3 ||
               length > 35;
        if (primary < 2 || primary > 3 || length > 35 || (text[length] && !strchr(" \n,;/", text[length])))
                return NULL;
        tag = arena_text(arena, text, length);
        for (size_t i = 0; i < length; i++) {
                if (tag[i] == '_')
                        tag[i] = '-';
                else if (i < primary && tag[i] >= 'A' && tag[i] <= 'Z')
                        tag[i] = (char)(tag[i] - 'A' + 'a');
        }
        return tag;
}

static void sign(struct resolver *r, struct draft *draft)
{
        const struct file_session *s = &draft->session;
        _cleanup_(buffer_deinit) struct buffer all = BUFFER_NULL;
        const char *texts[] = { draft->room ? draft->room->naming.key : NULL, s->title, s->title_latin,
                s->subtitle, s->kind, s->abstract, s->language,
                draft->track ? draft->track->naming.key : NULL, draft->source->number, draft->source->code,
                draft->source->slug };

        /* Times first: of several with one guid the earliest comes first, the unplaced last. */
        buffer_addf(&all, "%020" PRIu64 " %" PRId64,
                instant_is_none(s->start) ? UINT64_MAX : (uint64_t)s->start.us + (UINT64_C(1) << 63),
                s->minutes);
        for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
                buffer_addf(&all, "\x1f%s", texts[i] ? texts[i] : "");
        for (size_t i = 0; i < draft->source->person_count; i++)
                buffer_addf(&all, "\x1e%s\x1f%s", draft->people[i]->naming.key,
                        draft->source->persons[i].role ? draft->source->persons[i].role : "");
        draft->signature = arena_text(r->scratch, buffer_text(&all), all.length);
}

static void resolve_place(struct resolver *r, struct draft *draft)
{
        const struct source_session *source = draft->source;

        /* The room that it stands in leads: it is what the file is arranged by, and what programmes show. */
        draft->room = resolve_named(r, &r->rooms, source->room_as, source->room, "room");
        if (!draft->room)
                draft->room = resolve_named(r, &r->rooms, source->room_as, source->room_element, "room");
        draft->track = resolve_named(r, &r->tracks, source->track_as, source->track, "track");
        if (draft->room)
                draft->room->used = true;
        if (draft->track)
                draft->track->used = true;
        draft->session.start = draft->room ? source->start : INSTANT_NONE;
        draft->session.minutes = source->minutes == FIELD_INT_NONE ? 0 : source->minutes;
}

/* The file's guid where it is one; else one made of what stands in its place, or of the conference and the id. */
static void resolve_guid(struct resolver *r, struct draft *draft)
{
        const char *guid = draft->source->guid;
        _cleanup_(freep) char *name = NULL;

        if (guid && uuid_parse(guid, &draft->shared) && !uuid_is_nil(&draft->shared))
                return;
        if (guid && *guid && !uuid_parse(guid, &draft->shared))
                name = xasprintf("guid\n%s", guid);
        else
                name = xasprintf(
                        "session\n%s\n%s", r->source->space ? r->source->space : "", draft->naming.base);
        draft->session.guid_made = !guid || !*guid || uuid_parse(guid, &draft->shared);
        uuid_from_name(&guid_space, name, &draft->shared);
}

void resolve_session(struct resolver *r, struct draft *draft)
{
        const struct source_session *source = draft->source;
        struct file_session *session = &draft->session;
        struct arena *texts = &r->out->arena;
        const char *names[] = { source->number, source->code, source->slug, source->guid };
        char slug[SLUG_MAX + 1];

        resolve_place(r, draft);
        draft->people = arena_alloc(r->scratch, (source->person_count + 1) * sizeof(*draft->people));
        for (size_t i = 0; i < source->person_count; i++)
                draft->people[i] = resolve_person(r, &source->persons[i]);
        session->title = text_line(texts, source->title, &draft->cut_title);
        session->title_latin = text_line(texts, source->title_latin, &draft->cut_title);
        session->subtitle = text_line(texts, source->subtitle, &draft->cut_title);
        session->kind = text_line(texts, source->kind, &draft->cut_kind);
        if (!session->kind)
                session->kind = "session";
        session->abstract = join_texts(r, draft, session->subtitle);
        session->language = language_tag(texts, source->language, &draft->bad_language);
        if (!session->title)
                session->title = session->subtitle;

        draft->naming.base = source->as;
        for (size_t i = 0; !draft->naming.base && i < 4; i++) {
                bool cut = false;
                const char *name = text_line(r->scratch, names[i], &cut);

                if (!name)
                        continue;
                slug_from_text(name, "session", slug);
                draft->naming.base = text_copy(r->scratch, slug);
        }
        if (!draft->naming.base) {
                slug_from_text(session->title ? session->title : "", "session", slug);
                draft->naming.base = text_copy(r->scratch, slug);
        }
        if (!session->title)
                draft->left_out = true;
        resolve_guid(r, draft);
        sign(r, draft);
}
