/* SPDX-License-Identifier: Apache-2.0 */
#include "settings/settings.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "settings/file.h"
#include "settings/paths.h"
#include "settings/table.h"

struct arguments {
        const char *file, *state_dir, *conninfo;
        const char *listen[64];
        size_t listen_count;
};

static const char *const token_roles[] = { "door", "desk", "organiser", "admin", NULL };

void settings_usage(FILE *to)
{
        fputs("usage: usherd [-c FILE] [-D STATE_DIR] [-d CONNINFO] [-l ADDRESS]... [-H HOST:PORT] [--demo]\n"
              "       usherd [options] migrate\n"
              "       usherd [options] token --role ROLE [--event EVENT] [--label LABEL]\n"
              "       usherd [options] check-config\n"
              "\n"
              "  -c FILE        settings (default " SETTINGS_FILE ", if it exists)\n"
              "  -D STATE_DIR   where the private cluster and the key file live\n"
              "  -d CONNINFO    a PostgreSQL database, in place of the private cluster\n"
              "  -l ADDRESS     listen on unix:PATH or tcp:HOST:PORT, any number of times\n"
              "  -H HOST:PORT   answer HTTP there (not in this version)\n"
              "  --demo         put the demo event into a database that does not have it yet\n"
              "  --help, --version\n"
              "\n"
              "Options stand before the word. ROLE is door, desk, organiser or admin.\n",
                to);
}

static int usage_fail(struct buffer *why, const char *format, const char *argument)
{
        buffer_addf(why, "usherd: ");
        buffer_add_text(why, format);
        buffer_add_text(why, argument ? argument : "");
        buffer_add_char(why, '\n');
        return SETTINGS_E_USAGE;
}

static int listen_take(struct arguments *arguments, const char *address, struct buffer *why)
{
        const char *problem = setting_address_problem(address);

        if (!problem && arguments->listen_count == sizeof(arguments->listen) / sizeof(arguments->listen[0]))
                problem = "at most 64 addresses can be given";
        if (problem) {
                buffer_addf(why, "usherd: -l %s: %s\n", address, problem);
                return SETTINGS_E_USAGE;
        }
        arguments->listen[arguments->listen_count++] = address;
        return 0;
}

/* The options before the word. `optind` is at the word afterwards. */
static int options_read(struct settings *settings, struct arguments *arguments, int argc, char *const *argv,
        struct buffer *why)
{
        static const struct option options[] = {
                { "demo", no_argument, NULL, 'X' },
                { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, 'V' },
                { NULL, 0, NULL, 0 },
        };
        int option, r;

        optind = 0; /* GNU getopt: begin anew, with its order ("+") looked at again */
        opterr = 0;
        while ((option = getopt_long(argc, argv, "+:c:D:d:l:H:h", options, NULL)) != -1) {
                switch (option) {
                case 'c':
                        arguments->file = optarg;
                        break;
                case 'D':
                        arguments->state_dir = optarg;
                        break;
                case 'd':
                        arguments->conninfo = optarg;
                        break;
                case 'l':
                        r = listen_take(arguments, optarg, why);
                        if (r)
                                return r;
                        break;
                case 'H':
                        return usage_fail(why, "-H: HTTP is not supported by this version", NULL);
                case 'X':
                        settings->demo = true;
                        break;
                case 'h':
                        settings->command = SETTINGS_HELP;
                        return 0;
                case 'V':
                        settings->command = SETTINGS_VERSION;
                        return 0;
                case ':':
                        return usage_fail(why, "a value is missing after ", argv[optind - 1]);
                default:
                        return usage_fail(why, "no such option: ", argv[optind - 1]);
                }
        }
        return 0;
}

static bool role_is_known(const char *role)
{
        for (size_t i = 0; token_roles[i]; i++)
                if (strcmp(role, token_roles[i]) == 0)
                        return true;
        return false;
}

static int token_read(struct settings *settings, int argc, char *const *argv, struct buffer *why)
{
        static const struct option options[] = {
                { "role", required_argument, NULL, 'r' },
                { "event", required_argument, NULL, 'e' },
                { "label", required_argument, NULL, 'l' },
                { "help", no_argument, NULL, 'h' },
                { NULL, 0, NULL, 0 },
        };
        int option;

        optind = 0;
        while ((option = getopt_long(argc, argv, "+:h", options, NULL)) != -1) {
                char **to = option == 'r'   ? &settings->token.role
                            : option == 'e' ? &settings->token.event
                            : option == 'l' ? &settings->token.label
                                            : NULL;

                if (option == 'h') {
                        settings->command = SETTINGS_HELP;
                        return 0;
                }
                if (!to)
                        return usage_fail(why,
                                option == ':' ? "a value is missing after "
                                              : "token: options of usherd stand before the word: ",
                                argv[optind - 1]);
                free(*to);
                *to = xstrdup(optarg);
        }
        if (optind < argc)
                return usage_fail(why, "token: not expected: ", argv[optind]);
        if (!settings->token.role || !role_is_known(settings->token.role))
                return usage_fail(why, "token: --role is door, desk, organiser or admin", NULL);
        return 0;
}

static int word_read(struct settings *settings, int argc, char *const *argv, struct buffer *why)
{
        if (argc == 0)
                return 0;
        if (strcmp(argv[0], "token") == 0) {
                settings->command = SETTINGS_TOKEN;
                return token_read(settings, argc, argv, why);
        }
        if (strcmp(argv[0], "migrate") == 0)
                settings->command = SETTINGS_MIGRATE;
        else if (strcmp(argv[0], "check-config") == 0)
                settings->command = SETTINGS_CHECK_CONFIG;
        else
                return usage_fail(why, "no such command: ", argv[0]);
        if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
                settings->command = SETTINGS_HELP;
        else if (argc > 1)
                return usage_fail(
                        why, *argv[1] == '-' ? "options stand before the word: " : "not expected: ", argv[1]);
        return 0;
}

static void listen_override(struct settings *settings, const struct arguments *arguments)
{
        const struct setting *row = setting_find("daemon", "listen");

        if (arguments->listen_count == 0)
                return;
        setting_clear(settings, row);
        for (size_t i = 0; i < arguments->listen_count; i++)
                setting_assign(settings, row, arguments->listen[i]);
}

/* A state directory named relatively is meant from here, also when the daemon goes elsewhere. */
static int override(struct settings *settings, const struct arguments *arguments, struct buffer *why)
{
        listen_override(settings, arguments);
        if (arguments->conninfo)
                setting_assign(settings, setting_find("database", "conninfo"), arguments->conninfo);
        if (arguments->state_dir && *arguments->state_dir == '\0')
                return usage_fail(why, "-D: expected a directory", NULL);
        if (arguments->state_dir) {
                _cleanup_(freep) char *here = get_current_dir_name();
                _cleanup_(freep) char *path =
                        *arguments->state_dir == '/'
                                ? xstrdup(arguments->state_dir)
                                : xasprintf("%s/%s", here ? here : "", arguments->state_dir);

                setting_assign(settings, setting_find("daemon", "state_dir"), path);
        }
        return 0;
}

/* Limits that are the same for everybody stand with those before login; the other stages follow them. */
static void limits_settle(struct settings *settings)
{
        struct wire_limits *first = &settings->limits_before_login;
        struct wire_limits *login = &settings->limits_login, *organiser = &settings->limits_organiser;
        struct wire_limits of_login = *first, of_organiser = *first;

        of_login.line_bytes = login->line_bytes;
        of_organiser.line_bytes = organiser->line_bytes;
        of_login.values = of_organiser.values = login->values;
        of_login.unread_bytes = of_organiser.unread_bytes = login->unread_bytes;
        *login = of_login;
        *organiser = of_organiser;
}

int settings_read(struct settings *settings, int argc, char *const *argv, struct buffer *why)
{
        struct arguments arguments = { 0 };
        const char *file;
        int r;

        setting_assign_defaults(settings);
        r = options_read(settings, &arguments, argc, argv, why);
        if (r || settings->command == SETTINGS_HELP || settings->command == SETTINGS_VERSION)
                return r;
        r = word_read(settings, argc - optind, argv + optind, why);
        if (r || settings->command == SETTINGS_HELP)
                return r;
        file = arguments.file ? arguments.file : SETTINGS_FILE;
        if (settings_file_read(settings, file, !arguments.file, why))
                settings->file = xstrdup(file);
        if (why->length)
                return SETTINGS_E_INVALID;
        r = override(settings, &arguments, why);
        if (r)
                return r;
        if (!settings->sql_dir)
                settings->sql_dir = xstrdup(USHERD_SQL_DIR);
        if (!settings->demo_file)
                settings->demo_file = xstrdup(USHERD_DEMO_FILE);
        limits_settle(settings);
        return 0;
}

void settings_deinit(struct settings *settings)
{
        for (const struct setting *s = setting_table; s->name; s++)
                setting_clear(settings, s);
        free(settings->file);
        free(settings->token.role);
        free(settings->token.event);
        free(settings->token.label);
        *settings = SETTINGS_NULL;
}
