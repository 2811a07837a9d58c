# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL server of the test's own, as an operator would run one: not the daemon's to start or stop."""
import os
import pathlib
import signal
import subprocess

from . import place
from .daemon import wait_until

BINDIR = pathlib.Path("/usr/lib/postgresql/15/bin")


class Server:
    """Made by initdb in `directory`, reached over a socket there. `owner` may make roles; `app` may not do anything yet."""

    def __init__(self, directory):
        self.directory = directory
        self.data = directory / "data"
        self.process = None
        self._run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "--locale=C", "-E", "UTF8", "--no-sync")
        self.start()
        self.psql("CREATE ROLE owner LOGIN CREATEROLE", user="postgres", database="postgres")
        self.psql("CREATE ROLE app LOGIN", user="postgres", database="postgres")

    def _run(self, program, *words):
        subprocess.run(place.as_account([BINDIR / program, *words]), check=True, capture_output=True, cwd="/",
                       env=place.environment())

    def start(self):
        self.log = open(self.directory / "log", "ab")
        self.process = subprocess.Popen(
            place.as_account([BINDIR / "postgres", "-D", self.data, "-k", self.directory, "-c", "listen_addresses=", "-c", "port=5432"]),
            stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL, cwd="/", env=place.environment())
        wait_until(self.is_ready, 30, "the server")

    def is_ready(self):
        return subprocess.run(place.as_account([BINDIR / "pg_isready", "-q", "-h", self.directory]), cwd="/",
                              env=place.environment()).returncode == 0

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(signal.SIGINT)
            self.process.wait(30)
            self.log.close()
        self.process = None

    def signal_all(self, number):
        """The server and every process of it: frozen, or going on."""
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        for pid in [self.process.pid, *map(int, children)]:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass  # it ended meanwhile

    def database(self, name):
        self.psql(f"CREATE DATABASE {name} OWNER owner", user="postgres", database="postgres")
        return name

    def psql(self, sql, user="postgres", database="postgres", check=True):
        done = subprocess.run(place.as_account(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", self.directory,
                                                "-U", user, "-d", database, "-c", sql]),
                              capture_output=True, text=True, cwd="/", env=place.environment())
        if not check:
            return done
        assert done.returncode == 0, done.stderr
        return [line.split("|") for line in done.stdout.splitlines()]

    def conninfo(self, database, user="app", host=None):
        return f"host={host or self.directory} dbname={database} user={user}"
