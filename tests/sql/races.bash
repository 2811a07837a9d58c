# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What only several sessions at once can show.
# shellcheck source=tests/sql/sessions.sh
. "${here:?}/sessions.sh"

first="p_writer => 'a0000000-0000-4000-8000-000000000011'"
second="p_writer => 'a0000000-0000-4000-8000-000000000012'"
door="jsonb_build_array(build.expect('checkpoint', 'door', 1))"

query -o /dev/null <<'SQL'
SELECT build.conference();
SELECT build.record((SELECT jsonb_agg(build."row"('registration', 'R' || n)) FROM generate_series(1, 600) AS n));
SELECT build.record(jsonb_build_array(build."row"('session', 'a'), build."row"('session', 'b')));
SQL
session_open one
session_open two

# ---- an unknown outcome ----

session_do one "BEGIN; SELECT build.record(jsonb_build_array(build.\"row\"('track', 't1')), p_seq => 1, $first)"
is "$(session_says one)" "done" 'a batch is on its way'
session_do two "SELECT build.record(jsonb_build_array(build.\"row\"('track', 't1')), p_seq => 1, $first)"
session_blocks two
session_do one COMMIT
is "$(session_says two)" again 'sent again meanwhile, it waits for itself and finds itself'
session_do one "BEGIN; SELECT build.record(jsonb_build_array(build.\"row\"('track', 't2')), p_seq => 2, $first)"
is "$(session_says one)" "done" 'another is on its way'
session_do two "SELECT build.record(jsonb_build_array(build.\"row\"('track', 't2')), p_seq => 2, $first)"
session_blocks two
session_do one ROLLBACK
is "$(session_says two)" "done" 'lost, it is done by the second sending'
session_do one "BEGIN; SELECT build.record(jsonb_build_array(build.\"row\"('track', 't3')), p_seq => 3, $first)"
is "$(session_says one)" "done" 'a third is on its way'
session_do two "SELECT usher.close_writer(build.family(), 'a0000000-0000-4000-8000-000000000011', 3)"
session_blocks two
session_do one COMMIT
is "$(session_says two)" t 'to close its writer waits, and tells that it was recorded'

# ---- what was answered while a batch waited ----

session_do one "BEGIN; SELECT build.record(jsonb_build_array(build.\"row\"('track', 'w')), p_counters => jsonb_build_array(build.counter('door/', 0)), $first)"
is "$(session_says one)" "done" 'one holds a counter'
session_do two "SELECT build.record(NULL, ARRAY[build.scan('R600')], $door, jsonb_build_array(build.counter('door/', 1)), $second)"
session_blocks two
is "$(query -c "SELECT build.record(jsonb_build_array(build.\"row\"('registration', 'R600', 2, '{\"status\": \"cancelled\"}')))")" "done" \
        'a cancellation is answered meanwhile'
session_do one COMMIT
is "$(session_says two)" 'ERROR: UH001' 'who waited for the counter does not admit the cancelled'
is "$(query -c "SELECT count(*) FROM usher.presence WHERE registration = 'R600'")" 0 'and nobody is inside'

session_do one "BEGIN; SELECT build.record(NULL, ARRAY[build.scan('R599')], $door, $first)"
is "$(session_says one)" "done" 'one admits somebody'
session_do two "SELECT build.record(NULL, ARRAY[build.scan('R599')], $door, $second)"
session_blocks two
session_do one COMMIT
is "$(session_says two)" 'ERROR: 23505' 'another waits, and does not admit him again'

session_do one "BEGIN; SELECT build.record(NULL, ARRAY[build.scan('R592')], $door, $first)"
is "$(session_says one)" "done" 'one admits somebody else'
session_do two "SELECT build.record(NULL, ARRAY[build.scan('R592'), build.scan('R591')], $door, $second)"
session_blocks two
is "$(query -c "SELECT build.record(jsonb_build_array(build.\"row\"('registration', 'R591', 2, '{\"status\": \"cancelled\"}')))")" "done" \
        'another is cancelled meanwhile'
session_do one ROLLBACK
is "$(session_says two)" 'ERROR: UH001' 'who waited for somebody does not admit the cancelled'
session_do one "BEGIN; SELECT build.record(NULL, ARRAY[build.scan('R592')], $door, $first)"
is "$(session_says one)" "done" 'one comes back'
session_do two "SELECT build.record_scan(build.scan('R592'), p_writer => 'a0000000-0000-4000-8000-000000000012')"
session_blocks two
is "$(query -c "SELECT build.record(jsonb_build_array(build.\"row\"('registration', 'R592', 2, '{\"status\": \"cancelled\"}')))")" "done" \
        'and is cancelled meanwhile'
session_do one ROLLBACK
is "$(session_says two)" 'ERROR: UH001' 'nor is he admitted by himself'

# ---- people who come in another order than their keys' ----

# Whom of two a batch moves first.
in_order() {
        query -c "SELECT string_agg(r, ' ' ORDER BY build.presence_key('door//' || r)) FROM unnest(ARRAY['$1', '$2']) AS r"
}

# FIRST SECOND OTHERS: two people whom another batch has the other way round.
other_way_round() {
        local second_of_both="ARRAY[build.scan('$2'), build.scan('$1')$3]"
        session_do one "BEGIN; SELECT build.record(NULL, ARRAY[build.scan('$1')], $door, $first)"
        is "$(session_says one)" "done" 'one admits the first of two'
        session_do two "SELECT build.record(NULL, $second_of_both, $door, $second)"
        session_blocks two
        session_do three "SET lock_timeout = '5s'; SELECT build.record(NULL, ARRAY[build.scan('$2')], $door, p_writer => 'a0000000-0000-4000-8000-000000000013')"
        is "$(session_says three)" "done" "$4"
        session_do one COMMIT
        is "$(session_says two)" 'ERROR: 23505' 'and finds that both are there'
}

session_open three
# shellcheck disable=SC2046 # two words
other_way_round $(in_order R596 R597) "" 'who waits for the first does not hold the second yet'
# shellcheck disable=SC2046
other_way_round $(in_order R594 R595) ", build.scan('R593', p_day => '2026-11-20'), build.scan('R593', 0)" 'nor with others among them'
session_close three

# ---- two at one place ----

session_do one "BEGIN; SELECT build.record(jsonb_build_array(build.\"row\"('programme', '', 2), build.\"row\"('placement', 'a')), $first)"
is "$(session_says one)" "done" 'one places a session'
session_do two "SELECT build.record(jsonb_build_array(build.\"row\"('programme', '', 2), build.\"row\"('placement', 'b')), $second)"
session_blocks two
session_do one COMMIT
is "$(session_says two)" 'ERROR: UH001' 'another at the same place waits, and decides again'
session_do two "SELECT build.record(jsonb_build_array(build.\"row\"('programme', '', 3), build.\"row\"('placement', 'b')), $second)"
is "$(session_says two)" 'ERROR: 23P01' 'then it learns that the room is taken'

# ---- a person who is erased ----

session_do one "BEGIN; SELECT build.record(NULL, ARRAY[build.scan('R598')], $door, $first, p_why => ARRAY['a note'])"
is "$(session_says one)" "done" 'a scan with a note is on its way'
session_do two "SELECT build.record(jsonb_build_array(build.\"row\"('registration', 'R598', 2, '{\"status\": \"erased\"}'), build.\"row\"('erasure', 'R598')), $second)"
session_blocks two
session_do one COMMIT
is "$(session_says two)" "done" 'the erasure waits for it'
is "$(query -c "SELECT count(*) FROM usher.scan_note WHERE registration = 'R598'")" 0 'and takes the note along'

# ---- a capacity that comes late ----

query -o /dev/null -c "SELECT build.record(jsonb_build_array(build.\"row\"('checkpoint', 'side')))"
session_do one "BEGIN; SELECT build.record(NULL, ARRAY[build.scan('R599', p_checkpoint => 'side')], jsonb_build_array(build.expect('checkpoint', 'side', 1)), $first)"
is "$(session_says one)" "done" 'somebody goes in where nobody is counted'
session_do two "SELECT build.record(jsonb_build_array(build.\"row\"('checkpoint', 'side', 2, '{\"capacity\": 5}')), $second)"
session_blocks two
session_do one COMMIT
is "$(session_says two)" "done" 'a capacity that is given meanwhile waits'
is "$(query -c "SELECT value FROM usher.counter WHERE id = 'side//'")" 1 'and counts whoever it waited for'

# ---- an event that ends ----

query -o /dev/null -c "SELECT build.record(jsonb_build_array(build.\"row\"('checkpoint', 'door', 1, '{}', build.child())))"
session_do one "BEGIN; SELECT build.record(NULL, ARRAY[ROW(gen_random_uuid(), build.child(), 'door', NULL, 0, NULL, 'in', 'refused', 'unknown_credential', now(), 'd', 0, NULL, NULL, NULL, NULL, NULL)::build.scan], $first)"
is "$(session_says one)" "done" 'a scan of an event is on its way'
session_do two "SELECT build.record(jsonb_build_array(build.gone('event', 'forum', 2)), p_family => build.nil(), $second)"
session_blocks two
session_do one COMMIT
is "$(session_says two)" 'ERROR: UH001' 'the end of the event waits for it, and does not come'

# ---- one that trims ----

session_do one "BEGIN; SELECT usher.trim(now() - interval '7 days')"
is "$(session_says one)" 0 'one trims'
session_do two "SELECT coalesce(usher.trim(now() - interval '7 days')::text, 'nothing')"
is "$(session_says two)" nothing 'another leaves it to that one'
session_do one COMMIT
session_close one two

# ---- many at once ----

# together NAME...: runs the scripts NAME.sql at once, behind one gate; what they said stands in NAME.out.
together() {
        local name pids=()
        session_do gate 'SELECT 1 FROM pg_advisory_lock(42)'
        session_says gate >/dev/null
        for name in "$@"; do
                { echo 'SELECT FROM pg_advisory_lock_shared(42) \g /dev/null' && cat "$name.sql"; } |
                        PGAPPNAME=$name "${cluster_bin:?}/psql" -XqAt -v VERBOSITY=sqlstate >"$name.out" 2>&1 &
                pids+=($!)
        done
        for name in "$@"; do
                session_blocks "$name"
        done
        session_do gate 'SELECT pg_advisory_unlock(42)'
        wait "${pids[@]}"
}
session_open gate
# How many of the outputs' lines match.
count() { # PATTERN NAME...
        local pattern=$1
        shift
        cat "${@/%/.out}" | grep -c -- "$pattern"
}

for w in 1 2 3 4; do
        for ((n = w; n <= 103; n += 4)); do
                echo "SELECT build.record(NULL, ARRAY[build.scan('R$n')], $door, jsonb_build_array(build.counter('hall', 1, NULL, 100)), p_writer => 'a0000000-0000-4000-8000-00000000002$w');"
        done >"w$w.sql"
done
together w1 w2 w3 w4
is "$(count '^done' w1 w2 w3 w4) $(count UH002 w1 w2 w3 w4)" '100 3' 'of 103 who come at once, 100 go into 100 places'
is "$(query -c "SELECT value FROM usher.counter WHERE id = 'hall'") $(query -c "SELECT count(*) FROM usher.presence WHERE substr(registration, 2)::int < 200")" \
        '100 100' 'and as many are inside'

# The same people in batches of ten, forwards and backwards.
for w in 1 2; do
        for ((n = 0; n < 30; n++)); do
                if [ $w = 1 ]; then order='ORDER BY n'; else order='ORDER BY n DESC'; fi
                echo "SELECT build.record(NULL, ARRAY(SELECT build.scan('R' || n) FROM generate_series($((200 + n * 10)), $((209 + n * 10))) AS n $order), $door, p_writer => 'a0000000-0000-4000-8000-00000000003$w');"
        done >"w$w.sql"
done
together w1 w2
is "$(count '^done' w1 w2) $(count 23505 w1 w2) $(query -c "SELECT count(*) FROM usher.presence WHERE checkpoint = 'door' AND substr(registration, 2)::int BETWEEN 200 AND 499")" \
        '30 30 300' 'the same batches from two doors: each is admitted once'

# Counters, rows and people in opposite orders: both succeed or one is stale, but nobody is in a deadlock.
for w in 1 2; do
        if [ $w = 1 ]; then order='ORDER BY n'; else order='ORDER BY n DESC'; fi
        for ((n = 0; n < 40; n++)); do
                cat <<SQL
SELECT build.record(
        (SELECT jsonb_agg(build."row"('speaker', 's' || n, (SELECT coalesce(max(version), 0) + 1 FROM usher.speaker WHERE id = 's' || n)) $order) FROM generate_series(1, 4) AS n)
        || (SELECT jsonb_agg(build."row"('track', 'x' || n, (SELECT coalesce(max(version), 0) + 1 FROM usher.track WHERE id = 'x' || n)) $order) FROM generate_series(1, 4) AS n),
        p_counters => (SELECT jsonb_agg(build.counter('m' || n, 1) $order) FROM generate_series(1, 400) AS n),
        p_keys => (SELECT jsonb_agg(build.key(md5('$n/' || n)::uuid) $order) FROM generate_series(1, 4) AS n),
        p_writer => 'a0000000-0000-4000-8000-00000000004$w');
SQL
        done >"w$w.sql"
done
together w1 w2
is "$(count 40P01 w1 w2)" 0 'batches in opposite orders are in no deadlock'
is "$(($(count '^done' w1 w2) + $(count 'UH00[13]' w1 w2)))" 80 'each is recorded, or decided again'
is "$(query -c "SELECT DISTINCT value FROM usher.counter WHERE id LIKE 'm%'")" "$(count '^done' w1 w2)" 'and counts once'
is "$(query -c "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")" 0 'the server saw no deadlock at all'

session_close gate

# Whatever happened, every writer's numbers are without gaps.
is "$(query -c "SELECT count(*) FROM usher.writer AS w WHERE next_seq - 1 <> (SELECT count(*) FROM usher.change AS c WHERE (c.family_id, c.writer) = (w.family_id, w.writer))
        + (SELECT count(*) FROM usher.scan AS s WHERE (s.family_id, s.writer) = (w.family_id, w.writer))")" 0 'every number of every writer is there'
is "$(query -c 'SELECT count(*) FROM usher.audit(build.family())')" 0 'nothing refers to what is not there'
echo "1..$plan"
