# SPDX-License-Identifier: Apache-2.0
"""Sums what the suites reported: meson's log of the Check programs, pytest's XML, TAP of the SQL tests.

    tally.py STATUS RESULTS     prints "N passed, M failed" last; fails when M > 0 (STATUS != 0 adds one)
    tally.py --names [FOLDER…]  reads `meson introspect --tests`, prints the names of those folders' tests
"""
import json
import pathlib
import re
import sys
import xml.etree.ElementTree

UNITTEST = re.compile(r"^Ran (\d+) tests? in .*\n\n(?:OK|FAILED \((?:failures=(\d+))?(?:, )?(?:errors=(\d+))?)", re.MULTILINE)
CHECKS = re.compile(r"^\d+%: Checks: (\d+), Failures: (\d+), Errors: (\d+)$", re.MULTILINE)


def unit(path):
    """A Check program, or one of Python's unittest, counts as its checks; one that ends badly without saying how many, as one failure."""
    passed = failed = skipped = 0
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        test = json.loads(line)
        if test["result"] == "SKIP":
            skipped += 1
            continue
        good = bad = 0
        for checks, failures, errors in CHECKS.findall(test.get("stdout", "")):
            bad += int(failures) + int(errors)
            good += int(checks) - int(failures) - int(errors)
        for ran, failures, errors in UNITTEST.findall(test.get("stdout", "") + test.get("stderr", "")):
            bad += int(failures or 0) + int(errors or 0)
            good += int(ran) - int(failures or 0) - int(errors or 0)
        if test["result"] in ("OK", "EXPECTEDFAIL"):
            good = good or 1
        else:
            bad = bad or 1
            print(f"failed: {test['name']} ({test['result'].lower()})")
        passed += good
        failed += bad
    return passed, failed, skipped


def pytest(path):
    passed = failed = skipped = 0
    for case in xml.etree.ElementTree.parse(path).iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
            print(f"failed: {case.get('classname')}.{case.get('name')}")
        elif case.find("skipped") is not None:
            skipped += 1
        else:
            passed += 1
    return passed, failed, skipped


def tap(path):
    """Also holds the file to its plans: tests that were planned and not run have failed."""
    passed = failed = skipped = 0
    planned = 0
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        if re.match(r"1\.\.\d+$", line):
            planned += int(line[3:])
        elif re.match(r"ok\b.*# SKIP", line):
            skipped += 1
        elif re.match(r"ok\b", line):
            passed += 1
        elif re.match(r"(not ok\b|Bail out!)", line):
            failed += 1
            print(f"failed: {line}")
    return passed, failed + max(0, planned - passed - failed - skipped), skipped


def names(folders):
    for test in json.load(sys.stdin):
        folder = test["name"].split()[0]
        if not folders or folder in folders:
            print(test["name"])


def main():
    if sys.argv[1] == "--names":
        names(sys.argv[2:])
        return 0
    results = pathlib.Path(sys.argv[2])
    passed, failed, skipped = 0, 1 if sys.argv[1] != "0" else 0, 0
    for name, read in (("unit.json", unit), ("pytest.xml", pytest), ("sql.tap", tap)):
        if (results / name).exists():
            good, bad, left = read(results / name)
            passed, failed, skipped = passed + good, failed + bad, skipped + left
    if passed + failed == 0:
        print("Nothing was run.")
        failed = 1
    if skipped:
        print(f"{skipped} skipped")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
