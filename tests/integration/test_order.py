# SPDX-License-Identifier: Apache-2.0
"""What comes after what on one connection (protocol.md, section 1, Order)."""
import json
import random

import pytest
from harness.client import RpcError
from harness.world import new_uuid


def test_reads_see_every_change_sent_before_them_and_none_after(event, admin):
    """Puts and gets of the same rooms, all pipelined: each get shows exactly the last put before it."""
    generator = random.Random(20251025)
    rooms = [f"room-{n}" for n in range(4)]
    for room in rooms:
        event.room(room, name="0")
    names = {room: "0" for room in rooms}
    requests, expected = [], []
    for n in range(600):
        room = generator.choice(rooms)
        if generator.random() < 0.4:
            names[room] = str(n)
            requests.append(("room.put", {"event": event.slug, "room": room, "name": names[room]}))
        else:
            requests.append(("room.get", {"event": event.slug, "room": room}))
        expected.append((room, names[room]))
    for number, (room, name) in zip(admin.send_many(requests), expected):
        result = admin.wait(number)
        assert (result["room"], result["name"]) == (room, name)


def test_changes_take_effect_in_the_order_sent(event, admin):
    numbers = admin.send_many([("room.put", {"event": event.slug, "room": "hall", "name": f"Name {n}"}) for n in range(50)])
    assert [admin.wait(number)["version"] for number in numbers] == list(range(1, 51))
    assert event.call("room.get", room="hall")["name"] == "Name 49"


def test_a_batchs_members_count_as_sent_in_their_order(event, admin):
    batch = []
    for n in range(40):
        batch.append({"jsonrpc": "2.0", "id": f"p{n}", "method": "room.put",
                      "params": {"event": event.slug, "room": "hall", "name": f"Name {n}"}})
        batch.append({"jsonrpc": "2.0", "id": f"g{n}", "method": "room.get", "params": {"event": event.slug, "room": "hall"}})
    admin.send_bytes(json.dumps(batch).encode() + b"\n")
    replies = {one["id"]: one["result"] for one in admin.read_message()}
    assert [replies[f"g{n}"]["name"] for n in range(40)] == [f"Name {n}" for n in range(40)]


def test_what_follows_a_login_is_judged_after_it(daemon, event):
    with daemon.client() as client:
        numbers = client.send_many([
            ("room.list", {"event": event.slug}),
            ("auth.login", {"token": event.token("door")}),
            ("room.list", {"event": event.slug}),
            ("auth.whoami", {}),
        ])
        with pytest.raises(Exception, match="unauthenticated"):
            client.wait(numbers[0])
        assert client.wait(numbers[1])["role"] == "door"
        assert client.wait(numbers[2])["rooms"] == []
        assert client.wait(numbers[3])["role"] == "door"


def test_a_line_after_a_login_may_be_as_long_as_the_login_allows(daemon, event):
    with daemon.client() as client:
        text = "x" * 100000
        numbers = client.send_many([("auth.login", {"token": event.token("door")}), ("server.ping", {"any": text})])
        client.wait(numbers[0])
        assert client.wait(numbers[1]) == {"any": text}


def test_a_line_after_a_login_that_failed_may_be_no_longer_than_before(daemon, event):
    with daemon.client() as client:
        numbers = client.send_many([("auth.login", {"token": "wrong"}), ("server.ping", {"any": "x" * 100000})])
        with pytest.raises(RpcError, match="unauthenticated"):
            client.wait(numbers[0])
        assert client.closing() == "too_large"
        assert client.unnamed[0]["error"]["data"] == {"kind": "too_large", "limit": 16384}


def test_members_of_a_batch_are_judged_by_the_login_before_them(daemon, event):
    def members(token):
        return [("room.list", {"event": event.slug}), ("auth.login", {"token": token}), ("room.list", {"event": event.slug})]

    with daemon.client() as client:
        requests = members(event.token("door")) + members(event.token("desk")) + [("auth.whoami", {})]
        client.send_bytes(json.dumps([{"jsonrpc": "2.0", "id": n, "method": method, "params": params}
                                      for n, (method, params) in enumerate(requests)]).encode() + b"\n")
        replies = {one["id"]: one for one in client.read_message()}
    assert replies[0]["error"]["data"]["kind"] == "unauthenticated"
    assert [replies[n]["result"]["rooms"] for n in (2, 3, 5)] == [[], [], []]
    assert [replies[n]["result"]["role"] for n in (1, 4, 6)] == ["door", "desk", "desk"]


def test_a_notification_is_done_in_its_order_and_not_answered(event, admin):
    for n in range(20):
        admin.send_bytes(json.dumps({"jsonrpc": "2.0", "method": "room.put", "params": {
            "event": event.slug, "room": "hall", "name": f"Name {n}"}}).encode() + b"\n")
        assert event.call("room.get", room="hall")["name"] == f"Name {n}"
    assert not admin.unnamed


def test_scans_of_one_registration_keep_their_order(event, daemon):
    event.ticket()
    event.checkpoint(mode="reentry")
    people = [event.registration()["credential"] for _ in range(5)]
    with daemon.client(event.token("door")) as door:
        requests = [("checkin.scan", {"event": event.slug, "checkpoint": "door", "credential": person, "direction": direction,
                                      "nonce": new_uuid()})
                    for direction in ["in", "out"] * 20 for person in people]
        verdicts = [door.wait(number)["verdict"] for number in door.send_many(requests)]
    assert verdicts == (["admitted"] * 5 + ["left"] * 5) * 20


def test_a_change_waits_for_the_scans_before_it_and_scans_for_it(event, admin):
    event.ticket()
    event.checkpoint()
    made = event.registration()
    scan = {"event": event.slug, "checkpoint": "door", "credential": made["credential"]}
    numbers = admin.send_many([
        ("checkin.scan", {**scan, "nonce": new_uuid()}),
        ("registration.cancel", {"event": event.slug, "registration": made["registration"]}),
        ("checkin.scan", {**scan, "nonce": new_uuid()}),
        ("registration.get", {"event": event.slug, "registration": made["registration"]}),
    ])
    first, _, second, got = [admin.wait(number) for number in numbers]
    assert first["verdict"] == "admitted"
    assert (second["verdict"], second["reason"]) == ("refused", "cancelled")
    assert got["status"] == "cancelled"


def test_what_was_answered_is_seen_at_once_on_other_connections(event, daemon):
    with daemon.admin() as writer, daemon.admin() as reader:
        for n in range(50):
            writer.call("room.put", event=event.slug, room="hall", name=str(n))
            assert reader.call("room.get", event=event.slug, room="hall")["name"] == str(n)


def test_what_is_not_durable_is_seen_by_nobody(event, daemon):
    """A change held by a lock: another connection still reads the old value, until the answer is out."""
    from harness.daemon import wait_until
    event.room(name="before")
    with daemon.cluster.session() as psql, daemon.admin() as writer, daemon.admin() as reader:
        psql.run("BEGIN")
        psql.run("LOCK TABLE usher.room IN ACCESS EXCLUSIVE MODE")
        number = writer.send("room.put", event=event.slug, room="hall", name="after")
        wait_until(lambda: daemon.cluster.psql("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")[0] != ["0"],
                   what="a change that waits")
        assert reader.call("room.get", event=event.slug, room="hall")["name"] == "before"
        assert number not in writer.replies
        psql.run("COMMIT")
        assert writer.wait(number)["name"] == "after"
    assert event.call("room.get", room="hall")["name"] == "after"


def test_a_change_of_a_peer_that_has_gone_is_whole_or_not_at_all(event, daemon):
    for n in range(20):
        with daemon.admin() as leaving:
            leaving.send("room.put", event=event.slug, room=f"left-{n}", name="Left")
    for room in event.call("room.list")["rooms"]:
        assert (room["name"], room["version"]) == ("Left", 1)
