/* SPDX-License-Identifier: Apache-2.0 */
#include "api/refold.h"

#include "api/api.h"
#include "api/folds.h"
#include "base/workers.h"

enum { PART = 200 };

struct refold {
        struct api *api;
        bool busy;
};

struct part {
        struct refold *refold;
        struct uuid event;
        struct fold *fold;
        const struct registration_row *rows[PART];
        char *texts[PART];
        size_t count;
};

struct refold *refold_new(struct api *api)
{
        struct refold *refold = xcalloc(1, sizeof(*refold));

        refold->api = api;
        return refold;
}

struct refold *refold_free(struct refold *refold)
{
        free(refold);
        return NULL;
}

static void part_work(void *job)
{
        struct part *part = job;

        for (size_t i = 0; i < part->count; i++)
                part->texts[i] = fold_registration(part->fold, part->rows[i]);
}

static void part_done(void *job, int dropped)
{
        struct part *part = job;
        struct refold *refold = part->refold;
        struct event_state *event = state_event_by_uuid(&refold->api->state, &part->event);

        for (size_t i = 0; i < part->count; i++) {
                if (event && part->texts[i])
                        roster_fold(event->roster, part->rows[i], part->texts[i]);
                row_unref(part->rows[i]);
                free(part->texts[i]);
        }
        folds_give(refold->api->folds, part->fold);
        free(part);
        refold->busy = false;
        if (event && !dropped)
                refold_look(refold, event);
}

void refold_look(struct refold *refold, const struct event_state *event)
{
        struct part *part;

        if (refold->busy || !roster_has_unfolded(event->roster))
                return;
        part = xcalloc(1, sizeof(*part));
        part->refold = refold;
        part->event = event_row(event)->event_uuid;
        part->count = roster_unfolded(event->roster, part->rows, PART);
        for (size_t i = 0; i < part->count; i++)
                row_ref(part->rows[i]);
        part->fold = folds_take(refold->api->folds);
        refold->busy = true;
        workers_submit(refold->api->workers, part_work, part_done, part);
}
