/* SPDX-License-Identifier: Apache-2.0 */
/* speaker.*: who speaks; shared by co-located events. */
#include <string.h>

#include "api/ended.h"
#include "api/methods.h"
#include "api/noun.h"
#include "api/params.h"
#include "programme/speakers.h"

static const struct rowset *speakers(const struct event_state *event)
{
        return &event->family->programme->speakers;
}

static size_t speaker_references(
        const struct event_state *event, const struct row *row, const struct row *by[static 10])
{
        const struct session_row *session;
        size_t index = 0, count = 0;

        while (count < 10 && (session = rowset_each(&event->family->programme->sessions, &index)))
                if (session_has_speaker(session, row->id))
                        by[count++] = &session->row;
        return count;
}

static const struct noun speaker_noun = {
        .record = &speaker_record,
        .plural = "speakers",
        .of_family = true,
        .of_programme = true,
        .rows = speakers,
        .references = speaker_references,
        .changed = ended_by_speaker,
};

NOUN_HANDLERS(speaker, speaker_noun);

#define P_SPEAKER P("speaker", PARAM_SLUG, REQ, "the speaker's slug")

static const struct param put_params[] = {
        P_EVENT,
        P_SPEAKER,
        P_RANGE("name", PARAM_TEXT, REQ, 1, 300, "as people read it"),
        P_RANGE("name_latin", PARAM_TEXT, 0, 1, 300, "the name in Latin letters"),
        P_RANGE("title", PARAM_TEXT, 0, 1, 300, "secretary-general, CEO…"),
        P_RANGE("affiliation", PARAM_TEXT, 0, 1, 300, "association, company, university"),
        P_RANGE("bio", PARAM_TEXT, 0, 0, TEXT_LONG, "about the speaker"),
        P("country", PARAM_COUNTRY, 0, "ISO 3166-1, like CN"),
        P_ARRAY("available", 0, 1000, period_item, "when they can speak; absent: always"),
        P_IF_VERSION,
        PARAM_END,
};
static const struct param object_result[] = {
        P_SPEAKER,
        P("event", PARAM_SLUG, REQ, "the event that made it"),
        P("name", PARAM_TEXT, REQ, NULL),
        P("name_latin", PARAM_TEXT, NUL, NULL),
        P("title", PARAM_TEXT, NUL, NULL),
        P("affiliation", PARAM_TEXT, NUL, NULL),
        P("bio", PARAM_TEXT, NUL, NULL),
        P("country", PARAM_COUNTRY, NUL, NULL),
        P_ARRAY("available", NUL, 0, period_item, NULL),
        P_VERSION,
        PARAM_END,
};
static const struct param object_item[] = { P_OBJECT(NULL, 0, object_result, NULL) };
static const struct param get_params[] = { P_EVENT, P_SPEAKER, PARAM_END };
static const struct param list_params[] = { P_EVENT, P_LIMIT, P_CURSOR, PARAM_END };
static const struct param list_result[] = { P_ARRAY("speakers", REQ, 0, object_item, NULL), P_NEXT,
        PARAM_END };
static const struct param delete_params[] = { P_EVENT, P_SPEAKER, P_IF_VERSION, PARAM_END };

NOUN_METHODS(speaker, ROLE_ORGANISER, "creates or replaces a speaker");
