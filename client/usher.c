/* SPDX-License-Identifier: Apache-2.0 */
#include "client/usher.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "client/complain.h"
#include "client/text_width.h"

enum { CONNECT_MS = 10000, TOKEN_MAX = 4096 };

static void say(const char *prefix, const char *format, va_list arguments)
        __attribute__((format(printf, 2, 0)));

static void say(const char *prefix, const char *format, va_list arguments)
{
        _cleanup_(buffer_deinit) struct buffer clean = BUFFER_NULL;
        char *text = NULL;

        if (vasprintf(&text, format, arguments) < 0)
                return;
        text_add_clean(&clean, text, true);
        fprintf(stderr, "%s%s\n", prefix, buffer_text(&clean));
        free(text);
}

void usher_say(const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        say("usher: ", format, arguments);
        va_end(arguments);
}

int usher_misused(const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        say("usher: ", format, arguments);
        va_end(arguments);
        fputs("Try: usher --help\n", stderr);
        return EXIT_USAGE;
}

int usher_print(const struct buffer *out)
{
        fwrite(buffer_text(out), 1, out->length, stdout);
        if (fflush(stdout) == 0)
                return EXIT_ANSWERED;
        usher_say("standard output: %s", strerror(errno));
        return EXIT_REFUSED;
}

int usher_lost(const struct usher *usher, int r)
{
        const char *reason = usher->client ? usher_client_closing(usher->client) : NULL;

        if (reason)
                usher_say("%s: the daemon closed the connection: %s", usher->options.server,
                        complain_closing(reason));
        else
                usher_say("%s: %s", usher->options.server, usher_client_error(r));
        return EXIT_NO_CONNECTION;
}

/* The token in a file, blanks around it aside. The caller frees; NULL, after saying why. */
static char *token_read(const char *path)
{
        _cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        char text[TOKEN_MAX + 1];
        struct stat status;
        ssize_t length;
        char *start;

        if (fd < 0 || fstat(fd, &status) < 0 || (length = read(fd, text, TOKEN_MAX)) < 0) {
                usher_say("%s: %s", path, strerror(errno));
                return NULL;
        }
        if (S_ISREG(status.st_mode) && status.st_mode & (S_IRWXG | S_IRWXO))
                usher_say("warning: %s can be read by others; chmod 600 it", path);
        while (length && strchr(" \t\r\n", text[length - 1]))
                length--;
        text[length] = '\0';
        start = text + strspn(text, " \t\r\n");
        if (!*start || strpbrk(start, " \t\r\n")) {
                usher_say("%s holds %s", path, *start ? "more than a token" : "no token");
                return NULL;
        }
        return xstrdup(start);
}

static int usher_login(struct usher *usher, const char *token)
{
        struct usher_reply reply;
        int r = usher_client_login(usher->client, token, &reply);

        if (r == -EINVAL) {
                usher_say("the token is not UTF-8");
                return EXIT_USAGE;
        }
        if (r)
                return usher_lost(usher, r);
        if (reply.error) {
                complain_error(usher, "auth.login", NULL, reply.error);
                r = EXIT_REFUSED;
        }
        usher_reply_deinit(&reply);
        return r;
}

int usher_connect(struct usher *usher)
{
        const struct options *options = &usher->options;
        _cleanup_(freep) char *token = NULL;
        int r;

        if (options->token_file) {
                token = token_read(options->token_file);
                if (!token)
                        return EXIT_USAGE;
        } else if (options->token) {
                token = xstrdup(options->token);
        }
        r = usher_client_connect(options->server, CONNECT_MS, &usher->client);
        if (r == USHER_E_ADDRESS)
                return usher_misused("%s: %s", options->server, usher_client_error(r));
        if (r) {
                usher_lost(usher, r);
                if (r == -ENOENT || r == -ECONNREFUSED)
                        fputs("  is usherd running? -s or USHER_SERVER names another address\n", stderr);
                return EXIT_NO_CONNECTION;
        }
        return token ? usher_login(usher, token) : 0;
}

int usher_call(struct usher *usher, const char *method, json_t *params, struct usher_reply *reply)
{
        int r = usher_client_call(usher->client, method, params, reply);

        if (r == -EINVAL)
                return usher_misused("the method's name is not UTF-8");
        return r ? usher_lost(usher, r) : 0;
}
