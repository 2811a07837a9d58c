-- SPDX-License-Identifier: Apache-2.0
--
-- What usher.record does to the rows of one kind. The functions are made from templates, one set a kind, so that every
-- kind has static SQL with cached plans and none is written by hand. A migration that adds a column to a kind calls
-- usher.make_kind for it again.

-- SQLSTATE UH001: the caller decided on something that is no longer so. Everything the batch did is rolled back.
CREATE FUNCTION usher.raise_stale(p_kind text, p_event uuid, p_id text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
        RAISE EXCEPTION 'stale: % %', p_kind, p_id USING
                ERRCODE = 'UH001',
                DETAIL = json_build_object('kind', p_kind, 'event_id', p_event, 'id', p_id)::text;
END
$$;

-- The elements of a batch that are of one kind. Inlined into its callers.
CREATE FUNCTION usher.rows_of(p_rows jsonb, p_kind text)
RETURNS TABLE (event_id uuid, id text, version bigint, deleted boolean, stored jsonb)
LANGUAGE sql IMMUTABLE AS $$
        SELECT (e->'row'->>'event_id')::uuid,
               e->'row'->>'id',
               (e->'row'->>'version')::bigint,
               coalesce((e->>'deleted')::boolean, false),
               e->'row'
        FROM jsonb_array_elements(p_rows) AS e
        WHERE e->>'kind' = p_kind
$$;

CREATE FUNCTION usher.expects_of(p_expects jsonb, p_kind text)
RETURNS TABLE (event_id uuid, id text, version bigint)
LANGUAGE sql IMMUTABLE AS $$
        SELECT (e->>'event_id')::uuid, e->>'id', (e->>'version')::bigint
        FROM jsonb_array_elements(p_expects) AS e
        WHERE e->>'kind' = p_kind
$$;

-- Makes usher.expect_KIND. Called twice: to lock (so that nothing relied on is deleted meanwhile), and, once every lock
-- of the batch is held, to compare; version 0 is that there is none. A single statement would join its old snapshot
-- with the rows that it waited for.
CREATE FUNCTION usher.make_expect(p_kind text, p_family text DEFAULT 'p_family') RETURNS void
LANGUAGE plpgsql AS $make$
BEGIN
        EXECUTE format($template$
                CREATE OR REPLACE FUNCTION usher.expect_%1$s(p_family uuid, p_expects jsonb, p_lock boolean)
                RETURNS void
                LANGUAGE plpgsql AS $body$
                DECLARE
                        v_row record;
                BEGIN
                        IF p_lock THEN
                                PERFORM 1
                                FROM usher.expects_of(p_expects, %1$L) AS r
                                JOIN usher.%1$I AS t
                                        ON t.family_id = %2$s AND t.event_id = r.event_id AND t.id = r.id
                                ORDER BY t.event_id, t.id
                                FOR KEY SHARE OF t;
                        ELSE
                                SELECT r.event_id, r.id INTO v_row
                                FROM usher.expects_of(p_expects, %1$L) AS r
                                LEFT JOIN usher.%1$I AS t
                                        ON t.family_id = %2$s AND t.event_id = r.event_id AND t.id = r.id
                                WHERE coalesce(t.version, 0) IS DISTINCT FROM r.version
                                LIMIT 1;
                                IF FOUND THEN
                                        PERFORM usher.raise_stale(%1$L, v_row.event_id, v_row.id);
                                END IF;
                        END IF;
                END
                $body$
        $template$, p_kind, p_family);
END
$make$;

-- Makes usher.write_KIND, usher.delete_KIND and usher.expect_KIND.
--
-- p_options: 'nil' (belongs to no family), 'once' (written once, never changed), 'take out' (rows that move leave the
-- table before any comes back, so that a swap does not trip over its own intermediate states), 'kept' (goes with its
-- event alone).
-- p_order: the order in which rows are written, which is the order of their locks. It has to be the same in every
-- batch, or two deadlock: by key, or where new rows clash in another unique index sooner than in their key, by that.
CREATE FUNCTION usher.make_kind(p_kind text, p_options text[] DEFAULT '{}', p_order text DEFAULT 'r.event_id, r.id')
RETURNS void
LANGUAGE plpgsql AS $make$
DECLARE
        v_family   text := 'p_family';
        v_columns  text;
        v_values   text;
        v_set      text;
        v_conflict text := 'NOTHING';
        v_before   text := '';
BEGIN
        IF 'nil' = ANY (p_options) THEN
                v_family := $$'00000000-0000-0000-0000-000000000000'::uuid$$;
        END IF;

        SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum),
               string_agg('r.' || quote_ident(attname), ', ' ORDER BY attnum),
               string_agg(format('%1$I = excluded.%1$I', attname), ', ' ORDER BY attnum)
                       FILTER (WHERE attname NOT IN ('event_id', 'id'))
        INTO v_columns, v_values, v_set
        FROM pg_attribute
        WHERE attrelid = format('usher.%I', p_kind)::regclass
          AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND attname <> 'family_id';

        -- The version in the WHERE is for a row that somebody wrote between the check and here.
        IF NOT 'once' = ANY (p_options) THEN
                v_conflict := 'UPDATE SET ' || v_set || ' WHERE t.version = excluded.version - 1';
        END IF;

        IF 'take out' = ANY (p_options) THEN
                v_before := format(
                        'DELETE FROM usher.%1$I AS t USING usher.rows_of(p_rows, %1$L) AS r
                         WHERE t.family_id = %2$s AND t.event_id = r.event_id AND t.id = r.id;',
                        p_kind, v_family);
        END IF;

        IF 'kept' = ANY (p_options) THEN
                -- Never deleted, so without tombstones: a row has to stand at the version before the new one, or not to
                -- exist. The insert itself finds out (its arbiter is the key, whatever the planner takes the table's
                -- size for), and sees what others committed while this batch waited for locks. One that it made has no
                -- xmax.
                EXECUTE format($template$
                        CREATE OR REPLACE FUNCTION usher.write_%1$s(p_family uuid, p_rows jsonb) RETURNS void
                        LANGUAGE plpgsql AS $body$
                        DECLARE
                                v_stale boolean;
                        BEGIN
                                WITH wanted AS MATERIALIZED (
                                        SELECT e.stored FROM usher.rows_of(p_rows, %1$L) AS e WHERE NOT e.deleted
                                ), written AS (
                                        INSERT INTO usher.%1$I AS t (family_id, %4$s)
                                        SELECT %2$s, %5$s
                                        FROM wanted AS e
                                        CROSS JOIN LATERAL jsonb_populate_record(NULL::usher.%1$I, e.stored) AS r
                                        ORDER BY %6$s
                                        ON CONFLICT (family_id, event_id, id) DO %7$s
                                        RETURNING t.version, t.xmax
                                )
                                SELECT count(*) <> (SELECT count(*) FROM wanted)
                                       OR coalesce(bool_or(w.version > 1 AND w.xmax = '0'), false)
                                INTO v_stale FROM written AS w;
                                IF v_stale THEN
                                        PERFORM usher.raise_stale(%1$L, NULL, NULL);
                                END IF;
                        END
                        $body$
                $template$, p_kind, v_family, v_before, v_columns, v_values, p_order, v_conflict);
        ELSE
                -- A row has to stand at the version before the new one, or to follow a tombstone of that version, or not to
                -- exist. The check is a statement of its own: it sees what others committed while this batch waited for locks.
                EXECUTE format($template$
                        CREATE OR REPLACE FUNCTION usher.write_%1$s(p_family uuid, p_rows jsonb) RETURNS void
                        LANGUAGE plpgsql AS $body$
                        DECLARE
                                v_wanted  bigint;
                                v_written bigint;
                                v_reborn  boolean;
                                v_stale   boolean;
                                v_event   uuid;
                                v_id      text;
                        BEGIN
                                SELECT count(*), bool_or(d.id IS NOT NULL), bool_or(x.stale),
                                       (array_agg(r.event_id) FILTER (WHERE x.stale))[1],
                                       (array_agg(r.id) FILTER (WHERE x.stale))[1]
                                INTO v_wanted, v_reborn, v_stale, v_event, v_id
                                FROM usher.rows_of(p_rows, %1$L) AS r
                                LEFT JOIN usher.%1$I AS t
                                        ON t.family_id = %2$s AND t.event_id = r.event_id AND t.id = r.id
                                LEFT JOIN usher.tombstone AS d
                                        ON d.family_id = %2$s AND d.event_id = r.event_id AND d.kind = %1$L AND d.id = r.id
                                CROSS JOIN LATERAL (
                                        SELECT coalesce(t.version, d.version, 0) IS DISTINCT FROM r.version - 1 AS stale
                                ) AS x
                                WHERE NOT r.deleted;
                                IF v_stale THEN
                                        PERFORM usher.raise_stale(%1$L, v_event, v_id);
                                END IF;

                                %3$s
                                INSERT INTO usher.%1$I AS t (family_id, %4$s)
                                SELECT %2$s, %5$s
                                FROM usher.rows_of(p_rows, %1$L) AS e
                                CROSS JOIN LATERAL jsonb_populate_record(NULL::usher.%1$I, e.stored) AS r
                                WHERE NOT e.deleted
                                ORDER BY %6$s
                                ON CONFLICT (family_id, event_id, id) DO %7$s;
                                GET DIAGNOSTICS v_written = ROW_COUNT;
                                IF v_written <> v_wanted THEN
                                        PERFORM usher.raise_stale(%1$L, NULL, NULL);
                                END IF;

                                IF v_reborn THEN
                                        DELETE FROM usher.tombstone AS d
                                        USING usher.rows_of(p_rows, %1$L) AS r
                                        WHERE NOT r.deleted AND d.family_id = %2$s AND d.event_id = r.event_id
                                          AND d.kind = %1$L AND d.id = r.id;
                                END IF;
                        END
                        $body$
                $template$, p_kind, v_family, v_before, v_columns, v_values, p_order, v_conflict);
        END IF;

        IF NOT 'kept' = ANY (p_options) THEN
                EXECUTE format($template$
                        CREATE OR REPLACE FUNCTION usher.delete_%1$s(p_family uuid, p_rows jsonb) RETURNS void
                        LANGUAGE plpgsql AS $body$
                        DECLARE
                                v_row record;
                        BEGIN
                                FOR v_row IN
                                        SELECT * FROM usher.rows_of(p_rows, %1$L) AS r
                                        WHERE r.deleted ORDER BY r.event_id, r.id
                                LOOP
                                        DELETE FROM usher.%1$I AS t
                                        WHERE t.family_id = %2$s AND t.event_id = v_row.event_id AND t.id = v_row.id
                                          AND t.version = v_row.version - 1;
                                        IF NOT FOUND THEN
                                                PERFORM usher.raise_stale(%1$L, v_row.event_id, v_row.id);
                                        END IF;
                                        INSERT INTO usher.tombstone (family_id, event_id, kind, id, version)
                                        VALUES (%2$s, v_row.event_id, %1$L, v_row.id, v_row.version);
                                END LOOP;
                        END
                        $body$
                $template$, p_kind, v_family);
        END IF;

        PERFORM usher.make_expect(p_kind, v_family);
END
$make$;

SELECT usher.make_kind('event', '{nil}');
SELECT usher.make_kind('token', '{nil}');
SELECT usher.make_kind('invite', '{nil}');
SELECT usher.make_kind('room');
SELECT usher.make_kind('track');
SELECT usher.make_kind('speaker');
SELECT usher.make_kind('session');
SELECT usher.make_kind('placement', '{take out}');
SELECT usher.make_kind('acceptance');
SELECT usher.make_kind('draft');
SELECT usher.make_kind('programme');
SELECT usher.make_kind('draft_change', '{once,kept}');
SELECT usher.make_kind('publication', '{once,kept}');
SELECT usher.make_kind('ticket');
SELECT usher.make_kind('checkpoint');
SELECT usher.make_kind('registration', '{kept}', 'r.external_id NULLS FIRST, r.event_id, r.id');
SELECT usher.make_kind('credential', '{kept}', 'r.code NULLS FIRST, r.event_id, r.id');
SELECT usher.make_kind('booking', '{kept}');
SELECT usher.make_kind('erasure', '{once,kept}');
SELECT usher.make_kind('signing_key');
