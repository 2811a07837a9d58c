# SPDX-License-Identifier: Apache-2.0
"""What is older than a week goes: change rows and request keys, by one daemon at a time; never the scan log."""
import signal

from harness.daemon import wait_until
from harness.world import new_uuid


def counts(cluster, event):
    return [int(cluster.psql(sql)[0][0]) for sql in (
        f"SELECT count(*) FROM usher.change AS c JOIN usher.event AS e ON e.event_uuid = c.event_id WHERE e.id = '{event.slug}' AND kind = 'room'",
        f"SELECT count(*) FROM usher.request_key AS k JOIN usher.event AS e ON e.family_uuid = k.family_id WHERE e.id = '{event.slug}'")]


def age(cluster, days):
    cluster.psql(f"UPDATE usher.change SET at = at - interval '{days} days'")
    cluster.psql(f"UPDATE usher.request_key SET at = at - interval '{days} days'")


def test_a_week_later_they_are_gone_and_before_they_are_not(daemon, event):
    event.room("old", request_key=new_uuid())
    age(daemon.cluster, 6)
    daemon.signal(signal.SIGHUP)  # reads anew, and looks for what is too old
    event.room("older", request_key=new_uuid())
    wait_until(lambda: any("reading everything anew" in line for line in daemon.log), what="the daemon reads anew")
    assert counts(daemon.cluster, event) == [2, 2]
    age(daemon.cluster, 2)
    event.room("new", request_key=new_uuid())
    daemon.signal(signal.SIGHUP)
    wait_until(lambda: counts(daemon.cluster, event) == [2, 2], 20, "what is older than a week to go")
    assert sorted(room["room"] for room in event.call("room.list")["rooms"]) == ["new", "old", "older"]


def test_one_daemon_at_a_time_trims(daemon, event):
    event.room("old", request_key=new_uuid())
    age(daemon.cluster, 8)
    with daemon.cluster.session() as psql:
        psql.run("BEGIN")
        psql.run("SELECT pg_advisory_xact_lock(hashtextextended('usher.trim', 0))")
        assert daemon.cluster.psql("SELECT usher.trim(now() - interval '7 days') IS NULL") == [["t"]]
        assert counts(daemon.cluster, event) == [1, 1]
        psql.run("COMMIT")
    assert int(daemon.cluster.psql("SELECT usher.trim(now() - interval '7 days')")[0][0]) >= 2
    assert counts(daemon.cluster, event) == [0, 0]
