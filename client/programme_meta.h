/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a programme's file says of its conference: enough to make the event that its sessions are imported into. The
 * sessions themselves are the daemon's to read.
 */
#pragma once

#include "base/buffer.h"
#include "base/instant.h"
#include "base/slug.h"

struct programme_meta {
        const char *format; /* schedule.import's word */
        char event[SLUG_MAX + 1];
        char *name;
        char *timezone; /* IANA, and one that this machine knows */
        bool timezone_named; /* by the file; else made from its offsets, or UTC */
        struct date starts_on, ends_on; /* none: the file does not say */
        int day_starts; /* minutes after midnight */
};

#define PROGRAMME_META_NULL ((struct programme_meta){ .starts_on = DATE_NONE, .ends_on = DATE_NONE })

enum { PROGRAMME_META_E_UNKNOWN = 1 };

/*
 * Finds the format by content and reads the conference. `body` is brought to UTF-8 without a byte order mark.
 * file_name names what has no title of its own. PROGRAMME_META_E_UNKNOWN: `why` says what it is not.
 */
int programme_meta_read(
        const char *file_name, struct buffer *body, struct programme_meta *meta, struct buffer *why);
void programme_meta_deinit(struct programme_meta *meta);
