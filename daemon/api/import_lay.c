/* SPDX-License-Identifier: Apache-2.0 */
#include "api/import_lay.h"

#include <string.h>

#include "api/api.h"
#include "api/import_pending.h"
#include "api/import_places.h"
#include "api/keyring.h"
#include "api/registration.h"
#include "base/cleanup.h"

struct import_lay {
        struct call *call;
        struct event_state *event;
        struct instant now;
        int64_t created; /* so many: their times tell their order */
        struct pendings pending; /* what was laid already */
        struct import_places places;
        int64_t key_number; /* the newest's; 0: none */
};

/* ---- making one ---- */

struct import_lay *import_lay_new(struct call *call, struct instant now)
{
        struct import_lay *lay = xcalloc(1, sizeof(*lay));

        lay->call = call;
        lay->event = call->event;
        lay->now = now;
        lay->places.roster = call->event->roster;
        pendings_init(&lay->pending);
        if (!keyring_key(call->api->keyring, &call->api->state, call->event, 0, &lay->key_number))
                lay->key_number = 0;
        return lay;
}

struct import_lay *import_lay_free(struct import_lay *lay)
{
        if (!lay)
                return NULL;
        pendings_deinit(&lay->pending);
        import_places_deinit(&lay->places);
        free(lay);
        return NULL;
}

/* ---- who is meant ---- */

/* Exactly one is set, or none. */
struct match {
        struct pending *pending;
        const struct registration_row *standing;
};

/* What memory holds counts unless it was changed by an earlier row, which then is found by what it says now. */
static struct match match_standing(const struct import_lay *lay, const struct registration_row *standing)
{
        if (!standing || pendings_by_id(&lay->pending, standing->row.id))
                return (struct match){ NULL, NULL };
        return (struct match){ NULL, standing };
}

static const struct registration_row *match_row(const struct match *match)
{
        return match->pending ? match->pending->row : match->standing;
}

static struct match find_match(const struct import_lay *lay, const struct registration_row *fresh)
{
        const struct roster *roster = lay->event->roster;
        const char *external_id = fresh->external_id;
        struct match match = { NULL, NULL };

        if (external_id) {
                match.pending = pendings_by_external_id(&lay->pending, external_id);
                if (!match.pending)
                        match = match_standing(lay, roster_by_external_id(roster, external_id));
        }
        if (!match_row(&match) && fresh->email) {
                match.pending = pendings_by_person(&lay->pending, fresh->email, fresh->name);
                if (!match.pending)
                        match = match_standing(lay, roster_by_person(roster, fresh->email, fresh->name));
                /* The other system knows them as two. */
                if (external_id && match_row(&match) && match_row(&match)->external_id)
                        match = (struct match){ NULL, NULL };
        }
        return match;
}

/* ---- what becomes of them ---- */

static void refuse(struct import_outcome *outcome, const char *why, const char *path)
{
        *outcome = (struct import_outcome){ IMPORT_REFUSED, NULL, why, path };
}

static const struct ticket_row *find_ticket(const struct import_lay *lay, const char *id)
{
        return rowset_find(roster_tickets(lay->event->roster), &event_row(lay->event)->event_uuid, id);
}

static bool code_is_free(const struct import_lay *lay, const char *code, const char *own)
{
        const struct credential_row *taken = roster_by_code(lay->event->roster, code);
        const struct pending *pending = pendings_by_code(&lay->pending, code);

        if (taken && instant_is_none(taken->replaced_at) &&
                (!own || strcmp(taken->registration, own) != 0 || strcmp(taken->what, "code") != 0))
                return false;
        return !pending || (own && strcmp(pending->row->row.id, own) == 0);
}

static bool has_code(const struct import_lay *lay, const struct match *match, const char *code)
{
        const struct credential_row *standing;

        if (match->pending && match->pending->code)
                return strcmp(match->pending->code, code) == 0;
        standing = registration_credential(lay->event, match_row(match)->row.id, "code");
        return standing && standing->code && strcmp(standing->code, code) == 0;
}

/* What was answered at the door, or given by an earlier file, stays: the row's fields are laid over it. */
static char *merge_fields(const char *before, const char *given)
{
        json_t *merged = json_loads(before, 0, NULL), *more = json_loads(given, 0, NULL);
        char *text;

        json_object_update(merged, more);
        text = json_dumps(merged, JSON_COMPACT | JSON_SORT_KEYS);
        json_decref(merged);
        json_decref(more);
        return text;
}

/* The status under another ticket type; NULL: it is full. */
static const char *move_place(
        struct import_lay *lay, const struct registration_row *current, const struct ticket_row *ticket)
{
        const struct ticket_row *from = find_ticket(lay, current->ticket);
        const char *status;

        if (!registration_is(current, "confirmed") && !registration_is(current, "waitlisted"))
                return current->status;
        status = import_places_take(&lay->places, ticket);
        if (status && from)
                import_places_leave(&lay->places, from, current->status);
        return status;
}

static void record_update(struct import_lay *lay, const struct import_row *row, struct match *match,
        struct registration_row *fresh)
{
        const struct registration_row *before = match->pending ? match->pending->before : match->standing;
        struct registration_row *sealed;

        fresh->row.version = before ? before->row.version + 1 : 1;
        sealed = registration_seal(lay->call->api, fresh, lay->now);
        if (match->pending) {
                pendings_replace(&lay->pending, match->pending, sealed);
                match->pending->source = NULL;
        } else {
                match->pending = pendings_add(&lay->pending, sealed, match->standing);
        }
        if (row->code)
                pendings_put_code(&lay->pending, match->pending, row->code);
}

static void lay_matched(struct import_lay *lay, const struct import_row *row, struct match *match,
        struct import_outcome *outcome)
{
        const struct registration_row *current = match_row(match);
        const struct ticket_row *ticket = find_ticket(lay, row->fresh->ticket);
        _cleanup_(freep) char *fields = NULL;
        struct registration_row fresh = *current;
        bool changed;

        if (registration_is(current, "erased")) {
                refuse(outcome, "this person was erased", NULL);
                return;
        }
        row_take(&fresh, row->fresh, row->given);
        if (current->fields && row->fresh->fields && strcmp(current->fields, row->fresh->fields) != 0)
                fields = merge_fields(current->fields, row->fresh->fields);
        if (fields)
                fresh.fields = fields;
        changed = !row_same(current, &fresh) || (row->code && !has_code(lay, match, row->code));
        if (changed && row->code && !code_is_free(lay, row->code, current->row.id)) {
                refuse(outcome, "another registration has this code", "/code");
                return;
        }
        if (strcmp(fresh.ticket, current->ticket) != 0) {
                fresh.status = ticket ? move_place(lay, current, ticket) : NULL;
                if (!fresh.status) {
                        refuse(outcome, ticket ? "no place is left" : "no such ticket", "/ticket");
                        return;
                }
                /* As in an update: another ticket type has a queue of its own, and its end is there. */
                fresh.waiting_since = registration_is(&fresh, "waitlisted") ? lay->now : INSTANT_NONE;
        }
        if (changed)
                record_update(lay, row, match, &fresh);
        *outcome = (struct import_outcome){ changed ? IMPORT_UPDATED : IMPORT_UNCHANGED,
                match_row(match)->row.id, NULL, NULL };
}

/*
 * The prepared row as its own. A copy under another code where somebody has that code, and one that can be found where it
 * was not expected to be made.
 */
static struct registration_row *create_row(struct import_lay *lay, const struct import_row *row, bool *same)
{
        const struct family *family = lay->event->family;
        struct registration_row fresh = *row->fresh;
        bool taken = pendings_by_id(&lay->pending, fresh.row.id) != NULL;
        char code[16];

        for (size_t i = 0; i < family->count; i++)
                taken = taken || roster_registration(family->events[i]->roster, fresh.row.id);
        *same = !taken;
        if (!taken && row->fresh->search)
                return row_ref(row->fresh);
        if (taken) {
                issue_code(family, code);
                fresh.row.id = code;
        }
        return registration_seal(lay->call->api, &fresh, lay->now);
}

static void lay_created(struct import_lay *lay, const struct import_row *row, struct import_outcome *outcome)
{
        const struct ticket_row *ticket = find_ticket(lay, row->fresh->ticket);
        struct instant at = { lay->now.us + lay->created };
        struct registration_row *sealed;
        struct pending *pending;
        const char *status;
        bool same;

        if (!ticket) {
                refuse(outcome, "no such ticket", "/ticket");
                return;
        }
        if (row->code && !code_is_free(lay, row->code, NULL)) {
                refuse(outcome, "another registration has this code", "/code");
                return;
        }
        status = import_places_take(&lay->places, ticket);
        if (!status) {
                refuse(outcome, "no place is left", "/ticket");
                return;
        }
        sealed = create_row(lay, row, &same);
        /* Nobody else has seen it yet: so it may still be changed. */
        sealed->status = status;
        sealed->created_at = sealed->changed_at = at;
        sealed->waiting_since = registration_is(sealed, "waitlisted") ? at : INSTANT_NONE;
        lay->created++;
        pending = pendings_add(&lay->pending, sealed, NULL);
        if (same && import_row_signed(row, ticket, lay->key_number))
                pending->source = row;
        if (row->code)
                pendings_put_code(&lay->pending, pending, row->code);
        *outcome = (struct import_outcome){ IMPORT_CREATED, sealed->row.id, NULL, NULL };
}

void import_lay_row(struct import_lay *lay, const struct import_row *row, struct import_outcome *outcome)
{
        struct match match;

        if (row->why) {
                refuse(outcome, row->why, row->path);
                return;
        }
        match = find_match(lay, row->fresh);
        if (match_row(&match))
                lay_matched(lay, row, &match, outcome);
        else
                lay_created(lay, row, outcome);
}

/* ---- those who wait ---- */

/* `row` as it is now: of this import where it is `pending`. */
static void promote(struct import_lay *lay, struct pending *pending, const struct registration_row *row)
{
        struct registration_row fresh = *row;

        fresh.status = "confirmed";
        fresh.waiting_since = INSTANT_NONE;
        if (pending) {
                pendings_replace(&lay->pending, pending, registration_reseal(lay->event, &fresh, lay->now));
        } else {
                fresh.row.version++;
                pendings_add(&lay->pending, registration_reseal(lay->event, &fresh, lay->now), row);
        }
}

static bool waits_for(const struct registration_row *row, const char *ticket)
{
        return registration_is(row, "waitlisted") && strcmp(row->ticket, ticket) == 0;
}

/* Those who waited before this import come first, then those whom it put there. */
static void promote_waiting(struct import_lay *lay, struct import_place *place)
{
        const char *ticket = place->ticket->row.id;
        const struct registration_row *standing = NULL;
        int64_t room = import_place_turns(place);

        while (room > 0 && (standing = roster_waiting_next(lay->event->roster, ticket, standing))) {
                struct pending *pending = pendings_by_id(&lay->pending, standing->row.id);

                if (pending && !waits_for(pending->row, ticket))
                        continue;
                promote(lay, pending, pending ? pending->row : standing);
                import_place_promote(place);
                room--;
        }
        for (size_t i = 0; i < lay->pending.count && room > 0; i++) {
                if (!waits_for(lay->pending.items[i]->row, ticket))
                        continue;
                promote(lay, lay->pending.items[i], lay->pending.items[i]->row);
                import_place_promote(place);
                room--;
        }
}

void import_lay_settle(struct import_lay *lay)
{
        for (size_t i = 0; i < lay->places.count; i++)
                promote_waiting(lay, &lay->places.of[i]);
}

/* ---- into the batch ---- */

size_t import_lay_count(const struct import_lay *lay)
{
        return lay->pending.count;
}

static bool add_credential(struct import_lay *lay, struct batch *batch, const struct pending *pending)
{
        struct call *call = lay->call;
        const struct ticket_row *ticket = find_ticket(lay, pending->row->ticket);
        _cleanup_(row_unrefp) struct credential_row *credential = NULL;
        char text[CREDENTIAL_TEXT + 1];

        if (pending->source) {
                credential = row_ref(pending->source->credential);
                credential->issued_at = lay->now; /* nobody else has seen it yet */
        } else if (ticket) {
                credential =
                        issue_credential(call, pending->row, ticket, CREDENTIAL_TICKET, 1, lay->now, text);
        }
        if (!credential)
                return false;
        batch_add_row(batch, credential);
        return true;
}

bool import_lay_add(struct import_lay *lay, struct batch *batch, size_t n)
{
        const struct pending *pending = lay->pending.items[n];

        batch_add_row(batch, pending->row);
        if (!pending->before && !add_credential(lay, batch, pending))
                return false;
        if (pending->code)
                registration_put_code(lay->call, batch, pending->row, CREDENTIAL_CODE, pending->code);
        return true;
}

void import_lay_finish(struct import_lay *lay, struct batch *batch)
{
        import_places_count(&lay->places, batch);
}
