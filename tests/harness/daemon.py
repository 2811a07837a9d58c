# SPDX-License-Identifier: Apache-2.0
"""A real usherd: started, waited for, spoken to, stopped; its cluster reached with psql."""
import contextlib
import functools
import os
import re
import signal
import subprocess
import threading
import time

from . import place
from .client import Client

READY_SECONDS = 90  # initdb under sanitizers on a loaded machine


class Cluster:
    """A private cluster, as its postmaster.pid tells where it is."""

    def __init__(self, state):
        pid_files = [p for p in state.rglob("postmaster.pid")]
        assert len(pid_files) == 1, f"expected one private cluster in {state}, found {pid_files}"
        lines = pid_files[0].read_text().splitlines()
        self.pid = int(lines[0])
        self.port = int(lines[3])
        self.socket_directory = lines[4]

    def _command(self, database, sql):
        return place.as_account(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", self.socket_directory, "-U", "usherd_owner",
                                 "-p", str(self.port), "-d", database, "-c", sql])

    @functools.cached_property
    def database(self):
        sql = "SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY datname = 'postgres', datname LIMIT 1"
        return subprocess.run(self._command("postgres", sql), check=True, capture_output=True, text=True,
                              env=place.environment(), cwd="/").stdout.strip()

    def psql(self, sql):
        """As the owner; the rows as lists of texts."""
        done = subprocess.run(self._command(self.database, sql), capture_output=True, text=True,
                              env=place.environment(), cwd="/")
        assert done.returncode == 0, done.stderr
        return [line.split("|") for line in done.stdout.splitlines()]

    def session(self):
        """A psql that stays open, for locks that are held while something else is tried."""
        return PsqlSession(self)

    def conninfo(self, host=None, port=None):
        return f"host={host or self.socket_directory} port={port or self.port} dbname={self.database} user=usherd_daemon"


class PsqlSession:
    def __init__(self, cluster):
        command = cluster._command(cluster.database, "")[:-2]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env=place.environment(), cwd="/")

    def run(self, sql):
        """Runs the statement and returns when it has ended."""
        self.process.stdin.write(f"{sql};\n\\echo done-with-it\n")
        self.process.stdin.flush()
        rows = []
        for line in self.process.stdout:
            if line.strip() == "done-with-it":
                return rows
            rows.append(line.rstrip("\n").split("|"))
        raise AssertionError(f"psql ended during: {sql}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(timeout=30)
        self.process.stdout.close()


class Daemon:
    """One usherd. `settings`: {section: {name: value}} for its usherd.conf."""

    def __init__(self, directory, programs, *, state=None, conninfo=None, demo=False, settings=None, descriptors=None):
        self.directory = directory
        self.programs = programs
        self.state = state or directory / "state"
        self.socket = directory / "usherd.sock"
        self.port = place.free_port()
        self.unix = f"unix:{self.socket}"
        self.tcp = f"tcp:127.0.0.1:{self.port}"
        self.conninfo = conninfo
        self.demo = demo
        self.descriptors = descriptors  # how many it may open; None: as many as we
        self.conf = directory / "usherd.conf"
        self.log = []
        self.process = None
        self.owns_cluster = conninfo is None
        self._write_conf(settings or {})

    def _write_conf(self, settings):
        merged = {"daemon": {"demo_file": self.programs / "demo.json"}, "database": {"sql_dir": self.programs / "sql"}}
        if place.leak_checker():  # it loads slowly there: callers wait for it
            merged["requests"] = {"offline_deadline_ms": 120000}
        for section, rows in settings.items():
            merged.setdefault(section, {}).update(rows)
        text = "".join(f"[{section}]\n" + "".join(f"{name} = {value}\n" for name, value in rows.items())
                       for section, rows in merged.items())
        self.conf.write_text(text)
        self.conf.chmod(0o644)

    def command(self, *words, under=()):
        options = ["-c", self.conf, "-D", self.state]
        if self.conninfo:
            options += ["-d", self.conninfo]
        limit = ["prlimit", f"--nofile={self.descriptors}:{self.descriptors}"] if self.descriptors else []
        return place.as_account([*limit, *under, self.programs / "usherd", *options, *words])

    def launch(self):
        """Starts it without waiting for `ready`."""
        words = ["-l", self.unix, "-l", self.tcp] + (["--demo"] if self.demo else [])
        self.log.clear()
        self._ready = threading.Event()
        self.process = subprocess.Popen(self.command(*words, under=place.leak_checker()), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                        text=True, errors="replace", cwd="/", env=place.environment())
        self._reader = threading.Thread(target=self._read_log, args=(self.process.stderr,), daemon=True)
        self._reader.start()
        return self

    def _read_log(self, stream):
        for line in stream:
            self.log.append(line.rstrip("\n"))
            if line.strip() == "ready":
                self._ready.set()
        self._ready.set()

    def start(self):
        self.launch()
        assert self._ready.wait(READY_SECONDS), f"not ready after {READY_SECONDS} s:\n{self.log_text()}"
        if "ready" not in self.log:
            self.process.wait(timeout=30)
            raise AssertionError(f"usherd ended with {self.process.returncode}:\n{self.log_text()}")
        return self

    def log_text(self):
        return "\n".join(self.log)

    def stop(self):
        """In order; it must end with status 0, and no sanitizer may have spoken."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self._end(90)
        assert self.process.returncode == 0, f"usherd ended with {self.process.returncode}:\n{self.log_text()}"
        self.process = None

    def _end(self, seconds):
        try:
            self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"usherd did not stop in {seconds} s:\n{self.log_text()}")
        self._reader.join(timeout=30)
        self.process.stderr.close()
        spoken = [line for line in self.log if re.search(r"(ERROR|WARNING): \w*Sanitizer|runtime error:", line)]
        assert not spoken, self.log_text()

    def kill(self):
        """As by kill -9: a private cluster stays behind."""
        self.process.kill()
        self.process.wait()
        self._reader.join(timeout=30)
        self.process.stderr.close()
        self.process = None

    def signal(self, number):
        self.process.send_signal(number)

    @contextlib.contextmanager
    def standstill(self):
        """It does nothing meanwhile."""
        self.signal(signal.SIGSTOP)
        try:
            wait_until(lambda: place.state_of(self.process.pid) == "T", what="the standstill")
            yield
        finally:
            self.signal(signal.SIGCONT)

    @property
    def cluster(self):
        return Cluster(self.state)

    def client(self, token=None, address=None):
        """Over TCP with or without a token; `address=daemon.unix`: the Unix socket, admin at once."""
        return Client(address or self.tcp, token=token)

    def admin(self):
        return Client(self.unix)

    def second(self, directory, *, conninfo=None, **more):
        """Another daemon on the same database, not started yet; it gets a copy of the key file's directory if there is one."""
        other = Daemon(directory, self.programs, conninfo=conninfo or self.cluster.conninfo(), **more)
        other.state.mkdir(mode=0o700)
        for path in self.state.iterdir():
            if path.is_file() and path.suffix == ".key":
                (other.state / path.name).write_bytes(path.read_bytes())
                (other.state / path.name).chmod(0o600)
        if os.getuid() == 0:
            for path in [other.state, *other.state.iterdir()]:
                os.chown(path, place.account().pw_uid, place.account().pw_gid)
        return other

    def token_command(self, *words):
        """`usherd token …`: the secret it prints alone."""
        done = subprocess.run(self.command("token", *words), capture_output=True, text=True, cwd="/", timeout=90,
                              env=place.environment())
        assert done.returncode == 0, done.stderr
        lines = done.stdout.splitlines()
        assert len(lines) == 1, f"expected the secret alone, got {done.stdout!r}"
        return lines[0]


def wait_until(condition, seconds=15, what="the condition"):
    """Polls what has no event to wait for: another process's state. What it was, as soon as it is true."""
    end = time.monotonic() + seconds
    while not (met := condition()):
        assert time.monotonic() < end, f"{what} did not come true within {seconds} s"
        time.sleep(0.01)
    return met
