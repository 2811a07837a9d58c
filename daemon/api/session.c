/* SPDX-License-Identifier: Apache-2.0 */
#include "api/session.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "api/state.h"

static const char *const role_words[] = { "public", "door", "desk", "organiser", "admin" };

const char *role_word(enum role role)
{
        return role_words[role];
}

bool role_parse(const char *word, enum role *role)
{
        for (size_t i = 0; i < sizeof(role_words) / sizeof(role_words[0]); i++)
                if (strcmp(role_words[i], word) == 0) {
                        *role = (enum role)i;
                        return true;
                }
        return false;
}

struct session *session_new(struct peer *peer, uid_t daemon_uid)
{
        struct session *session = xcalloc(1, sizeof(*session));

        session->role = ROLE_PUBLIC;
        if (peer_kind(peer) == PEER_UNIX) {
                uid_t uid = peer_uid(peer);
                const struct passwd *user = getpwuid(uid);

                snprintf(session->actor, sizeof(session->actor), "uid:%u", (unsigned)uid);
                snprintf(session->label, sizeof(session->label), "%s", user ? user->pw_name : session->actor);
                if (uid == 0 || uid == daemon_uid)
                        session->role = ROLE_ADMIN;
        }
        return session;
}

struct session *session_free(struct session *session)
{
        if (!session)
                return NULL;
        row_unref(session->token);
        free(session);
        return NULL;
}

bool session_covers(const struct session *session, const struct state *state, const char *event_slug)
{
        const char *bound = session && session->token ? session->token->event : NULL;
        const struct event_row *event;

        if (!session || (session->role == ROLE_PUBLIC && !session->token))
                return false;
        if (!bound || strcmp(bound, event_slug) == 0)
                return true;
        event = rowset_find(&state->events, &UUID_NIL, event_slug);
        return event && event->parent && strcmp(event->parent, bound) == 0;
}
