-- SPDX-License-Identifier: Apache-2.0
-- The life of a row of each kind: written, replaced, deleted and made again, each at the version after the one before.
BEGIN;
SELECT no_plan();

-- Whether the latest change of a thing says so.
CREATE FUNCTION build.last_change(p_family uuid, p_kind text, p_id text) RETURNS text LANGUAGE sql AS $$
        SELECT version || CASE WHEN deleted THEN ' deleted' ELSE ' written' END FROM usher.change
        WHERE family_id = p_family AND kind = p_kind AND id = p_id ORDER BY seq DESC LIMIT 1
$$;

CREATE FUNCTION build.version_of(p_family uuid, p_kind text, p_id text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
        v bigint;
BEGIN
        EXECUTE format('SELECT version FROM usher.%I WHERE family_id = $1 AND id = $2', p_kind) INTO v USING p_family, p_id;
        RETURN v;
END
$$;

CREATE FUNCTION build.refuses(p_family uuid, p_element jsonb, p_what text, p_code text DEFAULT 'UH001')
RETURNS text LANGUAGE sql AS $$
        SELECT throws_ok(format('SELECT build.record(%L::jsonb, p_family => %L)', jsonb_build_array(p_element), p_family),
                p_code, NULL, (p_element->>'kind') || ': ' || p_what)
$$;

-- p_from: the version that the first write makes. p_life: what may follow it.
CREATE FUNCTION build.life_of(p_kind text, p_id text, p_more jsonb DEFAULT '{}', p_more_next jsonb DEFAULT '{}',
        p_life text[] DEFAULT '{replace,delete}', p_from bigint DEFAULT 1)
RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
        f uuid := CASE WHEN p_kind IN ('event', 'token', 'invite', 'signing_key') THEN build.nil() ELSE build.family() END;
        v bigint := p_from;
BEGIN
        RETURN NEXT build.refuses(f, build."row"(p_kind, p_id, v + 1, p_more), 'a version is left out at the beginning',
                CASE WHEN 'replace' = ANY (p_life) THEN 'UH001' ELSE '23514' END);
        RETURN NEXT is(build.record(jsonb_build_array(build."row"(p_kind, p_id, v, p_more)), p_family => f), 'done',
                p_kind || ': written');
        RETURN NEXT is(build.version_of(f, p_kind, p_id), v, p_kind || ': stands as written');
        RETURN NEXT is(build.last_change(f, p_kind, p_id), v || ' written', p_kind || ': the feed names it');
        RETURN NEXT build.refuses(f, build."row"(p_kind, p_id, v, p_more), 'the same version again');
        IF NOT 'replace' = ANY (p_life) THEN
                RETURN NEXT build.refuses(f, build."row"(p_kind, p_id, v + 1, p_more), 'what is written once is not replaced',
                        '23514');
                RETURN;
        END IF;

        RETURN NEXT build.refuses(f, build."row"(p_kind, p_id, v + 2, p_more), 'a version is left out');
        v := v + 1;
        RETURN NEXT is(build.record(jsonb_build_array(build."row"(p_kind, p_id, v, p_more || p_more_next)), p_family => f),
                'done', p_kind || ': replaced');
        RETURN NEXT is(build.version_of(f, p_kind, p_id), v, p_kind || ': stands as replaced');
        IF NOT 'delete' = ANY (p_life) THEN
                RETURN NEXT throws_ok(format('SELECT build.record(%L::jsonb, p_family => %L)',
                        jsonb_build_array(build.gone(p_kind, p_id, v + 1)), f), NULL, NULL,
                        p_kind || ': never deleted by itself');
                RETURN NEXT is(build.version_of(f, p_kind, p_id), v, p_kind || ': still there');
                RETURN;
        END IF;

        RETURN NEXT build.refuses(f, build.gone(p_kind, p_id, v), 'deleted at a version that is past');
        v := v + 1;
        RETURN NEXT is(build.record(jsonb_build_array(build.gone(p_kind, p_id, v)), p_family => f), 'done',
                p_kind || ': deleted');
        RETURN NEXT is(build.version_of(f, p_kind, p_id), NULL, p_kind || ': gone');
        RETURN NEXT is(build.last_change(f, p_kind, p_id), v || ' deleted', p_kind || ': the feed names its end');
        RETURN NEXT results_eq(
                format('SELECT version FROM usher.tombstones(%L) WHERE kind = %L AND id = %L', f, p_kind, p_id),
                format('SELECT %s::bigint', v), p_kind || ': its version lives on');
        RETURN NEXT build.refuses(f, build.gone(p_kind, p_id, v + 1), 'deleted twice');
        RETURN NEXT build.refuses(f, build."row"(p_kind, p_id, 1, p_more), 'made again as if it had never been');
        v := v + 1;
        RETURN NEXT is(build.record(jsonb_build_array(build."row"(p_kind, p_id, v, p_more)), p_family => f), 'done',
                p_kind || ': made again after its last version');
        RETURN NEXT is_empty(format('SELECT FROM usher.tombstones(%L) WHERE kind = %L AND id = %L', f, p_kind, p_id),
                p_kind || ': made again, it leaves no tombstone');
END
$$;

SELECT build.conference();
SELECT build.record(jsonb_build_array(build."row"('session', 'talk'), build."row"('session', 'panel'),
        build."row"('registration', 'R0')));

SELECT build.life_of('event', 'other', jsonb_build_object('event_uuid', 'f0000000-0000-4000-8000-0000000000ff'::uuid,
        'family_uuid', 'f0000000-0000-4000-8000-0000000000ff'::uuid), '{"name": "Renamed"}');
SELECT build.life_of('token', 'T1', '{}', '{"revoked": true}');
SELECT build.life_of('invite', 'I1', '{}', '{"role": "desk"}');
SELECT build.life_of('programme', '', p_from => 2);
SELECT build.life_of('room', 'annex', '{"capacity": 80}', '{"capacity": 90, "features": ["screen"]}');
SELECT build.life_of('track', 'systems', '{}', '{"colour": "#336699"}');
SELECT build.life_of('speaker', 'wen', '{}', '{"country": "CN"}');
SELECT build.life_of('session', 'keynote', '{"speakers": [{"speaker": "xu", "role": "speaker"}]}', '{"speakers": null}');
SELECT build.life_of('placement', 'talk', '{}', '{"room": "studio"}');
SELECT build.life_of('acceptance', 'A1', '{"a_session": "panel"}', '{"accepted_by": "token-1"}');
SELECT build.life_of('draft', '');
SELECT build.life_of('draft_change', '1', p_life => '{}');
SELECT build.life_of('publication', '1', p_life => '{}');
SELECT build.life_of('ticket', 'student', '{"capacity": 10}', '{"capacity": null, "waitlist": true}');
SELECT build.life_of('checkpoint', 'lunch', '{"mode": "count"}', '{"per": "day"}');
SELECT build.life_of('registration', 'R1', '{"external_id": "X1"}', '{"external_id": null}', '{replace}');
SELECT build.life_of('credential', 'R0/ticket/1', '{}', '{"replaced_at": "2026-11-20T08:00:00+08:00"}', '{replace}');
SELECT build.life_of('booking', 'panel/R0', '{}', '{"status": "cancelled"}', '{replace}');
SELECT build.life_of('signing_key', '1');
SELECT build.life_of('erasure', 'R0', p_life => '{}');

-- ---- what a written row holds is what was sent ----

SELECT build.record(jsonb_build_array(build."row"('speaker', 'shan', 1,
        '{"name": "单田芳", "name_latin": "Shan Tianfang", "available": [["2026-11-20T09:00:00+08:00", "2026-11-20T12:00:00+08:00"]]}')));
SELECT results_eq(
        $$SELECT name, name_latin, title, available->0->>1 FROM usher.load_speaker(build.family()) WHERE id = 'shan'$$,
        $$VALUES ('单田芳', 'Shan Tianfang', NULL, '2026-11-20T12:00:00+08:00')$$, 'each field comes back; what is absent is null');
SELECT build.record(jsonb_build_array(build."row"('speaker', 'shan', 2, '{"name": "单田芳"}')));
SELECT results_eq(
        $$SELECT name_latin, available IS NULL FROM usher.load_speaker(build.family()) WHERE id = 'shan'$$,
        $$VALUES (NULL::text, true)$$, 'a replaced row keeps nothing of the one before');
SELECT build.record(jsonb_build_array(build."row"('session', 'duet', 1,
        '{"speakers": [{"speaker": "xu", "role": "speaker"}, {"speaker": "lin", "role": "chair"}, {"speaker": "xu", "role": "moderator"}]}')));
SELECT results_eq(
        $$SELECT string_agg((s->>'speaker') || ' ' || (s->>'role'), ', ')
          FROM usher.load_session(build.family()) AS t, jsonb_array_elements(t.speakers) AS s WHERE t.id = 'duet'$$,
        $$VALUES ('xu speaker, lin chair, xu moderator')$$, 'a session keeps its speakers, in their order');
SELECT is(build.lines($$SELECT speakers FROM usher.load_session(build.family()) WHERE id = 'panel'$$), '([])',
        'a session without speakers has none');

-- ---- what refers to what ----

SELECT throws_ok($$SELECT build.record(jsonb_build_array(build.gone('room', 'studio', 2),
        build."row"('placement', 'panel', 1, '{"room": "studio"}')))$$, '23503', NULL, 'a room with a session in it stays');
SELECT throws_ok($$SELECT build.record(jsonb_build_array(build.gone('speaker', 'lin', 2)))$$, '23503', NULL,
        'a speaker of a session stays');
SELECT throws_ok($$SELECT build.record(jsonb_build_array(build."row"('registration', 'R9', 1, '{"ticket": "no-such"}')))$$,
        '23503', NULL, 'a registration needs its ticket type');
SELECT throws_ok($$SELECT build.record(jsonb_build_array(build.gone('ticket', 'regular', 2)))$$, '23503', NULL,
        'a ticket type that somebody holds stays');
SELECT throws_ok($$SELECT build.record(jsonb_build_array(build."row"('room', 'hall', 1, '{}', build.child())))$$,
        '23505', NULL, 'parent and child share the ids of rooms');
SELECT throws_ok($$SELECT build.record(jsonb_build_array(build."row"('speaker', 'xu', 1, '{}', build.child())))$$,
        '23505', NULL, 'parent and child share the ids of speakers');
SELECT is(build.record(jsonb_build_array(build."row"('track', 'systems', 1, '{}', build.child()))), 'done',
        'each event has tracks of its own');
SELECT throws_ok($$SELECT build.record(jsonb_build_array(build."row"('registration', 'R7', 1, '{"external_id": "X7"}'),
        build."row"('registration', 'R8', 1, '{"external_id": "X7"}')))$$, '23505', NULL, 'one external id, one registration');
SELECT throws_ok($$SELECT build.record(jsonb_build_array(build."row"('credential', 'R0/code/1', 1, '{"code": "C1"}'),
        build."row"('credential', 'R1/code/1', 1, '{"code": "C1"}')))$$, '23505', NULL, 'one code, one credential that stands');
SELECT is(build.record(jsonb_build_array(build."row"('credential', 'R0/code/1', 1, '{"code": "C1", "replaced_at": "2026-11-01T00:00:00Z"}'),
        build."row"('credential', 'R1/code/1', 1, '{"code": "C1"}'))), 'done', 'the code of a replaced credential is free');
SELECT throws_ok($$SELECT build.record(jsonb_build_array(build."row"('session', 'twin', 1, jsonb_build_object('guid', md5('duet')::uuid))))$$,
        '23505', NULL, 'one guid, one session');
SELECT throws_ok($$SELECT build.record('[{"kind": "scan", "row": {"id": "x", "version": 1}}]')$$, '22023', NULL,
        'a kind that rows do not have is refused');
SELECT throws_ok($$SELECT build.record('[{"kind": "presence", "row": {"id": "x", "version": 1}}]')$$, '22023', NULL,
        'presence is moved by scans alone');

SELECT * FROM finish();
ROLLBACK;
