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

-- Makes usher.write_KIND, usher.delete_KIND and usher.expect_KIND.
--
-- p_options: 'nil' (belongs to no family), 'once' (written once, never changed), 'take out' (rows that move leave the
-- table before any comes back, so that a swap does not trip over its own intermediate states), 'kept' (goes with its
-- event alone).
-- p_order: the order in which rows are written, which is the order of their locks. It has to be the same in every
-- batch, or two deadlock: by key, or where new rows clash in another unique index sooner than in their key, by that.
CREATE FUNCTION usher.make_kind(p_kind text, p_options text[] DEFAULT '{}', p_order text DEFAULT 'r.event_id, r.id COLLATE "C"')
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

        IF NOT 'once' = ANY (p_options) THEN
                v_conflict := 'UPDATE SET ' || v_set || ' WHERE t.version = excluded.version - 1';
        END IF;

        -- What is made again follows its tombstone, which then goes: whoever takes it away is the one to write the row.
        IF NOT 'kept' = ANY (p_options) THEN
                v_before := format($part$
                        FOR v_row IN
                                SELECT r.*, (SELECT d.version FROM usher.tombstone AS d
                                             WHERE d.family_id = %2$s AND d.event_id = r.event_id AND d.kind = %1$L
                                               AND d.id = r.id) AS tombstone
                                FROM usher.rows_of(p_rows, %1$L) AS r
                                WHERE NOT r.deleted ORDER BY r.event_id, r.id COLLATE "C"
                        LOOP
                                CONTINUE WHEN v_row.tombstone IS NULL;
                                DELETE FROM usher.tombstone AS d
                                WHERE d.family_id = %2$s AND d.event_id = v_row.event_id AND d.kind = %1$L
                                  AND d.id = v_row.id AND d.version = v_row.version - 1;
                                IF NOT FOUND THEN
                                        PERFORM usher.raise_stale(%1$L, v_row.event_id, v_row.id);
                                END IF;
                                v_back := v_back + 1;
                        END LOOP;
                $part$, p_kind, v_family);
        END IF;
        IF 'take out' = ANY (p_options) THEN
                v_before := v_before || format($part$
                        FOR v_row IN
                                SELECT * FROM usher.rows_of(p_rows, %1$L) AS r
                                WHERE NOT r.deleted AND r.version > 1 ORDER BY r.event_id, r.id COLLATE "C"
                        LOOP
                                DELETE FROM usher.%1$I AS t
                                WHERE t.family_id = %2$s AND t.event_id = v_row.event_id AND t.id = v_row.id
                                  AND t.version = v_row.version - 1;
                                IF FOUND THEN
                                        v_back := v_back + 1;
                                END IF;
                        END LOOP;
                $part$, p_kind, v_family);
        END IF;

        -- A row is the first of its name, or replaces the version before its own, or comes back (see above). The insert
        -- that meets a row locks it and compares with what stands there by then: lock, check and change in one. It goes
        -- through the unique index whatever the planner believes; joins were seen to read the whole event for each row
        -- before the first ANALYZE. The xmax of a row that it made is 0, of one that it replaced it is the lock.
        EXECUTE format($template$
                CREATE OR REPLACE FUNCTION usher.write_%1$s(p_family uuid, p_rows jsonb) RETURNS void
                LANGUAGE plpgsql AS $body$
                DECLARE
                        v_row      record;
                        v_back     bigint := 0; -- rows above version 1 that are to be inserted
                        v_wanted   bigint;
                        v_first    bigint;
                        v_written  bigint;
                        v_inserted bigint;
                BEGIN
                        %3$s
                        WITH wanted AS MATERIALIZED (
                                SELECT r.*
                                FROM usher.rows_of(p_rows, %1$L) AS e
                                CROSS JOIN LATERAL jsonb_populate_record(NULL::usher.%1$I, e.stored) AS r
                                WHERE NOT e.deleted
                        ), written AS (
                                INSERT INTO usher.%1$I AS t (family_id, %4$s)
                                SELECT %2$s, %5$s FROM wanted AS r
                                ORDER BY %6$s
                                ON CONFLICT (family_id, event_id, id) DO %7$s
                                RETURNING t.xmax = 0 AS inserted
                        )
                        SELECT w.wanted, w.first, i.written, i.inserted
                        INTO v_wanted, v_first, v_written, v_inserted
                        FROM (SELECT count(*) AS wanted, count(*) FILTER (WHERE version = 1) AS first FROM wanted) AS w,
                             (SELECT count(*) AS written, count(*) FILTER (WHERE inserted) AS inserted FROM written) AS i;
                        IF v_written = v_wanted AND v_inserted = v_first + v_back THEN
                                RETURN;
                        END IF;

                        -- Which one? A row that still has another version, or one made that had something to replace.
                        SELECT r.event_id, r.id INTO v_row
                        FROM usher.rows_of(p_rows, %1$L) AS r
                        LEFT JOIN usher.%1$I AS t
                                ON t.family_id = %2$s AND t.event_id = r.event_id AND t.id = r.id
                        WHERE NOT r.deleted
                        ORDER BY t.version IS NOT DISTINCT FROM r.version, r.version = 1 OR t.xmax <> 0
                        LIMIT 1;
                        PERFORM usher.raise_stale(%1$L, v_row.event_id, v_row.id);
                END
                $body$
        $template$, p_kind, v_family, v_before, v_columns, v_values, p_order, v_conflict);

        IF NOT 'kept' = ANY (p_options) THEN
                EXECUTE format($template$
                        CREATE OR REPLACE FUNCTION usher.delete_%1$s(p_family uuid, p_rows jsonb) RETURNS void
                        LANGUAGE plpgsql AS $body$
                        DECLARE
                                v_row record;
                        BEGIN
                                FOR v_row IN
                                        SELECT * FROM usher.rows_of(p_rows, %1$L) AS r
                                        WHERE r.deleted ORDER BY r.event_id, r.id COLLATE "C"
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

        -- Called twice: to lock (so that nothing relied on is deleted meanwhile), and, once every lock of the batch is
        -- held, to compare. A single statement would join its old snapshot with the rows that it waited for.
        EXECUTE format($template$
                CREATE OR REPLACE FUNCTION usher.expect_%1$s(p_family uuid, p_expects jsonb, p_lock boolean)
                RETURNS void
                LANGUAGE plpgsql AS $body$
                DECLARE
                        v_row record;
                BEGIN
                        IF p_lock THEN
                                FOR v_row IN
                                        SELECT DISTINCT r.event_id, r.id COLLATE "C" AS id
                                        FROM usher.expects_of(p_expects, %1$L) AS r
                                        ORDER BY r.event_id, r.id COLLATE "C"
                                LOOP
                                        PERFORM 1 FROM usher.%1$I AS t
                                        WHERE t.family_id = %2$s AND t.event_id = v_row.event_id AND t.id = v_row.id
                                        FOR KEY SHARE;
                                END LOOP;
                                RETURN;
                        END IF;
                        SELECT r.event_id, r.id INTO v_row
                        FROM usher.expects_of(p_expects, %1$L) AS r
                        WHERE r.version IS DISTINCT FROM coalesce(
                                (SELECT t.version FROM usher.%1$I AS t
                                 WHERE t.family_id = %2$s AND t.event_id = r.event_id AND t.id = r.id), 0)
                        LIMIT 1;
                        IF FOUND THEN
                                PERFORM usher.raise_stale(%1$L, v_row.event_id, v_row.id);
                        END IF;
                END
                $body$
        $template$, p_kind, v_family);
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
SELECT usher.make_kind('signing_key');
