/* SPDX-License-Identifier: Apache-2.0 */
#include "client/import_chunks.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/uuid.h"
#include "client/complain.h"
#include "client/interrupt.h"

enum {
        CHUNK_ROWS = 500,
        CHUNK_BYTES = 512 << 10,
        CHUNKS_UNDER_WAY = 4,
        ATTEMPTS = 8,
        REST_MIN_MS = 100,
        REST_MAX_MS = 5000,
        TICK_MS = 100,
        DRAIN_US = 30000000,
};

struct chunk {
        struct chunk *next;
        struct import_chunks *of;
        json_t *params;
        json_t *rows; /* borrowed from params */
        int64_t lines[CHUNK_ROWS];
        size_t count, bytes;
        int64_t end; /* of its last row in the file */
        unsigned attempts;
        int64_t again_us; /* when to send it again */
};

void import_chunks_init(
        struct import_chunks *chunks, struct usher *usher, const char *file, int64_t total_bytes)
{
        *chunks = (struct import_chunks){ .usher = usher,
                .file = file,
                .interrupt_fd = interrupt_catch(),
                .progress = progress_begin(isatty(STDERR_FILENO), clock_monotonic_us(), total_bytes) };
}

static void chunk_free(struct chunk *chunk)
{
        if (!chunk)
                return;
        json_decref(chunk->params);
        free(chunk);
}

static void list_free(struct chunk *list)
{
        while (list) {
                struct chunk *chunk = list;

                list = chunk->next;
                chunk_free(chunk);
        }
}

static void list_append(struct chunk **list, struct chunk *chunk)
{
        while (*list)
                list = &(*list)->next;
        chunk->next = NULL;
        *list = chunk;
}

static void list_remove(struct chunk **list, const struct chunk *chunk)
{
        while (*list && *list != chunk)
                list = &(*list)->next;
        if (*list)
                *list = chunk->next;
}

void import_chunks_deinit(struct import_chunks *chunks)
{
        chunk_free(chunks->open);
        list_free(chunks->resting);
        list_free(chunks->sent);
        closep(&chunks->interrupt_fd);
}

/* ---- answers ---- */

/* A JSON pointer into the row as the column it came from: "/fields/region" is fields.region. */
static void column_add(struct buffer *out, const char *path)
{
        for (const char *at = path + (*path == '/'); *at; at++) {
                if (at[0] == '~' && (at[1] == '0' || at[1] == '1'))
                        buffer_add_char(out, *++at == '0' ? '~' : '/');
                else
                        buffer_add_char(out, *at == '/' ? '.' : *at);
        }
}

static void refused_tell(struct import_chunks *chunks, int64_t line, const char *path, const char *why)
{
        _cleanup_(buffer_deinit) struct buffer column = BUFFER_NULL;

        progress_hide(&chunks->progress);
        if (path)
                column_add(&column, path);
        if (column.length)
                usher_say("%s:%" PRId64 ": %s: %s", chunks->file, line, buffer_text(&column), why);
        else
                usher_say("%s:%" PRId64 ": %s", chunks->file, line, why);
}

void import_chunks_refuse(struct import_chunks *chunks, int64_t line, const char *path, const char *why)
{
        chunks->counts.refused++;
        refused_tell(chunks, line, path, why);
}

static int64_t count_of(json_t *result, const char *name)
{
        return json_integer_value(json_object_get(result, name));
}

static void chunk_answered(struct chunk *chunk, json_t *result)
{
        struct import_chunks *chunks = chunk->of;
        json_t *rows = json_object_get(result, "rows");

        chunks->counts.created += count_of(result, "created");
        chunks->counts.updated += count_of(result, "updated");
        chunks->counts.unchanged += count_of(result, "unchanged");
        chunks->counts.refused += count_of(result, "refused");
        for (size_t i = 0; i < json_array_size(rows) && i < chunk->count; i++) {
                json_t *row = json_array_get(rows, i);
                const char *what = json_string_value(json_object_get(row, "result"));
                const char *why = json_string_value(json_object_get(row, "why"));

                if (what && strcmp(what, "refused") == 0)
                        refused_tell(chunks, chunk->lines[i], json_string_value(json_object_get(row, "path")),
                                why ? why : "refused");
        }
        chunks->rows += (int64_t)chunk->count;
        if (chunk->end > chunks->bytes)
                chunks->bytes = chunk->end;
}

/* Whether the same request, sent again in a while, may well be answered. */
static bool error_passes(json_t *error, int64_t *rest_ms)
{
        json_t *data = json_object_get(error, "data");
        const char *kind = json_string_value(json_object_get(data, "kind"));

        *rest_ms = json_integer_value(json_object_get(data, "retry_after_ms"));
        if (*rest_ms < REST_MIN_MS)
                *rest_ms = REST_MIN_MS;
        if (*rest_ms > REST_MAX_MS)
                *rest_ms = REST_MAX_MS;
        return kind && (strcmp(kind, "unavailable") == 0 || strcmp(kind, "deadline") == 0 ||
                               strcmp(kind, "rate_limited") == 0);
}

/* An error of a whole chunk; a path into its rows becomes the line of the file. */
static void chunk_failed(struct chunk *chunk, json_t *error)
{
        struct import_chunks *chunks = chunk->of;
        const char *path = json_string_value(json_object_get(json_object_get(error, "data"), "path"));
        unsigned row;

        progress_hide(&chunks->progress);
        if (path && sscanf(path, "/rows/%9u", &row) == 1 && row < chunk->count)
                usher_say("%s:%" PRId64 ": the rows around here were not taken:", chunks->file,
                        chunk->lines[row]);
        complain_error(chunks->usher, NULL, NULL, error);
        chunks->status = EXIT_REFUSED;
}

static void chunk_rest(struct chunk *chunk, int64_t rest_ms)
{
        chunk->again_us = clock_monotonic_us() + rest_ms * 1000;
        list_append(&chunk->of->resting, chunk);
}

static void chunk_replied(void *context, const struct usher_reply *reply)
{
        struct chunk *chunk = context;
        int64_t rest_ms;

        chunk->of->under_way--;
        list_remove(&chunk->of->sent, chunk);
        if (reply->result) {
                chunk_answered(chunk, reply->result);
        } else if (error_passes(reply->error, &rest_ms) && ++chunk->attempts < ATTEMPTS) {
                chunk_rest(chunk, rest_ms);
                return;
        } else {
                chunk_failed(chunk, reply->error);
        }
        chunk_free(chunk);
}

/* ---- sending ---- */

static void chunk_send(struct chunk *chunk)
{
        struct import_chunks *chunks = chunk->of;
        int r;

        chunks->under_way++;
        list_append(&chunks->sent, chunk);
        r = usher_client_send(
                chunks->usher->client, "registration.import", chunk->params, chunk_replied, chunk);
        if (r)
                chunks->status = usher_lost(chunks->usher, r);
}

static void resting_send(struct import_chunks *chunks)
{
        int64_t now = clock_monotonic_us();

        while (chunks->resting && chunks->resting->again_us <= now && !chunks->status) {
                struct chunk *chunk = chunks->resting;

                chunks->resting = chunk->next;
                chunk_send(chunk);
        }
}

static void chunks_wait(struct import_chunks *chunks)
{
        int r = usher_client_wait(chunks->usher->client, TICK_MS, chunks->interrupt_fd);

        if (r == USHER_E_INTERRUPTED) {
                interrupt_take(chunks->interrupt_fd);
                progress_hide(&chunks->progress);
                if (chunks->interrupted)
                        chunks->status = EXIT_REFUSED; /* the second time: at once */
                else
                        usher_say("interrupted: waiting for what is under way (once more: not even that)");
                chunks->interrupted = true;
        } else if (r && r != USHER_E_TIMEOUT) {
                progress_hide(&chunks->progress);
                chunks->status = usher_lost(chunks->usher, r);
        }
        if (!chunks->status)
                resting_send(chunks);
        progress_show(
                &chunks->progress, (struct progress_at){ clock_monotonic_us(), chunks->rows, chunks->bytes });
}

static struct chunk *chunk_new(struct import_chunks *chunks)
{
        struct chunk *chunk = xcalloc(1, sizeof(*chunk));
        struct uuid key;
        char text[37];

        chunk->of = chunks;
        chunk->rows = json_array();
        chunk->params = json_pack("{s:s, s:o}", "event", chunks->usher->options.event, "rows", chunk->rows);
        if (chunks->usher->options.dry_run) {
                json_object_set_new(chunk->params, "dry_run", json_true());
        } else {
                uuid_v7(clock_now(), &key);
                uuid_format(&key, text);
                json_object_set_new(chunk->params, "request_key", json_string(text));
        }
        return chunk;
}

static void open_send(struct import_chunks *chunks)
{
        struct chunk *chunk = take_ptr(chunks->open);

        if (chunk)
                chunk_send(chunk);
        while (chunks->under_way >= CHUNKS_UNDER_WAY && !chunks->status)
                chunks_wait(chunks);
        /* While some of it rests the daemon has trouble enough. */
        while (chunks->resting && !chunks->status && !chunks->interrupted)
                chunks_wait(chunks);
}

bool import_chunks_add(struct import_chunks *chunks, json_t *row, int64_t line, int64_t bytes)
{
        size_t size = json_dumpb(row, NULL, 0, JSON_COMPACT) + 1;
        struct chunk *chunk;

        if (chunks->open && chunks->open->bytes + size > CHUNK_BYTES)
                open_send(chunks);
        if (chunks->status || chunks->interrupted) {
                json_decref(row);
                return false;
        }
        if (!chunks->open)
                chunks->open = chunk_new(chunks);
        chunk = chunks->open;
        json_array_append_new(chunk->rows, row);
        chunk->lines[chunk->count++] = line;
        chunk->bytes += size;
        chunk->end = bytes;
        if (chunk->count == CHUNK_ROWS)
                open_send(chunks);
        return !chunks->status && !chunks->interrupted;
}

static void unknown_tell(const struct import_chunks *chunks, const struct chunk *list)
{
        for (const struct chunk *chunk = list; chunk; chunk = chunk->next)
                usher_say("%s: lines %" PRId64 " to %" PRId64
                          " were sent and not answered: they may be kept or not",
                        chunks->file, chunk->lines[0], chunk->lines[chunk->count - 1]);
}

int import_chunks_finish(struct import_chunks *chunks)
{
        int64_t until = INT64_MAX;

        if (!chunks->interrupted && !chunks->status)
                open_send(chunks);
        while ((chunks->under_way || chunks->resting) && !chunks->status) {
                if (chunks->interrupted && until == INT64_MAX)
                        until = clock_monotonic_us() + DRAIN_US;
                if (clock_monotonic_us() > until)
                        break;
                chunks_wait(chunks);
        }
        progress_hide(&chunks->progress);
        unknown_tell(chunks, chunks->sent);
        unknown_tell(chunks, chunks->resting);
        return chunks->status;
}
