#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""usher against a socket that answers as told: exit statuses, what is sent, what is shown."""
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

USHER = sys.argv[1]

METHODS = {
    "room.get": {"role": "door", "summary": "a room", "changes": False, "errors": ["not_found"],
                 "params": {"type": "object", "required": ["event", "room"], "properties": {
                     "event": {"type": "string"}, "room": {"type": "string"},
                     "limit": {"type": "integer", "minimum": 1, "maximum": 9, "default": 3, "description": "how many"}}},
                 "result": {"type": "object", "required": ["room"], "properties": {"room": {"type": "string"}}}},
    "server.info": {"role": "public", "summary": "the daemon", "changes": False, "errors": [],
                    "params": {"type": "object", "properties": {}}, "result": {"type": "object", "properties": {}}},
}


def error(code, kind, message="no", **data):
    return {"error": {"code": code, "message": message, "data": dict(data, kind=kind)}}


class Server:
    """One listener; `answer(method, params)` gives a reply's members, None to close, or a list: a reply, then notifications."""

    def __init__(self, answer):
        self.answer = answer
        self.asked = []
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, "s")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer):
        with peer, peer.makefile("rb") as lines:
            for line in lines:
                request = json.loads(line)
                params = request.get("params", {})
                self.asked.append((request["method"], params))
                replies = self.answer(request["method"], params)
                if replies is None:
                    return
                replies = replies if isinstance(replies, list) else [replies]
                for reply in replies:
                    message = dict(reply, jsonrpc="2.0")
                    if "method" not in reply:
                        message["id"] = request["id"]
                    peer.sendall(json.dumps(message).encode() + b"\n")

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.folder.cleanup()


def answer(method, params):
    if method == "auth.login":
        return {"result": {"role": "door"}} if params["token"] == "good" else error(-32000, "unauthenticated")
    if method == "server.describe":
        if "method" not in params:
            return {"result": {"methods": METHODS}}
        if params["method"] in METHODS:
            return {"result": {"methods": {params["method"]: METHODS[params["method"]]}}}
        return error(-32000, "not_found", what="method", id=params["method"])
    if method in ("room.get", "server.info"):
        return {"result": dict(params, text="林", version=1)}
    if method == "checkin.scan":
        return {"result": {"verdict": "refused", "reason": "unknown_credential"}}
    if method == "room.list":
        return {"result": {"rooms": [{"room": "a", "capacity": 5}], "next": "more/[\"it's\"]"}}
    if method == "gone":
        return None
    if method == "watch.start":
        return [{"result": {"watch": "w", "seq": "s"}}] + [
            {"method": "watch.event", "params": {"watch": "w", "seq": str(i), "topic": "checkin"}} for i in range(3)]
    return error(-32601, "unknown_method", "no such method")


class Usher(unittest.TestCase):
    answer = staticmethod(answer)

    def setUp(self):
        self.server = Server(self.answer)
        self.addCleanup(self.server.close)

    def run_usher(self, *words, environment=None, **more):
        env = {"PATH": os.environ["PATH"], "USHER_SERVER": "unix:" + self.server.path, **(environment or {})}
        return subprocess.run([USHER, *words], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60, **more)

    def asked(self, method):
        return [params for name, params in self.server.asked if name == method]


class Calls(Usher):
    def test_an_answer_is_status_0_and_one_line_of_json(self):
        done = self.run_usher("room.get", "room=a", "limit:=2")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.count("\n"), 1)
        self.assertEqual(json.loads(done.stdout), {"room": "a", "limit": 2, "text": "林", "version": 1})

    def test_a_refused_scan_is_an_answer(self):
        done = self.run_usher("checkin.scan", "credential=X")
        self.assertEqual(done.returncode, 0)
        self.assertEqual(json.loads(done.stdout)["verdict"], "refused")

    def test_an_error_is_status_1_in_words(self):
        done = self.run_usher("room.gte", "room=a")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("no such method (unknown_method)", done.stderr)
        self.assertIn("did you mean room.get?", done.stderr)

    def test_wrong_usage_is_status_2_and_asks_nothing(self):
        for words in ([], ["-q"], ["-o", "xml", "room.get"], ["room.get", "room"], ["room.get", "limit:=x"], ["import"],
                      ["import", "schedule"], ["import", "registrations", "f.csv"], ["watch"], ["describe", "a", "b"],
                      ["-s", "http://x", "room.get"]):
            self.assertEqual(self.run_usher(*words).returncode, 2, words)
        self.assertEqual(self.server.asked, [])

    def test_no_daemon_is_status_3(self):
        for address in ("unix:" + self.server.path + "x", "tcp:127.0.0.1:1", "tcp:no-such-host.invalid:1"):
            done = self.run_usher("-s", address, "room.get")
            self.assertEqual(done.returncode, 3, done.stderr)
            self.assertIn(address, done.stderr)

    def test_a_lost_connection_is_status_3(self):
        self.assertEqual(self.run_usher("gone").returncode, 3)

    def test_help_and_version_need_no_daemon(self):
        for word in ("--help", "-h", "--version", "-V"):
            done = self.run_usher("-s", "unix:/nonexistent", word)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn("usher", done.stdout)

    def test_help_after_a_word_does_nothing_but_help(self):
        for words in (["import", "--help"], ["import", "schedule", "-h"], ["watch", "--help"], ["describe", "--help"]):
            done = self.run_usher(*words)
            self.assertEqual((done.returncode, done.stderr), (0, ""), words)
            self.assertTrue(done.stdout.startswith("usage: usher"), words)
        self.assertEqual(self.server.asked, [])

    def test_help_of_a_method_is_its_description(self):
        done = self.run_usher("room.get", "--help")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("integer, 1 to 9; else 3", done.stdout)
        self.assertEqual([name for name, _ in self.server.asked], ["server.describe"])

    def test_a_table_when_asked_for(self):
        done = self.run_usher("-o", "table", "room.list")
        self.assertEqual(done.stdout, "room  capacity\na            5\n")
        self.assertEqual(shlex.split(done.stderr), ["More:", "add", "cursor=more/[\"it's\"]"], "as the shell reads it")

    def test_tcp_is_spoken_too(self):
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        threading.Thread(target=lambda: self.server.serve(listener.accept()[0]), daemon=True).start()
        done = self.run_usher("-s", "tcp:127.0.0.1:%d" % listener.getsockname()[1], "server.info")
        self.assertEqual(done.returncode, 0, done.stderr)


class Events(Usher):
    def test_the_option_fills_the_event_of_what_takes_one(self):
        self.run_usher("-e", "expo", "room.get", "room=a")
        self.run_usher("room.get", "room=a", environment={"USHER_EVENT": "fair"})
        self.run_usher("-e", "expo", "room.get", "room=a", "event=named")
        self.assertEqual([params["event"] for params in self.asked("room.get")], ["expo", "fair", "named"])

    def test_it_is_left_out_where_none_is_taken(self):
        self.assertEqual(self.run_usher("-e", "expo", "server.info").returncode, 0)
        self.assertEqual(self.asked("server.info"), [{}])

    def test_nothing_is_asked_before_when_it_is_not_given(self):
        self.run_usher("room.get", "room=a")
        self.assertEqual([name for name, _ in self.server.asked], ["room.get"])


class Tokens(Usher):
    def test_a_token_logs_in_first(self):
        for words, environment in ((["-t", "good"], {}), ([], {"USHER_TOKEN": "good"})):
            self.assertEqual(self.run_usher(*words, "server.info", environment=environment).returncode, 0)
        self.assertEqual([name for name, _ in self.server.asked], ["auth.login", "server.info"] * 2)

    def test_a_bad_token_is_status_1(self):
        done = self.run_usher("-t", "bad", "server.info")
        self.assertEqual(done.returncode, 1)
        self.assertIn("(unauthenticated)", done.stderr)
        self.assertEqual(self.asked("server.info"), [])

    def test_a_token_file_that_others_can_read_is_warned_of(self):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("good\n")
            file.flush()
            done = self.run_usher("--token-file", file.name, "server.info")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            os.chmod(file.name, 0o644)
            done = self.run_usher("--token-file", file.name, "server.info")
            self.assertEqual(done.returncode, 0)
            self.assertIn("can be read by others", done.stderr)


class Words(Usher):
    def test_describe_lists_methods_and_tells_of_one(self):
        done = self.run_usher("-o", "table", "describe")
        self.assertIn("room\n  room.get", done.stdout)
        done = self.run_usher("-o", "table", "describe", "room.get")
        self.assertIn("integer, 1 to 9; else 3", done.stdout)
        self.assertEqual(set(json.loads(self.run_usher("describe").stdout)["methods"]), set(METHODS))
        done = self.run_usher("describe", "room.gte")
        self.assertEqual(done.returncode, 1)
        self.assertIn("did you mean room.get?", done.stderr)

    def test_complete_gives_what_completion_needs(self):
        self.assertEqual(self.run_usher("complete").stdout.split(), list(METHODS))
        self.assertEqual(self.run_usher("complete", "room.get").stdout.split(), ["event=", "room=", "limit:="])

    def test_watch_prints_a_line_an_event_until_interrupted(self):
        env = {"USHER_SERVER": "unix:" + self.server.path}
        with subprocess.Popen([USHER, "-e", "expo", "watch", "checkin", "since=5"], env=env, stdout=subprocess.PIPE) as watch:
            lines = [json.loads(watch.stdout.readline()) for _ in range(3)]
            watch.send_signal(signal.SIGINT)
            self.assertEqual(watch.wait(60), 0)
        self.assertEqual([line["seq"] for line in lines], ["0", "1", "2"])
        self.assertEqual(self.asked("watch.start"), [{"event": "expo", "topics": ["checkin"], "since": "5"}])


class Unwatched(Usher):
    def answer(self, method, params):
        return error(-32601, "unknown_method", "no such method")

    def test_a_daemon_that_cannot_be_watched_is_named(self):
        done = self.run_usher("watch", "checkin")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertEqual(done.stderr, "usher: unix:%s: this usherd cannot be watched (unknown_method)\n" % self.server.path)


FRAB = """<schedule><conference><acronym>Expo 25</acronym><title>Expo</title><start>2025-10-25</start><end>2025-10-26</end>
<time_zone_name>Asia/Shanghai</time_zone_name></conference><day date="2025-10-25"/></schedule>"""


class ScheduleImport(Usher):
    formats = ["frab-json", "frab-xml"]

    def setUp(self):
        self.events = set()
        super().setUp()
        self.file = tempfile.NamedTemporaryFile("w", suffix=".xml")
        self.addCleanup(self.file.close)
        self.file.write(FRAB)
        self.file.flush()

    def answer(self, method, params):
        if method == "event.get":
            return {"result": {}} if params["event"] in self.events else error(-32000, "not_found", what="event")
        if method == "event.put":
            self.events.add(params["event"])
            return {"result": {}}
        if method == "server.describe":
            schema = {"properties": {"format": {"enum": self.formats}}}
            return {"result": {"methods": {"schedule.import": {"params": schema}}}}
        if method == "schedule.import":
            return {"result": {"rooms": 1, "sessions": 2, "conflicts": [], "skipped": [{"what": "session", "id": "x", "why": "twice"}]}}
        return error(-32601, "unknown_method")

    def test_the_event_is_made_from_the_file_once(self):
        for _ in range(2):
            done = self.run_usher("import", "schedule", self.file.name)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(json.loads(done.stdout)["sessions"], 2)
        self.assertEqual(self.asked("event.put"), [{
            "event": "expo-25", "name": "Expo", "timezone": "Asia/Shanghai", "starts_on": "2025-10-25",
            "ends_on": "2025-10-26", "day_starts": "00:00", "if_version": 0}])
        self.assertEqual(self.asked("schedule.import"), [{"event": "expo-25", "format": "frab-xml", "body": FRAB}] * 2)

    def test_a_named_event_is_taken_as_it_is(self):
        done = self.run_usher("import", "schedule", "--dry-run", self.file.name, environment={"USHER_EVENT": "fair"})
        self.assertIn(" into fair:", done.stderr, "it may have been set long before")
        self.assertEqual([name for name, _ in self.server.asked], ["schedule.import"])
        self.assertEqual(self.asked("schedule.import")[0]["event"], "fair")
        self.assertIs(self.asked("schedule.import")[0]["dry_run"], True)

    def test_a_dry_run_makes_no_event(self):
        done = self.run_usher("--dry-run", "import", "schedule", self.file.name)
        self.assertEqual(done.returncode, 0)
        self.assertIn("would make the event expo-25", done.stderr)
        self.assertEqual([name for name, _ in self.server.asked], ["event.get", "server.describe"])

    def test_no_event_is_made_for_a_file_that_the_daemon_does_not_take(self):
        self.formats = ["frab-json"]
        done = self.run_usher("import", "schedule", self.file.name)
        self.assertEqual(done.returncode, 1)
        self.assertIn("this usherd does not import frab-xml", done.stderr)
        self.assertEqual(self.asked("event.put"), [])

    def test_a_file_that_cannot_be_read_is_status_1_and_the_next_is_imported(self):
        done = self.run_usher("import", "schedule", "/nonexistent", self.file.name)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(len(self.asked("schedule.import")), 1)


class RegistrationImport(Usher):
    def setUp(self):
        self.busy = 0
        self.waits = threading.Event()
        self.waits.set()
        super().setUp()
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def answer(self, method, params):
        self.waits.wait()
        if method != "registration.import":
            return error(-32601, "unknown_method")
        if self.busy:
            self.busy -= 1
            return error(-32000, "unavailable", retry_after_ms=1, done=None)
        rows = [{"result": "refused", "why": "no such ticket", "path": "/fields/a~1b"} if row["ticket"] == "none" else
                {"result": "created", "registration": "R"} for row in params["rows"]]
        refused = sum(row["result"] == "refused" for row in rows)
        return {"result": {"created": len(rows) - refused, "updated": 0, "unchanged": 0, "refused": refused, "rows": rows}}

    def csv(self, lines):
        path = os.path.join(self.folder.name, "people.csv")
        with open(path, "w", encoding="utf-8") as file:
            file.write("".join(line + "\n" for line in lines))
        return path

    def people(self, count):
        return self.csv(["ticket,name,fields.city"] + ["full,Attendee %05d,上海" % i for i in range(count)])

    def test_rows_go_in_chunks_in_the_files_order(self):
        done = self.run_usher("-e", "expo", "import", "registrations", self.people(1203))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout), {"rows": 1203, "created": 1203, "updated": 0, "unchanged": 0, "refused": 0})
        chunks = self.asked("registration.import")
        self.assertEqual([len(chunk["rows"]) for chunk in chunks], [500, 500, 203])
        self.assertEqual(len({chunk["request_key"] for chunk in chunks}), 3)
        self.assertEqual({chunk["event"] for chunk in chunks}, {"expo"})
        self.assertEqual([row for chunk in chunks for row in chunk["rows"]],
                         [{"ticket": "full", "name": "Attendee %05d" % i, "fields": {"city": "上海"}} for i in range(1203)])

    def test_a_chunk_stays_below_half_a_megabyte(self):
        path = self.csv(["ticket,name,notes"] + ["full,Attendee %05d,%s" % (i, "n" * 5000) for i in range(400)])
        self.assertEqual(self.run_usher("-e", "expo", "import", "registrations", path).returncode, 0)
        chunks = self.asked("registration.import")
        self.assertEqual(sum(len(chunk["rows"]) for chunk in chunks), 400)
        self.assertLess(max(len(json.dumps(chunk)) for chunk in chunks), 600 * 1024)

    def test_refused_rows_are_named_by_line_and_make_status_1(self):
        path = self.csv(["ticket,name", "full,Attendee 00001", "none,Attendee 00002", '"full","Attendee\n00003"', "none,Attendee 00004"])
        done = self.run_usher("-e", "expo", "import", "registrations", path)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr.splitlines(), ["usher: %s:%d: fields.a/b: no such ticket" % (path, line) for line in (3, 6)])
        self.assertEqual(json.loads(done.stdout)["refused"], 2)

    def test_an_unknown_column_is_refused_before_anything_is_sent(self):
        done = self.run_usher("-e", "expo", "import", "registrations", self.csv(["ticket,nmae", "full,x"]))
        self.assertEqual(done.returncode, 1)
        self.assertIn("nmae", done.stderr)
        self.assertEqual(self.server.asked, [])

    def test_an_unavailable_chunk_is_sent_again_under_its_key(self):
        self.busy = 2
        done = self.run_usher("-e", "expo", "import", "registrations", self.people(3))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len({chunk["request_key"] for chunk in self.asked("registration.import")}), 1)
        self.assertEqual(len(self.asked("registration.import")), 3)

    def test_a_dry_run_says_so_and_has_no_key(self):
        self.run_usher("-e", "expo", "import", "registrations", "--dry-run", self.people(3))
        self.assertEqual([set(chunk) for chunk in self.asked("registration.import")], [{"event", "rows", "dry_run"}])

    def test_interrupted_it_waits_for_what_is_under_way_and_says_how_far_it_came(self):
        self.waits.clear()
        env = {"USHER_SERVER": "unix:" + self.server.path}
        with subprocess.Popen([USHER, "-e", "expo", "import", "registrations", self.people(5000)], env=env,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as usher:
            while not self.server.asked and usher.poll() is None:
                pass
            usher.send_signal(signal.SIGINT)
            said = usher.stderr.readline()
            self.waits.set()
            out, rest = usher.communicate(timeout=60)
        self.assertEqual(usher.returncode, 1)
        self.assertIn("interrupted", said)
        rows = json.loads(out)["rows"]
        self.assertEqual(rows, sum(len(chunk["rows"]) for chunk in self.asked("registration.import")))
        self.assertLess(rows, 5000)
        self.assertIn("%d rows were answered" % rows, rest)

    def test_a_lost_connection_is_status_3_and_names_what_is_not_known(self):
        self.server.answer = lambda method, params: None
        done = self.run_usher("-e", "expo", "import", "registrations", self.people(3))
        self.assertEqual(done.returncode, 3)
        self.assertIn("lines 2 to 4 were sent and not answered", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
