# SPDX-License-Identifier: Apache-2.0
"""docs/protocol.md says what the daemon says, and its tables are those that every reply of the suite is held to."""
import re
import sys

from harness import place
from harness.client import CODES, ERROR_DATA

sys.path.insert(0, str(place.TOP / "tests" / "docs"))
import protocol  # noqa: E402

DOCUMENT = (place.TOP / "docs" / "protocol.md").read_text(encoding="utf-8")


def section(number):
    return re.search(rf"^## {number}\. .*?(?=^## |\Z)", DOCUMENT, re.MULTILINE | re.DOTALL).group(0)


def rows(text, heading):
    """The cells of the table whose first column is called so."""
    table = re.search(rf"^\| {heading} \|.*\n\|[ -|]+\n((?:\|.*\n)+)", text, re.MULTILINE).group(1)
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in table.splitlines()]


def test_the_methods_are_those_of_the_daemon(admin):
    wanted = protocol.render(admin.call("server.describe")["methods"]).splitlines()
    found = protocol.written(DOCUMENT).splitlines()
    assert found == wanted, "./dev docs puts them into docs/protocol.md"


def test_the_errors_are_those_that_replies_are_held_to(admin):
    documented = {}
    for kind, code, _, data in rows(section(6), "kind"):
        members = re.findall(r"`(\w+)(\?)?`", data)
        documented[kind.strip("`")] = (int(code), {name for name, _ in members}, {name for name, mark in members if not mark})
    held_to = {kind: (CODES.get(kind, -32000), set(members), set(required)) for kind, (members, required) in ERROR_DATA.items()}
    held_to["internal"] = (-32603, {"log_id"}, {"log_id"})  # the suite's client takes it for a failure of the test
    assert documented == held_to
    for name, method in admin.call("server.describe")["methods"].items():
        assert set(method["errors"]) <= set(documented), name


def test_the_limits_are_those_of_server_info(daemon, admin, event):
    with daemon.client() as nobody, daemon.client(event.token("door")) as door:
        said = [peer.call("server.info")["limits"] for peer in (nobody, door, admin)]
    documented = {row[0].strip("`"): [int(cell) for cell in row[1:4]] for row in rows(section(5), "limit")}
    assert documented == {name: [limits[name] for limits in said] for name in said[0]}


def test_the_reasons_of_a_door_stand_in_the_order_in_which_they_are_judged(admin):
    schema = admin.call("server.describe")["methods"]["checkin.scan"]["result"]["properties"]["reason"]
    assert [row[0].strip("`") for row in rows(section(11), "reason, the first that applies")] == schema["anyOf"][0]["enum"]


def test_the_conflict_kinds_are_those_of_the_daemon(admin):
    schema = admin.call("server.describe")["methods"]["event.put"]["params"]["properties"]["rules"]
    kinds = schema["anyOf"][0]["propertyNames"]["enum"]
    assert [row[0].strip("`") for row in rows(section(10), "kind")] == kinds
