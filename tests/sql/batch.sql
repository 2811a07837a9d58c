-- SPDX-License-Identifier: Apache-2.0
-- What a batch is: recorded whole or not at all, found again, numbered.
BEGIN;
SELECT plan(6);
SELECT lives_ok($$SELECT build.conference()$$, 'a conference is recorded');
SELECT is(build.record(jsonb_build_array(build."row"('registration', 'R1'), build."row"('credential', 'R1/ticket/1'))), 'done', 'people come');
SELECT is(build.record(NULL, ARRAY[build.scan('R1')], jsonb_build_array(build.expect('checkpoint', 'door', 1))), 'done', 'a scan is recorded');
SELECT is(build.record(NULL, ARRAY[build.scan('R1', 2, p_inside => false)], jsonb_build_array(build.expect('checkpoint', 'door', 1))), 'done', 'a scan is recorded');
SELECT is(build.record(jsonb_build_array(build."row"('session', 's1', 1, '{"speakers": [{"speaker": "xu", "role": "speaker"}]}'), build."row"('placement', 's1'))), 'done', 'session');
SELECT is(build.record(jsonb_build_array(build.gone('session', 's1', 2), build.gone('placement', 's1', 2))), 'done', 'session');
SELECT * FROM finish();
ROLLBACK;
