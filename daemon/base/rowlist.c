/* SPDX-License-Identifier: Apache-2.0 */
#include "base/rowlist.h"

#include <stdlib.h>

#include "base/buffer.h"

void rowlist_deinit(struct rowlist *list)
{
        for (size_t i = 0; i < list->count; i++)
                row_unref(list->rows[i]);
        free(list->rows);
        *list = ROWLIST_NULL;
}

void rowlist_add(struct rowlist *list, void *row)
{
        if (list->count == list->capacity) {
                list->capacity = list->capacity ? list->capacity * 2 : 16;
                list->rows = xrealloc(list->rows, list->capacity * sizeof(*list->rows));
        }
        list->rows[list->count++] = row;
}
