# SPDX-License-Identifier: Apache-2.0
"""Each row of protocol.md's table of errors, its data member by member. The client checks shapes; here are the values."""
import pytest
from harness.client import Client, RpcError
from harness.daemon import wait_until
from harness.world import Event, new_uuid


def test_invalid_params_say_where_and_what_was_expected(admin):
    error = admin.fails("invalid_params", "event.put", event="a", name="A", timezone="Asia/Shanghai", starts_on="25.10.2025",
                        ends_on="2025-10-26")
    assert error.code == -32602
    assert error.data["path"] == "/starts_on" and error.data["expected"]


@pytest.mark.parametrize("params, path", [
    ({}, "/event"),
    ({"event": "Upper"}, "/event"),
    ({"event": "-a"}, "/event"),
    ({"event": "a" * 65}, "/event"),
    ({"event": 5}, "/event"),
    ({"event": "a", "name": ""}, "/name"),
    ({"event": "a", "name": "x" * 301}, "/name"),
    ({"event": "a", "name": "A", "timezone": "Nowhere/City"}, "/timezone"),
    ({"event": "a", "name": "A", "timezone": "UTC", "starts_on": "2025-02-29", "ends_on": "2025-03-01"}, "/starts_on"),
    ({"event": "a", "name": "A", "timezone": "UTC", "starts_on": "2025-10-25", "ends_on": "2025-10-25", "surprise": 1},
     "/surprise"),
    ({"event": "a", "name": "A", "timezone": "UTC", "starts_on": "2025-10-25", "ends_on": "2025-10-25",
      "fields": [{"field": "a", "label": "A"}, {"field": "b", "label": "B", "at_door": "whisper"}]}, "/fields/1/at_door"),
    ({"event": "a", "name": "A", "timezone": "UTC", "starts_on": "2025-10-25", "ends_on": "2025-10-25",
      "rules": {"no_such_kind": "warn"}}, "/rules/no_such_kind"),
    ({"event": "a", "name": "A", "timezone": "UTC", "starts_on": "2025-10-25", "ends_on": "2025-10-25",
      "deadline_ms": 0}, "/deadline_ms"),
    ({"event": "a", "name": "A", "timezone": "UTC", "starts_on": "2025-10-25", "ends_on": "2025-10-25",
      "deadline_ms": 600001}, "/deadline_ms"),
    ({"event": "a", "name": "A", "timezone": "UTC", "starts_on": "2025-10-25", "ends_on": "2025-10-25",
      "request_key": "no uuid"}, "/request_key"),
])
def test_the_path_is_a_json_pointer_to_what_is_wrong(admin, params, path):
    assert admin.fails("invalid_params", "event.put", params).data["path"] == path


def test_a_slash_in_an_unknown_name_is_escaped_in_the_path(admin):
    assert admin.fails("invalid_params", "server.ping", {"a/b~c": 1}).data["path"] == "/a~1b~0c"


def test_what_is_our_fault_says_no_more_than_an_id_that_stands_in_the_log(daemon, event):
    """A rule that the daemon does not know makes the database refuse what it should take."""
    daemon.cluster.psql("ALTER TABLE usher.room ADD CONSTRAINT none_is_cursed CHECK (id <> 'cursed')")
    try:
        with Client(daemon.unix) as client:
            number = client.send("room.put", event=event.slug, room="cursed", name="C")
            while number not in client.replies:
                client._take(client.read_message())
            error = client.replies[number]["error"]
    finally:
        daemon.cluster.psql("ALTER TABLE usher.room DROP CONSTRAINT none_is_cursed")
    assert error["code"] == -32603 and set(error["data"]) == {"kind", "log_id"} and error["data"]["kind"] == "internal"
    assert "cursed" not in error["message"]
    told = [line for line in daemon.log if f"[{error['data']['log_id']}]" in line]
    assert len(told) == 1 and "none_is_cursed" in told[0]
    assert event.room()["version"] == 1


@pytest.mark.parametrize("deadline", [1000, 600000])
def test_deadlines_within_the_range_are_taken(admin, deadline):
    assert admin.call("server.ping", any=1, deadline_ms=deadline) == {"any": 1}


def test_the_shortest_deadline_is_met_or_said_to_be_over(admin):
    try:
        assert admin.call("server.ping", any=1, deadline_ms=1) == {"any": 1}
    except RpcError as error:
        assert error.data == {"kind": "deadline"}


def test_a_text_of_the_longest_length_is_taken_counted_in_characters(event):
    assert event.room(name="参" * 300)["name"] == "参" * 300
    assert event.fails("invalid_params", "room.put", room="r", name="参" * 301).data["path"] == "/name"


def test_unauthenticated_tells_the_role_that_would_do(daemon, event):
    with daemon.client() as nobody:
        assert nobody.fails("unauthenticated", "room.list", event=event.slug).data["needs"] == "door"
        assert nobody.fails("unauthenticated", "ticket.put", event=event.slug, ticket="t", name="T").data["needs"] == "organiser"
        assert nobody.fails("unauthenticated", "event.delete", event=event.slug, confirm=event.slug).data["needs"] == "admin"


def test_forbidden_tells_the_role_that_would_do(daemon, event):
    with daemon.client(event.token("door")) as door:
        assert door.fails("forbidden", "ticket.put", event=event.slug, ticket="t", name="T").data["needs"] == "organiser"


def test_another_event_is_forbidden_whether_or_not_it_exists(daemon, event, admin):
    other = Event(admin)
    with daemon.client(admin.call("token.create", role="organiser", label="L", event=event.slug)["token"]) as bound:
        assert bound.call("room.list", event=event.slug)["rooms"] == []
        for slug in (other.slug, "no-such-event"):
            assert "needs" not in bound.fails("forbidden", "room.list", event=slug).data


@pytest.mark.parametrize("method, params, what, id", [
    ("room.list", {"event": "no-such-event"}, "event", "no-such-event"),
    ("room.get", {"room": "attic"}, "room", "attic"),
    ("track.delete", {"track": "none"}, "track", "none"),
    ("speaker.get", {"speaker": "nobody"}, "speaker", "nobody"),
    ("session.get", {"session": "none"}, "session", "none"),
    ("ticket.get", {"ticket": "none"}, "ticket", "none"),
    ("checkpoint.get", {"checkpoint": "none"}, "checkpoint", "none"),
    ("registration.get", {"registration": "NONE00"}, "registration", "NONE00"),
    ("registration.create", {"ticket": "none", "name": "N"}, "ticket", "none"),
    ("schedule.place", {"session": "none", "room": "r", "start": "2025-10-25T10:00:00+08:00"}, "session", "none"),
    ("checkin.scan", {"checkpoint": "none", "credential": "X", "nonce": "01890a5d-ac96-774b-bcce-b302099a8057"},
     "checkpoint", "none"),
])
def test_not_found_names_the_thing(event, method, params, what, id):
    error = event.client.fails("not_found", method, {"event": event.slug, **params})
    assert error.data == {"kind": "not_found", "what": what, "id": id}


def test_the_first_version_of_a_programme_is_not_found_before_it_is_published(event):
    assert event.fails("not_found", "schedule.get").data["what"] == "version"


def test_exists_names_whose_external_id_it_is(event):
    event.ticket()
    first = event.registration(external_id="X-1")
    second = event.registration(external_id="X-2")
    assert first["registration"] != second["registration"]
    error = event.fails("exists", "registration.update", registration=second["registration"], external_id="X-1")
    assert error.data == {"kind": "exists", "what": "external_id", "id": "X-1"}


def test_a_room_of_another_event_of_the_family_exists(event):
    child = Event(event.client, parent=event.slug)
    event.room("shared")
    child.fails("exists", "room.put", room="shared", name="S")
    assert [room["event"] for room in child.call("room.list")["rooms"]] == [event.slug]


def test_stale_tells_the_version_that_stands(event):
    assert event.room(if_version=0)["version"] == 1
    assert event.fails("stale", "room.put", room="hall", name="H", if_version=0).data == {"kind": "stale", "version": 1}
    assert event.room(name="Hall 2", if_version=1)["version"] == 2
    assert event.fails("stale", "room.put", room="hall", name="H", if_version=1).data["version"] == 2
    assert event.fails("stale", "room.delete", room="hall", if_version=1).data["version"] == 2


def test_what_changes_nothing_keeps_its_version(event):
    assert event.room()["version"] == event.room()["version"] == 1


def test_a_deleted_thing_comes_back_with_a_later_version(event):
    event.room()
    assert event.call("room.delete", room="hall") == {"deleted": True}
    assert event.fails("stale", "room.put", room="hall", name="H", if_version=1).data["version"] == 0
    assert event.room(if_version=0)["version"] > 1


def test_conflict_lists_what_stands_in_the_way(event):
    event.room()
    for name in ("first", "second"):
        event.session(name)
    assert event.place("first")["placed"] is True
    conflicts = event.fails("conflict", "schedule.place", session="second", room="hall",
                            start="2025-10-25T10:15:00+08:00").data["conflicts"]
    hard = [one for one in conflicts if one["severity"] == "hard"]
    assert [one["kind"] for one in hard] == ["room_taken"]
    assert sorted(hard[0]["sessions"]) == ["first", "second"]
    assert hard[0]["room"] == "hall" and hard[0]["message"]
    assert hard[0]["from"] == "2025-10-25T10:15:00+08:00" and hard[0]["to"] == "2025-10-25T10:30:00+08:00"


def test_in_use_lists_by_what(event):
    event.room()
    event.session()
    event.place()
    assert event.fails("in_use", "room.delete", room="hall").data["by"] == [{"what": "session", "id": "talk"}]


def test_in_use_lists_ten_at_most(event):
    event.call("track.put", track="long", name="Long")
    for n in range(12):
        event.session(f"talk-{n:02}", track="long")
    assert len(event.fails("in_use", "track.delete", track="long").data["by"]) == 10


def test_full_tells_the_capacity(event):
    event.ticket(capacity=2)
    event.registration()
    event.registration()
    assert event.fails("full", "registration.create", ticket="standard", name="N").data == {"kind": "full", "capacity": 2}


def test_the_json_is_judged_before_the_method_the_role_and_the_params(daemon, event):
    with daemon.client() as nobody:
        assert nobody.fails("unknown_method", "no.such", event=5)
        assert nobody.fails("unauthenticated", "room.put", event=5)
    with daemon.client(event.token("door")) as door:
        assert door.fails("forbidden", "room.put", surprise=1)
    bound = event.client.call("token.create", role="door", label="L", event=event.slug)["token"]
    with daemon.client(bound) as door:
        assert door.fails("forbidden", "room.list", event="elsewhere", surprise=1)
        assert door.fails("invalid_params", "room.list", event=5)
        assert door.fails("invalid_params", "room.list", event=event.slug, surprise=1)


def waiting_statements(cluster):
    rows = cluster.psql("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%usher.record%'")
    return int(rows[0][0])


def test_a_deadline_that_passed_before_the_work_was_begun_means_it_was_not_done(daemon, event):
    """Every lane is held by a lock; what comes after waits in the queue until its deadline."""
    with daemon.cluster.session() as psql, daemon.admin() as a, daemon.admin() as b, daemon.admin() as c:
        psql.run("BEGIN")
        psql.run("LOCK TABLE usher.writer IN ACCESS EXCLUSIVE MODE")
        held = [(a, a.send("room.put", event=event.slug, room="a", name="A"))]
        wait_until(lambda: waiting_statements(daemon.cluster) == 1, what="a lane that waits")
        held.append((b, b.send("room.put", event=event.slug, room="b", name="B")))
        wait_until(lambda: waiting_statements(daemon.cluster) == 2, what="a second lane that waits")
        c.fails("deadline", "room.put", event=event.slug, room="c", name="C", deadline_ms=300)
        psql.run("COMMIT")
        for client, number in held:
            assert client.wait(number)["version"] == 1
    assert [room["room"] for room in event.call("room.list")["rooms"]] == ["a", "b"]


def test_a_database_that_is_away_is_unavailable_and_nothing_was_done(event, proxy, proxied):
    with proxied.admin() as client:
        client.call("room.put", event=event.slug, room="before", name="B")
        proxy.away()
        error = client.fails("unavailable", "room.put", event=event.slug, room="during", name="D", deadline_ms=1500)
        assert error.data["done"] is False and error.data["retry_after_ms"] > 0
        assert client.call("room.get", event=event.slug, room="before")["version"] == 1
        proxy.back()
        wait_until(lambda: client.call("server.info")["database"]["state"] == "online", what="the database")
        assert client.call("room.put", event=event.slug, room="after", name="A")["version"] == 1
        assert [room["room"] for room in client.call("room.list", event=event.slug)["rooms"]] == ["after", "before"]
    wait_until(lambda: [room["room"] for room in event.call("room.list")["rooms"]] == ["after", "before"],
               what="the same rooms at the other daemon")


def test_failed_logins_are_held_back_and_good_ones_are_not(second_daemon, event):
    token = event.token("door")
    one = second_daemon()
    with one.client() as client:
        error = None
        for _ in range(200):
            try:
                client.call("auth.login", token="wrong")
            except RpcError as caught:
                error = caught
                if caught.kind == "rate_limited":
                    break
                assert caught.kind == "unauthenticated"
        assert error.kind == "rate_limited" and error.data["retry_after_ms"] > 0
    with one.client() as other:  # the same address, another connection: held back too, but never what succeeds
        other.fails("rate_limited", "auth.login", token="wrong")
        assert other.call("auth.login", token=token)["role"] == "door"


def test_guessing_codes_at_a_door_is_held_back_and_good_ones_are_not(daemon, event):
    event.ticket()
    event.checkpoint(mode="count")
    good = event.registration()["credential"]
    with daemon.client(event.token("door")) as door:
        kinds = []
        numbers = door.send_many([("checkin.scan", {"event": event.slug, "checkpoint": "door", "credential": f"GUESS{n:04}",
                                                    "nonce": new_uuid()}) for n in range(200)])
        for number in numbers:
            try:
                kinds.append(door.wait(number)["reason"])
            except RpcError as error:
                kinds.append(error.kind)
        assert set(kinds) == {"unknown_credential", "rate_limited"}
        assert kinds.count("unknown_credential") >= 30
        assert event.scan(good, client=door)["verdict"] == "admitted"
