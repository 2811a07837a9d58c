# SPDX-License-Identifier: Apache-2.0
"""room.*, track.*, speaker.*, session.*: what every noun of the programme promises (protocol.md, section 6)."""
import json

import pytest
from harness.world import Event, new_uuid

# The least put of each noun, a put with everything, and what is absent then.
NOUNS = {
    "room": ({"name": "Hall"},
             {"name": "主会场", "name_latin": "Main hall", "capacity": 1200, "features": ["stage", "livestream"], "position": 3,
              "available": [["2025-10-25T08:00:00+08:00", "2025-10-25T18:00:00+08:00"]]}),
    "track": ({"name": "Engines"}, {"name": "发动机", "name_latin": "Engines", "colour": "#1f77b4"}),
    "speaker": ({"name": "Attendee 00001"},
                {"name": "来宾 00001", "name_latin": "Attendee 00001", "title": "CEO", "affiliation": "Institute", "bio": "Long\nlines",
                 "country": "CN", "available": [["2025-10-25T08:00:00+08:00", "2025-10-25T18:00:00+08:00"]]}),
    "session": ({"title": "Talk", "kind": "talk", "minutes": 30},
                {"title": "开幕式", "title_latin": "Opening", "kind": "opening", "minutes": 45, "abstract": "What\nfor", "language": "zh",
                 "needs": ["stage"], "expected": 300, "capacity": 200, "booking": "open"}),
}


def put(event, noun, id="one", **more):
    return event.call(f"{noun}.put", **{noun: id, **more})


def stripped(answer):
    return {name: value for name, value in answer.items() if name not in ("conflicts", "draft_version", "guid")}


def made(event, noun, id="one"):
    return put(event, noun, id, **NOUNS[noun][0])


@pytest.mark.parametrize("noun", NOUNS)
def test_put_answers_with_the_whole_object_and_get_with_the_same(event, noun):
    full = NOUNS[noun][1]
    answer = put(event, noun, **full)
    assert {name: answer[name] for name in full} == full
    assert answer[noun] == "one" and answer["event"] == event.slug and answer["version"] == 1
    assert stripped(event.call(f"{noun}.get", **{noun: "one"})) == stripped(answer)
    assert [stripped(row) for row in event.call(f"{noun}.list")[noun + "s"]] == [stripped(answer)]


@pytest.mark.parametrize("noun", NOUNS)
def test_what_a_put_leaves_out_means_its_default(event, noun):
    least, full = NOUNS[noun]
    put(event, noun, **full)
    answer = put(event, noun, **least)
    for name in set(full) - set(least):
        assert answer[name] is None, name
    assert {name: answer[name] for name in least} == least
    assert put(event, noun, **least, **{name: None for name in set(full) - set(least)})["version"] == answer["version"]


@pytest.mark.parametrize("noun", NOUNS)
def test_versions_grow_with_changes_and_with_nothing_else(event, noun):
    least, full = NOUNS[noun]
    assert [put(event, noun, **params)["version"] for params in (least, least, full, full, least)] == [1, 1, 2, 2, 3]
    assert event.call(f"{noun}.delete", **{noun: "one"}) == {"deleted": True}
    event.fails("not_found", f"{noun}.get", **{noun: "one"})
    assert put(event, noun, **least)["version"] > 3  # a version never comes back


@pytest.mark.parametrize("noun", NOUNS)
def test_if_version(event, noun):
    least, full = NOUNS[noun]
    assert event.fails("stale", f"{noun}.put", **{noun: "one"}, **least, if_version=1).data["version"] == 0
    assert put(event, noun, **least, if_version=0)["version"] == 1
    assert event.fails("stale", f"{noun}.put", **{noun: "one"}, **full, if_version=0).data["version"] == 1
    assert put(event, noun, **full, if_version=1)["version"] == 2
    assert event.fails("stale", f"{noun}.delete", **{noun: "one"}, if_version=1).data["version"] == 2
    assert event.call(f"{noun}.delete", **{noun: "one"}, if_version=2) == {"deleted": True}
    put(event, noun, **least, if_version=0)


@pytest.mark.parametrize("noun", NOUNS)
def test_what_is_not_there(event, noun):
    for method in (f"{noun}.get", f"{noun}.delete"):
        error = event.fails("not_found", method, **{noun: "nobody"})
        assert (error.data["what"], error.data["id"]) == (noun, "nobody")


@pytest.mark.parametrize("noun", NOUNS)
def test_ids_are_slugs(event, noun):
    for good in ("a", "0", "a.b_c-d", "x" * 64):
        assert put(event, noun, good, **NOUNS[noun][0])[noun] == good
    for bad in ("", "A", "-a", ".a", "a b", "ä", "x" * 65, "a/b", 7):
        assert event.fails("invalid_params", f"{noun}.put", **{noun: bad}, **NOUNS[noun][0]).data["path"] == f"/{noun}"


@pytest.mark.parametrize("noun", NOUNS)
def test_lists_in_order_page_by_page(event, noun):
    ids = [f"n{n:02d}" for n in range(25)]
    for id in reversed(ids):
        made(event, noun, id)
    seen, cursor = [], None
    while True:
        page = event.call(f"{noun}.list", limit=10, cursor=cursor)
        seen += [row[noun] for row in page[noun + "s"]]
        cursor = page["next"]
        if not cursor:
            break
        assert len(page[noun + "s"]) == 10
    assert seen == ids
    for limit in (0, 1001, "1"):
        event.fails("invalid_params", f"{noun}.list", limit=limit)


@pytest.mark.parametrize("noun", NOUNS)
def test_a_cursor_keeps_its_place_while_rows_come_and_go(event, noun):
    for n in range(10):
        made(event, noun, f"n{n}")
    page = event.call(f"{noun}.list", limit=4)
    assert [row[noun] for row in page[noun + "s"]] == ["n0", "n1", "n2", "n3"]
    for gone in ("n1", "n3", "n4"):  # before the place, at it, behind it
        event.call(f"{noun}.delete", **{noun: gone})
    for come in ("m9", "n35", "n99"):
        made(event, noun, come)
    page = event.call(f"{noun}.list", cursor=page["next"])
    assert [row[noun] for row in page[noun + "s"]] == ["n35", "n5", "n6", "n7", "n8", "n9", "n99"]
    assert page["next"] is None


@pytest.mark.parametrize("noun,member", [("speaker", "bio"), ("session", "abstract")])
def test_a_page_ends_early_at_4_mib(event, noun, member):
    text = "文" * (65536 // 3)
    for n in range(80):
        put(event, noun, f"n{n:02d}", **NOUNS[noun][0], **{member: text})
    page = event.call(f"{noun}.list", limit=1000)
    rows = page[noun + "s"]
    assert 40 < len(rows) < 80 and page["next"]
    assert len(json.dumps(page, ensure_ascii=False).encode()) <= 4 << 20
    rest = event.call(f"{noun}.list", limit=1000, cursor=page["next"])
    assert len(rows) + len(rest[noun + "s"]) == 80 and rest["next"] is None


@pytest.mark.parametrize("noun,member", [("room", "name"), ("room", "name_latin"), ("track", "name"), ("speaker", "title"),
                                         ("speaker", "affiliation"), ("session", "title"), ("session", "kind")])
def test_texts_are_at_most_300_characters(event, noun, member):
    longest = "🚗" * 300
    assert put(event, noun, **{**NOUNS[noun][0], member: longest})[member] == longest
    error = event.fails("invalid_params", f"{noun}.put", **{noun: "one", **NOUNS[noun][0], member: longest + "x"})
    assert error.data["path"] == f"/{member}"


@pytest.mark.parametrize("noun,member", [("speaker", "bio"), ("session", "abstract")])
def test_long_texts_are_at_most_64_kib(event, noun, member):
    for longest in ("x" * 65536, "é" * 32768):
        assert put(event, noun, **NOUNS[noun][0], **{member: longest})[member] == longest
        error = event.fails("invalid_params", f"{noun}.put", **{noun: "one", **NOUNS[noun][0], member: longest + "x"})
        assert error.data["path"] == f"/{member}"


@pytest.mark.parametrize("noun,params,path", [
    ("room", {"name": ""}, "/name"), ("room", {"name": "  "}, "/name"), ("room", {}, "/name"),
    ("room", {"name": "R", "capacity": -1}, "/capacity"), ("room", {"name": "R", "features": [""]}, "/features/0"),
    ("room", {"name": "R", "available": [["2025-10-25T10:00:00+08:00", "2025-10-25T10:00:00+08:00"]]}, "/available/0"),
    ("room", {"name": "R", "available": [["2025-10-25T10:00:00", "2025-10-25T11:00:00+08:00"]]}, "/available/0"),
    ("track", {"name": "T", "colour": "blue"}, "/colour"), ("track", {"name": "T", "color": "#123456"}, "/color"),
    ("speaker", {"name": "S", "country": "China"}, "/country"),
    ("session", {"title": "T", "kind": "talk"}, "/minutes"), ("session", {"title": "T", "kind": "talk", "minutes": -1}, "/minutes"),
    ("session", {"title": "T", "kind": "talk", "minutes": 1, "guid": "x"}, "/guid"),
    ("session", {"title": "T", "kind": "talk", "minutes": 1, "booking": "closed"}, "/booking"),
    ("session", {"title": "T", "kind": "talk", "minutes": 1, "speakers": [{"speaker": "a"}]}, "/speakers/0/role"),
])
def test_what_does_not_fit_is_said_by_its_path(event, noun, params, path):
    error = event.fails("invalid_params", f"{noun}.put", **{noun: "one"}, **params)
    assert error.data["path"].startswith(path)


def test_roles(event, daemon):
    for noun in NOUNS:
        made(event, noun)
    with daemon.client(event.token("door")) as door, daemon.client(event.token("desk")) as desk, daemon.client() as nobody:
        for noun, (least, _) in NOUNS.items():
            one = {"event": event.slug, noun: "one"}
            door.call(f"{noun}.get", one)
            door.call(f"{noun}.list", event=event.slug)
            for method, params in ((f"{noun}.put", {**one, **least}), (f"{noun}.delete", one)):
                assert desk.fails("forbidden", method, params).data["needs"] == "organiser"
            assert nobody.fails("unauthenticated", f"{noun}.get", one).data["needs"] == "door"
    with daemon.client(event.token("organiser")) as organiser:
        for noun, (least, _) in NOUNS.items():
            organiser.call(f"{noun}.put", **{"event": event.slug, noun: "one", **least})


# ---- what refers to what ----

def by(error):
    return [(one["what"], one["id"]) for one in error.data["by"]]


def test_what_is_referred_to_stays(event):
    event.room()
    made(event, "track", "engines")
    made(event, "speaker", "ada")
    for n in range(12):
        event.session(f"t{n:02d}", track="engines", speakers=[{"speaker": "ada", "role": "speaker"}])
    event.place("t03")
    assert by(event.fails("in_use", "room.delete", room="hall")) == [("session", "t03")]
    for noun, id in (("track", "engines"), ("speaker", "ada")):
        users = by(event.fails("in_use", f"{noun}.delete", **{noun: id}))
        assert users == [("session", f"t{n:02d}") for n in range(10)]
    event.checkpoint("gate", session="t03")
    assert by(event.fails("in_use", "session.delete", session="t03")) == [("checkpoint", "gate")]
    event.call("checkpoint.delete", checkpoint="gate")
    for n in range(12):
        event.call("session.delete", session=f"t{n:02d}")
    for noun, id in (("room", "hall"), ("track", "engines"), ("speaker", "ada")):
        assert event.call(f"{noun}.delete", **{noun: id}) == {"deleted": True}


def test_a_session_names_what_is_there(event):
    made(event, "speaker", "ada")
    session = {"session": "one", **NOUNS["session"][0]}
    for params, what in (({"track": "nobody"}, "track"), ({"speakers": [{"speaker": "nobody", "role": "speaker"}]}, "speaker")):
        error = event.fails("not_found", "session.put", **session, **params)
        assert (error.data["what"], error.data["id"]) == (what, "nobody")
    twice = [{"speaker": "ada", "role": "speaker"}, {"speaker": "ada", "role": "host"}]
    assert event.fails("invalid_params", "session.put", **session, speakers=twice).data["path"] == "/speakers/1/speaker"
    error = event.fails("invalid_params", "session.put", **{**session, "kind": "break"}, speakers=twice[:1])
    assert error.data["path"] == "/speakers"


def test_speakers_keep_their_order_and_roles(event):
    for name in ("zoe", "ada", "mid"):
        made(event, "speaker", name)
    speakers = [{"speaker": "zoe", "role": "speaker"}, {"speaker": "ada", "role": "讲者"}, {"speaker": "mid", "role": "speaker"}]
    assert event.session(speakers=speakers)["speakers"] == speakers
    assert event.session(speakers=speakers[::-1])["speakers"] == speakers[::-1]


def test_a_guid_is_made_once_and_kept(event):
    first = event.session()["guid"]
    assert event.session(title="New")["guid"] == first
    own = new_uuid()
    assert event.session("other", guid=own)["guid"] == own
    assert event.session("other", title="Newer")["guid"] == own
    error = event.fails("exists", "session.put", session="third", title="T", kind="talk", minutes=1, guid=own)
    assert (error.data["what"], error.data["id"]) == ("guid", own)


# ---- families ----

@pytest.fixture
def family(admin):
    parent = Event(admin)
    return parent, Event(admin, parent=parent.slug)


@pytest.mark.parametrize("noun", ["room", "speaker"])
def test_parent_and_child_share_rooms_and_speakers(family, noun):
    parent, child = family
    least = NOUNS[noun][0]
    made(parent, noun, "of-parent")
    made(child, noun, "of-child")
    for event in family:
        rows = event.call(f"{noun}.list")[noun + "s"]
        assert [(row[noun], row["event"]) for row in rows] == [("of-child", child.slug), ("of-parent", parent.slug)]
        assert event.call(f"{noun}.get", **{noun: "of-child"})["event"] == child.slug
    for event, id in ((child, "of-parent"), (parent, "of-child")):
        for method, params in ((f"{noun}.put", least), (f"{noun}.delete", {})):
            error = event.fails("exists", method, **{noun: id}, **params)
            assert (error.data["what"], error.data["id"]) == (noun, id)
    assert made(child, noun, "of-child")["version"] == 1


def test_tracks_and_sessions_are_each_events_own(family):
    parent, child = family
    for event in family:
        made(event, "track", "same")
        event.session("same", track="same")
    assert [row["event"] for row in parent.call("session.list")["sessions"]] == [parent.slug]
    child.call("session.delete", session="same")
    child.call("track.delete", track="same")
    assert parent.call("session.get", session="same")["track"] == "same"


def test_what_a_sibling_uses_stays(family):
    parent, child = family
    parent.room()
    made(parent, "speaker", "ada")
    child.session(speakers=[{"speaker": "ada", "role": "speaker"}])
    child.place()
    assert by(parent.fails("in_use", "room.delete", room="hall")) == [("session", "talk")]
    assert by(parent.fails("in_use", "speaker.delete", speaker="ada")) == [("session", "talk")]


def test_one_id_made_in_parent_and_child_at_once_is_made_once(family, daemon, second_daemon):
    parent, child = family
    other = second_daemon()
    with daemon.admin() as here, other.admin() as there:
        there.call("room.list", event=child.slug)
        for n in range(15):
            numbers = [(client, client.send("room.put", event=event.slug, room=f"r{n}", name="R"))
                       for client, event in ((here, parent), (there, child))]
            done = []
            for client, number in numbers:
                try:
                    done.append(client.wait(number)["event"])
                except Exception as error:
                    assert error.kind == "exists", error
            assert len(done) == 1


# ---- what memory holds is what the database holds ----

def whole(client, slug):
    lists = [client.call(f"{noun}.list", event=slug)[noun + "s"] for noun in NOUNS]
    return lists + [client.call(method, event=slug, **params) for method, params in (
        ("event.get", {}), ("schedule.get", {"version": "draft"}), ("schedule.get", {}), ("schedule.conflicts", {}),
        ("schedule.versions", {}))]


def test_a_restart_and_another_daemon_tell_the_same(make_daemon, second_daemon):
    one = make_daemon().start()
    with one.admin() as client:
        event = Event(client, "same", languages=["zh", "en"], rules={"room_taken": "warn", "track_overlap": "refuse"},
                      fields=[{"field": "diet", "label": "Diet"}])
        for noun, (least, full) in NOUNS.items():
            put(event, noun, "full", **full)
            put(event, noun, "least", **least)
        event.session("both", track="full", speakers=[{"speaker": "least", "role": "b"}, {"speaker": "full", "role": "a"}])
        for session in ("both", "least", "full"):
            event.place(session, "full", accept=["room_unavailable", "room_too_small"])
        event.call("schedule.publish", note="As it was")
        event.call("session.cancel", session="full")
        before = whole(client, "same")
        other = second_daemon(one)
        with other.admin() as there:
            assert whole(there, "same") == before
    one.stop()
    one.start()
    with one.admin() as client:
        assert whole(client, "same") == before
        for noun, (least, full) in NOUNS.items():  # and the same again changes nothing
            for id, params in (("full", full), ("least", least)):
                version = client.call(f"{noun}.get", event="same", **{noun: id})["version"]
                assert client.call(f"{noun}.put", event="same", **{noun: id}, **params)["version"] == version
