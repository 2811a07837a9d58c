# SPDX-License-Identifier: Apache-2.0
"""usherd as it is run by hand: its words, what it says, how it ends."""
import os
import re
import shutil
import signal
import socket
import subprocess

import pytest

from harness import place
from harness.daemon import wait_until
from harness.postgres import Server


def run(daemon, *words, options=True, **more):
    """The program beside the daemon's own state; what it says and its status."""
    command = daemon.command(*words) if options else place.as_account([daemon.programs / "usherd", *words])
    return subprocess.run(command, capture_output=True, text=True, cwd="/", timeout=90, env=place.environment(), **more)


@pytest.mark.parametrize("words", [["--help"], ["token", "--help"], ["token", "-h"], ["migrate", "--help"], ["check-config", "-h"]])
def test_help_is_an_answer(daemon, words):
    done = run(daemon, *words, options=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: usherd ")


def test_the_version_is_that_of_the_running_daemon(daemon, admin):
    assert run(daemon, "--version", options=False).stdout == f"usherd {admin.call('server.info')['version']}\n"


@pytest.mark.parametrize("words", [["--frob"], ["frob"], ["token"], ["token", "--role", "king"], ["migrate", "now"], ["-l", "nowhere"]])
def test_wrong_usage_is_status_2_and_points_to_the_help(daemon, words):
    done = run(daemon, *words, options=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("Try: usherd --help\n")


def test_check_config_names_every_line_that_is_wrong(daemon):
    wrong = place.make_directory()
    conf = wrong / "usherd.conf"
    conf.write_text("[limits]\nnesting = 2\nnests = 3\n[daemon]\nlog_level = loud\n")
    conf.chmod(0o644)
    done = run(daemon, "-c", conf, "check-config", options=False)
    assert done.returncode == 1
    assert [int(line.split(":")[1]) for line in done.stderr.splitlines()] == [2, 3, 5]
    conf.write_text("[limits]\nnesting = 20\n")
    done = run(daemon, "-c", conf, "check-config", options=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "the configuration is good\n", "")
    conf.unlink()
    wrong.rmdir()


@pytest.mark.parametrize("words", [[], ["migrate"], ["check-config"], ["token", "--role", "door"]])
def test_a_connection_string_that_nothing_can_read_is_refused(daemon, words):
    done = run(daemon, "-d", "hst=1", *words, options=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == 'usherd: the database\'s connection string: invalid connection option "hst"\n'


def test_a_second_daemon_leaves_the_state_of_the_first_alone(daemon, admin):
    second = run(daemon, "-l", f"unix:{daemon.directory}/second.sock")
    assert second.returncode == 1
    assert "another usherd runs with the state directory" in second.stderr
    assert admin.call("server.info")["database"]["state"] == "online"
    assert not [line for line in daemon.log if "has ended" in line]


def test_a_token_for_an_event_that_is_not_there_is_refused(daemon):
    done = run(daemon, "token", "--role", "door", "--event", "nowhere")
    assert (done.returncode, done.stdout) == (1, "")
    assert "nowhere" in done.stderr


def test_a_token_is_made_while_no_daemon_runs(make_daemon):
    one = make_daemon().start()
    one.stop()
    secret = one.token_command("--role", "desk", "--label", "Spare desk")
    one.start()
    with one.client(token=secret) as client:
        assert (client.call("auth.whoami")["role"], client.call("auth.whoami")["label"]) == ("desk", "Spare desk")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_in_order_when_asked_to(make_daemon, number):
    one = make_daemon().start()
    cluster = one.cluster.pid
    one.signal(number)
    one.process.wait(timeout=60)
    one.stop()  # status 0, and no sanitizer has spoken
    assert not place.is_running(cluster)


def test_changes_by_hand_are_seen_after_sighup(make_daemon):
    one = make_daemon().start()
    with one.admin() as client:
        event = "by-hand"
        client.call("event.put", event=event, name="Before", timezone="Asia/Shanghai", starts_on="2025-10-25", ends_on="2025-10-25")
        one.cluster.psql("UPDATE usher.event SET name = 'After', version = version + 1")
        one.signal(signal.SIGHUP)
        wait_until(lambda: client.call("event.get", event=event)["name"] == "After", what="the change made by hand")


def test_the_demo_event_is_loaded_once(make_daemon):
    one = make_daemon(demo=True).start()
    with one.admin() as client:
        first = client.call("event.get", event="gcaea-2025")
        assert (first["edition"], first["series"]) == (12, "Global Chinese Automotive Elites Annual Conference")
        assert client.call("event.get", event="china-embraces-the-world-2025")["parent"] == "gcaea-2025"
        rows = client.call("registration.export", event="gcaea-2025", format="csv")["body"].splitlines()
        assert len(rows) == 901
        assert re.search(r",参会者 00041,Attendee 00041,", rows[41])
    one.stop()
    one.start()
    assert "loading the demo event" not in one.log
    with one.admin() as client:
        assert client.call("event.get", event="gcaea-2025") == first


@pytest.fixture
def bare_server():
    """A server on which usherd was never run, and so without the roles that it would have left there."""
    directory = place.make_directory()
    server = Server(directory)
    yield server
    server.stop()
    shutil.rmtree(directory)


def test_a_database_of_ones_own_is_made_as_the_manual_says(bare_server, make_daemon):
    manual = (place.TOP / "docs" / "operations.md").read_text(encoding="utf-8")
    own = re.search(r"^## A PostgreSQL of your own$.*?^```sh$(.*?)^```$", manual, re.MULTILINE | re.DOTALL).group(1)
    psql, migrate = own.replace("\\\n", "").strip().splitlines()
    for sql in re.findall(r"-c '([^']*)'", psql):
        bare_server.psql(sql)
    assert re.search(r"user=conference_owner' migrate$", migrate)
    one = make_daemon(conninfo=bare_server.conninfo("conference", user="conference"))

    early = run(one, "-l", one.unix)
    assert early.returncode == 1
    assert "usherd -d CONNINFO migrate" in early.stderr

    owner = make_daemon(conninfo=bare_server.conninfo("conference", user="conference_owner"))
    owner.state.mkdir()
    os.chown(owner.state, place.account().pw_uid, place.account().pw_gid)
    for _ in range(2):
        done = run(owner, "migrate")
        assert done.returncode == 0, done.stderr

    one.start()
    with one.admin() as client:
        client.call("event.put", event="own", name="Own", timezone="Asia/Shanghai", starts_on="2025-10-25", ends_on="2025-10-25")
        assert client.call("event.get", event="own")["version"] == 1
    one.stop()


def test_the_manual_tells_of_every_option_and_word_of_the_help(daemon):
    text = run(daemon, "--help", options=False).stdout
    options = set(re.findall(r"(?<![\w-])--?[A-Za-z][\w-]*", text)) - {"-h"}
    words = set(re.findall(r"^ +usherd \[options\] ([a-z-]+)", text, re.MULTILINE))
    page = (place.TOP / "docs" / "usherd.8").read_text()
    assert words == set(re.findall(r"^\.It Cm ([a-z-]+)", page, re.MULTILINE))
    assert options == {"-" + name for name in re.findall(r"Fl (-?[\w-]+)", page)} - {"-h"}


def test_a_socket_that_is_handed_over_is_listened_on(daemon, make_daemon):
    one = make_daemon(conninfo=daemon.cluster.conninfo())
    one.state.mkdir()
    os.chown(one.state, place.account().pw_uid, place.account().pw_gid)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"tcp:127.0.0.1:{listener.getsockname()[1]}"
        script = 'exec 3<&"$0"; export LISTEN_PID=$$ LISTEN_FDS=1; exec "$@"'
        process = subprocess.Popen(["bash", "-c", script, str(listener.fileno()), *map(str, one.command())], cwd="/",
                                   pass_fds=[listener.fileno()], env=place.environment(), stderr=subprocess.PIPE, text=True)
        try:
            assert any(line == "ready\n" for line in process.stderr)
            with one.client(address=address) as client:
                client.call("server.ping")
        finally:
            process.terminate()
            process.stderr.read()
            assert process.wait(timeout=60) == 0
            process.stderr.close()
