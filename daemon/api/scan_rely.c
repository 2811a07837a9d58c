/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a verdict relied on beyond the rows that it writes, so that no answer rests on what another daemon has changed:
 * who is sent away for having been let in, for not being inside, for want of a seat or of room was sent away for what
 * is so when it is recorded; and so it is with a reason that somebody overrides.
 */
#include "api/call.h"
#include "api/scan.h"

/* A row as it was seen, or (NULL) that there was none: version 0. */
static void expect(struct batch *batch, const struct record *record, const struct row *seen,
        const struct checkpoint_row *checkpoint, const char *id)
{
        struct row named = {
                .record = record,
                .family = checkpoint->row.family,
                .event = checkpoint->row.event,
                .id = id,
        };
        _cleanup_(row_unrefp) struct row *row = row_tombstone(&named, seen ? seen->version : 0);

        batch_expect(batch, row);
}

void scan_rely(struct batch *batch, const struct scan_found *found, const struct verdict_case *judged,
        const struct booking_row *seat, struct date day, const struct verdict *verdict)
{
        const struct checkpoint_row *checkpoint = found->checkpoint;
        const struct registration_row *registration = found->registration;
        struct attendance *attendance = roster_attendance(found->event->roster);
        enum verdict_reason reason = verdict->reason; /* overridden or not */
        char id[PRESENCE_ID_MAX];

        batch_expect(batch, checkpoint);
        if (judged->ticket)
                batch_expect(batch, judged->ticket);
        if (!registration)
                return;
        if (seat || reason == REASON_NO_BOOKING)
                expect(batch, &booking_record, seat ? &seat->row : NULL, checkpoint,
                        booking_id(id, checkpoint->session, registration->row.id));
        /* Who is in already is told so before anybody is told that it is full. A move is compared by itself. */
        if (!verdict->moves &&
                (reason == REASON_ALREADY_ADMITTED || reason == REASON_NOT_INSIDE || reason == REASON_FULL)) {
                struct uuid key = attendance_key(attendance, checkpoint->row.id, day, registration->row.id);

                uuid_format(&key, id); /* of the log */
                expect(batch, &presence_record, judged->presence ? &judged->presence->row : NULL, checkpoint,
                        id);
        }
        if (reason == REASON_FULL)
                batch_add_counter(batch, &checkpoint->row.event, "inside",
                        presence_id(id, checkpoint->row.id, day, ""), 0, checkpoint->capacity, INT64_MAX);
}
