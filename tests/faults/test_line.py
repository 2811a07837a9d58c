# SPDX-License-Identifier: Apache-2.0
"""Batches that stand in line on one connection: each has its own outcome, and one that hangs holds up nobody else."""
import pytest
from conftest import HASTY
from harness.daemon import wait_until
from harness.world import new_uuid
from test_known import reason, scan_all

BATCH, BATCHES = 8, 3
PEOPLE = BATCH * BATCHES
SMALL = {"batch_scans": BATCH}
TRIES = 8  # a machine that is busy elsewhere may not bring two batches behind each other at once


def rows_of(cluster, people):
    names = ", ".join(f"'{one}'" for one in people)
    return [row[0] for row in cluster.psql(f"SELECT registration FROM usher.scan WHERE registration IN ({names}) ORDER BY 1")]


class Door:
    def __init__(self, proxy, daemon, event):
        event.ticket()
        event.checkpoint()
        self.proxy, self.daemon, self.event = proxy, daemon, event

    def crowd(self, client):
        """People who are known there."""
        people = [self.event.registration()["registration"] for _ in range(PEOPLE)]
        wait_until(lambda: self._is_known(client, people[-1]), what="everybody")
        return people

    def _is_known(self, client, one):
        found = client.call("registration.list", event=self.event.slug, limit=1000)["registrations"]
        return one in {row["registration"] for row in found}

    def scan_in_line(self, client):
        """
        Scans of three batches at least, of which one was recorded behind another on its connection, while no sync has
        come back: the people, and the requests' numbers.
        """
        for _ in range(TRIES):
            people = self.crowd(client)
            self.proxy.mode("hold")
            seen = self.proxy.syncs_seen
            with self.daemon.standstill():
                numbers = scan_all(client, self.event, people)
            wait_until(lambda: len(rows_of(self.proxy.cluster, people)) == PEOPLE, what="that all are recorded")
            if self.proxy.syncs_seen - seen < BATCHES:
                return people, numbers
            self.proxy.mode("pass")
            assert {reason(client, number) for number in numbers} == {None}
        raise AssertionError("no batch stood behind another")


@pytest.fixture
def door(proxy, behind, event):
    return Door(proxy, behind({"database": HASTY["database"] | SMALL}), event)


def test_a_batch_in_line_is_recorded_before_the_first_is_answered(proxy, door):
    with door.daemon.admin() as client:
        people, numbers = door.scan_in_line(client)
        proxy.mode("pass")
        assert {reason(client, number) for number in numbers} == {None}
        assert rows_of(proxy.cluster, people) == sorted(people)


@pytest.mark.parametrize("fault", ["cut", "drop"])
def test_all_in_line_on_a_connection_that_goes_are_recorded_once(proxy, door, fault):
    with door.daemon.admin() as client:
        people, numbers = door.scan_in_line(client)
        lost = proxy.syncs_seen
        proxy.mode(fault)
        proxy.wait_for_sync(lost)  # found out, and connected or asked again
        proxy.mode("pass")
        assert {reason(client, number) for number in numbers} == {None}
        assert rows_of(proxy.cluster, people) == sorted(people)


def test_who_stands_behind_a_batch_that_hangs_is_let_in_meanwhile(proxy, behind, event):
    """Somebody else holds one person's row. Only his batch waits for it, and it is recorded once in the end."""
    door = Door(proxy, behind({"database": {"batch_deadline_ms": 120000} | SMALL}), event)
    with door.daemon.admin() as client, proxy.cluster.session() as psql:
        people = door.crowd(client)
        psql.run("BEGIN")
        psql.run("INSERT INTO usher.presence (family_id, event_id, id, version, checkpoint, registration, inside, admitted) "
                 f"SELECT family_uuid, event_uuid, 'door//{people[0]}', 1, 'door', '{people[0]}', true, true "
                 f"FROM usher.event WHERE id = '{event.slug}'")
        with door.daemon.standstill():
            numbers = scan_all(client, event, people)
        assert {reason(client, number) for number in numbers[BATCH:]} == {None}
        assert rows_of(proxy.cluster, people[:BATCH]) == []
        psql.run("ROLLBACK")
        assert {reason(client, number) for number in numbers[:BATCH]} == {None}
        assert rows_of(proxy.cluster, people) == sorted(people)


def test_a_batch_that_fails_takes_nobody_behind_it_along(proxy, behind, event):
    """Another daemon lets somebody in whom this one knows nothing of yet: his batch decides again, the others do not."""
    door = Door(proxy, behind({"database": {"batch_deadline_ms": 20000} | SMALL}), event)
    with door.daemon.admin() as client:
        people = door.crowd(client)
        proxy.freeze_feed()
        event.call("checkin.scan", checkpoint="door", registration=people[0], nonce=new_uuid())
        with door.daemon.standstill():
            numbers = scan_all(client, event, people)
        assert {reason(client, number) for number in numbers[BATCH:]} == {None}
        proxy.cut(lambda link: link.feed)
        assert [reason(client, number) for number in numbers[:BATCH]] == ["already_admitted"] + [None] * (BATCH - 1)
        assert rows_of(proxy.cluster, people) == sorted([people[0], *people])
