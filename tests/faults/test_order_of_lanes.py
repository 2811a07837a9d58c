# SPDX-License-Identifier: Apache-2.0
"""Order and read-your-writes on a connection, while lanes are delayed, cut and locked at random."""
import random
import threading
import time

import pytest
from harness.client import Client
from harness.world import new_uuid

PEERS, WINDOWS, WINDOW = 8, 6, 24


class Peer:
    """One connection that pipelines changes and reads of things of its own, and knows what each read has to show."""

    def __init__(self, daemon, event, number):
        self.client = Client(daemon.unix, checked=False)
        self.event = event.slug
        self.number = number
        self.random = random.Random(number)
        self.rooms = {}
        self.people = {}

    def put(self):
        room = f"room-{self.number}-{self.random.randrange(3)}"
        version, name = self.rooms.get(room, (0, ""))[0] + 1, new_uuid()
        self.rooms[room] = version, name
        return "room.put", {"room": room, "name": name}, {"version": version, "name": name}

    def get(self):
        if not self.rooms:
            return self.put()
        room = self.random.choice(sorted(self.rooms))
        version, name = self.rooms[room]
        return "room.get", {"room": room}, {"version": version, "name": name}

    def create(self):
        return "registration.create", {"ticket": "standard", "name": f"Attendee {self.number:05d}"}, {"status": "confirmed"}

    def cancel(self):
        if not self.people:
            return self.create()
        one = self.random.choice(sorted(self.people))
        version, status = self.people[one]
        status = "confirmed" if status == "cancelled" else "cancelled"
        self.people[one] = version + 1, status
        return ("registration.cancel", {"registration": one, "undo": status == "confirmed"},
                {"version": version + 1, "status": status})

    def look(self):
        if not self.people:
            return self.get()
        one = self.random.choice(sorted(self.people))
        version, status = self.people[one]
        return "registration.get", {"registration": one}, {"version": version, "status": status}

    def window(self):
        steps = [self.random.choice([self.put, self.get, self.get, self.create, self.cancel, self.look])() for _ in range(WINDOW)]
        numbers = self.client.send_many([(method, {"event": self.event, **params}) for method, params, _ in steps])
        for number, (method, params, expected) in zip(numbers, steps):
            result = self.client.wait(number)
            assert {name: result[name] for name in expected} == expected, (method, params)
            if method == "registration.create":
                self.people[result["registration"]] = result["version"], "confirmed"


class Trouble(threading.Thread):
    """Delays lanes at random: holds their syncs, cuts them, locks what they write."""

    def __init__(self, proxy):
        super().__init__(daemon=True)
        self.proxy = proxy
        self.random = random.Random(7)
        self.stopping = threading.Event()
        self.done = {"held": 0, "cut": 0, "locked": 0}

    def a_while(self):
        self.stopping.wait(self.random.uniform(0.005, 0.08))

    def held(self):
        self.proxy.mode("hold")
        self.a_while()
        self.proxy.mode("pass")

    def cut(self):
        self.proxy.cut(lambda link: link.lane and self.random.random() < 0.5)

    def locked(self):
        self.psql.run("BEGIN")
        self.psql.run("LOCK TABLE usher.change IN SHARE MODE")
        self.a_while()
        self.psql.run("COMMIT")

    def run(self):
        with self.proxy.cluster.session() as self.psql:
            while not self.stopping.is_set():
                what = self.random.choice(sorted(self.done))
                getattr(self, what)()
                self.done[what] += 1
                self.a_while()


@pytest.fixture
def trouble(proxy):
    one = Trouble(proxy)
    yield one
    one.stopping.set()
    one.join(30)


def test_no_read_is_older_than_its_own_write_while_lanes_are_delayed(proxy, hasty, event, trouble):
    event.ticket()
    peers = [Peer(hasty, event, number) for number in range(PEERS)]
    failures = []

    def work(peer):
        try:
            for _ in range(WINDOWS):
                peer.window()
        except BaseException as failure:  # shown below
            failures.append(failure)

    peers[0].client.call("room.list", event=event.slug)
    trouble.start()
    threads = [threading.Thread(target=work, args=(peer,)) for peer in peers]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not failures, failures
    assert not any(thread.is_alive() for thread in threads)
    print(f"{PEERS * WINDOWS * WINDOW} requests in {time.monotonic() - began:.1f} s; lanes were {trouble.done}")
    assert all(trouble.done.values())
