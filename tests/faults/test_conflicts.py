# SPDX-License-Identifier: Apache-2.0
"""Two daemons change the same rows at once: nobody loses, nothing is done twice, and no batches deadlock."""
import threading
import uuid

import pytest
from harness.client import Client, RpcError
from harness.daemon import wait_until
from test_known import reason, scan_all

PEERS = 6


@pytest.fixture
def pair(daemon, second_daemon, event):
    """Two daemons that both know the event; no deadlock may happen meanwhile."""
    other = second_daemon()
    with other.admin() as client:
        client.call("room.list", event=event.slug)
    before = deadlocks(daemon.cluster)
    yield daemon, other
    assert deadlocks(daemon.cluster) == before


def deadlocks(cluster):
    return cluster.psql("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")


def all_at_once(pair, work):
    """work(client, number) on connections to both daemons; what each returned."""
    results, failures = [None] * PEERS, []

    def run(number):
        try:
            with Client(pair[number % 2].unix) as client:
                results[number] = work(client, number)
        except BaseException as failure:  # shown below
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(PEERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not failures, failures
    return results


def until_done(client, method, params):
    """Others kept changing the same rows: it says that nothing was done, and is asked again."""
    while True:
        try:
            return client.call(method, params)
        except RpcError as error:
            assert error.kind == "unavailable" and error.data["done"] is False and str(error).count("others kept changing"), error


def test_puts_of_one_room_each_make_a_version_of_their_own(pair, event):
    def work(client, number):
        return [until_done(client, "room.put", {"event": event.slug, "room": "hall", "name": f"{number}-{n}"})["version"]
                for n in range(10)]

    versions = sorted(version for one in all_at_once(pair, work) for version in one)
    assert versions == list(range(1, 10 * PEERS + 1))


def test_with_if_version_exactly_one_of_those_who_saw_the_same_wins(pair, event):
    event.room("hall", features=[])
    with pair[1].admin() as client:
        wait_until(lambda: client.call("room.list", event=event.slug)["rooms"], what="the room at the other daemon")

    def work(client, number):
        won = 0
        while won < 5:
            seen = client.call("room.get", event=event.slug, room="hall")
            try:
                client.call("room.put", event=event.slug, room="hall", name="Hall", if_version=seen["version"],
                            features=seen["features"] + [f"f{number}-{won}"])
                won += 1
            except RpcError as error:
                assert error.kind in ("stale", "unavailable"), error
        return won

    assert sum(all_at_once(pair, work)) == 5 * PEERS
    wait_until(lambda: event.call("room.get", room="hall")["version"] == 5 * PEERS + 1, what="the last version")
    room = event.call("room.get", room="hall")
    assert len(room["features"]) == len(set(room["features"])) == 5 * PEERS  # no update was lost


def test_a_limited_ticket_is_given_out_as_often_as_there_are_places(pair, event):
    event.ticket(capacity=10)

    def work(client, number):
        got = 0
        for _ in range(5):
            try:
                until_done(client, "registration.create", {"event": event.slug, "ticket": "standard", "name": "Attendee 00042"})
                got += 1
            except AssertionError as error:
                assert "full" in str(error), error
        return got

    assert sum(all_at_once(pair, work)) == 10


def test_whoever_was_cancelled_at_the_other_daemon_is_sent_away_among_many(pair, event):
    """Many scans together are not compared one by one with what the database holds, but for what may have changed."""
    event.ticket()
    people, rounds = [event.registration()["registration"] for _ in range(120)], 12
    for n in range(rounds):
        event.checkpoint(f"door-{n}")
    with pair[1].admin() as other, Client(pair[0].unix) as client:
        wait_until(lambda: len(other.call("registration.list", event=event.slug, limit=200)["registrations"]) == len(people),
                   what="everybody")
        for n in range(rounds):
            gone = people[10 * n + 5]
            other.call("registration.cancel", event=event.slug, registration=gone)
            numbers = client.send_many([("checkin.scan", {"event": event.slug, "checkpoint": f"door-{n}", "registration": one,
                                                          "nonce": str(uuid.uuid4())}) for one in people])
            reasons = {one: client.wait(number)["reason"] for one, number in zip(people, numbers, strict=True)}
            assert reasons[gone] == "cancelled"
            assert sum(reason is None for reason in reasons.values()) == len(people) - n - 1


def orders_of_writing(daemon, client, event, people, checkpoint):
    """Lets everybody in. Of the batches of many: whether each was written in the order of its keys, and of its numbers."""
    assert {reason(client, number) for number in scan_all(client, event, people, checkpoint)} == {None}
    return set(map(tuple, daemon.cluster.psql(
        "SELECT array_agg(presence ORDER BY ctid) = array_agg(presence ORDER BY presence), "
        "array_agg(seq ORDER BY ctid) = array_agg(seq ORDER BY seq) FROM usher.scan "
        f"WHERE checkpoint = '{checkpoint}' GROUP BY xmin::text HAVING count(*) > 8")))


OF_NUMBERS, OF_KEYS = {("f", "t")}, {("t", "f")}


def test_scans_are_written_as_they_come_until_another_daemon_is_about(pair, event):
    """Then in the order of their keys: two batches that meet at several people wait for each other in one direction."""
    event.ticket()
    people = [event.registration()["registration"] for _ in range(120)]
    for checkpoint in ("alone", "met", "beside"):
        event.checkpoint(checkpoint)
    with pair[1].admin() as other, Client(pair[0].unix) as client:
        assert orders_of_writing(pair[0], client, event, people, "alone") == OF_NUMBERS
        wait_until(lambda: other.call("room.list", event=event.slug) and other.call(
            "checkin.stats", event=event.slug, checkpoint="alone")["admitted"] == len(people), what="them at the other daemon")
        other.call("checkin.scan", event=event.slug, checkpoint="met", registration=people[0], nonce=str(uuid.uuid4()))
        wait_until(lambda: client.call("checkin.stats", event=event.slug, checkpoint="met")["admitted"] == 1, what="its scan")
        assert orders_of_writing(pair[0], client, event, people, "beside") == OF_KEYS


def test_scans_are_written_by_their_keys_after_one_was_given_up(daemon, event):
    """Who is told that nobody knows asks again, and the batch with the repeat may meet the one that was given up."""
    event.ticket()
    people = [event.registration()["registration"] for _ in range(120)]
    for checkpoint in ("alone", "given-up", "beside"):
        event.checkpoint(checkpoint)
    with Client(daemon.unix) as client, daemon.cluster.session() as psql:
        assert orders_of_writing(daemon, client, event, people, "alone") == OF_NUMBERS
        psql.run(f"BEGIN; SELECT pg_advisory_xact_lock(uuid_hash_extended(family_uuid, 0)) FROM usher.event WHERE id = '{event.slug}'")
        error = client.fails("unavailable", "checkin.scan", event=event.slug, checkpoint="given-up", registration=people[0],
                             nonce=str(uuid.uuid4()), deadline_ms=300)
        assert error.data["done"] is None
        psql.run("COMMIT")
        assert orders_of_writing(daemon, client, event, people, "beside") == OF_KEYS


def test_whoever_is_in_a_deadlock_is_let_in_all_the_same(daemon, event):
    """Somebody else has the second person's nonce and wants the first's: PostgreSQL ends the batch, which decides again."""
    event.ticket()
    event.checkpoint()
    people, nonces = [event.registration()["registration"] for _ in range(20)], [str(uuid.uuid4()) for _ in range(2)]

    def row(seq, nonce):
        return ("INSERT INTO usher.scan (family_id, writer, seq, nonce, event_id, checkpoint, verdict, at, received_at) "
                f"SELECT family_uuid, '{uuid.uuid4()}', {seq}, '{nonce}', event_uuid, 'door', 'refused', now(), now() "
                f"FROM usher.event WHERE id = '{event.slug}'")

    before, said = deadlocks(daemon.cluster), len(daemon.log)
    with Client(daemon.unix) as client, daemon.cluster.session() as psql:
        psql.run("BEGIN;" + row(1, nonces[1]))
        with daemon.standstill():
            numbers = scan_all(client, event, people, nonces=nonces)
        wait_until(lambda: daemon.cluster.psql(
            "SELECT pid FROM pg_stat_activity WHERE query LIKE '%usher.record(%' AND wait_event_type = 'Lock'"), what="the batch that waits")
        psql.run(row(2, nonces[0]) + "; ROLLBACK")
        assert {reason(client, number) for number in numbers} == {None}
    wait_until(lambda: deadlocks(daemon.cluster) != before, what="the deadlock in the statistics")
    assert not [line for line in daemon.log[said:] if "refused a batch" in line]  # which would come one by one


def test_one_place_of_the_programme_goes_to_one_session(pair, event):
    event.room()
    for number in range(PEERS):
        event.session(f"talk-{number}")

    for hour in range(9, 15):
        def work(client, number):
            params = {"event": event.slug, "session": f"talk-{number}", "room": "hall", "start": f"2025-10-25T{hour:02}:00:00+08:00"}
            try:
                until_done(client, "schedule.place", params)
                return 1
            except AssertionError as error:
                assert "conflict" in str(error), error
                return 0

        assert sum(all_at_once(pair, work)) == 1
        for session in event.call("schedule.get", version="draft")["sessions"]:
            event.call("schedule.unplace", session=session["session"])
