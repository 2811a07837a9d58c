# shellcheck shell=bash disable=SC2120
# SPDX-License-Identifier: Apache-2.0
# A PostgreSQL cluster of our own for the length of a script: sourced, then `cluster_start`. Everything goes at exit.

cluster_bin=${PG_BINDIR:-$(ls -d /usr/lib/postgresql/15/bin 2>/dev/null || pg_config --bindir)}
cluster_sql=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../sql" && pwd)

# PostgreSQL refuses to run as root.
cluster_user() {
        if [ "$(id -u)" = 0 ]; then
                runuser -u "$(getent passwd postgres nobody | head -1 | cut -d: -f1)" -- "$@"
        else
                "$@"
        fi
}

cluster_start() {
        cluster_dir=$(mktemp -d /tmp/usher-sql.XXXXXX)
        chmod 755 "$cluster_dir"
        [ "$(id -u)" != 0 ] || chown "$(cluster_user id -un)" "$cluster_dir"
        trap cluster_stop EXIT
        cd "$cluster_dir" || return
        cluster_user "$cluster_bin/initdb" -D "$cluster_dir/data" -U usher_owner -A trust -E UTF8 --locale=C.UTF-8 \
                >"$cluster_dir/initdb.log" 2>&1 || { cat "$cluster_dir/initdb.log"; return 1; }
        cluster_user "$cluster_bin/pg_ctl" -D "$cluster_dir/data" -l "$cluster_dir/data/log" -w start \
                -o "-c listen_addresses='' -c unix_socket_directories=$cluster_dir ${CLUSTER_OPTIONS:-}" >/dev/null
        export PGHOST=$cluster_dir PGUSER=usher_owner PGDATABASE=usher PGOPTIONS='-c client_min_messages=warning'
        "$cluster_bin/createdb" usher
}

cluster_stop() {
        cluster_user "$cluster_bin/pg_ctl" -D "$cluster_dir/data" -m fast -w stop >/dev/null 2>&1
        cd /
        rm -rf "$cluster_dir"
}

# psql without the user's own settings, stopping at the first error.
query() {
        "$cluster_bin/psql" -XqAt -v ON_ERROR_STOP=1 "$@"
}

# Applies what is missing, the way the daemon does: each file in one transaction, under one lock, recorded.
cluster_migrate() {
        local file version
        for file in "$cluster_sql"/[0-9]*.sql; do
                version=$((10#$(basename "$file" | cut -c1-4)))
                query <<-END
                        BEGIN;
                        SELECT pg_advisory_xact_lock(hashtextextended('usher.migrate', 0)) \\g /dev/null
                        SELECT to_regclass('usher.schema_version') IS NULL AS bare \\gset
                        \\if :bare
                        \\set missing true
                        \\else
                        SELECT NOT EXISTS (SELECT FROM usher.schema_version WHERE version = $version) AS missing \\gset
                        \\endif
                        \\if :missing
                        \\o /dev/null
                        $(cat "$file")
                        \\o
                        INSERT INTO usher.schema_version (version) VALUES ($version);
                        SELECT 'applied $version';
                        \\endif
                        COMMIT;
		END
        done
}
