/* SPDX-License-Identifier: Apache-2.0 */
/* usher METHOD [name=text | name:=json]… */
#include <string.h>
#include "base/cleanup.h"
#include "client/catalogue.h"
#include "client/complain.h"
#include "client/params.h"
#include "client/usher.h"

/* -e is the event of whatever takes one: the daemon says which do. `points` name their events themselves. */
static void event_fill(struct usher *usher, const char *method, json_t *params)
{
        json_t *methods;

        if (!usher->options.event || json_object_get(params, "event") || json_object_get(params, "points"))
                return;
        methods = catalogue_get(usher, method);
        if (catalogue_takes(json_object_get(methods, method), "event"))
                json_object_set_new(params, "event", json_string(usher->options.event));
        json_decref(methods);
}

/* As the shell reads it: a cursor may hold what it would take for its own. */
static void more_tell(const char *cursor)
{
        static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-";
        const char *quote = cursor[strspn(cursor, plain)] ? "'" : "";

        fprintf(stderr, "More: add cursor=%s", quote);
        for (; *cursor; cursor++) {
                if (*cursor == '\'')
                        fputs("'\\''", stderr);
                else
                        fputc(*cursor, stderr);
        }
        fprintf(stderr, "%s\n", quote);
}

static int result_show(struct usher *usher, json_t *result)
{
        _cleanup_(buffer_deinit) struct buffer out = BUFFER_NULL;
        const char *next = present_next(result);
        int status;

        present_result(&usher->screen, result, &out);
        status = usher_print(&out);
        if (next && !usher->screen.json)
                more_tell(next);
        return status;
}

static int call_ask(struct usher *usher, const char *method, json_t *params)
{
        struct usher_reply reply;
        int status = usher_connect(usher);

        if (status)
                return status;
        event_fill(usher, method, params);
        status = usher_call(usher, method, params, &reply);
        if (status)
                return status;
        if (reply.error) {
                complain_error(usher, method, params, reply.error);
                status = EXIT_REFUSED;
        } else {
                status = result_show(usher, reply.result);
        }
        usher_reply_deinit(&reply);
        return status;
}

int call_run(struct usher *usher)
{
        const struct options *options = &usher->options;
        _cleanup_(buffer_deinit) struct buffer why = BUFFER_NULL;
        json_t *params = json_object();
        int status;

        if (options->dry_run)
                status = usher_misused("--dry-run is of import; a method takes dry_run:=true");
        else if (params_parse(options->words + 1, options->word_count - 1, params, &why))
                status = usher_misused("%s", buffer_text(&why));
        else
                status = call_ask(usher, options->words[0], params);
        json_decref(params);
        return status;
}
