# SPDX-License-Identifier: Apache-2.0
"""registration.find and registration.list over the socket."""
import pytest

from harness.world import Event

DOOR_MOST = 20


def names(found):
    return [one["name"] for one in found["registrations"]]


def pages(client, method, **params):
    """All items of a list, page by page."""
    items, cursor = [], None
    while True:
        page = client.call(method, **params, **({"cursor": cursor} if cursor else {}))
        items += page["registrations"]
        cursor = page["next"]
        if cursor is None:
            return items


@pytest.fixture
def people(event):
    """An event with a few people in several scripts."""
    event.ticket()
    event.codes = {}
    for name, more in (("刘艳", {"organisation": "Institute of Examples"}), ("Liu", {}), ("Müller", {"email": "mm@example.org"}),
                       ("曾国藩", {"phone": "+86 21 5555 0042"}), ("Участник", {"title": "engineer"}), ("小刘", {})):
        event.codes[name] = event.registration(name=name, **more)["registration"]
    return event


@pytest.mark.parametrize("query, expected", [
    ("刘", ["刘艳", "小刘"]), ("艳", ["刘艳"]), ("liuyan", ["刘艳"]), ("Liu Yan", ["刘艳"]), ("yan liu", ["刘艳"]),
    ("LIU", ["Liu", "刘艳", "小刘"]), ("muller", ["Müller"]), ("mueller", ["Müller"]), ("MÜLL", ["Müller"]),
    ("ceng", ["曾国藩"]), ("Zeng Guofan", ["曾国藩"]), ("участ", ["Участник"]), ("ucastnik", ["Участник"]),
    ("mm@example.org", ["Müller"]), ("institute liu", ["刘艳"]), ("5555", ["曾国藩"]), ("iu", []), ("nobody", []), ("engineer", []),
])
def test_the_one_box_finds(people, query, expected):
    found = people.call("registration.find", query=query)
    assert names(found) == expected
    assert found["next"] is None


def test_the_short_code_is_found_in_either_case(people):
    for code in (people.codes["Liu"], people.codes["Liu"].lower()):
        assert names(people.call("registration.find", query=code)) == ["Liu"]


def test_desk_sees_email_and_phone_and_door_does_not(daemon, people):
    item = people.call("registration.find", query="muller")["registrations"][0]
    assert item == {"registration": people.codes["Müller"], "status": "confirmed", "name": "Müller", "name_latin": None,
                    "organisation": None, "title": None, "ticket": "standard", "email": "mm@example.org", "phone": None,
                    "version": 1}
    with daemon.client(people.token("door")) as door:
        seen = door.call("registration.find", event=people.slug, query="muller")["registrations"][0]
        assert seen == {name: item[name] for name in item if name not in ("email", "phone")}
        assert door.call("registration.find", event=people.slug, query="mm@example")["registrations"] == [seen]


def test_a_door_has_to_name_few_and_sees_few(daemon, event):
    event.ticket()
    for _ in range(DOOR_MOST + 5):
        event.registration()
    code = event.registration(name="刘艳")["registration"]
    with daemon.client(event.token("door")) as door:
        for query in ("a", "0", "00042", "-", "é", "1 2 3 4 5 6 7 8 attendee"):
            error = door.fails("invalid_params", "registration.find", event=event.slug, query=query)
            assert error.data["path"] == "/query", query
        for query in ("at", "刘", code):
            assert door.call("registration.find", event=event.slug, query=query)["registrations"]
        page = door.call("registration.find", event=event.slug, query="attendee", limit=1000)
        assert len(page["registrations"]) == DOOR_MOST and page["next"] is None
        cursor = event.call("registration.find", query="attendee", limit=1)["next"]
        assert door.fails("invalid_params", "registration.find", event=event.slug, query="attendee",
                          cursor=cursor).data["path"] == "/cursor"
    with daemon.client(event.token("desk")) as desk:
        found = desk.call("registration.find", event=event.slug, query="a")["registrations"]
        assert len([one for one in found if one["registration"] != code]) == DOOR_MOST + 5  # whose code may begin so, too


def test_a_door_does_not_look_at_phones(daemon, people):
    code = people.registration(name="Attendee", phone="ab55")["registration"]
    with daemon.client(people.token("door")) as door:
        assert door.call("registration.find", event=people.slug, query="ab55")["registrations"] == []
    assert people.call("registration.find", query="ab55")["registrations"][0]["registration"] == code


def test_only_the_first_eight_words_count(people):
    assert names(people.call("registration.find", query="l li liu l li liu l li nothing")) == ["刘艳", "Liu", "小刘"]
    assert names(people.call("registration.find", query="l li liu l li liu l nothing")) == []


def test_what_changes_is_found_anew(people):
    people.call("registration.update", registration=people.codes["Liu"], name="王伟")
    assert names(people.call("registration.find", query="wangwei")) == ["王伟"]
    assert names(people.call("registration.find", query="liu")) == ["刘艳", "小刘"]
    people.call("registration.transfer", registration=people.codes["刘艳"], to={"name": "Åsa"})
    assert names(people.call("registration.find", query="asa")) == ["Åsa"]
    assert names(people.call("registration.find", query="刘")) == ["小刘"]
    people.call("registration.cancel", registration=people.codes["小刘"])
    assert [one["status"] for one in people.call("registration.find", query="小刘")["registrations"]] == ["cancelled"]


def test_finding_is_of_one_event(admin, people):
    other = Event(admin)
    other.ticket()
    other.registration(name="刘艳")
    assert [one["registration"] for one in people.call("registration.find", query="刘艳")["registrations"]] == [people.codes["刘艳"]]


def test_pages_of_a_search_keep_their_place_while_rows_come_and_go(event):
    event.ticket()
    made = [event.registration(name=f"Attendee {n:02d}")["registration"] for n in range(10)]
    whole = event.registration(name="Att")["registration"]
    first = event.call("registration.find", query="att", limit=4)
    assert [one["registration"] for one in first["registrations"]] == [whole, *made[:3]]
    # The last one seen no longer fits, one that was seen comes to fit better, and another has come.
    event.call("registration.update", registration=made[2], name="Somebody else")
    event.call("registration.update", registration=made[0], name="Att")
    late = event.registration(name="Attendee 99")["registration"]
    page, cursor = [], first["next"]
    while cursor:
        answer = event.call("registration.find", query="att", limit=3, cursor=cursor)
        page += [one["registration"] for one in answer["registrations"]]
        cursor = answer["next"]
    assert page == [*made[3:], late]
    event.fails("invalid_params", "registration.find", query="att", cursor="nonsense")


def test_find_survives_a_restart_and_a_second_daemon(make_daemon):
    daemon = make_daemon().start()
    with daemon.admin() as client:
        event = Event(client)
        event.ticket()
        event.registration(name="刘艳")
        event.registration(name="Müller")
    daemon.stop()
    daemon.start()
    with daemon.admin() as client:
        for query in ("liuyan", "mueller"):
            assert len(client.call("registration.find", event=event.slug, query=query)["registrations"]) == 1


# ---- registration.list ----

def test_lists_whole_registrations_in_the_order_in_which_they_were_made(event):
    event.ticket()
    made = [event.registration()["registration"] for _ in range(7)]
    listed = event.call("registration.list")
    assert [one["registration"] for one in listed["registrations"]] == made and listed["next"] is None
    assert listed["registrations"][0] == event.call("registration.get", registration=made[0])
    for limit in (1, 2, 3, 6, 7, 8):
        assert [one["registration"] for one in pages(event.client, "registration.list", event=event.slug, limit=limit)] == made


def test_lists_by_status_ticket_and_both(event):
    event.ticket()
    event.ticket("vip", capacity=1, waitlist=True)
    one = event.registration()["registration"]
    gone = event.registration()["registration"]
    event.call("registration.cancel", registration=gone)
    vip, waiting = (event.registration("vip")["registration"] for _ in range(2))

    def listed(**params):
        return [item["registration"] for item in event.call("registration.list", **params)["registrations"]]

    assert listed(status="confirmed") == [one, vip]
    assert listed(status="cancelled") == [gone]
    assert listed(status="waitlisted") == [waiting]
    assert listed(status="erased") == []
    assert listed(ticket="vip") == [vip, waiting]
    assert listed(ticket="vip", status="confirmed") == [vip]
    assert listed(ticket="nothing") == []


def test_changed_since_is_inclusive(event):
    event.ticket()
    made = [event.registration()["registration"] for _ in range(3)]
    changed = event.call("registration.update", registration=made[1], title="engineer")["changed_at"]

    def since(at):
        return [item["registration"] for item in event.call("registration.list", changed_since=at)["registrations"]]

    assert since(changed) == [made[1]]
    first = event.call("registration.get", registration=made[0])["changed_at"]
    assert since(first) == made
    assert since("2100-01-01T00:00:00Z") == []


def test_pages_of_a_list_keep_their_place_while_rows_come_and_go(event):
    event.ticket()
    made = [event.registration()["registration"] for _ in range(6)]
    page = event.call("registration.list", status="confirmed", limit=2)
    event.call("registration.cancel", registration=made[1])  # the last one seen
    event.call("registration.cancel", registration=made[2])
    late = event.registration()["registration"]
    rest, cursor = [], page["next"]
    while cursor:
        answer = event.call("registration.list", status="confirmed", limit=2, cursor=cursor)
        rest += [one["registration"] for one in answer["registrations"]]
        cursor = answer["next"]
    assert rest == [*made[3:], late]
    event.fails("invalid_params", "registration.list", cursor="nonsense")


def test_a_page_of_long_notes_ends_early_at_4_mib(event):
    event.ticket()
    rows = [{"ticket": "standard", "name": f"Attendee {n:05d}", "notes": "n" * 60_000} for n in range(12)]
    for _ in range(8):
        assert event.call("registration.import", rows=rows)["created"] == 12
    first = event.call("registration.list", limit=1000)
    assert 0 < len(first["registrations"]) < 96 and first["next"]
    assert len(pages(event.client, "registration.list", event=event.slug, limit=1000)) == 96


def test_list_is_for_the_desk(daemon, event):
    with daemon.client(event.token("door")) as door:
        door.fails("forbidden", "registration.list", event=event.slug)
    with daemon.client(event.token("desk", event=event.slug)) as desk:
        assert desk.call("registration.list", event=event.slug) == {"registrations": [], "next": None}
        desk.fails("forbidden", "registration.list", event="another")
