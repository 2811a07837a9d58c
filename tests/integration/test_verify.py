# SPDX-License-Identifier: Apache-2.0
"""The log's chains: whole as they were written, and broken by whatever another hand does to them."""
import base64
import subprocess

import pytest

from harness.client import Client
from harness.world import new_uuid

SPKI_ED25519 = bytes.fromhex("302a300506032b6570032100")  # RFC 8410: what stands before the 32 bytes of a key


@pytest.fixture
def door(event):
    event.ticket()
    event.checkpoint()
    return event


def scan_some(event, count=5, client=None):
    people = [event.registration() for _ in range(count)]
    return [event.scan(one["credential"], client=client) for one in people]


def verify(event):
    return event.call("checkin.verify")


def family_of(event):
    return f"(SELECT family_uuid FROM usher.event WHERE id = '{event.slug}')"


def signature_fits(directory, public_key, text, signature):
    der = base64.b64encode(SPKI_ED25519 + bytes.fromhex(public_key)).decode()
    (directory / "key.pem").write_text(f"-----BEGIN PUBLIC KEY-----\n{der}\n-----END PUBLIC KEY-----\n")
    (directory / "text").write_bytes(text.encode())
    (directory / "signature").write_bytes(bytes.fromhex(signature))
    done = subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", directory / "key.pem", "-rawin",
                           "-in", directory / "text", "-sigfile", directory / "signature"], capture_output=True)
    return done.returncode == 0


def test_the_chains_hold_every_scan_and_their_heads_are_signed(door, second_daemon, tmp_path):
    other = second_daemon()
    with Client(other.unix) as client:
        event = door
        for _ in range(3):
            scan_some(event, 4)
            known = [one["registration"] for one in event.call("registration.list", limit=1000)["registrations"]]
            for one in known[:3]:
                event.call("checkin.scan", checkpoint="door", registration=one, nonce=new_uuid())
        client.call("checkin.scan", event=event.slug, checkpoint="door", credential="NOBODY", nonce=new_uuid())
    told = verify(door)
    assert "broken" not in told
    assert sum(one["rows"] for one in told["writers"]) == 3 * 4 + 3 * 3 + 1
    (key,) = door.call("key.list")["keys"]
    for one in told["writers"]:
        text = f"usherd log head\n{told['family']}\n{one['writer']}\n{one['rows']}\n{one['head']}\n"
        assert one["key"] == key["key"]
        assert signature_fits(tmp_path, key["public_key"], text, one["signed"])
        assert not signature_fits(tmp_path, key["public_key"], text.replace("head", "Head"), one["signed"])


@pytest.mark.parametrize("change", [
    "UPDATE usher.scan SET verdict = 'refused' WHERE {row}",
    "UPDATE usher.scan SET received_at = received_at + interval '1 microsecond' WHERE {row}",
    "UPDATE usher.scan SET device = NULL WHERE {row}",
    "UPDATE usher.scan SET hash = decode(repeat('00', 32), 'hex') WHERE {row}",
    "UPDATE usher.scan SET registration = registration || 'X' WHERE {row}",
])
def test_a_changed_row_is_named(door, daemon, change):
    scans = scan_some(door)
    (place,) = daemon.cluster.psql(
        f"SELECT writer, seq FROM usher.scan WHERE family_id = {family_of(door)} AND nonce = '{scans[2]['nonce']}'")
    row = f"writer = '{place[0]}' AND seq = {place[1]} AND family_id = {family_of(door)}"
    daemon.cluster.psql(change.format(row=row))
    broken = verify(door).get("broken")
    assert broken == {"writer": place[0], "scan": scans[2]["scan"]}


def longest_chain(event, daemon):
    """Its rows as (writer, nonce)."""
    rows = daemon.cluster.psql(f"SELECT writer, nonce FROM usher.scan WHERE family_id = {family_of(event)} ORDER BY seq")
    writers = [row[0] for row in rows]
    return [row for row in rows if row[0] == max(writers, key=writers.count)]


@pytest.mark.parametrize("gone, named", [(1, 2), (-1, -2)], ids=["in the next", "at the end in the head"])
def test_a_row_taken_out_shows(door, daemon, gone, named):
    ids = {one["nonce"]: one["scan"] for one in scan_some(door, 12)}
    rows = longest_chain(door, daemon)
    daemon.cluster.psql(f"DELETE FROM usher.scan WHERE family_id = {family_of(door)} AND nonce = '{rows[gone][1]}'")
    assert verify(door).get("broken") == {"writer": rows[0][0], "scan": ids[rows[named][1]]}


def test_a_row_put_in_by_another_hand_is_named(door, daemon):
    scan_some(door)
    family = family_of(door)
    daemon.cluster.psql(
        "INSERT INTO usher.scan (family_id, writer, seq, nonce, event_id, checkpoint, verdict, at, received_at) "
        f"SELECT family_id, gen_random_uuid(), 1, gen_random_uuid(), event_id, checkpoint, verdict, at, received_at "
        f"FROM usher.scan WHERE family_id = {family} LIMIT 1")
    assert verify(door).get("broken", {}).get("scan")


def test_the_daemon_itself_may_not_change_the_log(door, daemon):
    scan_some(door, 1)
    for statement in ("UPDATE usher.scan SET verdict = 'refused'", "DELETE FROM usher.scan", "TRUNCATE usher.scan"):
        with pytest.raises(AssertionError, match="permission denied"):
            daemon.cluster.psql(f"SET ROLE usherd_daemon; {statement}")
