/* SPDX-License-Identifier: Apache-2.0 */
/* Between resolve.c, which sees all sessions of a file, and resolve_session.c, which sees one. */
#pragma once

#include "exchange/source.h"
#include "exchange/things.h"

/* A session on its way: what it will be, and what is needed until then. */
struct draft {
        const struct source_session *source;
        struct file_session session;
        struct thing *room, *track;
        struct thing **people;
        struct naming naming;
        struct uuid shared; /* the guid that the file gives it, which others may have too */
        const char *signature; /* all that it says: the same for what is said twice, and for nothing else */
        size_t place; /* among those with the same guid, from 1 */
        bool cut_title, cut_abstract, cut_kind, left_out, bad_language;
};

struct resolver {
        struct source *source;
        struct programme_file *out;
        struct arena *scratch; /* the source's */
        struct things rooms, tracks, speakers;
        struct draft *drafts;
        struct draft **order;
};

/* The room or track of a name: by our own id where the file knows it. NULL: it has none. */
struct thing *resolve_named(
        struct resolver *r, struct things *things, const char *as, const char *name, const char *prefix);
/* Everything of a session but what depends on the others: clean texts, base of the id, the guid that it claims. */
void resolve_session(struct resolver *r, struct draft *draft);
