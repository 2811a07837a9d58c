/* SPDX-License-Identifier: Apache-2.0 */
/* The result of a scan, written straight into a buffer. */
#include <sodium.h>
#include <string.h>

#include "api/scan.h"
#include "base/base64.h"
#include "base/utf8.h"

enum { NOTES_SHOWN = 300 };

static const struct zone *zone_of(const struct scan_answer *answer)
{
        return answer->found->event->programme_event->zone;
}

/* ---- ids of scans ---- */

void scan_id_write(const struct uuid *writer, int64_t seq, char id[static SCAN_ID_LENGTH + 1])
{
        uint8_t bytes[24];

        _Static_assert(BASE64_LENGTH(sizeof(bytes)) == SCAN_ID_LENGTH, "an id is no longer or shorter");
        memcpy(bytes, writer->bytes, 16);
        for (int i = 0; i < 8; i++)
                bytes[16 + i] = (uint8_t)((uint64_t)seq >> (56 - 8 * i));
        base64_write(bytes, sizeof(bytes), id);
        id[SCAN_ID_LENGTH] = '\0';
}

bool scan_id_read(const char *id, struct uuid *writer, int64_t *seq)
{
        uint8_t bytes[24];
        size_t length;
        uint64_t number = 0;

        if (sodium_base642bin(bytes, sizeof(bytes), id, strlen(id), NULL, &length, NULL,
                    sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
                length != sizeof(bytes))
                return false;
        memcpy(writer->bytes, bytes, 16);
        for (int i = 0; i < 8; i++)
                number = number << 8 | bytes[16 + i];
        *seq = (int64_t)number;
        return true;
}

/* ---- parts ---- */

static const struct ticket_row *ticket_of(const struct scan_found *found)
{
        const struct registration_row *registration = found->registration;

        if (!registration || !registration->ticket)
                return NULL;
        return rowset_find(
                roster_tickets(found->event->roster), &registration->row.event, registration->ticket);
}

static void write_message(const struct scan_answer *answer, struct jsonout *out)
{
        const struct ticket_row *ticket = ticket_of(answer->found);
        struct buffer message = BUFFER_NULL;
        const struct verdict_words words = {
                .word = answer->word,
                .reason = answer->reason,
                .language = answer->language,
                .blocked = answer->found->registration ? answer->found->registration->blocked : NULL,
                .ticket_name = ticket ? ticket->name : NULL,
                .first_at = answer->first_at,
                .now = answer->now,
                .first_device = answer->first_device,
                .zone = zone_of(answer),
        };

        verdict_say(&words, &message);
        json_member_text(out, "message", message.data);
        buffer_deinit(&message);
}

static void write_time(struct jsonout *out, const char *name, struct instant at, const struct zone *zone)
{
        if (!instant_is_none(at))
                json_member_instant(out, name, at, zone);
}

static void write_facts(const struct scan_answer *answer, struct jsonout *out)
{
        const struct scan_found *found = answer->found;
        const struct ticket_row *ticket = ticket_of(found);
        const struct zone *zone = zone_of(answer);

        json_name(out, "facts");
        json_begin_object(out);
        switch (answer->reason) {
        case REASON_OTHER_EVENT:
                if (found->elsewhere)
                        json_member_text(out, "event_name", event_row(found->elsewhere)->name);
                break;
        case REASON_REVOKED:
                if (found->credential)
                        write_time(out, "replaced_at", found->credential->replaced_at, zone);
                break;
        case REASON_TICKET_NOT_VALID_HERE:
                if (ticket)
                        json_member_text(out, "ticket_name", ticket->name);
                break;
        case REASON_TICKET_TOO_EARLY:
        case REASON_TICKET_TOO_LATE:
                if (ticket) {
                        write_time(out, "valid_from", ticket->valid_from, zone);
                        write_time(out, "valid_to", ticket->valid_to, zone);
                }
                break;
        case REASON_CHECKPOINT_NOT_OPEN:
        case REASON_CHECKPOINT_CLOSED:
                write_time(out, "opens_at", found->checkpoint->opens_at, zone);
                write_time(out, "closes_at", found->checkpoint->closes_at, zone);
                break;
        case REASON_FULL:
                if (found->checkpoint->capacity != FIELD_INT_NONE)
                        json_member_int(out, "capacity", found->checkpoint->capacity);
                break;
        default:
                break;
        }
        json_end_object(out);
}

static void write_shown(const struct scan_answer *answer, struct jsonout *out)
{
        const struct door_fields *fields = event_door_fields(answer->found->event);

        json_name(out, "fields");
        json_begin_array(out);
        for (size_t i = 0; i < fields->count; i++) {
                const struct door_field *field = &fields->items[i];
                size_t length;
                const char *value =
                        field->ask ? NULL
                                   : door_field_value(field, answer->found->registration->fields, &length);

                if (!value)
                        continue;
                json_begin_object(out);
                json_member_raw(out, "field", field->field);
                json_member_raw(out, "label", field->label);
                json_name(out, "value");
                json_raw_n(out, value, length);
                json_end_object(out);
        }
        json_end_array(out);
}

static void write_notes(const char *notes, struct jsonout *out)
{
        json_name(out, "notes");
        if (notes)
                json_text_n(out, notes, utf8_prefix(notes, strlen(notes), NOTES_SHOWN));
        else
                json_null_value(out);
}

static void write_attendee(const struct scan_answer *answer, struct jsonout *out)
{
        const struct registration_row *registration = answer->found->registration;

        json_name(out, "attendee");
        json_begin_object(out);
        json_member_text(out, "registration", registration->row.id);
        json_member_text(out, "name", registration->name);
        json_member_text(out, "name_latin", registration->name_latin);
        json_member_text(out, "organisation", registration->organisation);
        json_member_text(out, "title", registration->title);
        json_member_text(out, "ticket", registration->ticket);
        json_member_text(out, "language", registration->language);
        write_notes(registration->notes, out);
        json_member_text(out, "attention", registration->attention);
        write_shown(answer, out);
        json_end_object(out);
}

static void write_first(const struct scan_answer *answer, struct jsonout *out)
{
        json_name(out, "first");
        json_begin_object(out);
        json_member_instant(out, "at", answer->first_at, zone_of(answer));
        json_member_text(out, "checkpoint", answer->found->checkpoint->row.id);
        json_member_text(out, "device", answer->first_device);
        json_end_object(out);
}

static void write_questions(const struct scan_answer *answer, struct jsonout *out)
{
        const struct door_fields *fields = event_door_fields(answer->found->event);
        size_t length;

        json_name(out, "questions");
        json_begin_array(out);
        for (size_t i = 0; i < fields->count; i++) {
                const struct door_field *field = &fields->items[i];

                if (!field->ask || door_field_value(field, answer->found->registration->fields, &length))
                        continue;
                json_begin_object(out);
                json_member_raw(out, "field", field->field);
                json_member_raw(out, "label", field->label);
                json_end_object(out);
        }
        json_end_array(out);
}

/* ---- the whole ---- */

static bool shows_attendee(const struct scan_answer *answer)
{
        return answer->found->registration && answer->reason != REASON_UNKNOWN_CREDENTIAL &&
               answer->reason != REASON_BAD_SIGNATURE && answer->reason != REASON_OTHER_EVENT;
}

size_t scan_answer_write(const struct scan_answer *answer, struct buffer *out_buffer)
{
        struct jsonout json = JSONOUT(out_buffer), *out = &json;
        size_t id_offset;

        buffer_reserve(out_buffer, 1024);
        json_begin_object(out);
        json_member_text(out, "verdict", verdict_word(answer->word));
        json_member_text(out, "reason", verdict_reason_word(answer->reason));
        write_message(answer, out);
        write_facts(answer, out);
        json_member_raw(out, "flags", answer->flags);
        json_member_text(out, "scan", answer->scan);
        id_offset = out_buffer->length - SCAN_ID_LENGTH - 1;
        json_member_instant(out, "at", answer->at, zone_of(answer));
        json_member_text(out, "nonce", answer->nonce);
        json_member_bool(out, "replayed", answer->replayed);
        json_member_text(out, "durability", answer->scan ? "committed" : NULL);
        json_member_text(out, "event", event_row(answer->found->event)->row.id);
        json_member_text(out, "checkpoint", answer->found->checkpoint->row.id);
        if (shows_attendee(answer))
                write_attendee(answer, out);
        if (answer->reason == REASON_ALREADY_ADMITTED && !instant_is_none(answer->first_at))
                write_first(answer, out);
        json_member_int(out, "inside", answer->inside);
        if (answer->word == VERDICT_INCOMPLETE)
                write_questions(answer, out);
        json_end_object(out);
        return id_offset;
}
