# SPDX-License-Identifier: Apache-2.0
"""The private cluster: started, stopped in order, adopted, started again; never mistaken for somebody else."""
import os
import pathlib
import shutil
import signal
import subprocess
import threading
import time

import pytest
from harness import place
from harness.client import Client, RpcError
from harness.daemon import Daemon, wait_until
from harness.world import Event, new_uuid

BIN = pathlib.Path("/usr/lib/postgresql/15/bin")


@pytest.fixture(scope="module")
def kept(programs):
    directory = place.make_directory()
    one = Daemon(directory, programs)
    yield one
    one.stop()
    shutil.rmtree(directory)


@pytest.fixture
def one(kept):
    """A daemon with a private cluster, running; each test leaves it whole, started or stopped."""
    return kept if kept.process else kept.start()


def is_there(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def postmaster_of(daemon):
    """As its file says at this moment; None: it says nothing."""
    try:
        return int((daemon.state / "pg" / "postmaster.pid").read_text().split("\n")[0])
    except (OSError, ValueError):
        return None


def state_of(daemon):
    done = subprocess.run(place.as_account([BIN / "pg_controldata", daemon.state / "pg"]), capture_output=True, text=True, check=True,
                          cwd="/", env=place.environment())
    return next(line.split(":")[1].strip() for line in done.stdout.splitlines() if line.startswith("Database cluster state"))


def rooms(client, event):
    return [room["room"] for room in client.call("room.list", event=event.slug)["rooms"]]


def test_it_stops_in_order_with_its_daemon_and_comes_back(one):
    postmaster = one.cluster.pid
    with one.admin() as client:
        event = Event(client)
        event.room()
    one.stop()
    assert not is_there(postmaster)
    assert state_of(one) == "shut down"
    one.start()
    with one.admin() as client:
        assert rooms(client, event) == ["hall"]


def test_one_left_by_a_killed_daemon_is_adopted_and_stopped_in_the_end(one):
    postmaster = one.cluster.pid
    with one.admin() as client:
        event = Event(client)
    one.kill()
    assert is_there(postmaster)
    one.start()
    assert one.cluster.pid == postmaster and f"adopting the PostgreSQL {postmaster}" in one.log_text()
    with one.admin() as client:
        assert rooms(client, event) == []
    one.stop()
    assert not is_there(postmaster) and state_of(one) == "shut down"


@pytest.mark.parametrize("lives_in", ["elsewhere", "our data directory"])
def test_an_innocent_process_is_not_taken_for_it_and_left_alone(one, lives_in):
    """Both files that PostgreSQL leaves behind name it, as after a crash and a restart of the machine."""
    socket_lock = pathlib.Path(one.cluster.socket_directory) / ".s.PGSQL.5432.lock"
    with one.admin() as client:
        event = Event(client)
        event.room()
    postmaster = one.cluster.pid
    one.kill()
    pid_file = one.state / "pg" / "postmaster.pid"
    left = pid_file.read_text()
    os.kill(postmaster, signal.SIGKILL)
    wait_until(lambda: not is_there(postmaster), what="the end of the postmaster")
    innocent = subprocess.Popen(place.as_account(["sleep", "600"]), cwd="/" if lives_in == "elsewhere" else one.state / "pg")
    try:
        for path in (pid_file, socket_lock):
            path.write_text(left.replace(str(postmaster), str(innocent.pid), 1))
            shutil.chown(path, place.account().pw_uid, place.account().pw_gid)
        one.start()
        assert one.cluster.pid != innocent.pid
        with one.admin() as client:
            assert rooms(client, event) == ["hall"]
        one.stop()
        assert innocent.poll() is None
    finally:
        innocent.kill()
        innocent.wait()


def test_a_killed_postmaster_is_started_again_and_those_who_wait_are_answered(one):
    with one.admin() as client:
        event = Event(client)
        for n in range(3):
            before = postmaster_of(one)
            os.kill(before, signal.SIGKILL)  # its children answer for a moment yet, and rightly so
            assert client.call("room.put", event=event.slug, room=f"room-{n}", name="R", deadline_ms=60000)["version"] == 1
            wait_until(lambda: postmaster_of(one) not in (None, before), 30, "another postmaster")
        assert rooms(client, event) == ["room-0", "room-1", "room-2"]


def test_a_daemon_killed_together_with_its_postmaster_recovers(one):
    with one.admin() as client:
        event = Event(client)
        event.room()
    os.kill(one.cluster.pid, signal.SIGKILL)
    one.kill()
    one.start()
    with one.admin() as client:
        assert rooms(client, event) == ["hall"]


def children(pid):
    return {int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


def end(pid):
    """As by kill -9, and gone when this returns."""
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_there(pid), what=f"the end of {pid}")


def test_a_backend_that_outlives_its_postmaster_does_not_keep_the_next_from_starting(one):
    """In the middle of a statement it does not notice, and holds the shared memory; SIGQUIT is an immediate shutdown to it."""
    with one.admin() as client:
        event = Event(client)
        busy = subprocess.Popen(one.cluster._command("postgres", "DO 'BEGIN LOOP END LOOP; END'"), stderr=subprocess.PIPE, text=True,
                                cwd="/", env=place.environment())
        found = []
        wait_until(lambda: found.extend(one.cluster.psql("SELECT pid FROM pg_stat_activity WHERE query LIKE 'DO %LOOP%'"))
                   or found, what="the long statement")
        backend = int(found[0][0])
        os.kill(postmaster_of(one), signal.SIGKILL)
        try:
            wait_until(lambda: not is_there(backend), what="the end of the backend")
            assert client.call("room.put", event=event.slug, room="hall", name="Hall", deadline_ms=30000)["version"] == 1
            assert "unexpected SIGQUIT" in busy.communicate(timeout=30)[1]
        finally:
            if is_there(backend):
                os.kill(backend, signal.SIGKILL)
            busy.wait()


def child(postmaster, title):
    """The one that is called so at this moment, or None."""
    for pid in children(postmaster):
        try:
            if title in pathlib.Path(f"/proc/{pid}/cmdline").read_text():
                return pid
        except OSError:
            pass
    return None


@pytest.fixture
def quiet(make_daemon):
    """A daemon that is stopped, and start(): its cluster's postmaster alone, which writes nothing of its own to the log of changes."""
    daemon = make_daemon().start()
    daemon.stop()
    running = []

    def start():
        (daemon.state / "run").mkdir(exist_ok=True)
        running.append(subprocess.Popen(place.as_account(
            [BIN / "postgres", "-D", daemon.state / "pg", "-k", daemon.state / "run", "-c", "listen_addresses=",
             "-c", "wal_level=minimal", "-c", "max_wal_senders=0"]), stderr=subprocess.DEVNULL, cwd="/", env=place.environment()))
        wait_until(lambda: postmaster_of(daemon) and "ready" in (daemon.state / "pg" / "postmaster.pid").read_text(), 30, "PostgreSQL")
        return postmaster_of(daemon)

    yield daemon, start
    for one in running:
        one.wait(timeout=30)


def test_a_startup_process_that_asks_nobody_for_a_checkpoint_is_ended(quiet):
    """It finds nothing to recover, so does not look whether it is alone; then it tries for a minute."""
    daemon, start = quiet
    os.kill(start(), signal.SIGINT)  # the setting has been noted in the log of changes
    wait_until(lambda: postmaster_of(daemon) is None, 30, "the end of PostgreSQL")
    postmaster, startup, until = start(), None, time.monotonic() + 60
    while not startup:  # each walwriter that is killed makes it recover; looked for without a pause, for it is soon gone
        assert time.monotonic() < until, "no startup process was caught"
        startup, walwriter = child(postmaster, "startup"), child(postmaster, "walwriter")
        if startup:
            os.kill(startup, signal.SIGSTOP)
        elif walwriter:
            os.kill(walwriter, signal.SIGKILL)
    wait_until(lambda: child(postmaster, "checkpointer"), what="a checkpointer")
    checkpointer = child(postmaster, "checkpointer")
    end(postmaster)
    os.kill(checkpointer, signal.SIGKILL)
    wait_until(lambda: not pathlib.Path(f"/proc/{checkpointer}").exists(), 60, "the checkpointer's number being free")
    os.kill(startup, signal.SIGCONT)
    daemon.start()
    assert not is_there(startup) and "1 are told to end" in daemon.log_text() and "killed" not in daemon.log_text()


def test_what_is_left_of_its_own_cluster_alone_is_ended_and_killed_if_need_be(one, make_daemon):
    """A stopped process hears no SIGQUIT. The other cluster has one, too."""
    one.stop()
    other, left = make_daemon(), {}
    for daemon in (one, other):
        daemon.start()
        postmaster = daemon.cluster.pid
        left[daemon] = min(children(postmaster))
        os.kill(left[daemon], signal.SIGSTOP)
        daemon.kill()
        end(postmaster)
    one.start()
    assert not is_there(left[one]) and is_there(left[other])
    other.start()
    assert not is_there(left[other])


def postmasters(daemon):
    """Whatever was started in its cluster's directory, one that will not get far included."""
    found = set()
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(daemon.state / "pg").encode() in path.read_bytes().split(b"\0"):
                found.add(int(path.parent.name))
        except OSError:
            pass  # it ended meanwhile
    return found


def test_a_living_postmaster_and_its_children_are_left_alone_though_no_file_names_it(make_daemon):
    """For a minute: so often it looks whether it still is the one that the file names."""
    daemon = make_daemon().start()
    postmaster = daemon.cluster.pid
    with daemon.admin() as client:
        Event(client)
    servers = {pid for pid in children(postmaster) if b"writer" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()}
    daemon.kill()
    (daemon.state / "pg" / "postmaster.pid").unlink()
    daemon.launch()
    wait_until(lambda: "starting the private PostgreSQL" in daemon.log_text(), what="the try to start another")
    assert is_there(postmaster) and len(servers) == 2 and servers <= children(postmaster)
    daemon.kill()
    # What it tried to start would get through once this one has ended, and is named by no file: that is removed with it.
    wait_until(lambda: postmasters(daemon) == {postmaster}, what="the end of the other")
    os.kill(postmaster, signal.SIGQUIT)
    wait_until(lambda: not is_there(postmaster), what="the end of the postmaster")
    daemon.start()  # … and stopped in order: nobody is left in its directory


@pytest.fixture
def small_disk(programs):
    """A daemon whose state directory has 120 MB of its own."""
    if os.getuid() != 0:
        pytest.skip("mounting needs root")
    directory = place.make_directory()
    state = directory / "state"
    state.mkdir()
    account = place.account()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size=120m,uid={account.pw_uid},gid={account.pw_gid},mode=700", "tmpfs", state],
                   check=True)
    one = Daemon(directory, programs, settings={"database": {"batch_deadline_ms": 2000}})
    try:
        yield one
        one.stop()
    finally:
        subprocess.run(["umount", "-l", state], check=True)
        shutil.rmtree(directory)


class Filler(threading.Thread):
    """Puts rooms with keys until it is told to stop; keeps what was answered, and repeats what was not."""

    def __init__(self, daemon, event):
        super().__init__(daemon=True)
        self.client = Client(daemon.unix, checked=False)
        self.event = event
        self.answered, self.open = [], None
        self.refused = self.stopping = False
        self.failure = None

    def put(self, params):
        result = self.client.call("room.put", params)
        assert result["version"] == 1
        self.answered.append(params["room"])
        self.open = None

    def run(self):
        try:
            while not self.stopping:
                self.open = self.open or {"event": self.event.slug, "room": f"room-{len(self.answered)}", "name": "R",
                                          "deadline_ms": 700, "request_key": new_uuid(), "features": ["x" * 200] * 64}
                try:
                    self.put(self.open)
                except RpcError as error:
                    assert error.kind in ("unavailable", "deadline"), error
                    self.refused = True
        except BaseException as failure:  # shown by the test's own thread
            self.failure = failure


def fill(path):
    with open(path, "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * (1 << 20))
        except OSError:
            pass


def need_wal(cluster):
    """Asks for another WAL segment: where there is no room for it, PostgreSQL panics."""
    subprocess.run(cluster._command("postgres", "SELECT pg_switch_wal(); CREATE TABLE IF NOT EXISTS public.filler ()"),
                   capture_output=True, cwd="/", env=place.environment())
    return False


def test_a_full_disk_stops_nobody_for_good_and_loses_nothing_answered(small_disk):
    small_disk.start()
    with small_disk.admin() as client:
        event = Event(client)
        cluster = small_disk.cluster
        before = cluster.pid
        filler = Filler(small_disk, event)
        filler.start()
        wait_until(lambda: filler.failure or len(filler.answered) > 20, 30, "some changes")
        ballast = small_disk.state / "ballast"
        fill(ballast)
        wait_until(lambda: filler.failure or filler.refused or need_wal(cluster), 60, "a change that cannot be made")
        wait_until(lambda: filler.failure or not is_there(before) or need_wal(cluster), 60, "PostgreSQL ends for want of room")
        assert not filler.failure, filler.failure
        ballast.unlink()
        count = len(filler.answered)
        wait_until(lambda: filler.failure or len(filler.answered) > count + 3, 60, "changes again")
        filler.stopping = True
        filler.join(30)
        assert not filler.failure, filler.failure
        if filler.open:
            filler.put({**filler.open, "deadline_ms": 20000})
        assert sorted(row[0] for row in small_disk.cluster.psql("SELECT id FROM usher.room")) == sorted(filler.answered)
        assert client.call("room.put", event=event.slug, room="last", name="L")["version"] == 1
