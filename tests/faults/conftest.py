# SPDX-License-Identifier: Apache-2.0
"""Daemons that are to be hurt: behind a proxy on the shared database, or with a database of their own."""
import shutil

import pytest
from harness import place

HASTY = {"database": {"batch_deadline_ms": 500}}  # a server that says nothing for so long is given up


@pytest.fixture
def behind(proxy, daemon):
    """behind(settings): another daemon on the shared database, started, that reaches it through `proxy`."""
    made = []

    def make(settings=None):
        directory = place.make_directory()
        made.append(daemon.second(directory, conninfo=proxy.conninfo, settings=settings or HASTY))
        return made[-1].start()

    yield make
    proxy.mend()
    for one in made:
        one.stop()
        shutil.rmtree(one.directory)


@pytest.fixture
def hasty(behind):
    """One of them, that does not wait long for its database."""
    return behind()
