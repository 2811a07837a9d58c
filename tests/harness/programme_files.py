# SPDX-License-Identifier: Apache-2.0
"""
Real programmes read by Python's own parsers, as plainly as can be: what usherd made of them is held against this.
They lie in USHERD_SHARED/data/programmes, and are not part of the project.
"""
import collections
import dataclasses
import datetime
import itertools
import json
import random
import re
import xml.etree.ElementTree as ET
import zoneinfo

import pytest

from . import place

DIRECTORY = place.SHARED / "data" / "programmes"
FILES = ["fosdem_2025.xml", "fosdem_2007.xml", "36c3_everything.xml", "36c3_everything.json", "39c3_himmel.json", "31c3.xml",
         "voctoweb_fixture.xml", "frab-camp2019.json", "pretalx-democon.json", "invalid-example.json"]


def path(name):
    """Skips the test where there are no real programmes."""
    if not DIRECTORY.is_dir():
        pytest.skip(f"{DIRECTORY} is not there: set USHERD_SHARED to where the real programmes are")
    return DIRECTORY / name


def one_line(text):
    return " ".join(word for word in re.split("[ \t\r\n]+", text or "") if word)


@dataclasses.dataclass
class Event:
    room: str
    title: str
    track: str
    people: list  # of (guid) or (number, name)
    names: list
    start: datetime.datetime
    minutes: int

    @property
    def end(self):
        return self.start + datetime.timedelta(minutes=self.minutes)

    def overlaps(self, other):
        return self.start < other.end and other.start < self.end and self.minutes > 0 and other.minutes > 0


@dataclasses.dataclass
class Programme:
    events: list
    rooms: set
    tracks: set

    @property
    def people(self):
        return {person for event in self.events for person in event.people}

    def pairs(self):
        """Events that overlap, each pair once."""
        ordered = sorted(self.events, key=lambda event: event.start)
        for place_in_order, one in enumerate(ordered):
            for other in itertools.takewhile(lambda event: event.start < one.end, ordered[place_in_order + 1:]):
                if one.overlaps(other):
                    yield one, other

    def overlaps(self):
        """So many pairs that share room, a speaker, a track: by the conflict's word."""
        found = collections.Counter()
        for one, other in self.pairs():
            found["room_taken"] += one.room == other.room
            found["speaker_taken"] += bool(set(one.people) & set(other.people))
            found["track_overlap"] += bool(one.track) and one.track == other.track
        return {kind: count for kind, count in found.items() if count}


def minutes_of(text):
    match = re.fullmatch(r"(\d+):(\d\d)(?::\d\d)?", text or "")
    hours, minutes = (int(match[1]), int(match[2])) if match else (0, 99)
    return hours * 60 + minutes if minutes < 60 and hours * 60 + minutes <= 7 * 24 * 60 else 0


def start_of(date, start, day, zone, day_change):
    """`date` is an instant where it has an offset; else the day's date and the clock, before the day change the next date's."""
    if date and re.search(r"T.*(Z|[+-]\d\d:?\d\d)$", date):
        return datetime.datetime.fromisoformat(date.replace("Z", "+00:00"))
    clock = datetime.time.fromisoformat(start.zfill(5))
    whole = datetime.datetime.combine(datetime.date.fromisoformat((date or day)[:10]), clock, zone)
    return whole + datetime.timedelta(days=1) if clock < day_change else whole


def person_of(number, guid, name):
    return (guid,) if guid else (str(number), one_line(name))


def read_xml(source, zone):
    root = ET.parse(source).getroot()
    change = root.findtext("conference/day_change")
    change = datetime.time.fromisoformat(change) if change else datetime.time()
    events = []
    for day in root.findall("day"):
        for room, event in [(r.get("name"), e) for r in day.findall("room") for e in r.findall("event")] + \
                           [(None, e) for e in day.findall("event")]:
            people = event.findall("persons/person")
            events.append(Event(
                one_line(room or event.findtext("room")), one_line(event.findtext("title")), one_line(event.findtext("track")),
                list(dict.fromkeys(person_of(p.get("id"), p.get("guid"), p.text) for p in people)),
                [one_line(p.text) for p in people],
                start_of(event.findtext("date"), event.findtext("start"), day.get("date"), zone, change),
                minutes_of(event.findtext("duration"))))
    rooms = {one_line(r.get("name")) for d in root.findall("day") for r in d.findall("room")}
    return events, rooms, {one_line(t.get("name") or t.text) for t in root.iter("track")}


def read_json(source, zone):
    conference = json.loads(source.read_text("utf-8"))["schedule"]
    more_rooms = conference.get("rooms", [])
    conference = conference["conference"]
    rooms = {one_line(r["name"]) for r in conference.get("rooms", []) + more_rooms}
    tracks = {one_line(t["name"]) for t in conference.get("tracks", [])}
    events = []
    for day in conference["days"]:
        for room, inside in day["rooms"].items():
            rooms.add(one_line(room))
            for event in inside:
                tracks.add(one_line(event.get("track")))
                people = [(p, p.get("public_name") or p.get("name")) for p in event.get("persons", [])]
                events.append(Event(
                    one_line(room), one_line(event["title"]), one_line(event.get("track")),
                    list(dict.fromkeys(person_of(p.get("id"), p.get("guid"), name) for p, name in people)),
                    [one_line(name) for _, name in people],
                    start_of(event.get("date"), event.get("start"), day["date"], zone, datetime.time()),
                    minutes_of(event.get("duration"))))
    return events, rooms, tracks


def read(name, zone="UTC"):
    """`zone`: where the file names none."""
    zone = zoneinfo.ZoneInfo(zone)
    events, rooms, tracks = read_xml(path(name), zone) if name.endswith(".xml") else read_json(path(name), zone)
    return Programme(events, {room for room in rooms | {event.room for event in events} if room}, {t for t in tracks if t})


# ---- shuffled copies ----

def shuffle_xml(source, target, order):
    tree = ET.parse(source)
    for element in tree.getroot().iter():
        if element.tag in ("schedule", "day", "room", "event") and len(element) > 1:
            children = list(element)
            order.shuffle(children)
            element[:] = children
    tree.write(target, encoding="utf-8", xml_declaration=True)


def shuffle_json(source, target, order):
    def shuffled(value, name=None):
        if isinstance(value, dict):
            items = list(value.items())
            order.shuffle(items)
            return {k: shuffled(v, k) for k, v in items}
        if isinstance(value, list):
            items = [shuffled(v) for v in value]
            if name != "persons":  # whose order says who comes first
                order.shuffle(items)
            return items
        return value

    with open(source, encoding="utf-8") as file:
        value = shuffled(json.load(file))
    with open(target, "w", encoding="utf-8") as file:
        json.dump(value, file, ensure_ascii=False)


def shuffle(source, target, seed):
    (shuffle_xml if str(source).endswith(".xml") else shuffle_json)(source, target, random.Random(seed))
