/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of parameters and results that the methods of registrations share. */
#include "api/params.h"
#include "api/registration.h"

const char *const registration_status_words[] = { "confirmed", "waitlisted", "cancelled", "erased", NULL };
static const char *const credential_words[] = { "ticket", "badge", "card", "code", NULL };
static const struct param field_text[] = { P_RANGE(NULL, PARAM_TEXT, 0, 0, 300, NULL) };

#define PERSON(name_flag)                                                                                    \
        P_RANGE("name", PARAM_TEXT, name_flag, 1, 300, "as the person writes it"),                           \
                P_RANGE("name_latin", PARAM_TEXT, 0, 1, 300, "the name in Latin letters"),                   \
                P_RANGE("email", PARAM_TEXT, 0, 1, 300, NULL),                                               \
                P_RANGE("phone", PARAM_TEXT, 0, 1, 300, NULL),                                               \
                P_RANGE("organisation", PARAM_TEXT, 0, 1, 300, NULL),                                        \
                P_RANGE("title", PARAM_TEXT, 0, 1, 300, "director, professor…"),                             \
                P("country", PARAM_COUNTRY, 0, "ISO 3166-1, like CN"),                                       \
                P_RANGE("language", PARAM_TEXT, 0, 1, 35, "BCP 47, like zh-Hans"),                           \
                P_RANGE("notes", PARAM_TEXT, 0, 0, TEXT_LONG, "for staff"),                                  \
                P_MAP("fields", 0, field_text, NULL, "the event's own fields")

#define CREATED                                                                                              \
        P("ticket", PARAM_SLUG, REQ, "the ticket type"), PERSON(REQ),                                        \
                P_RANGE("external_id", PARAM_TEXT, 0, 1, 300, "its id in another system"),                   \
                P_RANGE("code", PARAM_TEXT, 0, 1, 300, "another system's code, good at the door as well"),   \
                { "paid", PARAM_BOOL, 0, 0, 0, NULL, NULL, NULL, "true", NULL },                             \
                P_RANGE("attention", PARAM_TEXT, 0, 1, 300, "shown to the door"),                            \
                P_RANGE("blocked", PARAM_TEXT, 0, 1, 300, "refused at the door with these words")

const struct param registration_create_params[] = { P_EVENT, CREATED, PARAM_END };
/* What an export says beyond them is passed over: it can be imported as it is. */
#define EXPORTED(name) P(name, PARAM_ANY, 0, "passed over: an export says it")
const struct param registration_row_params[] = {
        CREATED,
        EXPORTED("registration"),
        EXPORTED("status"),
        EXPORTED("version"),
        EXPORTED("created_at"),
        EXPORTED("changed_at"),
        PARAM_END,
};
const struct param registration_person_params[] = { PERSON(REQ), PARAM_END };

static const struct param credential_members[] = {
        P_WORDS("kind", REQ, credential_words, NULL, NULL),
        P("issued_at", PARAM_INSTANT, REQ, NULL),
        PARAM_END,
};
static const struct param credential_item[] = { P_OBJECT(NULL, 0, credential_members, NULL) };

const struct param registration_whole_result[] = {
        P("registration", PARAM_TEXT, REQ, "its short code"),
        P("event", PARAM_SLUG, REQ, NULL),
        P("ticket", PARAM_SLUG, REQ, NULL),
        P("name", PARAM_TEXT, NUL, NULL),
        P("name_latin", PARAM_TEXT, NUL, NULL),
        P("email", PARAM_TEXT, NUL, NULL),
        P("phone", PARAM_TEXT, NUL, NULL),
        P("organisation", PARAM_TEXT, NUL, NULL),
        P("title", PARAM_TEXT, NUL, NULL),
        P("country", PARAM_COUNTRY, NUL, NULL),
        P("language", PARAM_TEXT, NUL, NULL),
        P("notes", PARAM_TEXT, NUL, NULL),
        P_MAP("fields", NUL, field_text, NULL, NULL),
        P("external_id", PARAM_TEXT, NUL, NULL),
        P("paid", PARAM_BOOL, REQ, NULL),
        P("attention", PARAM_TEXT, NUL, NULL),
        P("blocked", PARAM_TEXT, NUL, NULL),
        P_WORDS("status", REQ, registration_status_words, NULL, NULL),
        P("created_at", PARAM_INSTANT, REQ, NULL),
        P("changed_at", PARAM_INSTANT, REQ, NULL),
        P("code", PARAM_TEXT, NUL, NULL),
        P_ARRAY("credentials", REQ, 0, credential_item, "the standing ones"),
        P_VERSION,
        PARAM_END,
};
const struct param registration_issued_result[] = {
        P("registration", PARAM_TEXT, REQ, "its short code"),
        P_WORDS("status", REQ, registration_status_words, NULL, NULL),
        P("credential", PARAM_TEXT, REQ, "what the QR code holds"),
        P_VERSION,
        PARAM_END,
};
