# SPDX-License-Identifier: Apache-2.0
"""A client that takes nothing on trust: every reply is held to server.describe and to the table of errors."""
import collections
import itertools
import json
import os
import socket
import time

import jsonschema

REPLY_SECONDS = 40

CODES = {
    "parse_error": -32700,
    "invalid_request": -32600,
    "too_large": -32600,
    "too_deep": -32600,
    "unknown_method": -32601,
    "invalid_params": -32602,
    "internal": -32603,
}

TEXT = {"type": "string"}
COUNT = {"type": "integer", "minimum": 0}
NAMED = {"what": {"type": "string", "minLength": 1}, "id": TEXT}

# protocol.md, section 2: what stands in `data` beside `kind`; what is not required may be absent.
ERROR_DATA = {
    "parse_error": ({"offset": COUNT}, ["offset"]),
    "invalid_request": ({}, []),
    "too_large": ({"limit": COUNT}, ["limit"]),
    "too_deep": ({"limit": COUNT}, ["limit"]),
    "unknown_method": ({}, []),
    "invalid_params": ({"path": {"type": "string", "pattern": "^(/.*)?$"}, "expected": {"type": "string", "minLength": 1}},
                       ["path", "expected"]),
    "unauthenticated": ({"needs": {"enum": ["door", "desk", "organiser", "admin"]}}, []),
    "forbidden": ({"needs": {"enum": ["door", "desk", "organiser", "admin"]}}, []),
    "not_found": (NAMED, ["what", "id"]),
    "exists": (NAMED, ["what", "id"]),
    "stale": ({"version": COUNT, "scan": TEXT}, []),
    "conflict": ({"conflicts": {"type": "array", "minItems": 1, "items": {"type": "object"}}}, ["conflicts"]),
    "in_use": ({"by": {"type": "array", "minItems": 1, "maxItems": 10, "items": {
        "type": "object", "properties": NAMED, "required": ["what", "id"], "additionalProperties": False}}}, ["by"]),
    "full": ({"capacity": COUNT}, ["capacity"]),
    "unavailable": ({"retry_after_ms": COUNT, "done": {"enum": [False, None]}}, ["retry_after_ms", "done"]),
    "deadline": ({}, []),
    "rate_limited": ({"retry_after_ms": {"type": "integer", "minimum": 1}}, ["retry_after_ms"]),
}

# Not of a method, but of the line it stands on.
LINE_KINDS = {"parse_error", "invalid_request", "too_large", "too_deep", "unknown_method"}


class RpcError(Exception):
    def __init__(self, method, error):
        self.method = method
        self.code = error["code"]
        self.message = error["message"]
        self.data = error["data"]
        self.kind = error["data"]["kind"]
        super().__init__(f"{method}: {self.kind}: {self.message} {json.dumps(self.data, ensure_ascii=False)}")


class Closed(Exception):
    """The daemon closed the connection."""


def check_error(method, error, methods):
    """Code, kind and data as the table says; the kind one that the method declares."""
    assert set(error) == {"code", "message", "data"}, error
    assert isinstance(error["message"], str) and error["message"], error
    data = error["data"]
    kind = data.get("kind")
    assert kind in ERROR_DATA, f"{method}: no such kind of error, or one that is a fault: {error}"
    assert error["code"] == CODES.get(kind, -32000), error
    properties, required = ERROR_DATA[kind]
    jsonschema.Draft202012Validator({
        "type": "object", "properties": {"kind": {"const": kind}, **properties}, "required": ["kind", *required],
        "additionalProperties": False}).validate(data)
    if kind == "stale":
        assert ("version" in data) or ("scan" in data), error
    if methods and method in methods and kind not in LINE_KINDS:
        assert kind in methods[method]["errors"], f"{method} does not declare {kind}: {error}"


class Descriptions:
    """server.describe of each address, asked once, with validators made from it."""

    def __init__(self):
        self._methods = {}
        self._validators = {}

    def methods(self, address):
        if address not in self._methods:
            raw = Client(address, checked=False)
            self._methods[address] = raw.call("server.describe")["methods"]
            raw.close()
        return self._methods[address]

    def check_result(self, address, method, result):
        key = (address, method)
        if key not in self._validators:
            schema = self.methods(address)[method]["result"]
            jsonschema.Draft202012Validator.check_schema(schema)
            self._validators[key] = jsonschema.Draft202012Validator(schema)
        errors = [f"{'/'.join(map(str, e.absolute_path))}: {e.message}" for e in
                  self._validators[key].iter_errors(result)]
        assert not errors, f"{method}: the result is not what server.describe says: {errors}: {result}"


DESCRIPTIONS = Descriptions()


def connect(address):
    kind, _, rest = address.partition(":")
    if kind == "unix":
        stream = socket.socket(socket.AF_UNIX)
        stream.connect(rest)
    else:
        host, _, port = rest.rpartition(":")
        stream = socket.create_connection((host, int(port)))
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return stream


def connect_as(address, uid):
    """A Unix connection whose peer is another user (root only)."""
    os.seteuid(uid)
    try:
        return connect(address)
    finally:
        os.seteuid(0)


class Client:
    """
    One connection. `call` sends and waits; `send` and `wait` pipeline. Notifications are kept for `notification`.
    `send_bytes` and `read_message` speak below JSON-RPC, for tests of the framing.
    """

    def __init__(self, address, token=None, checked=True, stream=None, mortal=False):
        self.address = address
        self.checked = checked
        self.mortal = mortal  # the daemon may be killed, in the middle of a line too
        self.stream = stream or connect(address)
        self.rest = b""
        self.ids = itertools.count(1)
        self.sent = {}
        self.replies = {}
        self.arrival = []  # ids in the order in which replies came
        self.unnamed = collections.deque()  # replies with id null
        self.notifications = collections.deque()
        if token:
            self.login = self.call("auth.login", token=token)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.stream.close()

    # ---- bytes and messages ----

    def send_bytes(self, data):
        self.stream.sendall(data)

    def read_line(self, seconds=REPLY_SECONDS):
        end = time.monotonic() + seconds
        while b"\n" not in self.rest:
            self.stream.settimeout(max(0.001, end - time.monotonic()))
            try:
                data = self.stream.recv(1 << 20)
            except socket.timeout:
                raise AssertionError(f"no line within {seconds} s; {len(self.rest)} bytes wait: {self.rest[:200]!r}")
            except ConnectionResetError:
                data = b""
            if not data:
                assert self.mortal or not self.rest, f"closed in the middle of a line: {self.rest[:200]!r}"
                raise Closed
            self.rest += data
        line, _, self.rest = self.rest.partition(b"\n")
        return line

    def read_message(self, seconds=REPLY_SECONDS):
        """The next line, whatever it is: a reply, a notification, a batch's array."""
        message = json.loads(self.read_line(seconds).decode("utf-8"))
        for one in message if isinstance(message, list) else [message]:
            assert one.get("jsonrpc") == "2.0", one
        return message

    def read_to_end(self, seconds=REPLY_SECONDS):
        """What still comes until the daemon closes."""
        messages = []
        try:
            while True:
                messages.append(self.read_message(seconds))
        except Closed:
            return messages

    # ---- requests ----

    def send(self, method, params=None, **more):
        """Sends one request; returns its id for `wait`."""
        number = next(self.ids)
        self.send_request({"jsonrpc": "2.0", "id": number, "method": method, "params": {**(params or {}), **more}})
        return number

    def send_request(self, request):
        self.sent[request["id"]] = request["method"]
        self.send_bytes(json.dumps(request, ensure_ascii=False).encode() + b"\n")

    def send_many(self, requests):
        """[(method, params)…] in one write; their ids."""
        lines, numbers = [], []
        for method, params in requests:
            number = next(self.ids)
            self.sent[number] = method
            numbers.append(number)
            lines.append(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params},
                                    ensure_ascii=False).encode())
        self.send_bytes(b"\n".join(lines) + b"\n")
        return numbers

    def _take(self, message):
        for one in message if isinstance(message, list) else [message]:
            if "method" in one:
                assert set(one) == {"jsonrpc", "method", "params"}, one
                self.notifications.append(one)
                continue
            assert set(one) in ({"jsonrpc", "id", "result"}, {"jsonrpc", "id", "error"}), one
            if one["id"] is None:
                self.unnamed.append(one)
                continue
            assert one["id"] in self.sent, f"a reply to what was never asked: {one}"
            assert one["id"] not in self.replies, f"a second reply: {one}"
            self.arrival.append(one["id"])
            self.replies[one["id"]] = one

    def wait(self, number, seconds=REPLY_SECONDS):
        """The result of that request, or its RpcError raised."""
        while number not in self.replies:
            self._take(self.read_message(seconds))
        reply = self.replies[number]
        method = self.sent[number]
        if "error" in reply:
            check_error(method, reply["error"], DESCRIPTIONS.methods(self.address) if self.checked else None)
            raise RpcError(method, reply["error"])
        if self.checked:
            DESCRIPTIONS.check_result(self.address, method, reply["result"])
        return reply["result"]

    def call(self, method, params=None, **more):
        return self.wait(self.send(method, params, **more))

    def fails(self, kind, method, params=None, /, **more):
        """The call must fail with that kind; the error is returned for a look at its data."""
        try:
            result = self.call(method, params, **more)
        except RpcError as error:
            assert error.kind == kind, f"expected {kind}: {error}"
            return error
        raise AssertionError(f"{method} did not fail with {kind}: {result}")

    def notification(self, method, seconds=REPLY_SECONDS):
        """The params of the next notification of that method."""
        end = time.monotonic() + seconds
        while True:
            for one in self.notifications:
                if one["method"] == method:
                    self.notifications.remove(one)
                    return one["params"]
            self._take(self.read_message(max(0.001, end - time.monotonic())))

    def closing(self, seconds=REPLY_SECONDS):
        """The reason of server.closing; then the connection must end."""
        reason = self.notification("server.closing", seconds)["reason"]
        self.read_to_end(seconds)
        return reason
