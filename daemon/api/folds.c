/* SPDX-License-Identifier: Apache-2.0 */
#include "api/folds.h"

#include "base/buffer.h"
#include "base/workers.h"

enum { IDLE_MOST = 8 };

struct folds {
        struct fold *own;
        struct fold *idle[IDLE_MOST];
        size_t count;
};

struct opening {
        struct folds *folds;
        struct fold *fold;
};

static void open_work(void *job)
{
        fold_open(((struct opening *)job)->fold);
}

static void open_done(void *job, int dropped)
{
        struct opening *opening = job;
        struct folds *folds = opening->folds;

        if (dropped || folds->own)
                fold_free(opening->fold);
        else
                folds->own = opening->fold;
        free(opening);
}

struct folds *folds_new(struct workers *workers)
{
        struct folds *folds = xcalloc(1, sizeof(*folds));
        struct opening *opening = xcalloc(1, sizeof(*opening));

        *opening = (struct opening){ folds, fold_new() };
        workers_submit(workers, open_work, open_done, opening);
        return folds;
}

struct folds *folds_free(struct folds *folds)
{
        if (!folds)
                return NULL;
        fold_free(folds->own);
        while (folds->count)
                fold_free(folds->idle[--folds->count]);
        free(folds);
        return NULL;
}

/* Who comes before it has been opened gets one that opens as it goes. */
struct fold *folds_own(struct folds *folds)
{
        if (!folds->own)
                folds->own = fold_new();
        return folds->own;
}

struct fold *folds_take(struct folds *folds)
{
        return folds->count ? folds->idle[--folds->count] : fold_new();
}

void folds_give(struct folds *folds, struct fold *fold)
{
        if (folds->count < IDLE_MOST)
                folds->idle[folds->count++] = fold;
        else
                fold_free(fold);
}
