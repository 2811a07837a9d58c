/* SPDX-License-Identifier: Apache-2.0 */
/* usher watch TOPIC…: one line of JSON for everything that happens, until interrupted. */
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "client/complain.h"
#include "client/interrupt.h"
#include "client/params.h"
#include "client/usher.h"

struct watcher {
        struct usher *usher;
        json_t *params;
        int status; /* other than 0: it is over */
};

static void watch_notified(void *context, const char *method, json_t *params)
{
        struct watcher *watcher = context;
        char *line;

        if (strcmp(method, "watch.event") != 0)
                return;
        line = json_dumps(params, JSON_COMPACT);
        if (line && (puts(line) == EOF || fflush(stdout) == EOF))
                watcher->status = EXIT_REFUSED;
        free(line);
}

/* Words with "=" are parameters of watch.start (since=SEQ), the others topics. */
static int watch_params(const struct options *options, json_t *params, struct buffer *why)
{
        json_t *topics = json_array();

        for (int i = 1; i < options->word_count; i++) {
                if (strchr(options->words[i], '=')) {
                        if (params_parse(options->words + i, 1, params, why))
                                break;
                } else if (json_array_append_new(topics, json_string(options->words[i])) < 0) {
                        buffer_addf(why, "\"%s\" is not UTF-8", options->words[i]);
                }
        }
        if (!json_array_size(topics) && !why->length && !json_object_get(params, "topics"))
                buffer_add_text(why, "watch needs a topic: checkin, schedule, registration or server");
        if (options->event && !json_object_get(params, "event"))
                json_object_set_new(params, "event", json_string(options->event));
        if (json_array_size(topics))
                json_object_set(params, "topics", topics);
        json_decref(topics);
        return why->length ? PARAMS_E_USAGE : 0;
}

static void watch_replied(void *context, const struct usher_reply *reply)
{
        struct watcher *watcher = context;

        const char *kind = json_string_value(json_object_get(json_object_get(reply->error, "data"), "kind"));

        if (!reply->error)
                return;
        if (kind && strcmp(kind, "unknown_method") == 0)
                usher_say(
                        "%s: this usherd cannot be watched (unknown_method)", watcher->usher->options.server);
        else
                complain_error(watcher->usher, "watch.start", watcher->params, reply->error);
        watcher->status = EXIT_REFUSED;
}

/* From the request on, so that an interruption at any moment is an ordinary end. */
static int watch_loop(struct watcher *watcher)
{
        struct usher *usher = watcher->usher;
        _cleanup_(closep) int interrupt = interrupt_catch();
        int r = usher_client_send(usher->client, "watch.start", watcher->params, watch_replied, watcher);

        while (!r && !watcher->status)
                r = usher_client_wait(usher->client, -1, interrupt);
        if (watcher->status)
                return watcher->status;
        return r == USHER_E_INTERRUPTED ? EXIT_ANSWERED : usher_lost(usher, r);
}

static int watch_start(struct usher *usher, json_t *params)
{
        struct watcher watcher = { usher, params, 0 };
        int status = usher_connect(usher);

        if (status)
                return status;
        usher_client_set_notified(usher->client, watch_notified, &watcher);
        status = watch_loop(&watcher);
        usher_client_set_notified(usher->client, NULL, NULL);
        return status;
}

int watch_run(struct usher *usher)
{
        _cleanup_(buffer_deinit) struct buffer why = BUFFER_NULL;
        json_t *params = json_object();
        int status;

        if (watch_params(&usher->options, params, &why))
                status = usher_misused("%s", buffer_text(&why));
        else
                status = watch_start(usher, params);
        json_decref(params);
        return status;
}
