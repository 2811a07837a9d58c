-- SPDX-License-Identifier: Apache-2.0
--
-- The tables. One a kind of row, named as the kind, its columns named as the fields of the daemon's records.
--
-- Every key holds family_id, so that no statement needs more than one family and the schema can be distributed by it;
-- primary keys begin with it, then event_id. What belongs to no event has the nil UUID there (a key cannot be NULL).
-- Text NULL is absent.
-- What must never be false, whoever writes, is a constraint here; what only explains or decides is not.
-- Names are compared byte by byte (COLLATE "C"): faster, and no index depends on the machine's locale.

CREATE SCHEMA usher;

-- Equality of uuid and text inside exclusion constraints.
CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA usher;

CREATE TABLE usher.schema_version (
        version    integer PRIMARY KEY,
        applied_at timestamptz NOT NULL DEFAULT now()
);

-- ---- writers, the feed, and what else a batch needs ----

-- A lane of one life of one daemon, for one family. It numbers that family's rows without gaps and commits them in
-- that order. Its row is locked and moved by every batch, so a batch that is sent twice finds itself.
CREATE TABLE usher.writer (
        family_id uuid,
        writer    uuid,
        next_seq  bigint NOT NULL DEFAULT 1, -- a CHECK, here or of scans, is read and planned anew by each batch
        trimmed   bigint NOT NULL DEFAULT 0, -- change rows up to this number have been deleted
        closed    boolean NOT NULL DEFAULT false, -- for good: what was sent and is not recorded never will be
        head      bytea,                     -- of the chain of its scans
        PRIMARY KEY (family_id, writer)
) WITH (fillfactor = 50);

-- The feed: which row changed, never what it says.
CREATE TABLE usher.change (
        family_id uuid,
        writer    uuid,
        seq       bigint,
        at        timestamptz NOT NULL,
        kind      text COLLATE "C" NOT NULL,
        event_id  uuid NOT NULL,
        id        text COLLATE "C" NOT NULL,
        version   bigint NOT NULL,
        deleted   boolean NOT NULL,
        PRIMARY KEY (family_id, writer, seq)
);
CREATE INDEX change_at ON usher.change USING brin (at); -- for trimming; costs a writer next to nothing

-- Only what has a capacity has a counter: its lock makes lanes take turns. `force` and a lowered capacity may exceed
-- the limit, so the limit is no CHECK: each batch brings the range in which the value has to end.
CREATE TABLE usher.counter (
        family_id uuid,
        event_id  uuid,
        kind      text COLLATE "C",
        id        text COLLATE "C",
        value     bigint NOT NULL,
        PRIMARY KEY (family_id, event_id, kind, id)
) WITH (fillfactor = 50);

CREATE TABLE usher.request_key (
        family_id     uuid,
        key           uuid,
        actor         text NOT NULL,
        method        text NOT NULL,
        params_digest bytea NOT NULL,
        result        jsonb,
        at            timestamptz NOT NULL,
        PRIMARY KEY (family_id, key)
);
CREATE INDEX request_key_at ON usher.request_key USING brin (at);

-- Versions of what was deleted live on: whatever is made again under the same name continues after it.
CREATE TABLE usher.tombstone (
        family_id uuid,
        event_id  uuid,
        kind      text COLLATE "C",
        id        text COLLATE "C",
        version   bigint NOT NULL,
        PRIMARY KEY (family_id, event_id, kind, id)
);

-- ---- what belongs to no event ----

CREATE TABLE usher.event (
        family_id         uuid CHECK (family_id = '00000000-0000-0000-0000-000000000000'),
        event_id          uuid CHECK (event_id = '00000000-0000-0000-0000-000000000000'),
        id                text COLLATE "C",
        version           bigint NOT NULL CHECK (version > 0),
        event_uuid        uuid NOT NULL UNIQUE,
        family_uuid       uuid NOT NULL REFERENCES usher.event (event_uuid),
        name              text NOT NULL,
        name_latin        text,
        timezone          text,
        starts_on         date,
        ends_on           date,
        day_starts        text,
        venue             text,
        series            text,
        edition           bigint,
        parent            text COLLATE "C",
        languages         jsonb,
        min_break_minutes bigint,
        rules             jsonb,
        fields            jsonb,
        PRIMARY KEY (family_id, event_id, id),
        UNIQUE (family_uuid, event_uuid),
        FOREIGN KEY (family_id, event_id, parent) REFERENCES usher.event
);

CREATE TABLE usher.token (
        family_id     uuid CHECK (family_id = '00000000-0000-0000-0000-000000000000'),
        event_id      uuid CHECK (event_id = '00000000-0000-0000-0000-000000000000'),
        id            text COLLATE "C",
        version       bigint NOT NULL CHECK (version > 0),
        secret_digest bytea NOT NULL UNIQUE,
        role          text NOT NULL CHECK (role IN ('public', 'door', 'desk', 'organiser', 'admin')),
        label         text,
        event         text,
        checkpoints   jsonb,
        expires_at    timestamptz,
        created_at    timestamptz,
        created_by    text,
        revoked       boolean NOT NULL,
        PRIMARY KEY (family_id, event_id, id)
);

CREATE TABLE usher.invite (
        family_id   uuid CHECK (family_id = '00000000-0000-0000-0000-000000000000'),
        event_id    uuid CHECK (event_id = '00000000-0000-0000-0000-000000000000'),
        id          text COLLATE "C",
        version     bigint NOT NULL CHECK (version > 0),
        code_digest bytea NOT NULL,
        role        text NOT NULL CHECK (role IN ('public', 'door', 'desk', 'organiser', 'admin')),
        label       text,
        event       text,
        checkpoints jsonb,
        expires_at  timestamptz,
        good_until  timestamptz,
        created_by  text,
        PRIMARY KEY (family_id, event_id, id)
);

-- ---- the programme ----

CREATE TABLE usher.room (
        family_id  uuid,
        event_id   uuid,
        id         text COLLATE "C",
        version    bigint NOT NULL CHECK (version > 0),
        name       text NOT NULL,
        name_latin text,
        capacity   bigint,
        features   jsonb,
        position   bigint,
        available  jsonb,
        PRIMARY KEY (family_id, event_id, id),
        UNIQUE (family_id, id), -- parent and children share rooms
        FOREIGN KEY (family_id, event_id) REFERENCES usher.event (family_uuid, event_uuid) ON DELETE CASCADE
);

CREATE TABLE usher.track (
        family_id  uuid,
        event_id   uuid,
        id         text COLLATE "C",
        version    bigint NOT NULL CHECK (version > 0),
        name       text NOT NULL,
        name_latin text,
        colour     text,
        PRIMARY KEY (family_id, event_id, id),
        FOREIGN KEY (family_id, event_id) REFERENCES usher.event (family_uuid, event_uuid) ON DELETE CASCADE
);

CREATE TABLE usher.speaker (
        family_id   uuid,
        event_id    uuid,
        id          text COLLATE "C",
        version     bigint NOT NULL CHECK (version > 0),
        name        text NOT NULL,
        name_latin  text,
        title       text,
        affiliation text,
        bio         text,
        country     text,
        available   jsonb,
        PRIMARY KEY (family_id, event_id, id),
        UNIQUE (family_id, id), -- parent and children share speakers
        FOREIGN KEY (family_id, event_id) REFERENCES usher.event (family_uuid, event_uuid) ON DELETE CASCADE
);

CREATE TABLE usher.session (
        family_id   uuid,
        event_id    uuid,
        id          text COLLATE "C",
        version     bigint NOT NULL CHECK (version > 0),
        title       text NOT NULL,
        title_latin text,
        kind        text,
        minutes     bigint NOT NULL CHECK (minutes >= 0),
        track       text COLLATE "C",
        abstract    text,
        language    text,
        needs       jsonb,
        expected    bigint,
        capacity    bigint,
        booking     text CHECK (booking IN ('open', 'required')),
        guid        uuid NOT NULL,
        cancelled   boolean NOT NULL,
        PRIMARY KEY (family_id, event_id, id),
        -- The guid before the event: as near to the primary key as that is to it, the planner took it for foreign keys
        -- while statistics were young, and walked through all sessions of the event for each.
        UNIQUE (family_id, guid, event_id),
        FOREIGN KEY (family_id, event_id) REFERENCES usher.event (family_uuid, event_uuid) ON DELETE CASCADE,
        FOREIGN KEY (family_id, event_id, track) REFERENCES usher.track
);

-- Zero minutes make an empty range, which overlaps nothing. Exempt rows (a conflict of theirs was accepted, or the
-- session is cancelled) stand outside the constraint.
CREATE TABLE usher.placement (
        family_id uuid,
        event_id  uuid,
        id        text COLLATE "C", -- the session's
        version   bigint NOT NULL CHECK (version > 0),
        room      text COLLATE "C" NOT NULL,
        starts_at timestamptz NOT NULL,
        ends_at   timestamptz NOT NULL CHECK (ends_at >= starts_at),
        exempt    boolean NOT NULL,
        period    tstzrange GENERATED ALWAYS AS (tstzrange(starts_at, ends_at)) STORED,
        PRIMARY KEY (family_id, event_id, id),
        FOREIGN KEY (family_id, event_id) REFERENCES usher.event (family_uuid, event_uuid) ON DELETE CASCADE,
        FOREIGN KEY (family_id, event_id, id) REFERENCES usher.session,
        FOREIGN KEY (family_id, room) REFERENCES usher.room (family_id, id),
        CONSTRAINT placement_room_overlap
                EXCLUDE USING gist (family_id WITH =, room WITH =, period WITH &&) WHERE (NOT exempt)
);

-- The speakers of a session, in order. The period is the placement's (NULL while unplaced), kept by usher.record.
-- Who is named twice in one session does not clash with himself: the second naming is exempt.
CREATE TABLE usher.session_speaker (
        family_id uuid,
        event_id  uuid,
        session   text COLLATE "C",
        position  integer,
        speaker   text COLLATE "C" NOT NULL,
        role      text,
        period    tstzrange,
        exempt    boolean NOT NULL DEFAULT false,
        PRIMARY KEY (family_id, event_id, session, position),
        FOREIGN KEY (family_id, event_id, session) REFERENCES usher.session ON DELETE CASCADE,
        FOREIGN KEY (family_id, speaker) REFERENCES usher.speaker (family_id, id),
        CONSTRAINT session_speaker_overlap
                EXCLUDE USING gist (family_id WITH =, speaker WITH =, period WITH &&) WHERE (NOT exempt)
);

CREATE TABLE usher.acceptance (
        family_id   uuid REFERENCES usher.event (event_uuid) ON DELETE CASCADE,
        event_id    uuid CHECK (event_id = '00000000-0000-0000-0000-000000000000'),
        id          text COLLATE "C",
        version     bigint NOT NULL CHECK (version > 0),
        conflict    text NOT NULL,
        a_event     uuid NOT NULL,
        b_event     uuid,
        a_session   text COLLATE "C" NOT NULL,
        b_session   text COLLATE "C",
        accepted_by text,
        accepted_at timestamptz,
        PRIMARY KEY (family_id, event_id, id),
        FOREIGN KEY (family_id, a_event) REFERENCES usher.event (family_uuid, event_uuid) ON DELETE CASCADE,
        FOREIGN KEY (family_id, b_event) REFERENCES usher.event (family_uuid, event_uuid) ON DELETE CASCADE,
        FOREIGN KEY (family_id, a_event, a_session) REFERENCES usher.session,
        FOREIGN KEY (family_id, b_event, b_session) REFERENCES usher.session
);
-- A session that goes looks here, and would walk through every acceptance of the table.
CREATE INDEX acceptance_a ON usher.acceptance (family_id, a_event, a_session);
CREATE INDEX acceptance_b ON usher.acceptance (family_id, b_event, b_session);

CREATE TABLE usher.draft (
        family_id uuid,
        event_id  uuid,
        id        text COLLATE "C" CHECK (id = ''),
        version   bigint NOT NULL CHECK (version > 0),
        PRIMARY KEY (family_id, event_id, id),
        FOREIGN KEY (family_id, event_id) REFERENCES usher.event (family_uuid, event_uuid) ON DELETE CASCADE
);

-- Every change of a family's programme replaces this row, and does so first: without it two clashing inserts
-- deadlock for a second instead of one failing.
CREATE TABLE usher.programme (
        family_id uuid REFERENCES usher.event (event_uuid) ON DELETE CASCADE,
        event_id  uuid CHECK (event_id = '00000000-0000-0000-0000-000000000000'),
        id        text COLLATE "C" CHECK (id = ''),
        version   bigint NOT NULL CHECK (version > 0),
        PRIMARY KEY (family_id, event_id, id)
);

CREATE TABLE usher.draft_change (
        family_id  uuid,
        event_id   uuid,
        id         text COLLATE "C",
        version    bigint NOT NULL CHECK (version = 1), -- written once
        changed_at timestamptz NOT NULL,
        changed_by text,
        what       text,
        placements jsonb,
        PRIMARY KEY (family_id, event_id, id),
        FOREIGN KEY (family_id, event_id) REFERENCES usher.event (family_uuid, event_uuid) ON DELETE CASCADE
);

CREATE TABLE usher.publication (
        family_id    uuid,
        event_id     uuid,
        id           text COLLATE "C",
        version      bigint NOT NULL CHECK (version = 1), -- written once
        number       bigint NOT NULL CHECK (number > 0),
        published_at timestamptz NOT NULL,
        note         text,
        body         text NOT NULL, -- JSON as text: its bytes stay
        PRIMARY KEY (family_id, event_id, id),
        UNIQUE (family_id, event_id, number),
        FOREIGN KEY (family_id, event_id) REFERENCES usher.event (family_uuid, event_uuid) ON DELETE CASCADE
);

-- ---- the door ----

CREATE TABLE usher.ticket (
        family_id  uuid,
        event_id   uuid,
        id         text COLLATE "C",
        version    bigint NOT NULL CHECK (version > 0),
        name       text NOT NULL,
        name_latin text,
        capacity   bigint,
        waitlist   boolean NOT NULL,
        valid_from timestamptz,
        valid_to   timestamptz,
        PRIMARY KEY (family_id, event_id, id),
        FOREIGN KEY (family_id, event_id) REFERENCES usher.event (family_uuid, event_uuid) ON DELETE CASCADE
);

CREATE TABLE usher.checkpoint (
        family_id     uuid,
        event_id      uuid,
        id            text COLLATE "C",
        version       bigint NOT NULL CHECK (version > 0),
        name          text NOT NULL,
        name_latin    text,
        session       text COLLATE "C",
        mode          text NOT NULL CHECK (mode IN ('once', 'reentry', 'count')),
        per           text NOT NULL CHECK (per IN ('event', 'day')),
        tickets       jsonb,
        opens_at      timestamptz,
        closes_at     timestamptz,
        capacity      bigint,
        needs_booking boolean NOT NULL,
        PRIMARY KEY (family_id, event_id, id),
        FOREIGN KEY (family_id, event_id) REFERENCES usher.event (family_uuid, event_uuid) ON DELETE CASCADE,
        FOREIGN KEY (family_id, event_id, session) REFERENCES usher.session
);

-- Search goes through memory, so nothing is indexed for it. The partial index keeps an update of external_id from
-- being the change of a key, which would stop whoever refers to the row.
CREATE TABLE usher.registration (
        family_id     uuid,
        event_id      uuid,
        id            text COLLATE "C",
        version       bigint NOT NULL CHECK (version > 0),
        ticket        text COLLATE "C",
        name          text,
        name_latin    text,
        email         text,
        phone         text,
        organisation  text,
        title         text,
        country       text,
        language      text,
        notes         text,
        fields        jsonb,
        external_id   text COLLATE "C",
        paid          boolean NOT NULL,
        keeps_place   boolean NOT NULL, -- an erased one that was confirmed: it still counts
        attention     text,
        blocked       text,
        status        text NOT NULL CHECK (status IN ('confirmed', 'waitlisted', 'cancelled', 'erased')),
        created_at    timestamptz,
        changed_at    timestamptz,
        waiting_since timestamptz,
        search        text,
        search_fold   bigint,
        PRIMARY KEY (family_id, event_id, id),
        UNIQUE (family_id, id),
        FOREIGN KEY (family_id, event_id) REFERENCES usher.event (family_uuid, event_uuid) ON DELETE CASCADE,
        FOREIGN KEY (family_id, event_id, ticket) REFERENCES usher.ticket
);
CREATE UNIQUE INDEX registration_external_id ON usher.registration (family_id, event_id, external_id)
        WHERE external_id IS NOT NULL;

-- The second key is what `id` says in one text; without its index the deletion of an event would read all
-- credentials once a registration.
CREATE TABLE usher.credential (
        family_id    uuid,
        event_id     uuid,
        id           text COLLATE "C",
        version      bigint NOT NULL CHECK (version > 0),
        registration text COLLATE "C" NOT NULL,
        what         text COLLATE "C" NOT NULL CHECK (what IN ('ticket', 'badge', 'card', 'code')),
        issue        bigint NOT NULL CHECK (issue > 0),
        digest       bytea,
        code         text COLLATE "C",
        ticket       text,
        valid_from   timestamptz,
        valid_to     timestamptz,
        key_number   bigint,
        issued_at    timestamptz NOT NULL,
        replaced_at  timestamptz,
        PRIMARY KEY (family_id, event_id, id),
        UNIQUE (family_id, event_id, registration, what, issue),
        FOREIGN KEY (family_id, event_id, registration) REFERENCES usher.registration ON DELETE CASCADE
);
CREATE UNIQUE INDEX credential_code ON usher.credential (family_id, event_id, code)
        WHERE replaced_at IS NULL AND code IS NOT NULL;

-- That a person was erased, when and by whom. Without foreign key, for it proves what was done.
CREATE TABLE usher.erasure (
        family_id uuid,
        event_id  uuid,
        id        text COLLATE "C", -- the registration's
        version   bigint NOT NULL CHECK (version = 1), -- written once
        erased_at timestamptz NOT NULL,
        erased_by text NOT NULL,
        PRIMARY KEY (family_id, event_id, id)
);

-- Seats in sessions. A cancelled booking stays, and may be made again.
CREATE TABLE usher.booking (
        family_id     uuid,
        event_id      uuid,
        id            text COLLATE "C", -- SESSION/REGISTRATION
        version       bigint NOT NULL CHECK (version > 0),
        session       text COLLATE "C" NOT NULL,
        registration  text COLLATE "C" NOT NULL,
        status        text NOT NULL CHECK (status IN ('confirmed', 'waitlisted', 'cancelled')),
        created_at    timestamptz NOT NULL,
        waiting_since timestamptz,
        PRIMARY KEY (family_id, event_id, id),
        UNIQUE (family_id, event_id, registration, session), -- as with credentials, for the deletion of an event
        FOREIGN KEY (family_id, event_id) REFERENCES usher.event (family_uuid, event_uuid) ON DELETE CASCADE,
        FOREIGN KEY (family_id, event_id, session) REFERENCES usher.session,
        FOREIGN KEY (family_id, event_id, registration) REFERENCES usher.registration ON DELETE CASCADE
);

-- Kept beside the event that it signs for, in the nil family: it is made in the batch that makes the event.
CREATE TABLE usher.signing_key (
        family_id  uuid CHECK (family_id = '00000000-0000-0000-0000-000000000000'),
        event_id   uuid REFERENCES usher.event (event_uuid) ON DELETE CASCADE,
        id         text COLLATE "C",
        version    bigint NOT NULL CHECK (version > 0),
        number     bigint NOT NULL CHECK (number > 0),
        public_key bytea NOT NULL,
        sealed     bytea,
        created_at timestamptz NOT NULL,
        PRIMARY KEY (family_id, event_id, id)
);

-- The scan log: append-only (the daemon's role may not change it), its own feed, and found by place, by nonce and by
-- whom a row moves. An undo is a later row. No foreign keys (each costs a fifth of the door's pace): it outlives what it
-- names. usher.record re-checks registration and checkpoint, and usher.audit proves what that left.
CREATE TABLE usher.scan ( -- what has one width stands first, or each row would have gaps
        family_id            uuid,
        writer               uuid,
        seq                  bigint,
        nonce                uuid NOT NULL,
        event_id             uuid NOT NULL,
        presence             uuid, -- the key of whom the row moves where (see usher.presence_bound); NULL: nobody
        at                   timestamptz NOT NULL,
        received_at          timestamptz NOT NULL,
        presence_version     bigint NOT NULL DEFAULT 0, -- how many moves that makes; 0 of a row that moves nobody
        presence_inside      boolean NOT NULL DEFAULT false,
        presence_admitted    boolean NOT NULL DEFAULT false,
        force                boolean NOT NULL DEFAULT false, -- asked for, needed or not
        day                  date,
        registration_version bigint,
        inside               bigint,
        first_at             timestamptz, -- the admission by which who was inside had come in, or is inside after an undo
        admitted_at          timestamptz, -- since when who is moved counts as admitted there, where not since that
        first_device         text,
        checkpoint           text COLLATE "C" NOT NULL,
        registration         text COLLATE "C",
        credential_digest    bytea, -- of an unknown credential; else under the nonce, for comparing a repeat alone
        direction            text,
        verdict              text NOT NULL,
        reason               text,
        device               text,
        by                   text,
        flags                text, -- a JSON array as text: its bytes stay, for the chain
        undoes               text COLLATE "C", -- the id of the scan that this row takes back
        hash                 bytea,
        PRIMARY KEY (family_id, writer, seq),
        CONSTRAINT scan_nonce UNIQUE (nonce, family_id) -- in this order those that grow with time go to its end
) WITH (autovacuum_vacuum_insert_threshold = -1); -- rows that stay need no vacuum, and it would come at the busiest time

-- What asks for scans asks by a key, or for all: a small sample is enough to plan that, and the usual one costs a second.
DO $$
DECLARE
        v_column text;
BEGIN
        FOR v_column IN SELECT attname FROM pg_attribute WHERE attrelid = 'usher.scan'::regclass AND attnum > 0 LOOP
                EXECUTE format('ALTER TABLE usher.scan ALTER COLUMN %I SET STATISTICS 10', v_column);
        END LOOP;
END
$$;

-- The one admission: of two first moves of a registration at a checkpoint on one day the second waits for the first, and
-- fails. What decides stands first: for each row its keys are compared a dozen times.
CREATE UNIQUE INDEX scan_presence ON usher.scan (presence, presence_version, family_id) WHERE presence IS NOT NULL;
CREATE INDEX scan_undoes ON usher.scan (family_id, undoes) WHERE undoes IS NOT NULL; -- costs other rows nothing

-- The name of a presence, and of all who are at a checkpoint (of nobody: ''). Inlined.
CREATE FUNCTION usher.presence_id(p_checkpoint text, p_day date, p_registration text) RETURNS text
LANGUAGE sql STABLE AS $$
        SELECT p_checkpoint || '/' || coalesce(to_char(p_day, 'YYYY-MM-DD'), '') || '/' || p_registration
$$;

-- The first (p_fill '00') and the last ('ff') key that a presence at a checkpoint may have in the log: the daemon makes
-- keys (door/presence.c) that begin with six bytes of SHA-256 of the checkpoint's id.
CREATE FUNCTION usher.presence_bound(p_checkpoint text, p_fill text) RETURNS uuid
LANGUAGE sql STABLE AS $$
        SELECT (encode(substr(sha256(convert_to(p_checkpoint, 'UTF8')), 1, 6), 'hex') || repeat(p_fill, 10))::uuid
$$;

-- Where everybody stands: the last move of each, at one checkpoint and day. Versions grow by one.
CREATE VIEW usher.presence AS
SELECT s.family_id, s.event_id, usher.presence_id(s.checkpoint, s.day, s.registration) AS id,
       s.presence_version AS version, s.checkpoint, s.registration, s.day, s.presence_inside AS inside,
       s.presence_admitted AS admitted,
       CASE WHEN s.presence_inside THEN coalesce(s.first_at, s.at) END AS first_at,
       CASE WHEN NOT s.presence_inside THEN NULL WHEN s.first_at IS NULL THEN s.device ELSE s.first_device END
               AS first_device,
       CASE WHEN s.presence_admitted THEN coalesce(s.admitted_at, s.first_at, s.at) END AS admitted_at
FROM usher.scan AS s
WHERE s.presence IS NOT NULL AND NOT EXISTS (
        SELECT FROM usher.scan AS later
        WHERE later.presence = s.presence AND later.presence_version = s.presence_version + 1
          AND later.family_id = s.family_id);

-- What somebody wrote about a scan: why it was forced, or undone. Beside the log, for it goes when the person is erased.
CREATE TABLE usher.scan_note (
        family_id    uuid,
        writer       uuid,
        seq          bigint,
        event_id     uuid NOT NULL,
        registration text COLLATE "C",
        why          text NOT NULL,
        PRIMARY KEY (family_id, writer, seq),
        FOREIGN KEY (family_id, writer, seq) REFERENCES usher.scan
);
CREATE INDEX scan_note_registration ON usher.scan_note (family_id, event_id, registration);
