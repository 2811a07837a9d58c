# SPDX-License-Identifier: Apache-2.0
"""What is held on a person: given out whole, and erased without a trace, while counts and log stay."""
import pytest

from harness.world import Event, new_uuid

WORD = "N" + new_uuid()[:8]  # what is said of the person to be erased without a trace, and of nobody else


def person(word="N70077"):
    return {"name": f"Attendee {word}", "name_latin": f"Latin {word}", "email": f"{word}@example.org",
            "phone": f"+49 {word}", "organisation": f"Organisation {word}", "notes": f"Note {word}",
            "code": f"LEGACY-{word}", "external_id": f"ext-{word}", "attention": f"Attention {word}"}


PERSON = person()


@pytest.fixture
def door(event):
    event.ticket(capacity=1, waitlist=True)
    event.checkpoint()
    event.session("talk", booking="open", capacity=1)
    return event


def erase(event, made, **more):
    return event.call("person.erase", registration=made["registration"], **more)


def test_the_export_holds_registration_credentials_bookings_and_scans(door):
    made = door.registration(**PERSON)
    door.call("booking.create", session="talk", registration=made["registration"])
    first = door.scan(made["credential"])
    door.scan(made["credential"], force=True, why="Because of 70077")
    told = door.call("person.export", registration=made["registration"])
    assert told["registration"]["email"] == PERSON["email"]
    assert sorted(one["kind"] for one in told["credentials"]) == ["code", "ticket"]
    assert [(one["session"], one["status"]) for one in told["bookings"]] == [("talk", "confirmed")]
    assert [(one["verdict"], one["reason"], one["why"]) for one in told["scans"]] == [
        ("admitted", None, None), ("admitted", "already_admitted", "Because of 70077")]
    assert told["scans"][0]["scan"] == first["scan"]


def test_nothing_more_is_kept_of_who_was_erased(admin, daemon):
    event = Event(admin, fields=[{"field": "meal", "label": "Which meal?", "at_door": "ask"}])
    event.ticket()
    event.checkpoint()
    made = event.registration()
    erase(event, made)
    forced = event.scan(made["credential"], force=True, why=f"Because of {WORD}", answers={"meal": WORD})
    assert (forced["verdict"], forced["reason"]) == ("admitted", "erased")
    event.call("checkin.undo", checkpoint="door", registration=made["registration"], scan=forced["scan"], why=f"No, {WORD}")
    assert event.call("registration.get", registration=made["registration"])["fields"] in (None, {})
    assert traces(daemon.cluster, WORD) == []


def test_the_erased_are_nobody_and_still_count(door, daemon, second_daemon):
    key = new_uuid()
    made = door.registration(**person(WORD), request_key=key)
    waiting = door.registration()
    assert waiting["status"] == "waitlisted"
    door.call("booking.create", session="talk", registration=made["registration"])
    before = door.scan(made["credential"])
    door.scan(made["credential"], force=True, why=f"Because of {WORD}")
    erased = erase(door, made)
    assert erased["status"] == "erased"
    assert erase(door, made) == erased

    whole = door.call("registration.get", registration=made["registration"])
    kept = {"registration", "event", "ticket", "paid", "status", "created_at", "changed_at", "credentials", "version"}
    assert {name for name, value in whole.items() if value is not None} == kept
    for query in (WORD, f"Latin {WORD}", f"{WORD}@example.org", made["registration"]):
        assert door.call("registration.find", query=query)["registrations"] == []
    # Its place stays taken, and nobody moves up; the seat in the session is free again.
    assert door.call("registration.get", registration=waiting["registration"])["status"] == "waitlisted"
    assert door.call("booking.list", session="talk")["bookings"] == []
    # Repeats of what was answered say nothing of the person any more.
    again = door.client.call("registration.create", event=door.slug, ticket="standard", **person(WORD), request_key=key)
    assert (again["status"], again["replayed"]) == ("erased", True)
    scan = door.scan(made["credential"], nonce=before["nonce"])
    assert scan["replayed"] and scan["scan"] == before["scan"]
    assert scan["attendee"]["name"] is None and WORD not in str(scan)
    # The log is whole, and no word of the person stands in any table.
    assert "broken" not in door.call("checkin.verify")
    assert WORD not in str(door.call("person.export", registration=made["registration"]))
    assert traces(daemon.cluster, WORD) == []


def traces(cluster, word):
    """The tables in which a row says it."""
    tables = cluster.psql("SELECT table_name FROM information_schema.tables WHERE table_schema = 'usher' "
                          "AND table_type = 'BASE TABLE'")
    return [name for (name,) in tables
            if cluster.psql(f"SELECT count(*) FROM usher.{name} AS t WHERE t::text ILIKE '%{word}%'") != [["0"]]]


def test_the_door_says_erased_and_another_systems_code_is_unknown(door):
    made = door.registration(**PERSON)
    erase(door, made)
    answer = door.scan(made["credential"])
    assert (answer["verdict"], answer["reason"]) == ("refused", "erased")
    assert door.scan(PERSON["code"])["reason"] == "unknown_credential"
    # The code may be another's now.
    assert door.registration(code=PERSON["code"])["status"] == "waitlisted"


def test_who_waits_leaves_the_queue(door):
    first, second, third = (door.registration() for _ in range(3))
    erase(door, second)
    door.call("registration.cancel", registration=first["registration"])
    assert door.call("registration.get", registration=third["registration"])["status"] == "confirmed"


def test_only_an_admin_and_only_what_was_seen(door, daemon):
    made = door.registration()
    with daemon.client(door.token("organiser")) as organiser:
        for method in ("person.erase", "person.export"):
            error = organiser.fails("forbidden", method, event=door.slug, registration=made["registration"])
            assert error.data["needs"] == "admin"
    door.call("registration.update", registration=made["registration"], notes="seen by nobody")
    error = door.fails("stale", "person.erase", registration=made["registration"], if_version=1)
    assert error.data["version"] == 2
    assert door.fails("not_found", "person.erase", registration="NOBODY").data["what"] == "registration"


def test_the_erased_are_changed_by_nothing(door):
    made = door.registration()
    erase(door, made)
    for method, more in (("registration.update", {"notes": "x"}), ("registration.cancel", {}),
                         ("registration.transfer", {"to": {"name": "Attendee 00009"}}), ("registration.reissue", {})):
        assert door.fails("not_found", method, registration=made["registration"], **more).data["what"] == "registration"
