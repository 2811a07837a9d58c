# SPDX-License-Identifier: Apache-2.0
"""Many registrations at once: registration.import, and registration.export, which it reads back (section 7)."""
import csv
import io
import json
import subprocess

import pytest
from harness import place
from harness.world import new_uuid


def row(number, **more):
    return {"ticket": "standard", "name": f"Attendee {number:05d}", "email": f"attendee-{number:05d}@example.org", **more}


def people(count, **more):
    return [row(number, **more) for number in range(1, count + 1)]


def take(event, rows, **more):
    """Imports; the counts have to be those of the rows."""
    answer = event.call("registration.import", rows=rows, **more)
    results = [one["result"] for one in answer["rows"]]
    assert len(results) == len(rows)
    for word in ("created", "updated", "unchanged", "refused"):
        assert answer[word] == results.count(word), answer
    return answer


def counts(answer):
    return {word: answer[word] for word in ("created", "updated", "unchanged", "refused") if answer[word]}


def whole(event, registration):
    return event.call("registration.get", registration=registration)




def export(event, form="csv", **more):
    """All pages, put together."""
    pages, cursor = [], None
    while True:
        page = event.call("registration.export", format=form, **({"cursor": cursor} if cursor else {}), **more)
        pages.append(page["body"])
        cursor = page["next"]
        if not cursor:
            return "".join(pages)


def export_json(event, **more):
    return json.loads(export(event, "json", **more))


def cells(body):
    return list(csv.DictReader(io.StringIO(body, newline="")))


# ---- what becomes of rows ----

def test_rows_are_registered_in_their_order(event):
    event.ticket()
    answer = take(event, people(600, fields={"city": "上海"}, organisation="Example"))
    assert counts(answer) == {"created": 600}
    one = whole(event, answer["rows"][41]["registration"])
    assert one["name"] == "Attendee 00042" and one["fields"] == {"city": "上海"} and one["status"] == "confirmed"
    assert one["paid"] is True and one["version"] == 1 and [c["kind"] for c in one["credentials"]] == ["ticket"]
    assert [one["name"] for one in export_json(event)] == [f"Attendee {n:05d}" for n in range(1, 601)]


def test_the_same_rows_again_change_nothing(event):
    event.ticket()
    rows = people(300, external_id=None) + [{"ticket": "standard", "name": "Attendee 00301", "external_id": "x-301"}]
    first = take(event, rows)
    before = export(event)
    again = take(event, rows)
    shuffled = take(event, rows[::-1])
    assert counts(again) == counts(shuffled) == {"unchanged": 301}
    assert [one["registration"] for one in again["rows"]] == [one["registration"] for one in first["rows"]]
    assert export(event) == before


def test_it_is_matched_by_external_id_before_email_and_name(event):
    event.ticket()
    first, second = take(event, [row(1, external_id="a"), row(2, external_id="b")])["rows"]
    answer = take(event, [{**row(2), "external_id": "a", "title": "Director"}])
    assert answer["rows"] == [{"result": "updated", "registration": first["registration"]}]
    one = whole(event, first["registration"])
    assert one["name"] == "Attendee 00002" and one["title"] == "Director" and one["version"] == 2
    assert whole(event, second["registration"])["version"] == 1


def test_it_is_matched_by_email_and_name_together(event):
    event.ticket()
    first = take(event, [row(1)])["rows"][0]["registration"]
    answer = take(event, [row(1, phone="+86 21 0000 0042"), row(1, name="Attendee 00009"), row(1, email="other@example.org")])
    assert [one["result"] for one in answer["rows"]] == ["updated", "created", "created"]
    assert answer["rows"][0]["registration"] == first


def test_an_external_id_is_given_to_whoever_is_found_without_one(event):
    event.ticket()
    first = take(event, [row(1)])["rows"][0]["registration"]
    assert take(event, [row(1, external_id="a")])["rows"] == [{"result": "updated", "registration": first}]
    answer = take(event, [row(1, external_id="b"), row(1, external_id="a")])
    assert [one["result"] for one in answer["rows"]] == ["created", "unchanged"]


def test_without_either_everybody_is_somebody_else(event):
    event.ticket()
    rows = [{"ticket": "standard", "name": "Attendee 00001"}] * 2
    assert counts(take(event, rows)) == {"created": 2}
    assert counts(take(event, rows)) == {"created": 2}


def test_what_a_row_does_not_say_stays(event):
    event.ticket()
    take(event, [row(1, notes="vegetarian", organisation="Example", paid=False, fields={"city": "上海", "size": "M"})])
    answer = take(event, [row(1, organisation=None, fields={"size": "L"})])
    one = whole(event, answer["rows"][0]["registration"])
    assert answer["updated"] == 1
    assert one["notes"] == "vegetarian" and one["organisation"] == "Example" and one["paid"] is False
    assert one["fields"] == {"city": "上海", "size": "L"}


def test_one_person_twice_in_an_import_is_one_registration(event):
    event.ticket()
    answer = take(event, [row(1, code="K-1"), row(1, title="Director"), row(1, title="Professor", external_id="a"),
                          row(2, external_id="a")])
    assert [one["result"] for one in answer["rows"]] == ["created", "updated", "updated", "updated"]
    assert len({one["registration"] for one in answer["rows"]}) == 1
    one = whole(event, answer["rows"][0]["registration"])
    assert (one["name"], one["title"], one["external_id"], one["code"], one["version"]) == \
        ("Attendee 00002", "Professor", "a", "K-1", 1)


def test_a_row_that_is_changed_twice_grows_by_one_version(event):
    event.ticket()
    code = take(event, [row(1)])["rows"][0]["registration"]
    take(event, [row(1, title="Director"), row(1, title="Professor")])
    assert whole(event, code)["version"] == 2 and whole(event, code)["title"] == "Professor"


def test_whoever_was_cancelled_stays_so(event):
    event.ticket()
    code = take(event, [row(1)])["rows"][0]["registration"]
    event.call("registration.cancel", registration=code)
    assert counts(take(event, [row(1)])) == {"unchanged": 1}
    assert counts(take(event, [row(1, title="Director")])) == {"updated": 1}
    assert whole(event, code)["status"] == "cancelled"


# ---- refusals ----

def test_a_refused_row_stops_no_other(event):
    event.ticket()
    take(event, [row(1, code="TAKEN 1")])
    rows = [
        row(2),
        row(3, ticket="none"),
        row(4, nmae="x"),
        {"ticket": "standard"},
        row(6, name=7),
        row(7, country="China"),
        row(8, fields={"city": 5}),
        row(9, code="taken1"),
        row(10, code="  "),
        row(11, paid="yes"),
        row(12, fields={"a/b": [], "c": "d"}),
        "Attendee 00013",
        row(14, ticket="No Slug"),
        row(15),
    ]
    answer = take(event, rows)
    assert counts(answer) == {"created": 2, "refused": 12}
    paths = [one.get("path") for one in answer["rows"]]
    assert paths == [None, "/ticket", "/nmae", "/name", "/name", "/country", "/fields/city", "/code", "/code", "/paid",
                     "/fields/a~1b", "", "/ticket", None]
    assert all(one["why"] and "registration" not in one for one in answer["rows"] if one["result"] == "refused")
    assert {one["name"] for one in export_json(event)} == {f"Attendee {n:05d}" for n in (1, 2, 15)}


def test_a_code_is_good_once_in_an_import(event):
    event.ticket()
    answer = take(event, [row(1, code="a b"), row(2, code="AB"), row(3, code="ab c")])
    assert [one["result"] for one in answer["rows"]] == ["created", "refused", "created"]
    assert answer["rows"][1]["path"] == "/code"
    assert whole(event, answer["rows"][2]["registration"])["code"] == "ABC"


def test_what_is_no_array_is_refused_as_a_whole(event):
    for rows in (None, {}, "rows", 5):
        assert event.fails("invalid_params", "registration.import", rows=rows).data["path"] == "/rows"
    assert counts(take(event, [])) == {}


def test_the_desk_may_import_and_the_door_may_not(event, daemon):
    event.ticket()
    with daemon.client(event.token("desk")) as desk, daemon.client(event.token("door")) as door:
        assert desk.call("registration.import", event=event.slug, rows=[row(1)])["created"] == 1
        door.fails("forbidden", "registration.import", event=event.slug, rows=[row(1)])
        desk.fails("forbidden", "registration.export", event=event.slug, format="csv")


# ---- places ----

def test_a_full_ticket_refuses_and_a_waiting_list_takes(event):
    event.ticket("few", capacity=2)
    event.ticket("queue", capacity=1, waitlist=True)
    answer = take(event, [row(n, ticket="few") for n in range(1, 5)] + [row(n, ticket="queue") for n in range(5, 8)])
    assert [one["result"] for one in answer["rows"]] == ["created"] * 2 + ["refused"] * 2 + ["created"] * 3
    assert answer["rows"][2]["path"] == "/ticket"
    codes = [one["registration"] for one in answer["rows"][4:]]
    assert [whole(event, code)["status"] for code in codes] == ["confirmed", "waitlisted", "waitlisted"]
    event.call("registration.cancel", registration=codes[0])
    assert [whole(event, code)["status"] for code in codes] == ["cancelled", "confirmed", "waitlisted"]
    event.fails("full", "registration.create", ticket="few", name="Attendee 00099")


def test_places_left_in_an_import_go_to_those_who_wait(event):
    event.ticket("queue", capacity=2, waitlist=True)
    event.ticket("other")
    codes = [one["registration"] for one in take(event, [row(n, ticket="queue") for n in range(1, 6)])["rows"]]
    answer = take(event, [row(1, ticket="other"), row(3, ticket="other"), row(6, ticket="queue")])
    assert counts(answer) == {"created": 1, "updated": 2}
    assert [whole(event, code)["status"] for code in codes] == \
        ["confirmed", "confirmed", "confirmed", "confirmed", "waitlisted"]
    assert whole(event, answer["rows"][2]["registration"])["status"] == "waitlisted"
    event.call("registration.cancel", registration=codes[1])
    assert whole(event, codes[4])["status"] == "confirmed"


def test_who_waits_for_another_ticket_waits_at_the_end(event):
    event.ticket("first", capacity=1, waitlist=True)
    event.ticket("second", capacity=1, waitlist=True)
    codes = [one["registration"] for one in take(event, [row(1, ticket="first"), row(2, ticket="first"),
                                                         row(3, ticket="second"), row(4, ticket="second")])["rows"]]
    take(event, [row(2, ticket="second")])
    event.call("registration.cancel", registration=codes[2])
    assert [whole(event, code)["status"] for code in (codes[3], codes[1])] == ["confirmed", "waitlisted"]


def test_a_move_into_a_full_ticket_is_refused(event):
    event.ticket()
    event.ticket("few", capacity=1)
    take(event, [row(1, ticket="few"), row(2)])
    answer = take(event, [row(2, ticket="few", title="Director")])
    assert counts(answer) == {"refused": 1} and answer["rows"][0]["path"] == "/ticket"


# ---- dry runs, keys ----

def test_a_dry_run_says_what_would_be_and_does_nothing(event):
    event.ticket(capacity=3)
    first = take(event, [row(1)])["rows"][0]["registration"]
    rows = [row(1, title="Director"), row(2), row(3, ticket="none"), row(4), row(5)]
    before = export(event)
    tried = take(event, rows, dry_run=True)
    assert export(event) == before
    assert tried["rows"][0]["registration"] == first and "registration" not in tried["rows"][1]
    done = take(event, rows)
    assert [one["result"] for one in tried["rows"]] == [one["result"] for one in done["rows"]] == \
        ["updated", "created", "refused", "created", "refused"]


def test_a_request_key_gives_the_first_result(event):
    event.ticket()
    key = new_uuid()
    rows = [{"ticket": "standard", "name": "Attendee 00001"}, row(2), row(3, ticket="none")]
    first = take(event, rows, request_key=key)
    again = take(event, rows, request_key=key)
    assert again.pop("replayed") is True and again == first
    assert len(export_json(event)) == 2
    assert event.fails("exists", "registration.import", rows=rows[:1], request_key=key).data["id"] == key
    event.fails("invalid_params", "registration.import", rows=rows, request_key=new_uuid(), dry_run=True)
    unchanged = new_uuid()
    assert counts(take(event, rows[1:2], request_key=unchanged)) == {"unchanged": 1}
    assert take(event, rows[1:2], request_key=unchanged)["replayed"] is True


def test_imports_beside_each_other_make_nobody_twice(event, daemon, second_daemon):
    event.ticket("standard", capacity=500, waitlist=True)
    other = second_daemon()
    clients = [daemon.admin(), daemon.admin(), other.admin(), other.admin()]
    params = {"event": event.slug, "rows": people(400, external_id=None)}
    rows = [[{**one, "external_id": f"x-{n}"} for n, one in enumerate(params["rows"])] for _ in clients]
    numbers = [client.send("registration.import", event=event.slug, rows=part) for client, part in zip(clients, rows)]
    answers = [client.wait(number) for client, number in zip(clients, numbers)]
    assert sorted(answer["created"] for answer in answers) == [0, 0, 0, 400]
    assert len(export_json(event)) == 400


def test_a_prepared_credential_opens_the_door(event):
    event.ticket("day", valid_from="2025-10-25T00:00:00+08:00", valid_to="2026-10-26T00:00:00+08:00")
    code = take(event, [row(1, ticket="day")])["rows"][0]["registration"]
    again = event.call("registration.reissue", registration=code)
    assert again["credential"].startswith("U") and len(again["credential"]) == 154
    assert [c["kind"] for c in whole(event, code)["credentials"]] == ["ticket"]


# ---- export ----

AWKWARD = ["=SUM(A1)", "+86 21", "-1", "@home", " =x", "'quoted", "'=x", "\t=tab", "a,b;c", 'say "hi"', "two\nlines",
           "two\r\nlines", "单田芳", " blanks ", "é́", "＝wide"]


def test_an_export_is_read_back_unchanged(event):
    event.ticket()
    rows = [row(n, organisation=text, notes=text, title=text, fields={"x": text, "名": text}, code=f"C-{n}", external_id=text,
                blocked=text if n % 2 else None, paid=n % 3 == 0)
            for n, text in enumerate(AWKWARD, 1)]
    assert counts(take(event, rows)) == {"created": len(AWKWARD)}
    exported = export_json(event)
    names = ("ticket", "name", "email", "organisation", "notes", "title", "fields", "external_id", "blocked", "paid")
    again = [{name: one[name] for name in names} for one in exported]
    assert counts(take(event, again)) == {"unchanged": len(AWKWARD)}
    assert [one["organisation"] for one in exported] == AWKWARD


def test_no_exported_cell_is_a_formula(event):
    event.ticket()
    take(event, [row(n, name=text, title=text, fields={text: text}) for n, text in enumerate(AWKWARD, 1)])
    body = export(event)
    for line in csv.reader(io.StringIO(body, newline="")):
        for cell in line:
            assert not cell.lstrip(" \t\r\n").startswith(("=", "+", "-", "@", "＝")), cell
    found = cells(body)
    assert [one["email"] for one in found] == [f"attendee-{n:05d}@example.org" for n in range(1, len(AWKWARD) + 1)]
    assert found[0]["name"] == "'=SUM(A1)" and found[12]["name"] == "单田芳"


@pytest.mark.parametrize("limit", [1, 7, 1000])
def test_pages_put_together_are_one_file(event, limit):
    event.ticket()
    take(event, people(20, fields={"city": "上海"}))
    body = export(event, limit=limit)
    assert body == export(event)
    lines = body.split("\r\n")
    assert lines[0].split(",")[:4] == ["registration", "status", "ticket", "name"] and lines[0].endswith("fields.city")
    assert len(lines) == 22 and lines[-1] == ""
    assert json.loads(export(event, "json", limit=limit)) == export_json(event)


def test_an_empty_event_exports_its_names_alone(event):
    assert export(event).count("\r\n") == 1
    assert export_json(event) == []


def test_fields_of_the_event_and_of_its_people_are_columns(admin, event):
    event.ticket()
    take(event, [row(1, fields={"zeta": "1"}), row(2, fields={"alpha": "2"})])
    found = cells(export(event, limit=1))
    assert (found[0]["fields.zeta"], found[0]["fields.alpha"]) == ("1", "")
    assert (found[1]["fields.zeta"], found[1]["fields.alpha"]) == ("", "2")


def test_the_exports_form_is_said(event):
    assert event.call("registration.export", format="csv")["content_type"] == "text/csv; charset=utf-8; header=present"
    assert event.call("registration.export", format="json")["content_type"] == "application/json"
    event.fails("invalid_params", "registration.export", format="xml")
    event.fails("invalid_params", "registration.export", format="csv", cursor="nonsense")


# ---- usher import registrations ----

@pytest.fixture
def usher(daemon, programs, event):
    """usher(*words, file=bytes): the command line on this event with an organiser's token; its output as (status, summary, said)."""
    token = event.token("organiser")
    directory = place.make_directory()
    path = directory / "people.csv"

    def run(*words, file):
        path.write_bytes(file)
        done = subprocess.run([programs / "usher", "-s", daemon.tcp, "-t", token, "-e", event.slug, "-o", "json", "import",
                               "registrations", *words, path], capture_output=True, text=True, timeout=60)
        said = [line.replace(str(path), "FILE") for line in done.stderr.splitlines()]
        return done.returncode, json.loads(done.stdout) if done.stdout else None, said

    yield run
    path.unlink()
    directory.rmdir()


def test_usher_imports_a_file_twice(event, usher):
    event.ticket()
    lines = ["email,name,ticket,fields.city,registration"]
    lines += [f"attendee-{n:05d}@example.org,Attendee {n:05d},standard,上海,ignored" for n in range(1, 1203)]
    for bom in (b"", b"\xef\xbb\xbf"):
        for end in ("\n", "\r\n"):
            status, summary, said = usher(file=bom + end.join(lines).encode())
            assert (status, summary["rows"], [line for line in said if "FILE" in line]) == (0, 1202, [])
    assert summary["unchanged"] == 1202
    exported = export_json(event)
    assert len(exported) == 1202 and {one["fields"]["city"] for one in exported} == {"上海"}
    assert [one["name"] for one in exported] == [f"Attendee {n:05d}" for n in range(1, 1203)]


def test_usher_names_the_line_and_the_reason_of_a_refused_row(event, usher):
    event.ticket()
    file = ('name,ticket,notes,email\n'
            'Attendee 00001,standard,"two\nlines, and ""more""",a1@example.org\n'
            'Attendee 00002,none,,a2@example.org\n'
            'Attendee 00003,standard,too,many,cells\n'
            'Attendee 00004,standard,,a4@example.org\n').encode()
    status, summary, said = usher(file=file)
    assert status == 1
    assert (summary["created"], summary["refused"]) == (2, 2)
    assert any(line.startswith("usher: FILE:4: ticket: ") for line in said), said
    assert any(line.startswith("usher: FILE:5: ") for line in said), said
    assert export_json(event)[0]["notes"] == 'two\nlines, and "more"'


def test_usher_tries_a_file_and_keeps_nothing(event, usher):
    event.ticket()
    status, summary, _ = usher("--dry-run", file=b"name,ticket\nAttendee 00001,standard\n")
    assert (status, summary["created"], summary["dry_run"]) == (0, 1, True)
    assert export_json(event) == []


def test_usher_refuses_an_unknown_column(event, usher):
    event.ticket()
    status, _, said = usher(file=b"name,ticket,shoe\nAttendee 00001,standard,42\n")
    assert status == 1 and any("shoe" in line for line in said)
    assert export_json(event) == []


def test_usher_reads_an_export_back_unchanged(event, usher):
    event.ticket()
    rows = [row(n, organisation=text, notes=text, fields={"x": text, "名": text}, code=f"C-{n}", external_id=text)
            for n, text in enumerate(AWKWARD, 1)]
    assert counts(take(event, rows)) == {"created": len(AWKWARD)}
    body = export(event)
    status, summary, said = usher(file=body.encode())
    assert (status, summary["unchanged"], said) == (0, len(AWKWARD), [])
    assert export(event) == body
