# SPDX-License-Identifier: Apache-2.0
"""Daemons that are to be hurt: behind a proxy on the shared database, or with a database of their own."""
import shutil

import pytest
from harness import place

HASTY = {"database": {"batch_deadline_ms": 500}}  # a server that says nothing for so long is given up
PATIENT = {"database": {"batch_deadline_ms": 20000}}  # what is held back is not given up
LANES = 4  # of a daemon that is not told otherwise, that of imports among them


@pytest.fixture
def behind(proxy, daemon):
    """behind(settings): another daemon on the shared database, started, that reaches it through `proxy`."""
    made = []

    def make(settings=None):
        directory = place.make_directory()
        made.append(daemon.second(directory, conninfo=proxy.conninfo, settings=settings or HASTY))
        made[-1].start()
        # It serves what it has read before it has connected for what comes, and what is done to a connection that is
        # still being made is not what the tests mean.
        proxy.wait_for_lanes(LANES)
        proxy.wait_for_feed()
        return made[-1]

    yield make
    proxy.mend()
    for one in made:
        one.stop()
        shutil.rmtree(one.directory)


@pytest.fixture
def hasty(behind):
    """One of them, that does not wait long for its database."""
    return behind()


@pytest.fixture
def patient(behind):
    """One of them, that waits for whatever is held back."""
    return behind(PATIENT)
