/* SPDX-License-Identifier: Apache-2.0 */
/* usher import registrations FILE.csv: the file flows through, a piece at a time, however long it is. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "base/cleanup.h"
#include "client/import.h"
#include "client/import_chunks.h"
#include "exchange/csv.h"

enum { PIECE = 32768 };

DEFINE_CLEANUP(struct csv_reader *, csv_reader_free);

struct registrations {
        struct import_chunks chunks;
        int64_t read; /* bytes of the file */
        int64_t rows; /* seen in it */
        size_t last_line;
};

static void row_read(void *context, size_t line, json_t *parameters)
{
        struct registrations *registrations = context;

        registrations->rows++;
        if (import_chunks_add(
                    &registrations->chunks, json_incref(parameters), (int64_t)line, registrations->read))
                registrations->last_line = line;
}

static void row_refused(void *context, size_t line, const char *why)
{
        struct registrations *registrations = context;

        registrations->rows++;
        import_chunks_refuse(&registrations->chunks, (int64_t)line, NULL, why);
}

static int reader_failed(const struct registrations *registrations, const struct csv_reader *reader)
{
        usher_say("%s:%zu: %s", registrations->chunks.file, csv_reader_error_line(reader),
                csv_reader_error(reader));
        return EXIT_REFUSED;
}

/* Non-zero: the file cannot be read to its end. What was read before is on its way all the same. */
static int file_flow(struct registrations *registrations, FILE *file)
{
        const struct csv_handlers handlers = { registrations, row_read, row_refused };
        _cleanup_(csv_reader_freep) struct csv_reader *reader = csv_reader_new(&handlers);
        char piece[PIECE];
        size_t length;

        while ((length = fread(piece, 1, sizeof(piece), file)) > 0) {
                registrations->read += (int64_t)length;
                if (csv_reader_feed(reader, piece, length))
                        return reader_failed(registrations, reader);
                if (registrations->chunks.status || registrations->chunks.interrupted)
                        return 0;
        }
        if (ferror(file)) {
                usher_say("%s: %s", registrations->chunks.file, strerror(errno));
                return EXIT_REFUSED;
        }
        return csv_reader_finish(reader) ? reader_failed(registrations, reader) : 0;
}

static int summary_show(const struct registrations *registrations)
{
        const struct import_counts *counts = &registrations->chunks.counts;
        const struct usher *usher = registrations->chunks.usher;
        json_int_t rows = counts->created + counts->updated + counts->unchanged + counts->refused;
        _cleanup_(json_decrefp) json_t *summary = json_pack("{s:I, s:I, s:I, s:I, s:I}", "rows", rows,
                "created", (json_int_t)counts->created, "updated", (json_int_t)counts->updated, "unchanged",
                (json_int_t)counts->unchanged, "refused", (json_int_t)counts->refused);
        _cleanup_(buffer_deinit) struct buffer out = BUFFER_NULL;

        if (usher->options.dry_run)
                json_object_set_new(summary, "dry_run", json_true());
        present_result(&usher->screen, summary, &out);
        return usher_print(&out);
}

static int file_import(struct registrations *registrations, FILE *file)
{
        struct import_chunks *chunks = &registrations->chunks;
        int status = file_flow(registrations, file);
        int sent = import_chunks_finish(chunks);

        if (chunks->interrupted)
                usher_say("%s: interrupted; %" PRId64 " rows were answered, the last line sent is %zu",
                        chunks->file, chunks->rows, registrations->last_line);
        if (summary_show(registrations) || chunks->interrupted || chunks->counts.refused)
                status = EXIT_REFUSED;
        return sent ? sent : status;
}

int import_registrations(struct usher *usher)
{
        const char *name = usher->options.words[2];
        bool standard = strcmp(name, "-") == 0;
        FILE *file = standard ? stdin : fopen(name, "re");
        struct registrations registrations = { .read = 0 };
        struct stat about;
        int status;

        if (!file) {
                usher_say("%s: %s", name, strerror(errno));
                return EXIT_REFUSED;
        }
        status = usher_connect(usher);
        if (!status) {
                bool sized = fstat(fileno(file), &about) == 0 && S_ISREG(about.st_mode);

                import_chunks_init(&registrations.chunks, usher, name, sized ? (int64_t)about.st_size : 0);
                status = file_import(&registrations, file);
                import_chunks_deinit(&registrations.chunks);
        }
        if (!standard)
                fclose(file);
        return status;
}
