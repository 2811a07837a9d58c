#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""count_programmes.py READER SHARED: reads real programmes with READER and counts them anew with Python's own parsers.

They lie under SHARED/data, or where USHERD_SHARED says. What is held and what was skipped must be what the file
holds; a second reading and a shuffled copy must give the very same model; every instant must be the one the file says.
"""
import collections
import datetime
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import uuid
import xml.etree.ElementTree as ET

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness.programme_files import shuffle_json, shuffle_xml  # noqa: E402

FILES = {  # events
    "fosdem_2025.xml": 943, "fosdem_2007.xml": 215, "36c3_everything.xml": 1351, "36c3_everything.json": 1351,
    "39c3_himmel.json": 186, "31c3.xml": 138, "voctoweb_fixture.xml": 123, "frab-camp2019.json": 79,
    "pretalx-democon.json": 36, "invalid-example.json": 1,
}

Event = collections.namedtuple("Event", "room title date people")


def one_line(text):
    return " ".join(w for w in re.split("[ \t\r\n]+", text or "") if w)


def person_key(number, guid, name):
    return ("guid", guid) if guid else ("person", str(number), one_line(name))


def xml_events(root):
    for day in root.findall("day"):
        for room, event in [(r.get("name"), e) for r in day.findall("room") for e in r.findall("event")] + \
                           [(None, e) for e in day.findall("event")]:
            people = [person_key(p.get("id"), p.get("guid"), p.text) for p in event.findall("persons/person")]
            yield Event(room or event.findtext("room"), one_line(event.findtext("title")), event.findtext("date"), people)


def count_xml(path):
    root = ET.parse(path).getroot()
    events = list(xml_events(root))
    rooms = {one_line(r.get("name")) for d in root.findall("day") for r in d.findall("room")}
    tracks = {one_line(t.get("name") or t.text) for t in root.iter("track")}
    return events, rooms, tracks


def count_json(path):
    with open(path, encoding="utf-8") as file:
        schedule = json.load(file)["schedule"]
    conference = schedule["conference"]
    rooms = {one_line(r["name"]) for r in conference.get("rooms", []) + schedule.get("rooms", [])}
    tracks = {one_line(t["name"]) for t in conference.get("tracks", [])}
    events = []
    for day in conference["days"]:
        for room, inside in day["rooms"].items():
            rooms.add(one_line(room))
            for event in inside:
                tracks.add(one_line(event.get("track")))
                people = [person_key(p.get("id"), p.get("guid"), p.get("public_name") or p.get("name"))
                          for p in event.get("persons", [])]
                events.append(Event(room, one_line(event["title"]), event.get("date"), people))
    return events, rooms, tracks


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(datetime.timezone.utc)


class Failures:
    def __init__(self, name):
        self.name, self.count = name, 0

    def expect(self, what, held, expected):
        if held != expected:
            self.count += 1
            print(f"FAIL {self.name}: {what}: {held!r}, expected {expected!r}")


def check_model(fail, model, events, rooms, tracks):
    skipped = collections.Counter(s["what"] for s in model["skipped"])
    people = {p for e in events for p in e.people}
    all_rooms = {r for r in rooms | {one_line(e.room) for e in events} if r}
    fail.expect("sessions held + skipped", len(model["sessions"]) + skipped["session"], len(events))
    fail.expect("rooms held + skipped", len(model["rooms"]) + skipped["room"], len(all_rooms))
    fail.expect("speakers held + skipped", len(model["speakers"]) + skipped["speaker"], len(people))
    fail.expect("tracks held + skipped", len(model["tracks"]) + skipped["track"], len({t for t in tracks if t}))
    titles = collections.Counter(e.title for e in events)
    titles.subtract(collections.Counter(s["title"] for s in model["sessions"]))
    fail.expect("titles", {t: n for t, n in titles.items() if n} if not skipped["session"] else {}, {})
    for noun, id_name in (("sessions", "session"), ("rooms", "room"), ("speakers", "speaker"), ("tracks", "track")):
        ids = [o[id_name] for o in model[noun]]
        fail.expect(f"{noun} sorted, ids not twice", ids, sorted(set(ids)))
    guids = [s["guid"] for s in model["sessions"]]
    fail.expect("guids", len({uuid.UUID(g) for g in guids}), len(guids))
    known = {r["room"] for r in model["rooms"]}
    fail.expect("rooms named by sessions", {s["room"] for s in model["sessions"]} - known - {None}, set())
    known = {s["speaker"] for s in model["speakers"]}
    fail.expect("speakers named", {p["speaker"] for s in model["sessions"] for p in s["speakers"]} - known, set())
    fail.expect("roles", sum(len(s["speakers"]) for s in model["sessions"]), sum(len(set(e.people)) for e in events))
    if all(e.date for e in events):
        fail.expect("instants", collections.Counter(instant(s["start"]) for s in model["sessions"]),
                    collections.Counter(instant(e.date) for e in events))


def read(reader, path):
    return subprocess.run([reader, path], check=True, stdout=subprocess.PIPE).stdout


def check_file(reader, directory, name, scratch):
    fail = Failures(name)
    path, is_xml = os.path.join(directory, name), name.endswith(".xml")
    events, rooms, tracks = (count_xml if is_xml else count_json)(path)
    fail.expect("events in the file", len(events), FILES[name])
    text = read(reader, path)
    check_model(fail, json.loads(text), events, rooms, tracks)
    fail.expect("read again", read(reader, path) == text, True)
    for seed in range(3):
        copy = os.path.join(scratch, name)
        (shuffle_xml if is_xml else shuffle_json)(path, copy, random.Random(seed))
        fail.expect(f"shuffled, seed {seed}", read(reader, copy) == text, True)
    model = json.loads(text)
    print(f"{name}: {len(model['sessions'])} sessions, {len(model['rooms'])} rooms, {len(model['speakers'])} speakers,"
          f" {len(model['tracks'])} tracks; {dict(collections.Counter(s['what'] for s in model['skipped']))};"
          f" {model['starts_on']} to {model['ends_on']}, day starts {model['day_starts_minutes']}, {model['zone']}")
    return fail.count


def main():
    reader, shared = sys.argv[1:3]
    directory = os.path.join(os.environ.get("USHERD_SHARED") or shared, "data", "programmes")
    if not os.path.isdir(directory):
        print(f"skipped: {directory} is not there; set USHERD_SHARED to where the real programmes are")
        return 77
    with tempfile.TemporaryDirectory() as scratch:
        failures = sum(check_file(reader, directory, name, scratch) for name in FILES)
    two = [json.loads(read(reader, os.path.join(directory, "36c3_everything." + e))) for e in ("xml", "json")]
    for member in ("sessions", "rooms", "tracks"):
        if two[0][member] != two[1][member]:
            differing = [(a, b) for a, b in zip(two[0][member], two[1][member]) if a != b][:3]
            print(f"FAIL 36c3_everything: {member} of XML and JSON differ: {differing}")
            failures += 1
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
