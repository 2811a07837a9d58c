/* SPDX-License-Identifier: Apache-2.0 */
#include "base/rowset.h"

#include <stdint.h>
#include <string.h>

#include "base/buffer.h"

void rowset_deinit(struct rowset *set)
{
        for (size_t i = 0; i < set->count; i++)
                row_unref(set->rows[i]);
        free(set->rows);
        *set = ROWSET_NULL;
}

void rowset_copy(const struct rowset *set, struct rowset *copy)
{
        *copy = (struct rowset){ .count = set->count, .capacity = set->count };
        copy->rows = xcalloc(set->count + 1, sizeof(*copy->rows));
        for (size_t i = 0; i < set->count; i++)
                copy->rows[i] = row_ref(set->rows[i]);
}

static int place_compare(const struct row *row, const struct uuid *event, const char *id)
{
        int order = uuid_compare(&row->event, event);

        return order ? order : strcmp(row->id, id);
}

/* The index of the first row that is not before (event, id). */
static size_t lower_bound(const struct rowset *set, const struct uuid *event, const char *id)
{
        size_t low = 0, high = set->count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (place_compare(set->rows[middle], event, id) < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

static const struct row *find_any(const struct rowset *set, const struct uuid *event, const char *id)
{
        size_t i = set->last;

        if (i < set->count && place_compare(set->rows[i], event, id) == 0)
                return set->rows[i];
        i = lower_bound(set, event, id);
        if (i == set->count || place_compare(set->rows[i], event, id) != 0)
                return NULL;
        ((struct rowset *)(uintptr_t)set)->last = i; /* the rows are as they were */
        return set->rows[i];
}

bool rowset_apply(struct rowset *set, const void *row)
{
        const struct row *fresh = row;
        size_t i = lower_bound(set, &fresh->event, fresh->id);

        if (i < set->count && place_compare(set->rows[i], &fresh->event, fresh->id) == 0) {
                if (set->rows[i]->version >= fresh->version)
                        return false;
                row_unref(set->rows[i]);
                set->rows[i] = row_ref(fresh);
                return true;
        }
        if (set->count == set->capacity) {
                set->capacity = set->capacity ? set->capacity * 2 : 16;
                set->rows = xrealloc(set->rows, set->capacity * sizeof(*set->rows));
        }
        memmove(&set->rows[i + 1], &set->rows[i], (set->count - i) * sizeof(*set->rows));
        set->rows[i] = row_ref(fresh);
        set->count++;
        return true;
}

const void *rowset_find(const struct rowset *set, const struct uuid *event, const char *id)
{
        const struct row *row = find_any(set, event, id);

        return row && !row->deleted ? row : NULL;
}

int64_t rowset_version(const struct rowset *set, const struct uuid *event, const char *id)
{
        const struct row *row = find_any(set, event, id);

        return row ? row->version : 0;
}

const void *rowset_next(const struct rowset *set, const struct uuid *event, const char *after)
{
        size_t i = lower_bound(set, event, after ? after : "");

        for (; i < set->count && uuid_equal(&set->rows[i]->event, event); i++) {
                if (set->rows[i]->deleted || (after && strcmp(set->rows[i]->id, after) == 0))
                        continue;
                return set->rows[i];
        }
        return NULL;
}

const void *rowset_each(const struct rowset *set, size_t *index)
{
        while (*index < set->count) {
                const struct row *row = set->rows[(*index)++];

                if (!row->deleted)
                        return row;
        }
        return NULL;
}

void rowset_drop_event(struct rowset *set, const struct uuid *event)
{
        size_t kept = 0;

        for (size_t i = 0; i < set->count; i++) {
                if (uuid_equal(&set->rows[i]->event, event))
                        row_unref(set->rows[i]);
                else
                        set->rows[kept++] = set->rows[i];
        }
        set->count = kept;
}
