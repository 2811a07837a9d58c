# SPDX-License-Identifier: Apache-2.0
"""A commit whose wait for a synchronous standby was cancelled is not known to be durable, though libpq shows success."""
import pytest
from harness.daemon import wait_until
from harness.world import Event, new_uuid
from test_answers import is_silent


@pytest.fixture
def one(make_daemon):
    daemon = make_daemon().start()
    yield daemon
    lone(daemon.cluster)


def lone(cluster):
    cluster.psql("ALTER SYSTEM RESET synchronous_standby_names")
    cluster.psql("SELECT pg_reload_conf()")


def wait_for_a_standby(cluster):
    """One that never comes."""
    cluster.psql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
    cluster.psql("SELECT pg_reload_conf()")
    wait_until(lambda: cluster.psql("SHOW synchronous_standby_names") == [["nobody"]], what="the setting")


def waiting(cluster):
    return [row[0] for row in cluster.psql("SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'")]


def test_a_cancelled_wait_is_no_answer_and_the_key_settles_it(one):
    cluster, key = one.cluster, new_uuid()
    with one.admin() as client, one.admin() as reader:
        event = Event(client)
        params = {"event": event.slug, "room": "hall", "name": "Hall", "request_key": key}
        wait_for_a_standby(cluster)
        number = client.send("room.put", params, deadline_ms=5000)
        for turn in range(2):  # sent again, it waits again
            wait_until(lambda: waiting(cluster), what="a commit that waits for the standby")
            if turn == 0:
                assert reader.call("room.list", event=event.slug)["rooms"] == []
            for pid in waiting(cluster):
                cluster.psql(f"SELECT pg_cancel_backend({pid})")
            assert is_silent(client)
        with pytest.raises(Exception, match="unavailable") as caught:
            client.wait(number)
        assert caught.value.data["done"] is None
        lone(cluster)
        again = client.call("room.put", params)
        assert again["version"] == 1 and again["replayed"] is True
        assert [room["room"] for room in reader.call("room.list", event=event.slug)["rooms"]] == ["hall"]


def test_it_is_answered_when_the_standby_is_no_longer_waited_for(one):
    cluster = one.cluster
    with one.admin() as client:
        event = Event(client)
        wait_for_a_standby(cluster)
        number = client.send("room.put", event=event.slug, room="hall", name="Hall")
        wait_until(lambda: waiting(cluster), what="a commit that waits for the standby")
        for pid in waiting(cluster):
            cluster.psql(f"SELECT pg_cancel_backend({pid})")
        lone(cluster)
        assert client.wait(number)["version"] == 1
        assert client.call("room.get", event=event.slug, room="hall")["version"] == 1
