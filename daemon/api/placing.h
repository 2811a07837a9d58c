/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changing a draft: any number of sessions placed, moved, changed or taken out as one. The one road for
 * schedule.place, .unplace, session.put, .cancel and schedule.import: judge the end state, and put into the batch
 * the placements, what was accepted, what ended, the draft's history and the family's step.
 */
#pragma once

#include "api/call.h"
#include "programme/conflicts.h"

struct placing {
        struct call *call;
        struct event_state *event;
        const char *what; /* the history's word: "place", "unplace", … */
        struct overlay_session *sessions; /* the end state, borrowed */
        size_t count;
        unsigned accept; /* bit per conflict_kind */
        bool accept_all; /* an import: what clashes is kept as accepted */
        struct conflict_list conflicts; /* of the end state, filled by placing_judge */
};

/* The kinds of `accept`; answers -32602 and returns false on a word that is none. */
bool placing_read_accept(struct call *call, unsigned *accept);
/* Fills `conflicts`; true when the change may be made. */
bool placing_judge(struct placing *placing, struct instant now);
/* Whether any placement differs from what stands: only then the draft's version grows. */
bool placing_moves(const struct placing *placing);
/* Adds everything to the batch; returns the draft's version after it. `placing_judge` has said true. */
int64_t placing_record(struct placing *placing, struct batch *batch);
void placing_deinit(struct placing *placing);
/* The error `conflict` with the conflicts that refuse. */
void placing_refuse(struct placing *placing);
/* {placed, conflicts, version}. */
void placing_write(const struct placing *placing, bool placed, int64_t version, struct jsonout *out);

extern const struct param accept_item[], conflict_item[];
extern const char *const place_errors[];
