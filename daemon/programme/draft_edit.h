/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A change of a draft: any number of sessions placed, moved, changed or taken out as one. Judges the end state, and
 * makes the rows that record it: placements, what was accepted, what ended, the draft's history and its version.
 */
#pragma once

#include "base/rowlist.h"
#include "programme/conflicts.h"

struct draft_edit {
        const struct programme *programme;
        struct uuid event; /* whose draft it is */
        const char *what; /* the history's word: "place", "unplace", … */
        const char *by; /* who */
        struct instant at;
        const struct overlay_session *sessions; /* the end state, in order of (event, id); borrowed */
        size_t count;
        unsigned accept; /* bit per conflict_kind */
        struct conflict_list conflicts; /* of the end state, filled by draft_edit_judge */
};

/* Fills `conflicts`; true when the change may be made. */
bool draft_edit_judge(struct draft_edit *edit);
/* Adds the rows of a judged change; returns the draft's version after it. The family's step is not among them. */
int64_t draft_edit_rows(const struct draft_edit *edit, struct rowlist *rows);
/* Those of the rows that are about acceptances: what was accepted of its sessions and has ended. */
void draft_edit_acceptances(const struct draft_edit *edit, struct rowlist *rows);
void draft_edit_deinit(struct draft_edit *edit);
