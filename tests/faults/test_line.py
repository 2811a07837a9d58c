# SPDX-License-Identifier: Apache-2.0
"""Batches that stand in line on one connection: each has its own outcome, and one that hangs holds up nobody else."""
import pytest
from conftest import LANES
from harness.daemon import wait_until
from harness.world import new_uuid
from test_known import reason, scan_all

BATCH, BATCHES = 8, 3
PEOPLE = BATCH * BATCHES
TRIES = 8  # a machine that is busy elsewhere may not bring two batches behind each other at once


def rows_of(cluster, people):
    names = ", ".join(f"'{one}'" for one in people)
    return [row[0] for row in cluster.psql(f"SELECT registration FROM usher.scan WHERE registration IN ({names}) ORDER BY 1")]


class Door:
    """A door of a daemon that records few scans at once, and gives a connection up after `deadline_ms`."""

    def __init__(self, proxy, behind, event, deadline_ms):
        event.ticket()
        event.checkpoint()
        self.proxy, self.event = proxy, event
        self.daemon = behind({"database": {"batch_scans": BATCH, "batch_deadline_ms": deadline_ms}})

    def crowd(self, client):
        """People who are known there."""
        people = [self.event.registration()["registration"] for _ in range(PEOPLE)]
        wait_until(lambda: self._is_known(client, people[-1]), what="everybody")
        return people

    def _is_known(self, client, one):
        found = client.call("registration.list", event=self.event.slug, limit=1000)["registrations"]
        return one in {row["registration"] for row in found}

    def scan(self, client, people, nonces=()):
        """All at once: the requests' numbers."""
        with self.daemon.standstill():
            return scan_all(client, self.event, people, nonces=nonces)

    def all_admitted(self, client, people, numbers):
        assert {reason(client, number) for number in numbers} == {None}
        self.proxy.wait_for_quiet()
        assert rows_of(self.proxy.cluster, people) == sorted(people)

    def in_line(self, client, scene):
        """Plays the scene with people of its own until one batch has stood behind another."""
        for _ in range(TRIES):
            people = self.crowd(client)
            self.proxy.wait_for_lanes(LANES)
            self.proxy.wait_for_quiet()
            self.proxy.longest_line = 0
            scene(people)
            if self.proxy.longest_line > 1:
                break
        else:
            raise AssertionError("no batch stood behind another")
        people = self.crowd(client)  # and the lanes go on where they stand
        self.all_admitted(client, people, self.scan(client, people))
        told = client.call("checkin.verify", event=self.event.slug)
        assert "broken" not in told, told


@pytest.fixture
def door(proxy, behind, event):
    return Door(proxy, behind, event, 3000)


def test_a_batch_in_line_is_recorded_before_the_first_is_answered(proxy, door):
    def scene(people):
        proxy.mode("hold")
        numbers = door.scan(client, people)
        wait_until(lambda: len(rows_of(proxy.cluster, people)) == PEOPLE, what="that all are recorded")
        proxy.mode("pass")
        door.all_admitted(client, people, numbers)

    with door.daemon.admin() as client:
        door.in_line(client, scene)


@pytest.mark.parametrize("fault", ["cut", "drop"])
def test_all_in_line_on_a_connection_that_goes_are_recorded_once(proxy, door, fault):
    def scene(people):
        proxy.mode("hold")
        seen = proxy.syncs_seen
        numbers = door.scan(client, people)
        proxy.wait_for_sync(seen)
        proxy.mode(fault)
        proxy.wait_for_sync(seen + 1)
        proxy.mode("pass")
        door.all_admitted(client, people, numbers)

    with door.daemon.admin() as client:
        door.in_line(client, scene)


def test_who_stands_behind_a_batch_that_hangs_is_let_in_meanwhile(proxy, behind, event):
    """Somebody else is at one person's row. Only his batch waits for that, and all are recorded once in the end."""
    door = Door(proxy, behind, event, 120000)

    def scene(people):
        nonce = new_uuid()
        psql.run("BEGIN")
        psql.run("INSERT INTO usher.scan (family_id, writer, seq, nonce, event_id, checkpoint, verdict, at, received_at) "
                 f"SELECT family_uuid, gen_random_uuid(), 1, '{nonce}', event_uuid, 'door', 'refused', now(), now() "
                 f"FROM usher.event WHERE id = '{event.slug}'")
        numbers = door.scan(client, people, [nonce])
        assert {reason(client, number) for number in numbers[BATCH:]} == {None}
        assert rows_of(proxy.cluster, people[:BATCH]) == []
        psql.run("ROLLBACK")
        door.all_admitted(client, people, numbers)

    with door.daemon.admin() as client, proxy.cluster.session() as psql:
        door.in_line(client, scene)


def test_a_batch_that_fails_takes_nobody_behind_it_along(proxy, behind, event):
    """Another daemon lets somebody in whom this one knows nothing of yet: his batch decides again, the others do not."""
    door = Door(proxy, behind, event, 20000)

    def scene(people):
        proxy.freeze_feed()
        event.call("checkin.scan", checkpoint="door", registration=people[0], nonce=new_uuid())
        numbers = door.scan(client, people)
        assert {reason(client, number) for number in numbers[BATCH:]} == {None}
        proxy.cut(lambda link: link.feed)
        assert [reason(client, number) for number in numbers[:BATCH]] == ["already_admitted"] + [None] * (BATCH - 1)
        proxy.wait_for_quiet()
        assert rows_of(proxy.cluster, people) == sorted([people[0], *people])
        proxy.wait_for_feed()

    with door.daemon.admin() as client:
        door.in_line(client, scene)
