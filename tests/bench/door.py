# SPDX-License-Identifier: Apache-2.0
"""
Check-ins a second through the socket, beside pgbench doing the same check-in, one transaction each, on the same cluster
in the same minutes: one request alone, 64 connections with one, 64 with 16 under way.

The scans of a checkpoint are 75,000 of 160,000 registrations; of a hundred three are repeated, one is unknown, one is
cancelled. Fresh checkpoints take over as they fill, so that most scans admit. Every reply is checked, and in the end the
log has to hold as many rows as there were answers.

    ./dev bench door
"""
import itertools
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import bench  # noqa: E402

ROW = 75_000
FIRST_CANCELLED = 159_000
# name, connections, under way on each, most scans of a run
LEVELS = [("1 x 1", 1, 1, 8_000), ("64 x 1", 64, 1, ROW), ("64 x 16", 64, 16, 6 * ROW)]  # about as long as pgbench
CLIENTS = (1, 8, 32, 64)
RUNS, SECONDS = 3, 4
ROUNDS = 100  # checkpoints there are
SCRIPT = "reference_checkin.sql"


def scans(people, unknown_each=100):
    """The row of a checkpoint, as reference_checkin.sql has it. One connection may ask for 30 unknown codes a second."""
    for place in range(ROW):
        kind, number, expected = place % 100, place * 48271 % ROW, '"verdict":"admitted"'
        credential = people[number][1]
        if kind == 0 and place % unknown_each == 0:
            credential, expected = f"NOBODY{place}", '"reason":"unknown_credential"'
        elif kind == 1:
            credential, expected = people[FIRST_CANCELLED + place // 100][1], '"reason":"cancelled"'
        elif 1 < kind < 5 and place >= 5000:
            credential, expected = people[(place - 4950) * 48271 % ROW][1], '"reason":"already_admitted"'
        yield "checkin.scan", {"event": bench.EVENT, "checkpoint": "door-@round@", "credential": credential,
                               "nonce": "@nonce@", "device": f"scanner-{place % 64:02d}"}, [
                                   expected, '"replayed":false', '"durability":"committed"']


def prepare(rig):
    """The event, its people, its doors, and the files of requests: (lone, many)."""
    rig.make_event()
    people = rig.make_people()
    rig.load(rig.requests("cancel", (("registration.cancel", {"event": bench.EVENT, "registration": code},
                                      ['"status":"cancelled"']) for code, _ in people[FIRST_CANCELLED:])), connections=64)
    for n in range(ROUNDS):
        rig.admin.call("checkpoint.put", event=bench.EVENT, checkpoint=f"door-{n}", name=f"Door {n}", mode="once")
    # Doors open long after an import: what autovacuum does behind one is no part of either side's figures.
    rig.psql(rig.database, "-c", "VACUUM (ANALYZE)")
    return rig.requests("lone", scans(people, 400)), rig.requests("many", scans(people))


class Rounds:
    """Hands out checkpoints that nobody has used."""

    def __init__(self):
        self.next = 0

    def take(self, scans_most):
        first = self.next
        self.next += -(-scans_most // ROW)
        return first


def run_ours(rig, files, rounds, connections, depth, most):
    rig.psql("postgres", "-c", "CHECKPOINT")
    return rig.load(files[0] if connections == 1 else files[1], connections, depth, count=most, seconds=20,
                    first_round=rounds.take(most))


def run_theirs(rig, rounds, clients, seconds=SECONDS):
    rig.psql("postgres", "-c", "CHECKPOINT")
    return rig.pgbench(SCRIPT, clients, seconds,
                       variables={"i": -1, "clients": clients, "first_round": rounds.take(20 * ROW)})


def take_turns(rig, files, say):
    """{level: runs}, {clients: runs}: us, pgbench, us, pgbench…"""
    ours, theirs = {name: [] for name, *_ in LEVELS}, {clients: [] for clients in CLIENTS}
    our_rounds, their_rounds = Rounds(), Rounds()
    warmed = run_ours(rig, files, our_rounds, 64, 16, ROW // 2)  # both
    run_theirs(rig, their_rounds, 64, 2)
    for _ in range(RUNS):
        for level, clients in itertools.zip_longest(LEVELS, CLIENTS):
            if level:
                ours[level[0]].append(run_ours(rig, files, our_rounds, *level[1:]))
                say(f"usherd  {level[0]:>7}: {bench.told(ours[level[0]][-1])}")
            theirs[clients].append(run_theirs(rig, their_rounds, clients))
            say(f"pgbench {clients:>7}: {bench.told(theirs[clients][-1])}")
    is_whole(rig, warmed, ours, say)
    return ours, theirs


def ceiling(rig, say):
    """The same rows of the log as fast as PostgreSQL takes them when nobody waits for an answer."""
    database, path = rig.database, rig.here / "scans.copy"
    count = int(rig.psql(database, "-c", f"COPY (SELECT * FROM usher.scan LIMIT {3 * ROW}) TO '{path}' (FORMAT binary)",
                         "-c", f"SELECT least(count(*), {3 * ROW}) FROM usher.scan"))
    for what, statement in (("COPY", f"COPY ceiling FROM '{path}' (FORMAT binary)"),
                            ("one INSERT", f"INSERT INTO ceiling SELECT * FROM usher.scan LIMIT {3 * ROW}")):
        rig.psql(database, "-c", "DROP TABLE IF EXISTS ceiling", "-c", "CREATE TABLE ceiling (LIKE usher.scan INCLUDING ALL)",
                 "-c", "CHECKPOINT")
        begun = time.monotonic()
        rig.psql(database, "-c", statement)
        say(f"{what} of {count:,} rows of the log: {count / (time.monotonic() - begun):,.0f} rows/s")
    rig.psql(database, "-c", "DROP TABLE ceiling")


def is_whole(rig, warmed, ours, say):
    """Every load waits for all its answers, so none is under way: a row for each."""
    rows, answers = int(rig.psql(rig.database, "-c", "SELECT count(*) FROM usher.scan")), warmed["requests"]
    answers += sum(run["requests"] for runs in ours.values() for run in runs)
    say(f"answers {answers:,}, rows of the log {rows:,}")
    assert rows == answers, "the log and the answers differ"


def conclude(ours, theirs, say):
    best = max(CLIENTS, key=lambda clients: bench.median(theirs[clients], "per_second"))
    say(f"pgbench is best with {best} clients")
    for name, *_ in LEVELS[1:]:
        say(bench.ratio(f"check-ins {name} by pgbench's best", ours[name], theirs[best]))
    say(bench.ratio("wait of one alone by pgbench's with one client (p50, µs)", ours["1 x 1"], theirs[1], "p50_us"))
    say(f"p99 of 64 x 16: {bench.median(ours['64 x 16'], 'p99_us') / 1000:.1f} ms")
    # With so many always under way a wait is what their number and the pace make it, and so the machine's before ours.
    say(bench.ratio("p99 of 64 x 16 by pgbench's mean wait with 64 clients, a sixteenth under way (µs)", ours["64 x 16"],
                    theirs[64], "p99_us", "mean_us"))


def measure(say=lambda text: print(text, flush=True)):
    with bench.Rig() as rig:
        rig.reference("reference.sql")
        files = prepare(rig)
        ours, theirs = take_turns(rig, files, say)
        ceiling(rig, say)
        conclude(ours, theirs, say)


if __name__ == "__main__":
    measure()
