/* SPDX-License-Identifier: Apache-2.0 */
/* usher import schedule FILE…: each file into the event named by -e, or into one made from the file itself. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/cleanup.h"
#include "client/catalogue.h"
#include "client/complain.h"
#include "client/import.h"
#include "client/programme_meta.h"

enum { FILE_MAX_BYTES = 64 << 20 };

static int file_read(const char *name, struct buffer *body)
{
        bool standard = strcmp(name, "-") == 0;
        FILE *file = standard ? stdin : fopen(name, "re");
        int error = 0;

        if (!file) {
                usher_say("%s: %s", name, strerror(errno));
                return EXIT_REFUSED;
        }
        while (!feof(file) && !error && body->length <= FILE_MAX_BYTES) {
                buffer_reserve(body, 65536 + 1);
                body->length += fread(body->data + body->length, 1, 65536, file);
                body->data[body->length] = '\0';
                error = ferror(file) ? errno : 0;
        }
        if (!standard)
                fclose(file);
        if (error)
                usher_say("%s: %s", name, strerror(error));
        else if (body->length > FILE_MAX_BYTES)
                usher_say("%s: larger than a programme can be", name);
        return error || body->length > FILE_MAX_BYTES ? EXIT_REFUSED : 0;
}

static json_t *event_params(const struct programme_meta *meta)
{
        char first[11], last[11], starts[16];

        date_format(meta->starts_on, first);
        date_format(meta->ends_on, last);
        snprintf(starts, sizeof(starts), "%02d:%02d", meta->day_starts / 60 % 24, meta->day_starts % 60);
        return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:i}", "event", meta->event, "name", meta->name,
                "timezone", meta->timezone, "starts_on", first, "ends_on", last, "day_starts", starts,
                "if_version", 0);
}

static bool error_is(json_t *error, const char *kind)
{
        const char *word = json_string_value(json_object_get(json_object_get(error, "data"), "kind"));

        return word && strcmp(word, kind) == 0;
}

/* `stale`: somebody else made it meanwhile, which is as good. */
static int event_make(struct usher *usher, const char *file, const struct programme_meta *meta)
{
        _cleanup_(json_decrefp) json_t *params = event_params(meta);
        struct usher_reply reply = { NULL, NULL };
        int status = usher_call(usher, "event.put", params, &reply);

        if (!status && reply.error && !error_is(reply.error, "stale")) {
                complain_error(usher, "event.put", params, reply.error);
                status = EXIT_REFUSED;
        } else if (!status) {
                usher_say("%s: made the event %s: %s, %s to %s, %s%s", file, meta->event, meta->name,
                        json_string_value(json_object_get(params, "starts_on")),
                        json_string_value(json_object_get(params, "ends_on")), meta->timezone,
                        meta->timezone_named ? "" : " (the file names no time zone)");
        }
        usher_reply_deinit(&reply);
        return status;
}

/* Asked before an event is made that would then stay empty. A daemon that does not say is tried. */
static bool format_is_taken(struct usher *usher, const char *format)
{
        _cleanup_(json_decrefp) json_t *methods = catalogue_get(usher, "schedule.import");
        json_t *params = json_object_get(json_object_get(methods, "schedule.import"), "params");
        json_t *words =
                json_object_get(json_object_get(json_object_get(params, "properties"), "format"), "enum");
        size_t i;
        json_t *word;

        json_array_foreach(words, i, word)
        {
                if (strcmp(json_string_value(word), format) == 0)
                        return true;
        }
        return json_array_size(words) == 0;
}

/* The event of the file, made when there is none. `*absent`: a dry run, and there is none to judge by. */
static int event_settle(
        struct usher *usher, const char *file, const struct programme_meta *meta, bool *absent)
{
        _cleanup_(json_decrefp) json_t *params = json_pack("{s:s}", "event", meta->event);
        struct usher_reply reply = { NULL, NULL };
        int status = usher_call(usher, "event.get", params, &reply);
        bool missing = reply.error && error_is(reply.error, "not_found");

        if (!status && reply.error && !missing) {
                complain_error(usher, "event.get", params, reply.error);
                status = EXIT_REFUSED;
        }
        usher_reply_deinit(&reply);
        if (status || !missing)
                return status;
        if (!format_is_taken(usher, meta->format)) {
                usher_say("%s: this usherd does not import %s", file, meta->format);
                return EXIT_REFUSED;
        }
        if (date_is_none(meta->starts_on)) {
                usher_say("%s: names no days: make an event (event.put), and give it with -e", file);
                return EXIT_REFUSED;
        }
        if (usher->options.dry_run) {
                *absent = true;
                usher_say("%s: would make the event %s (%s); without it nothing more can be judged", file,
                        meta->event, meta->name);
                return 0;
        }
        return event_make(usher, file, meta);
}

static int body_import(
        struct usher *usher, const char *event, const struct programme_meta *meta, const struct buffer *body)
{
        _cleanup_(json_decrefp) json_t *params = json_pack("{s:s, s:s, s:s%}", "event", event, "format",
                meta->format, "body", buffer_text(body), body->length);
        _cleanup_(buffer_deinit) struct buffer out = BUFFER_NULL;
        struct usher_reply reply = { NULL, NULL };
        int status;

        if (usher->options.dry_run)
                json_object_set_new(params, "dry_run", json_true());
        status = usher_call(usher, "schedule.import", params, &reply);
        if (!status && reply.error) {
                complain_error(usher, "schedule.import", params, reply.error);
                status = EXIT_REFUSED;
        } else if (!status) {
                present_result(&usher->screen, reply.result, &out);
                status = usher_print(&out);
        }
        usher_reply_deinit(&reply);
        return status;
}

static int file_import(struct usher *usher, const char *file)
{
        _cleanup_(programme_meta_deinit) struct programme_meta meta = PROGRAMME_META_NULL;
        _cleanup_(buffer_deinit) struct buffer body = BUFFER_NULL;
        _cleanup_(buffer_deinit) struct buffer why = BUFFER_NULL;
        const char *event = usher->options.event;
        bool absent = false;
        int status = file_read(file, &body);

        if (status)
                return status;
        if (programme_meta_read(file, &body, &meta, &why)) {
                usher_say("%s: %s", file, buffer_text(&why));
                return EXIT_REFUSED;
        }
        if (!event) {
                event = meta.event;
                status = event_settle(usher, file, &meta, &absent);
        }
        if (status || absent)
                return status;
        if (usher->options.word_count > 3 || usher->options.event)
                usher_say("%s into %s:", file, event);
        return body_import(usher, event, &meta, &body);
}

int import_schedule(struct usher *usher)
{
        int worst = usher_connect(usher);

        for (int i = 2; i < usher->options.word_count && worst < EXIT_USAGE; i++) {
                int status = file_import(usher, usher->options.words[i]);

                if (status > worst)
                        worst = status;
        }
        return worst;
}
