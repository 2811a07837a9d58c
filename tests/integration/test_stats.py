# SPDX-License-Identifier: Apache-2.0
"""checkin.stats counts people, never scans, and says what the log says: at once, on every daemon, after a restart."""
import collections
import datetime

import pytest

from harness.daemon import wait_until
from harness.world import new_uuid


@pytest.fixture
def doors(event):
    event.ticket()
    event.ticket("vip")
    event.checkpoint("door")
    event.checkpoint("hall", mode="reentry", capacity=50)
    event.checkpoint("daily", per="day")
    return event


def stats(event, **more):
    return event.call("checkin.stats", **more)


def at_point(told, checkpoint):
    (one,) = [each for each in told["by_checkpoint"] if each["checkpoint"] == checkpoint]
    return one["inside"], one["admitted"]


def test_nobody_has_come_yet(doors):
    doors.registration()
    told = stats(doors)
    assert (told["registered"], told["admitted"], told["inside"]) == (1, 0, 0)
    assert told["refused"] == {} and told["per_minute"] == []
    assert told["by_ticket"] == {"standard": {"registered": 1, "admitted": 0}, "vip": {"registered": 0, "admitted": 0}}
    assert [one["checkpoint"] for one in told["by_checkpoint"]] == ["daily", "door", "hall"]


def test_who_uses_two_doors_is_one(doors):
    people = [doors.registration("vip" if i == 0 else "standard")["credential"] for i in range(3)]
    for checkpoint in ("door", "hall"):
        for one in people[:2]:
            doors.scan(one, checkpoint)
    doors.scan(people[0], "door")
    told = stats(doors)
    assert (told["admitted"], told["inside"]) == (2, 2)
    assert told["refused"] == {"already_admitted": 1}
    assert told["by_ticket"]["vip"] == {"registered": 1, "admitted": 1}
    assert at_point(told, "door") == at_point(told, "hall") == (2, 2)
    assert sum(count for _, count in told["per_minute"]) == 2
    doors.scan(people[0], "hall", direction="out")
    told = stats(doors)
    assert told["inside"] == 2 and at_point(told, "hall") == (1, 2)  # inside the door still
    assert stats(doors, checkpoint="hall")["inside"] == 1
    assert stats(doors, checkpoint="hall")["refused"] == {}


def test_minutes_are_of_the_first_admission_and_an_undo_takes_it_back(doors):
    person = doors.registration()
    late = doors.scan(person["credential"], "door", at="2025-10-25T09:41:30+08:00")
    early = doors.scan(person["credential"], "hall", at="2025-10-25T09:40:10+08:00")
    assert stats(doors)["per_minute"] == [["2025-10-25T09:40:00+08:00", 1]]
    assert stats(doors, checkpoint="door")["per_minute"] == [["2025-10-25T09:41:00+08:00", 1]]
    undo = {"registration": person["registration"], "why": "another person"}
    doors.call("checkin.undo", checkpoint="hall", scan=early["scan"], **undo)
    told = stats(doors)
    assert told["per_minute"] == [["2025-10-25T09:41:00+08:00", 1]]
    assert (told["admitted"], told["inside"], at_point(told, "hall")) == (1, 1, (0, 0))
    doors.call("checkin.undo", checkpoint="door", scan=late["scan"], **undo)
    told = stats(doors)
    assert (told["admitted"], told["inside"], told["per_minute"]) == (0, 0, [])


def test_who_comes_back_came_when_they_came_first(doors, second_daemon):
    person = doors.registration()
    first = [["2025-10-25T09:40:00+08:00", 1]]
    for minute, direction in (("09:40", "in"), ("09:50", "out"), ("10:00", "in"), ("10:10", "out"), ("10:20", "in")):
        doors.scan(person["credential"], "hall", direction=direction, at=f"2025-10-25T{minute}:00+08:00")
        assert stats(doors)["per_minute"] == first
    with second_daemon().admin() as client:
        assert client.call("checkin.stats", event=doors.slug)["per_minute"] == first
        for left in (4, 3, 2, 1, 0):
            doors.call("checkin.undo", checkpoint="hall", registration=person["registration"], why="A mistake")
            assert stats(doors)["per_minute"] == (first if left else [])
            wait_until(lambda: client.call("checkin.stats", event=doors.slug) == stats(doors), what="the undo")


def test_a_later_door_leaves_the_minute_of_the_first(doors):
    credential = doors.registration()["credential"]
    doors.scan(credential, "door", at="2025-10-25T09:40:10+08:00")
    doors.scan(credential, "hall", at="2025-10-25T09:41:30+08:00")
    assert stats(doors)["per_minute"] == [["2025-10-25T09:40:00+08:00", 1]]
    assert stats(doors, checkpoint="hall")["per_minute"] == [["2025-10-25T09:41:00+08:00", 1]]


def test_each_day_of_a_daily_door_starts_with_nobody_inside(doors):
    person = doors.registration()["credential"]
    for day in (25, 26):
        assert doors.scan(person, "daily", at=f"2025-10-{day}T09:00:00+08:00")["verdict"] == "admitted"
    told = stats(doors)
    assert (told["admitted"], told["inside"], at_point(told, "daily")) == (1, 0, (0, 1))
    doors.scan(person, "daily")
    told = stats(doors)
    assert (told["admitted"], told["inside"], at_point(told, "daily")) == (1, 1, (1, 1))


def test_a_ticket_that_changes_takes_its_admission_along(doors):
    person = doors.registration()
    doors.scan(person["credential"])
    doors.call("registration.update", registration=person["registration"], ticket="vip")
    assert stats(doors)["by_ticket"] == {"standard": {"registered": 0, "admitted": 0},
                                         "vip": {"registered": 1, "admitted": 1}}


def test_it_agrees_with_the_log_on_every_daemon_and_after_a_start(doors, second_daemon):
    other = second_daemon()
    people = [doors.registration()["credential"] for _ in range(12)]
    with other.admin() as elsewhere:
        for i, one in enumerate(people + people[:5] + ["NOBODY"]):
            doors.scan(one, "door", client=elsewhere if i % 2 else None)
        told = stats(doors)
        logged = doors.call("checkin.log", limit=1000)["scans"]
        refused = collections.Counter(one["reason"] for one in logged if one["verdict"] == "refused")
        minutes = collections.Counter(
            datetime.datetime.fromisoformat(one["at"]).replace(second=0, microsecond=0).isoformat()
            for one in logged if one["verdict"] == "admitted")
        wait_until(lambda: stats(doors)["refused"] == dict(refused), what="the other daemon's scans")
        told = stats(doors)
        assert told["admitted"] == len({one["registration"] for one in logged if one["verdict"] == "admitted"}) == 12
        assert dict(told["per_minute"]) == dict(minutes)
        wait_until(lambda: elsewhere.call("checkin.stats", event=doors.slug) == told, what="the same on the other")
    fresh = second_daemon()
    with fresh.admin() as client:
        assert client.call("checkin.stats", event=doors.slug) == told


def test_a_replay_counts_nothing(doors):
    person, nonce = doors.registration()["credential"], new_uuid()
    for _ in range(3):
        doors.scan(person, nonce=nonce)
    told = stats(doors)
    assert (told["admitted"], told["refused"]) == (1, {})


def test_unknown_checkpoints_are_named(doors):
    assert doors.fails("not_found", "checkin.stats", checkpoint="none").data["what"] == "checkpoint"
