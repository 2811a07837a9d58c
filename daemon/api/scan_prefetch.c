/* SPDX-License-Identifier: Apache-2.0 */
/* What a scan's decision will look at, fetched while others are decided: see struct change_kind, base/fetch.h. */
#include "api/api.h"
#include "api/nonces.h"
#include "api/scan.h"
#include "base/fetch.h"

/* Of the texts behind a registration's struct: those that are shown at a door are among the first. */
enum { TEXTS_FETCHED = 160 };

static void fetch_call(const struct change *change)
{
        fetch_ahead((const char *)change - offsetof(struct call, change), sizeof(struct call));
}

/* The first of the points is mostly the only one. */
static void fetch_scan(const struct scan *scan)
{
        fetch_ahead(scan, offsetof(struct scan, points[1]));
        fetch_ahead(&scan->presented, sizeof(*scan) - offsetof(struct scan, presented));
}

static void fetch_rows(const struct scan *scan)
{
        const struct scan_found *found = &scan->found;

        nonces_prefetch(scan->call->api->nonces, scan->nonce_hash);
        if (!scan_is_found(scan) || !found->registration)
                return;
        fetch_ahead(found->registration, sizeof(*found->registration) + TEXTS_FETCHED);
        if (found->credential)
                fetch_ahead(&found->credential->replaced_at, sizeof(found->credential->replaced_at));
        attendance_prefetch_presence(roster_attendance(found->event->roster), found->checkpoint->row.id,
                scan_day(scan, found), scan->claimed);
}

void scan_prefetch(const struct change *change, unsigned left)
{
        if (left >= 2)
                fetch_call(change);
        else if (left == 1)
                fetch_scan(scan_of(change));
        else
                fetch_rows(scan_of(change));
}
