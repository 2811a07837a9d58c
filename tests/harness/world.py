# SPDX-License-Identifier: Apache-2.0
"""Builders: an event of a test's own, with what the test names."""
import itertools
import uuid

NUMBERS = itertools.count(1)


class Event:
    """An event of its own for each test, made as admin; `client` is that admin's connection."""

    def __init__(self, client, slug=None, **more):
        self.client = client
        self.slug = slug or f"event-{uuid.uuid4().hex[:10]}"
        params = {"name": f"Event {self.slug}", "timezone": "Asia/Shanghai", "starts_on": "2025-10-25",
                  "ends_on": "2025-10-26", **more}
        self.object = client.call("event.put", event=self.slug, **params)

    def call(self, method, **params):
        return self.client.call(method, event=self.slug, **params)

    def fails(self, kind, method, /, **params):
        return self.client.fails(kind, method, event=self.slug, **params)

    def room(self, room="hall", **more):
        return self.call("room.put", room=room, **{"name": room.title(), **more})

    def session(self, session="talk", **more):
        return self.call("session.put", session=session, **{"title": session.title(), "kind": "talk", "minutes": 30, **more})

    def ticket(self, ticket="standard", **more):
        return self.call("ticket.put", ticket=ticket, **{"name": ticket.title(), **more})

    def checkpoint(self, checkpoint="door", **more):
        return self.call("checkpoint.put", checkpoint=checkpoint, **{"name": checkpoint.title(), "mode": "once", **more})

    def registration(self, ticket="standard", **more):
        return self.call("registration.create", ticket=ticket, **{"name": f"Attendee {next(NUMBERS):05d}", **more})

    def token(self, role, **more):
        """A new token's secret."""
        return self.client.call("token.create", role=role, label=f"{role} of a test", **more)["token"]

    def scan(self, credential, checkpoint="door", client=None, **more):
        return (client or self.client).call("checkin.scan", event=self.slug, checkpoint=checkpoint,
                                            credential=credential, **{"nonce": new_uuid(), **more})

    def place(self, session="talk", room="hall", start="2025-10-25T10:00:00+08:00", **more):
        return self.call("schedule.place", session=session, room=room, start=start, **more)


def new_uuid():
    return str(uuid.uuid4())
