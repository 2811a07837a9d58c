/* SPDX-License-Identifier: Apache-2.0 */
/* Rows on their way into a batch: a growing list that holds a reference to each. */
#pragma once

#include "base/row.h"

struct rowlist {
        void **rows;
        size_t count, capacity;
};

#define ROWLIST_NULL ((struct rowlist){ NULL, 0, 0 })

void rowlist_deinit(struct rowlist *list);
/* Takes over the caller's reference. */
void rowlist_add(struct rowlist *list, void *row);
