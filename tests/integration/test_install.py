# SPDX-License-Identifier: Apache-2.0
"""What `meson install` puts where, and whether the parts name each other rightly."""
import re
import shutil
import subprocess

import pytest

from harness import place


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    destination = tmp_path_factory.mktemp("root")
    subprocess.run(["meson", "install", "-C", place.BUILD, "--no-rebuild", "--destdir", destination], check=True,
                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return destination


def one(root, name):
    found = list(root.rglob(name))
    assert len(found) == 1, f"{name}: {found}"
    return found[0]


def test_everything_is_installed(root):
    for name in ("usherd", "usher", "usherd.service", "usher.1", "usherd.8"):
        assert [path for path in root.rglob(name) if path.is_file()], name
    for name in ("usherd.conf.5", "demo.json", "usher_client.h", "libusher_client.a", "usher_client.pc"):
        one(root, name)
    assert [path.name for path in sorted(root.rglob("sql/*.sql"))] == sorted(path.name for path in (place.TOP / "sql").glob("*.sql"))
    assert (one(root, "completions") / "usher").is_file()
    for folder in ("sysusers.d", "tmpfiles.d", "examples"):
        assert (one(root, folder) / "usherd.conf").is_file()


def test_the_unit_starts_the_program_that_is_installed(root):
    unit = one(root, "usherd.service").read_text()
    program = re.search(r"^ExecStart=(\S+)", unit, re.MULTILINE).group(1)
    assert (root / program.lstrip("/")).is_file()


def test_the_unit_is_well_formed(root, tmp_path):
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed")
    unit = re.sub(r"^ExecStart=", f"ExecStart={root}", one(root, "usherd.service").read_text(), flags=re.MULTILINE)
    unit = re.sub(r"^Documentation=.*\n", "", unit, flags=re.MULTILINE)
    (tmp_path / "usherd.service").write_text(unit)
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", tmp_path / "usherd.service"], capture_output=True, text=True)
    said = [line for line in done.stderr.splitlines() if "usherd.service" in line]
    assert (done.returncode, said) == (0, []), done.stderr


def test_the_completion_is_bash(root):
    subprocess.run(["bash", "-n", one(root, "completions") / "usher"], check=True)


def test_the_example_configuration_changes_nothing(root):
    lines = (one(root, "examples") / "usherd.conf").read_text().splitlines()
    assert not [line for line in lines if line and not line.startswith(("#", "["))]
