# SPDX-License-Identifier: Apache-2.0
"""Times at the ends of what can be written: refused where they are asked for, never our fault."""
import pytest
from harness.world import new_uuid

TOO_FAR = ["0001-01-01T00:00:00+23:59", "0001-12-31T23:59:59Z", "9999-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59"]
FAR = ["0002-01-01T00:00:00+23:59", "9998-12-31T23:59:59-23:59"]


@pytest.mark.parametrize("at", TOO_FAR)
def test_times_that_some_zone_could_not_write_are_refused(event, at):
    event.session()
    event.room()
    assert event.fails("invalid_params", "checkin.log", since=at).data["path"] == "/since"
    assert event.fails("invalid_params", "schedule.place", session="talk", room="hall", start=at).data["path"] == "/start"


def test_dates_that_some_zone_could_not_write_are_refused(event):
    for starts_on, ends_on, path in (("0001-12-31", "0002-01-01", "/starts_on"), ("9998-12-31", "9999-01-01", "/ends_on")):
        error = event.fails("invalid_params", "event.put", name="Far", timezone="UTC", starts_on=starts_on, ends_on=ends_on)
        assert error.data["path"] == path


@pytest.mark.parametrize("start", FAR)
@pytest.mark.parametrize("zone", ["Pacific/Apia", "America/Los_Angeles"])
def test_what_may_be_asked_for_can_be_kept_and_told(admin, event, start, zone):
    admin.call("event.put", event=event.slug, name="Far", timezone=zone, starts_on="2025-10-25", ends_on="2025-10-26",
               rules={"outside_event": "ignore"})
    event.session(minutes=10080)
    event.room()
    assert event.place(start=start)["placed"]
    placed = event.call("schedule.get", version="draft")["sessions"][0]
    assert placed["start"][:4] in ("0001", "0002", "9998", "9999") and placed["end"][:4] in ("0002", "9999")
    assert event.call("checkin.log", since=start)["scans"] == []


@pytest.mark.parametrize("name", ["valid_from", "valid_to"])
@pytest.mark.parametrize("at", ["1970-01-01T00:00:00Z", "2106-02-07T06:28:15Z", "9998-01-01T00:00:00Z"])
def test_a_ticket_is_not_valid_at_times_that_no_credential_can_tell(event, name, at):
    error = event.fails("invalid_params", "ticket.put", ticket="far", name="Far", **{name: at})
    assert error.data["path"] == f"/{name}"


def test_a_ticket_of_the_farthest_validity_lets_in(event):
    event.ticket(valid_from="1970-01-01T00:00:01Z", valid_to="2106-02-07T06:28:14Z")
    event.checkpoint()
    made = event.registration()
    assert event.scan(made["credential"], nonce=new_uuid())["verdict"] == "admitted"
    rows = [{"ticket": "standard", "name": "Attendee 00001"}]
    assert event.call("registration.import", rows=rows)["created"] == 1
