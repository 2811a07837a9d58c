/* SPDX-License-Identifier: Apache-2.0 */
/* A session's speakers, as its row keeps them: JSON [{"role":…,"speaker":…}…], compact. */
#pragma once

#include "programme/rows.h"

struct session_speaker {
        char *speaker, *role;
};

struct session_speakers {
        struct session_speaker *items;
        size_t count;
};

void session_speakers_read(const char *json, struct session_speakers *out);
void session_speakers_deinit(struct session_speakers *speakers);
bool session_has_speaker(const struct session_row *session, const char *speaker);
/* The first speaker that both have, borrowed from `a`; NULL: none. */
const char *session_speakers_common(const struct session_speakers *a, const struct session_speakers *b);
