# SPDX-License-Identifier: Apache-2.0
"""
The door against a plain model: random operations from eight connections over two daemons of one database, and for
every registration an order of them in which each answer is right. USHERD_MODEL_OPS says how many.
"""
import collections
import datetime
import os
import random
import threading
import time

from harness.client import Client, RpcError
from harness.register import FORGED, UNKNOWN, Checkpoint, House, Register, explain
from harness.world import new_uuid

OPERATIONS = int(os.environ.get("USHERD_MODEL_OPS", "6000"))
SEED = int(os.environ.get("USHERD_MODEL_SEED", str(random.randrange(1 << 32))))
CONNECTIONS = 8
NOT_DONE = ("rate_limited", "unavailable")  # the second where others kept changing the same rows
HOT, HOT_TURN = 4, 400  # so many registrations take half of all operations, for so long
ZONE = datetime.timezone(datetime.timedelta(hours=8))


def at(day, hour, minute=0):
    return datetime.datetime(2025, 10, day, hour, minute, tzinfo=ZONE)


CHECKPOINTS = {
    "once": Checkpoint(),
    "daily": Checkpoint(per="day"),
    "hall": Checkpoint("reentry", capacity=12),
    "lounge": Checkpoint("reentry", per="day"),
    "lunch": Checkpoint("count"),
    "vip": Checkpoint(tickets=["vip"]),
    "morning": Checkpoint(opens_at=at(25, 8), closes_at=at(25, 12)),
    "talk": Checkpoint(session="talk"),
}
TICKETS = {"standard": (None, None), "vip": (None, None), "second": (at(26, 0), at(27, 0))}
HOUSE = House("Asia/Shanghai", datetime.timedelta(hours=4), CHECKPOINTS, TICKETS)
MOMENTS = [at(25, 7), at(25, 8), at(25, 11, 59), at(25, 12), at(25, 23, 30), at(26, 3, 59), at(26, 4), at(26, 9), at(27, 0)]


def furnish(event):
    for name, (valid_from, valid_to) in TICKETS.items():
        event.ticket(name, **{key: value.isoformat() for key, value in
                              (("valid_from", valid_from), ("valid_to", valid_to)) if value})
    event.session("talk", booking="required")
    for name, rule in CHECKPOINTS.items():
        more = {"opens_at": rule.opens_at and rule.opens_at.isoformat(), "needs_booking": bool(rule.session),
                "closes_at": rule.closes_at and rule.closes_at.isoformat(), "tickets": rule.tickets,
                "session": rule.session, "capacity": rule.capacity, "per": rule.per}
        event.checkpoint(name, mode=rule.mode, **{key: value for key, value in more.items() if value is not None})


class Person:
    def __init__(self, made, ticket):
        self.code = made["registration"]
        self.begin = Register(ticket, made["credential"])
        self.shown = [made["credential"]]  # every credential it ever had
        self.moves = []  # (checkpoint, scan) as answered
        self.history = []
        self.done = []  # scans that were answered, for repeats


class Worker:
    """One connection; what it did is kept with the person it was done to."""

    def __init__(self, run, address, seed):
        self.run, self.client, self.random = run, Client(address, checked=False), random.Random(seed)
        self.problems = []

    def send(self, person, op, method, **params):
        op["start"] = time.monotonic()
        try:
            answer = self.client.call(method, event=self.run.event, **params)
        except RpcError as error:
            answer = {"error": error.kind}
            if error.kind == "unavailable":
                assert error.data["done"] is False, "the database was there all the time"
        op["end"] = time.monotonic()
        op["answer"] = answer
        self.run.counts[op["what"] + ":" + str(answer.get("error") or answer.get("reason") or "done")] += 1
        return answer

    def keep(self, person, op):
        with self.run.lock:
            person.history.append(op)

    def expect(self, person, op, *kinds):
        """An error that says that nothing was done, and why it could not: not part of the history."""
        error = op["answer"].get("error")
        if error and error not in kinds + NOT_DONE:
            self.problems.append(f"unexpected {error}: {op}")
        if not error:
            self.keep(person, op)
        return not error

    # ---- operations ----

    def scan(self, person):
        rule = self.random.choice(list(CHECKPOINTS))
        shown = self.random.choices([self.random.choice(person.shown), person.shown[-1], UNKNOWN, FORGED, None],
                                    [4, 12, 1, 1, 2])[0]
        leaving = CHECKPOINTS[rule].mode == "reentry" and self.random.random() < 0.5
        op = {"what": "scan", "checkpoint": rule, "credential": shown, "direction": "out" if leaving else "in",
              "at": self.random.choice(MOMENTS), "force": not leaving and self.random.random() < 0.05}
        params = {"checkpoint": rule, "direction": op["direction"], "nonce": new_uuid(), "at": op["at"].isoformat(),
                  "device": f"scanner-{self.random.randrange(4)}"}
        if op["force"]:
            params.update(force=True, why="the supervisor said so")
        if shown is None:
            params["registration"] = person.code
        else:
            params["credential"] = {UNKNOWN: "NOSUCHCODE", FORGED: forge(person.shown[0], self.random)}.get(shown, shown)
        answer = self.send(person, op, "checkin.scan", **params)
        if "error" in answer:
            if answer["error"] not in NOT_DONE:
                self.problems.append(f"unexpected {answer}: {op}")
            return
        self.kept_scan(person, op, params, answer)

    def kept_scan(self, person, op, params, answer):
        first = answer.get("first")
        answer["first_at"] = first and datetime.datetime.fromisoformat(first["at"])
        limit = CHECKPOINTS[op["checkpoint"]].capacity
        if limit is not None and answer["verdict"] == "admitted" and "forced" not in answer["flags"] \
                and answer["inside"] > limit and not self.run.forced_into(op["checkpoint"]):
            self.problems.append(f"over capacity: {answer}")
        with self.run.lock:
            person.done.append((params, answer))
            self.run.scans.add(answer["scan"])
            if answer["verdict"] in ("admitted", "left"):
                person.moves.append((op["checkpoint"], answer["scan"]))
                if "forced" in answer["flags"]:
                    self.run.forced.add(op["checkpoint"])
        if op["credential"] in (UNKNOWN, FORGED):
            expected = "unknown_credential" if op["credential"] == UNKNOWN else "bad_signature"
            if (answer["verdict"], answer["reason"]) != ("refused", expected):
                self.problems.append(f"{expected} expected: {answer}")
            return
        self.keep(person, op)

    def repeat(self, person):
        with self.run.lock:
            if not person.done:
                return
            params, first = self.random.choice(person.done)
        op = {"what": "repeat"}
        again = self.send(person, op, "checkin.scan", **params)
        if again.get("error") in NOT_DONE:
            return
        same = ("verdict", "reason", "flags", "scan", "at", "nonce", "inside", "first")
        if "error" in again or not again["replayed"] or any(again.get(one) != first.get(one) for one in same):
            self.problems.append(f"a repeat differs: {first} then {again}")
        changed = {**params, "checkpoint": "once" if params["checkpoint"] != "once" else "lunch", "direction": "in"}
        if self.random.random() < 0.2 and self.send(person, {"what": "other"}, "checkin.scan",
                                                    **changed).get("error") not in ("exists", *NOT_DONE):
            self.problems.append(f"a used nonce with other content was not refused: {changed}")

    def undo(self, person):
        with self.run.lock:
            if not person.moves:
                return
            checkpoint, scan = self.random.choice(person.moves[-3:])
        op = {"what": "undo", "checkpoint": checkpoint, "scan": scan}
        answer = self.send(person, op, "checkin.undo", checkpoint=checkpoint, registration=person.code, scan=scan,
                           why="scanned by mistake")
        if answer.get("error") in (None, "stale", "not_found"):
            self.keep(person, op)
        elif answer["error"] not in ("full", *NOT_DONE):
            self.problems.append(f"unexpected {answer}: {op}")

    def cancel(self, person):
        undo = self.random.random() < 0.7
        op = {"what": "restore" if undo else "cancel"}
        self.send(person, op, "registration.cancel", registration=person.code, undo=undo)
        self.expect(person, op)

    def update(self, person):
        what = self.random.choice([{"paid": True}, {"paid": True}, {"paid": False}, {"blocked": None},
                                   {"blocked": None}, {"blocked": "Ask the organisers."}, {"ticket": "standard"},
                                   {"ticket": "vip"}, {"ticket": "second"}])
        op = {"what": "update", **what}
        if "blocked" in what:
            op["blocked"] = bool(what["blocked"])
        self.send(person, op, "registration.update", registration=person.code, **what)
        self.expect(person, op)

    def transfer(self, person):
        op = {"what": "transfer"}
        answer = self.send(person, op, "registration.transfer", registration=person.code,
                           to={"name": f"Attendee {self.random.randrange(100000):05d}"})
        if self.expect(person, op):
            with self.run.lock:
                person.shown.append(answer["credential"])

    def reissue(self, person):
        op = {"what": "reissue", "kind": self.random.choice(["ticket", "badge", "card"])}
        answer = self.send(person, op, "registration.reissue", registration=person.code, kind=op["kind"])
        if self.expect(person, op):
            with self.run.lock:
                person.shown.append(answer["credential"])

    def book(self, person):
        op = {"what": "book", "session": "talk"}
        answer = self.send(person, op, "booking.create", session="talk", registration=person.code)
        if answer.get("error") in (None, "invalid_params"):
            self.keep(person, op)
        elif answer["error"] not in NOT_DONE:
            self.problems.append(f"unexpected {answer}: {op}")

    def unbook(self, person):
        op = {"what": "unbook", "session": "talk"}
        self.send(person, op, "booking.cancel", session="talk", registration=person.code)
        self.expect(person, op, "not_found")

    def go(self):
        choices = {self.scan: 60, self.repeat: 8, self.undo: 8, self.cancel: 5, self.update: 8, self.transfer: 2,
                   self.reissue: 3, self.book: 4, self.unbook: 2}
        while (turn := self.run.next()) is not None:
            person = self.run.person(turn, self.random)
            self.random.choices(list(choices), list(choices.values()))[0](person)
        self.client.close()


class Run:
    def __init__(self, event, people):
        self.event, self.people, self.lock = event, people, threading.Lock()
        self.turn = 0
        self.counts = collections.Counter()
        self.scans, self.forced = set(), set()

    def next(self):
        with self.lock:
            self.turn += 1
            return self.turn if self.turn <= OPERATIONS else None

    def forced_into(self, checkpoint):
        with self.lock:
            return checkpoint in self.forced

    def person(self, turn, dice):
        if dice.random() < 0.5:
            return self.people[(turn // HOT_TURN * HOT + dice.randrange(HOT)) % len(self.people)]
        return dice.choice(self.people)


def forge(credential, dice):
    """The credential with one character of its signature changed."""
    place = dice.randrange(60, 150)
    other = dice.choice([one for one in "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" if one != credential[place]])
    return credential[:place] + other + credential[place + 1:]


def log_of(event):
    scans, cursor = [], None
    while True:
        page = event.call("checkin.log", limit=1000, cursor=cursor)
        scans += page["scans"]
        cursor = page["next"]
        if cursor is None:
            return scans


def test_every_answer_at_the_door_can_be_explained(admin, daemon, second_daemon):
    from harness.world import Event
    event = Event(admin, day_starts="04:00", starts_on="2025-10-25", ends_on="2025-10-27")
    print(f"USHERD_MODEL_SEED={SEED} USHERD_MODEL_OPS={OPERATIONS}")
    furnish(event)
    people = []
    for i in range(max(40, OPERATIONS // 400)):
        ticket = ("standard", "vip", "second")[i % 3]
        people.append(Person(event.registration(ticket), ticket))
    other = second_daemon()
    run = Run(event.slug, people)
    workers = [Worker(run, (daemon if i % 2 else other).unix, SEED + i) for i in range(CONNECTIONS)]
    threads = [threading.Thread(target=one.go) for one in workers]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    print(dict(sorted(run.counts.items())))
    assert [problem for one in workers for problem in one.problems] == []
    for person in people:
        assert (stuck := explain(HOUSE, person.begin, person.history)) is None, f"{person.code}: {stuck}"
    logged = [one["scan"] for one in log_of(event) if one["verdict"] != "undone"]
    assert len(logged) == len(set(logged))
    assert run.scans <= set(logged)
    assert daemon.cluster.psql(f"SELECT a.* FROM usher.event AS e, usher.audit(e.family_uuid) AS a WHERE e.id = '{event.slug}'") == []
