/* SPDX-License-Identifier: Apache-2.0 */
#include "client/options.h"

#include <getopt.h>
#include <string.h>
#include "client/usher_client.h"

static const char help_text[] =
        "usage: usher [OPTION]... METHOD [NAME=TEXT | NAME:=JSON]...\n"
        "       usher [OPTION]... import schedule FILE...\n"
        "       usher [OPTION]... import registrations FILE.csv\n"
        "       usher [OPTION]... watch TOPIC...\n"
        "       usher [OPTION]... describe [METHOD]\n"
        "\n"
        "Asks the usherd that serves a conference: any of its methods, whole imports, and what happens as it "
        "happens.\n"
        "\n"
        "  -s, --server ADDRESS   unix:PATH or tcp:HOST:PORT (USHER_SERVER; else " USHER_DEFAULT_ADDRESS ")\n"
        "  -t, --token TOKEN      log in with this token (USHER_TOKEN)\n"
        "      --token-file FILE  log in with the token that FILE holds\n"
        "  -e, --event EVENT      the event of whatever takes one (USHER_EVENT)\n"
        "  -o, --output FORMAT    json or table; else a table on a terminal, JSON elsewhere\n"
        "  -n, --dry-run          import: judge everything, keep nothing\n"
        "  -h, --help             this text; METHOD --help: what that method takes\n"
        "  -V, --version          the version\n"
        "\n"
        "Options stand before the word. NAME=TEXT gives a text, NAME:=JSON anything else:\n"
        "  usher -e gcaea-2025 session.get session=lunch\n"
        "  usher -e gcaea-2025 schedule.place session=lunch room=lobby start=2025-10-25T12:10:00+08:00 "
        "dry_run:=true\n"
        "  usher -e gcaea-2025 registration.find query=canhui limit:=5\n"
        "\n"
        "Exit status: 0 answered (a refused scan too), 1 an error answer or refused rows of an import,\n"
        "2 wrong usage, 3 cannot connect.\n";

enum { OPTION_TOKEN_FILE = 256 };

static const struct option long_options[] = {
        { "server", required_argument, NULL, 's' },
        { "token", required_argument, NULL, 't' },
        { "token-file", required_argument, NULL, OPTION_TOKEN_FILE },
        { "event", required_argument, NULL, 'e' },
        { "output", required_argument, NULL, 'o' },
        { "dry-run", no_argument, NULL, 'n' },
        { "help", no_argument, NULL, 'h' },
        { "version", no_argument, NULL, 'V' },
        { NULL, 0, NULL, 0 },
};

void options_help(FILE *out)
{
        fputs(help_text, out);
}

static const char *given(const char *text)
{
        return text && *text ? text : NULL;
}

static int output_parse(const char *word, struct options *options, struct buffer *why)
{
        if (strcmp(word, "json") == 0)
                options->output = OUTPUT_JSON;
        else if (strcmp(word, "table") == 0)
                options->output = OUTPUT_TABLE;
        else
                buffer_addf(why, "the output is json or table, not \"%s\"", word);
        return why->length ? OPTIONS_E_USAGE : 0;
}

/* What getopt stopped at, in words. */
static int option_wrong(int c, char **argv, struct buffer *why)
{
        const char *at = argv[optind - 1];

        if (c == ':')
                buffer_addf(why, "%s needs a value", at);
        else if (optopt && optopt < OPTION_TOKEN_FILE && strncmp(at, "--", 2) != 0)
                buffer_addf(why, "unknown option -%c", optopt);
        else
                buffer_addf(why, "unknown option %s", at);
        return OPTIONS_E_USAGE;
}

static int option_take(int c, char **argv, struct options *options, struct buffer *why)
{
        switch (c) {
        case 's':
                options->server = optarg;
                return 0;
        case 't':
                options->token = optarg;
                return 0;
        case OPTION_TOKEN_FILE:
                options->token_file = optarg;
                return 0;
        case 'e':
                options->event = given(optarg);
                return 0;
        case 'o':
                return output_parse(optarg, options, why);
        case 'n':
                options->dry_run = true;
                return 0;
        case 'h':
                options->help = true;
                return 0;
        case 'V':
                options->version = true;
                return 0;
        }
        return option_wrong(c, argv, why);
}

/* After the word, too, help is help: nothing is done. */
static bool asks_for_help(const struct options *options)
{
        for (int i = 1; i < options->word_count && strcmp(options->words[i], "--") != 0; i++)
                if (strcmp(options->words[i], "--help") == 0 || strcmp(options->words[i], "-h") == 0)
                        return true;
        return false;
}

int options_parse(int argc, char **argv, const char *(*environment)(const char *name),
        struct options *options, struct buffer *why)
{
        int c;

        *options = (struct options){ .server = given(environment("USHER_SERVER")),
                .event = given(environment("USHER_EVENT")) };
        opterr = 0;
        optind = 0; /* glibc: start anew, whatever was parsed before */
        while ((c = getopt_long(argc, argv, "+:s:t:e:o:nhV", long_options, NULL)) != -1) {
                if (option_take(c, argv, options, why))
                        return OPTIONS_E_USAGE;
        }
        options->words = argv + optind;
        options->word_count = argc - optind;
        options->help |= asks_for_help(options);
        if (options->token && options->token_file) {
                buffer_add_text(why, "a token or a file that holds it, not both");
                return OPTIONS_E_USAGE;
        }
        if (!options->token && !options->token_file)
                options->token = given(environment("USHER_TOKEN"));
        if (!options->server)
                options->server = USHER_DEFAULT_ADDRESS;
        if (!options->word_count && !options->help && !options->version) {
                buffer_add_text(why, "a method is missing, or import, watch, describe");
                return OPTIONS_E_USAGE;
        }
        return 0;
}

int options_parse_import(struct options *options, struct buffer *why)
{
        bool names_only = false;
        int kept = 0;

        for (int i = 0; i < options->word_count; i++) {
                char *word = options->words[i];

                if (names_only || word[0] != '-' || !word[1]) {
                        options->words[kept++] = word;
                } else if (strcmp(word, "--") == 0) {
                        names_only = true;
                } else if (strcmp(word, "--dry-run") == 0 || strcmp(word, "-n") == 0) {
                        options->dry_run = true;
                } else {
                        buffer_addf(why, "%s: options stand before the word", word);
                        return OPTIONS_E_USAGE;
                }
        }
        options->word_count = kept;
        return 0;
}
