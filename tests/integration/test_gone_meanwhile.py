# SPDX-License-Identifier: Apache-2.0
"""Events that go, or go and come back under the same slug, while something of theirs is under way."""
import os
import signal

import pytest
from harness.client import RpcError
from harness.world import Event


class Held:
    """The server's process that answered that function last stands still meanwhile."""

    def __init__(self, cluster, function):
        asked = f"SELECT pid FROM pg_stat_activity WHERE usename = 'usherd_daemon' AND query LIKE '%usher.{function}(%'"
        (self.pid,), = cluster.psql(asked)

    def __enter__(self):
        os.kill(int(self.pid), signal.SIGSTOP)

    def __exit__(self, *_):
        os.kill(int(self.pid), signal.SIGCONT)


@pytest.fixture
def other(daemon):
    with daemon.admin() as client:
        yield client


def outcome(client, number):
    try:
        return client.wait(number)
    except RpcError as error:
        return error.kind


def make_anew(client, slug):
    return [client.send("event.put", event=slug, name="Again", timezone="UTC", starts_on="2025-10-25", ends_on="2025-10-26"),
            client.send("ticket.put", event=slug, ticket="standard", name="Standard")]


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("method, function", [("checkin.log", "scan_log"), ("person.export", "person_scans")])
def test_a_read_of_an_event_that_goes_meanwhile_finds_none(daemon, event, other, method, function, again):
    event.ticket()
    params = {"registration": event.registration()["registration"]} if method == "person.export" else {}
    event.call(method, **params)
    with Held(daemon.cluster, function):
        number = event.client.send(method, event=event.slug, **params)
        changes = [other.send("event.delete", event=event.slug, confirm=event.slug)]
        changes += make_anew(other, event.slug) if again else []
        for change in changes:
            other.wait(change)
    assert outcome(event.client, number) == "not_found"


def test_an_older_version_of_an_event_that_goes_meanwhile_is_not_found(daemon, event, other):
    for _ in range(2):
        event.call("schedule.publish")
    assert event.call("schedule.get", version=1)["version"] == 1
    with Held(daemon.cluster, "publication_body"):
        number = event.client.send("schedule.get", event=event.slug, version=1)
        other.call("event.delete", event=event.slug, confirm=event.slug)
    assert outcome(event.client, number) == "not_found"


def test_an_undo_at_an_event_that_goes_meanwhile_finds_none(daemon, event, other):
    """Nobody was let in, so that the event may go; what the log says of the person is asked all the same."""
    event.ticket()
    event.checkpoint()
    registration = event.registration()["registration"]
    undo = {"checkpoint": "door", "registration": registration, "why": "a mistake"}
    event.fails("not_found", "checkin.undo", **undo)
    with Held(daemon.cluster, "scan_moves"):
        number = event.client.send("checkin.undo", event=event.slug, **undo)
        other.call("event.delete", event=event.slug, confirm=event.slug)
    assert outcome(event.client, number) == "not_found"


def test_a_change_is_made_to_the_event_that_it_came_for_or_not_at_all(admin, other):
    rows = [{"ticket": "standard", "name": f"Attendee {n:05d}", "external_id": str(n)} for n in range(2000)]
    for _ in range(3):
        event = Event(admin)
        event.ticket()
        number = admin.send("registration.import", event=event.slug, rows=rows)
        changes = [other.send("event.delete", event=event.slug, confirm=event.slug), *make_anew(other, event.slug)]
        for change in changes:
            other.wait(change)
        result = outcome(admin, number)  # before the deletion, in between, or of the new one, but no mixture
        assert result == "not_found" or result["created"] == len(rows)
        assert admin.call("checkin.stats", event=event.slug)["registered"] in (0, len(rows))
