# SPDX-License-Identifier: Apache-2.0
"""event.*: conferences, and those co-located with them (protocol.md, section 6)."""
import pytest
from harness.world import Event, new_uuid

FULL = {"name": "第十二届人工智能大会", "name_latin": "The 12th conference", "timezone": "Asia/Shanghai", "starts_on": "2025-10-25",
        "ends_on": "2025-10-26", "day_starts": "04:00", "venue": "Jiading", "series": "ai-conference", "edition": 12,
        "languages": ["zh-Hans", "en"], "min_break_minutes": 10, "rules": {"room_taken": "warn"},
        "fields": [{"field": "diet", "label": "Diet", "at_door": "show"}, {"field": "city", "label": "City"}]}
LEAST = {name: FULL[name] for name in ("name", "timezone", "starts_on", "ends_on")}


@pytest.fixture
def slug():
    return f"event-{new_uuid()[:8]}"


def test_put_answers_with_the_whole_object(admin, slug):
    answer = admin.call("event.put", event=slug, **FULL)
    assert {name: answer[name] for name in FULL} == FULL
    assert (answer["event"], answer["version"], answer["parent"]) == (slug, 1, None)
    assert admin.call("event.get", event=slug) == answer
    assert answer in admin.call("event.list", limit=1000)["events"]


def test_what_a_put_leaves_out_means_its_default(admin, slug):
    admin.call("event.put", event=slug, **FULL)
    answer = admin.call("event.put", event=slug, **LEAST)
    assert answer["version"] == 2 and answer["day_starts"] == "00:00"
    assert [answer[name] for name in FULL if name not in LEAST and name != "day_starts"] == [None] * 8
    assert admin.call("event.put", event=slug, **LEAST) == answer


def test_if_version(admin, slug):
    assert admin.fails("stale", "event.put", event=slug, **LEAST, if_version=3).data["version"] == 0
    admin.call("event.put", event=slug, **LEAST, if_version=0)
    assert admin.fails("stale", "event.put", event=slug, **FULL, if_version=0).data["version"] == 1
    assert admin.call("event.put", event=slug, **FULL, if_version=1)["version"] == 2
    assert admin.fails("stale", "event.delete", event=slug, confirm=slug, if_version=1).data["version"] == 2


@pytest.mark.parametrize("params,path", [
    ({"timezone": "Europe/Atlantis"}, "/timezone"), ({"timezone": "../etc/passwd"}, "/timezone"), ({"timezone": ""}, "/timezone"),
    ({"starts_on": "2025-02-30"}, "/starts_on"), ({"starts_on": "25.10.2025"}, "/starts_on"), ({"ends_on": "2025-10-24"}, "/ends_on"),
    ({"day_starts": "24:00"}, "/day_starts"), ({"day_starts": "4:00"}, "/day_starts"), ({"rules": {"rain": "warn"}}, "/rules"),
    ({"rules": {"room_taken": "maybe"}}, "/rules/room_taken"), ({"name": "x" * 301}, "/name"), ({"edition": 0}, "/edition"),
    ({"fields": [{"field": "Diet", "label": "D"}]}, "/fields/0/field"),
    ({"fields": [{"field": "diet", "label": "D", "at_door": "hide"}]}, "/fields/0/at_door"),
])
def test_what_does_not_fit_is_said_by_its_path(admin, slug, params, path):
    assert admin.fails("invalid_params", "event.put", event=slug, **{**LEAST, **params}).data["path"].startswith(path)
    admin.fails("not_found", "event.get", event=slug)


# ---- families ----

def test_a_parent_is_fixed_at_creation_and_an_absent_one_stays(admin):
    parent, other = Event(admin), Event(admin)
    child = Event(admin, parent=parent.slug)
    assert admin.call("event.put", event=child.slug, **LEAST)["parent"] == parent.slug
    for event, wrong in ((child, other.slug), (parent, other.slug), (parent, parent.slug)):
        assert event.fails("invalid_params", "event.put", **LEAST, parent=wrong).data["path"] == "/parent"


def test_one_level_alone(admin, slug):
    parent = Event(admin)
    child = Event(admin, parent=parent.slug)
    assert admin.fails("invalid_params", "event.put", event=slug, **LEAST, parent=child.slug).data["path"] == "/parent"
    error = admin.fails("not_found", "event.put", event=slug, **LEAST, parent="no-such-event")
    assert (error.data["what"], error.data["id"]) == ("event", "no-such-event")


def test_rules_and_breaks_are_the_parents(admin, slug):
    parent = Event(admin)
    for params, path in (({"rules": {"room_taken": "warn"}}, "/rules"), ({"min_break_minutes": 5}, "/min_break_minutes")):
        assert admin.fails("invalid_params", "event.put", event=slug, **LEAST, parent=parent.slug, **params).data["path"] == path
    child = Event(admin, parent=parent.slug)
    parent.call("event.put", **LEAST, rules={"room_taken": "warn"})
    parent.room()
    for name in ("a", "b"):
        child.session(name)
        assert child.place(name)["placed"] is True


# ---- who sees which ----

def test_without_a_token_those_with_a_published_programme(admin, daemon):
    event = Event(admin)
    with daemon.client() as nobody, daemon.client(event.token("door")) as door:
        assert nobody.fails("not_found", "event.get", event=event.slug).data["what"] == "event"
        assert event.slug not in [one["event"] for one in nobody.call("event.list", limit=1000)["events"]]
        assert door.call("event.get", event=event.slug)["event"] == event.slug
        event.call("schedule.publish")
        assert nobody.call("event.get", event=event.slug) == door.call("event.get", event=event.slug)
        assert event.slug in [one["event"] for one in nobody.call("event.list", limit=1000)["events"]]


def test_with_a_bound_token_its_own_too(admin, daemon):
    mine, other = Event(admin), Event(admin)
    child = Event(admin, parent=mine.slug)
    with daemon.client(admin.call("token.create", role="door", label="bound", event=mine.slug)["token"]) as door:
        for event in (mine, child):
            door.call("event.get", event=event.slug)
        listed = [one["event"] for one in door.call("event.list", limit=1000)["events"]]
        assert mine.slug in listed and child.slug in listed and other.slug not in listed


def test_lists_page_by_page(admin):
    prefix = f"page-{new_uuid()[:6]}"
    slugs = [f"{prefix}-{n}" for n in range(7)]
    for slug in slugs:
        Event(admin, slug)
    seen, cursor = [], None
    while True:
        page = admin.call("event.list", limit=3, cursor=cursor)
        seen += [one["event"] for one in page["events"]]
        cursor = page["next"]
        if not cursor:
            break
    assert [slug for slug in seen if slug.startswith(prefix)] == slugs
    assert seen == sorted(seen) and len(seen) == len(set(seen))


def test_putting_and_deleting_need_an_admin(admin, daemon, slug):
    event = Event(admin)
    with daemon.client(event.token("organiser")) as organiser:
        assert organiser.fails("forbidden", "event.put", event=slug, **LEAST).data["needs"] == "admin"
        assert organiser.fails("forbidden", "event.delete", event=event.slug, confirm=event.slug).data["needs"] == "admin"


# ---- deleting ----

def test_deleting_asks_for_the_slug_once_more(event):
    assert event.fails("invalid_params", "event.delete", confirm="other").data["path"] == "/confirm"
    assert event.fails("invalid_params", "event.delete").data["path"] == "/confirm"
    assert event.call("event.delete", confirm=event.slug) == {"deleted": True}
    assert event.fails("not_found", "event.get").data == {"kind": "not_found", "what": "event", "id": event.slug}


def test_an_event_goes_with_its_programme_and_registrations(event, admin, daemon):
    event.room()
    event.call("track.put", track="t", name="T")
    event.call("speaker.put", speaker="ada", name="Attendee 00001")
    for name in ("a", "b"):
        event.session(name, track="t", speakers=[{"speaker": "ada", "role": "speaker"}])
        event.place(name, accept=["room_taken", "speaker_taken", "track_overlap"])
    event.call("schedule.publish")
    event.ticket()
    event.checkpoint(session="a")
    for _ in range(3):
        event.registration()
    assert event.call("event.delete", confirm=event.slug) == {"deleted": True}
    again = Event(admin, event.slug)
    for method, plural in (("room.list", "rooms"), ("session.list", "sessions"), ("registration.list", "registrations")):
        assert again.call(method)[plural] == []
    assert again.call("schedule.versions")["versions"] == [] and again.object["version"] > 1
    assert again.session("a")["version"] == 1
    uuid = daemon.cluster.psql(f"SELECT event_uuid FROM usher.event WHERE id = '{event.slug}'")[0][0]
    assert daemon.cluster.psql(f"SELECT count(*) FROM usher.placement WHERE event_id = '{uuid}'") == [["0"]]


def test_scans_and_co_located_events_keep_an_event(admin):
    parent = Event(admin)
    child = Event(admin, parent=parent.slug)
    error = parent.fails("in_use", "event.delete", confirm=parent.slug)
    assert error.data["by"] == [{"what": "event", "id": child.slug}]
    child.ticket()
    child.checkpoint()
    child.scan(child.registration()["credential"])
    error = child.fails("in_use", "event.delete", confirm=child.slug)
    assert error.data["by"] == [{"what": "checkpoint", "id": "door"}]


def test_a_room_that_a_sibling_uses_keeps_the_event_that_made_it(admin):
    parent = Event(admin)
    child = Event(admin, parent=parent.slug)
    child.room()
    parent.session()
    parent.place()
    assert child.fails("in_use", "event.delete", confirm=child.slug).data["by"] == [{"what": "session", "id": "talk"}]
    parent.call("schedule.unplace", session="talk")
    assert child.call("event.delete", confirm=child.slug) == {"deleted": True}
    assert parent.call("room.list")["rooms"] == []
