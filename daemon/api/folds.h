/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who folds names with what. A fold serves one thread at a time and is dear to open: the loop has one, opened on a helper
 * thread at the start; jobs on helper threads borrow one and give it back. Everything here happens on the loop's thread.
 */
#pragma once

#include "door/fold.h"

struct folds;
struct workers;

struct folds *folds_new(struct workers *workers);
struct folds *folds_free(struct folds *folds);
/* The loop's own. */
struct fold *folds_own(struct folds *folds);
/* One for a job, until folds_give. */
struct fold *folds_take(struct folds *folds);
void folds_give(struct folds *folds, struct fold *fold);
