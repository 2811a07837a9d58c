# SPDX-License-Identifier: Apache-2.0
"""Answered means durable; what is not known is said to be so; memory changes no sooner than rows are durable."""
import select
import time

import pytest
from harness.client import RpcError
from harness.daemon import wait_until
from harness.world import new_uuid


def is_silent(client):
    return not client.rest and not select.select([client.stream], [], [], 0)[0]


def rooms_in(cluster, event):
    return [row[0] for row in cluster.psql(
        f"SELECT r.id FROM usher.room AS r JOIN usher.event AS e ON e.event_uuid = r.event_id WHERE e.id = '{event.slug}' ORDER BY r.id")]


def confirmed_in(cluster, event):
    return cluster.psql("SELECT r.id FROM usher.registration AS r JOIN usher.event AS e ON e.event_uuid = r.event_id "
                        f"WHERE e.id = '{event.slug}' AND r.status = 'confirmed'")


def keys_in(cluster, key):
    return int(cluster.psql(f"SELECT count(*) FROM usher.request_key WHERE key = '{key}'")[0][0])


@pytest.mark.parametrize("fault", ["drop", "cut"])
def test_no_reply_comes_before_the_sync_and_one_when_it_is_found_out(proxy, hasty, event, fault):
    """The rows are in the database, and their results have reached the daemon: yet it must not answer."""
    key = new_uuid()
    with hasty.admin() as client:
        client.call("room.list", event=event.slug)
        proxy.mode(fault)
        seen = proxy.syncs_seen
        number = client.send("room.put", event=event.slug, room="hall", name="Hall", request_key=key, deadline_ms=30000)
        proxy.wait_for_sync(seen)
        wait_until(lambda: rooms_in(proxy.cluster, event) == ["hall"], what="the row in the database")
        assert is_silent(client)
        proxy.wait_for_sync(seen + 4)  # it has connected again, and not even learnt whether it may ask
        assert is_silent(client)
        proxy.mode("pass")
        assert client.wait(number)["version"] == 1
        assert client.call("room.get", event=event.slug, room="hall")["version"] == 1
        assert is_silent(client)
    assert rooms_in(proxy.cluster, event) == ["hall"] and keys_in(proxy.cluster, key) == 1


def test_an_unknown_outcome_is_said_and_settled_by_its_key(proxy, hasty, event):
    key = new_uuid()
    params = {"event": event.slug, "room": "hall", "name": "Hall", "request_key": key}
    with hasty.admin() as client:
        client.call("room.list", event=event.slug)
        proxy.mode("drop")
        began = time.monotonic()
        error = client.fails("unavailable", "room.put", params, deadline_ms=1500)
        assert error.data["done"] is None and error.data["retry_after_ms"] > 0
        assert 1.4 < time.monotonic() - began < 5
        proxy.mode("pass")
        again = client.call("room.put", params)
        assert again["version"] == 1 and again["replayed"] is True
    assert event.client.call("room.put", params)["replayed"] is True
    assert keys_in(proxy.cluster, key) == 1


def test_without_a_key_an_unknown_outcome_is_said_too(proxy, hasty, event):
    with hasty.admin() as client:
        client.call("room.list", event=event.slug)
        proxy.mode("drop")
        seen = proxy.syncs_seen
        number = client.send("room.put", event=event.slug, room="hall", name="Hall", deadline_ms=1500)
        proxy.wait_for_sync(seen)
        with pytest.raises(RpcError) as error:
            client.wait(number)
        assert error.value.kind == "unavailable" and error.value.data["done"] is None
    assert rooms_in(proxy.cluster, event) == ["hall"]


def test_what_never_reached_the_database_is_told_from_what_may_have(proxy, hasty, event):
    with hasty.admin() as client:
        client.call("room.list", event=event.slug)
        proxy.away()
        assert client.fails("unavailable", "room.put", event=event.slug, room="a", name="A", deadline_ms=300).data["done"] is False
        # A key says that there may have been an earlier call, here or elsewhere; nobody can tell now.
        assert client.fails("unavailable", "room.put", event=event.slug, room="a", name="A", deadline_ms=300,
                            request_key=new_uuid()).data["done"] is None


def test_memory_changes_when_rows_are_durable_and_not_before(daemon, event):
    event.room("hall", name="Before")
    with daemon.cluster.session() as psql, daemon.admin() as writer, daemon.admin() as reader:
        psql.run("BEGIN")
        psql.run("LOCK TABLE usher.room IN SHARE MODE")
        number = writer.send("room.put", event=event.slug, room="hall", name="After")
        wait_until(lambda: daemon.cluster.psql("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
                                               "AND query LIKE '%usher.record%'"), what="the batch waits")
        assert reader.call("room.get", event=event.slug, room="hall")["name"] == "Before"
        assert is_silent(writer)
        psql.run("COMMIT")
        assert writer.wait(number)["name"] == "After"
        assert reader.call("room.get", event=event.slug, room="hall")["name"] == "After"


def test_a_late_sending_is_not_taken_for_what_was_decided_after_it(proxy, hasty, daemon, event):
    """
    A batch is sent, and the network keeps it back. Sent again it fails, for the last place has gone, and that is
    answered. Then the place is free again, and the first sending arrives: it must not be recorded any more, nor what
    the daemon sends next be taken for recorded.
    """
    event.ticket(capacity=1)
    with hasty.admin() as client:
        client.call("room.list", event=event.slug)
        wait_until(lambda: client.call("ticket.list", event=event.slug)["tickets"], what="the ticket")
        proxy.withhold()
        number = client.send("registration.create", event=event.slug, ticket="standard", name="Attendee 00001",
                             request_key=new_uuid())
        assert proxy.withheld.wait(10)
        taken = event.registration()["registration"]
        proxy.pass_new()
        with pytest.raises(RpcError, match="full"):
            client.wait(number)
        event.call("registration.cancel", registration=taken)
        proxy.deliver()
        assert confirmed_in(proxy.cluster, event) == []
        for n in range(4):  # each lane has its turn
            assert client.call("room.put", event=event.slug, room=f"room-{n}", name="Room")["version"] == 1
    assert rooms_in(proxy.cluster, event) == ["room-0", "room-1", "room-2", "room-3"]
