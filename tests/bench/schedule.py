# SPDX-License-Identifier: Apache-2.0
"""
schedule.get of one day of a published programme of 300 sessions, beside PostgreSQL making the same JSON of the same rows,
with the best of several numbers of clients.

    ./dev bench schedule
"""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import bench  # noqa: E402

SESSIONS, ROOMS, SPEAKERS, TRACKS = 300, 10, 200, 6
DAY = "2025-10-25"
LEVELS = [("1 x 1", 1, 1), ("64 x 1", 64, 1), ("64 x 16", 64, 16)]
CLIENTS = (1, 8, 32)
RUNS, SECONDS = 3, 3


def session(n):
    return {"session": f"session-{n:03d}", "title": f"第 {n} 场：可观测性与大型分布式系统的运维实践",
            "title_latin": f"Session {n}: observability and the operation of large distributed systems", "kind": "talk",
            "minutes": 30, "track": f"track-{n % TRACKS}", "language": "zh",
            "speakers": [{"speaker": f"speaker-{n * 2 % SPEAKERS:03d}", "role": "speaker"},
                         {"speaker": f"speaker-{(n * 2 + 1) % SPEAKERS:03d}", "role": "host"}]}


def placed(n):
    """Ten rooms, fifteen half hours a day."""
    slot, day = n // ROOMS % 15, n // ROOMS // 15
    return {"session": f"session-{n:03d}", "room": f"room-{n % ROOMS}",
            "start": f"2025-10-{25 + day}T{9 + slot // 2:02d}:{slot % 2 * 30:02d}:00+08:00"}


def prepare(rig):
    rig.make_event()
    call = lambda method, **params: rig.admin.call(method, event=bench.EVENT, **params)  # noqa: E731
    for n in range(ROOMS):
        call("room.put", room=f"room-{n}", name=f"{n} 号厅", name_latin=f"Hall {n}", capacity=200)
    for n in range(TRACKS):
        call("track.put", track=f"track-{n}", name=f"专题 {n}", name_latin=f"Track {n}", colour="#0060a0")
    for n in range(SPEAKERS):
        call("speaker.put", speaker=f"speaker-{n:03d}", name=f"讲者 {n:03d}", name_latin=f"Speaker {n:03d}")
    for n in range(SESSIONS):
        call("session.put", **session(n))
    for n in range(SESSIONS):
        done = call("schedule.place", **placed(n))
        assert done["placed"], done["conflicts"]
    call("schedule.publish")
    asked = call("schedule.get", day=DAY)
    assert len(asked["sessions"]) == SESSIONS // 2
    return asked


def check_reference(rig, asked):
    """It is asked for the same sessions in the same order, and as much of each."""
    compact = lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":"))  # noqa: E731
    made = json.loads(rig.psql(rig.database, "-f", rig.here / "sql" / "reference_schedule.sql"))
    assert [one["session"] for one in made["sessions"]] == [one["session"] for one in asked["sessions"]]
    size, of_reference = len(compact(asked).encode()), len(compact(made).encode())
    assert 0.95 < of_reference / size < 1.05, f"{size} and {of_reference} bytes"
    return size


def measure(say=lambda text: print(text, flush=True)):
    with bench.Rig() as rig:
        size = check_reference(rig, prepare(rig))
        say(f"one day of {SESSIONS} sessions: {size:,} bytes")
        rig.psql(rig.database, "-c", "VACUUM ANALYZE")
        requests = rig.requests("schedule", [("schedule.get", {"event": bench.EVENT, "day": DAY}, ['"session":"session-149"'])])
        ours, theirs = {name: [] for name, *_ in LEVELS}, {clients: [] for clients in CLIENTS}
        for run in range(-1, RUNS):
            for (name, connections, depth), clients in zip(LEVELS, CLIENTS):
                us = rig.load(requests, connections, depth, seconds=SECONDS)
                them = rig.pgbench("reference_schedule.sql", clients, SECONDS, database=rig.database)
                if run < 0:  # warm, both
                    continue
                ours[name].append(us)
                theirs[clients].append(them)
                say(f"usherd  {name:>7}: {bench.told(us)}")
                say(f"pgbench {clients:>7}: {bench.told(them)}")
        best = max(CLIENTS, key=lambda clients: bench.median(theirs[clients], "per_second"))
        for name, *_ in LEVELS:
            say(bench.ratio(f"schedule.get {name} by PostgreSQL's best ({best} clients)", ours[name], theirs[best]))


if __name__ == "__main__":
    measure()
