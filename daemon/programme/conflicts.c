/* SPDX-License-Identifier: Apache-2.0 */
#include "programme/conflicts.h"

#include <string.h>

#include "base/zone.h"
#include "programme/acceptance.h"
#include "programme/slots.h"

static const struct {
        const char *word;
        bool hard;
} kinds[] = {
#define X(name, word, hard) { word, hard },
        CONFLICT_KINDS(X)
#undef X
};

const char *conflict_kind_word(enum conflict_kind kind)
{
        return kinds[kind].word;
}

bool conflict_kind_parse(const char *word, enum conflict_kind *kind)
{
        for (size_t i = 0; i < CONFLICT_KIND_COUNT; i++)
                if (strcmp(kinds[i].word, word) == 0) {
                        *kind = (enum conflict_kind)i;
                        return true;
                }
        return false;
}

/* ---- the family's rules ---- */

struct rules {
        enum conflict_rule of[CONFLICT_KIND_COUNT];
        int64_t min_break_us;
};

static enum conflict_rule rule_parse(const char *word, enum conflict_rule fallback)
{
        static const char *const words[] = { "refuse", "block_publish", "warn", "ignore" };

        for (size_t i = 0; word && i < 4; i++)
                if (strcmp(words[i], word) == 0)
                        return (enum conflict_rule)i;
        return fallback;
}

static void rules_read(const struct programme *programme, struct rules *rules)
{
        const struct programme_event *parent = programme_event(programme, &programme->family);
        json_t *given = parent && parent->row->rules ? json_loads(parent->row->rules, 0, NULL) : NULL;
        int64_t minutes = parent ? parent->row->min_break_minutes : FIELD_INT_NONE;

        for (size_t i = 0; i < CONFLICT_KIND_COUNT; i++)
                rules->of[i] = rule_parse(json_string_value(json_object_get(given, kinds[i].word)),
                        kinds[i].hard ? RULE_REFUSE : RULE_WARN);
        rules->min_break_us = minutes == FIELD_INT_NONE ? 0 : minutes * INSTANT_MINUTE;
        json_decref(given);
}

enum conflict_rule conflict_rule(const struct programme *programme, enum conflict_kind kind)
{
        struct rules rules;

        rules_read(programme, &rules);
        return rules.of[kind];
}

/* ---- collecting ---- */

struct judge {
        const struct programme *programme;
        const struct overlay *overlay;
        struct rules rules;
        struct conflict_list *out;
};

void conflict_list_deinit(struct conflict_list *list)
{
        free(list->items);
        *list = (struct conflict_list){ NULL, 0, 0 };
}

static void note_acceptance(struct judge *judge, struct conflict *conflict)
{
        const struct acceptance_row *accepted = acceptance_find(judge->programme, conflict);

        conflict->standing = accepted;
        if (accepted) {
                conflict->accepted = true;
                conflict->accepted_by = accepted->accepted_by;
                conflict->accepted_at = accepted->accepted_at;
        } else if (judge->overlay && judge->overlay->accept & (1U << conflict->kind)) {
                conflict->accepted = conflict->accepted_now = true;
                conflict->accepted_by = judge->overlay->accepted_by;
                conflict->accepted_at = judge->overlay->accepted_at;
        }
}

static void add(struct judge *judge, enum conflict_kind kind, const struct slot *a, const struct slot *b,
        const char *room, const char *speaker, struct instant from, struct instant to)
{
        struct conflict_list *list = judge->out;
        struct conflict *conflict;

        if (judge->rules.of[kind] == RULE_IGNORE)
                return;
        if (list->count == list->capacity) {
                list->capacity = list->capacity ? list->capacity * 2 : 8;
                list->items = xrealloc(list->items, list->capacity * sizeof(*list->items));
        }
        conflict = &list->items[list->count++];
        *conflict = (struct conflict){ .kind = kind,
                .rule = judge->rules.of[kind],
                .room = room,
                .speaker = speaker,
                .from = from,
                .to = to,
                .accepted_at = INSTANT_NONE };
        if (b) {
                int order = strcmp(a->event->row->row.id, b->event->row->row.id);

                if (order > 0 || (order == 0 && strcmp(a->session->row.id, b->session->row.id) > 0)) {
                        const struct slot *swap = a;

                        a = b;
                        b = swap;
                }
                conflict->event[1] = b->event->row->event_uuid;
                conflict->session[1] = b->session->row.id;
                conflict->title[1] = b->session->title;
        }
        conflict->event[0] = a->event->row->event_uuid;
        conflict->session[0] = a->session->row.id;
        conflict->title[0] = a->session->title;
        conflict->count = b ? 2 : 1;
        note_acceptance(judge, conflict);
}

/* ---- rules of one session ---- */

/* Whether one of the periods of a JSON [[from, to]…] holds [from, to) whole; an absent list holds everything. */
static bool available_holds(const char *available, struct instant from, struct instant to)
{
        json_t *periods = available ? json_loads(available, 0, NULL) : NULL, *period;
        bool holds = !periods;
        size_t i;

        json_array_foreach(periods, i, period)
        {
                struct instant first, last;

                if (instant_parse(json_string_value(json_array_get(period, 0)), &first) &&
                        instant_parse(json_string_value(json_array_get(period, 1)), &last))
                        holds = holds || (first.us <= from.us && to.us <= last.us);
        }
        json_decref(periods);
        return holds;
}

static bool features_hold(const char *features, const char *needs)
{
        json_t *wanted = needs ? json_loads(needs, 0, NULL) : NULL, *need, *feature;
        json_t *had = features ? json_loads(features, 0, NULL) : NULL;
        bool hold = true;
        size_t i, j;

        json_array_foreach(wanted, i, need)
        {
                bool found = false;

                json_array_foreach(had, j, feature) found = found || json_equal(need, feature);
                hold = hold && found;
        }
        json_decref(wanted);
        json_decref(had);
        return hold;
}

static bool is_inside_event(const struct slot *slot)
{
        const struct programme_event *event = slot->event;
        struct date after = { event->row->ends_on.days + 1 };
        struct instant opens = zone_day_start(event->zone, event->row->starts_on, event->day_starts_minutes);
        struct instant closes = zone_day_start(event->zone, after, event->day_starts_minutes);

        return opens.us <= slot->from.us && slot->to.us <= closes.us;
}

static void judge_speakers(struct judge *judge, struct slot *slot)
{
        const struct session_speakers *speakers = slot_speakers(slot);

        for (size_t i = 0; i < speakers->count; i++) {
                const struct speaker_row *speaker =
                        programme_speaker(judge->programme, speakers->items[i].speaker);

                if (!speaker || available_holds(speaker->available, slot->from, slot->to))
                        continue;
                add(judge, CONFLICT_SPEAKER_UNAVAILABLE, slot, NULL, NULL, speaker->row.id, slot->from,
                        slot->to);
                return;
        }
}

static void judge_alone(struct judge *judge, struct slot *slot)
{
        const struct room_row *room = programme_room(judge->programme, slot->room);
        int64_t expected = slot->session->expected;

        if (!is_inside_event(slot))
                add(judge, CONFLICT_OUTSIDE_EVENT, slot, NULL, NULL, NULL, slot->from, slot->to);
        if (room && !available_holds(room->available, slot->from, slot->to))
                add(judge, CONFLICT_ROOM_UNAVAILABLE, slot, NULL, slot->room, NULL, slot->from, slot->to);
        judge_speakers(judge, slot);
        if (room && expected != FIELD_INT_NONE && room->capacity != FIELD_INT_NONE &&
                expected > room->capacity)
                add(judge, CONFLICT_ROOM_TOO_SMALL, slot, NULL, slot->room, NULL, slot->from, slot->to);
        if (room && !features_hold(room->features, slot->session->needs))
                add(judge, CONFLICT_FEATURE_MISSING, slot, NULL, slot->room, NULL, slot->from, slot->to);
}

/* ---- rules of two ---- */

static bool is_break(const struct slot *slot)
{
        return strcmp(slot->session->kind, "break") == 0;
}

static bool same_track(const struct slot *a, const struct slot *b)
{
        return a->event == b->event && a->session->track && b->session->track &&
               strcmp(a->session->track, b->session->track) == 0;
}

static struct instant later(struct instant a, struct instant b)
{
        return a.us > b.us ? a : b;
}

static struct instant earlier(struct instant a, struct instant b)
{
        return a.us < b.us ? a : b;
}

static void judge_overlap(struct judge *judge, struct slot *a, struct slot *b)
{
        struct instant from = later(a->from, b->from), to = earlier(a->to, b->to);
        const char *speaker = session_speakers_common(slot_speakers(a), slot_speakers(b));

        if (strcmp(a->room, b->room) == 0)
                add(judge, CONFLICT_ROOM_TAKEN, a, b, a->room, NULL, from, to);
        if (speaker)
                add(judge, CONFLICT_SPEAKER_TAKEN, a, b, NULL, speaker, from, to);
        if (same_track(a, b))
                add(judge, CONFLICT_TRACK_OVERLAP, a, b, NULL, NULL, from, to);
}

/* `b` begins when `a` has ended, or after. */
static void judge_gap(struct judge *judge, struct slot *a, struct slot *b)
{
        bool same_room = strcmp(a->room, b->room) == 0;
        const char *speaker;

        if (b->from.us - a->to.us >= judge->rules.min_break_us || is_break(a) || is_break(b))
                return;
        speaker = same_room ? NULL : session_speakers_common(slot_speakers(a), slot_speakers(b));
        if (same_room || speaker)
                add(judge, CONFLICT_BREAK_TOO_SHORT, a, b, same_room ? a->room : NULL, speaker, a->to,
                        b->from);
}

static void judge_pair(struct judge *judge, struct slot *a, struct slot *b)
{
        if (slots_overlap(a, b))
                judge_overlap(judge, a, b);
        else if (a->to.us <= b->from.us)
                judge_gap(judge, a, b);
        else if (b->to.us <= a->from.us)
                judge_gap(judge, b, a);
}

/* Whether this pair is asked about: one of a change's sessions, or of the event's own. */
static bool is_asked(const struct judge *judge, const struct slot *slot, const struct uuid *event)
{
        return judge->overlay ? slot->touched : uuid_equal(&slot->event->row->event_uuid, event);
}

static int conflict_compare(const void *a, const void *b)
{
        const struct conflict *one = a, *other = b;
        int order;

        if (one->kind != other->kind)
                return (int)one->kind - (int)other->kind;
        if (one->from.us != other->from.us)
                return one->from.us < other->from.us ? -1 : 1;
        order = strcmp(one->session[0], other->session[0]);
        if (!order && one->session[1] && other->session[1])
                order = strcmp(one->session[1], other->session[1]);
        /* Events of a family may have sessions of one name. */
        for (size_t i = 0; !order && i < 2; i++)
                order = uuid_compare(&one->event[i], &other->event[i]);
        return order;
}

/* Slots stand in order of their start: behind one, only those that begin before it has ended (and rested) matter. */
static void judge_all(struct judge *judge, struct slots *slots, const struct uuid *event)
{
        for (size_t i = 0; i < slots->count; i++) {
                struct slot *a = &slots->items[i];

                if (is_asked(judge, a, event))
                        judge_alone(judge, a);
                for (size_t j = i + 1; j < slots->count; j++) {
                        struct slot *b = &slots->items[j];

                        if (b->from.us >= a->to.us + judge->rules.min_break_us && b->from.us > a->from.us)
                                break;
                        if (is_asked(judge, a, event) || is_asked(judge, b, event))
                                judge_pair(judge, a, b);
                }
        }
        if (judge->out->count)
                qsort(judge->out->items, judge->out->count, sizeof(*judge->out->items), conflict_compare);
}

/* The names in the list must outlive the slots: speakers are looked up again in the programme. */
static void names_settle(const struct programme *programme, struct conflict_list *list)
{
        for (size_t i = 0; i < list->count; i++) {
                const struct speaker_row *speaker =
                        list->items[i].speaker ? programme_speaker(programme, list->items[i].speaker) : NULL;

                list->items[i].speaker = speaker ? speaker->row.id : NULL;
        }
}

void conflicts_of_change(
        const struct programme *programme, const struct overlay *overlay, struct conflict_list *out)
{
        struct judge judge = { .programme = programme, .overlay = overlay, .out = out };
        struct slots slots;

        rules_read(programme, &judge.rules);
        slots_build(programme, overlay, &slots);
        judge_all(&judge, &slots, NULL);
        names_settle(programme, out);
        slots_deinit(&slots);
}

void conflicts_of_event(
        const struct programme *programme, const struct uuid *event, struct conflict_list *out)
{
        struct judge judge = { .programme = programme, .out = out };
        struct slots slots;

        rules_read(programme, &judge.rules);
        slots_build(programme, NULL, &slots);
        judge_all(&judge, &slots, event);
        names_settle(programme, out);
        slots_deinit(&slots);
}

bool conflicts_refuse(const struct conflict_list *list)
{
        for (size_t i = 0; i < list->count; i++)
                if (list->items[i].rule == RULE_REFUSE && !list->items[i].accepted)
                        return true;
        return false;
}

bool conflicts_accepted_now(const struct conflict_list *list)
{
        for (size_t i = 0; i < list->count; i++)
                if (list->items[i].accepted_now)
                        return true;
        return false;
}

bool conflicts_block_publish(const struct conflict_list *list)
{
        for (size_t i = 0; i < list->count; i++)
                if (list->items[i].rule == RULE_BLOCK_PUBLISH ||
                        (list->items[i].rule == RULE_REFUSE && !list->items[i].accepted))
                        return true;
        return false;
}
