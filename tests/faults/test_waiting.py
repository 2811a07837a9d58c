# SPDX-License-Identifier: Apache-2.0
"""
Nobody waits where a place is free, whatever another daemon has done a moment ago: its feed is held back, and what it
decides meanwhile on what it still holds has to come out as if it had known.
"""
import pytest
from harness.client import RpcError
from harness.daemon import wait_until


STANDS = ("confirmed", "waitlisted")


class Places:
    """Of a ticket type, taken and given back one by one. What is done is a pair of a method and its params."""

    def __init__(self, event):
        self.event = event
        self.names = {}  # of registrations, by their number
        event.ticket("other")
        self.do(self.holds(0))

    def do(self, *acts):
        for method, params in acts:
            self.event.call(method, **params)
        self.look(self.event.client)

    def holds(self, capacity):
        return "ticket.put", {"ticket": "standard", "name": "Standard", "capacity": capacity, "waitlist": True}

    def row(self, number, ticket="standard"):
        return {"ticket": ticket, "name": f"Attendee {number:05d}", "external_id": str(number)}

    def enter(self, number):
        return "registration.create", self.row(number)

    def leave(self, number):
        return "registration.cancel", {"registration": self.names[number]}

    def look(self, client):
        """What a daemon holds of it: the capacity, and how each stands, by number."""
        capacity = client.call("ticket.get", event=self.event.slug, ticket="standard")["capacity"]
        rows = client.call("registration.list", event=self.event.slug)["registrations"]
        self.names.update({int(row["external_id"]): row["registration"] for row in rows})
        return capacity, {int(row["external_id"]): row["status"] for row in rows
                          if row["ticket"] == "standard" and row["status"] in STANDS}


class Imported(Places):
    """Of a ticket type, taken by imports, and given back by those that move somebody to another type."""

    def enter(self, number):
        return "registration.import", {"rows": [self.row(number), self.row(90 + number, "other")]}

    def leave(self, number):
        return "registration.import", {"rows": [self.row(number, "other")]}


class Seats(Places):
    """In a session."""

    def __init__(self, event):
        event.ticket()
        self.people = [event.registration()["registration"] for _ in range(5)]
        super().__init__(event)

    def holds(self, capacity):
        return "session.put", {"session": "workshop", "title": "Workshop", "kind": "workshop", "minutes": 30, "booking": "open",
                               "capacity": capacity}

    def enter(self, number):
        return "booking.create", {"session": "workshop", "registration": self.people[number], "waitlist": True}

    def leave(self, number):
        return "booking.cancel", {"session": "workshop", "registration": self.people[number]}

    def look(self, client):
        capacity = client.call("session.get", event=self.event.slug, session="workshop")["capacity"]
        rows = client.call("booking.list", event=self.event.slug)["bookings"]
        client.call("registration.get", event=self.event.slug, registration=self.people[-1])
        return capacity, {self.people.index(row["registration"]): row["status"] for row in rows}


@pytest.fixture
def unseen(proxy, patient):
    """
    unseen(limited, before, change): how all stand when one daemon makes a change, and another has done `before` a
    moment ago, of which the first has not heard yet.
    """

    def run(limited, before, change):
        event = limited.event

        def has_heard():
            try:
                return limited.look(client) == limited.look(event.client)
            except RpcError as error:
                assert error.kind == "not_found", error  # of the event, or what it is about
                return False

        with patient.admin() as client:
            wait_until(has_heard, what="the same at both daemons")
            held = limited.look(client)
            proxy.freeze_feed()
            limited.do(*before)
            assert limited.look(client) == held
            number = client.send(change[0], event=event.slug, **change[1])
            client.call("server.ping")
            proxy.cut(lambda link: link.feed)
            client.wait(number)
            wait_until(has_heard, what="the same at both daemons again")
        return limited.look(event.client)[1]

    return run


@pytest.fixture(params=[Places, Seats])
def resized(request, event):
    return request.param(event)


@pytest.fixture(params=[Places, Imported, Seats])
def limited(request, event):
    return request.param(event)


def test_who_joined_unseen_moves_up_when_there_is_room_for_more(unseen, resized):
    resized.do(resized.holds(1), resized.enter(0))
    assert unseen(resized, [resized.enter(1)], resized.holds(2)) == {0: "confirmed", 1: "confirmed"}


def test_where_others_left_unseen_more_room_is_not_taken_for_too_little(unseen, resized):
    """More are in than there is room for, and would be even with what is added, but two of them have left."""
    resized.do(resized.holds(3), *map(resized.enter, range(4)), resized.holds(1))
    assert unseen(resized, [resized.leave(0), resized.leave(1)], resized.holds(2)) == {2: "confirmed", 3: "confirmed"}


def test_a_place_given_back_goes_to_who_joined_unseen(unseen, limited):
    limited.do(limited.holds(1), limited.enter(0))
    assert unseen(limited, [limited.enter(1)], limited.leave(0)) == {1: "confirmed"}


def test_a_place_that_two_give_back_unseen_goes_to_who_waits(unseen, limited):
    """More are in than there is room for: the first who leaves leaves no place, the second does, wherever each leaves."""
    limited.do(limited.holds(3), *map(limited.enter, range(4)), limited.holds(2))
    assert unseen(limited, [limited.leave(0)], limited.leave(1)) == {2: "confirmed", 3: "confirmed"}


def test_a_place_given_back_where_there_is_more_room_unseen_goes_to_who_waits(unseen, limited):
    limited.do(limited.holds(3), *map(limited.enter, range(4)), limited.holds(1))
    assert unseen(limited, [limited.holds(3)], limited.leave(0)) == {1: "confirmed", 2: "confirmed", 3: "confirmed"}


def test_nobody_queues_for_a_place_that_was_given_back_unseen(unseen, limited):
    limited.do(limited.holds(1), limited.enter(0))
    assert unseen(limited, [limited.leave(0)], limited.enter(1)) == {1: "confirmed"}


def test_nobody_queues_for_a_place_that_was_added_unseen(unseen, limited):
    limited.do(limited.holds(1), limited.enter(0))
    assert unseen(limited, [limited.holds(2)], limited.enter(1)) == {0: "confirmed", 1: "confirmed"}


def test_nobody_gets_in_beside_a_limit_that_was_set_unseen(unseen, limited):
    limited.do(limited.holds(None), limited.enter(0))
    assert unseen(limited, [limited.holds(1)], limited.enter(1)) == {0: "confirmed", 1: "waitlisted"}


def test_an_import_refuses_nobody_a_place_that_was_given_back_unseen(unseen, event):
    """Without a waiting list; another row of the import is recorded, whatever becomes of this one."""
    class Strict(Imported):
        def holds(self, capacity):
            return "ticket.put", {**super().holds(capacity)[1], "waitlist": False}

    limited = Strict(event)
    limited.do(limited.holds(1), limited.enter(0))
    assert unseen(limited, [limited.leave(0)], limited.enter(1)) == {1: "confirmed"}
