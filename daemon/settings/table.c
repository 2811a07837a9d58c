/* SPDX-License-Identifier: Apache-2.0 */
#include "settings/table.h"

#include <stdlib.h>
#include <string.h>

#define KIB INT64_C(1024)
#define MIB (1024 * KIB)
#define ROW(section, name, type, min, max, fallback, member, summary)                                        \
        {                                                                                                    \
                section, name, type, min, max, fallback, offsetof(struct settings, member), summary          \
        }

/* clang-format off */
const struct setting setting_table[] = {
        ROW("daemon", "listen", SETTING_LISTEN, 0, 0, "unix:/run/usherd/usherd.sock", listen,
                "An address to listen on: unix:PATH or tcp:HOST:PORT (port 0: any free one). One line an address. "
                "Addresses given with -l take the place of all of these."),
        ROW("daemon", "state_dir", SETTING_PATH, 0, 0, "/var/lib/usherd", state_dir,
                "The directory for what the daemon keeps: its private PostgreSQL cluster, the key file."),
        ROW("daemon", "demo_file", SETTING_PATH, 0, 0, "", demo_file,
                "The event that --demo puts into a database that does not have it yet. Unset: as installed."),
        ROW("daemon", "log_level", SETTING_LEVEL, 0, 0, "info", log_level,
                "How much is logged: error, warning, info or debug."),
        ROW("daemon", "helper_threads", SETTING_COUNT, 1, 64, "2", helper_threads,
                "Threads for what is large and pure: long lines, imports, exports."),
        ROW("daemon", "connections", SETTING_COUNT, 0, 1000000, "0", connections,
                "The most connections of the whole daemon. 0: as many as the descriptor limit leaves."),
        ROW("daemon", "stop_seconds", SETTING_SECONDS, 0, 600, "10", stop_seconds,
                "How long a stopping daemon waits for what is under way."),

        ROW("database", "conninfo", SETTING_TEXT, 0, 0, "", conninfo,
                "A libpq connection string. Unset: the daemon runs a PostgreSQL cluster of its own in state_dir."),
        ROW("database", "bindir", SETTING_PATH, 0, 0, "", pg_bindir,
                "Where initdb and postgres are, for the private cluster. Unset: found."),
        ROW("database", "sql_dir", SETTING_PATH, 0, 0, "", sql_dir,
                "Where the numbered migrations are. Unset: as installed."),
        ROW("database", "lanes", SETTING_COUNT, 1, 16, "3", lanes,
                "The most batches of changes under way, and as many connections; imports have one more."),
        ROW("database", "batch_scans", SETTING_COUNT, 1, 1024, "512", batch_scans,
                "The most scans in one batch."),
        ROW("database", "batch_deadline_ms", SETTING_MS, 100, 600000, "5000", batch_deadline_us,
                "After so long without an answer a connection is given up, and its batch's outcome is found out."),

        ROW("requests", "deadline_ms", SETTING_MS, 1, 600000, "30000", deadline_us,
                "The deadline of a request that names none."),
        ROW("requests", "offline_deadline_ms", SETTING_MS, 1, 600000, "5000", offline_deadline_us,
                "The most a request waits for a database that is away, unless its own deadline_ms says more."),
        ROW("requests", "worker_line_bytes", SETTING_BYTES, 1 * KIB, 16 * MIB, "16K", worker_line_bytes,
                "Lines longer than this are parsed on a helper thread."),
        ROW("requests", "worker_values", SETTING_COUNT, 100, 1000000, "2000", worker_values,
                "Lines of more values than this are parsed on a helper thread."),

        ROW("limits", "line_bytes_before_login", SETTING_BYTES, 1 * KIB, 1024 * MIB, "16K", limits_before_login.line_bytes,
                "The longest line before login, its end not counted."),
        ROW("limits", "line_bytes", SETTING_BYTES, 1 * KIB, 1024 * MIB, "1M", limits_login.line_bytes,
                "The longest line after login."),
        ROW("limits", "line_bytes_organiser", SETTING_BYTES, 1 * KIB, 1024 * MIB, "16M", limits_organiser.line_bytes,
                "The longest line of an organiser or admin."),
        ROW("limits", "values_before_login", SETTING_COUNT, 10, 10000000, "200", limits_before_login.values,
                "The most values (numbers, strings, literals, arrays, objects; keys aside) in a line before login."),
        ROW("limits", "values", SETTING_COUNT, 10, 10000000, "100000", limits_login.values,
                "The most values in a line after login."),
        ROW("limits", "nesting", SETTING_COUNT, 8, 1024, "32", limits_before_login.nesting,
                "How deep brackets may stand in each other, the outermost counted."),
        ROW("limits", "in_flight", SETTING_COUNT, 1, 65536, "256", limits_before_login.in_flight,
                "The most requests under way on a connection, a batch's members counted."),
        ROW("limits", "unread_bytes_before_login", SETTING_BYTES, 64 * KIB, 4096 * MIB, "1M", limits_before_login.unread_bytes,
                "The most replies that wait to be read by a connection before login."),
        ROW("limits", "unread_bytes", SETTING_BYTES, 64 * KIB, 4096 * MIB, "32M", limits_login.unread_bytes,
                "The most replies that wait to be read by a connection after login."),
        ROW("limits", "connections_each", SETTING_COUNT, 1, 1000000, "4096", limits_before_login.connections,
                "The most connections of one address, or of one uid on a Unix socket."),
        ROW("limits", "login_seconds", SETTING_SECONDS, 1, 86400, "30", limits_before_login.login_seconds,
                "A connection idle this long without a login or a watch is closed."),
        ROW("limits", "idle_seconds", SETTING_SECONDS, 1, 604800, "600", limits_before_login.idle_seconds,
                "A connection with nothing under way and no watch for this long is closed."),
        ROW("limits", "slow_seconds", SETTING_SECONDS, 1, 3600, "10", limits_before_login.slow_seconds,
                "A peer that takes no byte of what waits for it for this long is closed."),
        { NULL, NULL, SETTING_TEXT, 0, 0, NULL, 0, NULL },
};
/* clang-format on */

static const char *const level_words[] = { "error", "warning", "info", "debug", NULL };

const struct setting *setting_find(const char *section, const char *name)
{
        for (const struct setting *s = setting_table; s->name; s++)
                if (strcmp(s->section, section) == 0 && strcmp(s->name, name) == 0)
                        return s;
        return NULL;
}

void setting_expected(const struct setting *setting, struct buffer *out)
{
        switch (setting->type) {
        case SETTING_TEXT:
                buffer_add_text(out, "a text");
                break;
        case SETTING_PATH:
                buffer_add_text(out, "an absolute path");
                break;
        case SETTING_LISTEN:
                buffer_add_text(out, "unix:PATH or tcp:HOST:PORT");
                break;
        case SETTING_LEVEL:
                buffer_add_text(out, "error, warning, info or debug");
                break;
        case SETTING_COUNT:
                buffer_addf(out, "a whole number from %lld to %lld", (long long)setting->min,
                        (long long)setting->max);
                break;
        case SETTING_BYTES:
                buffer_addf(out, "bytes from %lld to %lld (K and M for KiB and MiB)", (long long)setting->min,
                        (long long)setting->max);
                break;
        case SETTING_SECONDS:
                buffer_addf(out, "whole seconds from %lld to %lld", (long long)setting->min,
                        (long long)setting->max);
                break;
        case SETTING_MS:
                buffer_addf(out, "whole milliseconds from %lld to %lld", (long long)setting->min,
                        (long long)setting->max);
                break;
        }
}

/* Digits alone, then K or M where the row counts bytes. */
static bool number_parse(const struct setting *setting, const char *value, int64_t *number)
{
        size_t digits = strspn(value, "0123456789");
        const char *unit = value + digits;
        int64_t factor = 1;

        if (digits == 0 || digits > 12)
                return false;
        if (setting->type == SETTING_BYTES && (*unit == 'K' || *unit == 'M')) {
                factor = *unit == 'K' ? KIB : MIB;
                unit++;
        }
        *number = strtoll(value, NULL, 10) * factor;
        return *unit == '\0' && *number >= setting->min && *number <= setting->max;
}

static bool level_parse(const char *value, enum log_level *level)
{
        for (size_t i = 0; level_words[i]; i++)
                if (strcmp(value, level_words[i]) == 0) {
                        *level = (enum log_level)i;
                        return true;
                }
        return false;
}

static void listen_add(struct settings_listen *listen, const char *address)
{
        listen->addresses = xrealloc(listen->addresses, (listen->count + 1) * sizeof(*listen->addresses));
        listen->addresses[listen->count++] = xstrdup(address);
}

static void text_replace(char **text, const char *value)
{
        free(*text);
        *text = *value ? xstrdup(value) : NULL;
}

bool setting_assign(struct settings *settings, const struct setting *setting, const char *value)
{
        void *place = (char *)settings + setting->offset;
        int64_t number = 0;

        switch (setting->type) {
        case SETTING_TEXT:
                text_replace(place, value);
                return true;
        case SETTING_PATH:
                if (*value != '/' && !(*value == '\0' && *setting->fallback == '\0'))
                        return false;
                text_replace(place, value);
                return true;
        case SETTING_LISTEN:
                if (setting_address_problem(value))
                        return false;
                listen_add(place, value);
                return true;
        case SETTING_LEVEL:
                return level_parse(value, place);
        case SETTING_COUNT:
        case SETTING_BYTES:
        case SETTING_SECONDS:
        case SETTING_MS:
                break;
        }
        if (!number_parse(setting, value, &number))
                return false;
        if (setting->type == SETTING_SECONDS)
                *(unsigned *)place = (unsigned)number;
        else if (setting->type == SETTING_MS)
                *(int64_t *)place = number * 1000;
        else
                *(size_t *)place = (size_t)number;
        return true;
}

void setting_assign_defaults(struct settings *settings)
{
        for (const struct setting *s = setting_table; s->name; s++)
                setting_assign(settings, s, s->fallback);
}

void setting_clear(struct settings *settings, const struct setting *setting)
{
        void *place = (char *)settings + setting->offset;

        if (setting->type == SETTING_TEXT || setting->type == SETTING_PATH) {
                text_replace(place, "");
        } else if (setting->type == SETTING_LISTEN) {
                struct settings_listen *listen = place;

                for (size_t i = 0; i < listen->count; i++)
                        free(listen->addresses[i]);
                free(listen->addresses);
                *listen = (struct settings_listen){ NULL, 0 };
        }
}
