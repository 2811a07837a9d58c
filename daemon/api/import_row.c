/* SPDX-License-Identifier: Apache-2.0 */
#include "api/import_row.h"

#include <string.h>

#include "api/api.h"
#include "api/keyring.h"
#include "api/registration.h"
#include "api/validate.h"
#include "base/cleanup.h"
#include "door/code.h"
#include "door/fold.h"

/* ---- the source ---- */

void import_source_init(struct import_source *source, const struct call *call)
{
        const struct uuid *event = &event_row(call->event)->event_uuid;
        const struct rowset *tickets = roster_tickets(call->event->roster);
        const struct signing_key *key;
        const struct ticket_row *ticket;
        const char *after = NULL;

        memset(source, 0, sizeof(*source));
        source->family = event_row(call->event)->family_uuid;
        source->event = *event;
        source->tickets = xcalloc(tickets->count + 1, sizeof(const struct ticket_row *));
        while ((ticket = rowset_next(tickets, event, after))) {
                source->tickets[source->ticket_count++] = row_ref(ticket);
                after = ticket->row.id;
        }
        key = keyring_key(call->api->keyring, &call->api->state, call->event, 0, &source->key_number);
        if (key)
                source->key = *key;
        else
                source->key_number = 0;
}

void import_source_deinit(struct import_source *source)
{
        for (size_t i = 0; i < source->ticket_count; i++)
                row_unref(source->tickets[i]);
        free(source->tickets);
        signing_key_deinit(&source->key);
        memset(source, 0, sizeof(*source));
}

static const struct ticket_row *source_ticket(const struct import_source *source, const char *id)
{
        for (size_t i = 0; i < source->ticket_count; i++)
                if (strcmp(source->tickets[i]->row.id, id) == 0)
                        return source->tickets[i];
        return NULL;
}

/* ---- the row ---- */

static bool row_fits(struct import_row *row)
{
        struct buffer path = BUFFER_NULL, expected = BUFFER_NULL;
        bool fits = validate_object(registration_row_params, row->params, &path, &expected);

        if (!fits) {
                row->why = xasprintf("expected %s", buffer_text(&expected));
                row->path = xstrdup(buffer_text(&path));
        }
        buffer_deinit(&path);
        buffer_deinit(&expected);
        return fits;
}

static bool row_read_code(struct import_row *row)
{
        const char *given = json_string_value(json_object_get(row->params, "code"));
        char folded[CODE_MAX + 1];

        if (!given)
                return true;
        if (code_fold(given, folded)) {
                row->code = xstrdup(folded);
                return true;
        }
        row->why = xstrdup("expected a code that is more than blanks");
        row->path = xstrdup("/code");
        return false;
}

static void row_seal_fresh(struct import_row *row, const struct import_source *source, struct fold *fold)
{
        const json_t *paid = json_object_get(row->params, "paid");
        struct row_scratch scratch = { NULL, 0 };
        struct registration_row fresh;
        char code[CODE_LENGTH + 1];
        char *search;

        row_clear(&fresh, &registration_record);
        row_from_params(&fresh, row->params, false, &scratch);
        code_make(code);
        fresh.row.family = source->family;
        fresh.row.event = source->event;
        fresh.row.id = code;
        fresh.row.version = 1;
        fresh.paid = !paid || json_is_null(paid) || json_is_true(paid);
        fresh.status = "confirmed";
        search = row->expected ? NULL : fold_registration(fold, &fresh);
        fresh.search = search;
        fresh.search_fold = FOLD_VERSION;
        row->fresh = row_seal(&fresh);
        row->given = row_given(&registration_record, row->params);
        free(search);
        row_scratch_deinit(&scratch);
}

void import_row_prepare(struct import_row *row, const struct import_source *source, struct fold *fold)
{
        const struct ticket_row *ticket;

        if (!row_fits(row) || !row_read_code(row))
                return;
        row_seal_fresh(row, source, fold);
        ticket = source_ticket(source, row->fresh->ticket);
        if (ticket && source->key_number && !row->expected)
                row->credential = issue_signed(row->fresh, ticket, &source->key, source->key_number,
                        CREDENTIAL_TICKET, 1, INSTANT_NONE, NULL);
}

bool import_row_signed(const struct import_row *row, const struct ticket_row *ticket, int64_t key_number)
{
        const struct credential_row *credential = row->credential;

        return credential && strcmp(credential->ticket, ticket->row.id) == 0 &&
               credential->valid_from.us == ticket->valid_from.us &&
               credential->valid_to.us == ticket->valid_to.us && credential->key_number == key_number;
}

void import_row_deinit(struct import_row *row)
{
        free(row->why);
        free(row->path);
        free(row->code);
        row_unref(row->fresh);
        row_unref(row->credential);
}
