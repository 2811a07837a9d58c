#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
Plants the bugs of planted_bugs.py, one at a time, in a copy of the tree, and demands that the tests notice each: those
that the table names have to fail by an assertion of their own. Before any is planted, all of them have to hold.

    planted.py DIRECTORY [NAME...]  plants all bugs, or those named; the copy and its build are kept in DIRECTORY
    planted.py --check              that the table fits the tree: each old text stands there once, each test is there

A text that does not fit, or a build that fails, is a fault of the table and no find. `./dev planted` runs this.
"""
import contextlib
import dataclasses
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree

from planted_bugs import BUGS

TOP = pathlib.Path(__file__).resolve().parent.parent
BUILD_SECONDS, TEST_SECONDS = 1800, 400  # what takes longer has not failed, but hung
OPTIONS = ("-Dbuildtype=debugoptimized", "-Db_sanitize=address,undefined")
# What of pytest's words says that a test found something wrong, and not that something broke under it. The tests' client
# raises an error answer where a result was expected.
ASSERTED = re.compile(r"AssertionError(?!.* that is a fault)|assert |Failed: |harness\.client\.RpcError: [\w.]+: (?!internal)")
HELD, FAILED = "held", "failed"


class Fault(Exception):
    """The table, or what runs it, is at fault: nothing is known of the bug."""


@dataclasses.dataclass(frozen=True)
class Test:
    """PATH::NAME: a function of a Check program, a pytest function, or what a line of the SQL tests' TAP is called."""
    path: str
    name: str

    @classmethod
    def named(cls, text):
        return cls(*text.split("::", 1))

    def __str__(self):
        return f"{self.path}::{self.name}"

    @property
    def kind(self):
        if self.path.startswith("tests/sql/"):
            return "sql"
        return "pytest" if self.path.endswith(".py") else "unit"

    def stands_in(self, text):
        plain = self.name.split("[")[0]
        return {"sql": f"'{self.name}'", "pytest": f"def {plain}(", "unit": f"START_TEST({plain})"}[self.kind] in text


def tests_of(bugs):
    """Those of some bugs by kind, each once."""
    kinds = {}
    for test in dict.fromkeys(Test.named(text) for bug in bugs for text in bug.tests):
        kinds.setdefault(test.kind, []).append(test)
    return kinds


# ---- the table against the tree ----

def misfits(bug):
    def read(path):
        return (TOP / path).read_text(encoding="utf-8") if (TOP / path).exists() else ""

    count = read(bug.file).count(bug.old)
    if count != 1 or bug.old == bug.new:
        yield f"{bug.name}: the old text stands in {bug.file} {count} times, where it should once"
    if not bug.tests:
        yield f"{bug.name}: no test is named"
    for test in map(Test.named, bug.tests):
        if not test.stands_in(read(test.path)):
            yield f"{bug.name}: there is no test {test}"


def check():
    found = [line for bug in BUGS for line in misfits(bug)]
    if len({bug.name for bug in BUGS}) < len(BUGS):
        found.append("two bugs have one name")
    print("\n".join(found) or f"{len(BUGS)} bugs fit the tree")
    return 1 if found else 0


# ---- programs ----

def end(process):
    """Asks it first, for tests leave nothing behind when they are asked; what it had said."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=30)[0]
    raise Fault(f"{process.args[0]} could not be ended")


def run(command, seconds, **more):
    """(status, what it said); a status of None: it took too long, and was ended."""
    process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True, **more)
    try:
        said, _ = process.communicate(timeout=seconds)
        return process.returncode, said
    except subprocess.TimeoutExpired:
        return None, end(process)
    except BaseException:  # told to stop
        end(process)
        raise


def listed():
    """Every file of the checkout that git knows or would add."""
    done = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=TOP, check=True,
                          capture_output=True)
    return [path for path in done.stdout.decode().split("\0") if path and (TOP / path).is_file()]


class Copy:
    """The tree to plant in, and its build. Only what differs is written, so that only that is compiled."""

    def __init__(self, directory):
        self.tree, self.build = directory / "tree", directory / "build"
        self.log = directory / "log"
        self.tree.mkdir(parents=True, exist_ok=True)
        self._mirror()
        if not (self.build / "build.ninja").exists():
            self._build("meson", "setup", *OPTIONS, self.build, self.tree)
        self._build("ninja", "-C", self.build, "build.ninja")  # there may be programs that it does not know of

    def _mirror(self):
        wanted = listed()
        for path in self.tree.rglob("*"):
            if path.is_file() and str(path.relative_to(self.tree)) not in wanted:
                path.unlink()
        for name in wanted:
            path, content = self.tree / name, (TOP / name).read_bytes()
            if not path.exists() or path.read_bytes() != content:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            path.chmod((TOP / name).stat().st_mode)

    @contextlib.contextmanager
    def planted(self, bug):
        path = self.tree / bug.file
        text = path.read_text(encoding="utf-8")
        if text.count(bug.old) != 1 or bug.old == bug.new:
            raise Fault(f"the old text stands in {bug.file} {text.count(bug.old)} times, where it should once")
        path.write_text(text.replace(bug.old, bug.new), encoding="utf-8")
        try:
            yield
        finally:
            path.write_text(text, encoding="utf-8")

    def _build(self, *command):
        status, said = run(command, BUILD_SECONDS)
        self.log.write_text(said)
        if status != 0:
            raise Fault(f"the build failed; all of it stands in {self.log}")

    def made(self, kinds):
        """Builds what these tests run."""
        targets = {"daemon/usherd", "client/usher"} if "pytest" in kinds else set()
        for path in {test.path for test in kinds.get("unit", [])}:
            targets.add(self.program(path))
        if targets:
            self._build("ninja", "-C", self.build, *sorted(targets))

    def program(self, source):
        """The Check program made of a file of tests/, beside the build directory's top."""
        introspect = ["meson", "introspect", "--targets", self.build]
        targets = json.loads(subprocess.run([str(word) for word in introspect], check=True, capture_output=True).stdout)
        wanted = str(self.tree / source)
        for target in targets:
            if any(wanted in sources.get("sources", []) for sources in target["target_sources"]):
                return str(pathlib.Path(target["filename"][0]).relative_to(self.build))
        raise Fault(f"no program is made of {source}")


# ---- tests ----

def environment(copy):
    given = {"USHERD_BUILD": str(copy.build), "ASAN_OPTIONS": "detect_stack_use_after_return=1",
             "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1", "CK_TIMEOUT_MULTIPLIER": "10"}
    return {**given, **os.environ, "USHERD_BUILD": given["USHERD_BUILD"]}


def run_unit(copy, tests):
    """A Check program names those that failed: by an assertion (F), or by breaking (E)."""
    found = {}
    for path in dict.fromkeys(test.path for test in tests):
        status, said = run([copy.build / copy.program(path)], TEST_SECONDS, cwd=copy.tree, env=environment(copy))
        copy.log.write_text(said)
        ended = status is not None and re.search(r"^\d+%: Checks: \d+", said, re.MULTILINE)
        for test in (test for test in tests if test.path == path):
            letters = set(re.findall(rf":([FE]):[^:\n]*:{test.name}:", said))
            word = FAILED if letters == {"F"} else "broke" if letters else HELD
            found[test] = word if ended else "did not come to its end"
    return found


def pytest_word(case):
    failure, error = case.find("failure"), case.find("error")
    if failure is not None:
        return FAILED if ASSERTED.match(failure.get("message", "")) else f"broke: {failure.get('message', '')[:200]}"
    if error is not None:
        return f"broke: {error.get('message', '')[:200]}"
    return "was skipped" if case.find("skipped") is not None else HELD


def run_pytest(copy, tests):
    report = copy.log.with_name("pytest.xml")
    report.unlink(missing_ok=True)
    status, said = run(["/usr/bin/python3", "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}",
                        *tests], TEST_SECONDS, cwd=copy.tree, env=environment(copy))
    copy.log.write_text(said)
    if status not in (0, 1) or not report.exists():
        raise Fault(f"pytest did not come to its end; what it said stands in {copy.log}")
    words = {test: set() for test in tests}
    for case in xml.etree.ElementTree.parse(report).iter("testcase"):
        for test in tests:
            path, name = test.path.removesuffix(".py").replace("/", "."), case.get("name")
            if path.endswith(case.get("classname")) and test.name in (name, name.split("[")[0]):
                words[test].add(pytest_word(case))
    # A test with parameters has noticed when it failed with one of them; what broke after that says no more.
    return {test: FAILED if FAILED in all_said else next(iter(all_said - {HELD}), HELD) if all_said else "was not run"
            for test, all_said in words.items()}


def run_sql(copy, tests):
    files = [copy.tree / path for path in dict.fromkeys(test.path for test in tests)]
    status, said = run([copy.tree / "tests" / "sql" / "run", *files], TEST_SECONDS, env=environment(copy))
    copy.log.write_text(said)
    head = said.partition("# " + files[0].name)[0]
    if status is None or "# migrations" not in head or "not ok" in head:
        raise Fault(f"the migrations could not be applied; what was said stands in {copy.log}")
    found = {}
    for test in tests:
        lines = re.findall(rf"^(not ok|ok) \d+ - {re.escape(test.name)}$", said, re.MULTILINE)
        found[test] = "was not run" if not lines else FAILED if "not ok" in lines else HELD
    return found


RUNS = {"unit": run_unit, "sql": run_sql, "pytest": run_pytest}


def run_tests(copy, kinds):
    copy.made(kinds)
    found = {}
    for kind, one in RUNS.items():
        if kind in kinds:
            found.update(one(copy, kinds[kind]))
    return found


# ---- all of it ----

def holds_unplanted(copy, bugs):
    began = time.monotonic()
    found = run_tests(copy, tests_of(bugs))
    wrong = [f"  {test} {word}" for test, word in found.items() if word != HELD]
    print(f"Unplanted, {len(found) - len(wrong)} of {len(found)} tests hold ({time.monotonic() - began:.0f} s)", *wrong,
          sep="\n", flush=True)
    return not wrong


def is_found(copy, bug):
    began = time.monotonic()
    try:
        with copy.planted(bug):
            found = run_tests(copy, tests_of([bug]))
    except Fault as fault:
        print(f"{bug.name}: the table is at fault ({time.monotonic() - began:.0f} s): {fault}", flush=True)
        return False
    noticed = all(word == FAILED for word in found.values())
    print(f"{bug.name}: {'found' if noticed else 'NOT FOUND'} ({time.monotonic() - began:.0f} s)",
          *(f"  {test}{'' if word == FAILED else ' ' + word}" for test, word in found.items()), sep="\n", flush=True)
    return noticed


def plant(directory, names):
    unknown = set(names) - {bug.name for bug in BUGS}
    if unknown:
        print(f"No such bug: {', '.join(sorted(unknown))}. There are:", *(f"  {bug.name}: {bug.breaks}" for bug in BUGS), sep="\n")
        return 2
    bugs = [bug for bug in BUGS if not names or bug.name in names]
    try:
        copy = Copy(directory)
        if not holds_unplanted(copy, bugs):
            return 1
    except Fault as fault:
        print(fault)
        return 1
    count = sum(is_found(copy, bug) for bug in bugs)
    print(f"{len(bugs)} planted, {count} found")
    return 0 if count == len(bugs) else 1


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if sys.argv[1:] == ["--check"]:
        return check()
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    return plant(pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
