-- SPDX-License-Identifier: Apache-2.0
-- What the daemon's role may do, and what it may not.
BEGIN;
SELECT no_plan();
GRANT USAGE ON SCHEMA build TO PUBLIC;
CREATE ROLE daemon_role;
SELECT usher.grant_to('daemon_role');
SET LOCAL ROLE daemon_role;

SELECT lives_ok($$SELECT build.conference()$$, 'it records');
SELECT is(build.record(jsonb_build_array(build."row"('registration', 'R1'), build."row"('track', 't1')), NULL,
        NULL, jsonb_build_array(build.counter('n', 1)), jsonb_build_array(build.key('b0000000-0000-4000-8000-000000000001'))), 'done',
        'rows, counters and keys');
SELECT is(build.record(NULL, ARRAY[build.scan('R1')]), 'done', 'scans');
SELECT is(build.record(jsonb_build_array(build."row"('track', 't1', 2))), 'done', 'replaces');
SELECT is(build.record(jsonb_build_array(build.gone('track', 't1', 3))), 'done', 'deletes');
SELECT lives_ok($$SELECT usher.close_writer(build.family(), gen_random_uuid(), 1)$$, 'closes a writer');
SELECT lives_ok($$SELECT usher.wake(build.family())$$, 'wakes others');
SELECT lives_ok($$SELECT usher.trim(now() - interval '7 days')$$, 'trims');
SELECT lives_ok(format('SELECT * FROM usher.%I(build.family())', p.proname), 'reads ' || p.proname)
FROM pg_proc AS p WHERE p.pronamespace = 'usher'::regnamespace AND p.proname LIKE 'load\_%' ORDER BY p.proname;
SELECT lives_ok(format('SELECT * FROM usher.%I(build.family(), NULL, NULL)', p.proname), 'reads ' || p.proname)
FROM pg_proc AS p WHERE p.pronamespace = 'usher'::regnamespace AND p.proname LIKE 'changed\_%' ORDER BY p.proname;

SELECT throws_ok($$UPDATE usher.scan SET verdict = 'refused'$$, '42501', NULL, 'no scan is changed');
SELECT throws_ok($$DELETE FROM usher.scan$$, '42501', NULL, 'no scan is deleted');
SELECT throws_ok($$TRUNCATE usher.scan$$, '42501', NULL, 'the log is not emptied');
SELECT throws_ok($$UPDATE usher.change SET version = 9$$, '42501', NULL, 'the feed is not rewritten');
SELECT throws_ok($$UPDATE usher.publication SET body = ''$$, '42501', NULL, 'what was published stays as it was');
SELECT throws_ok($$DELETE FROM usher.publication$$, '42501', NULL, 'and where it was');
SELECT throws_ok($$UPDATE usher.draft_change SET what = ''$$, '42501', NULL, 'so does the history');
SELECT throws_ok($$DELETE FROM usher.registration$$, '42501', NULL, 'registrations are not deleted');
SELECT throws_ok($$INSERT INTO usher.schema_version (version) VALUES (99)$$, '42501', NULL, 'the schema is not said to be another');
SELECT throws_ok($$CREATE TABLE usher.own (id int)$$, '42501', NULL, 'no table is made');
SELECT throws_ok($$ALTER TABLE usher.scan ADD COLUMN own int$$, '42501', NULL, 'or changed');
SELECT throws_ok($$DROP TABLE usher.scan$$, '42501', NULL, 'or dropped');
SELECT throws_ok($$ALTER TABLE usher.scan DISABLE TRIGGER ALL$$, '42501', NULL, 'or loosened');
SELECT throws_ok($$DROP INDEX usher.credential_code$$, '42501', NULL, 'no index goes');
SELECT throws_ok($$CREATE FUNCTION usher.own() RETURNS int LANGUAGE sql AS 'SELECT 1'$$, '42501', NULL, 'no function is made');
SELECT throws_ok($$SELECT usher.make_kind('room')$$, '42501', NULL, 'nor by those that make functions');
SELECT throws_ok($$SELECT usher.make_reads('room')$$, '42501', NULL, 'nor their reads');
SELECT throws_ok($$SELECT usher.grant_to('daemon_role')$$, '42501', NULL, 'no other role is let in');

RESET ROLE;
CREATE ROLE stranger;
SET LOCAL ROLE stranger;
SELECT throws_ok($$SELECT * FROM usher.event$$, '42501', NULL, 'a stranger reads nothing');
SELECT throws_ok($$SELECT usher.families()$$, '42501', NULL, 'and calls nothing');
RESET ROLE;

SELECT is((SELECT count(*) FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
        WHERE c.relnamespace = 'usher'::regnamespace AND NOT t.tgisinternal), 0::bigint, 'there is no trigger');
SELECT is((SELECT count(*) FROM pg_class WHERE relnamespace = 'usher'::regnamespace AND relkind = 'S'), 0::bigint, 'nor a sequence');
SELECT is((SELECT reloptions FROM pg_class WHERE oid = 'usher.scan'::regclass), '{autovacuum_vacuum_insert_threshold=-1}'::text[],
        'autovacuum leaves what is added to the log alone');
SELECT is_empty($$SELECT attname FROM pg_attribute WHERE attrelid = 'usher.scan'::regclass AND attnum > 0 AND attstattarget <> 10$$,
        'and takes a small sample of every column');
SELECT is(build.lines($$SELECT i.indexrelid::regclass FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid
        WHERE c.relnamespace = 'usher'::regnamespace AND i.indisunique AND c.relname NOT IN ('schema_version', 'event', 'token') AND NOT EXISTS (
                SELECT FROM pg_attribute AS a
                WHERE a.attrelid = c.oid AND a.attnum = ANY (i.indkey) AND a.attname = 'family_id')$$), NULL,
        'every key holds the family, but of what belongs to none');
SELECT is(build.lines($$SELECT c.relname FROM pg_class AS c JOIN pg_constraint AS k ON k.conrelid = c.oid AND k.contype = 'p'
        JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = k.conkey[1]
        WHERE c.relnamespace = 'usher'::regnamespace AND a.attname <> 'family_id' AND c.relname <> 'schema_version'$$), NULL,
        'primary keys begin with it');

SELECT * FROM finish();
ROLLBACK;
