/* SPDX-License-Identifier: Apache-2.0 */
#include "door/field_names.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

void field_names_deinit(struct field_names *names)
{
        for (size_t i = 0; i < names->count; i++)
                free(names->quoted[i]);
        free(names->quoted);
        *names = (struct field_names){ NULL, 0 };
}

/* Behind the text that begins here. */
static const char *text_end(const char *quote)
{
        const char *at = quote + 1;

        while (*at && *at != '"')
                at += *at == '\\' && at[1] ? 2 : 1;
        return *at ? at + 1 : at;
}

static int compare(const char *known, const char *name, size_t length)
{
        int order = strncmp(known, name, length);

        return order ? order : known[length] != '\0';
}

static void note(struct field_names *names, const char *name, size_t length)
{
        size_t low = 0, high = names->count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;
                int order = compare(names->quoted[middle], name, length);

                if (order == 0)
                        return;
                if (order < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        names->quoted = xrealloc(names->quoted, (names->count + 1) * sizeof(*names->quoted));
        memmove(&names->quoted[low + 1], &names->quoted[low], (names->count - low) * sizeof(*names->quoted));
        names->quoted[low] = xstrndup(name, length);
        names->count++;
}

void field_names_note(struct field_names *names, const char *fields)
{
        const char *at = fields ? strchr(fields, '"') : NULL;

        while (at) {
                const char *end = text_end(at);

                note(names, at, (size_t)(end - at));
                at = strchr(end, '"'); /* its value */
                at = at ? strchr(text_end(at), '"') : NULL;
        }
}
