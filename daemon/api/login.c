/* SPDX-License-Identifier: Apache-2.0 */
#include "api/login.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "api/state.h"
#include "base/buffer.h"

const char *const role_words[] = { "public", "door", "desk", "organiser", "admin", NULL };

const char *role_word(enum role role)
{
        return role_words[role];
}

bool role_parse(const char *word, enum role *role)
{
        for (size_t i = 0; role_words[i]; i++)
                if (strcmp(role_words[i], word) == 0) {
                        *role = (enum role)i;
                        return true;
                }
        return false;
}

struct login *login_new(struct peer *peer, uid_t daemon_uid)
{
        struct login *login = xcalloc(1, sizeof(*login));
        const struct passwd *user;
        uid_t uid = peer_uid(peer);

        login->role = ROLE_PUBLIC;
        if (peer_kind(peer) != PEER_UNIX) {
                login->actor = xstrdup("");
                login->label = xstrdup("");
                return login;
        }
        user = getpwuid(uid);
        login->actor = xasprintf("uid:%u", (unsigned)uid);
        login->label = xstrdup(user ? user->pw_name : login->actor);
        if (uid == 0 || uid == daemon_uid)
                login->role = ROLE_ADMIN;
        return login;
}

struct login *login_free(struct login *login)
{
        if (!login)
                return NULL;
        row_unref(login->token);
        free(login->actor);
        free(login->label);
        free(login);
        return NULL;
}

struct login *login_copy(const struct login *login)
{
        struct login *copy = xmalloc(sizeof(*copy));

        *copy = (struct login){ login->role, row_ref(login->token), xstrdup(login->actor),
                xstrdup(login->label) };
        return copy;
}

bool login_covers(const struct login *login, const struct state *state, const char *event_slug)
{
        const char *bound = login && login->token ? login->token->event : NULL;
        const struct event_row *event;

        if (!login || (login->role == ROLE_PUBLIC && !login->token))
                return false;
        if (!bound || strcmp(bound, event_slug) == 0)
                return true;
        event = rowset_find(&state->events, &UUID_NIL, event_slug);
        return event && event->parent && strcmp(event->parent, bound) == 0;
}

bool login_covers_checkpoint(
        const struct login *login, const struct state *state, const char *event_slug, const char *checkpoint)
{
        const struct token_row *token = login ? login->token : NULL;
        char quoted[72];

        if (!login_covers(login, state, event_slug))
                return false;
        if (!token || !token->checkpoints)
                return true;
        snprintf(quoted, sizeof(quoted), "\"%s\"", checkpoint);
        return token->event && strcmp(token->event, event_slug) == 0 && strstr(token->checkpoints, quoted);
}
