-- SPDX-License-Identifier: Apache-2.0
--
-- The role group `usherd`: what a daemon needs that is not the owner of the schema, and nothing more. The functions
-- run with their caller's rights, so it needs those of the tables too; the log can be added to, never changed.

DO $$
BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'usherd') THEN
                CREATE ROLE usherd NOLOGIN;
        END IF;
EXCEPTION WHEN duplicate_object THEN
        NULL; -- roles are the cluster's: another of its databases was migrated at this moment
END
$$;

GRANT USAGE ON SCHEMA usher TO usherd;
GRANT SELECT ON ALL TABLES IN SCHEMA usher TO usherd;
GRANT INSERT ON
        usher.writer, usher.change, usher.counter, usher.request_key, usher.tombstone, usher.event, usher.token,
        usher.invite, usher.room, usher.track, usher.speaker, usher.session, usher.session_speaker, usher.placement,
        usher.acceptance, usher.draft, usher.programme, usher.draft_change, usher.publication, usher.ticket,
        usher.checkpoint, usher.registration, usher.credential, usher.booking, usher.signing_key,
        usher.scan, usher.scan_note, usher.erasure
        TO usherd;
GRANT UPDATE ON
        usher.writer, usher.counter, usher.event, usher.token, usher.invite, usher.room, usher.track, usher.speaker,
        usher.session, usher.session_speaker, usher.placement, usher.acceptance, usher.draft, usher.programme,
        usher.ticket, usher.checkpoint, usher.registration, usher.credential, usher.booking, usher.signing_key
        TO usherd;
GRANT DELETE ON
        usher.scan_note, usher.change, usher.counter, usher.request_key, usher.tombstone, usher.event, usher.token,
        usher.invite, usher.room, usher.track, usher.speaker, usher.session, usher.session_speaker, usher.placement,
        usher.acceptance, usher.draft, usher.programme, usher.ticket, usher.checkpoint, usher.signing_key
        TO usherd;

-- Not those that make functions. The functions of btree_gist stay everybody's.
DO $$
DECLARE
        v_function record;
BEGIN
        FOR v_function IN
                SELECT p.oid::regprocedure AS signature,
                       p.proname IN ('make_kind', 'make_expect', 'make_reads', 'grant_to') AS owners
                FROM pg_proc AS p
                WHERE p.pronamespace = 'usher'::regnamespace
                  AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = p.oid AND d.deptype = 'e')
        LOOP
                EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', v_function.signature);
                IF NOT v_function.owners THEN
                        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO usherd', v_function.signature);
                END IF;
        END LOOP;
END
$$;

-- Lets a role be the daemon's.
CREATE FUNCTION usher.grant_to(p_role text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
        EXECUTE format('GRANT usherd TO %I', p_role);
END
$$;
REVOKE ALL ON FUNCTION usher.grant_to FROM PUBLIC;
