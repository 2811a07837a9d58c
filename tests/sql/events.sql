-- SPDX-License-Identifier: Apache-2.0
-- The end of an event: what goes with it, what keeps it, and what it leaves alone.
BEGIN;
SELECT no_plan();
SELECT build.conference();

CREATE FUNCTION build.end_of(p_event text, p_version bigint DEFAULT 2) RETURNS text LANGUAGE sql AS $$
        SELECT build.record(jsonb_build_array(build.gone('event', p_event, p_version)), p_family => build.nil())
$$;
-- The tables that still say something of an event.
CREATE FUNCTION build.left_of(p_event uuid) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
        v_table name;
        v_found boolean;
        v_left  text;
BEGIN
        FOR v_table IN SELECT c.relname FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'event_id'
                WHERE c.relnamespace = 'usher'::regnamespace AND c.relkind = 'r' AND c.relname NOT IN ('event', 'change') ORDER BY 1
        LOOP
                EXECUTE format('SELECT EXISTS (SELECT FROM usher.%I WHERE event_id = $1)', v_table) INTO v_found USING p_event;
                v_left := CASE WHEN v_found THEN concat_ws(' ', v_left, v_table) ELSE v_left END;
        END LOOP;
        RETURN v_left;
END
$$;

SELECT is(build.record(jsonb_build_array(
        build."row"('room', 'cabin', 1, '{}', build.child()), build."row"('track', 't', 1, '{}', build.child()),
        build."row"('speaker', 'wen', 1, '{}', build.child()),
        build."row"('session', 's', 1, '{"track": "t", "speakers": [{"speaker": "wen", "role": "speaker"}, {"speaker": "xu", "role": "chair"}]}', build.child()),
        build."row"('placement', 's', 1, '{"room": "cabin"}', build.child()),
        build."row"('acceptance', 'A1', 1, jsonb_build_object('a_event', build.child(), 'a_session', 's')),
        build."row"('draft', '', 1, '{}', build.child()), build."row"('draft_change', '1', 1, '{}', build.child()),
        build."row"('publication', '1', 1, '{}', build.child()), build."row"('ticket', 'regular', 1, '{}', build.child()),
        build."row"('checkpoint', 'door', 1, '{"session": "s"}', build.child()),
        build."row"('registration', 'C1', 1, '{}', build.child()), build."row"('credential', 'C1/ticket/1', 1, '{}', build.child()),
        build."row"('booking', 's/C1', 1, '{}', build.child())),
        p_counters => jsonb_build_array(build.counter('door/', 1) || jsonb_build_object('event_id', build.child()))), 'done', 'a full child');
SELECT is(build.record(jsonb_build_array(build."row"('signing_key', '2', 1, '{}', build.child())), p_family => build.nil()), 'done', 'with a key of its own');
SELECT is(build.record(jsonb_build_array(build."row"('room', 'tent', 1, '{}', build.child()))), 'done', 'a room');
SELECT is(build.record(jsonb_build_array(build.gone('room', 'tent', 2, build.child()))), 'done', 'that is gone by now');

SELECT throws_ok($$SELECT build.end_of('conf')$$, '23503', NULL, 'a parent stays while it has a child');
SELECT throws_ok($$SELECT build.end_of('forum', 3)$$, 'UH001', NULL, 'no event ends at a version it has not reached');
SELECT is(build.left_of(build.child()) IS NOT NULL, true, 'and nothing of it has gone');

-- ---- with scans ----

CREATE FUNCTION build.scan_of_child(p_version bigint) RETURNS build.scan LANGUAGE sql AS $$
        SELECT ROW(gen_random_uuid(), build.child(), 'door', NULL, 0, NULL, 'in', 'refused', 'unknown_credential', now(), 'scanner-1', 0, NULL, NULL, NULL, NULL, NULL)::build.scan
$$;
SAVEPOINT before_the_scan;
SELECT is(build.record(NULL, ARRAY[build.scan_of_child(0)]), 'done', 'somebody unknown was at its door');
SELECT throws_ok($$SELECT build.end_of('forum')$$, 'UH001', NULL, 'an event with scans stays, refused ones counted');
SELECT is((SELECT count(*) FROM usher.load_registration(build.family()) WHERE event_id = build.child()), 1::bigint, 'with its registrations');
ROLLBACK TO before_the_scan;

-- ---- without ----

SELECT is(build.end_of('forum'), 'done', 'an event without scans may end');
SELECT is(build.left_of(build.child()), NULL, 'and takes all of its own with it');
SELECT is_empty($$SELECT FROM usher.acceptance$$, 'and what was accepted of it');
SELECT is(build.left_of(build.family()), 'checkpoint room speaker ticket', 'its parent keeps what it had');
SELECT is(build.lines($$SELECT kind, id, version FROM usher.tombstones(build.nil())$$), '(event,forum,2)', 'its slug goes on after its last version');
SELECT is(build.lines($$SELECT id, version, deleted FROM usher.changes(build.nil(), NULL, NULL) WHERE kind = 'event' ORDER BY seq DESC LIMIT 1$$),
        '(forum,2,t)', 'the feed tells its end');
SELECT is(build.record(jsonb_build_array(build."row"('room', 'cabin'))), 'done', 'the id of its room is free in the family');
SELECT is(build.end_of('conf'), 'done', 'then its parent may end');
SELECT is(build.left_of(build.family()), NULL, 'with all that was left');
SELECT is_empty($$SELECT FROM usher.families()$$, 'and the family');
SELECT throws_ok($$SELECT build.record(jsonb_build_array(build."row"('event', 'conf', 1)), p_family => build.nil())$$, 'UH001', NULL,
        'made again, it does not begin anew');
SELECT is(build.record(jsonb_build_array(build."row"('event', 'conf', 3)), p_family => build.nil()), 'done', 'but goes on');

SELECT * FROM finish();
ROLLBACK;
