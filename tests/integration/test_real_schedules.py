# SPDX-License-Identifier: Apache-2.0
"""Two real programmes, imported, published and read back: what people see is what the file says."""
import collections
import datetime
import random
import shutil
import subprocess

import pytest
from harness import place, programme_files
from harness.client import Client
from harness.daemon import Daemon

FILES = {"fosdem-2025": "fosdem_2025.xml", "36c3": "36c3_everything.json"}
MOMENTS = 40  # of schedule.now, each day


class Published:
    def __init__(self, daemon, slug):
        self.slug = slug
        self.client = Client(daemon.tcp)  # nobody: what is published is for all
        self.programme = programme_files.read(FILES[slug])
        subprocess.run([daemon.programs / "usher", "-s", daemon.unix, "-o", "json", "import", "schedule",
                        programme_files.path(FILES[slug])], check=True, capture_output=True, timeout=300)
        with daemon.admin() as admin:
            self.published = admin.call("schedule.publish", event=slug, deadline_ms=600000)
            self.event = admin.call("event.get", event=slug)
        self.whole = self.client.call("schedule.get", event=slug)
        self.rooms = {room["room"]: room["name"] for room in self.whole["rooms"]}
        self.tracks = {track["track"]: track["name"] for track in self.whole["tracks"]}
        self.day_starts = datetime.time.fromisoformat(self.event["day_starts"])

    def get(self, **more):
        return self.client.call("schedule.get", event=self.slug, **more)["sessions"]

    def now(self, at, **more):
        return self.client.call("schedule.now", event=self.slug, at=at.isoformat(), **more)

    def day(self, at):
        """The conference day: it runs past midnight."""
        shift = datetime.timedelta(hours=self.day_starts.hour, minutes=self.day_starts.minute)
        return (at - shift).date()

    def told(self, sessions):
        return collections.Counter(
            (one["title"], self.rooms[one["room"]], self.tracks.get(one["track"], ""), one["start"], one["end"], one["minutes"],
             tuple(sorted(speaker["name"] for speaker in one["speakers"]))) for one in sessions)

    def expected(self, wanted=lambda event: True):
        return self.expected_of([event for event in self.programme.events if wanted(event)])

    @staticmethod
    def expected_of(events):
        return collections.Counter(
            (event.title, event.room, event.track, event.start.isoformat(), event.end.isoformat(), event.minutes,
             tuple(sorted(dict(zip(event.people, event.names)).values()) if len(event.people) == len(event.names)
                   else sorted({person[1] for person in event.people})))
            for event in events)


@pytest.fixture(scope="module")
def house(programs):
    programme_files.path("")
    directory = place.make_directory()
    one = Daemon(directory, programs).start()
    yield one
    one.stop()
    shutil.rmtree(directory)


@pytest.fixture(scope="module", params=FILES)
def published(house, request):
    return Published(house, request.param)


def test_all_of_it_is_published(published):
    assert published.published == {"version": 1, "changes": len(published.programme.events)}
    assert published.told(published.whole["sessions"]) == published.expected()
    places = [(datetime.datetime.fromisoformat(one["start"]), one["room"], one["session"]) for one in published.whole["sessions"]]
    assert places == sorted(places)


def test_by_day(published):
    days = {published.day(event.start) for event in published.programme.events}
    assert len(days) == {"fosdem-2025": 2, "36c3": 4}[published.slug]
    for day in days:
        assert published.told(published.get(day=day.isoformat())) == \
            published.expected(lambda event, day=day: published.day(event.start) == day)
    assert published.get(day="2001-01-01") == []


def test_the_night_belongs_to_the_day_before(published):
    if published.slug != "36c3":
        return
    late = [event for event in published.programme.events if event.start.hour < 4]
    assert len(late) == 44 and len([event for event in published.programme.events if event.start.hour < 6]) == 46
    for event in late:
        found = published.get(day=(event.start.date() - datetime.timedelta(days=1)).isoformat())
        assert event.title in [one["title"] for one in found]


def test_by_room(published):
    for room, name in published.rooms.items():
        assert published.told(published.get(room=room)) == published.expected(lambda event, name=name: event.room == name)


def test_by_track(published):
    for track, name in published.tracks.items():
        assert published.told(published.get(track=track)) == published.expected(lambda event, name=name: event.track == name)


def test_by_speaker(published):
    speakers = {speaker["speaker"]: speaker["name"] for one in published.whole["sessions"] for speaker in one["speakers"]}
    named = collections.Counter(speakers.values())
    for speaker, name in speakers.items():
        if named[name] > 1:
            continue  # two people: told apart by their numbers alone
        assert published.told(published.get(speaker=speaker)) == published.expected(lambda event, name=name: name in event.names)


def test_filters_go_together(published):
    order = random.Random(7)
    for event in order.sample(published.programme.events, 20):
        room = next(room for room, name in published.rooms.items() if name == event.room)
        day = published.day(event.start)
        assert published.told(published.get(day=day.isoformat(), room=room)) == \
            published.expected(lambda other, event=event, day=day: other.room == event.room and published.day(other.start) == day)


def moments(published):
    """Of each day: starts and ends, the microsecond before them, times between; and all that is after midnight."""
    order = random.Random(11)
    by_day = collections.defaultdict(list)
    for event in published.programme.events:
        for at in (event.start, event.end, event.start - datetime.timedelta(microseconds=1), event.start + event_half(event)):
            by_day[published.day(at)].append(at)
    chosen = [at for day in by_day.values() for at in order.sample(day, min(MOMENTS, len(day)))]
    return chosen + [event.start for event in published.programme.events if event.start.hour < 4]


def event_half(event):
    return datetime.timedelta(minutes=event.minutes) / 2


def test_now_at_moments_of_each_day(published):
    rooms = collections.defaultdict(list)
    for event in published.programme.events:
        rooms[event.room].append(event)
    for at in moments(published):
        answer = published.now(at)
        assert datetime.datetime.fromisoformat(answer["at"]) == at
        assert len(answer["rooms"]) == len(published.rooms)
        for told in answer["rooms"]:
            inside = rooms[published.rooms[told["room"]]]
            running = [event for event in inside if event.start <= at < event.end]
            coming = [event.start for event in inside if event.start > at and published.day(event.start) == published.day(at)]
            assert published.told(told["running"]) == published.expected_of(running)
            if coming:
                assert datetime.datetime.fromisoformat(told["next"]["start"]) == min(coming)
                assert told["next"]["room"] == told["room"]
            else:
                assert told["next"] is None


def test_now_of_one_room(published):
    at = published.programme.events[0].start
    for told in published.now(at)["rooms"]:
        assert published.now(at, room=told["room"])["rooms"] == [told]
    assert published.client.fails("not_found", "schedule.now", event=published.slug, room="no-such-room").data["what"] == "room"


def test_times_are_in_the_events_zone(published):
    assert {one["start"][-6:] for one in published.whole["sessions"]} == {"+01:00"}
    at = published.programme.events[0].start.astimezone(datetime.timezone.utc)
    assert published.now(at)["at"] == published.programme.events[0].start.isoformat()
