# SPDX-License-Identifier: Apache-2.0
"""
What benchmarks stand on: a daemon built for speed, the load tool, pgbench on the daemon's own cluster, and figures that
say how far they can be trusted. Every run is printed; of two sides that take turns medians are compared, and only where
the runs of each side lie within a quarter of each other.
"""
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import statistics
import subprocess

from . import crowd, place
from .daemon import Daemon, wait_until

EVENT = "district"
PEOPLE = 160_000
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
WITHIN = 1.25


# ---- processes' time ----

def stat(pid):
    """(parent, own seconds, seconds of children that have ended)"""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    own, ended = int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])
    return int(fields[1]), own / CLOCK_TICKS, ended / CLOCK_TICKS


def family_seconds(pid):
    """Of a process and all its children, those that have ended too: what a whole PostgreSQL has used."""
    while True:
        _, own, ended = stat(pid)
        living = 0
        for entry in filter(str.isdigit, os.listdir("/proc")):
            try:
                parent, seconds, _ = stat(entry)
            except (FileNotFoundError, ProcessLookupError):
                continue
            living += seconds if parent == pid else 0
        if stat(pid)[2] == ended:  # else one ended while they were counted
            return own + ended + living


def memory(pid, name):
    """A line of /proc/PID/status, in MiB."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith(name))


class Spent:
    """with Spent(rig) as spent: …; spent.seconds: {process: CPU seconds}"""

    def __init__(self, rig):
        self.rig = rig

    def _now(self):
        return {"daemon": stat(self.rig.daemon.process.pid)[1], "postgres": family_seconds(self.rig.cluster.pid),
                "client": sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])}

    def __enter__(self):
        self.before = self._now()
        return self

    def __exit__(self, *_):
        self.seconds = {name: value - self.before[name] for name, value in self._now().items()}


# ---- the load tool ----

def write_requests(path, lines):
    """A file for it of [(method, params, [expected…])…]."""
    with open(path, "w", encoding="utf-8") as file:
        for method, params, expected in lines:
            body = json.dumps({"method": method, "params": params}, ensure_ascii=False, separators=(",", ":"))
            file.write("\t".join([body[1:-1], *expected]) + "\n")
    return path


def load(daemon, requests, connections=1, depth=1, count=None, seconds=None, first_round=0, replies=None):
    """Runs it over the daemon's Unix socket; its figures."""
    command = [place.BUILD / "tests" / "bench" / "loader", "-a", daemon.unix, "-f", requests, "-c", connections,
               "-d", depth, "-r", first_round]
    for option, value in (("-n", count), ("-s", seconds), ("-o", replies)):
        command += [option, value] if value else []
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True)
    assert done.returncode == 0, f"the load tool ended with {done.returncode}: {done.stdout}{daemon.log[-3:]}"
    return json.loads(done.stdout)


# ---- the rig ----

class Cluster:
    """A PostgreSQL cluster as initdb makes it, which takes more connections than a daemon's private one."""

    def __init__(self, here):
        self.socket_directory, self.port, self.data = here, 5432, here / "pg"
        self.conninfo = f"host={here} dbname=usherd user=usherd_owner"
        self._run("initdb", "-D", self.data, "-U", "usherd_owner", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        command = [self._program("postgres"), "-D", self.data, "-c", "listen_addresses=", "-c", f"unix_socket_directories={here}"]
        self.process = subprocess.Popen(place.as_account(command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/",
                                        env=place.environment())
        self.pid = self.process.pid
        lock = self.data / "postmaster.pid"
        wait_until(lambda: lock.exists() and "ready" in lock.read_text(), 60, "PostgreSQL's being ready")
        self._run("psql", "-h", here, "-U", "usherd_owner", "-d", "postgres", "-c", "CREATE DATABASE usherd")

    @staticmethod
    def _program(name):
        found = sorted(pathlib.Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
        return found[-1] if found else name

    def _run(self, program, *words):
        done = subprocess.run(place.as_account([self._program(program), *words]), stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True, cwd="/", env=place.environment())
        assert done.returncode == 0, done.stderr

    def stop(self):
        self.process.send_signal(signal.SIGINT)  # a fast shutdown
        self.process.wait(timeout=60)


class Rig:
    """A daemon on a cluster, and what loads both. `with Rig() as rig:`"""

    def __init__(self, settings=None):
        self.settings = {"daemon": {"log_level": "warning"}, **(settings or {})}

    def __enter__(self):
        self.here = place.make_directory("usherd-bench-")
        self.programs = place.stage(self.here / "staged")
        shutil.copytree(place.TOP / "tests" / "bench", self.here / "sql", ignore=lambda _, names: [
            name for name in names if not name.endswith(".sql")])
        self.cluster, self.database = Cluster(self.here), "usherd"
        self.daemon = Daemon(self.here, self.programs, settings=self.settings, conninfo=self.cluster.conninfo)
        subprocess.run(self.daemon.command("migrate"), check=True, stderr=subprocess.DEVNULL, cwd="/", env=place.environment())
        self.daemon.start()
        self.admin = self.daemon.admin()
        self.admin.checked = False
        return self

    def __exit__(self, *_):
        self.admin.close()
        self.daemon.stop()
        self.cluster.stop()
        shutil.rmtree(self.here)

    def requests(self, name, lines):
        """As write_requests() makes it, in the rig's own directory."""
        return write_requests(self.here / f"{name}.requests", lines)

    def load(self, requests, *words, **named):
        """Runs the load tool, as load() does; its figures, and `cpu`: {process: seconds}."""
        with Spent(self) as spent:
            figures = load(self.daemon, requests, *words, **named)
        spent.seconds["client"] = figures["cpu_seconds"]
        return {**figures, "cpu": spent.seconds}

    # ---- the database beside it ----

    def _as_owner(self, program, database, *words):
        return place.as_account([program, "-h", self.cluster.socket_directory, "-p", self.cluster.port, "-U", "usherd_owner",
                                 *words, database])

    def psql(self, database, *words):
        done = subprocess.run(self._as_owner("psql", database, "-XqAt", "-v", "ON_ERROR_STOP=1", *words, "-d"),
                              capture_output=True, text=True, cwd="/", env=place.environment())
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def reference(self, file):
        """A database of its own on the daemon's cluster, made by a file of tests/bench/."""
        self.psql("postgres", "-c", "CREATE DATABASE reference")
        self.psql("reference", "-f", self.here / "sql" / file)
        self.psql("reference", "-c", "VACUUM ANALYZE")

    def pgbench(self, script, clients, seconds, database="reference", variables=None):
        """
        A pgbench of prepared statements; its figures in the load tool's words. Waits are kept of a lone client only: of
        many, to write them down would slow it.
        """
        words = ["-n", "-M", "prepared", "-f", self.here / "sql" / script, "-c", clients, "-j", 1, "-T", seconds]
        words += ["-l", f"--log-prefix={self.here / 'pgbench'}"] if clients == 1 else []
        for name, value in (variables or {}).items():
            words += ["-D", f"{name}={value}"]
        with Spent(self) as spent:
            done = subprocess.run(self._as_owner("pgbench", database, *words), capture_output=True, text=True, cwd="/",
                                  env=place.environment())
        assert done.returncode == 0 and "aborted" not in done.stderr, done.stderr[:2000]
        number = lambda pattern: float(re.search(pattern, done.stdout).group(1))  # noqa: E731
        return {"requests": number(r"actually processed: (\d+)"), "per_second": number(r"tps = ([\d.]+)"),
                "mean_us": number(r"latency average = ([\d.]+) ms") * 1000, "cpu": spent.seconds, **self._waits()}

    def _waits(self):
        waits = []
        for path in self.here.glob("pgbench.*"):
            waits += [int(line.split()[2]) for line in path.read_text().splitlines()]
            path.unlink()
        at = lambda part: waits[min(len(waits) - 1, int(part * len(waits)))]  # noqa: E731
        waits.sort()
        return {"p50_us": at(.5), "p99_us": at(.99), "p999_us": at(.999)} if waits else {}

    # ---- the event ----

    def make_event(self, **more):
        self.admin.call("event.put", event=EVENT, name="District conference", timezone="Asia/Shanghai", starts_on="2025-10-25",
                        ends_on="2025-10-26", **more)

    def make_people(self, count=PEOPLE):
        """Registers them; [(registration, credential)…] by number."""
        for ticket in crowd.TICKETS:
            self.admin.call("ticket.put", event=EVENT, ticket=ticket, name=ticket.title())
        replies = self.here / "people.replies"
        requests = self.requests("people", (
            ("registration.create", {"event": EVENT, **crowd.person(n)}, ['"status":"confirmed"']) for n in range(count)))
        self.load(requests, connections=256, replies=replies)
        people = [None] * count
        with open(replies, encoding="utf-8") as file:
            for line in file:
                number, _, reply = line.partition("\t")
                result = json.loads(reply)["result"]
                people[int(number)] = (result["registration"], result["credential"])
        replies.unlink()
        requests.unlink()
        return people


# ---- figures ----

def cpu_told(figures):
    """CPU of each process, in µs a request."""
    return ", ".join(f"{name} {seconds * 1e6 / figures['requests']:.1f}" for name, seconds in figures["cpu"].items()
                     if seconds > 0)


def told(figures):
    waits = (f"p50 {figures['p50_us']:,.0f}, p99 {figures['p99_us']:,.0f}, p99.9 {figures['p999_us']:,.0f} µs"
             if "p50_us" in figures else f"mean {figures['mean_us']:,.0f} µs")
    return f"{figures['per_second']:>9,.0f}/s  {waits}; CPU µs each: {cpu_told(figures)}"


def median(runs, name):
    return statistics.median(run[name] for run in runs)


def apart(runs, name):
    """How far the runs lie apart: largest by smallest."""
    values = [run[name] for run in runs]
    return max(values) / min(values)


def ratio(label, ours, theirs, name="per_second", theirs_name=None):
    """The sentence that compares two sides' medians, or says why it does not."""
    theirs_name = theirs_name or name
    apart_ours, apart_theirs = apart(ours, name), apart(theirs, theirs_name)
    medians = f"medians {median(ours, name):,.0f} and {median(theirs, theirs_name):,.0f}"
    if max(apart_ours, apart_theirs) > WITHIN:
        return (f"{label}: no ratio, for runs of a side differ by more than a quarter "
                f"(largest by smallest: {apart_ours:.2f} and {apart_theirs:.2f}); {medians}")
    return f"{label}: {median(ours, name) / median(theirs, theirs_name):.2f} ({medians})"
