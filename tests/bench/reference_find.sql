-- SPDX-License-Identifier: Apache-2.0
-- registration.find as a plain system would ask for it: both words anywhere, the first twenty, as JSON.
SELECT json_agg(p) FROM (SELECT id AS registration, status, name, name_latin, organisation, title, ticket, version FROM person WHERE words ILIKE :first AND words ILIKE :second LIMIT 20) AS p;
