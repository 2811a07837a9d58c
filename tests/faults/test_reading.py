# SPDX-License-Identifier: Apache-2.0
"""What reads through the log takes as long as it takes, and keeps nobody else waiting."""
import os
import signal

import pytest
from conftest import HASTY
from harness.daemon import wait_until
from harness.world import Event, new_uuid

READING = "query LIKE '%usher.scan_log(%' AND pid <> pg_backend_pid()"


@pytest.fixture
def long_log(make_daemon):
    """A daemon whose database does not come to the end of a log before it is let go: the event, and a session that holds it."""
    daemon = make_daemon(settings=HASTY).start()
    with daemon.admin() as client, daemon.cluster.session() as psql:
        event = Event(client)
        event.ticket()
        event.checkpoint()
        event.scan(event.registration()["credential"])
        daemon.cluster.psql("""
            ALTER FUNCTION usher.scan_log RENAME TO short_log;
            CREATE FUNCTION usher.scan_log(uuid, uuid, text, text, text, timestamptz, bigint, timestamptz, uuid, bigint)
            RETURNS TABLE (writer uuid, seq bigint, at timestamptz, received_at timestamptz, checkpoint text, registration text,
                    direction text, verdict text, reason text, flags text, undone boolean, by text, device text, nonce uuid)
            LANGUAGE plpgsql AS $$
            BEGIN
                    PERFORM pg_advisory_xact_lock_shared(4711);
                    RETURN QUERY SELECT * FROM usher.short_log($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);
            END
            $$""")
        psql.run("BEGIN; SELECT pg_advisory_xact_lock(4711)")
        yield daemon, event, psql


def how_many_read(daemon):
    return int(daemon.cluster.psql(f"SELECT count(*) FROM pg_stat_activity WHERE {READING}")[0][0])


def test_what_is_looked_up_does_not_stand_behind_a_log(long_log):
    daemon, event, psql = long_log
    with daemon.admin() as client:
        number = client.send("checkin.log", event=event.slug)
        wait_until(lambda: how_many_read(daemon) == 1, what="the log to be read")
        key = new_uuid()
        made = event.registration(request_key=key, deadline_ms=5000, name="Attendee 00001")
        assert event.registration(request_key=key, deadline_ms=5000, name="Attendee 00001") == {**made, "replayed": True}
        event.scan(made["credential"])
        event.call("checkin.undo", checkpoint="door", registration=made["registration"], why="A mistake", deadline_ms=5000)
        psql.run("COMMIT")
        assert len(client.wait(number)["scans"]) == 2


def test_a_log_does_not_stand_behind_one_that_hangs(long_log):
    daemon, event, psql = long_log
    with daemon.admin() as client, daemon.admin() as other:
        number = client.send("checkin.log", event=event.slug, deadline_ms=60000)
        wait_until(lambda: how_many_read(daemon) == 1, what="the log to be read")
        ((first,),) = daemon.cluster.psql(f"SELECT pid FROM pg_stat_activity WHERE {READING}")
        os.kill(int(first), signal.SIGSTOP)
        try:
            psql.run("COMMIT")
            assert len(other.call("checkin.log", event=event.slug, deadline_ms=5000)["scans"]) == 1
        finally:
            os.kill(int(first), signal.SIGCONT)
        assert len(client.wait(number)["scans"]) == 1


def test_a_log_is_asked_for_once_more_when_its_server_is_in_doubt(long_log):
    """It says nothing, and other connections have been lost meanwhile: after a failover nothing may ever come."""
    daemon, event, psql = long_log
    reading = f"SELECT pid FROM pg_stat_activity WHERE {READING}"
    with daemon.admin() as client:
        number = client.send("checkin.log", event=event.slug, deadline_ms=60000)
        wait_until(lambda: how_many_read(daemon) == 1, what="the log to be read")
        ((first,),) = daemon.cluster.psql(reading)
        daemon.cluster.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                            f" WHERE usename = 'usherd_daemon' AND pid <> {first}")
        wait_until(lambda: any(pid != first for (pid,) in daemon.cluster.psql(reading)), what="another connection to read it")
        psql.run("COMMIT")
        assert len(client.wait(number)["scans"]) == 1


def test_a_log_has_the_time_of_its_caller_and_ends_with_it(long_log):
    """Longer than what says nothing is given: it is not given up before, nor asked for once more."""
    daemon, event, psql = long_log
    with daemon.admin() as client, daemon.admin() as other:
        number = client.send("checkin.log", event=event.slug, deadline_ms=60000)
        wait_until(lambda: how_many_read(daemon) == 1, what="the log to be read")
        ((first,),) = daemon.cluster.psql(f"SELECT pid FROM pg_stat_activity WHERE {READING}")
        other.fails("unavailable", "checkin.log", event=event.slug, deadline_ms=3 * HASTY["database"]["batch_deadline_ms"])
        wait_until(lambda: daemon.cluster.psql(f"SELECT pid FROM pg_stat_activity WHERE {READING}") == [[first]],
                   what="the other one's reading to end, and the first to go on")
        psql.run("COMMIT")
        assert len(client.wait(number)["scans"]) == 1
        psql.run("BEGIN; SELECT pg_advisory_xact_lock(4711)")
        client.fails("unavailable", "checkin.log", event=event.slug, deadline_ms=300)
        wait_until(lambda: how_many_read(daemon) == 0, what="the database to stop reading for nobody")
        psql.run("COMMIT")
        assert len(client.call("checkin.log", event=event.slug)["scans"]) == 1
