/* SPDX-License-Identifier: Apache-2.0 */
/* Builders of a family's programme, so that a test reads in ten lines. */
#pragma once

#include "programme/conflicts.h"
#include "programme/timetable.h"

#define PARENT ((struct uuid){ { 1 } })
#define CHILD ((struct uuid){ { 2 } })

struct programme *family(
        void); /* a parent "conf" and its child "forum", both 2025-10-25 to 26, Asia/Shanghai */
void rules(struct programme *programme, const char *json, int64_t min_break);
void room(struct programme *programme, const char *id, int64_t capacity, const char *available);
void speaker(struct programme *programme, const char *id, const char *available);
/* `speakers`: JSON; placed at minutes past midnight of the first day where `at` is not negative. */
void session(struct programme *programme, struct uuid event, const char *id, const char *track,
        const char *speakers);
void place(struct programme *programme, struct uuid event, const char *id, const char *room, int at,
        int minutes);
/* That moment: minutes past midnight of the first day, in the event's zone. */
struct instant moment(int minutes);
