# SPDX-License-Identifier: Apache-2.0
"""
The commands that README.md shows say what README.md shows. In a `console` block a line after `$ ` is a command, what
follows is what it prints; `…` stands for anything on the rest of a line, and a line of `…` alone for any number of lines.
"""
import os
import re
import shutil
import subprocess

import pytest

from harness import place

README = (place.TOP / "README.md").read_text(encoding="utf-8")


def commands(text):
    """(command, expected lines) of every console block, in order."""
    for block in re.findall(r"^```console\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, expected = part.partition("\n")
            yield command, expected.rstrip("\n").splitlines()


def pattern(lines):
    made = ""
    for line in lines:
        if line == "…":
            made += r"(?:[^\n]*\n)*"
        else:
            made += r"[^\n]*".join(re.escape(piece) for piece in line.split("…")) + r" *\n"
    return made


def test_an_ellipsis_stands_for_the_rest():
    assert re.fullmatch(pattern(["a … c", "…"]), "a b c\nd\ne\n")
    assert re.fullmatch(pattern(["…b", "c"]), "ab\nc\n")
    assert not re.fullmatch(pattern(["a…"]), "b\n")
    assert not re.fullmatch(pattern(["a"]), "a\nb\n")


@pytest.fixture(scope="module")
def demo(programs):
    from harness.daemon import Daemon
    directory = place.make_directory()
    one = Daemon(directory, programs, demo=True).start()
    yield one
    one.stop()
    shutil.rmtree(directory)


def test_every_command_says_what_the_readme_shows(demo, tmp_path):
    environment = {**place.environment(), "USHER_SERVER": demo.unix, "USHER_EVENT": "gcaea-2025", "LC_ALL": "C.UTF-8",
                   "PATH": f"{demo.programs}:{os.environ['PATH']}"}
    shown = list(commands(README))
    assert len(shown) >= 8
    for command, expected in shown:
        done = subprocess.run(["bash", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              cwd=tmp_path, env=environment, timeout=60)
        assert re.fullmatch(pattern(expected), done.stdout), f"$ {command}\n{done.stdout}"


def test_both_ways_in_stand_first():
    ways = README.splitlines()[:6]
    assert any("./dev run" in line for line in ways) and any("./dev test" in line for line in ways)


def test_what_it_points_to_is_there():
    for target in re.findall(r"\]\(([^)#]+)\)", README) + re.findall(r"`(client/\S+?)`", README):
        assert (place.TOP / target).exists(), target
