# SPDX-License-Identifier: Apache-2.0
"""Where the programs are, and as whom they run: PostgreSQL refuses root, so root's daemons run as an ordinary user."""
import os
import pathlib
import pwd
import shutil
import socket
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("USHERD_BUILD", TOP / "build"))
SHARED = pathlib.Path(os.environ.get("USHERD_SHARED", TOP / ".." / "shared"))


def account():
    """The ordinary user that daemons and clusters run as: ourselves, unless we are root."""
    if os.getuid() != 0:
        return pwd.getpwuid(os.getuid())
    for name in (os.environ.get("USHERD_ACCOUNT", "usherd"), "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("no ordinary user to run daemons as")


def as_account(command):
    """The command as that user; it dies with us."""
    prefix = ["setpriv", "--pdeathsig", "TERM"]
    if os.getuid() == 0:
        who = account()
        prefix += [f"--reuid={who.pw_uid}", f"--regid={who.pw_gid}", "--clear-groups"]
    return prefix + [str(word) for word in command]


def leak_checker():
    """With USHERD_VALGRIND daemons run under it: what they lost, or read where nothing was written, ends them with 99."""
    if not os.environ.get("USHERD_VALGRIND"):
        return []
    return ["valgrind", "-q", "--leak-check=full", "--show-leak-kinds=definite,indirect",
            "--errors-for-leak-kinds=definite,indirect", "--error-exitcode=99", "--child-silent-after-fork=yes", "--num-callers=25"]


def environment():
    """Nothing of ours that changes what a daemon does, but the sanitizers' options."""
    keep = ("PATH", "LANG", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS")
    return {name: os.environ[name] for name in keep if name in os.environ}


def make_directory(prefix="usherd-"):
    """A new directory of the account's, with a path short enough for sockets."""
    path = pathlib.Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
    if os.getuid() == 0:
        os.chown(path, account().pw_uid, account().pw_gid)
    path.chmod(0o711)
    return path


def stage(directory):
    """Copies of the programs and their data: the checkout may stand where the account cannot go."""
    directory.mkdir()
    for program in ("daemon/usherd", "client/usher"):
        if (BUILD / program).exists():
            shutil.copy2(BUILD / program, directory)
    shutil.copytree(TOP / "sql", directory / "sql")
    shutil.copy2(TOP / "config" / "demo" / "demo.json", directory)
    for path in [directory, *directory.rglob("*")]:
        path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
    return directory


def state_of(pid):
    """The letter that the kernel gives a process's state; None: there is no such process."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return None
    return stat.rsplit(")", 1)[1].split()[0]


def is_running(pid):
    """Whether there is such a process, one that waits to be reaped aside."""
    return state_of(pid) not in (None, "Z")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
