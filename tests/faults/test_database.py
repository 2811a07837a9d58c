# SPDX-License-Identifier: Apache-2.0
"""A database of the operator's own: migrated by its owner, used by a role that may do little, away, frozen, moved."""
import shutil
import signal
import statistics
import subprocess
import time
import types

import pytest
from conftest import HASTY, PATIENT
from harness import place
from harness.bench import stat
from harness.daemon import Daemon, wait_until
from harness.postgres import Server
from harness.proxy import Proxy
from harness.world import Event


@pytest.fixture(scope="module")
def server():
    directory = place.make_directory()
    directory.chmod(0o755)
    one = Server(directory)
    yield one
    one.stop()
    shutil.rmtree(directory)


@pytest.fixture
def database(server, request):
    """A new, empty database."""
    return server.database("d" + str(abs(hash(request.node.name)) % 10**9))


@pytest.fixture
def make(programs):
    """make(conninfo): a daemon on it, not started."""
    made = []

    def new(conninfo, settings=None):
        directory = place.make_directory()
        made.append(Daemon(directory, programs, conninfo=conninfo, settings=settings or HASTY))
        made[-1].state.mkdir()
        shutil.chown(made[-1].state, place.account().pw_uid, place.account().pw_gid)
        return made[-1]

    yield new
    for one in made:
        one.stop()
        shutil.rmtree(one.directory)


def migrate(daemon):
    return subprocess.run(daemon.command("migrate"), capture_output=True, text=True, cwd="/", timeout=60, env=place.environment())


def migrated(make, server, database):
    done = migrate(make(server.conninfo(database, user="owner")))
    assert done.returncode == 0, done.stderr
    server.psql("GRANT usherd TO app", user="owner", database=database)


def ends(daemon):
    """What it says when it cannot start."""
    daemon.launch()
    daemon.process.wait(60)
    daemon._reader.join(10)
    daemon.process.stderr.close()
    status, daemon.process = daemon.process.returncode, None
    assert status == 1
    return daemon.log_text()


def test_the_owner_migrates_and_a_role_that_may_do_little_serves(server, database, make):
    migrated(make, server, database)
    one = make(server.conninfo(database)).start()
    with one.admin() as client:
        event = Event(client)
        event.room()
        event.ticket()
        event.registration()
    for forbidden in ("UPDATE usher.scan SET verdict = 'admitted'", "DELETE FROM usher.scan", "TRUNCATE usher.scan",
                      "CREATE TABLE usher.more ()", "ALTER TABLE usher.room ADD COLUMN more text", "DROP TABLE usher.room",
                      "DELETE FROM usher.registration", "SELECT usher.make_kind('room')", "CREATE SCHEMA more",
                      "UPDATE usher.schema_version SET version = 0"):
        done = server.psql(forbidden, user="app", database=database, check=False)
        assert done.returncode != 0 and ("permission denied" in done.stderr or "must be owner" in done.stderr), (forbidden, done.stderr)


def test_an_empty_database_that_it_may_not_change_is_refused_with_the_command_to_run(server, database, make):
    words = ends(make(server.conninfo(database)))
    assert "usherd -d CONNINFO migrate" in words and "ready" not in words.splitlines()


def test_an_older_schema_that_it_may_not_change_is_refused_with_the_command_to_run(server, database, make):
    migrated(make, server, database)
    server.psql("DELETE FROM usher.schema_version WHERE version = (SELECT max(version) FROM usher.schema_version)",
                user="owner", database=database)
    assert "usherd -d CONNINFO migrate" in ends(make(server.conninfo(database)))


def test_a_role_that_was_granted_nothing_is_told_which_it_needs(server, database, make):
    migrated(make, server, database)
    server.psql("REVOKE usherd FROM app", user="owner", database=database)
    assert "member of the role usherd" in ends(make(server.conninfo(database)))


def test_a_newer_schema_is_refused_and_left_alone(server, database, make):
    migrated(make, server, database)
    server.psql("INSERT INTO usher.schema_version (version) VALUES (999)", user="owner", database=database)
    words = ends(make(server.conninfo(database)))
    assert "999" in words and "newer" in words
    done = migrate(make(server.conninfo(database, user="owner")))
    assert done.returncode == 1 and "newer" in done.stderr
    assert server.psql("SELECT max(version) FROM usher.schema_version", database=database) == [["999"]]


def test_daemons_that_start_together_migrate_an_empty_database_once(server, database, make):
    daemons = [make(server.conninfo(database, user="owner")).launch() for _ in range(3)]
    for one in daemons:
        assert one._ready.wait(60)
        assert "ready" in one.log, one.log_text()
        with one.admin() as client:
            client.call("event.list")
    versions = [int(row[0]) for row in server.psql("SELECT version FROM usher.schema_version ORDER BY 1", database=database)]
    assert versions == list(range(1, len(versions) + 1)) and versions


def test_a_database_that_cannot_be_reached_is_said_at_once_and_waited_for(server, database, make):
    migrated(make, server, database)
    nowhere = server.directory / "nowhere"
    nowhere.mkdir()
    one = make(server.conninfo(database, host=nowhere))
    began = time.monotonic()
    one.launch()
    wait_until(lambda: "the database cannot be reached" in one.log_text(), 10, "words about it")
    assert time.monotonic() - began < 10 and one._ready.wait(10)
    with one.admin() as client:
        assert client.call("server.info")["database"]["state"] == "offline"
        assert client.fails("unavailable", "event.list", deadline_ms=200).data["done"] is False
        waiting = client.send("event.list", deadline_ms=60000)
        (nowhere / ".s.PGSQL.5432").symlink_to(server.directory / ".s.PGSQL.5432")
        assert client.wait(waiting)["events"] == []
        wait_until(lambda: client.call("server.info")["database"]["state"] == "online", what="online")
    shutil.rmtree(nowhere)


def test_a_frozen_first_host_does_not_block_the_second(server, database, make, tmp_path_factory):
    """The first accepts connections and says nothing, as a stopped process does."""
    migrated(make, server, database)
    directory = place.make_directory()
    directory.chmod(0o755)
    frozen = Server(directory)
    frozen.signal_all(signal.SIGSTOP)
    try:
        one = make(server.conninfo(database, host=f"{directory},{server.directory}"))
        began = time.monotonic()
        one.start()
        with one.admin() as client:
            event = Event(client)
            assert event.room()["version"] == 1
        took = time.monotonic() - began
        print(f"served {took:.1f} s after it was started")
        assert took < 20
    finally:
        frozen.signal_all(signal.SIGCONT)
        frozen.stop()
        shutil.rmtree(directory)


def test_a_server_that_freezes_is_given_up_and_used_again_when_it_goes_on(server, database, make):
    migrated(make, server, database)
    one = make(server.conninfo(database)).start()
    with one.admin() as client:
        event = Event(client)
        server.signal_all(signal.SIGSTOP)
        try:
            error = client.fails("unavailable", "room.put", event=event.slug, room="a", name="A", deadline_ms=1500)
            assert error.data["done"] is None
            assert client.call("room.list", event=event.slug)["rooms"] == []  # reads go on
            waiting = client.send("room.put", event=event.slug, room="b", name="B", deadline_ms=60000)
            wait_until(lambda: client.call("server.info")["database"]["state"] == "offline", what="that it is said to be away")
        finally:
            server.signal_all(signal.SIGCONT)
        assert client.wait(waiting)["version"] == 1
        assert [room["room"] for room in client.call("room.list", event=event.slug)["rooms"]] in (["a", "b"], ["b"])


def test_what_is_not_answered_at_once_is_waited_for_asleep(server, database, make):
    migrated(make, server, database)
    one = make(server.conninfo(database), settings=PATIENT).start()
    with one.admin() as client:
        event = Event(client)
        server.signal_all(signal.SIGSTOP)
        try:
            before = stat(one.process.pid)[1]
            client.fails("unavailable", "room.put", event=event.slug, room="a", name="A", deadline_ms=1500)
            assert stat(one.process.pid)[1] - before < 0.5
        finally:
            server.signal_all(signal.SIGCONT)


def test_a_request_waits_five_seconds_for_a_database_that_goes_away_unless_it_says_more(server, database, make):
    migrated(make, server, database)
    one = make(server.conninfo(database), settings={**HASTY, "requests": {"offline_deadline_ms": 1200}}).start()
    with one.admin() as client, one.admin() as patient:
        event = Event(client)
        server.stop()
        try:
            began = time.monotonic()
            waiting = patient.send("room.put", event=event.slug, room="b", name="B", deadline_ms=60000)
            assert client.fails("unavailable", "room.put", event=event.slug, room="a", name="A")
            assert client.fails("unavailable", "checkin.log", event=event.slug)
            assert 1 < time.monotonic() - began < 6
        finally:
            server.start()
        assert patient.wait(waiting)["version"] == 1


def test_connections_come_back_with_growing_rests_that_differ(server, database, make):
    """While requests wait: neither as often as can be, nor all in one step."""
    migrated(make, server, database)
    directory = place.make_directory()
    directory.chmod(0o755)
    proxy = Proxy(types.SimpleNamespace(socket_directory=server.directory, port=5432), directory)
    one = make(server.conninfo(database, host=directory)).start()
    try:
        with one.admin() as client:
            event = Event(client)
            proxy.away()
            asked = time.monotonic()
            client.fails("unavailable", "room.put", event=event.slug, room="a", name="A", deadline_ms=6000)
            times = [at for at in proxy.attempts if at > asked + 2]
            proxy.back()
            wait_until(lambda: client.call("server.info")["database"]["state"] == "online", 15, "online again by itself")
        gaps = [later - sooner for sooner, later in zip(times, times[1:])]
        print(f"{len(times)} attempts in 4 s, over 5 connections")
        assert 5 <= len(times) <= 60
        assert statistics.pstdev(gaps) > 0.3 * statistics.mean(gaps)
    finally:
        proxy.mend()
        one.stop()
        proxy.close()
        shutil.rmtree(directory)
