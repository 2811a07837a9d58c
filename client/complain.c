/* SPDX-License-Identifier: Apache-2.0 */
#include "client/complain.h"

#include <string.h>
#include "base/cleanup.h"
#include "client/catalogue.h"
#include "client/text_width.h"

const char *complain_closing(const char *reason)
{
        static const char *const words[][2] = {
                { "idle", "nothing was asked for too long" },
                { "login", "no login in time" },
                { "too_large", "the request is larger than it takes" },
                { "slow", "its answers were not read fast enough" },
                { "revoked", "the token was revoked or has expired" },
                { "shutdown", "it is being stopped" },
        };

        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
                if (strcmp(words[i][0], reason) == 0)
                        return words[i][1];
        }
        return reason;
}

/* "/rows/3/email" -> the value of that name in what was asked, when it stands on the first level. */
static json_t *given_at(json_t *params, const char *path)
{
        return path && *path == '/' && !strchr(path + 1, '/') ? json_object_get(params, path + 1) : NULL;
}

static bool reads_as_json(const char *text)
{
        json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
        bool reads = value && !json_is_string(value);

        json_decref(value);
        return reads;
}

static void hint_params(const char *method, json_t *params, json_t *data, struct buffer *out)
{
        const char *path = json_string_value(json_object_get(data, "path"));
        const char *expected = json_string_value(json_object_get(data, "expected"));
        const char *text = json_string_value(given_at(params, path));
        bool known = !expected || strcmp(expected, "no such parameter") != 0;

        if (text && known && reads_as_json(text))
                buffer_addf(out, "  %s=… gives a text: write %s:=%s\n", path + 1, path + 1, text);
        if (path && strcmp(path, "/event") == 0 && !text)
                buffer_add_text(out, "  -e EVENT or USHER_EVENT names the event\n");
        if (method)
                buffer_addf(out, "  usher describe %s tells what it takes\n", method);
}

static void hint_unavailable(json_t *data, struct buffer *out)
{
        json_t *after = json_object_get(data, "retry_after_ms");
        json_t *done = json_object_get(data, "done");

        if (json_is_false(done))
                buffer_add_text(out, "  nothing was done");
        else if (json_is_null(done))
                buffer_add_text(out,
                        "  whether it was done is not known: repeat it with the same request_key or nonce");
        else
                buffer_add_text(out, "  try again");
        if (json_is_integer(after))
                buffer_addf(out, "; again in %.1f s", (double)json_integer_value(after) / 1000.0);
        buffer_add_char(out, '\n');
}

static const char *hint_plain(const char *kind)
{
        static const char *const hints[][2] = {
                { "unauthenticated", "-t TOKEN, --token-file FILE or USHER_TOKEN gives a token" },
                { "conflict", "move one of them, or name the kinds you accept: accept:='[\"KIND\"]'" },
                { "deadline", "nothing was done; deadline_ms:=N allows more time" },
                { "exists", "it is taken; another id, or get what is there" },
                { "internal", "the daemon's fault: its log has more under that id" },
                { "too_large", "the request is larger than the daemon takes at once" },
        };

        for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
                if (strcmp(hints[i][0], kind) == 0)
                        return hints[i][1];
        }
        return NULL;
}

static void hint_add(const char *kind, const char *method, json_t *params, json_t *data, struct buffer *out)
{
        const char *needs = json_string_value(json_object_get(data, "needs"));
        const char *plain = hint_plain(kind);

        if (strcmp(kind, "invalid_params") == 0)
                hint_params(method, params, data, out);
        else if (strcmp(kind, "unavailable") == 0 || strcmp(kind, "rate_limited") == 0)
                hint_unavailable(data, out);
        else if (strcmp(kind, "forbidden") == 0 && needs)
                buffer_addf(out, "  a token of the role %s (or above) may do this\n", needs);
        else if (plain)
                buffer_addf(out, "  %s\n", plain);
}

static bool stands_in(const char *message, const char *text)
{
        return message && text && strstr(message, text);
}

/* Everything else that the error says and its message does not, a line each; lists of objects an item a line. */
static void data_add(json_t *data, const char *message_of_all, struct buffer *out)
{
        const char *name;
        json_t *member;

        json_object_foreach(data, name, member)
        {
                size_t items = json_is_object(json_array_get(member, 0)) ? json_array_size(member) : 0;

                if (strcmp(name, "kind") == 0 || strcmp(name, "retry_after_ms") == 0 ||
                        strcmp(name, "done") == 0)
                        continue;
                if (json_is_null(member) || stands_in(message_of_all, json_string_value(member)))
                        continue;
                buffer_addf(out, "  %s:", strcmp(name, "path") == 0 ? "where" : name);
                for (size_t i = 0; i < items; i++) {
                        const json_t *item = json_array_get(member, i);
                        const char *message = json_string_value(json_object_get(item, "message"));
                        const char *kind = json_string_value(json_object_get(item, "kind"));

                        buffer_add_text(out, "\n    ");
                        if (message)
                                buffer_addf(out, "%s%s%s", kind ? kind : "", kind ? ": " : "", message);
                        else
                                present_value(json_array_get(member, i), out);
                }
                if (!items) {
                        buffer_add_char(out, ' ');
                        present_value(member, out);
                }
                buffer_add_char(out, '\n');
        }
}

void complain_words(const char *method, json_t *params, json_t *error, struct buffer *out)
{
        json_t *data = json_object_get(error, "data");
        const char *message = json_string_value(json_object_get(error, "message"));
        const char *kind = json_string_value(json_object_get(data, "kind"));

        buffer_addf(out, "%s (%s)\n", message ? message : "the daemon gave an error without words",
                kind ? kind : "no kind");
        data_add(data, message, out);
        if (kind)
                hint_add(kind, method, params, data, out);
}

void complain_error(struct usher *usher, const char *method, json_t *params, json_t *error)
{
        _cleanup_(buffer_deinit) struct buffer words = BUFFER_NULL;
        _cleanup_(buffer_deinit) struct buffer clean = BUFFER_NULL;
        const char *kind = json_string_value(json_object_get(json_object_get(error, "data"), "kind"));

        complain_words(method, params, error, &words);
        if (kind && method && strcmp(kind, "unknown_method") == 0)
                catalogue_suggest(usher, method, &words);
        text_add_clean(&clean, buffer_text(&words), true);
        fprintf(stderr, "usher: %s", buffer_text(&clean));
}
