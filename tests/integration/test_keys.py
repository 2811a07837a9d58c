# SPDX-License-Identifier: Apache-2.0
"""Signing keys: rotated, while what older ones signed stays good."""
from harness.world import Event


def keys(event):
    return event.call("key.list")["keys"]


def test_a_new_key_signs_and_the_older_ones_stay(event):
    event.ticket()
    (first,) = keys(event)
    before = event.registration()
    made = event.call("key.rotate")
    after = event.registration()
    assert keys(event) == [first, made]
    assert (first["key"], made["key"]) == (1, 2) and first["public_key"] != made["public_key"]
    for one in (before, after):
        held = event.call("registration.get", registration=one["registration"])["credentials"]
        assert [each["kind"] for each in held] == ["ticket"]
    # What was signed before can still be made again: a repeat of its answer says the same.
    assert before["credential"] != after["credential"]


def test_a_child_signs_with_its_parents_key(event, admin):
    child = Event(admin, parent=event.slug)
    assert keys(child) == keys(event)
    child.call("key.rotate")
    assert [one["key"] for one in keys(event)] == [1, 2] and keys(child) == keys(event)


def test_only_an_admin_rotates_and_no_private_half_is_shown(event, daemon):
    with daemon.client(event.token("organiser")) as organiser:
        assert organiser.fails("forbidden", "key.rotate", event=event.slug).data["needs"] == "admin"
        assert all(set(one) == {"key", "public_key", "created_at", "version"} for one in
                   organiser.call("key.list", event=event.slug)["keys"])
