# SPDX-License-Identifier: Apache-2.0
"""What a daemon holds of an event in memory, as its lists tell."""
from harness.daemon import wait_until

LISTS = {"room.list": "rooms", "track.list": "tracks", "speaker.list": "speakers", "session.list": "sessions",
         "ticket.list": "tickets", "checkpoint.list": "checkpoints", "registration.list": "registrations"}


def memory(client, slug):
    held = {}
    for method, plural in LISTS.items():
        held[plural], cursor = [], None
        while True:
            page = client.call(method, event=slug, limit=1000, **({"cursor": cursor} if cursor else {}))
            held[plural] += page[plural]
            cursor = page["next"]
            if not cursor:
                break
        held[plural].sort(key=lambda row: row[plural[:-1]])
    held["draft"] = client.call("schedule.get", event=slug, version="draft")
    return held


def same_memory(one, other, slug, seconds=15):
    """Waits until both daemons hold the same; returns it."""
    with one.admin() as first, other.admin() as second:
        wait_until(lambda: memory(first, slug) == memory(second, slug), seconds, "the same memory at both daemons")
        return memory(first, slug)
