# SPDX-License-Identifier: Apache-2.0
"""A file includes only from its own folder, base/, and what its folder stands on.

Besides: what is pure stays so, libpq is store/'s alone, and C code calls the functions of sql/ but names none of its
tables.
"""
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
STANDS_ON = {
    "base": set(),
    "settings": set(),
    "wire": {"settings"},
    "store": {"settings"},
    "programme": set(),
    "door": set(),
    "exchange": {"programme", "door"},
    "api": {"settings", "wire", "store", "programme", "door", "exchange"},
}
# The client stands on base/ and on this.
CLIENT_MAY = {"exchange/csv.h"}
# programme/, door/ and exchange/ are pure: no socket, no SQL, no clock.
PURE = {"programme", "door", "exchange"}
IMPURE = re.compile(
    r"^(libpq-fe|postgres.*|sqlite3|event|event2/.*|sys/(socket|un|epoll|select|poll|time|timerfd)|netinet/.*|arpa/.*|"
    r"netdb|poll|systemd/.*|time)\.h$")
CLOCK = re.compile(r"\b(clock_now|clock_monotonic_us|gettimeofday|clock_gettime|timespec_get|time)\s*\(")
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
# schema_version is what the daemon looks at before there is any function to call.
TABLE = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE|TABLE)\s+usher\.(?!schema_version\b)[\w%]+(?![\w%]|\s*\()")
INCLUDE = re.compile(r'^\s*#\s*include\s+["<]([^">]+)[">]', re.MULTILINE)


def allowed(folder, name):
    """Whether a file of daemon/FOLDER (None: daemon/ itself; "client": client/) may include NAME of ours."""
    other = name.split("/")[0]
    if folder is None or other == "base" or other == folder:
        return True
    if folder == "client":
        return name in CLIENT_MAY
    return other in STANDS_ON[folder]


def problems(path, folder, ours):
    text = path.read_text(encoding="utf-8")
    for name in INCLUDE.findall(text):
        if ".." in name.split("/"):
            yield f"{path.relative_to(TOP)}: {name} leaves its folder by the back door"
        if name.split("/")[0] in ours and "/" in name and not allowed(folder, name):
            yield f"{path.relative_to(TOP)}: {folder}/ may not include {name}"
        if folder in PURE and IMPURE.match(name):
            yield f"{path.relative_to(TOP)}: {folder}/ is pure and may not include {name}"
        if name == "libpq-fe.h" and folder != "store":
            yield f"{path.relative_to(TOP)}: libpq is store/'s alone"
    for found in TABLE.findall(text):
        yield f"{path.relative_to(TOP)}: tables are for the functions of sql/: {found}"
    if folder in PURE and CLOCK.search(COMMENT.sub("", text)):
        yield f"{path.relative_to(TOP)}: {folder}/ has no clock of its own"


def main():
    ours = set(STANDS_ON) | {"client"}
    found = []
    for path in sorted((TOP / "daemon").rglob("*.[ch]")):
        parts = path.relative_to(TOP / "daemon").parts
        folder = parts[0] if len(parts) > 1 else None
        if folder is not None and folder not in STANDS_ON:
            found.append(f"daemon/{folder}/: what it stands on is not said in {pathlib.Path(__file__).name}")
            continue
        found += problems(path, folder, ours)
    for path in sorted((TOP / "client").rglob("*.[ch]")):
        found += problems(path, "client", ours)
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
