/* SPDX-License-Identifier: Apache-2.0 */
#include "store/places.h"

#include <stdlib.h>
#include <string.h>

void places_deinit(struct places *places)
{
        free(places->items);
        *places = (struct places){ NULL, 0, 0 };
}

static size_t lower_bound(const struct places *places, const struct uuid *writer)
{
        size_t low = 0, high = places->count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (uuid_compare(&places->items[middle].writer, writer) < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

int64_t places_get(const struct places *places, const struct uuid *writer)
{
        size_t i = lower_bound(places, writer);

        return i < places->count && uuid_equal(&places->items[i].writer, writer) ? places->items[i].seq : 0;
}

void places_advance(struct places *places, const struct uuid *writer, int64_t seq)
{
        size_t i = lower_bound(places, writer);

        if (i < places->count && uuid_equal(&places->items[i].writer, writer)) {
                if (places->items[i].seq < seq)
                        places->items[i].seq = seq;
                return;
        }
        if (places->count == places->capacity) {
                places->capacity = places->capacity ? places->capacity * 2 : 8;
                places->items = xrealloc(places->items, places->capacity * sizeof(*places->items));
        }
        memmove(&places->items[i + 1], &places->items[i], (places->count - i) * sizeof(*places->items));
        places->items[i] = (struct place){ *writer, seq };
        places->count++;
}

void places_copy(struct places *to, const struct places *from)
{
        if (to->capacity < from->count) {
                to->items = xrealloc(to->items, from->capacity * sizeof(*to->items));
                to->capacity = from->capacity;
        }
        if (from->count)
                memcpy(to->items, from->items, from->count * sizeof(*to->items));
        to->count = from->count;
}

void places_write(const struct places *places, struct buffer *writers, struct buffer *seqs)
{
        char text[37];

        buffer_add_char(writers, '{');
        buffer_add_char(seqs, '{');
        for (size_t i = 0; i < places->count; i++) {
                uuid_format(&places->items[i].writer, text);
                buffer_addf(writers, "%s%s", i ? "," : "", text);
                buffer_addf(seqs, "%s%lld", i ? "," : "", (long long)places->items[i].seq);
        }
        buffer_add_char(writers, '}');
        buffer_add_char(seqs, '}');
}
