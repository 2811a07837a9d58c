/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settings: usherd.conf and the command line, read into one struct that is never changed afterwards.
 *
 * Every setting is one row of a table (settings/table.c): its section, name, type, range, default and summary. The
 * reader, check-config's complaints, config/usherd.conf and docs/usherd.conf.5 all follow that table. What the
 * command line says goes before what the file says. main.c owns the struct; everybody else reads from it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "base/buffer.h"
#include "base/log.h"
#include "settings/limits.h"

#define SETTINGS_FILE "/etc/usherd/usherd.conf" /* read when there is no -c, and it exists */

enum settings_command {
        SETTINGS_RUN,
        SETTINGS_MIGRATE,
        SETTINGS_TOKEN,
        SETTINGS_CHECK_CONFIG,
        SETTINGS_HELP,
        SETTINGS_VERSION,
};

struct settings_listen {
        char **addresses; /* "unix:PATH", "tcp:HOST:PORT" */
        size_t count;
};

struct settings {
        enum settings_command command;
        bool demo;
        char *file; /* what was read; NULL: none */
        struct {
                char *role, *event, *label; /* of SETTINGS_TOKEN; event and label may be NULL */
        } token;

        struct settings_listen listen;
        char *state_dir;
        char *demo_file;
        enum log_level log_level;
        size_t helper_threads;
        size_t connections; /* of the whole daemon; 0: as many as the descriptor limit leaves */
        unsigned stop_seconds;

        char *conninfo; /* NULL: the private cluster */
        char *pg_bindir; /* NULL: found */
        char *sql_dir;
        size_t lanes;
        size_t batch_scans;
        int64_t batch_deadline_us;

        int64_t deadline_us; /* of a request that names none */
        int64_t offline_deadline_us; /* the most it waits for a database that is away, unless it says more */
        size_t worker_line_bytes, worker_values;

        struct wire_limits limits_before_login, limits_login, limits_organiser;
};

#define SETTINGS_NULL ((struct settings){ 0 })

enum {
        SETTINGS_E_USAGE = 1, /* the command line makes no sense: exit status 2 */
        SETTINGS_E_INVALID, /* the file cannot be read, or says what cannot be: exit status 1 */
};

/*
 * Reads the command line, and the file it names. 0, or a positive outcome with one complaint a line in `why`, for a
 * person ("usherd.conf:7: [limits] nesting: expected a whole number from 1 to 1024"). SETTINGS_E_INVALID lists all
 * there are. `settings` is to be SETTINGS_NULL, and settings_deinit() is due either way.
 */
int settings_read(struct settings *settings, int argc, char *const *argv, struct buffer *why);
void settings_deinit(struct settings *settings);
void settings_usage(FILE *to);
