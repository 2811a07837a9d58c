-- SPDX-License-Identifier: Apache-2.0
-- Rooms and speakers: who overlaps whom, across a parent and its children, and what may.
BEGIN;
SELECT no_plan();

CREATE FUNCTION build.place(p_session text, p_version bigint, p_room text, p_from text, p_to text,
        p_event uuid DEFAULT build.family(), p_exempt boolean DEFAULT false)
RETURNS jsonb LANGUAGE sql AS $$
        SELECT build."row"('placement', p_session, p_version, jsonb_build_object('room', p_room, 'exempt', p_exempt,
                'starts_at', '2026-11-20T' || p_from || ':00+08:00', 'ends_at', '2026-11-20T' || p_to || ':00+08:00'), p_event)
$$;
CREATE FUNCTION build.talk(p_id text, p_speaker text DEFAULT NULL, p_version bigint DEFAULT 1, p_event uuid DEFAULT build.family())
RETURNS jsonb LANGUAGE sql AS $$
        SELECT build."row"('session', p_id, p_version, CASE WHEN p_speaker IS NULL THEN '{}'
                ELSE jsonb_build_object('speakers', jsonb_build_array(jsonb_build_object('speaker', p_speaker, 'role', 'speaker')))
                END, p_event)
$$;
CREATE FUNCTION build.clashes(p_rows jsonb, p_what text) RETURNS text LANGUAGE sql AS $$
        SELECT throws_ok(format('SELECT build.record(%L::jsonb)', p_rows), '23P01', NULL, p_what)
$$;
CREATE FUNCTION build.passes(p_rows jsonb, p_what text) RETURNS text LANGUAGE sql AS $$
        SELECT is(build.record(p_rows), 'done', p_what)
$$;

SELECT build.conference();
SELECT build.record(jsonb_build_array(build.talk('a'), build.talk('b'), build.talk('c'), build.talk('empty'),
        build.talk('side', NULL, 1, build.child())));
SELECT build.record(jsonb_build_array(build.place('a', 1, 'hall', '10:00', '11:00')));

-- ---- rooms ----

SELECT build.clashes(jsonb_build_array(build.place('b', 1, 'hall', '10:30', '11:30')), 'two sessions overlap in a room');
SELECT build.clashes(jsonb_build_array(build.place('b', 1, 'hall', '10:00', '11:00')), 'two sessions take the same time in a room');
SELECT build.clashes(jsonb_build_array(build.place('side', 1, 'hall', '10:59', '11:30', build.child())),
        'a co-located event takes the room of its parent');
SELECT is((SELECT count(*) FROM usher.placement), 1::bigint, 'what clashes leaves nothing behind');
SELECT build.passes(jsonb_build_array(build.place('b', 1, 'studio', '10:30', '11:30')), 'another room is free');
SELECT build.passes(jsonb_build_array(build.place('side', 1, 'hall', '11:00', '12:00', build.child())),
        'what ends and what starts at 11:00 do not touch');
SELECT build.passes(jsonb_build_array(build.place('empty', 1, 'hall', '10:30', '10:30')),
        'a session of no minutes overlaps nothing');
SELECT build.passes(jsonb_build_array(build.place('empty', 2, 'hall', '10:00', '10:00')), 'nor at the beginning of another');
SELECT build.passes(jsonb_build_array(build.place('c', 1, 'hall', '10:00', '11:00', p_exempt => true)),
        'an accepted overlap stands outside the constraint');
SELECT build.clashes(jsonb_build_array(build.place('c', 2, 'hall', '10:00', '11:00')),
        'and clashes once it is accepted no more');
SELECT build.passes(jsonb_build_array(build.gone('placement', 'c', 2)), 'it is unplaced');
SELECT throws_ok($$SELECT build.record(jsonb_build_array(build.place('c', 3, 'hall', '13:00', '12:00')))$$, NULL, NULL,
        'no session ends before it starts');

-- ---- all at once ----

SELECT build.passes(jsonb_build_array(build.place('a', 2, 'studio', '10:30', '11:30'), build.place('b', 2, 'hall', '10:00', '11:00')),
        'two sessions swap their places in one batch');
SELECT is(build.lines($$SELECT id, room, version FROM usher.placement WHERE id IN ('a', 'b') ORDER BY id$$),
        '(a,studio,2) (b,hall,2)', 'each stands where the other stood');
SELECT build.passes(jsonb_build_array(build.place('b', 3, 'hall', '11:00', '12:00'),
        build.place('side', 2, 'hall', '10:00', '11:00', build.child())), 'so do two of a parent and its child');
SELECT build.passes(jsonb_build_array(build.place('b', 4, 'studio', '10:30', '11:30'), build.gone('placement', 'a', 3)),
        'one takes the place of another that leaves in the same batch');
SELECT build.passes(jsonb_build_array(build.place('a', 4, 'hall', '12:00', '13:00'), build.place('c', 3, 'hall', '13:00', '14:00')),
        'a row in a room');
SELECT build.passes(jsonb_build_array(build.place('a', 5, 'hall', '12:30', '13:30'), build.place('c', 4, 'hall', '13:30', '14:30')),
        'is shifted by half an hour');
SELECT throws_ok($$SELECT build.record(jsonb_build_array(build.place('a', 6, 'studio', '15:00', '16:00'),
        build.place('c', 6, 'studio', '16:00', '17:00')))$$, 'UH001', NULL, 'one of two has moved meanwhile');
SELECT is(build.lines($$SELECT id, room FROM usher.placement WHERE id IN ('a', 'c') ORDER BY id$$), '(a,hall) (c,hall)', 'then neither is moved');

-- ---- speakers ----

SELECT build.record(jsonb_build_array(build.talk('x1', 'xu'), build.talk('x2', 'xu'), build.talk('l1', 'lin'),
        build.talk('fringe', 'xu', 1, build.child())));
SELECT build.passes(jsonb_build_array(build.place('x1', 1, 'hall', '16:00', '17:00')), 'a speaker speaks');
SELECT build.clashes(jsonb_build_array(build.place('x2', 1, 'studio', '16:30', '17:30')), 'and not in two rooms at once');
SELECT build.clashes(jsonb_build_array(build.place('fringe', 1, 'studio', '16:30', '17:30', build.child())),
        'nor at the co-located event');
SELECT build.passes(jsonb_build_array(build.place('l1', 1, 'studio', '16:00', '17:00')), 'another may');
SELECT build.clashes(jsonb_build_array(build.talk('l1', 'xu', 2)), 'nor does he take over a session at that time');
SELECT build.passes(jsonb_build_array(build.place('x2', 1, 'studio', '17:00', '18:00')), 'right after is fine');
SELECT build.passes(jsonb_build_array(build.place('x1', 2, 'hall', '17:00', '18:00'), build.place('x2', 2, 'studio', '16:00', '16:00')),
        'of no minutes, his sessions do not clash');
SELECT build.passes(jsonb_build_array(build.place('x2', 3, 'studio', '17:30', '18:30', p_exempt => true)),
        'nor when it was accepted');
SELECT build.clashes(jsonb_build_array(build.place('x2', 4, 'studio', '17:30', '18:30')), 'until it is no more');
SELECT build.passes(jsonb_build_array(build.talk('x2', 'lin', 2), build.place('x2', 4, 'studio', '17:30', '18:30')),
        'the other speaker takes it instead');
SELECT build.passes(jsonb_build_array(build.talk('x1', 'lin', 2), build.talk('x2', 'xu', 3)),
        'two speakers swap their sessions in one batch');
SELECT build.passes(jsonb_build_array(build."row"('session', 'solo', 1,
        '{"speakers": [{"speaker": "lin", "role": "speaker"}, {"speaker": "lin", "role": "chair"}]}')), 'who is named twice in a session');
SELECT build.passes(jsonb_build_array(build.place('solo', 1, 'hall', '09:00', '09:30')), 'does not clash with himself');
SELECT build.passes(jsonb_build_array(build.talk('l2', 'lin')), 'a session of his besides');
SELECT build.clashes(jsonb_build_array(build.place('l2', 1, 'studio', '09:00', '09:30')), 'clashes with the first naming all the same');
SELECT build.passes(jsonb_build_array(build.gone('placement', 'solo', 2)), 'unplaced, a session');
SELECT build.passes(jsonb_build_array(build.place('l2', 1, 'studio', '09:00', '09:30')), 'leaves its speaker free');

-- ---- another family ----

SELECT is(build.record(jsonb_build_array(build."row"('event', 'apart', 1, jsonb_build_object(
        'event_uuid', 'f0000000-0000-4000-8000-0000000000aa'::uuid, 'family_uuid', 'f0000000-0000-4000-8000-0000000000aa'::uuid))),
        p_family => build.nil()), 'done', 'an event of no relation');
SELECT is(build.record(jsonb_build_array(
        build."row"('room', 'hall', 1, '{}', 'f0000000-0000-4000-8000-0000000000aa'),
        build."row"('session', 'a', 1, '{}', 'f0000000-0000-4000-8000-0000000000aa'),
        build.place('a', 1, 'hall', '17:00', '18:00', 'f0000000-0000-4000-8000-0000000000aa')),
        p_family => 'f0000000-0000-4000-8000-0000000000aa'), 'done', 'has a hall of its own, at the same time');

SELECT * FROM finish();
ROLLBACK;
