# SPDX-License-Identifier: Apache-2.0
"""The feed needs no luck: whatever happens to its connection, a daemon comes to hold what the others did."""
import random
import signal
import statistics
import time

import pytest
from conftest import PATIENT
from harness.client import RpcError
from harness.daemon import wait_until
from harness.world import Event, new_uuid
from load import Load
from memory import same_memory


def test_a_change_is_known_at_the_other_daemon_within_100_ms(second_daemon, event):
    """Nothing else is done meanwhile. The median, for the machine may be busy."""
    other = second_daemon()
    took = []
    with other.admin() as client:
        client.call("room.list", event=event.slug)
        for n in range(40):
            event.room("hall", name=f"Name {n}")
            answered = time.monotonic()
            while True:
                rooms = client.call("room.list", event=event.slug)["rooms"]
                if rooms and rooms[0]["name"] == f"Name {n}":
                    break
                assert time.monotonic() - answered < 5, "not known after five seconds"
            took.append(time.monotonic() - answered)
    print(f"known after {1000 * statistics.median(took):.1f} ms in the median, {1000 * max(took):.1f} ms at most")
    assert statistics.median(took) < 0.1


def test_memory_is_the_same_after_the_feeds_connection_was_killed_under_load(proxy, hasty, daemon, event):
    event.ticket()
    event.checkpoint()
    chance = random.Random(12)
    with Load([daemon, hasty], event.slug, count=6) as load:
        for _ in range(12):
            before = load.answers(0)
            wait_until(lambda: load.check() or load.answers(0) > before + 3, 30, "some changes")
            proxy.wait_for_feed()
            time.sleep(chance.uniform(0, 0.05))  # the moment is what is tested
            proxy.cut(lambda link: link.feed)
    held = same_memory(daemon, hasty, event.slug)
    assert {one["registration"] for one in held["registrations"]} == {one.id for one in load.registrations}
    assert {one["room"]: one["name"] for one in held["rooms"]} == {room: name for room, (_, name) in load.rooms.items()}


def test_a_connection_on_which_nothing_comes_any_more_is_given_up(proxy, hasty, daemon, event):
    """It stays open, and the kernel acknowledges what is sent: only the answers are missing."""
    with hasty.admin() as client:
        client.call("room.list", event=event.slug)
        proxy.freeze_feed()
        event.room("hall")
        wait_until(lambda: client.call("room.list", event=event.slug)["rooms"], 10, "the room")


def test_nobody_is_refused_for_what_was_taken_back_unseen(proxy, patient, event):
    """The other daemon still holds that he is inside: what it records tells it that he is not."""
    event.ticket()
    event.checkpoint()
    made = event.registration()
    event.scan(made["credential"])
    scan = {"event": event.slug, "checkpoint": "door", "credential": made["credential"]}

    def is_refused():
        try:
            return client.call("checkin.scan", scan, dry_run=True)["reason"] == "already_admitted"
        except RpcError as error:
            assert error.kind == "not_found", error  # it has not heard of the door yet
            return False

    with patient.admin() as client:
        wait_until(is_refused, what="the admission")
        proxy.freeze_feed()
        event.call("checkin.undo", checkpoint="door", registration=made["registration"], why="A mistake")
        assert is_refused()
        number = client.send("checkin.scan", scan, nonce=new_uuid())
        client.call("server.ping")
        proxy.cut(lambda link: link.feed)
        assert client.wait(number)["verdict"] == "admitted"


def test_nobody_who_is_in_unseen_is_told_that_it_is_full(proxy, patient, event):
    """The other daemon holds that it is full, and not that he was let in all the same."""
    event.ticket()
    event.checkpoint(capacity=1)
    inside, forced = (event.registration()["credential"] for _ in range(2))
    event.scan(inside)
    scan = {"event": event.slug, "checkpoint": "door", "credential": forced}

    def reason():
        try:
            return client.call("checkin.scan", scan, dry_run=True)["reason"]
        except RpcError as error:
            assert error.kind == "not_found", error  # it has not heard of the door yet

    with patient.admin() as client:
        wait_until(lambda: reason() == "full", what="the first one's admission")
        proxy.freeze_feed()
        event.scan(forced, force=True, why="A friend of the house")
        assert reason() == "full"
        number = client.send("checkin.scan", scan, nonce=new_uuid())
        client.call("server.ping")
        proxy.cut(lambda link: link.feed)
        assert client.wait(number)["reason"] == "already_admitted"


@pytest.mark.parametrize("count", [1, 3])
def test_a_ticket_that_ended_unseen_lets_nobody_in(proxy, patient, event, count):
    """By itself, and among others."""
    event.ticket()
    event.checkpoint()
    people = [event.registration()["registration"] for _ in range(count)]
    scan = {"event": event.slug, "checkpoint": "door"}

    def is_let_in():
        try:
            return client.call("checkin.scan", scan, registration=people[-1], dry_run=True)["verdict"] == "admitted"
        except RpcError as error:
            assert error.kind == "not_found", error  # it has not heard of the door yet
            return False

    with patient.admin() as client:
        wait_until(is_let_in, what="the people")
        proxy.freeze_feed()
        event.ticket(valid_to="2025-10-25T12:00:00+08:00")
        assert is_let_in()
        numbers = client.send_many([("checkin.scan", {**scan, "registration": one, "nonce": new_uuid()}) for one in people])
        client.call("server.ping")
        proxy.cut(lambda link: link.feed)
        assert [client.wait(number)["reason"] for number in numbers] == ["ticket_too_late"] * count


@pytest.mark.parametrize("count", [1, 3])
def test_nobody_is_forced_in_for_what_is_so_no_more(proxy, patient, event, count):
    """A seat was booked, and a place was left, unseen: who is let in by force is let in as anybody is, and it is not said."""
    event.ticket()
    event.session(capacity=10, booking="required")
    event.checkpoint("talk", session="talk", needs_booking=True)
    event.checkpoint("hall", mode="reentry", capacity=count)
    inside, booked, comes = ([event.registration()["registration"] for _ in range(count)] for _ in range(3))
    for one in inside:
        event.call("checkin.scan", checkpoint="hall", registration=one, nonce=new_uuid())

    def reason(checkpoint, registration):
        try:
            return client.call("checkin.scan", event=event.slug, checkpoint=checkpoint, registration=registration, dry_run=True)["reason"]
        except RpcError as error:
            assert error.kind == "not_found", error  # it has not heard of the checkpoint yet
            return None

    with patient.admin() as client:
        wait_until(lambda: reason("hall", comes[-1]) == "full" and reason("talk", booked[-1]) == "no_booking", what="all of it")
        proxy.freeze_feed()
        for one, other in zip(inside, booked, strict=True):
            event.call("checkin.scan", checkpoint="hall", registration=one, direction="out", nonce=new_uuid())
            event.call("booking.create", session="talk", registration=other)
        numbers = client.send_many([("checkin.scan", {"event": event.slug, "checkpoint": checkpoint, "registration": one, "nonce": new_uuid(),
                                                      "force": True, "why": "A friend of the house"})
                                    for checkpoint, people in (("hall", comes), ("talk", booked)) for one in people])
        client.call("server.ping")
        proxy.cut(lambda link: link.feed)
        answers = [client.wait(number) for number in numbers]
        assert {(one["verdict"], one["reason"], tuple(one["flags"])) for one in answers} == {("admitted", None, ())}


def test_many_scans_come_in_pieces_and_each_once(proxy, patient, event):
    """More than one answer of the feed brings."""
    event.ticket()
    event.checkpoint("lunch", mode="count")
    event.checkpoint()
    person = event.registration()["registration"]
    count = 700

    def stats():
        try:
            return client.call("checkin.stats", event=event.slug)
        except RpcError as error:
            assert error.kind == "not_found", error  # it has not heard of the event yet
            return None

    with patient.admin() as client:
        wait_until(lambda: (stats() or {}).get("registered") == 1, what="the event")
        proxy.freeze_feed()
        for checkpoint in ("lunch", "door"):
            for number in event.client.send_many([("checkin.scan", {"event": event.slug, "checkpoint": checkpoint, "registration": person,
                                                                    "nonce": new_uuid()}) for _ in range(count)]):
                event.client.wait(number)
        event.room("hall")  # which counts in the same numbers, behind them
        told = event.call("checkin.stats")
        assert told["refused"] == {"already_admitted": count - 1}
        proxy.cut(lambda link: link.feed)
        wait_until(lambda: stats() == told, what="all of them")


def test_what_is_read_anew_counts_what_the_feed_had_not_brought_yet(proxy, behind, event):
    event.ticket()
    event.checkpoint()
    person = event.registration()["registration"]
    scan = {"checkpoint": "door", "registration": person}
    daemon = behind(PATIENT)
    with daemon.admin() as client:
        wait_until(lambda: len(client.call("event.list")["events"]), what="the events")
        for _ in range(3):
            event.call("checkin.scan", **scan, nonce=new_uuid())
        wait_until(lambda: client.call("checkin.stats", event=event.slug)["refused"] == {"already_admitted": 2}, what="their scans")
        proxy.freeze_feed()
        for _ in range(5):
            event.call("checkin.scan", **scan, nonce=new_uuid())
        event.room("hall")
        daemon.signal(signal.SIGHUP)
        wait_until(lambda: client.call("room.list", event=event.slug)["rooms"], what="all to be read anew")
        proxy.cut(lambda link: link.feed)
        wait_until(lambda: client.call("checkin.stats", event=event.slug) == event.call("checkin.stats"), what="the counts")


def test_a_credential_of_an_event_that_is_new_elsewhere_is_of_another_event(proxy, patient, event, admin):
    """Its key is not here either: that nobody has come whom this event knows says nothing of it."""
    event.ticket()
    event.checkpoint()

    def is_unknown():
        try:
            return client.call("checkin.scan", event=event.slug, checkpoint="door", credential="NOBODY", nonce=new_uuid(),
                               deadline_ms=500)["reason"] == "unknown_credential"
        except RpcError as error:
            assert error.kind in ("unavailable", "deadline"), error  # looked for in the feed, and that does not answer
            return False

    with patient.admin() as client:
        wait_until(lambda: event.slug in [one["event"] for one in client.call("event.list", limit=1000)["events"]], what="the event")
        wait_until(lambda: client.call("checkpoint.list", event=event.slug)["checkpoints"], what="the door")
        proxy.freeze_feed()
        wait_until(is_unknown, what="a while without news")
        other = Event(admin)
        other.ticket()
        number = client.send("checkin.scan", event=event.slug, checkpoint="door", nonce=new_uuid(),
                             credential=other.registration()["credential"])
        client.call("server.ping")
        proxy.cut(lambda link: link.feed)
        assert client.wait(number)["reason"] == "other_event"


def test_a_checkpoint_that_was_scanned_unseen_is_in_use(proxy, patient, event):
    """All has been read anew, but for who was refused there, which the feed has yet to bring."""
    event.ticket()
    event.checkpoint("spare", opens_at="2099-01-01T00:00:00+08:00")
    person = event.registration()["registration"]
    with patient.admin() as client:
        wait_until(lambda: len(client.call("event.list", limit=1000)["events"]), what="the events")
        proxy.freeze_feed()
        assert event.call("checkin.scan", checkpoint="spare", registration=person, nonce=new_uuid())["verdict"] == "refused"
        event.room("hall")
        patient.signal(signal.SIGHUP)
        wait_until(lambda: client.call("room.list", event=event.slug)["rooms"], what="all to be read anew")
        number = client.send("checkpoint.delete", event=event.slug, checkpoint="spare")
        client.call("server.ping")
        proxy.cut(lambda link: link.feed)
        with pytest.raises(RpcError) as refused:
            client.wait(number)
        assert refused.value.kind == "in_use"


def test_what_happened_unseen_today_is_not_passed_over_for_yesterday(proxy, patient, event):
    event.ticket()
    event.checkpoint("daily", per="day")
    person = event.registration()["registration"]
    undo = {"event": event.slug, "checkpoint": "daily", "registration": person, "why": "A mistake"}
    event.call("checkin.scan", checkpoint="daily", registration=person, nonce=new_uuid(), at="2025-10-25T09:00:00+08:00")

    def has_come():
        try:
            return client.call("checkin.stats", event=event.slug)["admitted"]
        except RpcError as error:
            assert error.kind == "not_found", error  # it has not heard of the event yet
            return False

    with patient.admin() as client:
        wait_until(has_come, what="yesterday's admission")
        proxy.freeze_feed()
        today = event.call("checkin.scan", checkpoint="daily", registration=person, nonce=new_uuid())
        assert client.fails("unavailable", "checkin.undo", undo, deadline_ms=1000).data["done"] is False
        proxy.cut(lambda link: link.feed)
        assert client.call("checkin.undo", undo)["scan"] == today["scan"]


@pytest.mark.parametrize("change", ["of a row", "by a scan alone"])
def test_a_feed_that_is_lost_between_two_questions_misses_nothing(proxy, patient, event, change):
    """
    That something has changed was answered, and the connection goes while the rows are asked for: libpq takes what was
    written to a connection that has gone for sent, and says so only to whoever writes again.
    """
    event.ticket()
    event.checkpoint("lost-door")
    credential = event.registration()["credential"]

    def is_known():
        if change == "of a row":
            return "lost-room" in [room["room"] for room in client.call("room.list", event=event.slug)["rooms"]]
        return client.call("checkin.stats", event=event.slug, checkpoint="lost-door")["admitted"] == 1

    with patient.admin() as client:
        wait_until(lambda: client.call("checkpoint.list", event=event.slug)["checkpoints"], what="the door")
        wait_until(lambda: client.call("registration.list", event=event.slug)["registrations"], what="the person")
        proxy.lose_feed_at(b"lost-", patient.standstill())
        if change == "of a row":
            event.room("lost-room")
        else:
            event.scan(credential, "lost-door")
        assert proxy.losing.wait(20)
        # Others are to hear of it: within some milliseconds they are woken, over this connection.
        client.call("registration.create", event=event.slug, ticket="standard", name="Attendee 00042")
        end = time.monotonic() + 0.05
        while time.monotonic() < end:
            client.call("server.ping")
        proxy.let_go()
        wait_until(lambda: patient.process.poll() is not None or any(link.feed and not link.ending for link in set(proxy.links)),
                   what="another connection")
        assert patient.process.poll() is None, patient.log_text()
        wait_until(is_known, what="the change")


def test_a_daemon_behind_which_the_feed_was_trimmed_reads_everything_anew(proxy, hasty, daemon, event):
    event.ticket()
    event.room("old")
    kept = event.registration()["registration"]
    same_memory(daemon, hasty, event.slug)
    proxy.away()
    event.call("room.delete", room="old")
    event.room("new")
    event.registration()
    event.call("registration.cancel", registration=kept)
    daemon.cluster.psql("UPDATE usher.change SET at = at - interval '8 days'")
    assert int(daemon.cluster.psql("SELECT usher.trim(now() - interval '7 days')")[0][0]) > 0
    proxy.back()
    held = same_memory(daemon, hasty, event.slug)
    assert [room["room"] for room in held["rooms"]] == ["new"] and len(held["registrations"]) == 2


def test_an_event_comes_with_the_key_that_its_credentials_are_signed_with(proxy, patient, admin):
    """Of one made while others are read, when what belongs to no event has been read already, its own rows come next."""
    others = [Event(admin) for _ in range(2)]
    with patient.admin() as client:
        for one in others:
            client.call("room.list", event=one.slug)
        proxy.hold_at(b"usher.families")  # every two seconds: then all are read
        proxy.wait_for_held()
        for one in others:
            one.room()
        proxy.hold_at(b"usher.changed_room")
        proxy.wait_for_held()
        event = Event(admin)
        event.ticket()
        proxy.cluster.psql(f"SELECT usher.wake(family_uuid) FROM usher.event WHERE id = '{event.slug}'")
        proxy.hold_at(b"usher.changed_signing_key")
        proxy.wait_for_held()
        person = {"event": event.slug, "ticket": "standard", "name": "Attendee 00042"}
        client.fails("not_found", "registration.create", person)
        proxy.let_go()
        wait_until(lambda: client.call("ticket.list", event=event.slug)["tickets"], what="the ticket")
        assert client.call("registration.create", person)["credential"]


def test_an_event_made_a_moment_ago_is_found_at_the_other_daemon(second_daemon, admin):
    other = second_daemon()
    with other.admin() as client:
        for _ in range(10):
            slug = Event(admin).slug
            assert client.call("room.list", event=slug)["rooms"] == []
        client.fails("not_found", "room.list", event="never-made")
