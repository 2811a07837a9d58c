# SPDX-License-Identifier: Apache-2.0
"""registration.create, get, update, cancel, transfer, reissue (protocol.md, section 7), places and waiting lists included."""
import random
import threading
from collections import Counter

import pytest

from harness.client import Client, RpcError
from harness.daemon import wait_until
from harness.world import Event, new_uuid

PERSON = {"name": "Attendee 00042", "name_latin": "Attendee 00042", "email": "attendee-00042@example.org",
          "phone": "+86 21 5555 0042", "organisation": "Institute of Examples", "title": "engineer", "country": "CN",
          "language": "zh-Hans", "notes": "vegetarian", "fields": {"region": "Jiading"}}


@pytest.fixture
def door(event):
    event.ticket()
    event.checkpoint()
    return event


def get(event, registration):
    return event.call("registration.get", registration=registration)


def statuses(event, registrations):
    return [get(event, one)["status"] for one in registrations]


# ---- create, get ----

def test_a_registration_says_all_that_was_given(door):
    made = door.registration(**PERSON, external_id="E-42", code="other 42", paid=False, attention="speaks", blocked="see the desk")
    assert set(made) == {"registration", "status", "credential", "version"}
    assert made["status"] == "confirmed" and made["version"] == 1
    assert made["credential"].isalnum() and made["credential"].isupper() and made["credential"].isascii()
    whole = get(door, made["registration"])
    assert {name: whole[name] for name in PERSON} == PERSON
    assert whole["external_id"] == "E-42" and whole["code"] == "OTHER42"
    assert (whole["paid"], whole["attention"], whole["blocked"]) == (False, "speaks", "see the desk")
    assert whole["created_at"] == whole["changed_at"] and whole["created_at"].endswith("+08:00")
    assert sorted(one["kind"] for one in whole["credentials"]) == ["code", "ticket"]
    assert whole == get(door, made["registration"].lower())


def test_what_is_not_given_is_null_and_paid_is_true(door):
    whole = get(door, door.registration(name="Attendee 00042", title=None, paid=None)["registration"])
    assert whole["paid"] is True
    for name in (*PERSON, "external_id", "code", "attention", "blocked"):
        if name != "name":
            assert whole[name] is None, name


def test_what_another_has_exists(door):
    first = door.registration(external_id="E-1", code="AB 12")["registration"]
    for name, taken in (("external_id", "E-1"), ("code", "ab12"), ("code", " A B12 ")):
        error = door.fails("exists", "registration.create", ticket="standard", name="N", **{name: taken})
        assert error.data["what"] == name and error.data["id"] == taken
    other = door.registration(external_id="e-1")["registration"]
    for name, taken in (("external_id", "E-1"), ("code", "ab 12")):
        assert door.fails("exists", "registration.update", registration=other, **{name: taken}).data["what"] == name
    assert door.fails("exists", "registration.reissue", registration=other, kind="card", code="ab12").data["what"] == "code"
    # Its own may be said again, and changes nothing.
    assert door.call("registration.update", registration=first, external_id="E-1", code="ab12")["version"] == 1


def test_a_code_is_of_one_kind(door):
    one = door.registration(code="AB12")["registration"]
    assert door.fails("exists", "registration.reissue", registration=one, kind="card", code="ab12").data["what"] == "code"
    door.call("registration.reissue", registration=one, kind="card", code="CD34")
    assert door.fails("exists", "registration.update", registration=one, code="cd34").data["what"] == "code"


def test_the_ticket_and_the_registration_have_to_be_there(door):
    assert door.fails("not_found", "registration.create", ticket="vip", name="N").data["what"] == "ticket"
    one = door.registration()["registration"]
    assert door.fails("not_found", "registration.update", registration=one, ticket="vip").data == {
        "kind": "not_found", "what": "ticket", "id": "vip"}
    for method, more in (("get", {}), ("update", {"title": "T"}), ("cancel", {}), ("transfer", {"to": {"name": "N"}}),
                         ("reissue", {})):
        assert door.fails("not_found", f"registration.{method}", registration="00000000", **more).data["what"] == "registration"


@pytest.mark.parametrize("more, path", [
    ({"name": ""}, "/name"), ({"name": " "}, "/name"), ({"name": "n" * 301}, "/name"), ({"name": None}, "/name"),
    ({"country": "China"}, "/country"), ({"notes": "n" * 65537}, "/notes"), ({"fields": {"a": 1}}, "/fields/a"),
    ({"code": " "}, "/code"), ({"paid": "yes"}, "/paid"), ({"nickname": "N"}, "/nickname"), ({"status": "confirmed"}, "/status"),
])
def test_what_does_not_fit_says_where(door, more, path):
    assert door.fails("invalid_params", "registration.create", **{"ticket": "standard", "name": "N", **more}).data["path"] == path


# ---- update ----

def test_an_update_changes_what_is_given_and_null_clears(door):
    one = door.registration(**PERSON, external_id="E-42", code="X1", attention="A", blocked="B")["registration"]
    before = get(door, one)
    after = door.call("registration.update", registration=one, title="director")
    assert after["version"] == 2 and after["title"] == "director" and after["changed_at"] >= before["changed_at"]
    assert {**after, "title": 0, "version": 0, "changed_at": 0} == {**before, "title": 0, "version": 0, "changed_at": 0}
    clearable = [name for name in (*PERSON, "external_id", "code", "attention", "blocked") if name != "name"]
    cleared = door.call("registration.update", registration=one, **{name: None for name in clearable})
    assert all(cleared[name] is None for name in clearable)
    assert [one["kind"] for one in cleared["credentials"]] == ["ticket"]
    assert cleared == get(door, one)
    # What it had is free for another.
    door.registration(external_id="E-42", code="x1")


def test_an_update_that_changes_nothing_keeps_the_version(door):
    one = door.registration(**PERSON, code="X1")["registration"]
    for more in ({}, PERSON, {"code": "x 1"}, {"external_id": None}, {"fields": {"region": "Jiading"}}):
        assert door.call("registration.update", registration=one, **more)["version"] == 1, more
    plain = door.registration()["registration"]
    assert door.call("registration.update", registration=plain, code=None)["version"] == 1


@pytest.mark.parametrize("name", ["ticket", "name", "paid"])
def test_what_everybody_has_cannot_be_cleared(door, name):
    one = door.registration()["registration"]
    assert door.fails("invalid_params", "registration.update", registration=one, **{name: None}).data["path"] == f"/{name}"


@pytest.mark.parametrize("method, more", [
    ("update", {"title": "T"}), ("cancel", {}), ("transfer", {"to": {"name": "N"}}), ("reissue", {"kind": "badge"})])
def test_if_version_guards_every_change(door, method, more):
    one = door.registration()["registration"]
    assert door.fails("stale", f"registration.{method}", registration=one, if_version=2, **more).data["version"] == 1
    assert get(door, one)["version"] == 1
    assert door.call(f"registration.{method}", registration=one, if_version=1, **more)["version"] == 2


def test_another_ticket_takes_a_place_there_and_leaves_the_old_one(door):
    door.ticket("vip", capacity=1, waitlist=True)
    door.ticket("few", capacity=1)
    first, second = (door.registration("vip")["registration"] for _ in range(2))
    assert statuses(door, [first, second]) == ["confirmed", "waitlisted"]
    few = door.registration("few")["registration"]
    assert door.fails("full", "registration.update", registration=first, ticket="few").data["capacity"] == 1
    assert door.call("registration.update", registration=first, ticket="standard")["status"] == "confirmed"
    assert statuses(door, [first, second]) == ["confirmed", "confirmed"]
    assert door.call("registration.update", registration=few, ticket="vip")["status"] == "waitlisted"
    assert door.registration("few")["status"] == "confirmed"


# ---- cancel ----

def test_a_cancellation_promotes_the_first_who_waits(door):
    door.ticket("vip", capacity=1, waitlist=True)
    one, two, three = (door.registration("vip")["registration"] for _ in range(3))
    assert statuses(door, [one, two, three]) == ["confirmed", "waitlisted", "waitlisted"]
    cancelled = door.call("registration.cancel", registration=one)
    assert cancelled["status"] == "cancelled" and cancelled == get(door, one) and cancelled["version"] == 2
    assert statuses(door, [two, three]) == ["confirmed", "waitlisted"]
    assert get(door, two)["version"] == 2
    # Who waits and goes leaves the line alone.
    four = door.registration("vip")["registration"]
    door.call("registration.cancel", registration=three)
    assert statuses(door, [two, three, four]) == ["confirmed", "cancelled", "waitlisted"]
    door.call("registration.cancel", registration=two)
    assert statuses(door, [four]) == ["confirmed"]


def test_a_cancellation_is_taken_back_or_is_full(door):
    door.ticket("vip", capacity=1)
    one = door.registration("vip")["registration"]
    door.call("registration.cancel", registration=one)
    assert door.call("registration.cancel", registration=one, undo=True)["status"] == "confirmed"
    assert door.fails("full", "registration.create", ticket="vip", name="N").data["capacity"] == 1
    door.call("registration.cancel", registration=one)
    door.registration("vip")
    assert door.fails("full", "registration.cancel", registration=one, undo=True).data["capacity"] == 1
    assert get(door, one)["status"] == "cancelled"


def test_cancelled_twice_is_cancelled_once(door):
    one = door.registration()["registration"]
    assert door.call("registration.cancel", registration=one, undo=True)["version"] == 1
    assert [door.call("registration.cancel", registration=one)["version"] for _ in range(2)] == [2, 2]
    assert [door.call("registration.cancel", registration=one, undo=True)["version"] for _ in range(2)] == [3, 3]


def test_a_capacity_raised_or_lifted_promotes_in_order(door):
    door.ticket("vip", capacity=1, waitlist=True)
    people = [door.registration("vip")["registration"] for _ in range(6)]
    door.ticket("vip", capacity=3, waitlist=True)
    assert statuses(door, people) == ["confirmed"] * 3 + ["waitlisted"] * 3
    door.ticket("vip", capacity=2, waitlist=True)  # takes nothing away
    door.call("registration.cancel", registration=people[0])
    assert statuses(door, people) == ["cancelled"] + ["confirmed"] * 2 + ["waitlisted"] * 3
    door.call("registration.cancel", registration=people[1])
    assert statuses(door, people[3:]) == ["confirmed", "waitlisted", "waitlisted"]
    door.ticket("vip", waitlist=True)
    assert statuses(door, people[3:]) == ["confirmed"] * 3
    assert door.registration("vip")["status"] == "confirmed"


def test_who_waits_moves_up_when_the_waiting_list_is_closed(door):
    door.ticket("vip", capacity=1, waitlist=True)
    people = [door.registration("vip")["registration"] for _ in range(3)]
    door.ticket("vip", capacity=1, waitlist=False)
    door.fails("full", "registration.create", ticket="vip", name="N")
    door.call("registration.cancel", registration=people[0])
    door.call("registration.cancel", registration=people[1])
    assert statuses(door, people) == ["cancelled", "cancelled", "confirmed"]
    door.ticket("vip", capacity=1, waitlist=True)
    door.call("registration.cancel", registration=people[2])
    assert door.registration("vip")["status"] == "confirmed"


# ---- transfer, reissue ----

def test_a_transfer_is_another_person_on_the_same_registration(door):
    made = door.registration(**PERSON, external_id="E-42", code="X1", attention="A")
    one = made["registration"]
    badge = door.call("registration.reissue", registration=one, kind="badge")
    assert door.scan(made["credential"])["verdict"] == "admitted"
    moved = door.call("registration.transfer", registration=one, to={"name": "Attendee 00043", "title": "director"})
    assert set(moved) == {"registration", "status", "credential", "version"}
    assert moved["registration"] == one and moved["version"] == 3 and moved["credential"] != made["credential"]
    whole = get(door, one)
    assert (whole["name"], whole["title"], whole["external_id"], whole["code"]) == ("Attendee 00043", "director", "E-42", None)
    assert all(whole[name] is None for name in PERSON if name not in ("name", "title")) and whole["attention"] is None
    assert [one["kind"] for one in whole["credentials"]] == ["ticket"]
    for old in (made["credential"], badge["credential"], "x1"):
        assert door.scan(old)["reason"] == "revoked"
    again = door.scan(moved["credential"])
    assert again["reason"] == "already_admitted"  # admissions stay
    # The other system may give its code anew, and its old owner's is gone.
    other = door.registration(code="X1")["registration"]
    assert door.scan("x1")["attendee"]["registration"] == other


@pytest.mark.parametrize("to, path", [({}, "/to/name"), ({"name": "N", "ticket": "standard"}, "/to/ticket"),
                                      ({"name": "N", "external_id": "E"}, "/to/external_id")])
def test_a_transfer_needs_a_person(door, to, path):
    one = door.registration()["registration"]
    assert door.fails("invalid_params", "registration.transfer", registration=one, to=to).data["path"] == path


def test_a_reissue_replaces_the_old_of_its_kind_alone(door):
    made = door.registration(code="X1")
    one = made["registration"]
    badge = door.call("registration.reissue", registration=one, kind="badge")
    assert set(badge) == {"registration", "status", "credential", "version", "kind"} and badge["kind"] == "badge"
    card = door.call("registration.reissue", registration=one, kind="card", code="card 7")
    assert card["credential"] == "CARD7" and card["kind"] == "card" and card["version"] == 3
    whole = get(door, one)
    assert sorted(one["kind"] for one in whole["credentials"]) == ["badge", "card", "code", "ticket"]
    assert whole["code"] == "X1"
    other = door.call("registration.reissue", registration=one, kind="badge")
    assert other["credential"] != badge["credential"]
    assert door.scan(badge["credential"])["reason"] == "revoked"
    ticket = door.call("registration.reissue", registration=one)
    assert ticket["kind"] == "ticket" and ticket["credential"] != made["credential"]
    assert door.scan(made["credential"])["reason"] == "revoked"
    for credential in (other["credential"], "CARD7", "X1"):
        assert door.scan(credential, dry_run=True, nonce=None)["verdict"] == "admitted", credential
    lost = door.call("registration.reissue", registration=one, kind="card", code="card 8")
    assert lost["credential"] == "CARD8" and door.scan("card7")["reason"] == "revoked"


def test_the_same_card_again_changes_nothing(door):
    one = door.registration()["registration"]
    first = door.call("registration.reissue", registration=one, kind="card", code="CARD 7")
    assert door.call("registration.reissue", registration=one, kind="card", code="card7") == first


# ---- request keys ----

@pytest.mark.parametrize("method, more", [
    ("update", {"title": "T"}), ("cancel", {}), ("transfer", {"to": {"name": "N"}}), ("reissue", {"kind": "badge"}),
    ("reissue", {"kind": "card", "code": "C1"})])
def test_a_key_used_again_gives_the_first_result(door, method, more):
    one, key = door.registration()["registration"], new_uuid()
    first = door.call(f"registration.{method}", registration=one, request_key=key, **more)
    assert {**first, "replayed": True} == door.call(f"registration.{method}", registration=one, request_key=key, **more)


def test_what_is_said_of_a_person_is_made_again_from_what_stands_now(door):
    key = new_uuid()
    made = door.registration(name="Attendee 00042", request_key=key)
    door.call("registration.update", registration=made["registration"], title="T")
    door.call("registration.cancel", registration=made["registration"])
    again = door.call("registration.create", ticket="standard", name="Attendee 00042", request_key=key)
    assert again == {**made, "status": "cancelled", "version": 3, "replayed": True}
    door.call("person.erase", registration=made["registration"])
    again = door.call("registration.create", ticket="standard", name="Attendee 00042", request_key=key)
    assert again["status"] == "erased" and again["registration"] == made["registration"]


# ---- many at once ----

def together(jobs):
    """Runs each job on a thread of its own, all at once; what they returned, or raised."""
    results, barrier = [None] * len(jobs), threading.Barrier(len(jobs))

    def run(n):
        barrier.wait()
        try:
            results[n] = jobs[n]()
        except RpcError as error:
            results[n] = error

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def _lets_in(daemon, token):
    try:
        daemon.client(token).close()
        return True
    except RpcError:
        return False


@pytest.fixture
def crowd(daemon, second_daemon):
    """Sixty-four connections, to two daemons by turns."""
    other = second_daemon()
    with daemon.admin() as admin:
        token = admin.call("token.create", role="admin", label="crowd of a test")["token"]
    wait_until(lambda: _lets_in(other, token), what="the token at the other daemon")
    clients = [Client(daemon.tcp if n % 2 else other.tcp, token=token) for n in range(64)]
    yield clients
    for client in clients:
        client.close()


def test_sixty_four_connections_take_one_last_place_once(event, crowd):
    event.ticket("vip", capacity=1)
    wait_until(lambda: _sees_ticket(crowd[0], event), what="the ticket at the other daemon")
    made = together([lambda client=client: client.call("registration.create", event=event.slug, ticket="vip", name="N")
                     for client in crowd])
    assert [one["status"] for one in made if isinstance(one, dict)] == ["confirmed"]
    assert {one.kind for one in made if isinstance(one, RpcError)} == {"full"}
    assert len(event.call("registration.list", status="confirmed")["registrations"]) == 1


def _sees_ticket(client, event):
    try:
        client.call("ticket.get", event=event.slug, ticket="vip")
    except RpcError:
        return False
    return True


def test_sixty_four_connections_wait_in_one_line(event, crowd):
    event.ticket("vip", capacity=3, waitlist=True)
    wait_until(lambda: _sees_ticket(crowd[0], event), what="the ticket at the other daemon")
    made = together([lambda client=client: client.call("registration.create", event=event.slug, ticket="vip", name="N")
                     for client in crowd])
    assert sorted(one["status"] for one in made) == ["confirmed"] * 3 + ["waitlisted"] * 61


def test_no_place_stays_free_while_somebody_waits(event, crowd, daemon):
    """Two daemons register, cancel, take back and change the capacity at once: in the end the line is as long as it must be."""
    event.ticket("vip", capacity=2, waitlist=True)
    wait_until(lambda: _sees_ticket(crowd[0], event), what="the ticket at the other daemon")
    draw = random.Random(42)

    def walk(client, draw):
        made = []
        for _ in range(12):
            choice = draw.random()
            try:
                if choice < 0.5 or not made:
                    made.append(client.call("registration.create", event=event.slug, ticket="vip", name="N")["registration"])
                elif choice < 0.85:
                    client.call("registration.cancel", event=event.slug, registration=draw.choice(made))
                elif choice < 0.95:
                    client.call("registration.cancel", event=event.slug, registration=draw.choice(made), undo=True)
                else:
                    client.call("ticket.put", event=event.slug, ticket="vip", name="Vip", capacity=draw.randint(2, 6),
                                waitlist=True)
            except RpcError as error:
                assert error.kind in ("full", "unavailable", "not_found"), error

    results = together([lambda client=client, own=random.Random(draw.random()): walk(client, own) for client in crowd[:12]])
    assert results == [None] * 12
    of_event = f"JOIN usher.event e ON e.event_uuid = t.event_id WHERE e.id = '{event.slug}'"
    stands = {row[0]: int(row[1]) for row in daemon.cluster.psql(
        f"SELECT t.status, count(*) FROM usher.registration t {of_event} GROUP BY t.status")}
    counters = {row[0]: int(row[1]) for row in daemon.cluster.psql(f"SELECT t.kind, t.value FROM usher.counter t {of_event}")}
    [[capacity]] = daemon.cluster.psql(f"SELECT t.capacity FROM usher.ticket t {of_event}")
    confirmed, waiting = stands.get("confirmed", 0), stands.get("waitlisted", 0)
    assert counters["ticket_taken"] == confirmed and counters.get("ticket_waiting", 0) == waiting
    assert not waiting or confirmed >= int(capacity), (confirmed, waiting, capacity)
    # Both daemons come to know the same.
    for client in crowd[:2]:
        wait_until(lambda: Counter(one["status"] for one in pages(client, event)) == stands, what="the same memory")


def pages(client, event):
    items, cursor = [], None
    while True:
        page = client.call("registration.list", event=event.slug, limit=1000, **({"cursor": cursor} if cursor else {}))
        items += page["registrations"]
        cursor = page["next"]
        if cursor is None:
            return items


def test_one_external_id_is_given_once_over_two_daemons(event, crowd):
    event.ticket("vip")
    wait_until(lambda: _sees_ticket(crowd[0], event), what="the ticket at the other daemon")
    for more in ({"external_id": "E-1"}, {"code": "X1"}):
        made = together([lambda client=client: client.call("registration.create", event=event.slug, ticket="vip", name="N", **more)
                         for client in crowd[:16]])
        assert len([one for one in made if isinstance(one, dict)]) == 1
        assert {one.kind for one in made if isinstance(one, RpcError)} == {"exists"}


# ---- what is searched is kept ----

def test_a_changed_status_keeps_the_search_text(make_daemon):
    daemon = make_daemon().start()
    with daemon.admin() as client:
        event = Event(client)
        event.ticket("vip", capacity=1, waitlist=True)
        one, two = (event.registration("vip", name=name)["registration"] for name in ("刘艳", "曾国藩"))
        event.call("registration.cancel", registration=one)
        event.call("registration.reissue", registration=two)
    texts = daemon.cluster.psql("SELECT count(*) FROM usher.registration WHERE search IS NULL OR search_fold IS NULL")
    assert texts == [["0"]]
    # Texts of another fold, or missing, are made anew.
    daemon.cluster.psql("UPDATE usher.registration SET search_fold = 0, search = 'nonsense' WHERE name = '刘艳'")
    daemon.cluster.psql("UPDATE usher.registration SET search_fold = NULL, search = NULL WHERE name = '曾国藩'")
    daemon.stop()
    daemon.start()
    with daemon.admin() as client:
        for query, found in (("liuyan", one), ("ceng", two)):
            wait_until(lambda: [item["registration"] for item in client.call(
                "registration.find", event=event.slug, query=query)["registrations"]] == [found], what=query)
        assert client.call("registration.find", event=event.slug, query="nonsense")["registrations"] == []
