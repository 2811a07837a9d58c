# SPDX-License-Identifier: Apache-2.0
"""Seats in sessions: capacity, waiting lists, promotion, and one person in one place at a time."""
import concurrent.futures
import random

import pytest

from harness.client import Client, RpcError
from harness.daemon import wait_until
from harness.world import Event, new_uuid


@pytest.fixture
def workshop(event):
    """An event with a ticket type and a session of two seats."""
    event.ticket()
    event.session("workshop", booking="open", capacity=2)
    return event


def book(event, registration, session="workshop", client=None, **more):
    return (client or event.client).call("booking.create", event=event.slug, session=session,
                                         registration=registration["registration"], **more)


def cancel(event, registration, session="workshop"):
    return event.call("booking.cancel", session=session, registration=registration["registration"])


def status(event, registration, session="workshop"):
    found = event.call("booking.list", session=session, registration=registration["registration"])["bookings"]
    return found[0]["status"] if found else None


def test_a_seat_is_booked_once_however_often_it_is_asked_for(workshop):
    person = workshop.registration()
    first = book(workshop, person)
    assert first["status"] == "confirmed"
    assert book(workshop, person) == first
    listed = workshop.call("booking.list", session="workshop")["bookings"]
    assert [one["booking"] for one in listed] == [first["booking"]]
    assert listed[0]["version"] == 1


def test_a_full_session_refuses_and_says_its_capacity(workshop):
    for _ in range(2):
        book(workshop, workshop.registration())
    late = workshop.registration()
    error = workshop.fails("full", "booking.create", session="workshop", registration=late["registration"])
    assert error.data["capacity"] == 2
    assert status(workshop, late) is None


def test_who_waits_moves_up_in_order_when_a_seat_is_freed(workshop):
    people = [workshop.registration() for _ in range(5)]
    assert [book(workshop, one, waitlist=True)["status"] for one in people] == \
        ["confirmed", "confirmed", "waitlisted", "waitlisted", "waitlisted"]
    assert cancel(workshop, people[0])["status"] == "cancelled"
    assert [status(workshop, one) for one in people] == [None, "confirmed", "confirmed", "waitlisted", "waitlisted"]
    # Out of the queue, then to its end.
    cancel(workshop, people[3])
    book(workshop, people[3], waitlist=True)
    workshop.call("registration.cancel", registration=people[1]["registration"])
    assert [status(workshop, one) for one in people] == [None, None, "confirmed", "waitlisted", "confirmed"]


def test_a_capacity_raised_promotes_and_one_lowered_takes_nothing_away(workshop):
    people = [workshop.registration() for _ in range(5)]
    for one in people:
        book(workshop, one, waitlist=True)
    workshop.session("workshop", booking="open", capacity=4)
    assert [status(workshop, one) for one in people] == ["confirmed"] * 4 + ["waitlisted"]
    workshop.session("workshop", booking="open", capacity=1)
    assert [status(workshop, one) for one in people] == ["confirmed"] * 4 + ["waitlisted"]
    for one in people[:3]:
        cancel(workshop, one)
    assert [status(workshop, one) for one in people] == [None, None, None, "confirmed", "waitlisted"]
    cancel(workshop, people[3])
    assert status(workshop, people[4]) == "confirmed"


def test_two_sessions_at_one_time_clash_and_touching_ones_do_not(workshop):
    for session, room, start in (("workshop", "a", "10:00"), ("other", "b", "10:29"), ("next", "c", "10:30")):
        workshop.room(room)
        workshop.session(session, title=f"The {session}", booking="open")
        workshop.place(session, room, f"2025-10-25T{start}:00+08:00")
    person = workshop.registration()
    book(workshop, person)
    error = workshop.fails("conflict", "booking.create", session="other", registration=person["registration"])
    (conflict,) = error.data["conflicts"]
    assert conflict["kind"] == "attendee_clash" and conflict["severity"] == "hard"
    assert conflict["sessions"] == ["other", "workshop"]
    assert '"The other" and "The workshop"' in conflict["message"]
    assert (conflict["from"], conflict["to"]) == ("2025-10-25T10:29:00+08:00", "2025-10-25T10:30:00+08:00")
    assert book(workshop, person, "next")["status"] == "confirmed"
    cancel(workshop, person)
    workshop.fails("conflict", "booking.create", session="other", registration=person["registration"])
    cancel(workshop, person, "next")
    assert book(workshop, person, "other")["status"] == "confirmed"


def test_an_event_may_let_people_book_what_clashes(admin):
    event = Event(admin, rules={"attendee_clash": "ignore"})
    event.ticket()
    for session, room in (("one", "a"), ("two", "b")):
        event.room(room)
        event.session(session, booking="open")
        event.place(session, room)
    person = event.registration()
    assert book(event, person, "one")["status"] == book(event, person, "two")["status"] == "confirmed"


@pytest.mark.parametrize("path, make", [
    ("/session", lambda event: event.session("workshop")),
    ("/session", lambda event: event.call("session.cancel", session="workshop")),
])
def test_what_cannot_be_booked_says_why(workshop, path, make):
    person = workshop.registration()
    make(workshop)
    error = workshop.fails("invalid_params", "booking.create", session="workshop",
                           registration=person["registration"])
    assert error.data["path"] == path


def test_only_the_confirmed_book(workshop):
    person = workshop.registration()
    workshop.call("registration.cancel", registration=person["registration"])
    error = workshop.fails("invalid_params", "booking.create", session="workshop",
                           registration=person["registration"])
    assert error.data["path"] == "/registration"


def test_what_is_not_there_is_named(workshop):
    person = workshop.registration()
    for params, what in (({"session": "none", "registration": person["registration"]}, "session"),
                         ({"session": "workshop", "registration": "NOBODY"}, "registration")):
        assert workshop.fails("not_found", "booking.create", **params).data["what"] == what
        assert workshop.fails("not_found", "booking.cancel", **params).data["what"] == what
    error = workshop.fails("not_found", "booking.cancel", session="workshop", registration=person["registration"])
    assert error.data["what"] == "booking"


def test_a_booked_session_is_not_deleted(workshop):
    booked = book(workshop, workshop.registration())
    error = workshop.fails("in_use", "session.delete", session="workshop")
    assert error.data["by"] == [{"what": "booking", "id": booked["booking"]}]


def test_a_request_key_books_once(workshop):
    key, person = new_uuid(), workshop.registration()
    first = book(workshop, person, request_key=key)
    again = book(workshop, person, request_key=key)
    assert again == {**first, "replayed": True}


def test_pages_put_together_are_all_bookings(workshop):
    workshop.session("large", booking="open")
    people = [workshop.registration() for _ in range(7)]
    for one in people:
        book(workshop, one, "large")
    book(workshop, people[0])
    whole = workshop.call("booking.list")["bookings"]
    assert len(whole) == 8 and [one["session"] for one in whole] == ["large"] * 7 + ["workshop"]
    pages, cursor = [], None
    while True:
        page = workshop.call("booking.list", limit=3, cursor=cursor)
        pages += page["bookings"]
        cursor = page["next"]
        if cursor is None:
            break
    assert pages == whole
    assert workshop.fails("invalid_params", "booking.list", cursor="x").data["path"] == "/cursor"


def test_sixty_four_connections_fill_one_seat_once(workshop, daemon, second_daemon):
    workshop.session("single", booking="open", capacity=1)
    people = [workshop.registration() for _ in range(64)]
    other = second_daemon()
    clients = [Client((daemon if i % 2 else other).unix) for i in range(64)]

    def attempt(i):
        try:
            return book(workshop, people[i], "single", clients[i], waitlist=i % 4 == 0)["status"]
        except RpcError as error:
            assert error.kind in ("full", "unavailable"), error
            return error.kind

    with concurrent.futures.ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(attempt, range(64)))
    for one in clients:
        one.close()
    assert answers.count("confirmed") == 1, answers

    def standing():
        listed = workshop.call("booking.list", session="single", limit=1000)["bookings"]
        return [one["status"] for one in listed]

    wait_until(lambda: len(standing()) == answers.count("waitlisted") + 1, what="the other daemon's bookings")
    assert standing().count("confirmed") == 1


def test_one_person_over_two_daemons_never_books_two_sessions_of_one_time(workshop, daemon, second_daemon):
    sessions = ["s1", "s2", "s3", "s4"]
    for i, session in enumerate(sessions):
        workshop.room(f"r{i}")
        workshop.session(session, booking="open")
        workshop.place(session, f"r{i}")
    other = second_daemon()
    clients = [Client((daemon if i % 2 else other).unix) for i in range(4)]
    for _ in range(8):
        person = workshop.registration()

        def attempt(i):
            try:
                return book(workshop, person, sessions[i], clients[i])["status"]
            except RpcError as error:
                return error.kind

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(attempt, random.sample(range(4), 4)))
        assert answers.count("confirmed") == 1, answers
    for one in clients:
        one.close()
