# SPDX-License-Identifier: Apache-2.0
"""
Of many scans together registrations are not compared one by one, where the daemon has read the feed so far that none
can have changed unseen. That has to be so: memory may not lack what it seems to have read.
"""
import signal

from conftest import PATIENT
from harness.client import RpcError
from harness.daemon import wait_until
from harness.world import Event, new_uuid


def scan_all(client, event, people, checkpoint="door", nonces=()):
    """Their requests' numbers, all sent at once; `nonces`: of the first."""
    nonces = [*nonces, *(new_uuid() for _ in people[len(nonces):])]
    return client.send_many([("checkin.scan", {"event": event.slug, "checkpoint": checkpoint, "registration": one, "nonce": nonce})
                             for one, nonce in zip(people, nonces, strict=True)])


def reason(client, number):
    """Why that one was refused; None: he was admitted."""
    try:
        return client.wait(number)["reason"]
    except RpcError as error:
        assert error.kind == "unavailable" and error.data["done"] is False, error
        return "unavailable"


def registrations(client, event):
    try:
        return client.call("registration.list", event=event.slug, limit=1000)["registrations"]
    except RpcError as error:
        assert error.kind == "not_found", error  # it has not heard of the event yet
        return []


def crowd(event):
    """A door, 120 people for it, and every tenth of them."""
    event.ticket()
    event.checkpoint()
    people = [event.registration()["registration"] for _ in range(120)]
    return people, people[5::10]


def test_what_is_only_being_read_anew_is_not_known(proxy, behind, event):
    """Where the feed stands is read first, and the rows then."""
    people, gone = crowd(event)
    daemon = behind(PATIENT)
    with daemon.admin() as client, daemon.admin() as other:
        wait_until(lambda: len(registrations(client, event)) == len(people), what="everybody")
        proxy.freeze_feed()
        for one in gone:
            event.call("registration.cancel", registration=one)
        proxy.hold_at(b"usher.load_registration")
        daemon.signal(signal.SIGHUP)
        proxy.wait_for_held()
        assert {row["status"] for row in registrations(client, event)} == {"confirmed"}
        numbers = dict(zip(people, scan_all(client, event, people), strict=True))
        other.call("server.ping")
        proxy.let_go()
        wait_until(lambda: [row["status"] for row in registrations(other, event)].count("cancelled") == len(gone), 40, "their rows")
        proxy.cut(lambda link: link.feed)
        reasons = {one: reason(client, number) for one, number in numbers.items()}
    # Where the machine stalls it has been tried three times before the feed is back.
    in_vain = {"unavailable"} & set(reasons.values())
    assert {reasons[one] for one in gone} <= {"cancelled"} | in_vain
    assert {reasons[one] for one in people if one not in gone} <= {None} | in_vain


def test_what_could_not_be_read_is_not_known(make_daemon, second_daemon):
    daemon = make_daemon().start()
    with daemon.admin() as admin:
        event = Event(admin)
        people, gone = crowd(event)
        other = second_daemon(first=daemon)
        with other.admin() as client:
            wait_until(lambda: len(registrations(client, event)) == len(people), what="everybody")
            daemon.cluster.psql("""
                ALTER FUNCTION usher.changed_registration RENAME TO changed_registration_whole;
                CREATE FUNCTION usher.changed_registration(uuid, uuid[], bigint[]) RETURNS SETOF usher.registration LANGUAGE sql AS $$
                        SELECT (jsonb_populate_record(t, '{"version": null}')).*
                        FROM usher.changed_registration_whole($1, $2, $3) AS t
                $$""")
            for one in gone:
                event.call("registration.cancel", registration=one)
            unread = "a row of registration cannot be read"
            wait_until(lambda: other.log_text().count(unread) == len(gone), what="as many rows that cannot be read")
            assert {row["status"] for row in registrations(client, event)} == {"confirmed"}
            numbers = dict(zip(people, scan_all(client, event, people), strict=True))
            reasons = {one: reason(client, number) for one, number in numbers.items()}
    assert {reasons[one] for one in gone} == {"unavailable"}


def test_what_an_import_has_recorded_is_not_known_before_memory_has_all_of_it(proxy, behind, event):
    """It is taken into memory piece by piece, and scans are decided between them."""
    count = 2000
    event.ticket()
    event.ticket("other")
    event.checkpoint(tickets=["standard"])
    daemon = behind(PATIENT)

    def rows(ticket):
        return [{"external_id": str(n), "name": f"Attendee {n:05d}", "ticket": ticket} for n in range(count)]

    with daemon.admin() as client, daemon.admin() as other:
        wait_until(lambda: len(client.call("ticket.list", event=event.slug)["tickets"]) == 2, what="the tickets")
        made = client.call("registration.import", event=event.slug, rows=rows("standard"), deadline_ms=60000)
        people = [row["registration"] for row in made["rows"][-128:]]
        assert made["created"] == count
        proxy.mode("hold")
        seen = proxy.syncs_seen
        number = client.send("registration.import", event=event.slug, rows=rows("other"), deadline_ms=60000)
        proxy.wait_for_sync(seen)
        with daemon.standstill():  # so that it finds both at once: that it is recorded, and the scans
            passed = proxy.syncs_passed
            proxy.mode("pass")
            wait_until(lambda: proxy.syncs_passed > passed, what="that the import is recorded")
            scans = scan_all(other, event, people)
        assert {reason(other, one) for one in scans} == {"ticket_not_valid_here"}
        assert client.wait(number)["updated"] == count


def test_who_came_at_another_daemon_unseen_is_not_sent_away_as_unknown(proxy, behind, event):
    """Where nothing has come for a while that is taken for so, and the database judges it when the refusal is recorded."""
    event.ticket()
    event.checkpoint()
    people = [event.registration()["registration"] for _ in range(30)]
    daemon = behind(PATIENT)
    door = {"event": event.slug, "checkpoint": "door"}

    def is_unknown():
        try:
            return client.call("checkin.scan", door, credential="NOBODY", nonce=new_uuid(), deadline_ms=500)["reason"] == "unknown_credential"
        except RpcError as error:
            assert error.kind in ("unavailable", "deadline"), error  # looked for in the feed, and that does not answer
            return False

    with daemon.admin() as client:
        wait_until(lambda: len(registrations(client, event)) == len(people), what="everybody")
        proxy.freeze_feed()
        wait_until(is_unknown, what="a while without news")
        guest = event.registration()["credential"]
        number = client.send("checkin.scan", door, credential=guest, nonce=new_uuid())
        others = scan_all(client, event, people)
        client.call("server.ping")
        proxy.cut(lambda link: link.feed)
        assert client.wait(number)["verdict"] == "admitted"
        assert {reason(client, one) for one in others} == {None}


def test_who_is_looked_for_at_other_daemons_comes_and_goes_in_order(proxy, behind, event):
    """While others have just been at it each waits for the feed by itself, before a batch is formed."""
    event.ticket()
    event.checkpoint("hall", mode="reentry")
    daemon = behind(PATIENT)
    door = {"event": event.slug, "checkpoint": "hall"}
    with daemon.admin() as client:
        wait_until(lambda: len(registrations(client, event)) == 0 and event.registration(), what="the event")
        wait_until(lambda: registrations(client, event), what="news")
        proxy.freeze_feed()
        guests = [event.registration()["credential"] for _ in range(8)]
        numbers = client.send_many([("checkin.scan", {**door, "credential": guest, "nonce": new_uuid(), "direction": direction})
                                    for guest in guests for direction in ("in", "out")])
        client.call("server.ping")
        proxy.cut(lambda link: link.feed)
        assert [client.wait(number)["verdict"] for number in numbers] == ["admitted", "left"] * len(guests)
