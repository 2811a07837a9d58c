# SPDX-License-Identifier: Apache-2.0
"""Lines, messages and what JSON-RPC says of them (protocol.md, section 1)."""
import json

import pytest

PING = {"jsonrpc": "2.0", "id": 1, "method": "server.ping"}


def ask(client, data):
    client.send_bytes(data)
    return client.read_message()


def lives_on(client):
    """The same connection still answers."""
    assert client.call("server.ping", any="still here") == {"any": "still here"}


@pytest.fixture
def peer(daemon):
    """A connection without a login."""
    with daemon.client() as client:
        yield client


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
def test_a_line_ends_with_lf_and_may_have_a_cr_before_it(peer, ending):
    assert ask(peer, json.dumps(PING).encode() + ending)["result"] == {"any": None}


def test_empty_lines_are_ignored(peer):
    assert ask(peer, b"\n\r\n\n" + json.dumps(PING).encode() + b"\n")["id"] == 1


def test_a_request_may_come_byte_by_byte(peer):
    for byte in json.dumps(PING).encode() + b"\n":
        peer.send_bytes(bytes([byte]))
    assert peer.read_message()["id"] == 1


def test_several_requests_may_come_in_one_packet(peer):
    numbers = peer.send_many([("server.ping", {"any": n}) for n in range(30)])
    assert [peer.wait(number)["any"] for number in numbers] == list(range(30))


@pytest.mark.parametrize("any", [
    None, True, 0, -1, 2**63 - 1, -2**63, 1.5, "", "参会者 Участник مشارك 🚗", "a\nb\tc\"d\\e\u007f\u2028", [], {},
    [[[]]], {"": {"a": [1, None]}},
], ids=repr)
def test_ping_gives_back_what_it_got_on_one_line(peer, any):
    result = peer.call("server.ping", any=any)["any"]
    assert result == any and type(result) is type(any)


@pytest.mark.parametrize("id", [0, 7, -3, 2**53, 2**63 - 1, 1.5, -0.25, 1e300, "", "a", "1", "参\n\"\\", None])
def test_the_id_comes_back_as_it_was(peer, id):
    reply = ask(peer, json.dumps({**PING, "id": id}).encode() + b"\n")
    assert reply["id"] == id and type(reply["id"]) is type(id) and "result" in reply


@pytest.mark.parametrize("line, offset", [
    (b'nope', 0),
    (b'{"a":}', 5),
    (b'[1,]', 3),
    (b'[1 2]', 3),
    (b'{} x', 3),
    (b'{}{}', 2),
    (b'{"a":1,"a":2}', 7),
    (b'{"a":"\xff"}', 5),
    (b'{"a":"\xed\xa0\x80"}', 5),
    (b'{"a":"\xc0\xaf"}', 5),
    (b'{"a":"\\u0000"}', 5),
    (b'{"a":"\\ud800"}', 5),
    (b'{"a":"\\udc00x"}', 5),
    (b'[1,9223372036854775808]', 3),
    (b'[-9223372036854775809]', 1),
    (b'[1e999]', 1),
    (b'[01]', 1),
    (b"[1,'a']", 3),
    (b'[1\x00]', 2),
    (b'["\xe5\x8f\x82", nul]', 8),
    (b'{"a":1,"\\u0061":2}', 7),
    (b'{"b":{"a":1,"a":2}}', 12),
    (b'[{"a":1},{"a":1,"a":1}]', 16),
    (b'{"a\\u0000":1}', 1),
    (b'["a\x00"]', 1),
    (b'["\xf4\x90\x80\x80"]', 1),
    (b'["\xe5\x8f"]', 1),
    (b'["\x80"]', 1),
    (b'["a\x1f"]', 1),
    (b'["\\u12"]', 1),
    (b'["\\x"]', 1),
    (b'["\\ud800\\u0041"]', 1),
    (b'["\\ud800\\ud800"]', 1),
    (b'\xef\xbb\xbf{}', 0),
    (b'[18446744073709551616]', 1),
    (b'[1e400]', 1),
    (b'[-1e400]', 1),
    (b'[-]', 1),
    (b'[1.]', 1),
    (b'[.5]', 1),
    (b'[+1]', 1),
    (b'[1e]', 1),
    (b'[0x10]', 2),
    (b'[NaN]', 1),
    (b'[Infinity]', 1),
    (b'[TRUE]', 1),
    (b'{"a" 1}', 5),
    (b'{"a":1,}', 7),
    (b'{a:1}', 1),
    (b'{1:1}', 1),
    (b'[}', 1),
    (b'{]', 1),
    (b']', 0),
    (b'[1]]', 3),
    (b'1 1', 2),
    (b' \t [1', 5),
    (b'   ', 3),
])
def test_what_is_no_json_is_refused_with_its_place(peer, line, offset):
    reply = ask(peer, line + b"\n")
    assert reply["id"] is None
    assert reply["error"]["code"] == -32700
    assert reply["error"]["data"] == {"kind": "parse_error", "offset": offset}
    lives_on(peer)


@pytest.mark.parametrize("line, offset", [(b'[1', 2), (b'{"a":1', 6), (b'{"a":', 5), (b'{"a"', 4), (b'"abc', 0)])
def test_a_text_that_ends_too_early_is_refused_at_its_end(peer, line, offset):
    reply = ask(peer, line + b"\n")
    assert reply["error"]["data"] == {"kind": "parse_error", "offset": offset}
    lives_on(peer)


@pytest.mark.parametrize("number", ["1e308", "-1.7976931348623157e308", "1e-400", "-0", "9223372036854775807", "-9223372036854775808",
                                    "0." + "1" * 1000])
def test_numbers_that_fit_are_taken(peer, number):
    line = b'{"jsonrpc":"2.0","id":1,"method":"server.ping","params":{"any":%s}}\n' % number.encode()
    assert ask(peer, line)["result"]["any"] == json.loads(number)


def test_no_part_of_a_batch_is_done_when_its_text_is_bad(peer):
    reply = ask(peer, b'[{"jsonrpc":"2.0","id":1,"method":"server.ping"},{"a":1,"a":2}]\n')
    assert reply["id"] is None and reply["error"]["data"] == {"kind": "parse_error", "offset": 56}


@pytest.mark.parametrize("message", [
    1, "a", None, True, {},
    {"jsonrpc": "1.0", "id": 1, "method": "server.ping"},
    {"jsonrpc": 2.0, "id": 1, "method": "server.ping"},
    {"id": 1, "method": "server.ping"},
    {"jsonrpc": "2.0", "id": 1},
    {"jsonrpc": "2.0", "id": 1, "method": 5},
    {"jsonrpc": "2.0", "id": 1, "method": "server.ping", "params": "any"},
    {"jsonrpc": "2.0", "id": {}, "method": "server.ping"},
    {"jsonrpc": "2.0", "id": [1], "method": "server.ping"},
    {"jsonrpc": "2.0", "id": True, "method": "server.ping"},
    [],
], ids=json.dumps)
def test_what_is_no_request_is_refused(peer, message):
    reply = ask(peer, json.dumps(message).encode() + b"\n")
    assert reply["error"]["code"] == -32600
    assert reply["error"]["data"] == {"kind": "invalid_request"}
    lives_on(peer)


def test_an_unusable_id_is_answered_with_null(peer):
    assert ask(peer, b'{"jsonrpc":"2.0","id":{},"method":"server.ping"}\n')["id"] is None


def test_what_is_no_request_keeps_its_id_where_it_has_one(peer):
    assert ask(peer, b'{"jsonrpc":"2.0","id":7,"method":5}\n')["id"] == 7


def test_positional_params_are_judged_after_method_and_role(peer):
    for method, kind in (("no.such", "unknown_method"), ("room.list", "unauthenticated"), ("auth.whoami", "invalid_params")):
        reply = ask(peer, json.dumps({**PING, "method": method, "params": [1]}).encode() + b"\n")
        assert reply["error"]["data"]["kind"] == kind


def test_positional_params_are_refused(peer):
    reply = ask(peer, json.dumps({**PING, "params": [1]}).encode() + b"\n")
    assert reply["id"] == 1 and reply["error"]["code"] == -32602
    assert reply["error"]["data"]["kind"] == "invalid_params" and reply["error"]["data"]["path"] == ""


def test_an_unknown_method_is_refused(peer):
    for method in ("server.pong", "", "Server.ping", "server.ping ", "rpc.discover"):
        assert peer.fails("unknown_method", method).code == -32601


def test_a_notification_is_never_answered(peer):
    peer.send_bytes(b'{"jsonrpc":"2.0","method":"server.ping"}\n{"jsonrpc":"2.0","method":"no.such"}\n'
                    b'{"jsonrpc":"2.0","method":"server.ping","params":{"x":1}}\n')
    assert ask(peer, json.dumps({**PING, "id": "after"}).encode() + b"\n")["id"] == "after"


def test_a_batch_is_answered_with_one_array(peer):
    batch = [{**PING, "id": n, "params": {"any": n}} for n in range(5)]
    reply = ask(peer, json.dumps(batch).encode() + b"\n")
    assert sorted((one["id"], one["result"]["any"]) for one in reply) == [(n, n) for n in range(5)]


def test_a_batch_answers_each_member_for_itself(peer):
    batch = [PING, 1, {"jsonrpc": "2.0", "id": 2, "method": "no.such"}, {"jsonrpc": "2.0", "method": "server.ping"}, []]
    reply = ask(peer, json.dumps(batch).encode() + b"\n")
    kinds = sorted((str(one["id"]), one.get("error", {}).get("data", {}).get("kind", "")) for one in reply)
    assert kinds == [("1", ""), ("2", "unknown_method"), ("None", "invalid_request"), ("None", "invalid_request")]


def test_an_empty_batch_in_a_batch_is_a_member_that_is_no_request(peer):
    assert ask(peer, b"[[]]\n") == [{"jsonrpc": "2.0", "id": None, "error": {
        "code": -32600, "message": "this is no JSON-RPC 2.0 request", "data": {"kind": "invalid_request"}}}]


def test_a_batch_of_notifications_is_not_answered(peer):
    peer.send_bytes(b'[{"jsonrpc":"2.0","method":"server.ping"},{"jsonrpc":"2.0","method":"server.ping"}]\n')
    assert ask(peer, json.dumps({**PING, "id": "after"}).encode() + b"\n")["id"] == "after"


def test_nothing_is_answered_before_the_line_ends(peer, daemon):
    peer.send_bytes(json.dumps(PING).encode())
    with daemon.client() as other:
        lives_on(other)
    peer.send_bytes(b"\n")
    assert peer.read_message()["id"] == 1


def test_a_peer_that_leaves_in_the_middle_of_a_line_disturbs_nobody(daemon):
    with daemon.client() as leaving:
        leaving.send_bytes(b'{"jsonrpc":"2.0","id":1,')
    with daemon.client() as other:
        lives_on(other)


def test_half_closed_peers_still_get_their_answers(daemon):
    import socket
    with daemon.client() as client:
        numbers = client.send_many([("server.ping", {"any": n}) for n in range(10)])
        client.stream.shutdown(socket.SHUT_WR)
        assert [client.wait(number)["any"] for number in numbers] == list(range(10))
