-- SPDX-License-Identifier: Apache-2.0
--
-- What check-ins are measured against: the same check-in as a plain system would do it, one transaction each, in a
-- database of its own on the same cluster. Equal where it matters: a credential is looked up, the person's state, the
-- ticket and the checkpoint are judged, a presence is unique, a nonce is unique, every scan is logged, refused ones too,
-- and what was answered is durable. Lighter where that is its own business: integer keys, no foreign keys, no feed, no
-- versions, names that nobody searches. Autovacuum leaves what only grows alone, as it does the daemon's log.

CREATE TABLE registration (
        id           integer PRIMARY KEY,
        status       text NOT NULL,
        paid         boolean NOT NULL,
        blocked      text,
        ticket       text NOT NULL,
        name         text NOT NULL,
        name_latin   text,
        organisation text,
        title        text,
        language     text,
        notes        text,
        attention    text
);
CREATE TABLE credential (
        code         text COLLATE "C" PRIMARY KEY,
        registration integer NOT NULL REFERENCES registration,
        replaced_at  timestamptz
);
CREATE TABLE checkpoint (
        id        integer PRIMARY KEY,
        tickets   text[],
        opens_at  timestamptz,
        closes_at timestamptz
);
CREATE TABLE presence (
        checkpoint   integer,
        registration integer,
        first_at     timestamptz NOT NULL,
        first_device text NOT NULL,
        PRIMARY KEY (checkpoint, registration)
) WITH (autovacuum_vacuum_insert_threshold = -1);
CREATE TABLE scan (
        id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        nonce        uuid NOT NULL UNIQUE,
        checkpoint   integer NOT NULL,
        registration integer,
        code         text,
        verdict      text NOT NULL,
        reason       text,
        at           timestamptz NOT NULL,
        device       text NOT NULL
) WITH (autovacuum_vacuum_insert_threshold = -1);

INSERT INTO registration
SELECT n, CASE WHEN n < 159000 THEN 'confirmed' ELSE 'cancelled' END, true, NULL, CASE WHEN n % 4 = 0 THEN 'vip' ELSE 'standard' END,
       'Attendee ' || n, 'Attendee ' || n, 'Institute ' || n % 700, 'Engineer', 'zh', NULL, NULL
FROM generate_series(0, 159999) AS n;
INSERT INTO credential SELECT 'P' || n, n, NULL FROM generate_series(0, 159999) AS n;
INSERT INTO checkpoint SELECT n, ARRAY['standard', 'vip'], now() - interval '1 day', now() + interval '1 day'
FROM generate_series(0, 4999) AS n;

-- A function with its statements' plans kept: faster than all of it in one statement of WITH parts, which was tried.
CREATE FUNCTION check_in(p_checkpoint integer, p_code text, p_nonce uuid, p_device text)
RETURNS TABLE (verdict text, reason text, name text, name_latin text, organisation text, title text, ticket text,
        language text, notes text, attention text, first_at timestamptz, first_device text)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
        v_person   record;
        v_point    record;
        v_reason   text;
        v_at       timestamptz := clock_timestamp();
        v_first_at timestamptz;
        v_first    text;
BEGIN
        SELECT r.*, c.replaced_at INTO v_person
        FROM credential AS c JOIN registration AS r ON r.id = c.registration WHERE c.code = p_code;
        SELECT c.* INTO v_point FROM checkpoint AS c WHERE c.id = p_checkpoint;
        v_reason := CASE
                WHEN v_person.id IS NULL THEN 'unknown_credential'
                WHEN v_person.replaced_at IS NOT NULL THEN 'revoked'
                WHEN v_person.blocked IS NOT NULL THEN 'blocked'
                WHEN v_person.status <> 'confirmed' THEN v_person.status
                WHEN NOT v_person.paid THEN 'unpaid'
                WHEN v_point.tickets IS NOT NULL AND NOT v_person.ticket = ANY (v_point.tickets) THEN 'ticket_not_valid_here'
                WHEN v_at < v_point.opens_at THEN 'checkpoint_not_open'
                WHEN v_at >= v_point.closes_at THEN 'checkpoint_closed'
                END;
        IF v_reason IS NULL THEN
                INSERT INTO presence VALUES (p_checkpoint, v_person.id, v_at, p_device) ON CONFLICT DO NOTHING;
                IF NOT FOUND THEN
                        v_reason := 'already_admitted';
                        SELECT p.first_at, p.first_device INTO v_first_at, v_first FROM presence AS p
                        WHERE p.checkpoint = p_checkpoint AND p.registration = v_person.id;
                END IF;
        END IF;
        INSERT INTO scan (nonce, checkpoint, registration, code, verdict, reason, at, device)
        VALUES (p_nonce, p_checkpoint, v_person.id, CASE WHEN v_person.id IS NULL THEN p_code END,
                CASE WHEN v_reason IS NULL THEN 'admitted' ELSE 'refused' END, v_reason, v_at, p_device);
        RETURN QUERY SELECT CASE WHEN v_reason IS NULL THEN 'admitted' ELSE 'refused' END, v_reason, v_person.name,
                v_person.name_latin, v_person.organisation, v_person.title, v_person.ticket, v_person.language, v_person.notes,
                v_person.attention, v_first_at, v_first;
END
$$;
