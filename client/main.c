/* SPDX-License-Identifier: Apache-2.0 */
/* usher: the command line of usherd. */
#include <string.h>
#include <stdlib.h>
#include "client/usher.h"

static const char *environment(const char *name)
{
        return getenv(name);
}

static int word_run(struct usher *usher)
{
        static const struct {
                const char *word;
                int (*run)(struct usher *usher);
        } words[] = {
                { "import", import_run },
                { "watch", watch_run },
                { "describe", describe_run },
                { "complete", complete_run },
        };

        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
                if (strcmp(usher->options.words[0], words[i].word) == 0)
                        return words[i].run(usher);
        }
        return call_run(usher);
}

/* Of a method the daemon knows more than we. */
static int help(struct usher *usher)
{
        if (usher->options.word_count && strchr(usher->options.words[0], '.')) {
                usher->screen = screen_find(OUTPUT_TABLE);
                return describe_method(usher, usher->options.words[0]);
        }
        options_help(stdout);
        return EXIT_ANSWERED;
}

int main(int argc, char **argv)
{
        struct usher usher = { 0 };
        struct buffer why = BUFFER_NULL;
        int status;

        if (options_parse(argc, argv, environment, &usher.options, &why)) {
                status = usher_misused("%s", buffer_text(&why));
        } else if (usher.options.help) {
                status = help(&usher);
        } else if (usher.options.version) {
                puts("usher " USHER_VERSION);
                status = EXIT_ANSWERED;
        } else {
                usher.screen = screen_find(usher.options.output);
                status = word_run(&usher);
        }
        usher_client_free(usher.client);
        buffer_deinit(&why);
        return status;
}
