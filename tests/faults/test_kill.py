# SPDX-License-Identifier: Apache-2.0
"""
kill -9 of backends, the postmaster and both daemons, at random moments under load. How many in all: USHERD_KILLS.
"""
import os
import pathlib
import random
import shutil
import signal
import time

import pytest
from harness import place
from harness.daemon import wait_until
from harness.world import Event
from load import Load

KILLS = int(os.environ.get("USHERD_KILLS", "80"))
SERVED_AGAIN_SECONDS = 60


@pytest.fixture
def pair(make_daemon):
    """A daemon with a private cluster, and another on its database."""
    first = make_daemon(settings={"database": {"batch_deadline_ms": 2000}}).start()
    directory = place.make_directory()
    second = first.second(directory, settings={"database": {"batch_deadline_ms": 2000}}).start()
    yield first, second
    for one in (first, second):  # shown when it failed
        print("\n".join([f"--- the log of {one.directory}", *one.log[-60:]]))
    if (first.state / "pg.log").exists():
        print("--- PostgreSQL's", *(first.state / "pg.log").read_text(errors="replace").splitlines()[-60:], sep="\n")
    second.stop()
    shutil.rmtree(directory)


def children(pid):
    return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class Killer:
    def __init__(self, pair, seed):
        self.daemons = pair
        self.random = random.Random(seed)
        self.done = {"backend": 0, "postmaster": 0, "first": 0, "second": 0}

    def backend(self):
        """One of the postmaster's children: whose does not matter, all others go with it."""
        os.kill(self.random.choice(children(self.daemons[0].cluster.pid)), signal.SIGKILL)

    def postmaster(self):
        os.kill(self.daemons[0].cluster.pid, signal.SIGKILL)

    def first(self):
        self.daemons[0].kill()
        self.daemons[0].start()

    def second(self):
        self.daemons[1].kill()
        self.daemons[1].start()

    def kill(self, victim):
        getattr(self, victim)()
        self.done[victim] += 1


def rows(cluster, sql):
    return {row[0]: row[1:] for row in cluster.psql(sql)}


def check_database(cluster, load):
    """What was answered is there, once, and nothing else."""
    stored = rows(cluster, "SELECT id, version, notes, status FROM usher.registration")
    assert len(load.registrations) == len({one.id for one in load.registrations})
    assert {one.id for one in load.registrations} == set(stored)
    for one in load.registrations:
        assert stored[one.id] == [str(one.version), one.notes or "", "cancelled" if one.cancelled else "confirmed"]
    assert rows(cluster, "SELECT id, version, name FROM usher.room") == {
        room: [str(version), name] for room, (version, name) in load.rooms.items()}
    keys = [row[0] for row in cluster.psql("SELECT key FROM usher.request_key")]
    assert len(keys) == len(set(keys)) and set(keys) == load.keys
    assert rows(cluster, "SELECT nonce, verdict FROM usher.scan") == {nonce: [verdict] for nonce, (_, verdict) in load.scans.items()}
    assert len({scan for scan, _ in load.scans.values()}) == len(load.scans)
    assert [row[0] for row in cluster.psql("SELECT registration FROM usher.presence WHERE admitted ORDER BY 1")] == sorted(
        one.id for one in load.registrations if one.admitted)
    assert cluster.psql("SELECT family_id, writer, seq FROM usher.change GROUP BY 1, 2, 3 HAVING count(*) > 1") == []
    # Each change of a row left one line in the feed, and a writer's numbers have no gap.
    assert cluster.psql("""SELECT id, version FROM usher.change WHERE kind IN ('room', 'registration')
                           GROUP BY event_id, kind, id, version HAVING count(*) > 1""") == []
    assert cluster.psql("""SELECT w.writer FROM usher.writer AS w
                           LEFT JOIN (SELECT family_id, writer, seq FROM usher.change
                                      UNION ALL SELECT family_id, writer, seq FROM usher.scan) AS c USING (family_id, writer)
                           GROUP BY w.family_id, w.writer, w.next_seq HAVING count(c.seq) <> w.next_seq - 1""") == []


def check_memory(daemon, load, slug):
    with daemon.admin() as client:
        for one in load.registrations:
            held = client.call("registration.get", event=slug, registration=one.id)
            assert (held["version"], held["notes"], held["status"] == "cancelled") == (one.version, one.notes, one.cancelled)
        held = {room["room"]: (room["version"], room["name"]) for room in client.call("room.list", event=slug, limit=1000)["rooms"]}
        assert held == load.rooms
        admitted = sum(one.admitted for one in load.registrations)
        wait_until(lambda: client.call("checkin.stats", event=slug)["admitted"] == admitted, what=f"{admitted} admitted")
        told = client.call("checkin.verify", event=slug)
        assert "broken" not in told and sum(one["rows"] for one in told["writers"]) == len(load.scans)


def test_what_is_answered_outlives_kill_9_and_nothing_is_done_twice(pair):
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")  # shown when it fails
    killer = Killer(pair, seed)
    with pair[0].admin() as client:
        slug = Event(client).slug
        client.call("ticket.put", event=slug, ticket="standard", name="Standard")
        client.call("checkpoint.put", event=slug, checkpoint="door", name="Door", mode="once")
    began = time.monotonic()
    slowest = 0
    with Load(pair, slug) as load:
        for n in range(KILLS):
            before = [load.answers(side) for side in (0, 1)]
            asked = time.monotonic()
            wait_until(lambda: load.check() or all(load.answers(side) > before[side] for side in (0, 1)), SERVED_AGAIN_SECONDS,
                       f"an answer of both daemons after {n} kills")
            slowest = max(slowest, time.monotonic() - asked)
            time.sleep(killer.random.uniform(0, 0.15))  # a moment of its own for each kill: it is what is tested
            killer.kill(("backend", "postmaster", "first", "second")[n % 4])
    wait_until(lambda: all(one.client().call("server.info")["database"]["state"] == "online" for one in pair), 60, "both online")
    check_database(pair[0].cluster, load)
    for daemon in pair:
        with daemon.admin() as client:
            client.call("room.put", event=slug, room=f"last-{daemon.port}", name="Last")
            client.call("room.delete", event=slug, room=f"last-{daemon.port}")
    for daemon in pair:
        check_memory(daemon, load, slug)
    assert sum(killer.done.values()) == KILLS
    print(f"{KILLS} kills in {time.monotonic() - began:.0f} s: {killer.done}; {len(load.keys)} changes and {len(load.scans)} scans "
          f"settled, {len(load.registrations)} registrations; served again after at most {slowest:.1f} s")
