# SPDX-License-Identifier: Apache-2.0
"""checkin.scan over the real socket (protocol.md, section 8)."""
import base64
import datetime
import signal

import pytest
from harness.client import RpcError
from harness.daemon import wait_until
from harness.world import Event, new_uuid

SHANGHAI = datetime.timezone(datetime.timedelta(hours=8))


def logged_in(daemon, token):
    """A client of a daemon that may hear of the token a little later than the one that made it."""
    def known():
        client = daemon.client()
        try:
            client.call("auth.login", token=token)
            found.append(client)
            return True
        except RpcError:
            client.close()
            return False

    found = []
    wait_until(known, what="the token")
    return found[0]


def knows(client, event, credential, checkpoint="door"):
    """Whether a daemon has heard of the person and the door, which another one made."""
    try:
        return client.call("checkin.scan", event=event.slug, checkpoint=checkpoint, credential=credential,
                           dry_run=True)["verdict"] == "admitted"
    except RpcError as error:
        assert error.kind == "not_found", error
        return False


def moment(**delta):
    return (datetime.datetime.now(SHANGHAI) + datetime.timedelta(**delta)).isoformat()


@pytest.fixture
def door(event):
    """An event with a ticket type and a door that admits once."""
    event.ticket()
    event.checkpoint()
    return event


@pytest.fixture
def scanner(daemon, door):
    with daemon.client(door.token("door")) as client:
        yield client


# ---- a scan and its answer ----

def test_an_admission_says_who_and_how_many(door, scanner):
    made = door.registration(name="参会 00042", name_latin="Canhui 00042", organisation="Institute 7", notes="n" * 400,
                             attention="Speaker: bring to the green room")
    nonce = new_uuid()
    answer = door.scan(made["credential"], client=scanner, nonce=nonce)
    assert (answer["verdict"], answer["reason"], answer["flags"], answer["facts"]) == ("admitted", None, [], {})
    assert (answer["event"], answer["checkpoint"], answer["nonce"]) == (door.slug, "door", nonce)
    assert (answer["replayed"], answer["durability"], answer["inside"]) == (False, "committed", 1)
    assert answer["scan"] and answer["at"].endswith("+08:00") and "first" not in answer and "questions" not in answer
    attendee = answer["attendee"]
    assert attendee == {"registration": made["registration"], "name": "参会 00042", "name_latin": "Canhui 00042",
                        "organisation": "Institute 7", "title": None, "ticket": "standard", "language": None,
                        "notes": "n" * 300, "attention": "Speaker: bring to the green room", "fields": []}


def test_a_credential_is_read_in_either_case_with_blanks(door, scanner):
    text = door.registration()["credential"]
    mangled = " ".join([text[:40].lower(), text[40:90], text[90:].lower()]) + " "
    assert door.scan(mangled, client=scanner)["verdict"] == "admitted"


def test_another_systems_code_and_a_short_code_are_good_too(door, scanner):
    made = door.registration(code="Ab-12 34")
    first = door.scan("ab-1234", client=scanner)
    assert (first["verdict"], first["attendee"]["registration"]) == ("admitted", made["registration"])
    named = scanner.call("checkin.scan", event=door.slug, checkpoint="door", nonce=new_uuid(),
                         registration=made["registration"].lower())
    assert (named["verdict"], named["reason"]) == ("refused", "already_admitted")
    assert door.scan(made["registration"], client=scanner)["reason"] == "unknown_credential"


def test_every_scan_has_an_id_of_its_own(door, scanner):
    door.checkpoint("count", mode="count")
    credential = door.registration()["credential"]
    ids = [door.scan(credential, "count", client=scanner)["scan"] for _ in range(5)]
    assert len(set(ids)) == 5


# ---- each reason ----

def altered(credential):
    """The same payload, another signature."""
    data = bytearray(base64.b32decode(credential + "=" * (-len(credential) % 8)))
    data[-1] ^= 1
    return base64.b32encode(data).decode().rstrip("=")


def refused(door, scanner, reason, credential, checkpoint="door", **more):
    answer = door.scan(credential, checkpoint, client=scanner, **more)
    assert (answer["verdict"], answer["reason"]) == ("refused", reason), answer
    assert answer["message"] and answer["scan"]
    assert ("attendee" in answer) == (reason not in ("unknown_credential", "bad_signature", "other_event"))
    return answer


def test_unknown_credentials_and_altered_ones(door, scanner):
    refused(door, scanner, "unknown_credential", "NOBODY")
    refused(door, scanner, "bad_signature", altered(door.registration()["credential"]))
    answer = scanner.call("checkin.scan", event=door.slug, checkpoint="door", nonce=new_uuid(), registration="00000000")
    assert answer["reason"] == "unknown_credential"


def test_a_credential_for_another_event(door, scanner, admin):
    other = Event(admin, name="The Other One")
    other.ticket()
    answer = refused(door, scanner, "other_event", other.registration()["credential"])
    assert answer["facts"] == {"event_name": "The Other One"}
    assert refused(door, scanner, "unknown_credential", other.registration(code="OTHERS1")["credential"][:20])
    refused(door, scanner, "unknown_credential", "OTHERS1")


def test_a_replaced_credential(door, scanner):
    made = door.registration()
    again = door.call("registration.reissue", registration=made["registration"])
    answer = refused(door, scanner, "revoked", made["credential"])
    assert set(answer["facts"]) == {"replaced_at"}
    assert door.scan(again["credential"], client=scanner)["verdict"] == "admitted"


def test_a_transferred_registration(door, scanner):
    made = door.registration(code="CARD-9")
    fresh = door.call("registration.transfer", registration=made["registration"], to={"name": "Attendee 99999"})
    refused(door, scanner, "revoked", made["credential"])
    refused(door, scanner, "revoked", "card-9")
    assert door.scan(fresh["credential"], client=scanner)["attendee"]["name"] == "Attendee 99999"


def test_an_erased_person(daemon, door, scanner):
    made = door.registration()
    daemon.cluster.psql(f"UPDATE usher.registration SET status = 'erased', name = NULL, version = version + 1 "
                        f"WHERE id = '{made['registration']}'")
    daemon.signal(signal.SIGHUP)
    wait_until(lambda: door.call("registration.get", registration=made["registration"])["status"] == "erased",
               what="the change by hand")
    assert refused(door, scanner, "erased", made["credential"])["attendee"]["name"] is None


def test_the_registrations_state(door, scanner):
    blocked = door.registration(blocked="Lost badge: call the office")
    assert "Lost badge: call the office" in refused(door, scanner, "blocked", blocked["credential"])["message"]
    cancelled = door.registration()
    door.call("registration.cancel", registration=cancelled["registration"])
    refused(door, scanner, "cancelled", cancelled["credential"])
    refused(door, scanner, "unpaid", door.registration(paid=False)["credential"])
    door.ticket("few", capacity=0, waitlist=True)
    refused(door, scanner, "waitlisted", door.registration("few")["credential"])


def test_ticket_types_and_their_validity(door, scanner):
    door.ticket("early", valid_from=moment(hours=1), valid_to=moment(hours=2))
    door.ticket("late", valid_from=moment(hours=-2), valid_to=moment(hours=-1))
    door.ticket("forum", name="Forum only")
    door.checkpoint("stage", tickets=["standard"])
    answer = refused(door, scanner, "ticket_not_valid_here", door.registration("forum")["credential"], "stage")
    assert answer["facts"] == {"ticket_name": "Forum only"} and "Forum only" in answer["message"]
    early = refused(door, scanner, "ticket_too_early", door.registration("early")["credential"])
    assert set(early["facts"]) == {"valid_from", "valid_to"}
    refused(door, scanner, "ticket_too_late", door.registration("late")["credential"])


def test_a_checkpoints_hours(door, scanner):
    door.checkpoint("later", opens_at=moment(hours=1), closes_at=moment(hours=2))
    door.checkpoint("over", closes_at=moment(hours=-1))
    credential = door.registration()["credential"]
    assert set(refused(door, scanner, "checkpoint_not_open", credential, "later")["facts"]) == {"opens_at", "closes_at"}
    assert set(refused(door, scanner, "checkpoint_closed", credential, "over")["facts"]) == {"closes_at"}


def test_a_seat_is_needed_where_the_checkpoint_says_so(door, scanner):
    door.session("workshop", booking="required", capacity=2)
    door.checkpoint("workshop", session="workshop", needs_booking=True)
    made = door.registration()
    refused(door, scanner, "no_booking", made["credential"], "workshop")
    door.call("booking.create", session="workshop", registration=made["registration"])
    assert door.scan(made["credential"], "workshop", client=scanner)["verdict"] == "admitted"


def test_whoever_was_admitted_is_refused_with_when_and_where(door, scanner):
    credential = door.registration()["credential"]
    first = door.scan(credential, client=scanner, device="North 2")
    answer = refused(door, scanner, "already_admitted", credential)
    assert answer["first"] == {"at": first["at"], "checkpoint": "door", "device": "North 2"}
    assert "North 2" in answer["message"] and answer["inside"] == 1


def test_the_device_is_the_tokens_label_by_default(door, scanner):
    credential = door.registration()["credential"]
    door.scan(credential, client=scanner)
    assert refused(door, scanner, "already_admitted", credential)["first"]["device"] == "door of a test"


# ---- in and out ----

def test_reentry_lets_out_and_in_again(door, scanner):
    door.checkpoint("hall", mode="reentry", capacity=1)
    one, other = door.registration()["credential"], door.registration()["credential"]
    refused(door, scanner, "not_inside", one, "hall", direction="out")
    assert door.scan(one, "hall", client=scanner)["inside"] == 1
    refused(door, scanner, "already_admitted", one, "hall")
    assert refused(door, scanner, "full", other, "hall")["facts"] == {"capacity": 1}
    left = door.scan(one, "hall", client=scanner, direction="out")
    assert (left["verdict"], left["inside"]) == ("left", 0)
    assert door.scan(other, "hall", client=scanner)["inside"] == 1
    refused(door, scanner, "full", one, "hall")


def test_what_stands_in_the_way_is_the_admission_by_which_who_is_inside_came_in(door, desk, second_daemon):
    door.checkpoint("hall", mode="reentry")
    person = door.registration()

    def scan(device, **more):
        return door.scan(person["credential"], "hall", client=desk, device=device, **more)

    def in_the_way():
        return refused(door, desk, "already_admitted", person["credential"], "hall")["first"]

    scan("North 1", at="2025-10-25T09:00:00+08:00")
    assert "first" not in scan("North 1", direction="out")
    back = scan("North 2", at="2025-10-25T11:00:00+08:00")
    first = {"at": back["at"], "checkpoint": "hall", "device": "North 2"}
    assert in_the_way() == first
    forced = scan("North 3", force=True, why="A badge was lost")
    assert forced["reason"] == "already_admitted" and forced["first"] == first == in_the_way()
    with second_daemon().admin() as client:
        assert door.scan(person["credential"], "hall", client=client, dry_run=True)["first"] == first
    assert undo(door, desk, person, "hall")["scan"] == forced["scan"]
    assert in_the_way() == first
    scan("North 1", direction="out")
    undo(door, desk, person, "hall")
    assert in_the_way() == first  # who did not leave after all came in when they did
    undo(door, desk, person, "hall")
    undo(door, desk, person, "hall")
    assert in_the_way()["device"] == "North 1"


def test_nobody_is_kept_in(door, scanner):
    door.checkpoint("hall", mode="reentry")
    made = door.registration()
    door.scan(made["credential"], "hall", client=scanner)
    door.call("registration.update", registration=made["registration"], blocked="Call the office", paid=False)
    door.checkpoint("hall", mode="reentry", closes_at=moment(hours=-1), capacity=0)
    assert door.scan(made["credential"], "hall", client=scanner, direction="out")["verdict"] == "left"


def test_only_reentry_knows_out(door, scanner):
    error = scanner.fails("invalid_params", "checkin.scan", event=door.slug, checkpoint="door", direction="out",
                          credential=door.registration()["credential"], nonce=new_uuid())
    assert error.data["path"] == "/direction"


def test_count_admits_again_and_counts_people(door, scanner):
    door.checkpoint("lunch", mode="count", capacity=1)
    credential = door.registration()["credential"]
    assert [door.scan(credential, "lunch", client=scanner)["inside"] for _ in range(3)] == [1, 1, 1]
    refused(door, scanner, "full", door.registration()["credential"], "lunch")


# ---- days, late scans, dry runs ----

def test_a_day_is_the_events_own(daemon, admin):
    event = Event(admin, day_starts="04:00")
    event.ticket()
    event.checkpoint(per="day")
    credential = event.registration()["credential"]

    def at(text):
        return event.scan(credential, at=f"2025-10-{text}:00+08:00")

    assert at("25T09:00")["flags"] == ["late"]
    assert at("26T03:59")["reason"] == "already_admitted"
    second = at("26T04:00")
    assert (second["verdict"], second["at"], second["inside"]) == ("admitted", "2025-10-26T04:00:00+08:00", 1)


def test_hours_of_a_late_scan_are_those_of_its_time(door, scanner):
    door.checkpoint("morning", opens_at=moment(hours=-3), closes_at=moment(hours=-1))
    credential = door.registration()["credential"]
    late = door.scan(credential, "morning", client=scanner, at=moment(hours=-2))
    assert (late["verdict"], late["flags"]) == ("admitted", ["late"])
    refused(door, scanner, "checkpoint_not_open", door.registration()["credential"], "morning", at=moment(hours=-4))


def test_a_scan_ahead_of_now_counts_as_now_but_in_a_dry_run(door, scanner):
    door.checkpoint("later", opens_at=moment(hours=1))
    credential = door.registration()["credential"]
    answer = refused(door, scanner, "checkpoint_not_open", credential, "later", at=moment(hours=2))
    assert answer["at"] < moment(minutes=1) and answer["flags"] == []
    would = scanner.call("checkin.scan", event=door.slug, checkpoint="later", credential=credential, dry_run=True,
                         at=moment(hours=2))
    assert (would["verdict"], would["scan"], would["nonce"], would["durability"]) == ("admitted", None, None, None)


def test_a_dry_run_records_nothing(daemon, door, scanner):
    credential = door.registration()["credential"]
    for _ in range(3):
        answer = scanner.call("checkin.scan", event=door.slug, checkpoint="door", credential=credential, dry_run=True)
        assert (answer["verdict"], answer["inside"]) == ("admitted", 1)
    assert door.scan(credential, client=scanner)["verdict"] == "admitted"
    assert len(logged(daemon, door)) == 1


# ---- repeats ----

def test_a_repeat_gives_the_first_answer(daemon, door, scanner):
    made = door.registration()
    nonce = new_uuid()
    first = door.scan(made["credential"], client=scanner, nonce=nonce, device="North 1")
    door.call("registration.update", registration=made["registration"], name="Attendee Renamed")
    again = door.scan(made["credential"], client=scanner, nonce=nonce, device="North 1")
    assert again["attendee"].pop("name") == "Attendee Renamed"
    first["attendee"].pop("name")
    assert again == {**first, "replayed": True}
    assert len(logged(daemon, door)) == 1


def test_a_repeat_of_a_refusal_and_of_an_unknown_one(door, scanner):
    credential = door.registration()["credential"]
    door.scan(credential, client=scanner)
    for shown in (credential, "NOBODY", altered(credential)):
        nonce = new_uuid()
        first = door.scan(shown, client=scanner, nonce=nonce)
        assert door.scan(shown, client=scanner, nonce=nonce) == {**first, "replayed": True}


def test_a_repeat_is_known_on_another_daemon(door, scanner, daemon, second_daemon):
    made = door.registration()
    nonce = new_uuid()
    first = door.scan(made["credential"], client=scanner, nonce=nonce)
    with logged_in(second_daemon(), door.token("door")) as other:
        assert door.scan(made["credential"], client=other, nonce=nonce) == {**first, "replayed": True}


@pytest.mark.parametrize("other", [{"credential": "another"}, {"checkpoint": "south"}, {"direction": "out"},
                                   {"force": True, "why": "W"}, {"registration": "named"}], ids=str)
def test_a_nonce_with_other_content_is_an_error(door, admin, other):
    door.checkpoint(mode="reentry")
    door.checkpoint("south", mode="reentry")
    made = door.registration(code="ABC")
    params = {"event": door.slug, "checkpoint": "door", "credential": made["credential"], "nonce": new_uuid()}
    admin.call("checkin.scan", params)
    if "credential" in other:
        other = {"credential": "ABC"}
    if "registration" in other:
        other = {"credential": None, "registration": made["registration"]}
    error = admin.fails("exists", "checkin.scan", {**params, **other})
    assert error.data == {"kind": "exists", "what": "nonce", "id": params["nonce"]}


def test_repeats_in_flight_are_one_scan(daemon, door, scanner):
    credential = door.registration()["credential"]
    nonce = new_uuid()
    known = {"event": door.slug, "checkpoint": "door", "credential": credential, "nonce": nonce}
    unknown = {"event": door.slug, "checkpoint": "door", "credential": "NOBODY", "nonce": new_uuid()}
    numbers = scanner.send_many([("checkin.scan", known), ("checkin.scan", unknown)] * 6)
    answers = [scanner.wait(number) for number in numbers]
    for mine in (answers[0::2], answers[1::2]):
        assert sorted(answer["replayed"] for answer in mine) == [False] + [True] * 5
        assert len({answer["scan"] for answer in mine}) == 1
    assert len(logged(daemon, door)) == 2


# ---- the log ----

def logged(daemon, event):
    return daemon.cluster.psql(
        f"SELECT s.verdict, coalesce(s.reason, ''), coalesce(s.registration, ''), coalesce(n.why, ''), s.device, s.by, s.flags "
        f"FROM usher.scan AS s LEFT JOIN usher.scan_note AS n USING (family_id, writer, seq) JOIN usher.event AS e ON e.event_uuid = s.event_id WHERE e.id = '{event.slug}' ORDER BY s.received_at")


def test_every_scan_is_in_the_log_and_none_can_be_changed(daemon, door, scanner):
    made = door.registration()
    door.scan(made["credential"], client=scanner, device="D")
    door.scan(made["credential"], client=scanner, device="D")
    door.scan("NOBODY KNOWS THIS", client=scanner, device="D")
    rows = [row[:3] for row in logged(daemon, door)]
    assert rows == [["admitted", "", made["registration"]], ["refused", "already_admitted", made["registration"]],
                    ["refused", "unknown_credential", ""]]
    kept = daemon.cluster.psql("SELECT count(*) FROM usher.scan AS s WHERE s::text ILIKE '%NOBODYKNOWS%'")
    assert kept == [["0"]]
    assert daemon.cluster.psql("SELECT has_table_privilege('usherd', 'usher.scan', 'UPDATE') OR "
                               "has_table_privilege('usherd', 'usher.scan', 'DELETE')") == [["f"]]


# ---- force ----

def test_force_needs_the_desk_and_says_so(daemon, door, scanner):
    made = door.registration(paid=False)
    error = scanner.fails("forbidden", "checkin.scan", event=door.slug, checkpoint="door", credential=made["credential"],
                          nonce=new_uuid(), force=True)
    assert error.data["needs"] == "desk"
    with daemon.client(door.token("desk")) as desk:
        answer = door.scan(made["credential"], client=desk, force=True, why="Paid in cash")
        assert (answer["verdict"], answer["reason"], answer["flags"]) == ("admitted", "unpaid", ["forced"])
        assert door.scan("NOBODY", client=desk, force=True, why="W")["reason"] == "unknown_credential"
        assert door.scan(altered(made["credential"]), client=desk, force=True, why="W")["verdict"] == "refused"
    assert logged(daemon, door)[0][:4] == ["admitted", "unpaid", made["registration"], "Paid in cash"]


def test_force_exceeds_a_capacity(door, admin):
    door.checkpoint("hall", mode="reentry", capacity=1)
    people = [door.registration()["credential"] for _ in range(3)]
    door.scan(people[0], "hall")
    forced = door.scan(people[1], "hall", force=True, why="Speaker")
    assert (forced["reason"], forced["inside"]) == ("full", 2)
    assert door.scan(people[0], "hall", direction="out")["inside"] == 1
    assert door.scan(people[2], "hall")["reason"] == "full"


def test_a_code_of_any_length_is_unknown_or_fits(door, scanner):
    for length in (1200, 1201, 4096):
        assert refused(door, scanner, "unknown_credential", "x" * length)


# ---- questions ----

@pytest.fixture
def asking(admin):
    event = Event(admin, fields=[{"field": "meal", "label": "Which meal?", "at_door": "ask"},
                                 {"field": "table", "label": "Table", "at_door": "show"}, {"field": "other", "label": "Other"}])
    event.ticket()
    event.checkpoint()
    return event


def test_questions_are_asked_before_and_answers_stand_from_then_on(daemon, asking):
    made = asking.registration(fields={"table": "7 \"a\"", "other": "hidden"})
    nonce = new_uuid()
    first = asking.scan(made["credential"], nonce=nonce)
    assert (first["verdict"], first["reason"], first["scan"], first["inside"]) == ("incomplete", None, None, 0)
    assert first["questions"] == [{"field": "meal", "label": "Which meal?"}]
    assert first["attendee"]["fields"] == [{"field": "table", "label": "Table", "value": "7 \"a\""}]
    second = asking.scan(made["credential"], nonce=nonce, answers={"meal": "none"})
    assert (second["verdict"], second["replayed"]) == ("admitted", False)
    got = asking.call("registration.get", registration=made["registration"])
    assert got["fields"] == {"meal": "none", "table": "7 \"a\"", "other": "hidden"} and got["version"] == made["version"] + 1
    assert asking.scan(made["credential"])["reason"] == "already_admitted"
    assert daemon.cluster.psql("SELECT count(*) FROM usher.scan AS s WHERE s::text LIKE '%none%'") == [["0"]]


def test_a_repeat_is_answered_as_before_whatever_is_asked_by_now(daemon, second_daemon, admin):
    """At a daemon that does not remember the nonce: what is asked, or no longer, is judged after the log was looked at."""
    other, meal = second_daemon(), [{"field": "meal", "label": "Which meal?", "at_door": "ask"}]
    for before, after, answers in (([], meal, {}), (meal, [], {"answers": {"meal": "none"}})):
        event = Event(admin, fields=before)
        event.ticket()
        event.checkpoint("lunch", mode="count")
        made, nonce = event.registration(), new_uuid()
        first = event.scan(made["credential"], "lunch", nonce=nonce, **answers)
        event.call("event.put", name="Event", timezone="Asia/Shanghai", starts_on="2025-10-25", ends_on="2025-10-26", fields=after)
        with other.admin() as client:
            wait_until(lambda: client.call("checkpoint.list", event=event.slug)["checkpoints"] and
                       bool(client.call("event.get", event=event.slug)["fields"]) == bool(after), what="what is asked")
            again = event.scan(made["credential"], "lunch", client=client, nonce=nonce, **answers)
        assert (again["verdict"], again["replayed"], again["scan"]) == ("admitted", True, first["scan"])


def test_an_empty_answer_declines(asking):
    made = asking.registration()
    assert asking.scan(made["credential"], answers={})["verdict"] == "admitted"
    assert asking.call("registration.get", registration=made["registration"])["version"] == made["version"]


def test_only_what_is_asked_is_answered(asking):
    error = asking.fails("invalid_params", "checkin.scan", checkpoint="door", credential=asking.registration()["credential"],
                         nonce=new_uuid(), answers={"ta/ble~": "1"})
    assert error.data["path"] == "/answers/ta~1ble~0"


def test_whoever_is_refused_is_not_asked(asking):
    assert asking.scan(asking.registration(paid=False)["credential"])["reason"] == "unpaid"


# ---- points ----

@pytest.fixture
def child(admin, door):
    child = Event(admin, parent=door.slug)
    child.ticket()
    child.checkpoint("forum-door")
    return child


def test_the_first_point_that_knows_the_credential_judges(door, child, scanner):
    points = [{"event": door.slug, "checkpoint": "door"}, {"event": child.slug, "checkpoint": "forum-door"}]

    def scan(credential, **more):
        return scanner.call("checkin.scan", {"points": points, "credential": credential, "nonce": new_uuid(), **more})

    theirs = child.registration()
    answer = scan(theirs["credential"])
    assert (answer["verdict"], answer["event"], answer["checkpoint"]) == ("admitted", child.slug, "forum-door")
    assert scan(door.registration()["credential"])["event"] == door.slug
    child.call("registration.reissue", registration=theirs["registration"])
    replaced = scan(theirs["credential"])
    assert (replaced["event"], replaced["reason"]) == (child.slug, "revoked")
    nobody = scan("NOBODY")
    assert (nobody["event"], nobody["checkpoint"], nobody["reason"]) == (door.slug, "door", "unknown_credential")


def test_a_childs_credential_is_for_another_event_at_the_parents_door(door, child, scanner):
    assert door.scan(child.registration()["credential"], client=scanner)["reason"] == "other_event"
    assert door.scan(child.registration(code="CHILD-1")["credential"], client=scanner)["reason"] == "other_event"
    assert door.scan("CHILD-1", client=scanner)["reason"] == "other_event"


def test_a_repeat_may_name_the_same_points(door, child, scanner):
    points = [{"event": door.slug, "checkpoint": "door"}, {"event": child.slug, "checkpoint": "forum-door"}]
    params = {"points": points, "credential": child.registration()["credential"], "nonce": new_uuid()}
    first = scanner.call("checkin.scan", params)
    assert scanner.call("checkin.scan", params) == {**first, "replayed": True}


def test_points_are_of_one_family_and_of_the_tokens(daemon, admin, door, child):
    other = Event(admin)
    other.ticket()
    other.checkpoint()
    points = [{"event": door.slug, "checkpoint": "door"}, {"event": other.slug, "checkpoint": "door"}]
    error = admin.fails("invalid_params", "checkin.scan", points=points, credential="X", nonce=new_uuid())
    assert error.data["path"] == "/points/1/event"
    admin.fails("invalid_params", "checkin.scan", points=[points[0]] * 17, credential="X", nonce=new_uuid())
    with daemon.client(door.token("door", event=door.slug)) as bound:
        bound.fails("forbidden", "checkin.scan", points=points, credential="X", nonce=new_uuid())
        both = [points[0], {"event": child.slug, "checkpoint": "forum-door"}]
        assert bound.call("checkin.scan", points=both, credential="X", nonce=new_uuid())["reason"] == "unknown_credential"
    with daemon.client(door.token("door", event=door.slug, checkpoints=["door"])) as narrow:
        narrow.fails("forbidden", "checkin.scan", points=both, credential="X", nonce=new_uuid())


@pytest.mark.parametrize("params, path", [
    ({"credential": "X"}, "/event"),
    ({"event": "e", "credential": "X"}, "/checkpoint"),
    ({"event": "e", "checkpoint": "c"}, "/credential"),
    ({"event": "e", "checkpoint": "c", "credential": "X", "registration": "Y"}, "/registration"),
    ({"event": "e", "checkpoint": "c", "points": [{"event": "e", "checkpoint": "c"}], "credential": "X"}, "/points"),
    ({"points": [], "credential": "X"}, "/points"),
    ({"event": "e", "checkpoint": "c", "credential": "X", "nonce": None}, "/nonce"),
    ({"event": "e", "checkpoint": "c", "credential": "X", "nonce": "n"}, "/nonce"),
    ({"event": "e", "checkpoint": "c", "credential": "X", "language": "fr"}, "/language"),
    ({"event": "e", "checkpoint": "c", "credential": "X", "language": "ZH"}, "/language"),
    ({"event": "e", "checkpoint": "c", "credential": "X", "request_key": "01890a5d-ac96-774b-bcce-b302099a8057"}, "/request_key"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_what_does_not_fit_is_named(admin, params, path):
    error = admin.fails("invalid_params", "checkin.scan", {"nonce": new_uuid(), **params})
    assert error.data["path"] == path


# ---- many at once ----

def scan_everywhere(clients, event, credentials, **more):
    """Each credential at a client, all sent before any answer is read; the answers in the order of credentials."""
    sent = []
    for n, credential in enumerate(credentials):
        client = clients[n % len(clients)]
        sent.append((client, client.send("checkin.scan", {"event": event.slug, "credential": credential,
                                                          "nonce": new_uuid(), **more})))
    return [client.wait(number) for client, number in sent]


def open_many(event, daemons, count):
    token = event.token("door")
    return [logged_in(daemons[n % len(daemons)], token) for n in range(count)]


def check_capacity(event, daemons):
    """Ninety come, forty fit, forty leave, the others come: at no time are there more than forty."""
    event.checkpoint("hall", mode="reentry", capacity=40)
    people = [event.registration()["credential"] for _ in range(90)]
    for one in daemons:
        with one.admin() as client:
            wait_until(lambda: knows(client, event, people[-1], "hall"), what="the last one")
    clients = open_many(event, daemons, 64)
    try:
        answers = scan_everywhere(clients, event, people, checkpoint="hall")
        inside = [person for person, answer in zip(people, answers) if answer["verdict"] == "admitted"]
        assert {answer["reason"] for answer in answers} == {None, "full"}
        assert len(inside) == 40 and max(answer["inside"] for answer in answers) == 40
        left = scan_everywhere(clients, event, inside, checkpoint="hall", direction="out")
        assert all(answer["verdict"] == "left" for answer in left)
        others = [person for person in people if person not in inside]
        again = scan_everywhere(clients, event, others, checkpoint="hall")
        assert sum(answer["verdict"] == "admitted" for answer in again) <= 40
    finally:
        for client in clients:
            client.close()
    rows = daemons[0].cluster.psql(f"SELECT count(*) FROM usher.presence AS p JOIN usher.event AS e ON e.event_uuid = p.event_id "
                                   f"WHERE e.id = '{event.slug}' AND p.checkpoint = 'hall' AND p.inside")
    assert int(rows[0][0]) <= 40
    return again


def test_a_capacity_is_never_passed(daemon, door):
    again = check_capacity(door, [daemon])
    assert sum(answer["verdict"] == "admitted" for answer in again) == 40


def test_a_capacity_is_never_passed_over_two_daemons(daemon, second_daemon, door):
    check_capacity(door, [daemon, second_daemon()])


LANES = 3


def family_lock(event):
    """What every batch of the event waits for."""
    return (f"SELECT pg_advisory_xact_lock(uuid_hash_extended((SELECT family_uuid FROM usher.event WHERE id = '{event.slug}'), 0))")


@pytest.fixture
def together(daemon, door):
    """A hall for two, three people for it, and what takes all lanes for others: who asks then is decided by one batch."""
    door.checkpoint("hall", mode="reentry", capacity=2)
    people, others = [door.registration() for _ in range(3)], [door.registration() for _ in range(LANES)]

    def waiting():
        return daemon.cluster.psql("SELECT pid FROM pg_stat_activity WHERE query LIKE '%usher.record%' AND wait_event = 'advisory'")

    def take_lanes(client):
        for n, other in enumerate(others, 1):
            client.send("checkin.scan", event=door.slug, checkpoint="door", credential=other["credential"], nonce=new_uuid())
            wait_until(lambda so_many=n: len(waiting()) == so_many, what="a batch that waits")

    return people, take_lanes


def ask_together(daemon, door, take_lanes, *scans):
    """Their answers; they come over connections of their own, each after the one before."""
    clients = [daemon.client(door.token("desk")) for _ in range(len(scans) + 1)]
    with daemon.cluster.session() as psql:
        psql.run(f"BEGIN; {family_lock(door)}")
        take_lanes(clients[-1])
        numbers = []
        for client, params in zip(clients, scans):
            numbers.append(client.send("checkin.scan", event=door.slug, checkpoint="hall", **params))
            client.call("server.ping")
        psql.run("COMMIT")
    answers = [client.wait(number) for client, number in zip(clients, numbers)]
    for client in clients:
        client.close()
    return answers


def scan_of(person, **more):
    return {"credential": person["credential"], "nonce": new_uuid(), **more}


def test_who_is_sent_away_as_full_beside_who_leaves_is_sent_away(daemon, door, together):
    people, take_lanes = together
    for one in people[:2]:
        door.scan(one["credential"], "hall")
    full, left = ask_together(daemon, door, take_lanes, scan_of(people[2]), scan_of(people[0], direction="out"))
    assert (full["reason"], left["verdict"]) == ("full", "left")


def test_who_gets_the_last_place_beside_who_is_forced_in_gets_it(daemon, door, together):
    people, take_lanes = together
    door.scan(people[0]["credential"], "hall")
    admitted, forced = ask_together(
        daemon, door, take_lanes, scan_of(people[1]), scan_of(people[2], force=True, why="Speaker"))
    assert (admitted["reason"], forced["reason"], forced["inside"]) == (None, "full", 3)


def test_who_comes_beside_an_undone_exit_finds_it_full(daemon, door, desk, together):
    """The undo reads the log before it queues; so that is held first, and the lanes are taken meanwhile."""
    people, take_lanes = together
    for one in people[:2]:
        door.scan(one["credential"], "hall")
    gone = door.scan(people[1]["credential"], "hall", direction="out")["scan"]
    with daemon.cluster.session() as family, daemon.cluster.session() as log, daemon.client(door.token("desk")) as scanner, \
            daemon.client(door.token("desk")) as others:
        log.run("BEGIN; LOCK TABLE usher.scan IN ACCESS EXCLUSIVE MODE")
        undo = desk.send("checkin.undo", event=door.slug, checkpoint="hall", registration=people[1]["registration"], scan=gone,
                         why="A mistake")
        wait_until(lambda: daemon.cluster.psql("SELECT pid FROM pg_stat_activity WHERE query LIKE '%scan_moves%' "
                                               "AND wait_event_type = 'Lock'"), what="its reading the log")
        family.run(f"BEGIN; {family_lock(door)}")
        take_lanes(others)
        log.run("COMMIT")
        wait_until(lambda: daemon.cluster.psql("SELECT pid FROM pg_stat_activity WHERE query LIKE '%scan_moves%' "
                                               "AND state = 'idle'"), what="what the log says")
        scanner.call("server.ping")
        number = scanner.send("checkin.scan", event=door.slug, checkpoint="hall", **scan_of(people[2]))
        scanner.call("server.ping")
        family.run("COMMIT")
        assert desk.wait(undo)["undone"] and scanner.wait(number)["reason"] == "full"


def test_a_capacity_given_later_counts_those_inside(door, scanner):
    people = [door.registration()["credential"] for _ in range(4)]
    door.checkpoint("hall", mode="reentry")
    for person in people[:2]:
        door.scan(person, "hall", client=scanner)
    door.checkpoint("hall", mode="reentry", capacity=3)
    assert door.scan(people[2], "hall", client=scanner)["inside"] == 3
    assert door.scan(people[3], "hall", client=scanner)["reason"] == "full"
    for person in people[:2]:
        door.scan(person, "hall", client=scanner, direction="out")
    assert door.scan(people[3], "hall", client=scanner)["inside"] == 2


def test_a_ticket_at_two_daemons_is_admitted_once(daemon, second_daemon, door):
    other = second_daemon()
    people = [door.registration()["credential"] for _ in range(60)]
    token = door.token("door")
    with daemon.client(token) as north, logged_in(other, token) as south:
        wait_until(lambda: knows(south, door, people[-1]), what="the last one")
        for person in people:
            nonces = new_uuid(), new_uuid()
            numbers = [(client, client.send("checkin.scan", event=door.slug, checkpoint="door", credential=person,
                                            nonce=nonce, device=device))
                       for client, nonce, device in ((north, nonces[0], "North"), (south, nonces[1], "South"))]
            answers = [client.wait(number) for client, number in numbers]
            winners = [n for n, answer in enumerate(answers) if answer["verdict"] == "admitted"]
            assert len(winners) == 1, answers
            winner, loser = answers[winners[0]], answers[1 - winners[0]]
            assert loser["reason"] == "already_admitted"
            assert loser["first"] == {"at": winner["at"], "checkpoint": "door", "device": ["North", "South"][winners[0]]}


def test_many_scans_of_many_people_are_each_answered_once(daemon, door):
    people = [door.registration()["credential"] for _ in range(40)]
    clients = open_many(door, [daemon], 16)
    try:
        answers = scan_everywhere(clients, door, people * 5, checkpoint="door")
    finally:
        for client in clients:
            client.close()
    assert sum(answer["verdict"] == "admitted" for answer in answers) == 40
    assert len({answer["scan"] for answer in answers}) == 200
    assert len(logged(daemon, door)) == 200


def test_scans_that_arrive_together_are_judged_as_alone(door, scanner):
    """One write of all that can be presented, each twice; the second meets what the first one did."""
    ours = [door.registration()["credential"] for _ in range(20)]
    codes = [door.registration(code=f"CODE{n}") and f"code{n}" for n in range(10)]
    named = [door.registration()["registration"] for _ in range(10)]
    presented = [*({"credential": text} for text in [*ours, *codes]), *({"registration": code} for code in named),
                 {"credential": "NOBODY"}, {"registration": "00000000"}, {"credential": altered(ours[0])}]
    numbers = scanner.send_many([("checkin.scan", {"event": door.slug, "checkpoint": "door", "nonce": new_uuid(), **what})
                                 for what in presented for _ in range(2)])
    answers = [scanner.wait(number) for number in numbers]
    assert [answer["reason"] for answer in answers[:80]] == [None, "already_admitted"] * 40
    assert [answer["attendee"]["registration"] for answer in answers[60:80:2]] == named
    assert [answer["reason"] for answer in answers[80:]] == ["unknown_credential"] * 4 + ["bad_signature"] * 2


def test_scans_of_a_scanner_that_goes_are_judged_all_the_same(daemon, door, desk):
    people = [door.registration()["credential"] for _ in range(20)]
    with daemon.client(door.token("door")) as scanner:
        scanner.send_many([("checkin.scan", {"event": door.slug, "checkpoint": "door", "nonce": new_uuid(), "credential": text})
                           for person in people for text in (person, f"NOBODY{person[:8]}")])
    wait_until(lambda: sum(row[0] == "admitted" for row in logged(daemon, door)) == 20, what="the admissions")
    assert door.scan(people[0], client=desk)["reason"] == "already_admitted"


# ---- without a database, and too fast ----

def test_without_a_database_a_scan_is_unavailable_and_a_dry_run_answers(door, proxy, proxied):
    credential = door.registration()["credential"]
    nonce = new_uuid()
    with proxied.admin() as client:
        wait_until(lambda: knows(client, door, credential), what="the registration")
        proxy.away()
        error = client.fails("unavailable", "checkin.scan", event=door.slug, checkpoint="door", credential=credential,
                             nonce=nonce, deadline_ms=1000)
        assert error.data["done"] in (False, None)
        assert client.call("checkin.scan", event=door.slug, checkpoint="door", credential=credential, dry_run=True,
                           deadline_ms=1000)["verdict"] == "admitted"
        proxy.back()
        assert door.scan(credential, client=client, nonce=nonce)["verdict"] == "admitted"


def test_guessing_is_held_back_by_connection(daemon, door):
    with daemon.client(door.token("door")) as one, daemon.client(door.token("door")) as other:
        kinds = []
        for number in one.send_many([("checkin.scan", {"event": door.slug, "checkpoint": "door", "credential": f"G{n}",
                                                       "nonce": new_uuid()}) for n in range(200)]):
            try:
                kinds.append(one.wait(number)["reason"])
            except RpcError as error:
                assert error.data["retry_after_ms"] > 0
                kinds.append(error.kind)
        assert kinds[:30] == ["unknown_credential"] * 30 and "rate_limited" in kinds
        assert door.scan("ANOTHER", client=other)["reason"] == "unknown_credential"


# ---- taking back ----

def undo(door, client, made, checkpoint="door", **more):
    return client.call("checkin.undo", event=door.slug, checkpoint=checkpoint, registration=made["registration"],
                       **{"why": "A mistake", **more})


@pytest.fixture
def desk(daemon, door):
    with daemon.client(door.token("desk")) as client:
        yield client


def test_an_admission_taken_back_never_was(daemon, door, desk):
    made = door.registration()
    first = door.scan(made["credential"], client=desk, device="North 1")
    assert undo(door, desk, made) == {"scan": first["scan"], "undone": True, "inside": 0}
    second = door.scan(made["credential"], client=desk, device="North 2")
    assert (second["verdict"], second["inside"]) == ("admitted", 1)
    assert door.scan(made["credential"], client=desk)["first"]["device"] == "North 2"
    log = desk.call("checkin.log", event=door.slug)["scans"]
    assert [(one["verdict"], one["undone"], one["device"]) for one in log] == [
        ("refused", False, "desk of a test"), ("admitted", False, "North 2"), ("admitted", True, "North 1")]
    assert daemon.cluster.psql("SELECT why FROM usher.scan_note WHERE registration = '" + made["registration"] + "'") == [["A mistake"]]


def test_moves_are_taken_back_one_after_the_other(door, desk):
    door.checkpoint("hall", mode="reentry")
    made = door.registration()
    ids = [door.scan(made["credential"], "hall", client=desk, direction=direction)["scan"]
           for direction in ("in", "out", "in", "out")]
    inside = []
    for scan in reversed(ids):
        answer = undo(door, desk, made, "hall")
        assert answer["scan"] == scan
        inside.append(answer["inside"])
    assert inside == [1, 0, 1, 0]
    error = desk.fails("not_found", "checkin.undo", event=door.slug, checkpoint="hall", registration=made["registration"], why="W")
    assert error.data["what"] == "scan"


def test_an_undo_leaves_the_other_days(door, desk):
    door.checkpoint("daily", per="day")
    made = door.registration()

    def come():
        return [door.scan(made["credential"], "daily", client=desk, at=f"2025-10-{day}T09:00:00+08:00")["verdict"] for day in (25, 26)]

    assert come() == ["admitted", "admitted"]
    undo(door, desk, made, "daily")
    assert come() == ["refused", "admitted"]


def test_only_the_last_is_taken_back(door, desk):
    door.checkpoint("lunch", mode="count")
    made = door.registration()
    first, second = (door.scan(made["credential"], "lunch", client=desk)["scan"] for _ in range(2))
    params = {"event": door.slug, "checkpoint": "lunch", "registration": made["registration"], "why": "W"}
    assert desk.fails("stale", "checkin.undo", params, scan=first).data == {"kind": "stale", "scan": second}
    assert desk.call("checkin.undo", params, scan=second)["inside"] == 1
    assert desk.call("checkin.undo", params, scan=first)["inside"] == 0
    desk.fails("not_found", "checkin.undo", params, scan=second)


def test_an_exits_place_may_be_taken(door, desk):
    door.checkpoint("hall", mode="reentry", capacity=1)
    one, other = door.registration(), door.registration()
    door.scan(one["credential"], "hall", client=desk)
    door.scan(one["credential"], "hall", client=desk, direction="out")
    door.scan(other["credential"], "hall", client=desk)
    params = {"event": door.slug, "checkpoint": "hall", "registration": one["registration"], "why": "W"}
    assert desk.fails("full", "checkin.undo", params).data["capacity"] == 1
    undo(door, desk, other, "hall")
    assert undo(door, desk, one, "hall")["inside"] == 1
    assert door.scan(other["credential"], "hall", client=desk)["reason"] == "full"


def test_a_repeated_undo_is_one(door, desk):
    door.checkpoint("lunch", mode="count")
    made = door.registration()
    for _ in range(3):
        door.scan(made["credential"], "lunch", client=desk)
    key = new_uuid()
    first = undo(door, desk, made, "lunch", request_key=key)
    assert undo(door, desk, made, "lunch", request_key=key) == {**first, "replayed": True}
    assert undo(door, desk, made, "lunch")["scan"] != first["scan"]


def test_an_undo_rests_on_the_person(daemon, door, desk):
    """What another daemon has made of the person meanwhile is not passed over: here it has answered, and says nothing yet."""
    made = door.registration()
    door.scan(made["credential"], client=desk)
    change = f"UPDATE usher.registration SET version = version + %d WHERE id = '{made['registration']}'"
    daemon.cluster.psql(change % 1)
    desk.fails("unavailable", "checkin.undo", event=door.slug, checkpoint="door", registration=made["registration"], why="W")
    assert "undone" not in [row[0] for row in logged(daemon, door)]
    daemon.cluster.psql(change % -1)
    undo(door, desk, made, "door")


def test_an_undo_is_for_the_desk_and_its_checkpoints(daemon, door, scanner):
    made = door.registration()
    door.scan(made["credential"], client=scanner)
    params = {"event": door.slug, "checkpoint": "door", "registration": made["registration"], "why": "W"}
    scanner.fails("forbidden", "checkin.undo", params)
    with daemon.client(door.token("desk", event=door.slug, checkpoints=["other"])) as elsewhere:
        elsewhere.fails("forbidden", "checkin.undo", params)


# ---- the log over the socket ----

def test_the_log_pages_newest_first(door, desk):
    door.checkpoint("lunch", mode="count")
    made = door.registration()
    nonces = [new_uuid() for _ in range(7)]
    for nonce in nonces:
        door.scan(made["credential"], "lunch", client=desk, nonce=nonce)
    door.scan("NOBODY", client=desk)
    seen, cursor = [], None
    while True:
        page = desk.call("checkin.log", event=door.slug, checkpoint="lunch", limit=3, cursor=cursor)
        seen += page["scans"]
        cursor = page["next"]
        if cursor is None:
            break
    assert [one["nonce"] for one in seen] == nonces[::-1]
    assert {one["registration"] for one in seen} == {made["registration"]}
    by_person = desk.call("checkin.log", event=door.slug, registration=made["registration"].lower())["scans"]
    assert by_person == seen
    since = desk.call("checkin.log", event=door.slug, since=seen[2]["received_at"], checkpoint="lunch")["scans"]
    assert since == seen[:3]
    unknown = desk.call("checkin.log", event=door.slug)["scans"][0]
    assert (unknown["registration"], unknown["reason"], unknown["by"]) == (None, "unknown_credential", "desk of a test")
    desk.fails("invalid_params", "checkin.log", event=door.slug, cursor="no")


def test_a_scanner_sees_its_own_scans(daemon, door, scanner, desk):
    mine, theirs = door.registration(), door.registration()
    door.scan(mine["credential"], client=scanner)
    door.scan(theirs["credential"], client=desk)
    assert [one["registration"] for one in scanner.call("checkin.log", event=door.slug)["scans"]] == [mine["registration"]]
    assert len(desk.call("checkin.log", event=door.slug)["scans"]) == 2
