# SPDX-License-Identifier: Apache-2.0
"""
registration.find over 160,000 names in several scripts: what one who types waits for each kind of question, and how many
are answered a second; beside PostgreSQL with a trigram index over the same words.

    USHERD_BUILD=build-release /usr/bin/python3 -B tests/bench/find.py [COUNT]
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import bench, crowd  # noqa: E402

# what kind of question, and what is typed
QUESTIONS = [
    ("a name", "attendee 00042"),
    ("one word of all", "attendee"),
    ("one letter more than nothing", "at"),
    ("Han characters", crowd.name(44)[:4]),
    ("one Han character", "宿"),
    ("pinyin", "laibin"),
    ("Cyrillic", "участник 000"),
    ("Hangul", "참가자"),
    ("without diacritics", "besokare asa"),
    ("an organisation", "institute 421"),
    ("an e-mail", "attendee-01234@example.org"),
    ("nobody", "nobody at all"),
]
BEYOND_IT = {"pinyin", "without diacritics"}  # what an index of trigrams does not answer: it finds nobody, and fast
RUNS, SECONDS = 3, 1


def request(question):
    return "registration.find", {"event": bench.EVENT, "query": question, "limit": 20}, [
        '"registrations":[]' if "nobody" in question else '"registrations":[{']


def patterns(question):
    words = [f"%{word}%" for word in question.split()][:2]
    return {"first": words[0], "second": words[-1]}


def one_by_one(rig, say):
    """The wait of a lone desk, question by question, in turns with PostgreSQL's."""
    for name, question in QUESTIONS:
        requests = rig.requests("one", [request(question)])
        ours, theirs = [], []
        for run in range(-1, RUNS):
            us = rig.load(requests, seconds=SECONDS)
            them = name not in BEYOND_IT and rig.pgbench("reference_find.sql", 1, SECONDS, variables=patterns(question))
            if run >= 0:  # before: warm, both
                ours.append(us)
                theirs.append(them)
        runs = lambda sides, figure: ", ".join(f"{run[figure]:,.0f}" for run in sides)  # noqa: E731
        said = f"{name} ({question}): p50 {runs(ours, 'p50_us')} µs, p99 {runs(ours, 'p99_us')} µs"
        if name in BEYOND_IT:
            say(said)
            continue
        say(f"{said}; PostgreSQL's p50 {runs(theirs, 'p50_us')} µs")
        say("  " + bench.ratio("wait by PostgreSQL's (p50)", ours, theirs, "p50_us"))


def all_at_once(rig, say):
    requests = rig.requests("all", [request(question) for _, question in QUESTIONS])
    for connections, depth in ((1, 1), (16, 1), (64, 1)):
        for _ in range(RUNS):
            say(f"all kinds in turn, {connections} x {depth}: {bench.told(rig.load(requests, connections, depth, seconds=2))}")


def measure(count, say=lambda text: print(text, flush=True)):
    with bench.Rig() as rig:
        rig.make_event()
        rig.make_people(count)
        rig.psql("postgres", "-c", "CREATE DATABASE reference")
        rig.psql("reference", "-f", rig.here / "sql" / "reference_people.sql")
        people = rig.here / "people.copy"
        rig.psql(rig.database, "-c", "COPY (SELECT id, status, name, name_latin, organisation, title, ticket, version, "
                 f"concat_ws(' ', name, name_latin, organisation, email, search, id) FROM usher.registration) TO '{people}'")
        rig.psql("reference", "-c", f"COPY person FROM '{people}'", "-c", "CREATE INDEX ON person USING gin (words gin_trgm_ops)",
                 "-c", "VACUUM ANALYZE person")
        one_by_one(rig, say)
        all_at_once(rig, say)


if __name__ == "__main__":
    measure(int(sys.argv[1]) if len(sys.argv) > 1 else bench.PEOPLE)
