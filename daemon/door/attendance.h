/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who has been where: the presences of an event, and what is counted of them. Belongs to a roster; presences are
 * changed by attendance_apply alone, and a row that is not newer than what it holds does nothing.
 */
#pragma once

#include "door/crowd.h"
#include "door/presence.h"
#include "door/rows.h"
#include "door/verdict.h"

struct attendance;
struct texts;

struct attendance *attendance_new(const struct uuid *event);
struct attendance *attendance_free(struct attendance *attendance);
/* What a presence is looked up by: hash_text(…, 0) of its id, and of its registration. */
struct presence_hashes {
        uint64_t id, registration;
};
struct presence_hashes presence_hashes(const struct presence_row *row);
/* `ticket`: the registration's; NULL: it is not known yet. A copy of the row is kept, packed with `texts`. */
bool attendance_apply(struct attendance *attendance, const struct presence_row *row,
        const struct presence_hashes *hashes, const char *ticket, struct texts *texts);
/* Before several: first attendance_prefetch() of each, then attendance_prefetched() of each. See base/table.h. */
void attendance_prefetch(
        const struct attendance *attendance, const char *checkpoint, const struct presence_hashes *hashes);
void attendance_prefetched(
        const struct attendance *attendance, const char *checkpoint, const struct presence_hashes *hashes);
/* A registration has another ticket type; NULL before: it is new. */
void attendance_change_ticket(
        struct attendance *attendance, const char *registration, const char *before, const char *after);

/* `day` DATE_NONE for a checkpoint `per` event. Borrowed; NULL: never been there. */
const struct presence_row *attendance_presence(const struct attendance *attendance, const char *checkpoint,
        struct date day, const char *registration);
/*
 * Each that a registration has at a checkpoint, or (NULL) at any, in no order; `iterator` is 0 at first, and nothing may
 * change meanwhile. NULL: that was the last.
 */
const struct presence_row *attendance_next(const struct attendance *attendance, const char *checkpoint,
        const char *registration, size_t *iterator);
/* The key that it has, or would have, in the log. What all keys of a place are made with is kept from the first on. */
struct uuid attendance_key(
        struct attendance *attendance, const char *checkpoint, struct date day, const char *registration);
/* It will be asked for: fetches its place. See base/table.h. */
void attendance_prefetch_presence(const struct attendance *attendance, const char *checkpoint,
        struct date day, const char *registration);

/* People inside (admitted and not left) by the last move of each. */
int64_t attendance_inside(const struct attendance *attendance, const char *checkpoint, struct date day);
/* … and with them those whose scans have been decided and are not durable yet. */
int64_t attendance_inside_soon(const struct attendance *attendance, const char *checkpoint, struct date day);
void attendance_move_under_way(
        struct attendance *attendance, const char *checkpoint, struct date day, int64_t by);

/* Whether anything was scanned there. */
bool attendance_is_used(const struct attendance *attendance, const char *checkpoint);
void attendance_mark_used(struct attendance *attendance, const char *checkpoint);

/* Of a checkpoint, or (NULL) of the whole event; NULL: nobody was ever there. */
const struct crowd *attendance_crowd(const struct attendance *attendance, const char *checkpoint);

/* Scans that were refused, by reason: one more, or as many as the log had when it was read. */
void attendance_refuse(struct attendance *attendance, const char *checkpoint, enum verdict_reason reason);
void attendance_set_refused(
        struct attendance *attendance, const char *checkpoint, enum verdict_reason reason, int64_t count);
/* NULL checkpoint: at all of them. */
int64_t attendance_refused(
        const struct attendance *attendance, const char *checkpoint, enum verdict_reason reason);
