-- SPDX-License-Identifier: Apache-2.0
-- Scans: who is inside, the one admission, the log, and what may not happen to a checkpoint that has some.
BEGIN;
SELECT no_plan();
SELECT build.conference();
SELECT build.record(jsonb_build_array(build."row"('registration', 'R1'), build."row"('registration', 'R2'), build."row"('registration', 'R3')));

CREATE FUNCTION build.scans(VARIADIC p_scans build.scan[]) RETURNS text LANGUAGE sql AS $$
        SELECT build.record(NULL, p_scans, jsonb_build_array(build.expect('checkpoint', 'door', 1)))
$$;
CREATE FUNCTION build.refused(p_call text, p_code text, p_what text) RETURNS text LANGUAGE sql AS $$
        SELECT throws_ok('SELECT ' || p_call, p_code, NULL, p_what)
$$;
-- The constraint that refuses a call, and what it says of it.
CREATE FUNCTION build.detail(p_call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
        v_constraint text;
        v_detail     text;
BEGIN
        EXECUTE 'SELECT ' || p_call;
        RETURN NULL;
EXCEPTION WHEN unique_violation THEN
        GET STACKED DIAGNOSTICS v_constraint = CONSTRAINT_NAME, v_detail = PG_EXCEPTION_DETAIL;
        RETURN v_constraint || ' ' || v_detail;
END
$$;
CREATE FUNCTION build.presence(p_registration text, p_checkpoint text DEFAULT 'door') RETURNS text LANGUAGE sql AS $$
        SELECT build.lines(format('SELECT version, inside, admitted, to_char(first_at AT TIME ZONE ''Asia/Shanghai'', ''HH24.MI''), first_device,
                to_char(admitted_at AT TIME ZONE ''Asia/Shanghai'', ''HH24.MI'')
                FROM usher.presence WHERE checkpoint = %L AND registration = %L ORDER BY day', p_checkpoint, p_registration))
$$;

-- Writes a row of the log once more, by another hand, with another number and without some of its columns.
CREATE FUNCTION build.again(VARIADIC p_without text[]) RETURNS SETOF bigint LANGUAGE sql AS $$
        INSERT INTO usher.scan
        SELECT (jsonb_populate_record(NULL::usher.scan, to_jsonb(s) - p_without || '{"seq": 1000}'
                || jsonb_build_object('nonce', gen_random_uuid()))).*
        FROM usher.scan AS s WHERE s.registration = 'R1' AND s.presence_version = 1 LIMIT 1
        RETURNING seq
$$;

-- ---- presence ----

SELECT is(build.scans(build.scan('R1')), 'done', 'somebody is admitted');
SELECT is(build.presence('R1'), '(1,t,t,09.00,scanner-1,09.00)', 'and stands inside, since when and where');
SELECT build.refused($$build.scans(build.scan('R1'))$$, '23505', 'who is admitted is not admitted again');
SELECT build.refused($$build.scans(build.scan('R2', 2))$$, 'UH001', 'who has never come does not come again');
SELECT build.refused($$build.scans(build.scan('R2', 1, 2))$$, 'UH001', 'a registration that has changed is judged anew');
SELECT build.refused($$build.scans(build.scan('R9'))$$, 'UH001', 'nobody without a registration is admitted');
SELECT build.refused($$build.record(NULL, ARRAY[build.scan('R2')], jsonb_build_array(build.expect('checkpoint', 'door', 2)))$$,
        'UH001', 'a checkpoint that has changed judges anew');
SELECT build.refused($$build.record(NULL, ARRAY[build.scan('R2')], jsonb_build_array(build.expect('checkpoint', 'door', 1), build.expect('ticket', 'regular', 2)))$$,
        'UH001', 'and so does a ticket');
SELECT build.refused($$build.record(jsonb_build_array(build."row"('track', 'beside-a-ticket')), ARRAY[build.scan('R2')],
        jsonb_build_array(build.expect('checkpoint', 'door', 1), build.expect('ticket', 'regular', 2)))$$, 'UH001', 'beside other changes, too');
SELECT is(build.scans(build.scan('R1', 2, p_inside => false, p_at => '2026-11-20T10:00:00+08:00',
        p_admitted_at => '2026-11-20T09:00:00+08:00')), 'done', 'he leaves');
SELECT is(build.presence('R1'), '(2,f,t,,,09.00)', 'and stays admitted');
SELECT is(build.scans(build.scan('R1', 3, p_at => '2026-11-20T11:00:00+08:00', p_device => 'scanner-2',
        p_admitted_at => '2026-11-20T09:00:00+08:00')), 'done', 'he comes back');
SELECT is(build.presence('R1'), '(3,t,t,11.00,scanner-2,09.00)', 'inside since then, and admitted since when he was');
SELECT is(build.scans(build.scan('R1', 4, p_at => '2026-11-20T11:30:00+08:00', p_first_at => '2026-11-20T11:00:00+08:00',
        p_first_device => 'scanner-2', p_admitted_at => '2026-11-20T09:00:00+08:00')), 'done', 'he is let in by force');
SELECT is(build.presence('R1'), '(4,t,t,11.00,scanner-2,09.00)', 'and is inside since he came back');
SELECT is(build.scans(build.scan('R1', 5, p_inside => false, p_admitted => false)), 'done', 'his admission is undone');
SELECT is(build.presence('R1'), '(5,f,f,,,)', 'as if he had not come');
SELECT is(build.scans(build.scan('R1', 6, p_at => '2026-11-20T12:00:00+08:00', p_device => 'scanner-2')), 'done', 'he is admitted again');
SELECT is(build.presence('R1'), '(6,t,t,12.00,scanner-2,12.00)', 'for the first time');
SELECT is(build.scans(build.scan('R2', 1, p_at => '2026-11-20T09:10:00+08:00'),
        build.scan('R3', 1, p_at => '2026-11-20T09:11:00+08:00'), build.scan('R2', 2, p_inside => false, p_admitted_at => '2026-11-20T09:10:00+08:00'),
        build.scan('R2', 3, p_at => '2026-11-20T09:12:00+08:00', p_admitted_at => '2026-11-20T09:10:00+08:00')), 'done', 'in, out and in of one person in a batch');
SELECT is(build.presence('R2'), '(3,t,t,09.12,scanner-1,09.10)', 'end in the last, first admitted by the first');
SELECT is(build.scans(build.scan('R3', 2, p_inside => false, p_admitted => false),
        build.scan('R3', 3, p_at => '2026-11-20T09:20:00+08:00')), 'done', 'undone and admitted in a batch');
SELECT is(build.presence('R3'), '(3,t,t,09.20,scanner-1,09.20)', 'is admitted by the later');
SELECT build.refused($$build.scans(build.scan('R3', 4), build.scan('R3', 6))$$, 'UH001', 'a move between two is missing');

SELECT is(build.record(jsonb_build_array(build."row"('checkpoint', 'daily', 1, '{"per": "day"}'))), 'done', 'a checkpoint by the day');
SELECT is(build.record(NULL, ARRAY[build.scan('R1', 1, p_checkpoint => 'daily', p_day => '2026-11-20'),
        build.scan('R1', 1, p_checkpoint => 'daily', p_day => '2026-11-21')]), 'done', 'admits once each day');
SELECT build.refused($$build.record(NULL, ARRAY[build.scan('R1', 1, p_checkpoint => 'daily', p_day => '2026-11-21')])$$, '23505',
        'and not twice on one');
SELECT is((SELECT count(*) FROM usher.presence WHERE checkpoint = 'daily'), 2::bigint, 'each day has its row');

-- ---- presences relied on ----

CREATE FUNCTION build.relying(p_id text, p_version bigint, p_rows jsonb DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
        SELECT build.record(p_rows, ARRAY[build.scan('R9', 0, 0, p_device => 'relying')], jsonb_build_array(build.expect('presence', build.presence_key(p_id)::text, p_version)))
$$;
SELECT is(build.relying('door//R1', 6), 'done', 'a batch relies on where somebody stands');
SELECT is(build.relying('door//R9', 0), 'done', 'or that somebody has not come');
SELECT build.refused($$build.relying('door//R1', 5)$$, 'UH001', 'who has moved on is judged anew');
SELECT build.refused($$build.relying('door//R1', 0)$$, 'UH001', 'and who has come');
SELECT is(build.relying('door//R1', 6, jsonb_build_array(build."row"('track', 'beside'))), 'done', 'and so beside other changes');
SELECT is(build.relying('door//R9', 0, jsonb_build_array(build."row"('track', 'too'))), 'done', 'or that somebody has not come, too');
SELECT build.refused($$build.relying('door//R1', 5, jsonb_build_array(build."row"('track', 'never')))$$, 'UH001', 'nor beside other changes');

-- ---- the log ----

SELECT is(build.lines($$SELECT count(*), count(DISTINCT nonce), min(s.seq) > 0 FROM usher.scan AS s WHERE checkpoint = 'door' AND device <> 'relying'$$),
        '(12,12,t)', 'every scan is in the log');
SELECT is(build.record(jsonb_build_array(build."row"('track', 't1')),
        ARRAY[build.scan('R9', 0, 0, p_nonce => 'c0000000-0000-4000-8000-000000000001')]), 'done', 'a refused scan moves nobody');
SELECT is(build.lines($$SELECT registration, presence_version, s.seq - c.seq FROM usher.nonce_find(build.family(), 'c0000000-0000-4000-8000-000000000001') AS s
        JOIN usher.change AS c ON c.id = 't1'$$), '(R9,0,1)', 'is found by its nonce, and numbered after the rows of its batch');
SELECT build.refused($$build.scans(build.scan('R9', 0, 0, p_nonce => 'c0000000-0000-4000-8000-000000000001'))$$, '23505', 'a nonce is used once');
SELECT is(build.record(NULL, ARRAY[build.scan('R8', 0, 0, p_inside => false, p_admitted => false, p_device => 'said-once'),
        build.scan('R1', 1, p_checkpoint => 'daily', p_day => '2026-11-28', p_device => 'said-once'),
        build.scan('R2', 1, p_checkpoint => 'daily', p_day => '2026-11-28', p_device => 'said-once')]), 'done', 'some move, one does not');
SELECT is(build.lines($$SELECT registration, presence_version, presence_inside, presence_admitted FROM usher.scan
        WHERE device = 'said-once' ORDER BY seq$$), '(R8,0,f,f) (R1,1,t,t) (R2,1,t,t)', 'and the log tells them apart');
SELECT is_empty($$SELECT FROM usher.scan WHERE received_at IS DISTINCT FROM at$$, 'received when they were made, if nothing else is said');
SELECT is(build.record(NULL, ARRAY[build.scan('R7', 0, 0, p_device => 'late'), build.scan('R8', 0, 0, p_device => 'late')],
        p_received_at => ARRAY['2026-11-20T09:30:00+08:00', '2026-11-20T09:30:00+08:00']::timestamptz[],
        p_flags => ARRAY['["late"]', '["late"]']), 'done', 'two come late together');
SELECT is(build.record(NULL, ARRAY[build.scan('R7', 0, 0, p_device => 'late'), build.scan('R8', 0, 0, p_device => 'late')],
        p_received_at => ARRAY['2026-11-20T09:31:00+08:00', '2026-11-20T09:32:00+08:00']::timestamptz[],
        p_flags => ARRAY['["late"]', '[]']), 'done', 'and apart');
SELECT is(build.lines($$SELECT registration, extract(epoch FROM received_at - at)::int / 60, flags FROM usher.scan
        WHERE device = 'late' ORDER BY seq$$), '(R7,30,"[""late""]") (R8,30,"[""late""]") (R7,31,"[""late""]") (R8,32,[])',
        'the log says when, and with which flags');
SELECT matches(build.detail($$build.scans(build.scan('R9', 0, 0), build.scan('R9', 0, 0, p_nonce => 'c0000000-0000-4000-8000-000000000001'))$$),
        '^scan_nonce .*=\(c0000000-0000-4000-8000-000000000001, ', 'and named among others');
SELECT matches(build.detail($$build.scans(build.scan('R9', 0, 0), build.scan('R9', 0, 0, p_nonce => 'c0000000-0000-4000-8000-000000000002'),
        build.scan('R9', 0, 0, p_nonce => 'c0000000-0000-4000-8000-000000000002'))$$),
        '^scan_nonce .*=\(c0000000-0000-4000-8000-000000000002, ', 'so is one that comes twice in a batch');
SELECT is_empty($$SELECT FROM usher.nonce_find(build.child(), 'c0000000-0000-4000-8000-000000000001')$$, 'a nonce counts within its family');
SELECT is((SELECT count(*) FROM usher.nonce_find(build.family(), gen_random_uuid())), 0::bigint, 'an unused one is not found');

-- ---- what is taken back, and what was said of it ----

SELECT is(build.record(jsonb_build_array(build."row"('registration', 'R4'))), 'done', 'another');
SELECT is(build.record(NULL, ARRAY[build.scan('R4')], p_why => ARRAY['a friend of the house']), 'done', 'is let in for a reason');
SELECT is(build.record(NULL, ARRAY[build.scan('R4', 2, p_inside => false, p_admitted => false)], p_why => ARRAY['a mistake'],
        p_undoes => (SELECT array_agg(usher.scan_id(writer, seq)) FROM usher.scan WHERE registration = 'R4')), 'done', 'which is undone');
SELECT is(build.lines($$SELECT verdict, undone FROM usher.scan_log(build.family(), build.family(), NULL, 'R4', NULL, NULL, 10, NULL, NULL, NULL)$$),
        '(admitted,t)', 'the log says it of the scan, and has no line of its own for it');
SELECT is(build.lines($$SELECT why FROM usher.scan_note WHERE registration = 'R4' ORDER BY seq$$), '("a friend of the house") ("a mistake")',
        'what was said of both is kept');
SELECT is(build.record(jsonb_build_array(build."row"('registration', 'R4', 2, '{"status": "erased", "name": null}'),
        build."row"('erasure', 'R4'))), 'done', 'until the person is erased');
SELECT is_empty($$SELECT FROM usher.scan_note WHERE registration = 'R4'$$, 'then it goes');
SELECT is((SELECT count(*) FROM usher.scan WHERE registration = 'R4'), 2::bigint, 'and the log stays');

-- ---- a capacity that comes late ----

SELECT is(build.record(jsonb_build_array(build."row"('checkpoint', 'door', 2, '{"capacity": 5}'))), 'done', 'a checkpoint gets a capacity');
SELECT is(build.lines($$SELECT id, value FROM usher.counters(build.family()) WHERE kind = 'inside'$$), '(door//,3)',
        'and counts those who are inside');
SELECT is(build.record(jsonb_build_array(build."row"('checkpoint', 'door', 3, '{"capacity": 2}'))), 'done', 'a lower one');
SELECT is(build.lines($$SELECT id, value FROM usher.counters(build.family()) WHERE kind = 'inside'$$), '(door//,3)', 'leaves them in');
SELECT build.refused($$build.scans(build.scan('R9', 0, 0))$$, 'UH001', 'a scan that an older one has judged is judged anew');
SELECT is(build.record(jsonb_build_array(build."row"('checkpoint', 'daily', 2, '{"per": "day", "capacity": 9}'))), 'done', 'one by the day');
SELECT is(build.lines($$SELECT id, value FROM usher.counters(build.family()) WHERE id LIKE 'daily/%' ORDER BY id$$),
        '(daily/2026-11-20/,1) (daily/2026-11-21/,1) (daily/2026-11-28/,2)', 'counts each day');

-- ---- what stays ----

SELECT build.refused($$build.record(jsonb_build_array(build.gone('checkpoint', 'door', 4)))$$, 'UH001', 'a checkpoint with scans stays');
SELECT is(build.record(jsonb_build_array(build."row"('checkpoint', 'unused'))), 'done', 'one without');
SELECT is(build.record(jsonb_build_array(build.gone('checkpoint', 'unused', 2))), 'done', 'may go');
CREATE FUNCTION build.known(p_before bigint, p_rows jsonb) RETURNS text LANGUAGE sql AS $$
        SELECT build.record(jsonb_build_array(p_rows), p_known_writers => ARRAY[w.writer], p_known_seqs => ARRAY[w.next_seq - 1 - p_before])
        FROM usher.writer AS w WHERE w.family_id = build.family() AND w.writer = build.writer()
$$;
CREATE FUNCTION build.looked_at() RETURNS bigint LANGUAGE sql AS $$
        SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relid = 'usher.scan'::regclass
$$;
SELECT is(build.record(NULL, ARRAY[build.scan('R9', 0, 0)]), 'done', 'somebody is sent away');
SELECT build.refused($$build.known(1, build.gone('checkpoint', 'door', 4))$$, 'UH001', 'what was scanned beyond what is known counts');
SELECT build.refused($$build.known(1, build."row"('checkpoint', 'door', 4, '{"mode": "count"}'))$$, 'UH001', 'for its mode, too');
SELECT FROM usher.begin_recording();
DISCARD PLANS;
SELECT build.looked_at() AS before \gset
SELECT is(build.known(0, build."row"('checkpoint', 'door', 4, '{"mode": "count"}')), 'done', 'and what is known');
SELECT is(build.looked_at() - :before, 0::bigint, 'is not looked for');
SELECT matches(build.detail($$build.scans(build.scan('R1'))$$), '^scan_presence ', 'one admission a checkpoint, day and registration');
SELECT build.refused($$(SELECT count(*) FROM build.again('nonce'))$$, '23505', 'whoever writes');

-- ---- the audit ----

SELECT is_empty($$SELECT * FROM usher.audit(build.family())$$, 'nothing refers to what is not there');
SAVEPOINT whole;
UPDATE usher.scan SET registration = 'R0' WHERE registration = 'R9';
SELECT is_empty($$SELECT * FROM usher.audit(build.family())$$, 'nor does who was not known then');
UPDATE usher.scan SET registration = 'R0', presence = build.presence_key('door//R0') WHERE registration = 'R3' AND presence_version = 3;
SELECT is(build.lines($$SELECT what, id FROM usher.audit(build.family()) ORDER BY what COLLATE "C"$$),
        '("move without the one before",door//R0) ("scan without registration",R0)', 'a move of nobody is told');
ROLLBACK TO whole;
UPDATE usher.scan SET checkpoint = 'nowhere' WHERE registration = 'R3' AND presence_version = 3;
SELECT is(build.lines($$SELECT what, id FROM usher.audit(build.family()) ORDER BY what COLLATE "C"$$),
        '("presence elsewhere",nowhere//R3) ("presence of another",door//R3) ("presence without checkpoint",nowhere//R3)', 'and one that is nowhere');
ROLLBACK TO whole;
UPDATE usher.scan SET presence = build.presence_key('door//R0') WHERE registration = 'R3' AND presence_version = 3;
SELECT is(build.lines($$SELECT what, id FROM usher.audit(build.family()) ORDER BY what COLLATE "C"$$),
        '("move without the one before",door//R3) ("presence with two keys",door//R3)', 'and one under another key');
ROLLBACK TO whole;
UPDATE usher.scan SET presence = NULL WHERE registration = 'R3' AND presence_version = 3;
SELECT is(build.lines($$SELECT what FROM usher.audit(build.family()) ORDER BY what COLLATE "C"$$),
        '("move without the one before") ("move without whom or number")', 'whoever moves has a presence');
ROLLBACK TO whole;
UPDATE usher.scan SET presence_version = 0 WHERE registration = 'R3' AND presence_version = 3;
SELECT is(build.lines($$SELECT what FROM usher.audit(build.family())$$), '("move without whom or number")', 'and a number there');

SELECT * FROM finish();
ROLLBACK;
