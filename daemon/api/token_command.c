/* SPDX-License-Identifier: Apache-2.0 */
#include "api/token_command.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <string.h>

#include "api/own_socket.h"
#include "base/cleanup.h"

struct token_command {
        struct bufferevent *peer;
        void (*done)(void *context, const char *secret, const char *why);
        void *context;
};

static void answered(struct bufferevent *peer, void *context)
{
        struct token_command *command = context;
        _cleanup_(freep) char *line = evbuffer_readln(bufferevent_get_input(peer), NULL, EVBUFFER_EOL_LF);
        const char *secret, *message;
        json_t *reply;

        if (!line)
                return;
        bufferevent_disable(peer, EV_READ);
        reply = json_loads(line, 0, NULL);
        secret = json_string_value(json_object_get(json_object_get(reply, "result"), "token"));
        message = json_string_value(json_object_get(json_object_get(reply, "error"), "message"));
        command->done(command->context, secret, secret ? NULL : message ? message : line);
        json_decref(reply);
}

static void went(struct bufferevent *peer, short what, void *context)
{
        struct token_command *command = context;

        (void)peer;
        if (what & (BEV_EVENT_ERROR | BEV_EVENT_EOF))
                command->done(command->context, NULL, "the connection to the daemon's own socket was lost");
}

static void ask(struct token_command *command, const struct settings *settings)
{
        const char *label = settings->token.label ? settings->token.label : settings->token.role;
        json_t *request = json_pack("{s:s, s:i, s:s, s:{s:s, s:s, s:s*}}", "jsonrpc", "2.0", "id", 1,
                "method", "token.create", "params", "role", settings->token.role, "label", label, "event",
                settings->token.event);
        _cleanup_(freep) char *line = json_dumps(request, JSON_COMPACT);

        json_decref(request);
        if (!line) {
                command->done(command->context, NULL, "the label is not UTF-8");
                return;
        }
        bufferevent_write(command->peer, line, strlen(line));
        bufferevent_write(command->peer, "\n", 1);
}

struct token_command *token_command_new(struct api *api, const char *path,
        void (*done)(void *context, const char *secret, const char *why), void *context)
{
        struct token_command *command = xcalloc(1, sizeof(*command));

        command->done = done;
        command->context = context;
        command->peer = own_socket_connect(api, path);
        bufferevent_setcb(command->peer, answered, NULL, went, command);
        bufferevent_enable(command->peer, EV_READ | EV_WRITE);
        ask(command, api->settings);
        return command;
}

struct token_command *token_command_free(struct token_command *command)
{
        if (!command)
                return NULL;
        bufferevent_free(command->peer);
        free(command);
        return NULL;
}
