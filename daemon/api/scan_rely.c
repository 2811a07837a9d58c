/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a verdict relied on beyond the rows that it writes, so that no answer rests on what another daemon has changed:
 * who is sent away for having been let in, for not being inside, for want of a seat or of room was sent away for what
 * is so when it is recorded.
 */
#include "api/call.h"
#include "api/scan.h"

/* A row as it was seen, or that there was none: version 0. */
static void expect(struct call *call, struct batch *batch, const struct record *record, const void *seen,
        const struct uuid *family, const struct uuid *event, const char *id)
{
        struct row absent = { .record = record, .family = *family, .event = *event, .id = id };
        _cleanup_(row_unrefp) struct row *none = NULL;

        if (!seen)
                none = row_tombstone(&absent, 0);
        batch_expect(batch, &call->change, seen ? seen : none);
}

void scan_rely(struct call *call, struct batch *batch, const struct scan_found *found,
        const struct verdict_case *judged, const struct booking_row *seat, struct date day,
        const struct verdict *verdict)
{
        const struct checkpoint_row *checkpoint = found->checkpoint;
        const struct uuid *family = &checkpoint->row.family, *event = &checkpoint->row.event;
        const struct registration_row *registration = found->registration;
        enum verdict_reason reason = verdict->word == VERDICT_REFUSED ? verdict->reason : REASON_NONE;
        char id[PRESENCE_ID_MAX];

        batch_expect(batch, &call->change, checkpoint);
        if (!registration)
                return;
        if (seat || reason == REASON_NO_BOOKING)
                expect(call, batch, &booking_record, seat, family, event,
                        booking_id(id, checkpoint->session, registration->row.id));
        /* Who is in already is told so before anybody is told that it is full. */
        if (reason == REASON_ALREADY_ADMITTED || reason == REASON_NOT_INSIDE || reason == REASON_FULL)
                expect(call, batch, &presence_record, judged->presence, family, event,
                        presence_id(id, checkpoint->row.id, day, registration->row.id));
        if (reason == REASON_FULL)
                batch_add_counter(batch, &call->change, event, "inside",
                        presence_id(id, checkpoint->row.id, day, ""), 0, checkpoint->capacity, INT64_MAX);
}
