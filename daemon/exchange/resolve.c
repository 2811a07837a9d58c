/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/row.h"
#include "exchange/resolve_private.h"
#include "exchange/texts.h"

static const char *text_copy(struct arena *arena, const char *text)
{
        return text ? arena_text(arena, text, strlen(text)) : NULL;
}

/* ---- rooms, tracks, speakers ---- */

static bool colour_is_valid(const char *text)
{
        return text[0] == '#' && strlen(text) == 7 && strspn(text + 1, "0123456789abcdefABCDEF") == 6;
}

static void resolve_listed_room(struct resolver *r, const struct source_room *room)
{
        bool cut;
        struct thing *thing = resolve_named(r, &r->rooms, room->as, room->name, "room");

        if (!thing)
                return;
        thing->used |= !room->heading;
        thing_offer_first(&thing->name_latin, text_line(&r->out->arena, room->name_latin, &cut));
        if (room->capacity > thing->number)
                thing->number = room->capacity;
}

static void resolve_listed_track(struct resolver *r, const struct source_track *track)
{
        bool cut;
        struct thing *thing = resolve_named(r, &r->tracks, track->as, track->name, "track");

        if (!thing)
                return;
        thing->used = true;
        thing_offer_first(&thing->name_latin, text_line(&r->out->arena, track->name_latin, &cut));
        if (track->colour && colour_is_valid(track->colour))
                thing_offer_first(&thing->text, text_copy(&r->out->arena, track->colour));
        else if (track->colour && *track->colour)
                programme_file_skip(r->out, "colour", thing->naming.base, "a colour is written like #1f77b4");
}

/* ---- all sessions ---- */

static int draft_compare(const void *a, const void *b)
{
        const struct draft *x = *(struct draft *const *)a, *y = *(struct draft *const *)b;
        int c = uuid_compare(&x->shared, &y->shared);

        return c ? c : strcmp(x->signature, y->signature);
}

/* The sessions of one guid, in order: the first keeps it. */
static void number_shared(struct resolver *r, struct draft **drafts, size_t count)
{
        size_t place = 0;
        char guid[37];

        for (size_t i = 0; i < count; i++) {
                struct draft *draft = drafts[i];

                uuid_format(&draft->shared, guid);
                draft->session.guid = draft->shared;
                if (i > 0 && strcmp(draft->signature, drafts[i - 1]->signature) == 0) {
                        draft->left_out = true;
                        programme_file_skip(
                                r->out, "session", draft->naming.base, "it stands in the file twice, alike");
                        continue;
                }
                if (draft->left_out) {
                        programme_file_skip(r->out, "session", draft->naming.base, "it has no title");
                        continue;
                }
                draft->place = ++place;
                if (place > 1) {
                        draft->naming.suffix = arena_format(r->scratch, "%zu", place);
                        uuid_from_name(&draft->shared, draft->naming.suffix, &draft->session.guid);
                }
                draft->naming.order = arena_format(r->scratch, "%s %09zu", guid, place);
                draft->naming.key = draft->naming.order;
        }
}

static void name_sessions(struct resolver *r)
{
        size_t count = r->source->session_count, held = 0;
        struct naming **items = xcalloc(count + 1, sizeof(*items));

        for (size_t i = 0; i < count; i++)
                r->order[i] = &r->drafts[i];
        qsort(r->order, count, sizeof(*r->order), draft_compare);
        for (size_t i = 0, n; i < count; i += n) {
                for (n = 1; i + n < count && uuid_equal(&r->order[i]->shared, &r->order[i + n]->shared); n++)
                        ;
                number_shared(r, r->order + i, n);
        }
        for (size_t i = 0; i < count; i++) {
                if (!r->drafts[i].left_out)
                        items[held++] = &r->drafts[i].naming;
        }
        naming_assign(&r->out->arena, items, held);
        free(items);
}

/* ---- into the model ---- */

static void report(struct resolver *r, const struct draft *draft)
{
        const struct source_session *source = draft->source;
        const char *id = draft->naming.id;
        _cleanup_(freep) char *why = NULL;

        if (strcmp(id, draft->naming.base) != 0) {
                why = xasprintf(
                        "%s is another session of the file: this one is kept as %s", draft->naming.base, id);
                programme_file_skip(r->out, "id", id, why);
        } else if (draft->place > 1) {
                programme_file_skip(
                        r->out, "guid", id, "another session of the file has its guid: it got its own");
        }
        if (draft->cut_title)
                programme_file_skip(r->out, "title", id, "cut to 300 characters");
        if (draft->cut_kind)
                programme_file_skip(r->out, "text", id, "its type was cut to 300 characters");
        if (draft->cut_abstract)
                programme_file_skip(r->out, "text", id, "its abstract was cut to 64 KiB");
        if (draft->bad_language)
                programme_file_skip(r->out, "language", id,
                        draft->session.language ? "several languages: the first was taken"
                                                : "no language tag, like en");
        if (source->duration_why)
                programme_file_skip(r->out, "duration", id, source->duration_why);
        if (source->start_why)
                programme_file_skip(r->out, "start", id, source->start_why);
        if (!draft->room)
                programme_file_skip(r->out, "place", id, "the file names no room: kept without a place");
}

static void report_room(struct resolver *r, const struct draft *draft)
{
        bool cut = false;
        const char *room = text_line(r->scratch, draft->source->room, &cut);
        const char *element = text_line(r->scratch, draft->source->room_element, &cut);
        _cleanup_(freep) char *why = NULL;

        if (!room || !element || strcmp(room, element) == 0)
                return;
        why = xasprintf("it stands in the room %s and says %s: the first was taken", room, element);
        programme_file_skip(r->out, "room_element", draft->naming.id, why);
}

static void add_roles(struct resolver *r, const struct draft *draft, struct file_session *session)
{
        struct arena *arena = &r->out->arena;
        bool cut = false;

        if (strcmp(session->kind, "break") == 0 && draft->source->person_count > 0) {
                programme_file_skip(r->out, "person", draft->naming.id, "a break has no speakers");
                return;
        }
        session->speakers =
                arena_alloc(arena, (draft->source->person_count + 1) * sizeof(*session->speakers));
        for (size_t i = 0; i < draft->source->person_count; i++) {
                const char *id = draft->people[i]->naming.id;
                bool twice = false;

                for (size_t j = 0; id && j < session->speaker_count; j++)
                        twice |= strcmp(session->speakers[j].speaker, id) == 0;
                if (!id || twice)
                        continue;
                session->speakers[session->speaker_count++] = (struct file_role){ .speaker = id,
                        .role = text_line(arena, draft->source->persons[i].role, &cut) };
        }
}

static void add_sessions(struct resolver *r)
{
        struct programme_file *out = r->out;

        for (size_t i = 0; i < r->source->session_count; i++) {
                struct draft *draft = &r->drafts[i];
                struct file_session *session;

                if (draft->left_out)
                        continue;
                session = arena_append(&out->arena, &out->sessions, &out->session_count, sizeof(*session));
                *session = draft->session;
                session->id = text_copy(&out->arena, draft->naming.id);
                draft->naming.id = session->id;
                session->room =
                        draft->room && !instant_is_none(session->start) ? draft->room->naming.id : NULL;
                session->track = draft->track ? draft->track->naming.id : NULL;
                add_roles(r, draft, session);
                report(r, draft);
                report_room(r, draft);
        }
}

/* The ids, which lie in the scratch, into the model's own memory; what is left out or was cut into the report. */
static void settle_things(
        struct resolver *r, struct things *things, const char *what, const char *why_left_out)
{
        struct arena *arena = &r->out->arena;

        things_assign(things);
        for (size_t i = 0; i < things->count; i++) {
                struct thing *thing = things->items[i];

                thing->naming.id = text_copy(arena, thing->naming.id);
                if (!thing->naming.id) {
                        programme_file_skip(r->out, what, thing->called, why_left_out);
                        continue;
                }
                if (thing->cut_name)
                        programme_file_skip(r->out, "name", thing->naming.id, "cut to 300 characters");
                if (thing->cut_text)
                        programme_file_skip(
                                r->out, "text", thing->naming.id, "its biography was cut to 64 KiB");
        }
}

static void add_things(struct resolver *r)
{
        struct programme_file *out = r->out;
        struct arena *arena = &out->arena;

        for (size_t i = 0; i < r->rooms.count && r->rooms.items[i]->naming.id; i++) {
                const struct thing *t = r->rooms.items[i];
                struct file_room *room = arena_append(arena, &out->rooms, &out->room_count, sizeof(*room));

                *room = (struct file_room){ t->naming.id, t->name, t->name_latin, t->number };
        }
        for (size_t i = 0; i < r->tracks.count && r->tracks.items[i]->naming.id; i++) {
                const struct thing *t = r->tracks.items[i];
                struct file_track *track =
                        arena_append(arena, &out->tracks, &out->track_count, sizeof(*track));

                *track = (struct file_track){ t->naming.id, t->name, t->name_latin, t->text };
        }
        for (size_t i = 0; i < r->speakers.count && r->speakers.items[i]->naming.id; i++) {
                const struct thing *t = r->speakers.items[i];
                struct file_speaker *speaker =
                        arena_append(arena, &out->speakers, &out->speaker_count, sizeof(*speaker));

                *speaker = (struct file_speaker){ t->naming.id, t->name, t->name_latin, t->title,
                        t->affiliation, t->text };
        }
}

static int session_compare(const void *a, const void *b)
{
        return strcmp(((const struct file_session *)a)->id, ((const struct file_session *)b)->id);
}

static int skip_compare(const void *a, const void *b)
{
        const struct file_skip *x = a, *y = b;
        int c = strcmp(x->what, y->what);

        if (c == 0)
                c = strcmp(x->id, y->id);
        return c ? c : strcmp(x->why, y->why);
}

void source_resolve(struct source *source, struct programme_file *out)
{
        struct resolver r = { .source = source, .out = out, .scratch = &source->arena };

        things_init(&r.rooms, r.scratch);
        things_init(&r.tracks, r.scratch);
        things_init(&r.speakers, r.scratch);
        r.drafts = arena_alloc(r.scratch, (source->session_count + 1) * sizeof(*r.drafts));
        r.order = arena_alloc(r.scratch, (source->session_count + 1) * sizeof(*r.order));
        for (size_t i = 0; i < source->room_count; i++)
                resolve_listed_room(&r, &source->rooms[i]);
        for (size_t i = 0; i < source->track_count; i++)
                resolve_listed_track(&r, &source->tracks[i]);
        for (size_t i = 0; i < source->session_count; i++) {
                r.drafts[i].source = &source->sessions[i];
                resolve_session(&r, &r.drafts[i]);
        }
        settle_things(&r, &r.rooms, "room", "nothing stands in it");
        settle_things(&r, &r.tracks, "track", "nothing is in it");
        settle_things(&r, &r.speakers, "speaker", "it has no name");
        name_sessions(&r);
        add_things(&r);
        add_sessions(&r);
        if (out->session_count > 0)
                qsort(out->sessions, out->session_count, sizeof(*out->sessions), session_compare);
        if (out->skipped_count > 0)
                qsort(out->skipped, out->skipped_count, sizeof(*out->skipped), skip_compare);
        things_deinit(&r.rooms);
        things_deinit(&r.tracks);
        things_deinit(&r.speakers);
}
