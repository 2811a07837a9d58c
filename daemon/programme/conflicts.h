/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conflicts: pure rules over a family's programme with a set of changes laid over it. The kinds, their order and
 * what may be accepted are protocol.md's section 6.
 */
#pragma once

#include "programme/model.h"

#define CONFLICT_KINDS(X)                                                                                    \
        X(ROOM_TAKEN, "room_taken", true)                                                                    \
        X(SPEAKER_TAKEN, "speaker_taken", true)                                                              \
        X(OUTSIDE_EVENT, "outside_event", true)                                                              \
        X(ROOM_UNAVAILABLE, "room_unavailable", false)                                                       \
        X(SPEAKER_UNAVAILABLE, "speaker_unavailable", false)                                                 \
        X(ROOM_TOO_SMALL, "room_too_small", false)                                                           \
        X(FEATURE_MISSING, "feature_missing", false)                                                         \
        X(BREAK_TOO_SHORT, "break_too_short", false)                                                         \
        X(TRACK_OVERLAP, "track_overlap", false)                                                             \
        X(ATTENDEE_CLASH, "attendee_clash", false)

enum conflict_kind {
#define X(name, word, hard) CONFLICT_##name,
        CONFLICT_KINDS(X)
#undef X
                CONFLICT_KIND_COUNT
};

enum conflict_rule { RULE_REFUSE, RULE_BLOCK_PUBLISH, RULE_WARN, RULE_IGNORE };

const char *conflict_kind_word(enum conflict_kind kind);
bool conflict_kind_parse(const char *word, enum conflict_kind *kind);
/* What the family's parent says of a kind; without a word of its own: hard ones refuse, the others warn. */
enum conflict_rule conflict_rule(const struct programme *programme, enum conflict_kind kind);

/* A session as it would stand: replaces the model's own session and placement while rules are judged. */
struct overlay_session {
        const struct session_row *session; /* as it will be; NULL: as it is (event and id below name it) */
        struct uuid event;
        const char *id;
        bool placed; /* else it will be unplaced */
        const char *room;
        struct instant starts_at, ends_at;
};

struct overlay {
        const struct overlay_session *sessions; /* in order of (event, id) */
        size_t count;
        /* Conflicts of these kinds among the touched sessions are accepted by this change; bit per conflict_kind. */
        unsigned accept;
        const char *accepted_by;
        struct instant accepted_at;
};

/* The session of that name among an overlay's; NULL: it is not touched. */
const struct overlay_session *overlay_find(
        const struct overlay *overlay, const struct uuid *event, const char *id);

struct conflict {
        enum conflict_kind kind;
        enum conflict_rule rule;
        /* one or two sessions, the lesser (event slug, id) first; names are borrowed from the model or the overlay */
        struct uuid event[2];
        const char *session[2], *title[2];
        size_t count;
        const char *room, *speaker;
        struct instant from, to;
        bool accepted, accepted_now;
        const struct acceptance_row *standing; /* what accepted it earlier */
        const char *accepted_by;
        struct instant accepted_at;
};

struct conflict_list {
        struct conflict *items;
        size_t count, capacity;
};

void conflict_list_deinit(struct conflict_list *list);
/* Every conflict of the end state that involves a touched session (touched = the overlay's), one per pair and kind, ordered. */
void conflicts_of_change(
        const struct programme *programme, const struct overlay *overlay, struct conflict_list *out);
/* Every conflict of an event's draft. */
void conflicts_of_event(
        const struct programme *programme, const struct uuid *event, struct conflict_list *out);
/* Whether any of them refuses the change (rule refuse, not accepted), is accepted by it, blocks publishing. */
bool conflicts_refuse(const struct conflict_list *list);
bool conflicts_accepted_now(const struct conflict_list *list);
bool conflicts_block_publish(const struct conflict_list *list);
/* The protocol's array; `event`: the one that asks (others' sessions stand as event/session). */
void conflicts_write(const struct conflict_list *list, const struct programme *programme,
        const struct uuid *event, struct jsonout *out);
