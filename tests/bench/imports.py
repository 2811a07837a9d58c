# SPDX-License-Identifier: Apache-2.0
"""
A district's registrations from one CSV: how long `usher import registrations` takes, how long a ping on another
connection waits meanwhile, how soon the daemon serves them after a restart, how long registration.find takes over
them (without socket and JSON: build-release/tests/bench/search), and what they take of the daemon's memory, before and
after many of them are admitted: what it holds less what it held with the event empty, as soon as it served that.

    USHERD_BUILD=build-release /usr/bin/python3 -B tests/bench/imports.py [COUNT]
"""
import csv
import json
import multiprocessing
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import bench, crowd, place  # noqa: E402
from harness.client import Client  # noqa: E402
from harness.daemon import Daemon  # noqa: E402

PEOPLE, ADMITTED = 160_000, 75_000
EVENT = "district"


def write_people(path, count):
    with open(path, "w", encoding="utf-8", newline="") as out:
        file = csv.writer(out)
        file.writerow(["external_id", "ticket", "name", "name_latin", "email", "phone", "organisation", "title", "country",
                       "language", "fields.city", "fields.diet"])
        for n in range(count):
            person = crowd.person(n)
            fields = person.pop("fields")
            file.writerow([*person.values(), fields["city"], fields.get("diet", "")])
    path.chmod(0o644)


def ping(address, stop, waits):
    """Pings every millisecond or so; what each took, in milliseconds."""
    took = []
    with Client(address, checked=False) as client:
        while not stop.is_set():
            begun = time.monotonic()
            client.call("server.ping")
            took.append((time.monotonic() - begun) * 1000)
            time.sleep(0.001)
    waits.put(took)


class Pinged:
    def __init__(self, address):
        self.stop, self.queue = multiprocessing.Event(), multiprocessing.Queue()
        self.process = multiprocessing.Process(target=ping, args=(address, self.stop, self.queue))

    def __enter__(self):
        self.process.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.waits = sorted(self.queue.get())
        self.process.join()

    def told(self):
        at = lambda part: self.waits[min(len(self.waits) - 1, int(len(self.waits) * part))]
        return (f"{len(self.waits):,} pings beside it: p50 {at(.5):.2f} ms, p99 {at(.99):.2f} ms, p99.9 {at(.999):.2f} ms, "
                f"longest {self.waits[-1]:.2f} ms (goal: p99 under 10 ms)")


def resident(daemon):
    return bench.memory(daemon.process.pid, "VmRSS")


def resident_told(daemon):
    files, most = (bench.memory(daemon.process.pid, name) for name in ("RssFile", "VmHWM"))
    return f"resident: {resident(daemon):.1f} MiB, of it files {files:.1f} MiB; at most {most:.1f} MiB"


def cpu(pid):
    fields = open(f"/proc/{pid}/stat", encoding="ascii").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def take(programs, daemon, path):
    begun, used = time.monotonic(), cpu(daemon.process.pid)
    with Pinged(daemon.unix) as pinged:
        done = subprocess.run([programs / "usher", "-s", daemon.unix, "-e", EVENT, "-o", "json", "import", "registrations",
                               path], capture_output=True, text=True)
        took = time.monotonic() - begun
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), took, cpu(daemon.process.pid) - used, pinged


QUERIES = ("a", "attendee", "来", "天地", "laibin", "besokare asa", "участ", "institute 42", "attendee-00042@example.org")


def find(daemon, say):
    """Every query's median; pings beside them show how long the longest holds others up."""
    with Client(daemon.unix, checked=False) as admin, Pinged(daemon.unix) as pinged:
        for query in QUERIES:
            took = []
            for _ in range(21):
                begun = time.monotonic()
                found = len(admin.call("registration.find", event=EVENT, query=query, limit=20)["registrations"])
                took.append((time.monotonic() - begun) * 1000)
            took.sort()
            say(f"find {query}: {found} shown, p50 {took[10]:.2f} ms, longest {took[-1]:.2f} ms")
    say(f"  {pinged.told()}")


def restart(daemon):
    """Seconds until it is ready, and until it serves the event."""
    daemon.stop()
    begun = time.monotonic()
    daemon.start()
    ready = time.monotonic() - begun
    with daemon.admin() as admin:
        admin.call("registration.export", event=EVENT, format="csv", limit=1)
    return ready, time.monotonic() - begun


def share_told(daemon, empty):
    return f"the people's share: {resident(daemon) - empty:.1f} MiB"


def restart_all(daemon, what, say, empty=None, goal=""):
    """What it holds after each of three, in MiB."""
    held = []
    for _ in range(3):
        ready, serving = restart(daemon)
        held.append(resident(daemon))
        say(f"restarted {what}: ready after {ready:.2f} s, serving after {serving:.2f} s (goal: under 3 s)")
        say(f"  {resident_told(daemon)}")
        if empty is not None:
            say(f"  {share_told(daemon, empty)}{goal}")
    return held


def admit(daemon, count, say, empty):
    """At one checkpoint, each once."""
    with daemon.admin() as admin:
        admin.call("checkpoint.put", event=EVENT, checkpoint="door", name="Door", mode="once")
    codes = daemon.cluster.psql(f"SELECT id FROM usher.registration ORDER BY external_id LIMIT {count}")
    requests = bench.write_requests(daemon.directory / "door.requests", (
        ("checkin.scan", {"event": EVENT, "checkpoint": "door", "registration": code, "nonce": "@nonce@"},
         ['"verdict":"admitted"', '"durability":"committed"']) for [code] in codes))
    before = resident(daemon)
    bench.load(daemon, requests, connections=64, depth=16, count=count)
    with daemon.admin() as admin:
        assert admin.call("checkin.stats", event=EVENT)["admitted"] == count
    say(f"{count:,} admitted at one checkpoint: resident {before:.1f} MiB before; {resident_told(daemon)}")
    say(f"  {share_told(daemon, empty)}")


def measure(count, say=print):
    here = place.make_directory("usherd-bench-")
    programs = place.stage(here / "staged")
    daemon = Daemon(here, programs, settings={"daemon": {"log_level": "warning"}}).start()
    path = here / "people.csv"
    write_people(path, count)
    try:
        with daemon.admin() as admin:
            admin.call("event.put", event=EVENT, name="District conference", timezone="Asia/Shanghai", starts_on="2025-10-25",
                       ends_on="2025-10-26")
            for ticket in crowd.TICKETS:
                admin.call("ticket.put", event=EVENT, ticket=ticket, name=ticket.title())
        empty = statistics.median(restart_all(daemon, "with an empty event", say))
        say(f"{count:,} registrations, a CSV of {path.stat().st_size / 1e6:.1f} MB")
        for what in ("created", "unchanged"):
            summary, took, used, pinged = take(programs, daemon, path)
            assert summary[what] == count, summary
            say(f"{what}: {took:.1f} s, {count / took:,.0f}/s, {used:.1f} s of the daemon's (goal: under 30 s)")
            say(f"  {pinged.told()}")
        say(f"  {resident_told(daemon)}")
        restart_all(daemon, "with them", say, empty, " (goal: under 120 MiB)")
        find(daemon, say)
        admit(daemon, min(ADMITTED, count), say, empty)
        restart_all(daemon, "with them admitted", say, empty)
    finally:
        daemon.stop()
        shutil.rmtree(here)


if __name__ == "__main__":
    measure(int(sys.argv[1]) if len(sys.argv) > 1 else PEOPLE)
