# SPDX-License-Identifier: Apache-2.0
"""schedule.get of what is published: written once, and never an old one once there is a newer (section 6)."""
import pytest

SESSIONS = 24


@pytest.fixture
def programme(event):
    """Two rooms, a talk each half hour in both, on two days."""
    for room in ("hall", "attic"):
        event.room(room, name_latin=f"The {room}")
    for n in range(SESSIONS):
        session, room = f"talk-{n:02d}", ("hall", "attic")[n % 2]
        event.session(session, title=f"Talk {n} " + "long " * 40)
        event.place(session, room, f"2025-10-2{5 + n // 12}T1{n % 12 // 2}:00:00+08:00")
    assert event.call("schedule.publish")["version"] == 1
    return event


def starts(answer):
    return [one["start"] for one in answer["sessions"]]


def test_each_question_has_its_own_answer(programme):
    whole = programme.call("schedule.get")
    day = programme.call("schedule.get", day="2025-10-25")
    hall = programme.call("schedule.get", room="hall")
    both = programme.call("schedule.get", day="2025-10-25", room="hall")
    assert [len(one["sessions"]) for one in (whole, day, hall, both)] == [24, 12, 12, 6]
    assert programme.call("schedule.get") == whole
    assert programme.call("schedule.get", version=1, day="2025-10-25") == day
    assert programme.call("schedule.get", day="2025-10-25", room="hall") == both


def test_a_publication_is_seen_by_the_next_question(programme):
    before = programme.call("schedule.get")
    programme.place("talk-00", "hall", "2025-10-25T09:00:00+08:00")
    assert programme.call("schedule.get") == before
    programme.call("schedule.publish")
    after = programme.call("schedule.get")
    assert (before["version"], after["version"]) == (1, 2)
    assert starts(after)[0] == "2025-10-25T09:00:00+08:00"
    assert programme.call("schedule.get", version=1) == before


def test_another_time_zone_shows_in_what_is_published(programme):
    assert programme.call("schedule.get")["published_at"].endswith("+08:00")
    programme.call("event.put", name="Moved", timezone="Asia/Tokyo", starts_on="2025-10-25", ends_on="2025-10-26")
    assert programme.call("schedule.get")["published_at"].endswith("+09:00")


def test_what_was_asked_before_a_publication_arrives_whole_after_it(programme, daemon):
    """The replies wait unread, far beyond what sockets hold, while what they refer to is replaced."""
    whole = programme.call("schedule.get")
    with daemon.admin() as slow:
        numbers = slow.send_many([("schedule.get", {"event": programme.slug})] * 200)
        for _ in range(3):
            programme.call("schedule.publish")
        answers = [slow.wait(number) for number in numbers]
    assert whole in answers
    assert {one["version"] for one in answers} <= {1, 2, 3, 4}
    assert all(one["sessions"] == whole["sessions"] for one in answers)
