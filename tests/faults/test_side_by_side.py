# SPDX-License-Identifier: Apache-2.0
"""
What one daemon decides at the same time, each on a memory that lacks the others: in several lanes, or in one batch. The
database is held meanwhile, so that they meet for sure.
"""
import contextlib
import threading

import pytest
from harness.client import RpcError
from harness.daemon import wait_until
from harness.world import new_uuid

LANES = 3


class Standing:
    """The daemon's lanes wait for a lock of ours, until `let_go`."""

    def __init__(self, daemon, event, session):
        self.daemon, self.event, self.session = daemon, event, session
        self.clients, self.others = [], []

    def hold(self, sql):
        self.session.run("BEGIN")
        self.session.run(sql)

    def counter(self):
        return ("SELECT FROM usher.counter AS c JOIN usher.event AS e ON e.event_uuid = c.event_id"
                f" WHERE e.id = '{self.event.slug}' AND c.kind = 'ticket_taken' FOR UPDATE OF c")

    def hold_counter(self):
        self.hold(self.counter())

    def hold_family(self):
        self.hold("SELECT pg_advisory_xact_lock(uuid_hash_extended(family_uuid, 0)) FROM usher.event"
                  f" WHERE id = '{self.event.slug}'")

    def held_up(self, who="%"):
        """Whoever waits for a lock."""
        return int(self.daemon.cluster.psql(
            "SELECT count(*) FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid) WHERE NOT l.granted"
            f" AND a.usename LIKE '{who}'")[0][0])

    def waiting(self):
        """The lanes that do."""
        return self.held_up("usherd_daemon")

    def send(self, method, **params):
        """On a connection of its own. The daemon has read it when this returns."""
        client = self.daemon.admin()
        self.clients.append(client)
        number = client.send(method, event=self.event.slug, **params)
        self.event.client.call("server.ping")
        return client, number

    def occupy(self, lanes):
        """So many lanes, by changes that have nothing to do with each other."""
        for n in range(1, lanes + 1):
            self.others.append(self.send("registration.create", ticket="standard", name=f"Attendee {n:05d}"))
            wait_until(lambda n=n: self.waiting() == n, what=f"{n} lanes at the database")

    def let_go(self):
        self.session.run("COMMIT")
        for client, number in self.others:
            assert client.wait(number)["status"] == "confirmed"


@pytest.fixture
def standing(daemon, event):
    event.ticket()
    event.registration()
    with contextlib.ExitStack() as stack:
        one = Standing(daemon, event, stack.enter_context(daemon.cluster.session()))
        yield one
        for client in one.clients:
            client.close()


def kind(sent):
    """Of the error; None: it was done."""
    client, number = sent
    try:
        client.wait(number)
    except RpcError as error:
        return error.kind
    return None


def audit(daemon, event):
    return daemon.cluster.psql(f"SELECT a.* FROM usher.event AS e, usher.audit(e.family_uuid) AS a WHERE e.id = '{event.slug}'")


def test_whoever_is_under_way_when_a_limit_is_set_gets_a_place_or_waits(standing, event):
    """Many to a batch, for there was nothing to count. More than there is room for by now, they come one by one."""
    standing.hold_counter()
    sent = [standing.send("registration.create", ticket="standard", name=f"Attendee {n:05d}") for n in range(12)]
    wait_until(lambda: standing.waiting() >= 2, what="all of them at the database")
    event.ticket(capacity=6, waitlist=True)
    standing.let_go()
    statuses = [client.wait(number)["status"] for client, number in sent]
    assert sorted(statuses) == ["confirmed"] * 5 + ["waitlisted"] * 7


def test_an_import_under_way_when_a_limit_is_set_takes_turns_from_then_on(standing, daemon, event):
    """Who comes for the same places waits for it, and who does not goes past both."""
    standing.hold_counter()
    imported = standing.send("registration.import", rows=[{"ticket": "standard", "name": f"Attendee {n:05d}"} for n in range(9)])
    wait_until(lambda: standing.waiting() == 1, what="the import at the database")
    event.ticket(capacity=6)
    with daemon.cluster.session() as again:
        queued = threading.Thread(target=lambda: again.run("BEGIN;" + standing.counter()))
        queued.start()  # behind the import, which is told that it knows the ticket as it was
        wait_until(lambda: standing.held_up() == 2, what="our second session behind it")
        standing.let_go()
        queued.join()
        wait_until(lambda: standing.waiting() == 1, what="the import, once more")
        late = standing.send("registration.create", ticket="standard", name="Attendee 00042")
        assert kind(standing.send("room.put", room="hall", name="Hall")) is None
        assert standing.waiting() == 1
        again.run("COMMIT")
    assert imported[0].wait(imported[1])["created"] == 5 and kind(late) == "full"


def test_what_is_deleted_and_who_is_to_have_it_do_not_fail_each_other(standing, event):
    event.ticket("other")
    standing.hold_counter()
    standing.occupy(LANES)
    gone = standing.send("ticket.delete", ticket="other")
    come = standing.send("registration.create", ticket="other", name="Attendee 00042")
    beside = standing.send("registration.create", ticket="standard", name="Attendee 00043")
    standing.let_go()
    assert (kind(gone), kind(come)) in ((None, "not_found"), ("in_use", None)) and kind(beside) is None


def test_a_checkpoint_that_is_deleted_beside_its_first_scan_has_none(standing, daemon, event):
    person = event.registration()["registration"]
    event.checkpoint()
    standing.hold_family()
    standing.occupy(LANES)
    gone = standing.send("checkpoint.delete", checkpoint="door")
    scan = standing.send("checkin.scan", checkpoint="door", registration=person, nonce=new_uuid())
    standing.let_go()
    assert (kind(gone), kind(scan)) in ((None, "not_found"), ("in_use", None))
    assert audit(daemon, event) == []


@pytest.mark.parametrize("lanes", [0, LANES], ids=["in lanes of their own", "in one batch"])
def test_a_checkpoints_mode_is_fixed_by_a_scan_that_is_under_way(standing, event, lanes):
    person = event.registration()["registration"]
    event.checkpoint(mode="once")
    standing.hold_family()
    standing.occupy(lanes)
    scan = standing.send("checkin.scan", checkpoint="door", registration=person, nonce=new_uuid())
    if not lanes:
        wait_until(lambda: standing.waiting() == 1, what="the scan at the database")
    put = standing.send("checkpoint.put", checkpoint="door", name="Door", mode="count")
    if not lanes:
        wait_until(lambda: standing.waiting() == 2, what="the checkpoint at the database")
    standing.let_go()
    assert kind(scan) is None
    assert kind(put) == "invalid_params"
    assert event.call("checkpoint.get", checkpoint="door")["mode"] == "once"
