# SPDX-License-Identifier: Apache-2.0
"""
Workers that go on whatever dies under them. Each change bears a request key, each scan a nonce, and is repeated, over
the other daemon, until it has an answer; what was answered is kept, to be held against the database and both memories at the end.
"""
import random
import threading
import time

from harness.client import Client, Closed, RpcError
from harness.world import new_uuid

SETTLE_SECONDS = 90
REPEATABLE = {"unavailable", "deadline", "not_found"}  # the last: the other daemon has not heard of it yet


class Registration:
    """What a worker was told of one that it made."""

    def __init__(self, answer):
        self.id = answer["registration"]
        self.credential = answer["credential"]
        self.version = answer["version"]
        self.notes = None
        self.cancelled = self.admitted = False


class Worker(threading.Thread):
    def __init__(self, number, addresses, event):
        super().__init__(daemon=True)
        self.number = number
        self.addresses = addresses
        self.event = event
        self.random = random.Random(number)
        self.side = number % len(addresses)
        self.clients = [None] * len(addresses)
        self.answered = [0] * len(addresses)  # how many answers each daemon gave
        self.made = []
        self.keys = set()
        self.scans = {}  # by nonce
        self.rooms = {}
        self.longest = 0.0
        self.stopping = False
        self.failure = None

    # ---- one change, whatever happens ----

    def client(self, side):
        if not self.clients[side]:
            self.clients[side] = Client(self.addresses[side], checked=False, mortal=True)
        return self.clients[side]

    def forget(self, side):
        if self.clients[side]:
            self.clients[side].close()
        self.clients[side] = None

    def ask(self, side, method, params):
        """The result, or None: ask again."""
        try:
            result = self.client(side).call(method, params)
            self.answered[side] += 1
            return result
        except RpcError as error:
            if error.kind not in REPEATABLE:
                raise
        except (Closed, OSError):
            self.forget(side)
        time.sleep(0.01)
        return None

    def settle(self, method, **params):
        """The first answer that the change gets, from whichever daemon; sometimes it is asked of the other again."""
        params = {"event": self.event, "deadline_ms": 10000, **params}
        if "nonce" not in params:
            params["request_key"] = new_uuid()
            self.keys.add(params["request_key"])
        began = time.monotonic()
        result = None
        while result is None:
            assert time.monotonic() - began < SETTLE_SECONDS, f"{method} was not settled in {SETTLE_SECONDS} s: {params}"
            result = self.ask(self.side, method, params)
            if result is None or self.random.random() < 0.3:
                self.side = (self.side + 1) % len(self.addresses)
        self.longest = max(self.longest, time.monotonic() - began)
        if self.random.random() < 0.3:
            again = self.ask((self.side + 1) % len(self.addresses), method, params)
            if again is not None:
                assert again.pop("replayed") is True, again
                result.pop("replayed", None)
                assert again == result, f"the first answer was {result}, then it was {again}"
        return result

    # ---- the mix ----

    def create(self):
        self.made.append(Registration(self.settle("registration.create", ticket="standard", name=f"Attendee {self.number:05d}")))

    def update(self):
        one = self.random.choice(self.made)
        one.notes = new_uuid()
        one.version += 1
        assert self.settle("registration.update", registration=one.id, notes=one.notes)["version"] == one.version

    def cancel(self):
        one = self.random.choice(self.made)
        one.cancelled = not one.cancelled
        one.version += 1
        answer = self.settle("registration.cancel", registration=one.id, undo=not one.cancelled)
        assert answer["version"] == one.version and answer["status"] == ("cancelled" if one.cancelled else "confirmed")

    def scan(self):
        """At a checkpoint that lets each in once."""
        one, nonce = self.random.choice(self.made), new_uuid()
        reason = "cancelled" if one.cancelled else "already_admitted" if one.admitted else None
        answer = self.settle("checkin.scan", checkpoint="door", credential=one.credential, nonce=nonce)
        assert answer["reason"] == reason and answer["attendee"]["registration"] == one.id, (reason, answer)
        one.admitted = one.admitted or reason is None
        self.scans[nonce] = answer["scan"], answer["verdict"]

    def put(self):
        room = f"room-{self.number}-{self.random.randrange(4)}"
        name, version = new_uuid(), self.rooms.get(room, (0, ""))[0] + 1
        self.rooms[room] = (version, name)
        assert self.settle("room.put", room=room, name=name)["version"] == version

    def run(self):
        try:
            self.create()
            while not self.stopping:
                self.random.choice([self.create, self.update, self.cancel, self.put, self.scan, self.scan])()
        except BaseException as failure:  # shown by the test's own thread
            self.failure = failure

    def stop(self):
        self.stopping = True
        self.join(SETTLE_SECONDS + 30)
        for side in range(len(self.addresses)):
            self.forget(side)
        self.check()

    def check(self):
        if self.failure:
            raise self.failure


class Load:
    """Workers over some daemons at once."""

    def __init__(self, daemons, event, count=8):
        self.workers = [Worker(number, [one.unix for one in daemons], event) for number in range(count)]

    def __enter__(self):
        for worker in self.workers:
            worker.start()
        return self

    def __exit__(self, kind, *_):
        for worker in self.workers:
            worker.stopping = True
        if kind is None:
            for worker in self.workers:
                worker.stop()

    def answers(self, side):
        return sum(worker.answered[side] for worker in self.workers)

    def check(self):
        for worker in self.workers:
            worker.check()

    @property
    def registrations(self):
        return [one for worker in self.workers for one in worker.made]

    @property
    def keys(self):
        return {key for worker in self.workers for key in worker.keys}

    @property
    def scans(self):
        return {nonce: scan for worker in self.workers for nonce, scan in worker.scans.items()}

    @property
    def rooms(self):
        return {room: row for worker in self.workers for room, row in worker.rooms.items()}
