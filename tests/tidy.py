# SPDX-License-Identifier: Apache-2.0
"""Runs clang-tidy over what a build compiled, and not again over what has not changed since it was found fine.

    tidy.py BUILD JOBS

A file is known by its command, its bytes and those of every header of ours that the compiler read for it.
"""
import concurrent.futures
import functools
import hashlib
import json
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
CONFIGURATION = [TOP / ".clang-tidy", TOP / "tests" / ".clang-tidy"]


@functools.cache
def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def dependencies(build):
    """What each object was made of, as ninja knows it: {object: [file of ours…]}"""
    out = subprocess.run(["ninja", "-C", build, "-t", "deps"], check=True, capture_output=True, text=True).stdout
    found = {}
    for block in out.split("\n\n"):
        head, *lines = block.strip().splitlines() or [""]
        paths = [pathlib.Path(build, line.strip()).resolve() for line in lines]
        found[re.sub(r": #deps.*", "", head)] = sorted(path for path in paths if path.is_relative_to(TOP))
    return found


def key(entry, files):
    parts = [entry["command"]] + [f"{path} {digest(path)}" for path in CONFIGURATION + files]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def check(build, entry, stamp):
    """What clang-tidy complains of; nothing when it is fine, which is then remembered."""
    done = subprocess.run(["clang-tidy-14", "-p", build, "--quiet", str(pathlib.Path(build, entry["file"]).resolve())],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode == 0:
        stamp.touch()
        return ""
    return said(done.stdout) or done.stderr


def said(text):
    """The complaints, without the pages of notes on how the analyzer got there."""
    kept, keep = [], True
    for line in text.splitlines():
        if re.search(r": (error|warning|note): ", line):
            keep = ": note: " not in line
        if keep:
            kept.append(line)
    return "\n".join(kept)


def main():
    build, jobs = sys.argv[1], int(sys.argv[2])
    made_of = dependencies(build)
    stamps = pathlib.Path(build, "tidy")
    stamps.mkdir(exist_ok=True)
    bad = False
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        waiting = []
        for entry in json.loads(pathlib.Path(build, "compile_commands.json").read_text(encoding="utf-8")):
            if entry["output"] not in made_of:
                sys.exit(f"{entry['output']}: ninja does not know what it was made of")
            stamp = stamps / key(entry, made_of[entry["output"]])
            if not stamp.exists():
                waiting.append(pool.submit(check, build, entry, stamp))
        for complaint in concurrent.futures.as_completed(waiting):
            if complaint.result():
                bad = True
                print(complaint.result())
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
