/* SPDX-License-Identifier: Apache-2.0 */
#include "programme/rows.h"

#define W FIELD_ON_WIRE
#define R (FIELD_ON_WIRE | FIELD_READ_ONLY)
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct field event_fields[] = {
        FIELD(struct event_row, event_uuid, FIELD_UUID, 0),
        FIELD(struct event_row, family_uuid, FIELD_UUID, 0),
        FIELD(struct event_row, name, FIELD_TEXT, W),
        FIELD(struct event_row, name_latin, FIELD_TEXT, W),
        FIELD(struct event_row, timezone, FIELD_TEXT, W),
        FIELD(struct event_row, starts_on, FIELD_DATE, W),
        FIELD(struct event_row, ends_on, FIELD_DATE, W),
        FIELD(struct event_row, day_starts, FIELD_TEXT, W),
        FIELD(struct event_row, venue, FIELD_TEXT, W),
        FIELD(struct event_row, series, FIELD_TEXT, W),
        FIELD(struct event_row, edition, FIELD_INT, W),
        FIELD(struct event_row, parent, FIELD_TEXT, W),
        FIELD(struct event_row, languages, FIELD_JSON, W),
        FIELD(struct event_row, min_break_minutes, FIELD_INT, W),
        FIELD(struct event_row, rules, FIELD_JSON, W),
        FIELD(struct event_row, fields, FIELD_JSON, W),
};
const struct record event_record = { "event", sizeof(struct event_row), event_fields, COUNT(event_fields) };

static const struct field room_fields[] = {
        FIELD(struct room_row, name, FIELD_TEXT, W),
        FIELD(struct room_row, name_latin, FIELD_TEXT, W),
        FIELD(struct room_row, capacity, FIELD_INT, W),
        FIELD(struct room_row, features, FIELD_JSON, W),
        FIELD(struct room_row, position, FIELD_INT, W),
        FIELD(struct room_row, available, FIELD_JSON, W),
};
const struct record room_record = { "room", sizeof(struct room_row), room_fields, COUNT(room_fields) };

static const struct field track_fields[] = {
        FIELD(struct track_row, name, FIELD_TEXT, W),
        FIELD(struct track_row, name_latin, FIELD_TEXT, W),
        FIELD(struct track_row, colour, FIELD_TEXT, W),
};
const struct record track_record = { "track", sizeof(struct track_row), track_fields, COUNT(track_fields) };

static const struct field speaker_fields[] = {
        FIELD(struct speaker_row, name, FIELD_TEXT, W),
        FIELD(struct speaker_row, name_latin, FIELD_TEXT, W),
        FIELD(struct speaker_row, title, FIELD_TEXT, W),
        FIELD(struct speaker_row, affiliation, FIELD_TEXT, W),
        FIELD(struct speaker_row, bio, FIELD_TEXT, W),
        FIELD(struct speaker_row, country, FIELD_TEXT, W),
        FIELD(struct speaker_row, available, FIELD_JSON, W),
};
const struct record speaker_record = { "speaker", sizeof(struct speaker_row), speaker_fields,
        COUNT(speaker_fields) };

static const struct field session_fields[] = {
        FIELD(struct session_row, title, FIELD_TEXT, W),
        FIELD(struct session_row, title_latin, FIELD_TEXT, W),
        FIELD(struct session_row, kind, FIELD_TEXT, W),
        FIELD(struct session_row, minutes, FIELD_INT, W),
        FIELD(struct session_row, track, FIELD_TEXT, W),
        FIELD(struct session_row, speakers, FIELD_JSON, W),
        FIELD(struct session_row, abstract, FIELD_TEXT, W),
        FIELD(struct session_row, language, FIELD_TEXT, W),
        FIELD(struct session_row, needs, FIELD_JSON, W),
        FIELD(struct session_row, expected, FIELD_INT, W),
        FIELD(struct session_row, capacity, FIELD_INT, W),
        FIELD(struct session_row, booking, FIELD_TEXT, W),
        FIELD(struct session_row, guid, FIELD_UUID, W),
        FIELD(struct session_row, cancelled, FIELD_BOOL, R),
};
const struct record session_record = { "session", sizeof(struct session_row), session_fields,
        COUNT(session_fields) };

static const struct field placement_fields[] = {
        FIELD(struct placement_row, room, FIELD_TEXT, W),
        FIELD(struct placement_row, starts_at, FIELD_INSTANT, 0),
        FIELD(struct placement_row, ends_at, FIELD_INSTANT, 0),
        FIELD(struct placement_row, exempt, FIELD_BOOL, 0),
};
const struct record placement_record = { "placement", sizeof(struct placement_row), placement_fields,
        COUNT(placement_fields) };

static const struct field acceptance_fields[] = {
        FIELD(struct acceptance_row, conflict, FIELD_TEXT, 0),
        FIELD(struct acceptance_row, a_event, FIELD_UUID, 0),
        FIELD(struct acceptance_row, a_session, FIELD_TEXT, 0),
        FIELD(struct acceptance_row, b_event, FIELD_UUID, 0),
        FIELD(struct acceptance_row, b_session, FIELD_TEXT, 0),
        FIELD(struct acceptance_row, accepted_by, FIELD_TEXT, 0),
        FIELD(struct acceptance_row, accepted_at, FIELD_INSTANT, 0),
};
const struct record acceptance_record = { "acceptance", sizeof(struct acceptance_row), acceptance_fields,
        COUNT(acceptance_fields) };

const struct record draft_record = { "draft", sizeof(struct draft_row), NULL, 0, .sums_up = true };
const struct record programme_record = { "programme", sizeof(struct programme_row), NULL, 0,
        .sums_up = true };

static const struct field draft_change_fields[] = {
        FIELD(struct draft_change_row, changed_at, FIELD_INSTANT, 0),
        FIELD(struct draft_change_row, changed_by, FIELD_TEXT, 0),
        FIELD(struct draft_change_row, what, FIELD_TEXT, 0),
        FIELD(struct draft_change_row, placements, FIELD_JSON, 0),
};
const struct record draft_change_record = { "draft_change", sizeof(struct draft_change_row),
        draft_change_fields, COUNT(draft_change_fields) };

static const struct field publication_fields[] = {
        FIELD(struct publication_row, number, FIELD_INT, 0),
        FIELD(struct publication_row, published_at, FIELD_INSTANT, 0),
        FIELD(struct publication_row, note, FIELD_TEXT, 0),
        FIELD(struct publication_row, body, FIELD_TEXT, 0),
};
const struct record publication_record = { "publication", sizeof(struct publication_row), publication_fields,
        COUNT(publication_fields) };
