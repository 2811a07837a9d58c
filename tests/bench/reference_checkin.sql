-- SPDX-License-Identifier: Apache-2.0
-- pgbench's part: each client takes every :clients-th of one row of scans, 75,000 a checkpoint, in which 3 of 100 are
-- repeated, 1 is unknown and 1 is cancelled. The nonce is made in order, as a UUIDv7 would be.
\set i :i + 1
\set n :client_id + :i * :clients
\set round :first_round + :n / 75000
\set place :n % 75000
\set kind :place % 100
\set person :place * 48271 % 75000
\if :kind = 0
\set person -1 - :place
\elif :kind = 1
\set person 159000 + :place / 100
\elif :kind < 5 and :place >= 5000
\set person (:place - 4950) * 48271 % 75000
\endif
SELECT * FROM check_in(:round::integer, 'P' || :person::text, (lpad(to_hex(:first_round::bigint), 16, '0') || lpad(to_hex(:n::bigint), 16, '0'))::uuid, 'scanner-' || :client_id::text);
