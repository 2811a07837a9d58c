# SPDX-License-Identifier: Apache-2.0
"""schedule.place, .unplace, .conflicts, .publish, .versions, .get, .now; session.cancel (protocol.md, section 6)."""
import pytest
from harness.client import RpcError
from harness.daemon import wait_until
from harness.world import Event, new_uuid

DAY = "2025-10-25"


def at(clock, day=DAY):
    return f"{day}T{clock}:00+08:00"


@pytest.fixture
def stage(event):
    """Two rooms, three talks of thirty minutes; ada speaks in a and b."""
    return furnished(event)


def furnished(event):
    event.room("hall")
    event.room("attic")
    event.call("speaker.put", speaker="ada", name="Attendee 00001")
    for name in "abc":
        event.session(name, speakers=[{"speaker": "ada", "role": "speaker"}] if name in "ab" else [])
    return event


def kinds(answer):
    return [conflict["kind"] for conflict in answer["conflicts"]]


def listed(event):
    return event.call("schedule.conflicts")["conflicts"]


def draft(event):
    return event.call("schedule.get", version="draft")


# ---- placing ----

def test_places_moves_and_changes_the_length(stage):
    assert stage.place("a", "hall", at("10:00")) == {"placed": True, "conflicts": [], "version": 1}
    assert stage.place("a", "attic", at("11:00"))["version"] == 2
    assert stage.place("a", "attic", at("11:00"), minutes=90)["version"] == 3
    one = draft(stage)["sessions"][0]
    assert (one["room"], one["start"], one["end"], one["minutes"]) == ("attic", at("11:00"), at("12:30"), 90)
    stage.place("a", "hall", at("14:00"))
    assert draft(stage)["sessions"][0]["minutes"] == 90  # a move keeps the length
    assert stage.call("schedule.unplace", session="a") == {"placed": True, "conflicts": [], "version": 5}
    assert [one["session"] for one in draft(stage)["unplaced"]] == ["a", "b", "c"]


def test_what_moves_nothing_keeps_the_drafts_version(stage):
    assert stage.place("a", "hall", at("10:00"))["version"] == 1
    assert stage.place("a", "hall", at("10:00"))["version"] == 1
    assert stage.place("a", "hall", "2025-10-25T02:00:00Z", minutes=30)["version"] == 1
    assert stage.call("schedule.unplace", session="b")["version"] == 1
    stage.session("c", title="New")
    assert stage.session("c", title="Newer")["draft_version"] == 1


def test_if_version_is_the_drafts(stage):
    assert stage.fails("stale", "schedule.place", session="a", room="hall", start=at("10:00"), if_version=1).data["version"] == 0
    stage.place("a", "hall", at("10:00"), if_version=0)
    for method, params in (("schedule.unplace", {"session": "a"}), ("schedule.publish", {}),
                           ("schedule.place", {"session": "b", "room": "attic", "start": at("10:00"), "dry_run": True})):
        assert stage.fails("stale", method, **params, if_version=0).data["version"] == 1
    stage.call("schedule.publish", if_version=1)


def test_a_sessions_length_moves_its_place(stage):
    stage.place("a", "hall", at("10:00"))
    answer = stage.session("a", minutes=45)
    assert answer["draft_version"] == 2 and draft(stage)["sessions"][0]["end"] == at("10:45")


def test_what_is_not_there(stage):
    for params, what in (({"session": "x", "room": "hall"}, "session"), ({"session": "a", "room": "x"}, "room")):
        error = stage.fails("not_found", "schedule.place", **params, start=at("10:00"))
        assert (error.data["what"], error.data["id"]) == (what, "x")
    stage.fails("not_found", "schedule.unplace", session="x")


# ---- conflicts ----

def test_a_hard_conflict_refuses_and_says_all_of_the_end_state(stage):
    stage.place("a", "hall", at("10:00"))
    error = stage.fails("conflict", "schedule.place", session="b", room="hall", start=at("10:15"))
    assert kinds(error.data) == ["room_taken", "speaker_taken"]
    taken = error.data["conflicts"][0]
    assert taken["severity"] == "hard" and taken["sessions"] == ["a", "b"] and taken["room"] == "hall"
    assert (taken["from"], taken["to"]) == (at("10:15"), at("10:30")) and "Hall" in taken["message"]
    assert draft(stage)["version"] == 1 and listed(stage) == []


def test_periods_are_half_open(stage):
    stage.place("a", "hall", at("10:00"))
    assert stage.place("b", "hall", at("10:30"))["conflicts"] == []
    assert stage.place("c", "hall", at("09:30"))["conflicts"] == []


def test_zero_minutes_collide_with_nothing(stage):
    stage.place("a", "hall", at("10:00"))
    stage.session("b", minutes=0, speakers=[{"speaker": "ada", "role": "speaker"}])
    for clock in ("10:00", "10:15", "10:30"):
        assert stage.place("b", "hall", at(clock))["conflicts"] == []


def test_a_break_holds_its_room(stage):
    stage.session("lunch", kind="break", minutes=60)
    stage.place("lunch", "hall", at("12:00"))
    assert kinds(stage.fails("conflict", "schedule.place", session="a", room="hall", start=at("12:30")).data) == ["room_taken"]


def test_a_cancelled_session_holds_nothing_and_comes_back_judged_as_new(stage):
    stage.place("a", "hall", at("10:00"))
    assert stage.call("session.cancel", session="a")["cancelled"] is True
    assert stage.place("b", "hall", at("10:00"))["conflicts"] == []
    assert kinds(stage.fails("conflict", "session.cancel", session="a", undo=True).data) == ["room_taken", "speaker_taken"]
    stage.call("schedule.unplace", session="b")
    answer = stage.call("session.cancel", session="a", undo=True)
    assert answer["cancelled"] is False and answer["conflicts"] == []
    version = answer["version"]
    assert stage.call("session.cancel", session="a", undo=True)["version"] == version


def test_what_is_accepted_is_kept_and_listed_until_it_ends(stage):
    stage.place("a", "hall", at("10:00"))
    answer = stage.place("b", "hall", at("10:15"), accept=["room_taken", "speaker_taken"])
    assert answer["placed"] is True and all("accepted" in one for one in answer["conflicts"])
    by = answer["conflicts"][0]["accepted"]
    assert by["by"] and listed(stage) == answer["conflicts"]
    # It holds when the pair still clashes elsewhere: kind and sessions name it.
    assert stage.place("b", "hall", at("10:20"))["conflicts"][0]["accepted"] == by
    stage.session("a", title="Changed", speakers=[{"speaker": "ada", "role": "speaker"}])
    assert len(listed(stage)) == 2
    # It ends, and then it is judged anew.
    stage.place("b", "attic", at("14:00"))
    assert listed(stage) == []
    stage.fails("conflict", "schedule.place", session="b", room="hall", start=at("10:15"))


def test_what_is_accepted_guards_nothing_yet_a_third_is_refused(stage):
    stage.place("a", "hall", at("10:00"))
    stage.place("b", "hall", at("10:00"), accept=["room_taken", "speaker_taken"], minutes=60)
    error = stage.fails("conflict", "schedule.place", session="c", room="hall", start=at("10:40"))
    assert error.data["conflicts"][0]["sessions"] == ["b", "c"]


def test_accepting_one_kind_accepts_no_other(stage):
    stage.place("a", "hall", at("10:00"))
    error = stage.fails("conflict", "schedule.place", session="b", room="hall", start=at("10:00"), accept=["room_taken"])
    assert kinds(error.data) == ["room_taken", "speaker_taken"]


@pytest.mark.parametrize("noun,clash,mend", [
    ("room", {"capacity": 10}, {"capacity": 500}), ("room", {"features": []}, {"features": ["stage"]}),
    ("room", {"available": [[at("08:00"), at("09:00")]]}, {"available": [[at("08:00"), at("18:00")]]}),
    ("speaker", {"available": [[at("08:00"), at("09:00")]]}, {}),
])
def test_an_acceptance_ends_when_the_room_or_speaker_changes(event, noun, clash, mend):
    kind = {"capacity": "room_too_small", "features": "feature_missing"}.get(next(iter(clash)), f"{noun}_unavailable")
    event.call("event.put", name="E", timezone="Asia/Shanghai", starts_on=DAY, ends_on="2025-10-26", rules={kind: "refuse"})
    event.room("hall", features=["stage"], **{**(clash if noun == "room" else {})} if "features" not in clash else {"capacity": 1000})
    put = {"room": ("room.put", {"room": "hall", "name": "Hall", **({} if "features" in clash else {"features": ["stage"]})}),
           "speaker": ("speaker.put", {"speaker": "ada", "name": "Attendee 00001"})}[noun]
    event.call("speaker.put", speaker="ada", name="Attendee 00001")
    event.call(put[0], **put[1], **clash)
    event.session("a", expected=300, needs=["stage"], speakers=[{"speaker": "ada", "role": "speaker"}])
    assert kind in kinds(event.fails("conflict", "schedule.place", session="a", room="hall", start=at("10:00")).data)
    event.place("a", "hall", at("10:00"), accept=[kind])
    assert [one["kind"] for one in listed(event) if "accepted" in one] == [kind]
    event.call(put[0], **put[1], **mend)
    assert [one for one in listed(event) if one["kind"] == kind] == []
    event.call(put[0], **put[1], **clash)  # listed, not refused; and accepted by nobody
    assert ["accepted" in one for one in listed(event) if one["kind"] == kind] == [False]


def test_putting_an_event_is_not_refused_for_what_it_makes(stage):
    stage.place("a", "hall", at("10:00", "2025-10-26"))
    stage.call("event.put", name="Shorter", timezone="Asia/Shanghai", starts_on=DAY, ends_on=DAY)
    assert [one["kind"] for one in listed(stage)] == ["outside_event"]
    session = stage.call("session.get", session="a")
    same = {name: session[name] for name in ("title", "kind", "minutes", "speakers")}
    assert stage.call("session.put", session="a", **same, dry_run=True)["placed"] is True
    assert stage.call("session.put", session="a", **same)["version"] == session["version"]  # nothing changes
    assert kinds(stage.fails("conflict", "session.put", session="a", **{**same, "title": "Other"}).data) == ["outside_event"]
    stage.call("session.put", session="a", **{**same, "title": "Other"}, accept=["outside_event"])


def test_a_put_that_only_accepts_is_kept(stage):
    stage.place("a", "hall", at("10:00", "2025-10-26"))
    stage.call("event.put", name="Shorter", timezone="Asia/Shanghai", starts_on=DAY, ends_on=DAY)
    session = stage.call("session.get", session="a")
    same = {name: session[name] for name in ("title", "kind", "minutes", "speakers")}
    answer = stage.call("session.put", session="a", **same, accept=["outside_event"])
    assert answer["version"] == session["version"] and "accepted" in answer["conflicts"][0]
    assert listed(stage) == answer["conflicts"]


# ---- families ----

def test_parent_and_child_clash_over_rooms_and_speakers(admin):
    parent = furnished(Event(admin))
    child = Event(admin, parent=parent.slug)
    child.session("a", speakers=[{"speaker": "ada", "role": "speaker"}])
    parent.place("a", "hall", at("10:00"))
    error = child.fails("conflict", "schedule.place", session="a", room="hall", start=at("10:00"))
    assert kinds(error.data) == ["room_taken", "speaker_taken"]
    assert sorted(error.data["conflicts"][0]["sessions"]) == sorted(["a", f"{parent.slug}/a"])
    child.place("a", "attic", at("10:00"), accept=["speaker_taken"])
    assert sorted(listed(parent)[0]["sessions"]) == sorted(["a", f"{child.slug}/a"])
    # Each draft counts apart.
    assert draft(parent)["version"] == 1 and draft(child)["version"] == 1


def test_the_database_holds_what_must_never_be_false(admin, daemon):
    """Whoever writes: two placements of a family in one room, one speaker in two places."""
    parent = furnished(Event(admin))
    child = furnished_child(admin, parent)
    parent.place("a", "hall", at("10:00"))
    child.place("b", "attic", at("12:00"))
    uuid = daemon.cluster.psql(f"SELECT family_uuid FROM usher.event WHERE id = '{parent.slug}'")[0][0]
    for change, constraint in (("room = 'hall', starts_at = '2025-10-25T02:15Z', ends_at = '2025-10-25T02:45Z'", "placement_room_overlap"),):
        with pytest.raises(AssertionError, match=constraint):
            daemon.cluster.psql(f"UPDATE usher.placement SET {change} WHERE family_id = '{uuid}' AND id = 'b'")
    with pytest.raises(AssertionError, match="session_speaker_overlap"):
        daemon.cluster.psql(f"UPDATE usher.session_speaker SET period = tstzrange('2025-10-25T02:15Z', '2025-10-25T02:45Z') "
                            f"WHERE family_id = '{uuid}' AND session = 'b' AND period IS NOT NULL")


def furnished_child(admin, parent):
    child = Event(admin, parent=parent.slug)
    child.session("b", speakers=[{"speaker": "ada", "role": "speaker"}])
    return child


def test_two_daemons_at_once_one_wins_and_the_other_sees_why(admin, daemon, second_daemon):
    parent = Event(admin)
    child = Event(admin, parent=parent.slug)
    parent.room()
    other = second_daemon()
    for n in range(25):
        parent.session(f"p{n}")
        child.session(f"c{n}")
    with daemon.admin() as here, other.admin() as there:
        wait_until(lambda: len(there.call("session.list", event=child.slug)["sessions"]) == 25, what="the other daemon's feed")
        for n in range(25):
            params = {"room": "hall", "start": at(f"{8 + n // 2:02d}:{n % 2 * 30:02d}")}
            numbers = [(here, here.send("schedule.place", event=parent.slug, session=f"p{n}", **params)),
                       (there, there.send("schedule.place", event=child.slug, session=f"c{n}", **params))]
            placed = []
            for client, number in numbers:
                try:
                    placed.append(client.wait(number)["placed"])
                except RpcError as error:
                    assert error.kind == "conflict", error
                    assert kinds(error.data) == ["room_taken"] and len(error.data["conflicts"][0]["sessions"]) == 2
            assert placed == [True]
    assert listed(parent) == []


# ---- publishing ----

def test_versions_are_numbered_and_never_change(stage):
    stage.place("a", "hall", at("10:00"))
    assert stage.call("schedule.publish", note="First") == {"version": 1, "changes": 1}
    first = stage.call("schedule.get", version=1)
    stage.place("a", "attic", at("11:00"))
    stage.place("b", "hall", at("09:00"))
    assert stage.call("schedule.publish") == {"version": 2, "changes": 2}
    stage.session("a", title="Renamed")
    stage.call("room.put", room="hall", name="Renamed")
    assert stage.call("schedule.get", version=1) == first
    latest = stage.call("schedule.get")
    assert latest["version"] == 2 and [one["session"] for one in latest["sessions"]] == ["b", "a"]
    assert latest == stage.call("schedule.get", version="latest") == stage.call("schedule.get", version=2)
    assert "Renamed" not in str(latest)
    versions = stage.call("schedule.versions")["versions"]
    assert [(one["version"], one["note"]) for one in versions] == [(1, "First"), (2, None)]
    assert versions[0]["published_at"] == first["published_at"]


def test_filters_of_an_older_version(stage):
    stage.place("a", "hall", at("10:00"))
    stage.place("c", "attic", at("10:00", "2025-10-26"))
    stage.call("schedule.publish")
    stage.call("schedule.unplace", session="a")
    stage.call("schedule.publish")
    for params, expected in (({"day": DAY}, ["a"]), ({"room": "attic"}, ["c"]), ({"speaker": "ada"}, ["a"]), ({"track": "x"}, [])):
        assert [one["session"] for one in stage.call("schedule.get", version=1, **params)["sessions"]] == expected


def test_before_the_first_version_there_is_none(stage):
    for method, params in (("schedule.get", {}), ("schedule.get", {"version": 1}), ("schedule.now", {})):
        assert stage.fails("not_found", method, **params).data["what"] == "version"
    stage.call("schedule.publish")
    assert stage.fails("not_found", "schedule.get", version=2).data == {"kind": "not_found", "what": "version", "id": "2"}
    assert stage.call("schedule.get")["sessions"] == []
    for wrong in (0, -1, "first", 1.5):
        assert stage.fails("invalid_params", "schedule.get", version=wrong).data["path"] == "/version"


def test_what_blocks_a_publication(event):
    event.call("event.put", name="E", timezone="Asia/Shanghai", starts_on=DAY, ends_on="2025-10-26",
               rules={"track_overlap": "block_publish"})
    furnished(event)
    event.call("track.put", track="t", name="T")
    for name, room in (("a", "hall"), ("c", "attic")):
        event.session(name, track="t")
        event.place(name, room, at("10:00"))
    error = event.fails("conflict", "schedule.publish")
    assert kinds(error.data) == ["track_overlap"] and error.data["conflicts"][0]["severity"] == "hard"
    assert event.call("schedule.versions")["versions"] == []
    event.call("schedule.unplace", session="c")
    event.call("schedule.publish")


def test_what_refuses_and_is_not_accepted_blocks_a_publication(stage):
    stage.place("a", "hall", at("10:00", "2025-10-26"))
    stage.call("event.put", name="Shorter", timezone="Asia/Shanghai", starts_on=DAY, ends_on=DAY)
    assert kinds(stage.fails("conflict", "schedule.publish").data) == ["outside_event"]
    stage.place("a", "hall", at("10:00", "2025-10-26"), accept=["outside_event"])
    stage.call("schedule.publish")


def test_a_cancelled_session_keeps_its_place_in_what_is_published(stage):
    stage.place("a", "hall", at("10:00"))
    stage.call("session.cancel", session="a")
    stage.place("b", "hall", at("10:00"))
    stage.call("schedule.publish")
    sessions = stage.call("schedule.get")["sessions"]
    assert [(one["session"], one["status"], one["start"]) for one in sessions] == \
        [("a", "cancelled", at("10:00")), ("b", "confirmed", at("10:00"))]
    hall = stage.call("schedule.now", at=at("10:10"), room="hall")["rooms"][0]
    assert [one["session"] for one in hall["running"]] == ["b"]


def test_two_daemons_do_not_publish_past_a_change(admin, daemon, second_daemon):
    """What was answered before a publication began is in it, whichever daemon publishes."""
    event = Event(admin)
    event.room()
    event.session()
    other = second_daemon()
    with other.admin() as there:
        wait_until(lambda: there.call("session.list", event=event.slug)["sessions"], what="the other daemon's feed")
        for n in range(15):
            start = at(f"{9 + n // 4:02d}:{n % 4 * 15:02d}")
            event.place("talk", "hall", start)
            number = there.call("schedule.publish", event=event.slug)["version"]
            assert there.call("schedule.get", event=event.slug, version=number)["sessions"][0]["start"] == start


# ---- reading ----

def test_the_draft_is_the_organisers(stage, daemon):
    stage.place("a", "hall", at("10:00"))
    stage.call("schedule.publish")
    stage.place("b", "hall", at("11:00"))
    with daemon.client() as nobody, daemon.client(stage.token("desk")) as desk, daemon.client(stage.token("organiser")) as organiser:
        public = nobody.call("schedule.get", event=stage.slug)
        assert "unplaced" not in public and [one["session"] for one in public["sessions"]] == ["a"]
        assert nobody.fails("unauthenticated", "schedule.get", event=stage.slug, version="draft").data["needs"] == "organiser"
        assert desk.fails("forbidden", "schedule.get", event=stage.slug, version="draft").data["needs"] == "organiser"
        found = organiser.call("schedule.get", event=stage.slug, version="draft")
        assert [one["session"] for one in found["unplaced"]] == ["c"] and found["published_at"] is None
        other = Event(stage.client)
        bound = stage.client.call("token.create", role="organiser", label="bound", event=other.slug)["token"]
        with daemon.client(bound) as elsewhere:
            elsewhere.call("schedule.get", event=stage.slug)
            elsewhere.fails("unauthenticated", "schedule.get", event=stage.slug, version="draft")  # as without a token


def test_a_day_begins_when_the_event_says(admin):
    event = Event(admin, day_starts="04:00")
    event.room()
    for name, start in (("late", at("03:59", "2025-10-26")), ("early", at("04:00", "2025-10-26")), ("noon", at("12:00"))):
        event.session(name, minutes=1 if name == "late" else 30)
        event.place(name, "hall", start)
    event.call("schedule.publish")
    assert [one["session"] for one in event.call("schedule.get", day=DAY)["sessions"]] == ["noon", "late"]
    assert [one["session"] for one in event.call("schedule.get", day="2025-10-26")["sessions"]] == ["early"]
    now = event.call("schedule.now", at=at("13:00"), room="hall")["rooms"][0]
    assert now["next"]["session"] == "late"
    now = event.call("schedule.now", at=at("04:10", "2025-10-26"), room="hall")["rooms"][0]
    assert [one["session"] for one in now["running"]] == ["early"] and now["next"] is None
    now = event.call("schedule.now", at=at("03:59", "2025-10-26"), room="hall")["rooms"][0]
    assert [one["session"] for one in now["running"]] == ["late"] and now["next"] is None


def test_answers_are_in_the_events_own_zone(admin):
    """Clocks go back on 2025-10-26 at 03:00 in Berlin: the hour from 02:00 is there twice."""
    event = Event(admin, timezone="Europe/Berlin")
    event.room()
    event.session(minutes=60)
    event.place("talk", "hall", "2025-10-26T00:30:00Z")
    event.call("schedule.publish")
    one = event.call("schedule.get")["sessions"][0]
    assert (one["start"], one["end"]) == ("2025-10-26T02:30:00+02:00", "2025-10-26T02:30:00+01:00")
    assert event.call("schedule.now", at="2025-10-26T01:29:59Z")["rooms"][0]["running"] != []
    assert event.call("schedule.now", at="2025-10-26T01:30:00Z")["rooms"][0]["running"] == []


def test_a_change_of_the_zone_shows_in_all_of_it(admin):
    event = Event(admin, timezone="Asia/Shanghai")
    event.room()
    event.session()
    event.place("talk", "hall", at("10:00"))
    event.call("schedule.publish")
    assert event.call("schedule.now", at=at("10:00"))["at"] == at("10:00")
    event.call("event.put", name="E", timezone="UTC", starts_on=DAY, ends_on="2025-10-26", day_starts="04:00")
    assert event.call("schedule.now", at=at("10:00"))["at"] == "2025-10-25T02:00:00Z"
    assert event.call("schedule.get", day="2025-10-24")["sessions"] != []  # 02:00 is before the day begins
    assert draft(event)["sessions"][0]["start"] == "2025-10-25T02:00:00Z"


def test_a_later_import_of_an_id_that_is_another_sessions(event):
    """The guid leads: a file's session whose id stands under another guid is a new one; without a guid the id is enough."""
    own = event.session("7")
    guid = new_uuid()
    body = ('<schedule><conference><title>T</title><acronym>t</acronym></conference><day index="1" date="2025-10-25"><room name="R">'
            '<event id="7" guid="%s"><start>10:00</start><duration>00:30</duration><title>Theirs</title></event></room></day></schedule>')
    answer = event.call("schedule.import", format="frab-xml", body=body % guid)
    assert [(one["what"], one["id"]) for one in answer["skipped"]] == [("id", guid)]
    assert event.call("session.get", session=guid)["guid"] == guid
    assert event.call("session.get", session="7") == {k: v for k, v in own.items() if k not in ("conflicts", "draft_version")}
    again = event.call("schedule.import", format="frab-xml", body=body % guid)
    assert again["unchanged"] == again["rooms"] + again["sessions"] and event.call("session.get", session=guid)["version"] == 1
    event.call("schedule.import", format="frab-xml", body=(body % "").replace(' guid=""', ""))
    named = event.call("session.get", session="7")
    assert (named["title"], named["guid"]) == ("Theirs", own["guid"])
    # … and a guid finds its session whatever the file calls it.
    event.call("schedule.import", format="frab-xml", body=(body % own["guid"]).replace('id="7"', 'id="900"').replace("Theirs", "Ours"))
    assert event.call("session.get", session="7")["title"] == "Ours"
    event.fails("not_found", "session.get", session="900")
