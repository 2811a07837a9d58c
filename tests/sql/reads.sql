-- SPDX-License-Identifier: Apache-2.0
-- The feed, the log's pages and chains, and upkeep.
BEGIN;
SELECT no_plan();
SELECT build.conference();

CREATE FUNCTION build.other() RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT 'a0000000-0000-4000-8000-000000000002'::uuid $$;
-- The feed beyond the places of two writers.
CREATE FUNCTION build.feed(p_first bigint, p_second bigint) RETURNS text LANGUAGE sql AS $$
        SELECT build.lines(format('SELECT CASE writer WHEN build.writer() THEN 1 ELSE 2 END, seq, kind, id, version, deleted
                FROM usher.changes(build.family(), ARRAY[build.writer(), build.other()], ARRAY[%s, %s]::bigint[])', p_first, p_second))
$$;

-- ---- places ----

SELECT is(build.record(jsonb_build_array(build."row"('track', 't1'), build."row"('track', 't2')), p_writer => build.other()), 'done',
        'a second writer');
SELECT is(build.lines($$SELECT CASE writer WHEN build.writer() THEN 1 ELSE 2 END, seq FROM usher.places(build.family()) ORDER BY 1$$),
        '(1,7) (2,2)', 'each writer stands at its last number');
SELECT is(build.feed(7, 2), NULL, 'nothing is beyond the last');
SELECT ok(NOT usher.has_changed(build.family(), ARRAY[build.writer(), build.other()], ARRAY[7, 1]::bigint[]), 'a track is no event');
SELECT ok(usher.has_changed(build.nil(), NULL, NULL), 'a new event is a change');
SELECT ok(NOT usher.has_changed(build.nil(), ARRAY[build.writer()], ARRAY[2]::bigint[]), 'but not beyond itself');
SELECT is(build.feed(6, 1), '(1,7,checkpoint,door,1,f) (2,2,track,t2,1,f)', 'what is beyond a place comes in the order of numbers');
SELECT is((SELECT count(*) FROM usher.changes(build.family(), ARRAY[build.writer()], ARRAY[7]::bigint[])), 2::bigint,
        'a writer that is not named is read from its beginning');
SELECT is((SELECT count(*) FROM usher.changes(build.family(), NULL, NULL)), 9::bigint, 'without places, all is read');
SELECT is(build.record(jsonb_build_array(build."row"('track', 't1', 2)), p_writer => build.other()), 'done', 'a change');
SELECT is(build.record(jsonb_build_array(build."row"('track', 't1', 3), build.gone('track', 't2', 2))), 'done', 'and two by the first writer');
SELECT is(build.feed(7, 2), '(1,8,track,t1,3,f) (1,9,track,t2,2,t) (2,3,track,t1,2,f)', 'each is told once, with its version');
SELECT is(build.lines($$SELECT id, version FROM usher.changed_track(build.family(), ARRAY[build.writer(), build.other()], ARRAY[7, 2]::bigint[])$$),
        '(t1,3)', 'a changed row is read once, as it stands; a deleted one is not');
SELECT is_empty($$SELECT * FROM usher.changed_room(build.family(), ARRAY[build.writer(), build.other()], ARRAY[7, 2]::bigint[])$$,
        'another kind has not changed');
SELECT is((SELECT count(*) FROM usher.changed_room(build.family(), NULL, NULL)), 2::bigint, 'from the beginning, all of a kind have');
SELECT is((SELECT count(*) FROM usher.load_room(build.family())), 2::bigint, 'a load reads all of a kind');
SELECT is((SELECT count(*) FROM usher.load_room(build.child())), 0::bigint, 'of its family alone');
SELECT is(build.lines($$SELECT * FROM usher.tombstones(build.family())$$), format('(track,%s,t2,2)', build.family()), 'and what was deleted');

-- ---- scans as their own feed ----

SELECT is(build.record(jsonb_build_array(build."row"('registration', 'R1'), build."row"('registration', 'R2'))), 'done', 'people come');
SELECT is(build.record(NULL, ARRAY[build.scan('R1', p_at => '2026-11-20T09:00:00+08:00'), build.scan('R2', p_at => '2026-11-20T09:01:00+08:00'),
        build.scan('R3', 0, 0, p_at => '2026-11-20T09:02:00+08:00')]), 'done', 'and go in');
SELECT is(build.record(NULL, ARRAY[build.scan('R1', 2, p_inside => false, p_at => '2026-11-20T09:01:00+08:00')], p_writer => build.other()), 'done', 'one goes out');
SELECT is(build.lines($$SELECT seq, registration FROM usher.scans_since(build.family(), ARRAY[build.writer(), build.other()], ARRAY[12, 3]::bigint[], 500)$$),
        '(13,R2) (14,R3) (4,R1)', 'scans beyond the places, by writer');
SELECT is(build.lines($$SELECT seq, registration FROM usher.scans_since(build.family(), ARRAY[build.writer(), build.other()], ARRAY[12, 3]::bigint[], 2)$$),
        '(13,R2) (14,R3)', 'as many as were asked for');
SELECT is(build.lines($$SELECT seq, registration FROM usher.scans_since(build.family(), ARRAY[build.writer(), build.other()], ARRAY[13, 3]::bigint[], 2)$$),
        '(14,R3) (4,R1)', 'and on from there');

-- ---- pages of the log ----

CREATE FUNCTION build.log(p_limit bigint, p_after bigint DEFAULT NULL, p_registration text DEFAULT NULL, p_since timestamptz DEFAULT NULL,
        p_checkpoint text DEFAULT NULL, p_by text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
        SELECT string_agg(l.registration || ' ' || to_char(l.received_at AT TIME ZONE 'Asia/Shanghai', 'HH24.MI'), ', ')
        FROM (SELECT) AS always LEFT JOIN usher.scan AS s ON s.writer = build.writer() AND s.seq = p_after
        CROSS JOIN LATERAL usher.scan_log(build.family(), build.family(), p_checkpoint, p_registration, p_by, p_since, p_limit,
                s.received_at, s.writer, s.seq) AS l
$$;
SELECT is(build.log(10), 'R3 09.02, R1 09.01, R2 09.01, R1 09.00', 'newest first');
SELECT is(build.log(2), 'R3 09.02, R1 09.01', 'a page');
SELECT is(build.log(10, 13), 'R1 09.00', 'a page after a line, of those of the same moment, too');
SELECT is(build.log(10, 14), 'R1 09.01, R2 09.01, R1 09.00', 'and after the first');
SELECT is(build.log(10, p_registration => 'R1'), 'R1 09.01, R1 09.00', 'of one person');
SELECT is(build.log(10, p_since => '2026-11-20T09:01:00+08:00'), 'R3 09.02, R1 09.01, R2 09.01', 'since a moment, inclusive');
SELECT is(build.log(10, p_checkpoint => 'nowhere'), NULL, 'of a checkpoint');
SELECT is(build.log(10, p_by => 'token-2'), NULL, 'of a token');
SELECT is(build.log(1, p_by => 'token-1'), 'R3 09.02', 'that has some');
SELECT is_empty($$SELECT * FROM usher.scan_log(build.family(), build.child(), NULL, NULL, NULL, NULL, 10, NULL, NULL, NULL)$$, 'of one event alone');

-- ---- chains ----

SELECT is(build.lines($$SELECT CASE writer WHEN build.writer() THEN 1 ELSE 2 END, last, head IS NULL FROM usher.chains(build.family())$$),
        '(1,14,f) (2,4,f)', 'the writers that have scans, and how far each has come');
SELECT is(build.lines($$SELECT seq FROM usher.chain(build.family(), build.writer(), 12, 14, 10)$$), '(13) (14)', 'the links after a place');
SELECT is(build.lines($$SELECT seq FROM usher.chain(build.family(), build.writer(), 0, 13, 1)$$), '(12)', 'so many at a time');
UPDATE usher.scan SET writer = 'a0000000-0000-4000-8000-0000000000ff' WHERE seq = 13;
SELECT is(build.lines($$SELECT last FROM usher.chains(build.family()) WHERE writer = 'a0000000-0000-4000-8000-0000000000ff'$$),
        '(9223372036854775807)', 'scans of a writer that never was are told');

-- ---- the programme's history and publications ----

SELECT is(build.record((SELECT jsonb_agg(build."row"('draft_change', n::text)) FROM generate_series(1, 12) AS n)), 'done', 'twelve changes of a draft');
SELECT is(build.lines($$SELECT id FROM usher.draft_changes(build.family(), build.family(), NULL, 3)$$), '(12) (11) (10)', 'newest first, by number');
SELECT is(build.lines($$SELECT id FROM usher.draft_changes(build.family(), build.family(), 10, 2)$$), '(9) (8)', 'before a version');
SELECT is(build.record(jsonb_build_array(build."row"('publication', '1', 1, '{"body": "{\"a\" : 1}"}'), build."row"('publication', '2'))), 'done', 'two publications');
SELECT is(build.lines($$SELECT number, body FROM usher.load_publication(build.family()) ORDER BY number$$), '(1,) (2,{})', 'only the newest brings its body');
SELECT is(usher.publication_body(build.family(), build.family(), 1), '{"a" : 1}', 'an older one is asked for, and its bytes stay');
SELECT is(usher.publication_body(build.family(), build.family(), 3), NULL, 'or is not there');
SELECT set_eq($$SELECT usher.families()$$, $$SELECT build.family()$$, 'a parent and its child are one family');

-- ---- upkeep ----

UPDATE usher.change SET at = now() - interval '8 days' WHERE family_id = build.family()
        AND ((writer = build.writer() AND seq IN (1, 3)) OR (writer = build.other() AND seq = 2));
SELECT is(build.record(jsonb_build_array(build."row"('track', 'k')), p_keys => jsonb_build_array(build.key(gen_random_uuid()))), 'done', 'a request key');
SELECT is(usher.trim(now() - interval '7 days'), 5::bigint, 'what is old is trimmed, each writer up to its last old row');
SELECT is(build.lines($$SELECT CASE writer WHEN build.writer() THEN 1 ELSE 2 END, trimmed FROM usher.writer WHERE family_id = build.family() ORDER BY 1$$),
        '(1,3) (2,2)', 'and how far is kept');
SELECT is(usher.trim(now() - interval '7 days'), 0::bigint, 'nothing is left to trim');
SELECT is((SELECT count(*) FROM usher.request_key), 1::bigint, 'a young key stays');
SELECT is(usher.trim(now() + interval '1 second') > 1, true, 'until it is old');
SELECT is((SELECT count(*) FROM usher.request_key), 0::bigint, 'then it goes');
SELECT is((SELECT count(*) FROM usher.scan), 4::bigint, 'the log is never trimmed');
SELECT throws_ok($$SELECT * FROM usher.changes(build.family(), ARRAY[build.writer(), build.other()], ARRAY[2, 3]::bigint[])$$, 'UH005', NULL,
        'who stands before what was trimmed has to load anew');
SELECT throws_ok($$SELECT * FROM usher.changes(build.family(), ARRAY[build.writer()], ARRAY[1000]::bigint[])$$, 'UH005', NULL,
        'so has who never heard of a writer that was');
SELECT lives_ok($$SELECT * FROM usher.changes(build.family(), ARRAY[build.writer(), build.other()], ARRAY[1000, 1000]::bigint[])$$,
        'who is further reads on');
SELECT is(build.record(jsonb_build_array(build."row"('track', 'k', 2))), 'done', 'a trimmed writer goes on counting');

SELECT * FROM finish();
ROLLBACK;
