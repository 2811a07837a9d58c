# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Several psql sessions at once, for *.bash: what one does while another holds its locks. Sourced.

declare -A session_in session_out session_pid

session_open() { # NAME
        local in out
        mkfifo "$1.in" "$1.out"
        PGAPPNAME=$1 stdbuf -oL "${cluster_bin:?}/psql" -XqAt -v VERBOSITY=sqlstate <"$1.in" >"$1.out" 2>&1 &
        session_pid[$1]=$!
        exec {in}>"$1.in" {out}<"$1.out"
        session_in[$1]=$in
        session_out[$1]=$out
}

session_do() { # NAME SQL: does not wait
        printf '%s;\n' "$2" >&"${session_in[$1]}"
}

# What the session has said since the last time, on one line; waits until it has done all that it was told.
session_says() { # NAME
        local line said=()
        printf '\\echo all\n' >&"${session_in[$1]}"
        while IFS= read -r -t 60 -u "${session_out[$1]}" line && [ "$line" != all ]; do
                [[ $line =~ (ERROR: .*) ]] && line=${BASH_REMATCH[1]//  / }
                said+=("$line")
        done
        echo "${said[*]}"
}

# Waits until the session itself waits for a lock.
session_blocks() { # NAME
        local deadline=$((SECONDS + 20))
        until [ "$(query -c "SELECT count(*) FROM pg_stat_activity WHERE application_name = '$1' AND wait_event_type = 'Lock'")" = 1 ]; do
                [ $SECONDS -lt $deadline ] || { echo "# $1 waits for nobody"; return 1; }
        done
}

session_close() { # NAME...
        local name
        for name in "$@"; do
                printf '\\q\n' >&"${session_in[$name]}"
                wait "${session_pid[$name]}"
                rm "$name.in" "$name.out"
        done
}

plan=0
is() { # GOT WANTED NAME
        plan=$((plan + 1))
        if [ "$1" = "$2" ]; then
                echo "ok $plan - $3"
        else
                printf 'not ok %d - %s\n#   have: %s\n#   want: %s\n' "$plan" "$3" "$1" "$2"
        fi
}
