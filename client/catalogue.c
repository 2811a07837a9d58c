/* SPDX-License-Identifier: Apache-2.0 */
#include "client/catalogue.h"

#include <string.h>
#include "base/cleanup.h"

enum { WORD_MAX = 64, SUGGESTIONS = 3 };

json_t *catalogue_get(struct usher *usher, const char *method)
{
        json_t *params = method ? json_pack("{s:s}", "method", method) : json_object();
        struct usher_reply reply = { NULL, NULL };
        json_t *methods = NULL;

        if (params && usher_client_call(usher->client, "server.describe", params, &reply) == 0)
                methods = json_incref(json_object_get(reply.result, "methods"));
        json_decref(params);
        usher_reply_deinit(&reply);
        return methods;
}

bool catalogue_takes(const json_t *description, const char *param)
{
        return json_object_get(
                       json_object_get(json_object_get(description, "params"), "properties"), param) != NULL;
}

static size_t least(size_t a, size_t b)
{
        return a < b ? a : b;
}

size_t word_distance(const char *a, const char *b)
{
        size_t rows[3][WORD_MAX + 1]; /* of the table: two before, one before, this */
        size_t m = strlen(a), n = strlen(b);

        if (m > WORD_MAX || n > WORD_MAX)
                return WORD_MAX;
        for (size_t j = 0; j <= n; j++)
                rows[0][j] = j;
        for (size_t i = 1; i <= m; i++) {
                size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];

                row[0] = i;
                for (size_t j = 1; j <= n; j++) {
                        row[j] = least(
                                least(above[j] + 1, row[j - 1] + 1), above[j - 1] + (a[i - 1] != b[j - 1]));
                        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                                row[j] = least(row[j], before[j - 2] + 1);
                }
        }
        return rows[m % 3][n];
}

/* The nearer, the smaller: the letters apart, or a little more when one begins with, or ends in, the other. */
static size_t nearness(const char *name, const char *wanted)
{
        size_t distance = word_distance(name, wanted);
        size_t length = strlen(wanted);
        const char *dot = strchr(name, '.');

        if (length >= 3 && (strncmp(name, wanted, length) == 0 || (dot && strcmp(dot + 1, wanted) == 0)))
                return least(distance, 2);
        return distance <= (length < 6 ? 1 : length / 4 + 1) ? distance : WORD_MAX;
}

void catalogue_near(json_t *methods, const char *name, struct buffer *out)
{
        const char *best[SUGGESTIONS];
        size_t distances[SUGGESTIONS];
        size_t count = 0;
        const char *method;
        json_t *description;

        json_object_foreach(methods, method, description)
        {
                size_t distance = nearness(method, name);
                size_t at = count;

                if (distance >= WORD_MAX)
                        continue;
                while (at && distances[at - 1] > distance)
                        at--;
                if (at == SUGGESTIONS)
                        continue;
                if (count < SUGGESTIONS)
                        count++;
                for (size_t i = count - 1; i > at; i--) {
                        best[i] = best[i - 1];
                        distances[i] = distances[i - 1];
                }
                best[at] = method;
                distances[at] = distance;
        }
        for (size_t i = 0; i < count; i++)
                buffer_addf(out, "%s%s",
                        i == 0           ? "  did you mean "
                        : i + 1 == count ? " or "
                                         : ", ",
                        best[i]);
        if (count)
                buffer_add_text(out, "?\n");
}

void catalogue_suggest(struct usher *usher, const char *method, struct buffer *out)
{
        json_t *methods = catalogue_get(usher, NULL);
        size_t before = out->length;

        if (!methods)
                return;
        catalogue_near(methods, method, out);
        if (out->length == before)
                buffer_add_text(out, "  usher describe lists the methods\n");
        json_decref(methods);
}
