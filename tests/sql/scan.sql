-- SPDX-License-Identifier: Apache-2.0
-- A scan by itself is recorded as it would be among others, and refused for the same; and registrations are compared
-- wherever one may have changed beyond what is known.
BEGIN;
SELECT no_plan();
SELECT build.conference();
SELECT build.record((SELECT jsonb_agg(build."row"('registration', 'R' || n)) FROM generate_series(1, 10) AS n));

CREATE FUNCTION build.refused(p_call text, p_code text, p_what text) RETURNS text LANGUAGE sql AS $$
        SELECT throws_ok('SELECT ' || p_call, p_code, NULL, p_what)
$$;
-- What is kept of a registration, but for what tells two scans apart.
CREATE FUNCTION build.kept(p_registration text) RETURNS text LANGUAGE sql AS $$
        SELECT build.lines(format($lines$
                SELECT to_jsonb(s) - '{seq,nonce,registration,presence,hash}'::text[] AS scan, to_jsonb(p) - '{id,registration}'::text[] AS presence
                FROM usher.scan AS s LEFT JOIN usher.presence AS p USING (family_id, event_id, checkpoint, registration)
                WHERE s.registration = %L ORDER BY s.seq
        $lines$, p_registration))
$$;
CREATE FUNCTION build.next() RETURNS bigint LANGUAGE sql AS $$
        SELECT next_seq FROM usher.writer WHERE family_id = build.family() AND writer = build.writer()
$$;

-- ---- by itself ----

SELECT is(build.record_scan(build.scan('R1')), 'done', 'a scan by itself');
SELECT is(build.record(NULL, ARRAY[build.scan('R2')], jsonb_build_array(build.expect('checkpoint', 'door', 1))), 'done', 'and one in a batch');
SELECT is(build.kept('R1'), build.kept('R2'), 'are kept alike');
SELECT is(build.record_scan(build.scan('R3', 0, 1, p_inside => false, p_admitted => false)), 'done', 'one that moves nobody');
SELECT is_empty($$SELECT FROM usher.presence WHERE registration = 'R3'$$, 'leaves nobody inside');
SELECT is(build.record_scan(build.scan(NULL, 0, 0, p_inside => false, p_admitted => false)), 'done', 'one of nobody that is known');
SELECT is(build.record_scan(build.scan('R4', p_day => '2026-11-20')), 'done', 'one by the day');
SELECT is(build.lines($$SELECT id FROM usher.presence WHERE registration = 'R4'$$), '(door/2026-11-20/R4)', 'stands under its day');

-- ---- its numbers ----

SELECT is(build.record_scan(build.scan('R5'), p_seq => build.next() - 1), 'again', 'sent again it finds itself');
SELECT is_empty($$SELECT FROM usher.scan WHERE registration = 'R5'$$, 'and is not recorded twice');
SELECT build.refused($$build.record_scan(build.scan('R5'), p_seq => build.next() + 1)$$, 'UH008', 'a number that leaves a gap is refused');
SELECT is(build.record_scan(build.scan('R5'), p_writer => 'a0000000-0000-4000-8000-000000000009'), 'done', 'a writer begins with one');
SELECT is(usher.close_writer(build.family(), 'a0000000-0000-4000-8000-000000000009', 2), false, 'and is closed');
SELECT build.refused($$build.record_scan(build.scan('R6'), p_writer => 'a0000000-0000-4000-8000-000000000009')$$, 'UH007', 'then it records no more');
SELECT is((SELECT head FROM usher.writer WHERE family_id = build.family() AND writer = build.writer()), (SELECT hash FROM usher.scan
        WHERE writer = build.writer() ORDER BY seq DESC LIMIT 1), 'the head of the chain moves along');

-- ---- what it relied on ----

SELECT build.refused($$build.record_scan(build.scan('R1'))$$, '23505', 'who is admitted is not admitted again');
SELECT build.refused($$build.record_scan(build.scan('R6'), 2)$$, 'UH001', 'another version of the checkpoint');
SELECT is(build.record_scan(build.scan('R10'), p_ticket => 'regular', p_ticket_version => 1), 'done', 'a ticket as it is');
SELECT build.refused($$build.record_scan(build.scan('R6'), p_ticket => 'regular', p_ticket_version => 2)$$, 'UH001', 'another version of the ticket');
SELECT build.refused($$build.record_scan(build.scan('R6'), p_ticket => 'none', p_ticket_version => 1)$$, 'UH001', 'no such ticket');
SELECT build.refused($$build.record_scan(build.scan('R6', p_checkpoint => 'gate'))$$, 'UH001', 'no such checkpoint');
SELECT build.refused($$build.record_scan(build.scan('R6', 1, 2))$$, 'UH001', 'another version of the registration');
SELECT build.refused($$build.record_scan(build.scan('R0'))$$, 'UH001', 'no such registration');
SELECT is(build.record_scan(build.scan('R6', p_nonce => 'c0000000-0000-4000-8000-000000000001')), 'done', 'a nonce');
SELECT build.refused($$build.record_scan(build.scan('R7', p_nonce => 'c0000000-0000-4000-8000-000000000001'))$$, '23505', 'is used once');
SELECT is_empty($$SELECT FROM usher.presence WHERE registration = 'R7'$$, 'and nothing of the second stays');

-- ---- what is known of registrations ----

-- Registrations of another version than the scan's say whether they were compared.
CREATE FUNCTION build.known(p_registration text, p_version bigint, p_writers uuid[], p_seqs bigint[]) RETURNS text LANGUAGE sql AS $$
        SELECT build.record(NULL, ARRAY[build.scan(p_registration, 1, p_version)],
                jsonb_build_array(build.expect('checkpoint', 'door', 1)), p_known_writers => p_writers, p_known_seqs => p_seqs)
$$;
SELECT build.refused($$build.known('R7', 2, NULL, NULL)$$, 'UH001', 'where nothing is known all are compared');
SELECT build.refused($$build.known('R7', 2, '{}', '{}')$$, 'UH001', 'where a writer is not known, too');
SELECT is(build.known('R7', 2, ARRAY[build.writer()], ARRAY[build.next() - 1]), 'done', 'where all is known none is');
SELECT is(build.record(jsonb_build_array(build."row"('track', 'news')), p_writer => 'a0000000-0000-4000-8000-000000000002'), 'done', 'a change of something else');
SELECT is(build.known('R8', 2, ARRAY[build.writer()], ARRAY[build.next() - 1]), 'done', 'by a writer that is not known matters not');
SELECT is(build.record(jsonb_build_array(build."row"('registration', 'R9', 2, '{"status": "cancelled"}')),
        p_writer => 'a0000000-0000-4000-8000-000000000002'), 'done', 'a change of a registration');
SELECT build.refused($$build.known('R9', 1, ARRAY[build.writer()], ARRAY[build.next() - 1])$$, 'UH001',
        'by a writer that is not known is looked for');
SELECT build.refused($$build.known('R9', 1, ARRAY['a0000000-0000-4000-8000-000000000002'::uuid, build.writer()], ARRAY[1, build.next() - 1])$$, 'UH001',
        'and so where the writer is known as it was before');
SELECT is(build.known('R9', 1, ARRAY['a0000000-0000-4000-8000-000000000002'::uuid, build.writer()], ARRAY[2, build.next() - 1]), 'done',
        'who knows it was judged by it');
SELECT ok(usher.has_news(build.family(), ARRAY['a0000000-0000-4000-8000-000000000002'::uuid, build.writer()], ARRAY[3, build.next() - 1], ARRAY['registration']),
        'what is known and is not there any more counts as changed');

-- ---- nobody may have come ----

CREATE FUNCTION build.unknown(p_seq bigint) RETURNS text LANGUAGE sql AS $$
        SELECT build.record(NULL, ARRAY[build.scan(NULL, 0, 0)], jsonb_build_array(build.expect('checkpoint', 'door', 1)),
                p_known_writers => ARRAY['a0000000-0000-4000-8000-000000000002'::uuid, build.writer()],
                p_known_seqs => ARRAY[p_seq, build.next() - 1], p_no_news => true)
$$;
SELECT is(build.unknown(2), 'done', 'where nothing has changed nobody has come');
SELECT build.refused($$build.unknown(1)$$, 'UH001', 'a change of a registration may be somebody who came');
SELECT is(build.record(jsonb_build_array(build."row"('track', 'more news')), p_writer => 'a0000000-0000-4000-8000-000000000002'), 'done', 'a change of something else');
SELECT is(build.unknown(2), 'done', 'is nobody');
SELECT is(build.record(jsonb_build_array(build."row"('credential', 'R7/badge/1')),
        p_writer => 'a0000000-0000-4000-8000-000000000002'), 'done', 'a credential is issued');
SELECT build.refused($$build.unknown(3)$$, 'UH001', 'and may be the one that was looked for');
SELECT is(build.unknown(4), 'done', 'who knows it did not find it');
SELECT build.refused($$build.record(NULL, ARRAY[build.scan(NULL, 0, 0)], jsonb_build_array(build.expect('checkpoint', 'door', 1)), p_no_news => true)$$,
        'UH001', 'where nothing is known anybody may have come');

DELETE FROM usher.change WHERE writer = 'a0000000-0000-4000-8000-000000000002';
UPDATE usher.writer SET trimmed = 2 WHERE writer = 'a0000000-0000-4000-8000-000000000002';
SELECT ok(usher.has_news(build.family(), ARRAY['a0000000-0000-4000-8000-000000000002'::uuid, build.writer()], ARRAY[1, build.next() - 1], ARRAY['registration']),
        'what was trimmed may have been one');

-- ---- what many have in common ----

SELECT is(build.record(NULL, ARRAY[build.scan('R3', p_day => '2026-11-21'), build.scan('R4', p_day => '2026-11-21')]), 'done',
        'two that are alike');
SELECT is(build.lines($$SELECT id FROM usher.presence WHERE day = '2026-11-21' ORDER BY id$$),
        '(door/2026-11-21/R3) (door/2026-11-21/R4)', 'stand under their day');
SELECT is(build.lines($$SELECT count(*) FROM usher.scan WHERE day = '2026-11-21' AND event_id = build.family() AND checkpoint = 'door'
        AND registration_version = 1 AND direction = 'in' AND at = '2026-11-20T09:00:00+08:00' AND received_at = at
        AND device = 'scanner-1' AND by = 'token-1'$$), '(2)', 'and each has in the log what both have in common');
SELECT is(build.record(NULL, ARRAY[build.scan('R3', p_day => '2026-11-22'), build.scan('R4', p_day => '2026-11-23', p_device => 'scanner-2',
        p_at => '2026-11-23T09:00:00+08:00')]), 'done', 'two that are not');
SELECT is(build.lines($$SELECT id, first_device, first_at = '2026-11-20T09:00:00+08:00' FROM usher.presence WHERE day > '2026-11-21' ORDER BY id$$),
        '(door/2026-11-22/R3,scanner-1,t) (door/2026-11-23/R4,scanner-2,f)', 'have each their own');
SELECT is(build.record(NULL, ARRAY[build.scan('R3', 2, p_day => '2026-11-21', p_inside => false), build.scan('R4', 2, p_day => '2026-11-21', p_inside => false)]),
        'done', 'two that go');
SELECT is(build.lines($$SELECT id, version, inside FROM usher.presence WHERE day = '2026-11-21' ORDER BY id$$),
        '(door/2026-11-21/R3,2,f) (door/2026-11-21/R4,2,f)', 'have gone');

SELECT build.refused($$build.record(NULL, ARRAY[build.scan('R3', p_day => '2026-11-24'), build.scan('R4', p_day => '2026-11-24')], p_place => '{2,2}')$$,
        '23505', 'two with one number are refused');
SELECT is(build.record(NULL, ARRAY[build.scan('R3', p_day => '2026-11-25')]), 'done', 'one of two comes');
SELECT build.refused($$build.record(NULL, ARRAY[build.scan('R3', 2, p_day => '2026-11-25'), build.scan('R4', 2, p_day => '2026-11-25')])$$,
        'UH001', 'of two who go one has not come');
SELECT is(build.record(NULL, ARRAY[build.scan('R4', p_day => '2026-11-26')]), 'done', 'the other of two comes');
SELECT build.refused($$build.record(NULL, ARRAY[build.scan('R3', 2, p_day => '2026-11-26'), build.scan('R4', 2, p_day => '2026-11-26')])$$,
        'UH001', 'whichever it is');

-- ---- numbers ----

-- Whether the writer's head is the hash of the scan with the highest number.
CREATE FUNCTION build.chain_goes_on() RETURNS boolean LANGUAGE sql AS $$
        SELECT w.head = s.hash FROM usher.writer AS w JOIN usher.scan AS s USING (family_id, writer)
        WHERE w.writer = build.writer() ORDER BY s.seq DESC LIMIT 1
$$;

-- By key they are written in one order, which is not that of one of the two batches.
SELECT is(build.record(NULL, ARRAY[build.scan('R4', p_day => '2026-11-27'), build.scan('R3', p_day => '2026-11-27')], p_why => '{four,three}'),
        'done', 'two come');
SELECT ok(build.chain_goes_on(), 'and the chain goes on behind the last');
SELECT is(build.record(NULL, ARRAY[build.scan('R3', 2, p_day => '2026-11-27'), build.scan('R4', 2, p_day => '2026-11-27')], p_why => '{three,four}'),
        'done', 'and once more, the other way round');
SELECT ok(build.chain_goes_on(), 'and again behind the last');
SELECT is(build.lines($$SELECT s.registration FROM usher.scan AS s WHERE s.day >= '2026-11-27' ORDER BY s.seq$$), '(R4) (R3) (R3) (R4)',
        'each has the number that it came with');
SELECT is(build.lines($$SELECT s.registration, n.why FROM usher.scan AS s JOIN usher.scan_note AS n USING (family_id, writer, seq)
        WHERE s.day >= '2026-11-27' ORDER BY s.seq$$), '(R4,four) (R3,three) (R3,three) (R4,four)', 'and the note of his own');

-- ---- what few say ----

SELECT is(build.record(NULL, ARRAY[build.scan('R4', p_day => '2026-11-30'), build.scan('R3', p_day => '2026-11-30'),
        build.scan('R5', 0, p_day => '2026-11-30', p_nonce => 'c0000000-0000-4000-8000-0000000000a1', p_verdict => 'refused', p_reason => 'cancelled'),
        build.scan('R6', 0, p_day => '2026-11-30', p_nonce => 'c0000000-0000-4000-8000-0000000000a2')], p_why => '{NULL,NULL,five,NULL}'),
        'done', 'some are sent away, and one has a note');
SELECT is(build.lines($$SELECT s.registration, s.verdict, s.reason, s.presence_version, n.why FROM usher.scan AS s
        LEFT JOIN usher.scan_note AS n USING (family_id, writer, seq) WHERE s.day = '2026-11-30' ORDER BY s.seq$$),
        '(R4,admitted,,1,) (R3,admitted,,1,) (R5,refused,cancelled,0,five) (R6,admitted,,0,)', 'and it is said of them alone');

SELECT * FROM finish();
ROLLBACK;
