# SPDX-License-Identifier: Apache-2.0
"""The same change asked twice is done once (protocol.md, section 3)."""
from harness.daemon import wait_until
from harness.world import Event, new_uuid


def test_a_key_used_again_gives_the_first_answer(event):
    event.ticket()
    key = new_uuid()
    first = event.registration(name="Attendee 00042", request_key=key)
    again = event.call("registration.create", ticket="standard", name="Attendee 00042", request_key=key)
    assert "replayed" not in first or first["replayed"] is False
    assert again.get("replayed") is True
    assert again["registration"] == first["registration"] and again["credential"] == first["credential"]
    assert len(event.call("registration.list")["registrations"]) == 1


def test_params_are_compared_by_value(event):
    key = new_uuid()
    event.room("hall", name="Hall", capacity=10, request_key=key)
    again = event.client.call("room.put", {"capacity": 10, "name": "Hall", "room": "hall", "request_key": key,
                                           "event": event.slug, "deadline_ms": 20000})
    assert again["replayed"] is True


def test_a_key_with_other_content_exists(event):
    key = new_uuid()
    event.room("hall", name="Hall", request_key=key)
    for method, params in (("room.put", {"room": "hall", "name": "Other"}), ("room.delete", {"room": "hall"}),
                           ("track.put", {"track": "hall", "name": "Hall"})):
        assert event.fails("exists", method, request_key=key, **params).data["id"] == key
    assert event.call("room.get", room="hall")["name"] == "Hall"


def test_a_key_counts_for_one_token(event, daemon):
    key = new_uuid()
    params = {"event": event.slug, "room": "hall", "name": "Hall", "request_key": key}
    with daemon.client(event.token("organiser")) as one, daemon.client(event.token("organiser")) as two:
        assert "replayed" not in one.call("room.put", params)
        try:
            assert two.call("room.put", params).get("replayed") is not True
        except Exception as error:
            assert getattr(error, "kind", "") == "exists"


def test_a_key_counts_within_one_family(event, admin):
    key = new_uuid()
    other = Event(admin)
    event.room("hall", request_key=key)
    assert other.room("hall", request_key=key).get("replayed") is not True


def test_errors_are_not_kept(event):
    key = new_uuid()
    event.fails("not_found", "registration.create", ticket="standard", name="N", request_key=key)
    event.ticket()
    assert event.registration(name="N", request_key=key).get("replayed") is not True


def test_a_key_that_is_no_uuid_is_refused(event):
    for key in ("", "1", new_uuid() + "0", 5):
        assert event.fails("invalid_params", "room.put", room="r", name="R", request_key=key).data["path"] == "/request_key"


def test_what_changes_nothing_takes_no_key(event):
    for method, params in (("room.list", {}), ("room.get", {"room": "hall"})):
        assert event.fails("invalid_params", method, request_key=new_uuid(), **params).data["path"] == "/request_key"
    event.client.fails("invalid_params", "token.create", role="door", label="L", request_key=new_uuid())


def test_a_dry_run_takes_no_key(event):
    event.room()
    event.session()
    event.fails("invalid_params", "schedule.place", session="talk", room="hall", start="2025-10-25T10:00:00+08:00",
                dry_run=True, request_key=new_uuid())


def test_two_at_once_with_one_key_are_one_change(event, daemon):
    event.ticket()
    clients = [daemon.admin() for _ in range(8)]
    for _ in range(10):
        key = new_uuid()
        numbers = [client.send("registration.create", event=event.slug, ticket="standard", name="Twice", request_key=key)
                   for client in clients]
        made = {client.wait(number)["registration"] for client, number in zip(clients, numbers)}
        assert len(made) == 1
    assert len(event.call("registration.list")["registrations"]) == 10


def test_pipelined_repetitions_are_one_change(event, admin):
    event.ticket()
    key = new_uuid()
    params = {"event": event.slug, "ticket": "standard", "name": "Twice", "request_key": key}
    made = [admin.wait(number) for number in admin.send_many([("registration.create", params)] * 5)]
    assert len({one["registration"] for one in made}) == 1
    assert [one.get("replayed", False) for one in made] == [False, True, True, True, True]


def test_a_key_is_known_at_another_daemon(event, second_daemon):
    key = new_uuid()
    other = second_daemon()
    first = event.room("hall", request_key=key)
    with other.admin() as client:
        params = {"event": event.slug, "room": "hall", "name": "Hall", "request_key": key}
        again = client.call("room.put", params)
        assert again["replayed"] is True and again["version"] == first["version"]
        assert client.fails("exists", "room.put", {**params, "name": "Other"}).data == {
            "kind": "exists", "what": "request_key", "id": key}
        client.fails("stale", "room.put", {**params, "if_version": 7, "request_key": (failed := new_uuid())})
        assert event.client.call("room.put", {**params, "if_version": 1, "request_key": failed}).get("replayed") is not True


def test_a_repetition_elsewhere_does_not_outrun_what_it_repeats(event, second_daemon):
    """The answer is made from what the other daemon's memory holds, which may learn of it after the database."""
    event.ticket()
    with second_daemon().admin() as other:
        for _ in range(30):
            params = {"event": event.slug, "ticket": "standard", "name": "Twice", "request_key": new_uuid()}
            first = event.client.call("registration.create", params)
            assert other.call("registration.create", params) == {**first, "replayed": True}


def test_a_key_outlives_the_daemon(make_daemon):
    one = make_daemon().start()
    key = new_uuid()
    with one.admin() as client:
        event = Event(client)
        first = event.room("hall", request_key=key)
    one.stop()
    one.start()
    with one.admin() as client:
        again = client.call("room.put", event=event.slug, room="hall", name="Hall", request_key=key)
        assert again["replayed"] is True and again["version"] == first["version"]


def test_what_is_said_of_a_person_is_made_again_from_what_stands_now(event):
    event.ticket()
    key = new_uuid()
    made = event.registration(name="N", request_key=key)
    event.call("registration.cancel", registration=made["registration"])
    again = event.call("registration.create", ticket="standard", name="N", request_key=key)
    assert again["replayed"] is True and again["registration"] == made["registration"]
    assert again["status"] == "cancelled"


def test_a_repeat_does_not_tell_a_credential_that_was_replaced_since(event):
    event.ticket()
    registration = event.registration()["registration"]
    badge = {"registration": registration, "kind": "badge", "request_key": new_uuid()}
    event.call("registration.reissue", **badge)
    event.call("registration.transfer", registration=registration, to={"name": "Attendee 99999"})
    assert event.fails("not_found", "registration.reissue", **badge).data["what"] == "credential"


def test_wait_until_can_fail():
    """The poll these tests stand on does end."""
    try:
        wait_until(lambda: False, seconds=0.05, what="nothing")
    except AssertionError as error:
        assert "nothing" in str(error)
    else:
        raise AssertionError("wait_until let a condition pass that never came true")
