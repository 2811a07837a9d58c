-- SPDX-License-Identifier: Apache-2.0
--
-- What the daemon reads: its memory at the start, the feed, and the few things that are not in memory.

-- A session as the daemon knows it, with its speakers in order.
CREATE VIEW usher.session_whole AS
SELECT s.*, (
        SELECT coalesce(jsonb_agg(jsonb_build_object('speaker', n.speaker, 'role', n.role) ORDER BY n.position), '[]')
        FROM usher.session_speaker AS n
        WHERE n.family_id = s.family_id AND n.event_id = s.event_id AND n.session = s.id) AS speakers
FROM usher.session AS s;

-- Only the newest publication brings its body.
CREATE VIEW usher.publication_whole AS
SELECT p.family_id, p.event_id, p.id, p.version, p.number, p.published_at, p.note,
       CASE WHEN p.number = (
               SELECT max(n.number) FROM usher.publication AS n
               WHERE n.family_id = p.family_id AND n.event_id = p.event_id) THEN p.body END AS body
FROM usher.publication AS p;

-- ---- places ----

-- The change rows beyond the places of a reader. Writers that it does not name are read from their beginning.
CREATE FUNCTION usher.changes_beyond(p_family uuid, p_writers uuid[], p_seqs bigint[]) RETURNS SETOF usher.change
LANGUAGE sql STABLE AS $$
        SELECT c.*
        FROM usher.writer AS w
        LEFT JOIN unnest(p_writers, p_seqs) AS p (writer, seq) ON p.writer = w.writer
        CROSS JOIN LATERAL ( -- OFFSET keeps it one: the planner would read all of them to leave most out
                SELECT * FROM usher.change AS c
                WHERE c.family_id = p_family AND c.writer = w.writer AND c.seq > coalesce(p.seq, 0)
                OFFSET 0
        ) AS c
        WHERE w.family_id = p_family AND w.next_seq - 1 > coalesce(p.seq, 0)
$$;

-- In the order of the writers' numbers. SQLSTATE UH005: some of it was trimmed, the reader has to load anew.
CREATE FUNCTION usher.changes(p_family uuid, p_writers uuid[], p_seqs bigint[])
RETURNS TABLE (writer uuid, seq bigint, kind text, event_id uuid, id text, version bigint, deleted boolean)
LANGUAGE plpgsql STABLE AS $$
BEGIN
        IF EXISTS (
                SELECT FROM usher.writer AS w
                LEFT JOIN unnest(p_writers, p_seqs) AS p (writer, seq) ON p.writer = w.writer
                WHERE w.family_id = p_family AND w.trimmed > coalesce(p.seq, 0))
        THEN
                RAISE EXCEPTION 'the feed has been trimmed beyond these places' USING ERRCODE = 'UH005';
        END IF;
        RETURN QUERY
        SELECT c.writer, c.seq, c.kind, c.event_id, c.id, c.version, c.deleted
        FROM usher.changes_beyond(p_family, p_writers, p_seqs) AS c
        ORDER BY c.writer, c.seq;
END
$$;

-- Whether that is so of an event, or of the key that it signs with.
CREATE FUNCTION usher.has_changed(p_family uuid, p_writers uuid[], p_seqs bigint[]) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
        RETURN EXISTS (
                SELECT FROM usher.changes_beyond(p_family, p_writers, p_seqs) AS c WHERE c.kind IN ('event', 'signing_key'));
END
$$;

-- The log is never trimmed, and is its own feed. So many rows at most, a writer's in their order: whoever has taken them
-- asks on from there.
CREATE FUNCTION usher.scans_since(p_family uuid, p_writers uuid[], p_seqs bigint[], p_limit bigint) RETURNS SETOF usher.scan
LANGUAGE plpgsql STABLE AS $$
DECLARE
        v_row   record;
        v_count bigint;
        v_left  bigint := p_limit;
BEGIN
        FOR v_row IN
                SELECT w.writer, coalesce(p.seq, 0) AS seq
                FROM usher.writer AS w
                LEFT JOIN unnest(p_writers, p_seqs) AS p (writer, seq) ON p.writer = w.writer
                WHERE w.family_id = p_family AND w.next_seq - 1 > coalesce(p.seq, 0)
                ORDER BY w.writer
        LOOP
                RETURN QUERY
                SELECT s.* FROM usher.scan AS s
                WHERE s.family_id = p_family AND s.writer = v_row.writer AND s.seq > v_row.seq
                ORDER BY s.seq
                LIMIT v_left;
                GET DIAGNOSTICS v_count = ROW_COUNT;
                v_left := v_left - v_count;
                EXIT WHEN v_left <= 0;
        END LOOP;
END
$$;

-- The last number that each writer recorded.
CREATE FUNCTION usher.places(p_family uuid) RETURNS TABLE (writer uuid, seq bigint)
LANGUAGE sql STABLE AS $$
        SELECT w.writer, w.next_seq - 1 FROM usher.writer AS w WHERE w.family_id = p_family
$$;

-- ---- rows ----

-- Makes usher.load_KIND (all of a family) and usher.changed_KIND (those named by the feed beyond some places, as they
-- stand now, by event and id; planned once a connection, for the feed asks all the time). p_relation gives their shape.
CREATE FUNCTION usher.make_reads(p_kind text, p_relation text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql AS $make$
BEGIN
        EXECUTE format($template$
                CREATE OR REPLACE FUNCTION usher.load_%1$s(p_family uuid) RETURNS SETOF usher.%2$I
                LANGUAGE sql STABLE AS $body$
                        SELECT t.* FROM usher.%2$I AS t WHERE t.family_id = p_family
                $body$
        $template$, p_kind, coalesce(p_relation, p_kind));
        EXECUTE format($template$
                CREATE OR REPLACE FUNCTION usher.changed_%1$s(p_family uuid, p_writers uuid[], p_seqs bigint[])
                RETURNS SETOF usher.%2$I
                LANGUAGE plpgsql STABLE AS $body$
                BEGIN
                        RETURN QUERY
                        SELECT t.*
                        FROM (SELECT DISTINCT c.event_id, c.id
                              FROM usher.changes_beyond(p_family, p_writers, p_seqs) AS c
                              WHERE c.kind = %1$L AND NOT c.deleted) AS c
                        JOIN usher.%2$I AS t ON t.family_id = p_family AND t.event_id = c.event_id AND t.id = c.id
                        ORDER BY c.event_id, c.id;
                END
                $body$
        $template$, p_kind, coalesce(p_relation, p_kind));
END
$make$;

SELECT usher.make_reads('event');
SELECT usher.make_reads('token');
SELECT usher.make_reads('invite');
SELECT usher.make_reads('room');
SELECT usher.make_reads('track');
SELECT usher.make_reads('speaker');
SELECT usher.make_reads('session', 'session_whole');
SELECT usher.make_reads('placement');
SELECT usher.make_reads('acceptance');
SELECT usher.make_reads('draft');
SELECT usher.make_reads('programme');
SELECT usher.make_reads('draft_change');
SELECT usher.make_reads('publication', 'publication_whole');
SELECT usher.make_reads('ticket');
SELECT usher.make_reads('checkpoint');
SELECT usher.make_reads('registration');
SELECT usher.make_reads('credential');
SELECT usher.make_reads('booking');
SELECT usher.make_reads('signing_key');

-- Not as the others: presence has no change rows, for scans move it.
CREATE FUNCTION usher.load_presence(p_family uuid) RETURNS SETOF usher.presence
LANGUAGE sql STABLE AS $$
        SELECT t.* FROM usher.presence AS t WHERE t.family_id = p_family
$$;

-- Versions that whatever is made again has to follow.
CREATE FUNCTION usher.tombstones(p_family uuid) RETURNS TABLE (kind text, event_id uuid, id text, version bigint)
LANGUAGE sql STABLE AS $$
        SELECT d.kind, d.event_id, d.id, d.version FROM usher.tombstone AS d WHERE d.family_id = p_family
$$;

CREATE FUNCTION usher.counters(p_family uuid) RETURNS TABLE (event_id uuid, kind text, id text, value bigint)
LANGUAGE sql STABLE AS $$
        SELECT c.event_id, c.kind, c.id, c.value FROM usher.counter AS c WHERE c.family_id = p_family
$$;

-- ---- single things ----

CREATE FUNCTION usher.families() RETURNS SETOF uuid
LANGUAGE sql STABLE AS $$
        SELECT DISTINCT e.family_uuid FROM usher.event AS e
$$;

CREATE FUNCTION usher.request_key_find(p_family uuid, p_key uuid)
RETURNS TABLE (actor text, method text, params_digest bytea, result text)
LANGUAGE sql STABLE AS $$
        SELECT k.actor, k.method, k.params_digest, k.result::text
        FROM usher.request_key AS k WHERE k.family_id = p_family AND k.key = p_key
$$;

CREATE FUNCTION usher.nonce_find(p_family uuid, p_nonce uuid) RETURNS SETOF usher.scan
LANGUAGE sql STABLE AS $$
        SELECT s.* FROM usher.scan AS s WHERE s.family_id = p_family AND s.nonce = p_nonce
$$;

CREATE FUNCTION usher.publication_body(p_family uuid, p_event uuid, p_number bigint) RETURNS text
LANGUAGE sql STABLE AS $$
        SELECT p.body FROM usher.publication AS p
        WHERE p.family_id = p_family AND p.event_id = p_event AND p.number = p_number
$$;

-- A scan's id, as the daemon writes it: 24 bytes in base64url.
CREATE FUNCTION usher.scan_id(p_writer uuid, p_seq bigint) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
        SELECT translate(encode(uuid_send(p_writer) || int8send(p_seq), 'base64'), '+/', '-_')
$$;

-- A page of the scan log, newest first. NULL is no condition; (p_before_received_at, p_before_writer, p_before_seq) is
-- the last line of the page before. Rows that take others back are said of those.
CREATE FUNCTION usher.scan_log(
        p_family uuid, p_event uuid, p_checkpoint text, p_registration text, p_by text, p_since timestamptz, p_limit bigint,
        p_before_received_at timestamptz, p_before_writer uuid, p_before_seq bigint)
RETURNS TABLE (writer uuid, seq bigint, at timestamptz, received_at timestamptz, checkpoint text, registration text,
        direction text, verdict text, reason text, flags text, undone boolean, by text, device text, nonce uuid)
LANGUAGE sql STABLE AS $$
        SELECT s.writer, s.seq, s.at, s.received_at, s.checkpoint, s.registration, s.direction, s.verdict, s.reason,
               s.flags, s.presence_version > 0 AND EXISTS (
                        SELECT FROM usher.scan AS u
                        WHERE u.family_id = p_family AND u.undoes = usher.scan_id(s.writer, s.seq)),
               s.by, s.device, s.nonce
        FROM usher.scan AS s
        WHERE s.family_id = p_family AND s.event_id = p_event AND s.undoes IS NULL
          AND (p_checkpoint IS NULL OR s.checkpoint = p_checkpoint)
          AND (p_registration IS NULL OR s.registration = p_registration)
          AND (p_by IS NULL OR s.by = p_by)
          AND (p_since IS NULL OR s.received_at >= p_since)
          AND (p_before_received_at IS NULL
               OR (s.received_at, s.writer, s.seq) < (p_before_received_at, p_before_writer, p_before_seq))
        ORDER BY s.received_at DESC, s.writer DESC, s.seq DESC
        LIMIT p_limit
$$;

-- How many scans up to some places were refused, by checkpoint and reason.
CREATE FUNCTION usher.refused(p_family uuid, p_writers uuid[], p_seqs bigint[])
RETURNS TABLE (event_id uuid, checkpoint text, reason text, count bigint)
LANGUAGE sql STABLE AS $$
        SELECT s.event_id, s.checkpoint, s.reason, count(*)
        FROM unnest(p_writers, p_seqs) AS p (writer, seq)
        JOIN usher.scan AS s ON s.family_id = p_family AND s.writer = p.writer AND s.seq <= p.seq
        WHERE s.verdict = 'refused' AND s.reason IS NOT NULL
        GROUP BY s.event_id, s.checkpoint, s.reason
$$;

-- The writers that have scans, how far each has come and what its chain ends in, at one moment.
CREATE FUNCTION usher.chains(p_family uuid) RETURNS TABLE (writer uuid, last bigint, head bytea)
LANGUAGE sql STABLE AS $$
        SELECT w.writer, w.next_seq - 1, w.head FROM usher.writer AS w
        WHERE w.family_id = p_family
          AND (w.head IS NOT NULL
               OR EXISTS (SELECT FROM usher.scan AS s WHERE s.family_id = p_family AND s.writer = w.writer))
        UNION ALL
        -- A writer's row is never deleted: scans without one were put in by another hand.
        SELECT DISTINCT s.writer, 9223372036854775807, NULL::bytea FROM usher.scan AS s
        WHERE s.family_id = p_family AND NOT EXISTS (
                SELECT FROM usher.writer AS w WHERE w.family_id = p_family AND w.writer = s.writer)
        ORDER BY 1
$$;

-- Links of a chain after one place, in their order.
CREATE FUNCTION usher.chain(p_family uuid, p_writer uuid, p_after bigint, p_last bigint, p_limit bigint)
RETURNS SETOF usher.scan
LANGUAGE sql STABLE AS $$
        SELECT s.* FROM usher.scan AS s
        WHERE s.family_id = p_family AND s.writer = p_writer AND s.seq > p_after AND s.seq <= p_last
        ORDER BY s.seq
        LIMIT p_limit
$$;

-- What the log and the notes beside it hold on a person, oldest first.
CREATE FUNCTION usher.person_scans(p_family uuid, p_event uuid, p_registration text)
RETURNS TABLE (writer uuid, seq bigint, at timestamptz, checkpoint text, direction text, verdict text, reason text,
        device text, why text)
LANGUAGE sql STABLE AS $$
        SELECT s.writer, s.seq, s.at, s.checkpoint, s.direction, s.verdict, s.reason, s.device, n.why
        FROM usher.scan AS s
        LEFT JOIN usher.scan_note AS n ON n.family_id = p_family AND n.writer = s.writer AND n.seq = s.seq
        WHERE s.family_id = p_family AND s.event_id = p_event AND s.registration = p_registration
        ORDER BY s.received_at, s.writer, s.seq
$$;

-- How a person came to be where he is: the moves of presences, undone ones and undoings among them, each day's in their
-- order; and by which admission who was inside after one had come in.
CREATE FUNCTION usher.scan_moves(p_family uuid, p_presences uuid[])
RETURNS TABLE (id text, day text, undoes text, version bigint, inside boolean, admitted boolean, received_at timestamptz,
        first_at timestamptz, first_device text)
LANGUAGE sql STABLE AS $$
        SELECT usher.scan_id(s.writer, s.seq), coalesce(to_char(s.day, 'YYYY-MM-DD'), ''), s.undoes, s.presence_version,
               s.presence_inside, s.presence_admitted, s.received_at, coalesce(s.first_at, s.at),
               CASE WHEN s.first_at IS NULL THEN s.device ELSE s.first_device END
        FROM usher.scan AS s
        WHERE s.family_id = p_family AND s.presence = ANY (p_presences)
        ORDER BY s.day, s.presence_version
$$;

-- A page of an event's draft history, newest first, before the given version (NULL: from the newest).
CREATE FUNCTION usher.draft_changes(p_family uuid, p_event uuid, p_before bigint, p_limit bigint)
RETURNS SETOF usher.draft_change
LANGUAGE sql STABLE AS $$
        SELECT d.* FROM usher.draft_change AS d
        WHERE d.family_id = p_family AND d.event_id = p_event AND (p_before IS NULL OR d.id::bigint < p_before)
        ORDER BY d.id::bigint DESC
        LIMIT p_limit
$$;

-- What a connection that reads asks for once: a statement that nobody waits for any more ends with its connection.
CREATE FUNCTION usher.begin_reading() RETURNS void
LANGUAGE sql VOLATILE AS $$
        SELECT set_config('client_connection_check_interval', '2s', false)
$$;

-- What the feed's connection asks for once. What changed is little beside what there is, whatever the planner makes of it:
-- it is looked up, and not met with a walk through all of its kind.
CREATE FUNCTION usher.begin_feed() RETURNS void
LANGUAGE sql VOLATILE AS $$
        SELECT set_config('enable_hashjoin', 'off', false), set_config('enable_mergejoin', 'off', false),
               set_config('enable_seqscan', 'off', false), set_config('jit', 'off', false)
$$;

-- ---- upkeep ----

-- Wakes the readers of the feed. After commits and seldom, never within a batch: notifying commits wait for each
-- other across the whole cluster.
CREATE FUNCTION usher.wake(p_family uuid) RETURNS void
LANGUAGE sql VOLATILE AS $$
        SELECT pg_notify('usher_feed', p_family::text)
$$;

-- Deletes older change rows and request keys; how many, or NULL when another daemon is at it.
CREATE FUNCTION usher.trim(p_before timestamptz) RETURNS bigint
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
        v_changes bigint;
        v_keys    bigint;
BEGIN
        IF NOT pg_try_advisory_xact_lock(hashtextextended('usher.trim', 0)) THEN
                RETURN NULL;
        END IF;
        -- What is trimmed of a writer has to be its beginning, so that one number says how far.
        WITH reach AS (
                SELECT c.family_id, c.writer, max(c.seq) AS seq FROM usher.change AS c
                WHERE c.at < p_before GROUP BY c.family_id, c.writer
        ), gone AS (
                DELETE FROM usher.change AS c USING reach AS r
                WHERE c.family_id = r.family_id AND c.writer = r.writer AND c.seq <= r.seq
                RETURNING c.family_id
        ), marked AS (
                UPDATE usher.writer AS w SET trimmed = r.seq FROM reach AS r
                WHERE w.family_id = r.family_id AND w.writer = r.writer
        )
        SELECT count(*) INTO v_changes FROM gone;
        DELETE FROM usher.request_key WHERE at < p_before;
        GET DIAGNOSTICS v_keys = ROW_COUNT;
        RETURN v_changes + v_keys;
END
$$;

-- What keys would say of the log, had it more: the lines that break them.
CREATE FUNCTION usher.audit(p_family uuid) RETURNS TABLE (what text, event_id uuid, id text)
LANGUAGE sql STABLE AS $$
        WITH moves AS (
                SELECT s.event_id, s.presence, s.checkpoint, usher.presence_id(s.checkpoint, s.day, s.registration) AS id
                FROM usher.scan AS s
                WHERE s.family_id = p_family AND s.presence IS NOT NULL
        )
        SELECT 'scan without registration', s.event_id, s.registration FROM usher.scan AS s
        WHERE s.family_id = p_family AND (s.registration_version > 0 OR s.presence IS NOT NULL) AND NOT EXISTS (
                SELECT FROM usher.registration AS r
                WHERE r.family_id = s.family_id AND r.event_id = s.event_id AND r.id = s.registration)
        UNION ALL
        SELECT 'presence without checkpoint', p.event_id, p.id FROM usher.presence AS p
        WHERE p.family_id = p_family AND NOT EXISTS (
                SELECT FROM usher.checkpoint AS c
                WHERE c.family_id = p.family_id AND c.event_id = p.event_id AND c.id = p.checkpoint)
        UNION ALL
        SELECT 'presence of another', min(m.event_id::text)::uuid, min(m.id) FROM moves AS m
        GROUP BY m.presence HAVING count(DISTINCT (m.event_id, m.id)) > 1
        UNION ALL
        SELECT 'presence with two keys', m.event_id, m.id FROM moves AS m
        GROUP BY m.event_id, m.id HAVING count(DISTINCT m.presence) > 1
        UNION ALL
        SELECT 'presence elsewhere', m.event_id, m.id FROM moves AS m
        WHERE m.presence NOT BETWEEN usher.presence_bound(m.checkpoint, '00') AND usher.presence_bound(m.checkpoint, 'ff')
        UNION ALL
        SELECT 'move without whom or number', s.event_id, usher.scan_id(s.writer, s.seq) FROM usher.scan AS s
        WHERE s.family_id = p_family AND s.presence IS NULL <> (s.presence_version = 0)
        UNION ALL
        SELECT 'move without the one before', s.event_id, usher.presence_id(s.checkpoint, s.day, s.registration)
        FROM usher.scan AS s
        WHERE s.family_id = p_family AND s.presence_version > 1 AND NOT EXISTS (
                SELECT FROM usher.scan AS earlier
                WHERE earlier.presence = s.presence AND earlier.presence_version = s.presence_version - 1
                  AND earlier.family_id = p_family)
$$;
