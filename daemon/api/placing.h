/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A call's change of a draft: the road for schedule.place, .unplace, session.put, .cancel, .delete. Judge the end
 * state, then put into the batch what programme/draft_edit.h makes of it, and the family's step.
 */
#pragma once

#include "api/call.h"
#include "programme/draft_edit.h"

struct placing {
        struct call *call;
        struct draft_edit edit;
};

/* `sessions`: the end state, borrowed. The kinds to accept are the call's `accept`. `batch` NULL: a dry run. */
void placing_init(struct placing *placing, struct call *call, const struct batch *batch, const char *what,
        const struct overlay_session *sessions, size_t count);
void placing_deinit(struct placing *placing);
/* True when the change may be made. */
bool placing_judge(struct placing *placing);
/* Adds everything to the batch; returns the draft's version after it. `placing_judge` has said true. */
int64_t placing_record(struct placing *placing, struct batch *batch);
/* The draft's version as it stands. */
int64_t placing_version(const struct placing *placing);
/* The error `conflict` with all conflicts of the end state. */
void placing_refuse(struct placing *placing);
/* The member `conflicts`. */
void placing_write_conflicts(const struct placing *placing, struct jsonout *out);
/* {placed, conflicts, version}. */
void placing_write(const struct placing *placing, bool placed, int64_t version, struct jsonout *out);

extern const char *const conflict_kind_words[]; /* NULL-terminated */
extern const struct param accept_item[], conflict_item[];
extern const char *const place_errors[];
