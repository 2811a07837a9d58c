-- SPDX-License-Identifier: Apache-2.0
-- What a batch is: recorded whole or not at all, found again, numbered.
BEGIN;
SELECT no_plan();
SELECT lives_ok($$SELECT build.conference()$$, 'a conference is recorded');

CREATE FUNCTION build.stands_at(p_writer uuid DEFAULT build.writer()) RETURNS bigint LANGUAGE sql AS $$
        SELECT next_seq FROM usher.writer WHERE family_id = build.family() AND writer = p_writer
$$;
CREATE FUNCTION build.refused(p_call text, p_code text, p_what text) RETURNS text LANGUAGE sql AS $$
        SELECT throws_ok('SELECT ' || p_call, p_code, NULL, p_what)
$$;

-- ---- numbers ----

SELECT is(build.stands_at(), 8::bigint, 'seven rows took seven numbers');
SELECT is(build.lines($$SELECT seq, kind FROM usher.change WHERE family_id = build.family() ORDER BY seq$$),
        '(1,programme) (2,room) (3,room) (4,speaker) (5,speaker) (6,ticket) (7,checkpoint)',
        'without gaps, as they stood in the batch');
SELECT is(build.record(jsonb_build_array(build."row"('room', 'annex'), build."row"('room', 'attic')), p_seq => 8), 'done', 'a batch');
SELECT is(build.record(jsonb_build_array(build."row"('room', 'annex'), build."row"('room', 'attic')), p_seq => 8), 'again',
        'sent twice it finds itself');
SELECT is((SELECT count(*) FROM usher.change WHERE id IN ('annex', 'attic')), 2::bigint, 'and is there once');
SELECT is(build.stands_at(), 10::bigint, 'and moves nothing');
SELECT build.refused($$build.record(jsonb_build_array(build."row"('room', 'cellar')), p_seq => 11)$$, 'UH008',
        'a number that leaves a gap is refused');
SELECT is(build.record(jsonb_build_array(build."row"('room', 'cellar')), p_seq => 10), 'done', 'the next one is taken');
SELECT is(build.record(jsonb_build_array(build."row"('room', 'loft')), p_writer => 'a0000000-0000-4000-8000-000000000002', p_seq => 1),
        'done', 'another writer counts from one');
SELECT build.refused($$build.record(jsonb_build_array(build."row"('room', 'roof')), p_writer => 'a0000000-0000-4000-8000-000000000003', p_seq => 2)$$,
        'UH008', 'a new writer does not begin at two');
SELECT is(build.stands_at('a0000000-0000-4000-8000-000000000003'), NULL, 'and is not there then');

-- ---- a closed writer ----

SELECT is(usher.close_writer(build.family(), build.writer(), 10), true, 'what was recorded beyond a number is told');
SELECT is(build.record(jsonb_build_array(build."row"('track', 't1'))), 'done', 'and the writer goes on');
SELECT is(usher.close_writer(build.family(), build.writer(), build.stands_at()), false, 'what was not recorded is told');
SELECT build.refused($$build.record(jsonb_build_array(build."row"('track', 't2')))$$, 'UH007', 'and never will be');
SELECT is(build.record(jsonb_build_array(build."row"('track', 't1')), p_seq => build.stands_at() - 1), 'again',
        'what it did record is still found');
SELECT is(usher.close_writer(build.family(), 'a0000000-0000-4000-8000-000000000009', 5), false, 'one that never wrote is closed, too');
SELECT build.refused($$build.record(jsonb_build_array(build."row"('track', 't2')), p_writer => 'a0000000-0000-4000-8000-000000000009', p_seq => 5)$$,
        'UH007', 'before its first batch');
UPDATE usher.writer SET closed = false WHERE writer = build.writer();

-- ---- whole or not at all ----

SELECT build.refused($$build.record(jsonb_build_array(build."row"('track', 'good'), build."row"('room', 'hall', 1)),
        ARRAY[build.scan('R1')], NULL, jsonb_build_array(build.counter('door/', 1)), jsonb_build_array(build.key(gen_random_uuid())))$$,
        'UH001', 'a batch with one stale row is refused');
SELECT is((SELECT count(*) FROM usher.track WHERE id = 'good'), 0::bigint, 'none of its rows is there');
SELECT is((SELECT count(*) FROM usher.counter), 0::bigint, 'no counter has moved');
SELECT is((SELECT count(*) FROM usher.request_key), 0::bigint, 'no request key is used');
SELECT is((SELECT count(*) FROM usher.scan) + (SELECT count(*) FROM usher.presence), 0::bigint, 'nobody was scanned');
SELECT is(build.stands_at(), 12::bigint, 'its numbers are free');

DO $$
DECLARE
        v_detail text;
BEGIN
        PERFORM build.record(jsonb_build_array(build."row"('room', 'hall', 5)));
EXCEPTION WHEN SQLSTATE 'UH001' THEN
        GET STACKED DIAGNOSTICS v_detail = PG_EXCEPTION_DETAIL;
        PERFORM set_config('test.detail', v_detail, true);
END
$$;
SELECT is(current_setting('test.detail')::jsonb, jsonb_build_object('kind', 'room', 'event_id', build.family(), 'id', 'hall'),
        'a refusal says which row is stale');
SELECT unalike(current_setting('test.detail'), E'%\n%', 'in one line');

-- ---- what it relies on ----

SELECT is(build.record(jsonb_build_array(build."row"('track', 't3')), NULL,
        jsonb_build_array(build.expect('room', 'hall', 1), build.expect('speaker', 'nobody', 0))), 'done',
        'what it relies on is so: at this version, or not there');
SELECT build.refused($$build.record(jsonb_build_array(build."row"('track', 't4')), NULL, jsonb_build_array(build.expect('room', 'hall', 2)))$$,
        'UH001', 'another version is stale');
SELECT build.refused($$build.record(jsonb_build_array(build."row"('track', 't4')), NULL, jsonb_build_array(build.expect('room', 'nowhere', 1)))$$,
        'UH001', 'gone is stale');
SELECT build.refused($$build.record(jsonb_build_array(build."row"('track', 't4')), NULL, jsonb_build_array(build.expect('room', 'hall', 0)))$$,
        'UH001', 'there by now is stale');
SELECT build.refused($$build.record(jsonb_build_array(build."row"('track', 't4')), NULL, '[{"kind": "rooms"}]')$$, '22023',
        'a kind that nobody knows is an error');

-- ---- counters ----

SELECT is(build.record(jsonb_build_array(build."row"('track', 'c1')), p_counters => jsonb_build_array(build.counter('n', 3, NULL, 3))),
        'done', 'a counter moves to its limit');
SELECT build.refused($$build.record(jsonb_build_array(build."row"('track', 'c2')), p_counters => jsonb_build_array(build.counter('n', 1, NULL, 3)))$$,
        'UH002', 'and not beyond');
SELECT is((SELECT value FROM usher.counters(build.family()) WHERE id = 'n'), 3::bigint, 'where it stays');
SELECT is(build.record(jsonb_build_array(build."row"('track', 'c2')), p_counters => jsonb_build_array(build.counter('n', 1))), 'done',
        'forced, it has no limit');
SELECT is(build.record(jsonb_build_array(build."row"('track', 'c3')), p_counters => jsonb_build_array(build.counter('n', -1, 0))), 'done',
        'it goes down while it is over a lowered limit');
SELECT build.refused($$build.record(jsonb_build_array(build."row"('track', 'c4')), p_counters => jsonb_build_array(build.counter('n', -4, 0)))$$,
        'UH002', 'and not below its least');
SELECT build.refused($$build.record(jsonb_build_array(build."row"('track', 'c4')), p_counters => jsonb_build_array(
        build.counter('n', 1, NULL, 4), build.counter('n', 1, NULL, 5)))$$, 'UH002',
        'two moves of one counter are summed, and the narrower limit holds');
SELECT is(build.record(jsonb_build_array(build."row"('track', 'c4')), p_counters => jsonb_build_array(
        build.counter('n', 1, NULL, 3), build.counter('n', -1, NULL, 3))), 'done', 'in and out in one batch end where they began');
SELECT build.refused($$build.record(p_counters => jsonb_build_array(build.counter('n', 1)))$$, 'UH006',
        'counters alone cannot be numbered');

-- ---- request keys ----

SELECT is(build.record(jsonb_build_array(build."row"('track', 'k1')),
        p_keys => jsonb_build_array(build.key('b0000000-0000-4000-8000-000000000001', '{"text": "two\nlines"}'))), 'done',
        'a request key is kept with its result');
SELECT results_eq(
        $$SELECT actor, method, params_digest, result::jsonb->>'text' FROM usher.request_key_find(build.family(), 'b0000000-0000-4000-8000-000000000001')$$,
        $$VALUES ('token-1', 'room.put', decode(md5('params'), 'hex'), E'two\nlines')$$, 'and found');
SELECT unalike(result, E'%\n%', 'its result takes one line')
FROM usher.request_key_find(build.family(), 'b0000000-0000-4000-8000-000000000001');
SELECT build.refused($$build.record(jsonb_build_array(build."row"('track', 'k2')), p_keys => jsonb_build_array(
        build.key('b0000000-0000-4000-8000-000000000000'), build.key('b0000000-0000-4000-8000-000000000001')))$$, 'UH003',
        'a used key refuses the batch');
SELECT throws_like($$SELECT build.record(jsonb_build_array(build."row"('track', 'k2')), p_keys => jsonb_build_array(
        build.key('b0000000-0000-4000-8000-000000000000'), build.key('b0000000-0000-4000-8000-000000000001')))$$,
        '%b0000000-0000-4000-8000-000000000001', 'and is named');
SELECT throws_like($$SELECT build.record(jsonb_build_array(build."row"('track', 'k2')), p_keys => jsonb_build_array(
        build.key('b0000000-0000-4000-8000-000000000003'), build.key('b0000000-0000-4000-8000-000000000004'),
        build.key('b0000000-0000-4000-8000-000000000004')))$$, '%b0000000-0000-4000-8000-000000000004', 'so is one that comes twice');
SELECT is_empty($$SELECT FROM usher.request_key_find(build.family(), 'b0000000-0000-4000-8000-000000000000')$$,
        'its neighbour is not used by that');
SELECT is_empty($$SELECT FROM usher.request_key_find(build.child(), 'b0000000-0000-4000-8000-000000000001')$$,
        'a key counts within its family');

SELECT * FROM finish();
ROLLBACK;
