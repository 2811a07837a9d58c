# SPDX-License-Identifier: Apache-2.0
"""Real programmes into a real daemon: nothing is lost on the way, and the same file again changes nothing."""
import collections
import datetime
import json
import shutil
import subprocess
import zoneinfo

import pytest
from harness import place, programme_files
from harness.client import Client
from harness.daemon import Daemon, wait_until
from harness.programme_files import FILES
from harness.world import Event

LONG = 600000  # ms: sanitizers on a loaded machine
NOUNS = {"room.list": "rooms", "track.list": "tracks", "speaker.list": "speakers", "session.list": "sessions"}
SLUGS = {"fosdem_2025.xml": "fosdem-2025", "fosdem_2007.xml": "fosdem-2007", "36c3_everything.xml": "36c3",
         "36c3_everything.json": "36c3", "39c3_himmel.json": "39c3", "31c3.xml": "31c3", "voctoweb_fixture.xml": "froscon2013",
         "frab-camp2019.json": "camp2019", "pretalx-democon.json": "democon", "invalid-example.json": "winterchaos2022"}


@pytest.fixture(scope="module")
def house(programs):
    """A daemon of this file's own: its events come from the files."""
    programme_files.path("")
    directory = place.make_directory()
    one = Daemon(directory, programs).start()
    yield one
    one.stop()
    shutil.rmtree(directory)


@pytest.fixture
def admin(house):
    with house.admin() as client:
        yield client


def usher_import(house, file, *options):
    done = subprocess.run([house.programs / "usher", "-s", house.unix, "-o", "json", *options, "import", "schedule", file],
                          capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def import_by_call(client, event, name, body=None, **more):
    body = body if body is not None else programme_files.path(name).read_text("utf-8")
    return client.call("schedule.import", event=event, format="frab-xml" if name.endswith(".xml") else "frab-json", body=body,
                       deadline_ms=LONG, **more)


def everything(client, event):
    """All objects of the event, as they stand."""
    found = {}
    for method, plural in NOUNS.items():
        found[plural], cursor = [], None
        while True:
            page = client.call(method, event=event, limit=1000, cursor=cursor)
            found[plural] += page[plural]
            cursor = page["next"]
            if not cursor:
                break
    return found


def kinds(conflicts):
    return dict(collections.Counter(conflict["kind"] for conflict in conflicts))


def outside(programme, event):
    """Sessions that do not lie within the event's days."""
    zone = zoneinfo.ZoneInfo(event["timezone"])
    change = datetime.time.fromisoformat(event["day_starts"])
    opens = datetime.datetime.combine(datetime.date.fromisoformat(event["starts_on"]), change, zone)
    closes = datetime.datetime.combine(
        datetime.date.fromisoformat(event["ends_on"]) + datetime.timedelta(days=1), change, zone)
    return sum(not (opens <= one.start and one.end <= closes) for one in programme.events)


def check_held(result, programme):
    skipped = collections.Counter(skip["what"] for skip in result["skipped"])
    assert result["sessions"] + skipped["session"] == len(programme.events)
    assert result["rooms"] + skipped["room"] == len(programme.rooms)
    assert result["speakers"] + skipped["speaker"] == len(programme.people)
    assert result["tracks"] + skipped["track"] == len(programme.tracks)
    assert result["placed"] == result["sessions"] - skipped["place"] - skipped["start"]
    for skip in result["skipped"]:
        assert skip["id"] and skip["why"]


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_held_whole_and_again_changes_nothing(house, admin, name, tmp_path):
    programme = programme_files.read(name)
    slug = f"by-call-{SLUGS[name]}"
    whole = usher_import(house, programme_files.path(name))
    check_held(whole, programme)
    before = everything(admin, SLUGS[name])
    assert {plural: len(rows) for plural, rows in before.items()} == {plural: whole[plural] for plural in before}
    draft = admin.call("schedule.get", event=SLUGS[name], version="draft")
    count = sum(whole[plural] for plural in before)

    shuffled = tmp_path / name
    programme_files.shuffle(programme_files.path(name), shuffled, 42)
    for file in (programme_files.path(name), shuffled):
        again = usher_import(house, file)
        assert again["unchanged"] == count
        assert {**again, "unchanged": 0} == {**whole, "unchanged": 0} or name == "36c3_everything.json"
        assert everything(admin, SLUGS[name]) == before
        assert admin.call("schedule.get", event=SLUGS[name], version="draft") == draft

    if name == "36c3_everything.json":
        return  # its event holds what the XML says, too

    # Into another event it names the same things.
    event = admin.call("event.get", event=SLUGS[name])
    Event(admin, slug, **{k: event[k] for k in ("timezone", "starts_on", "ends_on", "day_starts")})
    import_by_call(admin, slug, name)
    there = everything(admin, slug)
    strip = {"event", "version"}
    for plural, rows in before.items():
        assert [{k: v for k, v in row.items() if k not in strip} for row in there[plural]] == \
               [{k: v for k, v in row.items() if k not in strip} for row in rows]
    admin.call("event.delete", event=slug, confirm=slug, deadline_ms=LONG)


@pytest.mark.parametrize("name", FILES)
def test_conflicts_of_the_file_are_kept_as_accepted_and_reported(house, admin, name):
    programme = programme_files.read(name)
    result = usher_import(house, programme_files.path(name))
    event = admin.call("event.get", event=SLUGS[name])
    expected = programme.overlaps()
    if outside(programme, event):
        expected["outside_event"] = outside(programme, event)
    assert kinds(result["conflicts"]) == expected
    assert all("accepted" in conflict for conflict in result["conflicts"])
    assert admin.call("schedule.conflicts", event=SLUGS[name], deadline_ms=LONG)["conflicts"] == result["conflicts"]


def test_the_known_overlaps_are_those():
    """What somebody counted in these files before."""
    assert programme_files.read("36c3_everything.xml").overlaps()["room_taken"] == 261
    assert programme_files.read("fosdem_2025.xml").overlaps()["speaker_taken"] == 1
    assert "room_taken" not in programme_files.read("fosdem_2025.xml").overlaps()
    assert programme_files.read("31c3.xml").overlaps()["speaker_taken"] == 2


@pytest.mark.parametrize("name", ["fosdem_2025.xml", "36c3_everything.json"])
def test_a_dry_run_says_the_same_and_changes_nothing(admin, name):
    slug = f"dry-{SLUGS[name]}"
    Event(admin, slug, timezone="Europe/Berlin", starts_on="2019-12-27", ends_on="2019-12-30", day_starts="04:00")

    def timeless(result):
        return {**result, "conflicts": [{**c, "accepted": {"by": c["accepted"]["by"]}} for c in result["conflicts"]]}

    tried = import_by_call(admin, slug, name, dry_run=True)
    assert not any(everything(admin, slug).values())
    assert admin.call("schedule.get", event=slug, version="draft")["version"] == 0
    done = import_by_call(admin, slug, name)
    assert timeless(tried) == timeless(done)
    tried = import_by_call(admin, slug, name, dry_run=True)
    assert tried["unchanged"] == sum(done[plural] for plural in NOUNS.values())
    admin.call("event.delete", event=slug, confirm=slug, deadline_ms=LONG)


def test_an_import_that_dies_on_the_way_leaves_nothing(make_daemon):
    """The daemon is killed while its one statement waits: not a row is there afterwards. Then the same goes through."""
    body = programme_files.path("31c3.xml").read_text("utf-8")
    one = make_daemon().start()
    with one.admin() as client:
        Event(client, "whole", timezone="Europe/Berlin", starts_on="2014-12-27", ends_on="2014-12-30", day_starts="04:00")
        with one.cluster.session() as psql:
            psql.run("BEGIN")
            psql.run("LOCK TABLE usher.placement IN ACCESS EXCLUSIVE MODE")
            client.send("schedule.import", event="whole", format="frab-xml", body=body, deadline_ms=LONG)
            wait_until(lambda: one.cluster.psql("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")[0] != ["0"],
                       seconds=60, what="an import that waits")
            cluster = one.cluster
            one.kill()
            cluster.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'usherd_daemon'")
            psql.run("ROLLBACK")
    one.start()
    with one.admin() as client:
        assert not any(everything(client, "whole").values())
        result = import_by_call(client, "whole", "31c3.xml")
        assert result["unchanged"] == 0
        before = everything(client, "whole")
        assert len(before["sessions"]) == 138
    one.stop()
    one.start()
    with one.admin() as client:  # what was read from the database is what was written
        again = import_by_call(client, "whole", "31c3.xml")
        assert again["unchanged"] == sum(map(len, before.values())) and again["conflicts"] == result["conflicts"]
        assert everything(client, "whole") == before


def test_what_is_no_programme_is_refused_whole(admin):
    event = Event(admin)
    for format, body in (("frab-json", "{}"), ("frab-json", '{"schedule": {"conference": '), ("frab-json", "[1]"),
                         ("frab-xml", "<schedule>"), ("frab-xml", "<html/>"), ("frab-xml", "no XML"),
                         ("frab-xml", '<!DOCTYPE schedule [<!ENTITY a "b">]><schedule>&a;</schedule>')):
        error = event.fails("invalid_params", "schedule.import", format=format, body=body)
        assert error.data["path"] == "/body" and format in error.data["expected"]
    assert not any(everything(admin, event.slug).values())


def test_an_import_and_changes_beside_it_lose_nothing(house, admin):
    """Somebody changes the programme all the while: the import is laid over what stands then, and nothing is undone."""
    event = Event(admin, timezone="Europe/Brussels", starts_on="2025-02-01", ends_on="2025-02-02", day_starts="09:00")
    with Client(house.unix) as importing:
        number = importing.send("schedule.import", event=event.slug, format="frab-xml", deadline_ms=LONG,
                                body=programme_files.path("fosdem_2025.xml").read_text("utf-8"))
        made = 0
        while number not in importing.replies:
            event.room(f"own-{made}")
            made += 1
            importing.stream.settimeout(0.001)
            try:
                importing._take(importing.read_message(0.001))
            except AssertionError:
                pass
        result = importing.wait(number)
    rooms = everything(admin, event.slug)["rooms"]
    assert len(rooms) == result["rooms"] + made and made > 1
    assert admin.call("schedule.conflicts", event=event.slug)["conflicts"] == result["conflicts"]
