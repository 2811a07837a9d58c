-- SPDX-License-Identifier: Apache-2.0
-- Who is searched by reference_find.sql; the trigram index is made once they are in.
CREATE EXTENSION pg_trgm;
CREATE TABLE person (
        id           text PRIMARY KEY,
        status       text,
        name         text,
        name_latin   text,
        organisation text,
        title        text,
        ticket       text,
        version      bigint,
        words        text
);
