# SPDX-License-Identifier: Apache-2.0
"""
What an idle connection costs the daemon: resident memory before and after so many are open, in bytes for each (goal:
under 2 KiB). Each has asked and been answered once before it is counted; then each has logged in with a token, too.

    USHERD_BUILD=build-release /usr/bin/python3 -B tests/bench/idle.py [COUNT]
"""
import pathlib
import resource
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import place  # noqa: E402
from harness.client import Client  # noqa: E402
from harness.daemon import Daemon, wait_until  # noqa: E402

CONNECTIONS = 10_000
GOAL = 2048
SPARE = 200  # descriptors for all else, here and in the daemon


def allowed(count):
    """As many as the descriptor limit allows."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return min(count, hard - SPARE)


def resident(daemon):
    """Bytes of its own; what is mapped from files is not counted."""
    for line in open(f"/proc/{daemon.process.pid}/smaps_rollup", encoding="ascii"):
        if line.startswith("Anonymous:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("the kernel tells no Anonymous")


def open_many(daemon, count):
    clients = []
    for _ in range(count):
        clients.append(Client(daemon.unix, checked=False))
        clients[-1].call("server.ping", any="x" * 1000)
    return clients


def measure(count=CONNECTIONS, say=print):
    """Bytes for each connection: as opened, and once logged in."""
    count = allowed(count)
    here = place.make_directory("usherd-bench-")
    settings = {"daemon": {"log_level": "warning"}, "limits": {"connections_each": 1_000_000, "idle_seconds": 86400}}
    daemon = Daemon(here, place.stage(here / "staged"), settings=settings).start()
    try:
        with daemon.admin() as admin:
            token = admin.call("token.create", role="door", label="a scanner at some door")["token"]
            admin.call("auth.whoami")
            before = resident(daemon)
            clients = open_many(daemon, count)
            opened = (resident(daemon) - before) / count
            for client in clients:
                client.call("auth.login", token=token)
            logged_in = (resident(daemon) - before) / count
            descriptors = len(list(pathlib.Path(f"/proc/{daemon.process.pid}/fd").iterdir()))
            assert descriptors > count, f"only {descriptors} descriptors are open"
            for client in clients:
                client.close()
            wait_until(lambda: len(list(pathlib.Path(f"/proc/{daemon.process.pid}/fd").iterdir())) < 100, what="their end")
            after = resident(daemon) - before
    finally:
        daemon.stop()
        shutil.rmtree(here)
    say(f"{count:,} idle connections: {opened:,.0f} bytes for each, {logged_in:,.0f} once logged in (goal: under {GOAL:,}); "
        f"{after / 1e6:.1f} MB are kept when they have gone")
    return opened, logged_in


if __name__ == "__main__":
    sys.exit(max(measure(int(sys.argv[1]) if len(sys.argv) > 1 else CONNECTIONS)) >= GOAL)
