# SPDX-License-Identifier: Apache-2.0
"""When and how the daemon closes connections, and whom it lets in (protocol.md, section 1)."""
import os
import select
import signal
import subprocess
import threading

import pytest
from harness import place
from harness.client import Client, Closed
from harness.daemon import wait_until

LEFT_FREE = 64  # descriptors that connections leave to all else


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def soft_and_hard(pid):
    for line in open(f"/proc/{pid}/limits", encoding="ascii"):
        if line.startswith("Max open files"):
            return [int(word) for word in line.split()[3:5]]
    raise AssertionError("no limit of open files")


def limit_descriptors(pid, soft, hard):
    """By its own user, which may."""
    subprocess.run(place.as_account(["prlimit", f"--pid={pid}", f"--nofile={soft}:{hard}"]), check=True, cwd="/")


def test_a_daemon_that_stops_says_so_once_what_is_under_way_is_answered(event, daemon, second_daemon):
    event.room(name="before")
    one = second_daemon(settings={"daemon": {"stop_seconds": 60}, "database": {"batch_deadline_ms": 60000}})
    with daemon.cluster.session() as psql, one.admin() as busy, one.admin() as idle, one.client() as nobody:
        for client in (busy, idle, nobody):
            client.call("server.ping")
        psql.run("BEGIN")
        psql.run("LOCK TABLE usher.room IN ACCESS EXCLUSIVE MODE")
        number = busy.send("room.put", event=event.slug, room="hall", name="after")
        wait_until(lambda: daemon.cluster.psql("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")[0] != ["0"],
                   what="a change that waits")
        one.signal(signal.SIGTERM)
        assert idle.closing() == "shutdown"
        assert nobody.closing() == "shutdown"
        with pytest.raises(OSError):
            one.client()
        assert number not in busy.replies
        psql.run("COMMIT")
        assert busy.wait(number)["name"] == "after"
        assert busy.closing() == "shutdown"
    assert one.process.wait(timeout=30) == 0


def test_a_login_may_be_idle_longer_than_who_has_none(second_daemon, event):
    token = event.token("door")
    one = second_daemon(settings={"limits": {"login_seconds": 1, "idle_seconds": 3}})
    with one.client() as nobody, one.client(token) as door:
        assert nobody.closing(seconds=10) == "login"
        assert door.call("server.ping", any=1) == {"any": 1}
        assert door.closing(seconds=10) == "idle"


def test_who_goes_on_asking_is_not_idle(second_daemon):
    one = second_daemon(settings={"limits": {"login_seconds": 1}})
    with one.client() as busy:
        with one.client() as idle:
            done = threading.Event()

            def closed():
                assert idle.closing(seconds=10) == "login"
                done.set()

            waiter = threading.Thread(target=closed)
            waiter.start()
            while not done.wait(0.2):
                busy.call("server.ping")
            waiter.join()
        assert busy.call("server.ping", any=1) == {"any": 1}


def test_parts_of_a_line_are_no_sign_of_life(second_daemon):
    one = second_daemon(settings={"limits": {"login_seconds": 1}})
    with one.client() as client:
        client.stream.settimeout(0.2)
        got = b""
        for _ in range(50):
            try:
                client.send_bytes(b" ")
                got += client.stream.recv(4096)
            except TimeoutError:
                continue
            break
        assert b'"reason":"login"' in got


OWN_DESCRIPTORS = pytest.mark.skipif(bool(place.leak_checker()), reason="valgrind keeps descriptors of its own")


@OWN_DESCRIPTORS
def test_more_connections_than_there_are_descriptors_for_are_refused_by_count(event, second_daemon):
    one = second_daemon(descriptors=160, settings={"daemon": {"connections": 100000}})
    allowed = 160 - LEFT_FREE
    clients = [Client(one.unix, checked=False) for _ in range(allowed)]
    for client in clients:
        client.call("server.ping")
    extra = Client(one.unix, checked=False)
    assert extra.read_message()["error"]["data"] == {"kind": "too_large", "limit": allowed}
    assert extra.closing() == "too_large"
    assert clients[0].call("room.put", event=event.slug, room="hall", name="Hall")["version"] == 1
    clients.pop().close()
    clients.append(let_in(one))
    for client in clients:
        client.close()


def let_in(one):
    """The next that is served: a place is free once the daemon has seen the end of another."""
    found = []

    def served():
        client = Client(one.unix, checked=False)
        try:
            client.call("server.ping")
        except Closed:
            return False
        found.append(client)
        return True

    wait_until(served, what="a place")
    return found[0]


@OWN_DESCRIPTORS
def test_without_a_descriptor_callers_are_sent_away_and_all_others_served(second_daemon):
    one = second_daemon()
    pid = one.process.pid
    soft, hard = soft_and_hard(pid)
    with one.admin() as client:
        client.call("server.ping")
        limit_descriptors(pid, descriptors(pid), hard)
        waiting = [Client(one.unix, checked=False) for _ in range(30)]
        # The first may have found a descriptor that a connection to the database has just given back.
        heard, _, _ = select.select([each.stream for each in waiting], [], [], 40)
        sent_away = next(each for each in waiting if each.stream in heard)
        assert sent_away.read_message()["error"]["data"]["kind"] == "too_large"
        assert sent_away.closing() == "too_large"
        for n in range(200):
            assert client.call("server.ping", any=n) == {"any": n}
        limit_descriptors(pid, soft, hard)
        let_in(one).close()
        for other in waiting:
            other.close()
