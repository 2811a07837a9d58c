# SPDX-License-Identifier: Apache-2.0
"""
While a daemon reads everything anew others go on: what it reads is of different moments, and its feed has yet to bring what
was done between them.
"""
import shutil
import signal
import types

import pytest
from conftest import LANES, PATIENT
from harness import place
from harness.client import RpcError
from harness.daemon import wait_until
from harness.proxy import Proxy
from harness.world import Event, new_uuid


@pytest.fixture
def world(make_daemon):
    """Two daemons on a database of their own, in which there is one event; `late` reaches it through a proxy."""
    directories = [place.make_directory() for _ in range(2)]
    directories[0].chmod(0o755)
    first = make_daemon().start()
    proxy = Proxy(first.cluster, directories[0])
    late = first.second(directories[1], conninfo=proxy.conninfo, settings=PATIENT).start()
    proxy.wait_for_lanes(LANES)
    proxy.wait_for_feed()
    with first.admin() as here, late.admin() as there:
        event = Event(here)
        event.ticket()
        event.checkpoint("lunch", mode="count")
        yield types.SimpleNamespace(proxy=proxy, late=late, here=here, there=there, event=event)
        proxy.mend()
    late.stop()
    proxy.close()
    for directory in directories:
        shutil.rmtree(directory)


def answer(client, event, checkpoint="lunch", **more):
    try:
        return client.call("checkin.scan", event=event.slug, checkpoint=checkpoint, **more)
    except RpcError as error:
        assert error.kind in ("not_found", "unavailable"), error
        return {"verdict": error.kind, "reason": None}


def hold_reading(world, text):
    """It has all that belongs to no event, and is about to read that of the one event."""
    world.proxy.hold_at(text)
    world.late.signal(signal.SIGHUP)
    world.proxy.wait_for_held()
    world.proxy.hold_at(text)
    world.proxy.wait_for_held()


@pytest.mark.parametrize("text", [b"usher.load_credential", b"usher.load_registration", b"usher.load_booking"])
def test_a_credential_that_was_replaced_unseen_lets_nobody_in(world, text):
    person = world.event.registration()
    wait_until(lambda: answer(world.there, world.event, credential=person["credential"], dry_run=True)["verdict"] == "admitted",
               what="the person")
    world.proxy.freeze_feed()
    world.event.call("registration.transfer", registration=person["registration"], to={"name": "Attendee 00042"})
    hold_reading(world, text)
    number = world.there.send("checkin.scan", event=world.event.slug, checkpoint="lunch", credential=person["credential"], nonce=new_uuid())
    world.there.call("server.ping")
    world.proxy.cut(lambda link: link.feed)
    world.proxy.let_go()
    assert world.there.wait(number)["reason"] == "revoked"


def make_busy(world):
    """An event at whose door somebody was refused three times, and at no other."""
    event = Event(world.here)
    event.ticket()
    event.checkpoint("door", opens_at="2099-01-01T00:00:00+08:00")
    person = event.registration()["registration"]
    for _ in range(3):
        assert event.call("checkin.scan", checkpoint="door", registration=person, nonce=new_uuid())["verdict"] == "refused"
    return event, person


def knows_all(world, event, person):
    return (answer(world.there, event, "door", registration=person, dry_run=True)["reason"] == "checkpoint_not_open"
            and world.there.call("checkin.stats", event=event.slug) == event.call("checkin.stats"))


def let_feed_go_round(world):
    """From the beginning to the end: the second room comes in a round that begins when that of the first has ended."""
    for room in ("first", "second"):
        world.event.room(room)
        wait_until(lambda: room in [one["room"] for one in world.there.call("room.list", event=world.event.slug)["rooms"]], what=room)


@pytest.mark.parametrize("before", [b"usher.places", b"usher.load_"], ids=["its places are", "its rows are"])
def test_an_event_that_comes_before_what_belongs_to_none_is_read_is_there(world, before):
    world.proxy.hold_at(before)
    if before == b"usher.places":
        world.late.signal(signal.SIGHUP)
        world.proxy.wait_for_held()
    world.proxy.freeze_feed()
    event, person = make_busy(world)
    if before != b"usher.places":
        world.late.signal(signal.SIGHUP)
    world.proxy.hold_at(b"usher.load_")
    world.proxy.wait_for_held()
    world.proxy.cut(lambda link: link.feed)
    world.proxy.wait_for_feed()
    let_feed_go_round(world)
    world.proxy.let_go()
    wait_until(lambda: knows_all(world, event, person), 20, "the event, whole")
    assert world.there.fails("in_use", "checkpoint.delete", event=event.slug, checkpoint="door")
