# SPDX-License-Identifier: Apache-2.0
"""Cursors that are none of ours, or were once: refused, or a page, never our fault."""
import pytest
from harness.client import RpcError

SCAN = "A" * 32


@pytest.mark.parametrize("cursor", [
    f"-9223372036854775808.{SCAN}", f"9223372036854775807.{SCAN}", f"999999999999999999.{SCAN}", f"-99999999999999999.{SCAN}",
    f".{SCAN}", f"0.{SCAN}A", "0.", "0"])
def test_a_log_is_not_read_from_a_place_that_cannot_be(event, cursor):
    assert event.fails("invalid_params", "checkin.log", cursor=cursor).data["path"] == "/cursor"


@pytest.mark.parametrize("cursor", ["0/A/[1]", "0/A/[[\"a\"]]", "0/A/[null]", "0/A/{}", "0/A", "0/A/" + "[" * 500])
def test_an_export_does_not_go_on_with_what_are_no_columns(event, cursor):
    assert event.fails("invalid_params", "registration.export", format="csv", cursor=cursor).data["path"] == "/cursor"


def test_a_cursor_of_one_list_is_none_of_another(event):
    event.ticket()
    for _ in range(3):
        event.registration()
    lists = {"registration.list": {}, "registration.find": {"query": "attendee"}, "registration.export": {"format": "csv"}}
    cursors = [event.call(method, limit=1, **params)["next"] for method, params in lists.items()]
    for method, params in {**lists, "room.list": {}, "booking.list": {}, "checkin.log": {}}.items():
        for cursor in cursors:
            try:
                event.call(method, cursor=cursor, **params)
            except RpcError as error:
                assert error.kind == "invalid_params", error
