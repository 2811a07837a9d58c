/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The placed sessions of a family as the rules see them: the draft with an overlay's changes laid over it. A slot's
 * texts are borrowed from the programme and the overlay; its speakers are read when a rule first asks.
 */
#pragma once

#include "programme/conflicts.h"
#include "programme/speakers.h"

struct slot {
        const struct programme_event *event;
        const struct session_row *session;
        const char *room;
        struct instant from, to;
        bool touched;
        bool has_speakers;
        struct session_speakers speakers;
};

struct slots {
        struct slot *items; /* in order of (from, event slug, session) */
        size_t count;
};

void slots_build(const struct programme *programme, const struct overlay *overlay, struct slots *out);
void slots_deinit(struct slots *slots);
const struct session_speakers *slot_speakers(struct slot *slot);
/* Half-open periods that share a moment; empty ones share none. */
static inline bool slots_overlap(const struct slot *a, const struct slot *b)
{
        return a->from.us < b->to.us && b->from.us < a->to.us && a->from.us < a->to.us &&
               b->from.us < b->to.us;
}
