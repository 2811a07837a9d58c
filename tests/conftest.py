# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the integration and fault tests. A `daemon` serves a whole run; what changes one makes its own."""
import pathlib
import shutil
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from harness import place  # noqa: E402
from harness.daemon import Daemon  # noqa: E402
from harness.proxy import Proxy  # noqa: E402
from harness.world import Event  # noqa: E402


@pytest.fixture(scope="session")
def programs():
    """The programs and their data, where the account can reach them."""
    assert (place.BUILD / "daemon" / "usherd").exists(), f"there is no usherd in {place.BUILD}: build it, or set USHERD_BUILD"
    directory = place.make_directory("usherd-programs-")
    yield place.stage(directory / "staged")
    shutil.rmtree(directory)


@pytest.fixture(scope="session")
def daemon(programs):
    """One daemon with a private cluster for all tests that leave it as they found it."""
    directory = place.make_directory()
    one = Daemon(directory, programs).start()
    yield one
    one.stop()
    shutil.rmtree(directory)


@pytest.fixture
def make_daemon(programs):
    """make_daemon(settings=…, demo=…): a daemon with a cluster of its own, for tests that hurt it. Not started yet."""
    made = []

    def make(**more):
        directory = place.make_directory()
        made.append(Daemon(directory, programs, **more))
        return made[-1]

    yield make
    for one in made:
        one.stop()
        shutil.rmtree(one.directory)


@pytest.fixture
def second_daemon(daemon):
    """second_daemon(settings=…): another daemon on the same database, started."""
    made = []

    def make(first=daemon, **more):
        directory = place.make_directory()
        made.append(first.second(directory, **more))
        return made[-1].start()

    yield make
    for one in made:
        one.stop()
        shutil.rmtree(one.directory)


@pytest.fixture
def proxy(daemon):
    """A proxy before the shared daemon's cluster: second_daemon(conninfo=proxy.conninfo) goes through it."""
    directory = place.make_directory()
    directory.chmod(0o755)
    one = Proxy(daemon.cluster, directory)
    yield one
    one.close()
    shutil.rmtree(directory)


@pytest.fixture
def proxied(proxy, daemon, programs):
    """A daemon that reaches the shared database through `proxy`, started; it is stopped before the proxy."""
    directory = place.make_directory()
    one = daemon.second(directory, conninfo=proxy.conninfo).start()
    yield one
    proxy.mode("pass")
    proxy.thaw()
    proxy.back()
    one.stop()
    shutil.rmtree(directory)


@pytest.fixture
def admin(daemon):
    with daemon.admin() as client:
        yield client


@pytest.fixture
def event(admin):
    """An event of the test's own, on an admin's connection."""
    return Event(admin)
