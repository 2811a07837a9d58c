# SPDX-License-Identifier: Apache-2.0
"""A dry run is the real thing: thousands of random changes, each tried first."""
import json
import random

import pytest
from harness.world import Event, new_uuid

CHANGES = 3000
BATCH = 60
ROOMS = ["hall", "attic", "cellar"]
SPEAKERS = ["ada", "bo", "chen"]
SESSIONS = [f"s{n}" for n in range(14)]
KINDS = ["room_taken", "speaker_taken", "outside_event", "room_unavailable", "speaker_unavailable", "room_too_small",
         "feature_missing", "break_too_short", "track_overlap"]
RULES = ["refuse", "block_publish", "warn", "ignore"]


class Changes:
    """Random changes of one family's programme; they depend on nothing that was answered."""

    def __init__(self, seed, events):
        self.order = random.Random(seed)
        self.events = events
        self.guids = {(event, session): new_uuid() for event in events for session in SESSIONS}

    def accept(self):
        return self.order.sample(KINDS, self.order.choice([0, 0, 0, 1, 3, len(KINDS)]))

    def next(self):
        event, session = self.order.choice(self.events), self.order.choice(SESSIONS)
        one = {"event": event, "session": session}
        kind = self.order.random()
        if kind < 0.45:
            minutes = {} if self.order.random() < 0.6 else {"minutes": self.order.choice([0, 15, 45, 300])}
            return "schedule.place", {**one, **minutes, "room": self.order.choice(ROOMS), "accept": self.accept(),
                                      "start": f"2025-10-25T{self.order.randrange(8, 12):02d}:"
                                               f"{self.order.randrange(0, 60, 15):02d}:00+08:00"}
        if kind < 0.85:
            is_break = self.order.random() < 0.1
            return "session.put", {
                **one, "title": f"{session} {self.order.randrange(3)}", "kind": "break" if is_break else "talk",
                "minutes": self.order.choice([0, 15, 30, 60]), "guid": self.guids[event, session], "accept": self.accept(),
                "track": self.order.choice(["red", "blue", None]), "expected": self.order.choice([None, 10, 500]),
                "needs": self.order.choice([None, ["stage"]]),
                "speakers": [] if is_break else [{"speaker": speaker, "role": "speaker"} for speaker in
                                                 self.order.sample(SPEAKERS, self.order.randrange(3))]}
        if kind < 0.93:
            return "session.cancel", {**one, "undo": self.order.random() < 0.6, "accept": self.accept()}
        return "schedule.unplace", one


def comparable(reply):
    """The answer without `placed`, versions, and when something was accepted just now; of a refusal what it says."""
    if "error" in reply:
        data = reply["error"]["data"]
        return "conflict" if data["kind"] == "conflict" else json.dumps(data), json.dumps(data.get("conflicts"), ensure_ascii=False)
    result = {name: value for name, value in reply["result"].items() if name not in ("placed", "version", "draft_version")}
    return json.dumps(result, ensure_ascii=False), json.dumps(result["conflicts"], ensure_ascii=False)


def undated(text):
    """Both are accepted at the moment they are asked."""
    conflicts = json.loads(text)
    for conflict in conflicts or []:
        if "accepted" in conflict:
            conflict["accepted"]["at"] = "?"
    return json.dumps(conflicts, ensure_ascii=False)


def check(request, tried, done):
    dry, real = comparable(tried), comparable(done)
    if "error" in tried:
        assert tried["error"] == done["error"], request
        return
    assert undated(dry[1]) == undated(real[1]), request
    if real[0] == "conflict":
        assert tried["result"]["placed"] is False, request
        return
    assert "error" not in done, (request, done)
    assert tried["result"]["placed"] is True, (request, tried, done)
    whole = [{k: v for k, v in reply["result"].items() if k not in ("placed", "version", "draft_version", "conflicts")}
             for reply in (tried, done)]
    assert json.dumps(whole[0], ensure_ascii=False) == json.dumps(whole[1], ensure_ascii=False), request


@pytest.mark.parametrize("rules", [{}, {"room_taken": "warn", "track_overlap": "refuse", "speaker_taken": "ignore",
                                        "outside_event": "block_publish", "break_too_short": "refuse"}])
def test_thousands_of_random_changes_each_tried_first(admin, rules):
    parent = Event(admin, rules=rules, min_break_minutes=10)
    child = Event(admin, parent=parent.slug)
    for room in ROOMS:
        parent.room(room, capacity=100, features=["stage"] if room == "hall" else None, available=[
            ["2025-10-25T09:00:00+08:00", "2025-10-25T12:00:00+08:00"]] if room == "attic" else None)
    for speaker in SPEAKERS:
        parent.call("speaker.put", speaker=speaker, name=speaker.title(), available=[
            ["2025-10-25T08:00:00+08:00", "2025-10-25T11:00:00+08:00"]] if speaker == "bo" else None)
    for event in (parent, child):
        for track in ("red", "blue"):
            event.call("track.put", track=track, name=track)
        for session in SESSIONS:
            event.session(session)
    changes = Changes(20251025, [parent.slug, child.slug])
    refused = accepted = 0
    for _ in range(CHANGES // BATCH // 2):
        requests = [changes.next() for _ in range(BATCH)]
        numbers = admin.send_many([(method, {**params, **dry}) for method, params in requests for dry in ({"dry_run": True}, {})])
        for request, tried, done in zip(requests, numbers[::2], numbers[1::2]):
            for number in (tried, done):
                try:
                    admin.wait(number)
                except Exception as error:  # the answer is looked at below
                    assert hasattr(error, "kind"), error
            check(request, admin.replies[tried], admin.replies[done])
            refused += "error" in admin.replies[done]
            accepted += '"accepted"' in json.dumps(admin.replies[done])
    assert refused > 50 and accepted > 50  # the changes were of all sorts


def test_a_dry_run_changes_nothing(event):
    event.room()
    event.session()
    before = [event.call("session.list"), event.call("schedule.get", version="draft"), event.call("schedule.conflicts")]
    for method, params in (("session.put", {"title": "New", "kind": "talk", "minutes": 5}), ("session.cancel", {}),
                           ("schedule.place", {"room": "hall", "start": "2025-10-25T10:00:00+08:00"}), ("schedule.unplace", {})):
        event.call(method, session="talk", dry_run=True, **params)
    assert [event.call("session.list"), event.call("schedule.get", version="draft"), event.call("schedule.conflicts")] == before
