/* SPDX-License-Identifier: Apache-2.0 */
/* The numbered migrations of sql/, as files and as scripts to be sent. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "store/private.h"

enum { MIGRATIONS_MAX = 1000 };

#define MIGRATION_LOCK                                                                                       \
        "7305793280" /* of pg_advisory_xact_lock: daemons that start together migrate one after the other */

/* "0003-record.sql": its number; 0: not a migration. */
static int migration_number(const char *name)
{
        char *end;
        long number = strtol(name, &end, 10);
        size_t length = strlen(name);

        if (end != name + 4 || *end != '-' || length < 5 || strcmp(name + length - 4, ".sql") != 0)
                return 0;
        return number > 0 && number < MIGRATIONS_MAX ? (int)number : 0;
}

static int find_migration(const char *dir, int wanted, char **path)
{
        DIR *folder = opendir(dir);
        struct dirent *entry;
        int newest = 0;

        if (!folder)
                return error_origin(-errno);
        while ((entry = readdir(folder))) {
                int number = migration_number(entry->d_name);

                newest = number > newest ? number : newest;
                if (number && number == wanted && path)
                        *path = xasprintf("%s/%s", dir, entry->d_name);
        }
        closedir(folder);
        return newest;
}

static int read_file(const char *path, struct buffer *out)
{
        _cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
        char chunk[16384];
        ssize_t length;

        if (fd < 0)
                return error_origin(-errno);
        while ((length = read(fd, chunk, sizeof(chunk))) > 0)
                buffer_add(out, chunk, (size_t)length);
        return length < 0 ? error_origin(-errno) : 0;
}

int migrations_newest(const char *dir)
{
        return find_migration(dir, 0, NULL);
}

/* One transaction a migration, under a lock, checked again once the lock is held. */
int migration_script(const char *dir, int number, struct buffer *script)
{
        _cleanup_(freep) char *path = NULL;
        int r = find_migration(dir, number, &path);

        if (r < 0 || !path)
                return r < 0 ? error_fold(r) : error_origin(-ENOENT);
        buffer_addf(script, "BEGIN; SELECT pg_advisory_xact_lock(" MIGRATION_LOCK ");\n");
        buffer_addf(script,
                "DO $check$ BEGIN IF to_regclass('usher.schema_version') IS NOT NULL THEN "
                "IF (SELECT max(version) FROM usher.schema_version) >= %d THEN "
                "RAISE EXCEPTION 'migrated meanwhile'; END IF; END IF; END $check$;\n",
                number);
        r = read_file(path, script);
        if (r < 0)
                return error_fold(r);
        buffer_addf(script, "\n;INSERT INTO usher.schema_version (version) VALUES (%d); COMMIT;", number);
        return 0;
}
