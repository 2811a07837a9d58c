-- SPDX-License-Identifier: Apache-2.0
--
-- usher.record: the one function for changes, one call a batch. A batch is recorded whole or not at all.

-- ---- speakers of sessions ----

-- Takes the sessions that a batch touches out of the overlap of speakers, and writes their speakers anew where it
-- brings them. They come back, all in their final places, with usher.speakers_put_back.
CREATE FUNCTION usher.speakers_take_out(p_family uuid, p_rows jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
        UPDATE usher.session_speaker AS s SET period = NULL
        WHERE s.family_id = p_family AND s.period IS NOT NULL
          AND (s.event_id, s.session) IN (
                SELECT r.event_id, r.id FROM usher.rows_of(p_rows, 'session') AS r
                UNION ALL
                SELECT r.event_id, r.id FROM usher.rows_of(p_rows, 'placement') AS r);
END
$$;

CREATE FUNCTION usher.speakers_put_back(p_family uuid, p_rows jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
        DELETE FROM usher.session_speaker AS s
        USING usher.rows_of(p_rows, 'session') AS r
        WHERE s.family_id = p_family AND s.event_id = r.event_id AND s.session = r.id;

        INSERT INTO usher.session_speaker (family_id, event_id, session, position, speaker, role)
        SELECT p_family, r.event_id, r.id, n.position, n.value->>'speaker', n.value->>'role'
        FROM usher.rows_of(p_rows, 'session') AS r
        CROSS JOIN LATERAL jsonb_array_elements(nullif(r.stored->'speakers', 'null'))
                WITH ORDINALITY AS n (value, position)
        WHERE NOT r.deleted;

        UPDATE usher.session_speaker AS s
        SET period = p.period,
            exempt = p.exempt OR EXISTS (
                SELECT FROM usher.session_speaker AS earlier
                WHERE earlier.family_id = s.family_id AND earlier.event_id = s.event_id
                  AND earlier.session = s.session AND earlier.speaker = s.speaker AND earlier.position < s.position)
        FROM usher.placement AS p
        WHERE s.family_id = p_family AND p.family_id = p_family AND p.event_id = s.event_id AND p.id = s.session
          AND (s.event_id, s.session) IN (
                SELECT r.event_id, r.id FROM usher.rows_of(p_rows, 'session') AS r
                UNION ALL
                SELECT r.event_id, r.id FROM usher.rows_of(p_rows, 'placement') AS r);
END
$$;

-- ---- parts of a batch ----

-- Moves counters, in the order of their keys. An insert that meets the row locks it and adds to what stands there by
-- then, so this is lock, check and change in one. Those of one counter are summed: the end has to fit them all.
CREATE FUNCTION usher.record_counters(p_family uuid, p_counters jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
        v_row record;
BEGIN
        WITH wanted AS (
                SELECT c.event_id, c.kind, c.id, sum(c.by)::bigint AS by, max(c.min) AS least, min(c.max) AS most
                FROM jsonb_to_recordset(p_counters)
                        AS c (event_id uuid, kind text, id text, by bigint, min bigint, max bigint)
                GROUP BY c.event_id, c.kind, c.id
        ), moved AS (
                INSERT INTO usher.counter AS t (family_id, event_id, kind, id, value)
                SELECT p_family, w.event_id, w.kind, w.id, w.by FROM wanted AS w
                ORDER BY w.event_id, w.kind, w.id
                ON CONFLICT (family_id, event_id, kind, id) DO UPDATE SET value = t.value + excluded.value
                RETURNING t.event_id, t.kind, t.id, t.value
        )
        SELECT m.* INTO v_row
        FROM moved AS m JOIN wanted AS w ON (w.event_id, w.kind, w.id) = (m.event_id, m.kind, m.id)
        WHERE m.value < w.least OR m.value > w.most
        LIMIT 1;
        IF FOUND THEN
                RAISE EXCEPTION 'counter out of range: % %', v_row.kind, v_row.id USING
                        ERRCODE = 'UH002',
                        DETAIL = json_build_object('kind', v_row.kind, 'event_id', v_row.event_id, 'id', v_row.id)::text;
        END IF;
END
$$;

-- A key that was used refuses the whole batch and is named: one that it could not write, else one that it brings twice.
CREATE FUNCTION usher.record_keys(p_family uuid, p_at timestamptz, p_keys jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
        v_written uuid[];
        v_used    uuid;
BEGIN
        WITH written AS (
                INSERT INTO usher.request_key AS t (family_id, key, actor, method, params_digest, result, at)
                SELECT p_family, k.key, k.actor, k.method, decode(k.params_digest, 'hex'), k.result, p_at
                FROM jsonb_to_recordset(p_keys)
                        AS k (key uuid, actor text, method text, params_digest text, result jsonb)
                ORDER BY k.key
                ON CONFLICT (family_id, key) DO NOTHING
                RETURNING t.key
        )
        SELECT coalesce(array_agg(w.key), '{}') INTO v_written FROM written AS w;
        IF cardinality(v_written) = jsonb_array_length(p_keys) THEN
                RETURN;
        END IF;
        SELECT k.key INTO v_used
        FROM jsonb_to_recordset(p_keys) AS k (key uuid)
        GROUP BY k.key
        ORDER BY k.key = ANY (v_written), count(*) DESC
        LIMIT 1;
        RAISE EXCEPTION 'request key used: %', v_used USING
                ERRCODE = 'UH003',
                DETAIL = json_build_object('key', v_used)::text;
END
$$;

-- ---- scans ----

-- Of many scans these columns mostly say the same all along: event, checkpoint, registration_version, day, direction,
-- at, received_at, device, by, flags; and of those that move somebody, which come first: presence_version,
-- presence_inside, presence_admitted. Such a column may come as an array of one, for taking arrays to pieces is dear.
-- What it says of all; NULL: it comes whole, or says nothing.
-- Of the others nonce, registration, digest, inside and hash have an element for each scan. verdict (NULL: 'admitted'),
-- reason, why, force, first_at, first_device, admitted_at and undoes come without the nulls at their ends, with the subscripts
-- that the rest has, so they are asked for by these alone. presence has an element for each scan that moves somebody, and
-- so tells how many these are. received_at is left out where it equals at.
CREATE FUNCTION usher.of_all(p_column anyarray) RETURNS anyelement
LANGUAGE sql IMMUTABLE AS $$
        SELECT CASE WHEN cardinality(p_column) = 1 THEN p_column[1] END
$$;

-- ... and the whole column, where it has to be.
CREATE FUNCTION usher.made_whole(p_column anyarray, p_count bigint) RETURNS anyarray
LANGUAGE sql IMMUTABLE AS $$
        SELECT CASE WHEN cardinality(p_column) = 1 THEN array_fill(p_column[1], ARRAY[p_count::integer]) ELSE p_column END
$$;

-- A checkpoint that gets a capacity has had no counter of the people inside: it begins with those who are. The family's
-- lock has waited for the batches that relied on the checkpoint as it was; those after it find it changed.
CREATE FUNCTION usher.count_inside(p_family uuid, p_rows jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
        v_row record;
BEGIN
        FOR v_row IN
                SELECT t.event_id, t.id
                FROM usher.rows_of(p_rows, 'checkpoint') AS r
                JOIN usher.checkpoint AS t ON t.family_id = p_family AND t.event_id = r.event_id AND t.id = r.id
                WHERE NOT r.deleted AND t.capacity IS NULL AND r.stored->>'capacity' IS NOT NULL
                ORDER BY t.event_id, t.id
        LOOP
                DELETE FROM usher.counter AS c
                WHERE c.family_id = p_family AND c.event_id = v_row.event_id AND c.kind = 'inside'
                  AND c.id >= v_row.id || '/' AND c.id < v_row.id || '0';
                INSERT INTO usher.counter (family_id, event_id, kind, id, value)
                SELECT p_family, v_row.event_id, 'inside',
                       usher.presence_id(v_row.id, s.day, ''), count(*)
                FROM usher.scan AS s
                WHERE s.family_id = p_family AND s.event_id = v_row.event_id AND s.presence_inside
                  AND s.checkpoint = v_row.id
                  AND s.presence BETWEEN usher.presence_bound(v_row.id, '00') AND usher.presence_bound(v_row.id, 'ff')
                  AND s.presence_version = (
                        SELECT max(last.presence_version) FROM usher.scan AS last
                        WHERE last.presence = s.presence AND last.family_id = p_family)
                GROUP BY s.day
                ORDER BY s.day;
        END LOOP;
END
$$;

-- Whether an event, or one checkpoint of it, has scans beyond some places in the feed (as usher.has_news takes them; of
-- all writers none: at all). To walk the whole log takes long, so nobody does while he keeps that family's batches waiting.
CREATE FUNCTION usher.has_scans(p_family uuid, p_event uuid, p_checkpoint text, p_writers uuid[], p_seqs bigint[])
RETURNS boolean
LANGUAGE sql STABLE AS $$
        SELECT EXISTS (
                SELECT FROM usher.writer AS w
                CROSS JOIN LATERAL (SELECT coalesce(p_seqs[array_position(p_writers, w.writer)], 0) OFFSET 0) AS known (seq)
                WHERE w.family_id = p_family AND w.next_seq - 1 > known.seq AND EXISTS (
                        SELECT FROM usher.scan AS s
                        WHERE s.family_id = p_family AND s.writer = w.writer AND s.seq > known.seq AND s.event_id = p_event
                          AND (p_checkpoint IS NULL OR s.checkpoint = p_checkpoint)
                        ORDER BY s.seq OFFSET 0)) -- by the one index that has them in order, planned while it is empty or not
$$;

-- What a checkpoint's scans and presences mean is fixed once there are scans: another daemon's may be news to who changes
-- it, who knows of none up to some places.
CREATE FUNCTION usher.check_checkpoints(p_family uuid, p_rows jsonb, p_writers uuid[], p_seqs bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
        v_row record;
BEGIN
        FOR v_row IN
                SELECT t.event_id, t.id
                FROM usher.rows_of(p_rows, 'checkpoint') AS r
                JOIN usher.checkpoint AS t ON t.family_id = p_family AND t.event_id = r.event_id AND t.id = r.id
                WHERE NOT r.deleted AND (t.mode, t.per) IS DISTINCT FROM (r.stored->>'mode', r.stored->>'per')
        LOOP
                IF usher.has_scans(p_family, v_row.event_id, v_row.id, p_writers, p_seqs) THEN
                        PERFORM usher.raise_stale('checkpoint', v_row.event_id, v_row.id);
                END IF;
        END LOOP;
END
$$;

-- What was written about an erased person's scans goes with the person; the scans stay.
CREATE FUNCTION usher.erase_notes(p_family uuid, p_rows jsonb) RETURNS void
LANGUAGE sql VOLATILE AS $$
        DELETE FROM usher.scan_note AS n
        USING usher.rows_of(p_rows, 'erasure') AS r
        WHERE n.family_id = p_family AND n.event_id = r.event_id AND n.registration = r.id
$$;

-- ---- deletions ----

-- Only with their event, and only while nobody of them was scanned: the daemon itself may not delete them. Whether it did.
-- Waits for the batches of the family that are under way, whose scans may be of this event, and keeps others waiting.
CREATE FUNCTION usher.forget_registrations(p_family uuid, p_event uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
        v_writers uuid[];
        v_seqs    bigint[];
BEGIN
        SELECT array_agg(p.writer), array_agg(p.seq) INTO v_writers, v_seqs FROM usher.places(p_family) AS p;
        IF usher.has_scans(p_family, p_event, NULL, NULL, NULL) THEN
                RETURN false;
        END IF;
        PERFORM pg_advisory_xact_lock(uuid_hash_extended(p_family, 0));
        IF usher.has_scans(p_family, p_event, NULL, v_writers, v_seqs) THEN
                RETURN false;
        END IF;
        DELETE FROM usher.registration WHERE family_id = p_family AND event_id = p_event;
        RETURN true;
END
$$;

-- What has scans stays, for the log names it for ever without a foreign key. And what of an event no foreign key takes
-- with it goes here.
CREATE FUNCTION usher.prepare_deletions(p_family uuid, p_rows jsonb, p_writers uuid[], p_seqs bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
        c_nil CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
        v_row record;
BEGIN
        FOR v_row IN
                SELECT * FROM usher.rows_of(p_rows, 'checkpoint') AS r WHERE r.deleted
        LOOP
                IF usher.has_scans(p_family, v_row.event_id, v_row.id, p_writers, p_seqs) THEN
                        PERFORM usher.raise_stale('checkpoint', v_row.event_id, v_row.id);
                END IF;
        END LOOP;

        FOR v_row IN
                SELECT t.* FROM usher.rows_of(p_rows, 'event') AS r
                JOIN usher.event AS t ON t.family_id = c_nil AND t.event_id = c_nil AND t.id = r.id
                WHERE r.deleted ORDER BY t.family_uuid, t.event_uuid
        LOOP
                IF NOT usher.forget_registrations(v_row.family_uuid, v_row.event_uuid) THEN
                        PERFORM usher.raise_stale('event', c_nil, v_row.id);
                END IF;
                DELETE FROM usher.counter WHERE family_id = v_row.family_uuid AND event_id = v_row.event_uuid;
                DELETE FROM usher.tombstone WHERE family_id = v_row.family_uuid AND event_id = v_row.event_uuid;
                -- What refers to other things of the event goes before the cascade, which takes each table by itself.
                DELETE FROM usher.acceptance
                WHERE family_id = v_row.family_uuid AND v_row.event_uuid IN (a_event, b_event);
                DELETE FROM usher.placement WHERE family_id = v_row.family_uuid AND event_id = v_row.event_uuid;
                DELETE FROM usher.checkpoint WHERE family_id = v_row.family_uuid AND event_id = v_row.event_uuid;
                DELETE FROM usher.session WHERE family_id = v_row.family_uuid AND event_id = v_row.event_uuid;
        END LOOP;
END
$$;

-- ---- what a batch relied on ----

-- As usher.make_expect makes them, but there is nothing to lock, for moves are only ever added, and id is the log's key.
CREATE FUNCTION usher.expect_presence(p_family uuid, p_expects jsonb, p_lock boolean) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
        v_row record;
BEGIN
        IF NOT p_lock THEN
                SELECT r.event_id, r.id INTO v_row
                FROM usher.expects_of(p_expects, 'presence') AS r
                WHERE r.version IS DISTINCT FROM coalesce((
                        SELECT max(s.presence_version) FROM usher.scan AS s
                        WHERE s.presence = r.id::uuid AND s.family_id = p_family), 0)
                LIMIT 1;
                IF FOUND THEN
                        PERFORM usher.raise_stale('presence', v_row.event_id, v_row.id);
                END IF;
        END IF;
END
$$;

-- Locks, or compares, rows of these kinds (see usher.make_kind), in the order in which they are written; presence last.
-- Those that scans rely on are named, for what is named is planned once a connection and not once a batch.
CREATE FUNCTION usher.expect(p_family uuid, p_kinds text[], p_expects jsonb, p_lock boolean) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
        c_kinds CONSTANT text[] := ARRAY['event', 'token', 'invite', 'programme', 'room', 'track', 'speaker',
                'session', 'placement', 'acceptance', 'draft', 'draft_change', 'publication', 'ticket', 'checkpoint',
                'registration', 'credential', 'booking', 'erasure', 'signing_key', 'presence'];
        v_kind text;
BEGIN
        IF p_kinds <@ ARRAY['ticket', 'checkpoint', 'booking', 'presence'] THEN
                IF 'ticket' = ANY (p_kinds) THEN
                        PERFORM usher.expect_ticket(p_family, p_expects, p_lock);
                END IF;
                IF 'checkpoint' = ANY (p_kinds) THEN
                        PERFORM usher.expect_checkpoint(p_family, p_expects, p_lock);
                END IF;
                IF 'booking' = ANY (p_kinds) THEN
                        PERFORM usher.expect_booking(p_family, p_expects, p_lock);
                END IF;
                IF 'presence' = ANY (p_kinds) THEN
                        PERFORM usher.expect_presence(p_family, p_expects, p_lock);
                END IF;
                RETURN;
        END IF;
        IF NOT p_kinds <@ c_kinds THEN
                RAISE EXCEPTION 'unknown kind among %', p_kinds USING ERRCODE = '22023';
        END IF;
        FOREACH v_kind IN ARRAY c_kinds LOOP
                IF v_kind = ANY (p_kinds) THEN
                        EXECUTE format('SELECT usher.expect_%s($1, $2, $3)', v_kind) USING p_family, p_expects, p_lock;
                END IF;
        END LOOP;
END
$$;

-- Whether rows of some kinds may have changed beyond some places in the feed (the last number known of each writer; of
-- one that is not named, none is). Where none has, whoever has read up to there knows them as they are. More is known of
-- a writer than there is after a failover that lost its last changes.
CREATE FUNCTION usher.has_news(p_family uuid, p_writers uuid[], p_seqs bigint[], p_kinds text[]) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
        RETURN EXISTS (
                SELECT FROM usher.writer AS w
                CROSS JOIN LATERAL (SELECT coalesce(p_seqs[array_position(p_writers, w.writer)], 0) OFFSET 0) AS known (seq)
                WHERE w.family_id = p_family AND w.next_seq - 1 <> known.seq
                  AND (w.next_seq - 1 < known.seq OR w.trimmed > known.seq
                       OR EXISTS (
                                SELECT FROM usher.change AS c
                                WHERE c.family_id = p_family AND c.writer = w.writer AND c.seq > known.seq
                                  AND c.kind = ANY (p_kinds))));
END
$$;

-- Registrations are not locked: what commits from here on counts as after the scan. They are compared one by one only
-- where any has changed beyond the places that the decisions rest on, if those are given: to find them is a quarter of
-- what a scan costs. Where somebody was looked for and not found (p_no_news), nobody may have come since.
CREATE FUNCTION usher.check_registrations(
        p_family uuid, p_event uuid[], p_registration text[], p_version bigint[],
        p_known_writers uuid[], p_known_seqs bigint[], p_no_news boolean)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
        v_of_all  uuid := usher.of_all(p_event);
        v_version bigint := usher.of_all(p_version);
        v_event   uuid;
        v_id      text;
BEGIN
        IF p_no_news THEN
                IF usher.has_news(p_family, p_known_writers, p_known_seqs, ARRAY['registration', 'credential']) THEN
                        PERFORM usher.raise_stale('credential', NULL, NULL);
                END IF;
                RETURN;
        ELSIF p_known_writers IS NOT NULL
              AND NOT usher.has_news(p_family, p_known_writers, p_known_seqs, ARRAY['registration']) THEN
                RETURN;
        END IF;
        SELECT coalesce(v_of_all, p_event[i]), p_registration[i] INTO v_event, v_id
        FROM generate_series(1, cardinality(p_registration)) AS i
        LEFT JOIN usher.registration AS t ON t.id = p_registration[i] AND t.family_id = p_family
        WHERE coalesce(v_version, p_version[i]) > 0
          AND (t.version IS DISTINCT FROM coalesce(v_version, p_version[i])
               OR t.event_id IS DISTINCT FROM coalesce(v_of_all, p_event[i]))
        LIMIT 1;
        IF FOUND THEN
                PERFORM usher.raise_stale('registration', v_event, v_id);
        END IF;
END
$$;

-- Of moves (presence and number of each) a later one follows the one before it. (That nobody else has made it, too, is
-- what the log's own key says.) Looked up by a correlated max(), here and in what expects a presence: the one plan for
-- that is right whatever the planner took the log's size for.
CREATE FUNCTION usher.check_moves(p_family uuid, p_presence uuid[], p_version bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
        v_presence uuid;
BEGIN
        SELECT m.presence INTO v_presence
        FROM unnest(p_presence, p_version) AS m (presence, version)
        WHERE m.version > 1 AND m.version - 1 IS DISTINCT FROM (
                SELECT max(s.presence_version) FROM usher.scan AS s
                WHERE s.presence = m.presence AND s.presence_version < m.version AND s.family_id = p_family)
        LIMIT 1;
        IF FOUND THEN
                PERFORM usher.raise_stale('presence', NULL, v_presence::text);
        END IF;
END
$$;

-- Writes scans to the log, numbered from p_first on: as they come, or as p_place says which number in the batch each has.
-- Those that move somebody come first. Where other daemons are about they come in the order of what they may meet another
-- batch at: by presence and number of the move, the others by nonce. So who moves the same person in another batch waits at
-- the first such row, and fails if this one is recorded, and no two batches wait for each other.
CREATE FUNCTION usher.log_scans(
        p_family uuid, p_writer uuid, p_first bigint,
        p_scan_nonce uuid[], p_scan_event uuid[], p_scan_checkpoint text[], p_scan_registration text[],
        p_scan_registration_version bigint[], p_scan_digest bytea[], p_scan_day date[], p_scan_direction text[],
        p_scan_verdict text[], p_scan_reason text[], p_scan_at timestamptz[], p_scan_received_at timestamptz[],
        p_scan_device text[], p_scan_by text[], p_scan_why text[], p_scan_flags text[], p_scan_inside bigint[],
        p_scan_presence_version bigint[], p_scan_presence_inside boolean[], p_scan_presence_admitted boolean[],
        p_scan_force boolean[], p_scan_first_at timestamptz[], p_scan_first_device text[],
        p_scan_admitted_at timestamptz[], p_scan_hash bytea[],
        p_scan_undoes text[], p_scan_presence uuid[], p_place integer[])
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
        v_count                bigint := cardinality(p_scan_nonce);
        v_event                uuid := usher.of_all(p_scan_event);
        v_checkpoint           text := usher.of_all(p_scan_checkpoint);
        v_registration_version bigint := usher.of_all(p_scan_registration_version);
        v_day                  date := usher.of_all(p_scan_day);
        v_direction            text := usher.of_all(p_scan_direction);
        v_at                   timestamptz := usher.of_all(p_scan_at);
        v_received_at          timestamptz := usher.of_all(p_scan_received_at);
        v_device               text := usher.of_all(p_scan_device);
        v_by                   text := usher.of_all(p_scan_by);
        v_flags                text := usher.of_all(p_scan_flags);
        v_moving               bigint := coalesce(cardinality(p_scan_presence), 0); -- they come first
        v_presence_version     bigint := usher.of_all(p_scan_presence_version);
        v_presence_inside      boolean := usher.of_all(p_scan_presence_inside);
        v_presence_admitted    boolean := usher.of_all(p_scan_presence_admitted);
BEGIN
        INSERT INTO usher.scan (family_id, writer, seq, nonce, event_id, checkpoint, registration,
                registration_version, credential_digest, day, direction, verdict, reason, at, received_at,
                device, by, flags, inside, presence, presence_version, presence_inside, presence_admitted, force,
                first_at, first_device, admitted_at, hash, undoes)
        SELECT p_family, p_writer, p_first + coalesce(p_place[i], i) - 1, p_scan_nonce[i],
                coalesce(v_event, p_scan_event[i]),
                coalesce(v_checkpoint, p_scan_checkpoint[i]), p_scan_registration[i],
                coalesce(v_registration_version, p_scan_registration_version[i]), p_scan_digest[i],
                coalesce(v_day, p_scan_day[i]), coalesce(v_direction, p_scan_direction[i]),
                coalesce(p_scan_verdict[i], 'admitted'), p_scan_reason[i], coalesce(v_at, p_scan_at[i]),
                coalesce(v_received_at, p_scan_received_at[i], v_at, p_scan_at[i]),
                coalesce(v_device, p_scan_device[i]), coalesce(v_by, p_scan_by[i]), coalesce(v_flags, p_scan_flags[i]),
                p_scan_inside[i], p_scan_presence[i],
                CASE WHEN i <= v_moving THEN coalesce(v_presence_version, p_scan_presence_version[i]) ELSE 0 END,
                i <= v_moving AND coalesce(v_presence_inside, p_scan_presence_inside[i]),
                i <= v_moving AND coalesce(v_presence_admitted, p_scan_presence_admitted[i]),
                coalesce(p_scan_force[i], false),
                p_scan_first_at[i], p_scan_first_device[i], p_scan_admitted_at[i], p_scan_hash[i], p_scan_undoes[i]
        FROM (SELECT generate_series(1, v_count) AS i) AS every; -- in FROM itself its rows would go through a tuplestore

        IF 1 < ANY (p_scan_presence_version) THEN
                PERFORM usher.check_moves(p_family, p_scan_presence, usher.made_whole(p_scan_presence_version, v_moving));
        END IF;
        IF array_remove(p_scan_why, NULL) <> '{}' THEN
                INSERT INTO usher.scan_note (family_id, writer, seq, event_id, registration, why)
                SELECT p_family, p_writer, p_first + coalesce(p_place[i], i) - 1, coalesce(v_event, p_scan_event[i]),
                       p_scan_registration[i], p_scan_why[i]
                FROM generate_series(1, v_count) AS i
                WHERE p_scan_why[i] IS NOT NULL;
        END IF;
END
$$;

-- A batch of scans and nothing else, as nearly all are, relying on checkpoints, tickets and presences at most: what record()
-- does for it, in as few statements. Nothing relied on is locked: whoever would delete it, or give a checkpoint a
-- capacity, has the family for himself.
CREATE FUNCTION usher.record_scans(
        p_family uuid, p_writer uuid, p_first bigint, p_expects jsonb,
        p_scan_nonce uuid[], p_scan_event uuid[], p_scan_checkpoint text[], p_scan_registration text[],
        p_scan_registration_version bigint[], p_scan_digest bytea[], p_scan_day date[], p_scan_direction text[],
        p_scan_verdict text[], p_scan_reason text[], p_scan_at timestamptz[], p_scan_received_at timestamptz[],
        p_scan_device text[], p_scan_by text[], p_scan_why text[], p_scan_flags text[], p_scan_inside bigint[],
        p_scan_presence_version bigint[], p_scan_presence_inside boolean[], p_scan_presence_admitted boolean[],
        p_scan_force boolean[], p_scan_first_at timestamptz[], p_scan_first_device text[],
        p_scan_admitted_at timestamptz[], p_scan_hash bytea[],
        p_scan_undoes text[], p_scan_presence uuid[], p_known_writers uuid[], p_known_seqs bigint[], p_no_news boolean,
        p_place integer[])
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
        v_row  record;
        v_done text; -- an assignment needs no executor, as PERFORM does
BEGIN
        v_done := pg_advisory_xact_lock_shared(uuid_hash_extended(p_family, 0));
        v_done := usher.log_scans(p_family, p_writer, p_first, p_scan_nonce, p_scan_event, p_scan_checkpoint, p_scan_registration,
                        p_scan_registration_version, p_scan_digest, p_scan_day, p_scan_direction, p_scan_verdict,
                        p_scan_reason, p_scan_at, p_scan_received_at, p_scan_device, p_scan_by, p_scan_why, p_scan_flags,
                        p_scan_inside, p_scan_presence_version, p_scan_presence_inside, p_scan_presence_admitted,
                        p_scan_force, p_scan_first_at, p_scan_first_device, p_scan_admitted_at, p_scan_hash, p_scan_undoes, p_scan_presence,
                        p_place);

        SELECT r.kind, r.event_id, r.id INTO v_row
        FROM jsonb_to_recordset(p_expects) AS r (kind text, event_id uuid, id text, version bigint)
        WHERE r.version IS DISTINCT FROM coalesce(
                CASE r.kind
                WHEN 'checkpoint' THEN (
                        SELECT t.version FROM usher.checkpoint AS t
                        WHERE t.family_id = p_family AND t.event_id = r.event_id AND t.id = r.id)
                WHEN 'ticket' THEN (
                        SELECT t.version FROM usher.ticket AS t
                        WHERE t.family_id = p_family AND t.event_id = r.event_id AND t.id = r.id)
                WHEN 'presence' THEN (
                        SELECT max(t.presence_version) FROM usher.scan AS t
                        WHERE t.presence = r.id::uuid AND t.family_id = p_family)
                END, 0)
        LIMIT 1;
        IF FOUND THEN
                PERFORM usher.raise_stale(v_row.kind, v_row.event_id, v_row.id);
        END IF;
        v_done := usher.check_registrations(p_family, p_scan_event, p_scan_registration, p_scan_registration_version,
                        p_known_writers, p_known_seqs, p_no_news);
END
$$;

-- ---- the writer ----

-- Takes so many numbers of a writer, from p_seq on. Whoever may still be recording under them is waited for here. False:
-- they had been taken before, so this has been recorded. Raises UH007 and UH008 (see usher.record).
CREATE FUNCTION usher.take_numbers(p_family uuid, p_writer uuid, p_seq bigint, p_count bigint, p_head bytea)
RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
        v_next   bigint;
        v_closed boolean;
BEGIN
        UPDATE usher.writer AS w
        SET next_seq = p_seq + p_count, head = coalesce(p_head, w.head)
        WHERE w.family_id = p_family AND w.writer = p_writer AND w.next_seq = p_seq AND NOT w.closed;
        IF FOUND THEN
                RETURN true;
        END IF;
        INSERT INTO usher.writer AS w (family_id, writer) VALUES (p_family, p_writer) ON CONFLICT DO NOTHING;
        SELECT w.next_seq, w.closed INTO v_next, v_closed FROM usher.writer AS w
        WHERE w.family_id = p_family AND w.writer = p_writer FOR NO KEY UPDATE;
        IF v_next > p_seq THEN
                RETURN false;
        ELSIF v_closed THEN
                RAISE EXCEPTION 'writer % is closed', p_writer USING ERRCODE = 'UH007';
        ELSIF v_next < p_seq THEN
                RAISE EXCEPTION 'writer % stands at %, not at %', p_writer, v_next, p_seq USING ERRCODE = 'UH008';
        END IF;
        UPDATE usher.writer AS w
        SET next_seq = p_seq + p_count, head = coalesce(p_head, w.head)
        WHERE w.family_id = p_family AND w.writer = p_writer;
        RETURN true;
END
$$;

-- ---- one scan ----

-- A batch of one scan that moves nobody who is there already, relies on its checkpoint and a ticket at most, and has no note: what
-- usher.record() does for it, in as few statements and with plain values, for who stands at the door alone waits for
-- each. The same locks in the same order, the same outcomes and errors.
CREATE FUNCTION usher.record_scan(
        p_family uuid, p_writer uuid, p_seq bigint, p_checkpoint_version bigint,
        p_ticket text, p_ticket_version bigint, p_nonce uuid, p_event uuid, p_checkpoint text, p_registration text, p_registration_version bigint, p_digest bytea,
        p_day date, p_direction text, p_verdict text, p_reason text, p_at timestamptz, p_received_at timestamptz,
        p_device text, p_by text, p_why text, p_flags text, p_inside bigint, p_presence_version bigint,
        p_presence_inside boolean, p_presence_admitted boolean, p_force boolean, p_first_at timestamptz,
        p_first_device text, p_admitted_at timestamptz, p_hash bytea, p_undoes text, p_presence uuid, OUT outcome text)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
        v_locked       text; -- an assignment needs no executor, as PERFORM does
        v_checkpoint   bigint;
        v_ticket       bigint;
        v_registration bigint;
BEGIN
        IF NOT usher.take_numbers(p_family, p_writer, p_seq, 1, p_hash) THEN
                outcome := 'again';
                RETURN;
        END IF;
        v_locked := pg_advisory_xact_lock_shared(uuid_hash_extended(p_family, 0));
        INSERT INTO usher.scan (family_id, writer, seq, nonce, event_id, checkpoint, registration,
                registration_version, credential_digest, day, direction, verdict, reason, at, received_at,
                device, by, flags, inside, presence, presence_version, presence_inside, presence_admitted, force,
                first_at, first_device, admitted_at, hash, undoes)
        VALUES (p_family, p_writer, p_seq, p_nonce, p_event, p_checkpoint, p_registration, p_registration_version,
                p_digest, p_day, p_direction, coalesce(p_verdict, 'admitted'), p_reason, p_at, p_received_at, p_device,
                p_by, p_flags, p_inside,
                p_presence, coalesce(p_presence_version, 0), coalesce(p_presence_inside, false),
                coalesce(p_presence_admitted, false), coalesce(p_force, false), p_first_at,
                p_first_device, p_admitted_at, p_hash, p_undoes);

        SELECT (SELECT t.version FROM usher.checkpoint AS t
                WHERE t.family_id = p_family AND t.event_id = p_event AND t.id = p_checkpoint),
               (SELECT t.version FROM usher.ticket AS t
                WHERE t.family_id = p_family AND t.event_id = p_event AND t.id = p_ticket),
               (SELECT t.version FROM usher.registration AS t
                WHERE t.family_id = p_family AND t.id = p_registration AND t.event_id = p_event)
        INTO v_checkpoint, v_ticket, v_registration;
        IF v_checkpoint IS DISTINCT FROM p_checkpoint_version THEN
                PERFORM usher.raise_stale('checkpoint', p_event, p_checkpoint);
        ELSIF v_ticket IS DISTINCT FROM p_ticket_version THEN
                PERFORM usher.raise_stale('ticket', p_event, p_ticket);
        ELSIF p_registration_version > 0 AND v_registration IS DISTINCT FROM p_registration_version THEN
                PERFORM usher.raise_stale('registration', p_event, p_registration);
        END IF;

        outcome := 'done';
END
$$;

-- ---- the batch ----

-- Returns 'done', or 'again' when this batch had been recorded before. Raises, and so undoes all:
--   UH001 stale (also 23505, 23503, 23P01 of the constraints, and 40P01), UH002 a counter out of its range,
--   UH003 a request key that was used (as 23505 of scan_nonce says of a nonce, which its detail names), UH006 nothing to
--   number, UH007 the writer was closed and this batch had not been recorded, UH008 numbers that leave a gap: the writer's earlier batches are not here.
--
-- Locks are taken in one order by every batch: the writer, the family, counters, rows relied on, scans (by presence, then
-- by nonce; as numbered, where no other daemon records any), rows by kind and key, request keys. Hence no two batches
-- deadlock, save where a nonce is used for two scans at once, or it is not known yet that another daemon has begun with
-- the same people: then PostgreSQL ends one of them, which decides again.
CREATE FUNCTION usher.record(
        p_family uuid, p_writer uuid, p_seq bigint, p_at timestamptz,
        p_rows jsonb, p_expects jsonb, p_counters jsonb, p_keys jsonb,
        p_scan_nonce uuid[], p_scan_event uuid[], p_scan_checkpoint text[], p_scan_registration text[],
        p_scan_registration_version bigint[], p_scan_digest bytea[], p_scan_day date[], p_scan_direction text[],
        p_scan_verdict text[], p_scan_reason text[], p_scan_at timestamptz[], p_scan_received_at timestamptz[],
        p_scan_device text[], p_scan_by text[], p_scan_why text[], p_scan_flags text[], p_scan_inside bigint[],
        p_scan_presence_version bigint[], p_scan_presence_inside boolean[], p_scan_presence_admitted boolean[],
        p_scan_force boolean[] DEFAULT NULL, p_scan_first_at timestamptz[] DEFAULT NULL,
        p_scan_first_device text[] DEFAULT NULL, p_scan_admitted_at timestamptz[] DEFAULT NULL,
        p_scan_hash bytea[] DEFAULT NULL, p_scan_undoes text[] DEFAULT NULL,
        p_scan_presence uuid[] DEFAULT NULL,
        p_known_writers uuid[] DEFAULT NULL, p_known_seqs bigint[] DEFAULT NULL, p_no_news boolean DEFAULT false,
        p_place integer[] DEFAULT NULL,
        OUT outcome text)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
        -- What others refer to comes first. The programme's row is the lock of the whole draft.
        c_kinds CONSTANT text[] := ARRAY['event', 'token', 'invite', 'programme', 'room', 'track', 'speaker',
                'session', 'placement', 'acceptance', 'draft', 'draft_change', 'publication', 'ticket', 'checkpoint',
                'registration', 'credential', 'booking', 'erasure', 'signing_key'];
        v_rows       bigint := coalesce(jsonb_array_length(p_rows), 0);
        v_scans      bigint := coalesce(cardinality(p_scan_nonce), 0);
        v_kinds      text[];  -- of rows to be written
        v_deleted    text[];  -- of rows to be deleted
        v_expected   text[] := '{}';
        v_kind       text;
        v_moving     boolean; -- sessions or placements
        v_done       text;    -- an assignment needs no executor, as PERFORM does
BEGIN
        IF v_rows + v_scans = 0 AND jsonb_array_length(p_counters) > 0 THEN
                -- Sent twice, such a batch could not find itself.
                RAISE EXCEPTION 'counters move with rows or scans only' USING ERRCODE = 'UH006';
        END IF;

        IF NOT usher.take_numbers(p_family, p_writer, p_seq, v_rows + v_scans,
                p_scan_hash[coalesce(array_position(p_place, v_scans::integer), v_scans)]) THEN
                outcome := 'again';
                RETURN;
        END IF;

        -- Not where something was written about one: see the lock for notes below.
        IF v_scans > 0 AND v_rows = 0 AND p_counters IS NULL AND p_keys IS NULL
           AND coalesce(array_remove(p_scan_why, NULL) = '{}', true)
           AND NOT coalesce(p_expects @? '$[*].kind ? (@ != "checkpoint" && @ != "ticket" && @ != "presence")', false) THEN
                v_done := usher.record_scans(p_family, p_writer, p_seq, p_expects, p_scan_nonce, p_scan_event, p_scan_checkpoint, p_scan_registration,
                        p_scan_registration_version, p_scan_digest, p_scan_day, p_scan_direction, p_scan_verdict,
                        p_scan_reason, p_scan_at, p_scan_received_at, p_scan_device, p_scan_by, p_scan_why, p_scan_flags,
                        p_scan_inside, p_scan_presence_version, p_scan_presence_inside, p_scan_presence_admitted,
                        p_scan_force, p_scan_first_at, p_scan_first_device, p_scan_admitted_at, p_scan_hash, p_scan_undoes, p_scan_presence,
                        p_known_writers, p_known_seqs, p_no_news, p_place);
                outcome := 'done';
                RETURN;
        END IF;

        p_scan_event := usher.made_whole(p_scan_event, v_scans);
        IF v_rows > 0 THEN
                SELECT array_agg(DISTINCT e->>'kind') FILTER (WHERE NOT coalesce((e->>'deleted')::boolean, false)),
                       array_agg(DISTINCT e->>'kind') FILTER (WHERE (e->>'deleted')::boolean)
                INTO v_kinds, v_deleted
                FROM jsonb_array_elements(p_rows) AS e;
                IF NOT coalesce(v_kinds, '{}') || coalesce(v_deleted, '{}') <@ c_kinds THEN
                        RAISE EXCEPTION 'unknown kind among %', v_kinds || v_deleted USING ERRCODE = '22023';
                END IF;
        END IF;

        -- The family: shared, but alone for a batch that deletes, or changes a checkpoint (see usher.count_inside). What is
        -- relied on (here and by foreign keys) is locked against deletion only, so without deletions beside them these
        -- locks make nobody wait.
        IF v_deleted IS NOT NULL OR 'checkpoint' = ANY (v_kinds) THEN
                PERFORM pg_advisory_xact_lock(uuid_hash_extended(p_family, 0));
        ELSE
                PERFORM pg_advisory_xact_lock_shared(uuid_hash_extended(p_family, 0));
        END IF;

        -- Locks.
        IF p_counters IS NOT NULL THEN
                PERFORM usher.record_counters(p_family, p_counters);
        END IF;
        IF p_expects IS NOT NULL THEN
                SELECT coalesce(array_agg(DISTINCT e->>'kind'), '{}') INTO v_expected
                FROM jsonb_array_elements(p_expects) AS e;
                PERFORM usher.expect(p_family, v_expected, p_expects, true);
        END IF;

        IF v_scans > 0 THEN
                PERFORM usher.log_scans(p_family, p_writer, p_seq + v_rows, p_scan_nonce, p_scan_event, p_scan_checkpoint, p_scan_registration,
                        p_scan_registration_version, p_scan_digest, p_scan_day, p_scan_direction, p_scan_verdict,
                        p_scan_reason, p_scan_at, p_scan_received_at, p_scan_device, p_scan_by, p_scan_why, p_scan_flags,
                        p_scan_inside, p_scan_presence_version, p_scan_presence_inside, p_scan_presence_admitted,
                        p_scan_force, p_scan_first_at, p_scan_first_device, p_scan_admitted_at, p_scan_hash, p_scan_undoes, p_scan_presence,
                        p_place);
                -- A note must not outlive the person: an erasure waits for it, or is seen below.
                IF array_remove(p_scan_why, NULL) <> '{}' THEN
                        PERFORM 1
                        FROM generate_series(1, v_scans) AS i
                        JOIN usher.registration AS t
                                ON t.family_id = p_family AND t.event_id = p_scan_event[i] AND t.id = p_scan_registration[i]
                        WHERE p_scan_why[i] IS NOT NULL
                        ORDER BY t.external_id NULLS FIRST, t.event_id, t.id -- as they are written
                        FOR SHARE OF t;
                END IF;
        END IF;

        -- Every lock is held but those of the rows to be written, which compare versions themselves: what was relied on
        -- is now compared by statements that see whatever was committed while this batch waited. Registrations are not
        -- locked: what commits from here on counts as after the scan.
        IF p_expects IS NOT NULL THEN
                PERFORM usher.expect(p_family, v_expected, p_expects, false);
        END IF;
        IF v_scans > 0 THEN
                PERFORM usher.check_registrations(p_family, p_scan_event, p_scan_registration,
                        p_scan_registration_version, p_known_writers, p_known_seqs, p_no_news);
        END IF;

        -- Rows. Placements leave before any comes back; what others refer to goes last.
        IF v_deleted IS NOT NULL THEN
                PERFORM usher.prepare_deletions(p_family, p_rows, p_known_writers, p_known_seqs);
        END IF;
        IF 'checkpoint' = ANY (v_kinds) THEN
                PERFORM usher.check_checkpoints(p_family, p_rows, p_known_writers, p_known_seqs);
                PERFORM usher.count_inside(p_family, p_rows);
        END IF;
        v_moving := v_kinds || v_deleted && ARRAY['session', 'placement'];
        IF v_moving THEN
                PERFORM usher.speakers_take_out(p_family, p_rows);
        END IF;
        IF 'placement' = ANY (v_deleted) THEN
                PERFORM usher.delete_placement(p_family, p_rows);
        END IF;
        FOREACH v_kind IN ARRAY c_kinds LOOP
                IF v_kind = ANY (v_kinds) THEN
                        EXECUTE format('SELECT usher.write_%s($1, $2)', v_kind) USING p_family, p_rows;
                END IF;
        END LOOP;
        IF v_moving THEN
                PERFORM usher.speakers_put_back(p_family, p_rows);
        END IF;
        FOR i IN REVERSE cardinality(c_kinds) .. 1 LOOP
                IF c_kinds[i] = ANY (v_deleted) AND c_kinds[i] <> 'placement' THEN
                        EXECUTE format('SELECT usher.delete_%s($1, $2)', c_kinds[i]) USING p_family, p_rows;
                END IF;
        END LOOP;

        IF 'erasure' = ANY (v_kinds) THEN
                PERFORM usher.erase_notes(p_family, p_rows);
        END IF;

        -- Keys, the feed.
        IF p_keys IS NOT NULL THEN
                PERFORM usher.record_keys(p_family, p_at, p_keys);
        END IF;
        IF v_rows > 0 THEN
                INSERT INTO usher.change (family_id, writer, seq, at, kind, event_id, id, version, deleted)
                SELECT p_family, p_writer, p_seq + e.place - 1, p_at, e.value->>'kind',
                       (e.value->'row'->>'event_id')::uuid, e.value->'row'->>'id', (e.value->'row'->>'version')::bigint,
                       coalesce((e.value->>'deleted')::boolean, false)
                FROM jsonb_array_elements(p_rows) WITH ORDINALITY AS e (value, place);
        END IF;
        outcome := 'done';
END
$$;

-- Nothing more of a writer's is recorded, from number p_seq on: a batch that failed when it was sent again could still
-- succeed where it was sent first, on a connection that is slow to end. Whether it had been recorded by then; if so,
-- the writer is not closed.
CREATE FUNCTION usher.close_writer(p_family uuid, p_writer uuid, p_seq bigint) RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
        INSERT INTO usher.writer AS w (family_id, writer, next_seq) VALUES (p_family, p_writer, p_seq)
        ON CONFLICT DO NOTHING;
        UPDATE usher.writer AS w SET closed = true
        WHERE w.family_id = p_family AND w.writer = p_writer AND w.next_seq = p_seq;
        RETURN NOT FOUND;
END
$$;

-- What a connection that records batches asks for once. Generic plans halve the cost of small batches. They are made
-- once a connection, maybe while the tables are still empty, and have to be right when they are full: index lookups,
-- whatever the planner knows by then. (Set with the function they would be set and taken back by each batch.) The check
-- lets the server notice that the daemon has gone while a batch waits for a lock; it does not end by itself.
CREATE FUNCTION usher.begin_recording() RETURNS void
LANGUAGE sql VOLATILE AS $$
        SELECT set_config('plan_cache_mode', 'force_generic_plan', false), set_config('enable_seqscan', 'off', false),
               set_config('enable_hashjoin', 'off', false), set_config('enable_mergejoin', 'off', false),
               set_config('enable_hashagg', 'off', false), set_config('jit', 'off', false),
               set_config('client_connection_check_interval', '2s', false)
$$;
