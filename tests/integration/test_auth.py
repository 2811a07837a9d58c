# SPDX-License-Identifier: Apache-2.0
"""Who may do what: tokens, invitations, roles, their ends (protocol.md, section 4)."""
import datetime
import os
import re

import pytest
from harness.client import Client, RpcError, connect_as
from harness.world import Event, new_uuid

ROLES = ["door", "desk", "organiser", "admin"]

# A method each that the role may just call, harmless to repeat.
CALLS = {
    "public": ("server.ping", {}),
    "door": ("room.list", {}),
    "desk": ("registration.list", {}),
    "organiser": ("room.put", {"room": "hall", "name": "Hall"}),
    "admin": ("event.put", {"name": "E", "timezone": "Asia/Shanghai", "starts_on": "2025-10-25", "ends_on": "2025-10-26"}),
}


def soon(seconds):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return at.isoformat()


def call_of(role, client, event):
    method, params = CALLS[role]
    return client.send(method, params if role == "public" else {"event": event.slug, **params})


def test_peers_of_root_and_of_the_daemons_user_are_admin_at_once(daemon):
    with daemon.admin() as client:
        who = client.call("auth.whoami")
        assert (who["role"], who["event"], who["checkpoints"]) == ("admin", None, None)


def test_other_users_of_the_machine_are_nobody(daemon):
    if os.getuid() != 0:
        pytest.skip("connecting as another user needs root")
    with Client(daemon.unix, stream=connect_as(daemon.unix, 65533)) as client:
        assert client.call("auth.whoami")["role"] == "public"
        client.fails("unauthenticated", "token.list")


def test_a_peer_over_tcp_is_nobody_until_it_logs_in(daemon, event):
    with daemon.client() as client:
        assert client.call("auth.whoami")["role"] == "public"
        login = client.call("auth.login", token=event.token("desk"))
        assert login == {"role": "desk", "label": "desk of a test", "event": None, "checkpoints": None}
        assert client.call("auth.whoami") == login


@pytest.mark.parametrize("token", ["", "wrong", "参会", "x" * 300])
def test_a_wrong_token_is_unauthenticated(second_daemon, token):
    one = second_daemon()
    with one.client() as client:
        if token == "":
            with pytest.raises(RpcError) as caught:
                client.call("auth.login", token=token)
            assert caught.value.kind in ("unauthenticated", "invalid_params")
        else:
            client.fails("unauthenticated", "auth.login", token=token)
        assert client.call("auth.whoami")["role"] == "public"


def test_a_failed_login_keeps_the_one_before(second_daemon, event):
    token = event.token("door")
    one = second_daemon()  # after the token: what one daemon has answered, another knows soon, not at once
    with one.client(token) as client:
        client.fails("unauthenticated", "auth.login", token="wrong")
        assert client.call("auth.whoami")["role"] == "door"


@pytest.mark.parametrize("role", ["public"] + ROLES)
@pytest.mark.parametrize("needed", ["public"] + ROLES)
def test_each_role_includes_those_before_it_and_no_other(daemon, event, role, needed):
    order = ["public"] + ROLES
    with daemon.client(None if role == "public" else event.token(role)) as client:
        number = call_of(needed, client, event)
        if order.index(role) >= order.index(needed):
            client.wait(number)
        else:
            with pytest.raises(RpcError) as caught:
                client.wait(number)
            assert caught.value.kind == ("unauthenticated" if role == "public" else "forbidden")
            assert caught.value.data["needs"] == needed


def test_every_method_holds_back_whoever_is_below_its_role(daemon, event):
    order = ["public"] + ROLES
    methods = event.client.call("server.describe")["methods"]
    for role in ("public", "door", "desk", "organiser"):
        with daemon.client(None if role == "public" else event.token(role)) as client:
            for name, method in methods.items():
                if order.index(method["role"]) > order.index(role):
                    error = client.fails("unauthenticated" if role == "public" else "forbidden", name)
                    assert error.data["needs"] == method["role"], name


def test_the_secret_is_shown_once_and_kept_as_a_hash_alone(daemon, admin):
    made = admin.call("token.create", role="door", label="kept as a hash")
    listed = [one for one in admin.call("token.list", limit=1000)["tokens"] if one["id"] == made["id"]]
    assert len(listed) == 1 and listed[0]["label"] == "kept as a hash"
    assert made["token"] not in repr(listed)
    dump = daemon.cluster.psql("SELECT t::text FROM usher.token t")
    assert dump and made["token"] not in repr(dump)


def test_a_token_covers_its_event_and_the_events_within_it(daemon, admin, event):
    child = Event(admin, parent=event.slug)
    other = Event(admin)
    token = admin.call("token.create", role="organiser", label="L", event=event.slug)["token"]
    with daemon.client(token) as client:
        client.call("room.list", event=event.slug)
        client.call("room.list", event=child.slug)
        client.fails("forbidden", "room.list", event=other.slug)
    with daemon.client(admin.call("token.create", role="organiser", label="L", event=child.slug)["token"]) as client:
        client.call("room.list", event=child.slug)
        client.fails("forbidden", "room.list", event=event.slug)


def test_a_bound_admin_may_put_its_event_and_make_events_within_it_alone(daemon, admin, event):
    other = Event(admin)
    dates = {"name": "E", "timezone": "Asia/Shanghai", "starts_on": "2025-10-25", "ends_on": "2025-10-26"}
    with daemon.client(admin.call("token.create", role="admin", label="L", event=event.slug)["token"]) as client:
        assert client.call("event.put", event=event.slug, **dates)["version"] == 2
        assert client.call("event.put", event=f"{event.slug}.forum", parent=event.slug, **dates)["parent"] == event.slug
        for params in ({"event": other.slug}, {"event": "new"}, {"event": "new", "parent": other.slug},
                       {"event": other.slug, "parent": event.slug}):
            client.fails("forbidden", "event.put", {**params, **dates})
            client.fails("forbidden", "event.put", {**params, "surprise": 1})  # judged before the params
        client.fails("forbidden", "token.create", role="door", label="L", event=other.slug, surprise=1)


def test_public_methods_answer_of_another_event_as_without_a_token(daemon, admin, event):
    published, hidden = Event(admin), Event(admin)
    published.room()
    published.session()
    published.place()
    published.call("schedule.publish")
    bound = admin.call("token.create", role="organiser", label="L", event=event.slug)["token"]
    for token in (bound, None):
        with daemon.client(token) as client:
            assert client.call("schedule.get", event=published.slug)["version"] == 1
            error = client.fails("unauthenticated", "schedule.get", event=published.slug, version="draft")
            assert error.data["needs"] == "organiser"
            client.fails("not_found", "event.get", event=hidden.slug)


def test_a_label_is_kept_whole(daemon, admin):
    label = "🎫" * 300
    with daemon.client(admin.call("token.create", role="door", label=label)["token"]) as client:
        assert client.call("auth.whoami")["label"] == label


def test_a_bound_token_sees_no_other_event_in_the_list(daemon, admin, event):
    other = Event(admin)
    token = admin.call("token.create", role="door", label="L", event=event.slug)["token"]
    with daemon.client(token) as client:
        slugs = [one["event"] for one in client.call("event.list", limit=1000)["events"]]
        assert event.slug in slugs and other.slug not in slugs


def test_a_token_of_some_checkpoints_scans_there_alone(daemon, admin, event):
    event.ticket()
    for name in ("north", "south"):
        event.checkpoint(name)
    credential = event.registration()["credential"]
    token = admin.call("token.create", role="door", label="L", event=event.slug, checkpoints=["north"])["token"]
    with daemon.client(token) as client:
        assert client.call("auth.whoami")["checkpoints"] == ["north"]
        assert event.scan(credential, "north", client=client)["verdict"] == "admitted"
        client.fails("forbidden", "checkin.scan", event=event.slug, checkpoint="south", credential=credential, nonce=new_uuid())


def test_checkpoints_need_an_event(admin):
    admin.fails("invalid_params", "token.create", role="door", label="L", checkpoints=["north"])


def test_a_revoked_token_closes_its_connections_at_once(daemon, admin):
    made = admin.call("token.create", role="door", label="to be revoked")
    with daemon.client(made["token"]) as one, daemon.client(made["token"]) as two, daemon.client() as other:
        admin.call("token.revoke", id=made["id"])
        assert one.closing(seconds=10) == "revoked"
        assert two.closing(seconds=10) == "revoked"
        other.fails("unauthenticated", "auth.login", token=made["token"])
        assert other.call("server.ping", any=1) == {"any": 1}


def test_a_token_revoked_at_one_daemon_ends_at_the_other(daemon, admin, second_daemon):
    one = second_daemon()
    made = admin.call("token.create", role="door", label="L")

    def login():
        try:
            return one.client(made["token"])
        except RpcError:
            return None  # the other daemon has not heard of it yet

    from harness.daemon import wait_until
    clients = []
    wait_until(lambda: (clients.append(login()) or clients[-1]), what="the token at the second daemon")
    admin.call("token.revoke", id=made["id"])
    assert clients[-1].closing(seconds=15) == "revoked"


def test_an_expired_token_closes_its_connections(daemon, admin):
    made = admin.call("token.create", role="door", label="L", expires_at=soon(2))
    with daemon.client(made["token"]) as client, daemon.client() as other:
        assert client.closing(seconds=15) == "revoked"
        other.fails("unauthenticated", "auth.login", token=made["token"])


def test_tokens_grant_no_more_than_their_makers(daemon, admin, event):
    other = Event(admin)
    bound = admin.call("token.create", role="organiser", label="L", event=event.slug, expires_at=soon(3600))["token"]
    with daemon.client(bound) as client:
        assert client.call("token.create", role="desk", label="L", event=event.slug, expires_at=soon(60))["token"]
        for params in ({"role": "admin", "event": event.slug}, {"role": "door", "event": other.slug}, {"role": "door"}):
            client.fails("forbidden", "token.create", label="L", expires_at=soon(60), **params)


def test_tokens_of_some_checkpoints_grant_no_others(daemon, admin, event):
    for name in ("north", "south"):
        event.checkpoint(name)
    made = admin.call("token.create", role="organiser", label="L", event=event.slug, checkpoints=["north"])["token"]
    with daemon.client(made) as client:
        assert client.call("token.create", role="door", label="L", event=event.slug, checkpoints=["north"])["token"]
        for more in ({}, {"checkpoints": ["south"]}, {"checkpoints": ["north", "south"]}):
            client.fails("forbidden", "token.create", role="door", label="L", event=event.slug, **more)
            client.fails("forbidden", "token.invite", role="door", label="L", event=event.slug, **more)


def test_what_a_token_grants_ends_no_later_than_itself(daemon, admin):
    end = soon(3600)
    with daemon.client(admin.call("token.create", role="organiser", label="L", expires_at=end)["token"]) as client:
        ids = [client.call("token.create", role="door", label="L", **more)["id"] for more in ({}, {"expires_at": soon(7200)})]
        listed = {one["id"]: one for one in client.call("token.list", limit=1000)["tokens"]}
        for one in ids:
            assert abs((datetime.datetime.fromisoformat(listed[one]["expires_at"]) -
                        datetime.datetime.fromisoformat(end)).total_seconds()) < 0.001


def test_a_bound_token_sees_and_ends_those_of_its_event_alone(daemon, admin, event):
    inside = admin.call("token.create", role="door", label="L", event=event.slug)
    outside = admin.call("token.create", role="door", label="L")
    bound = admin.call("token.create", role="organiser", label="L", event=event.slug)
    with daemon.client(bound["token"]) as client:
        assert {one["id"] for one in client.call("token.list", limit=1000)["tokens"]} == {inside["id"], bound["id"]}
        assert client.fails("not_found", "token.revoke", id=outside["id"]).data["what"] == "token"
        assert client.call("token.revoke", id=inside["id"]) == {"revoked": True}


def test_a_token_cannot_end_before_it_begins(admin):
    for when in (soon(-1), "2025-10-25T09:30:00"):
        assert admin.fails("invalid_params", "token.create", role="door", label="L", expires_at=when).data["path"] == "/expires_at"


def test_an_invitation_is_good_for_its_minutes_alone(daemon, admin, second_daemon):
    invited = admin.call("token.invite", role="door", label="L", minutes=1)
    rows = daemon.cluster.psql(f"UPDATE usher.invite SET good_until = good_until - interval '61 s' WHERE id = '{invited['id']}' "
                               "RETURNING good_until < now()")
    assert rows == [["t"]]
    with second_daemon().client() as client:  # it has read the row as it stands now
        client.fails("unauthenticated", "auth.enrol", code=invited["code"])


def test_failed_logins_are_charged_to_a_uid_of_the_unix_socket(second_daemon):
    if os.getuid() != 0:
        pytest.skip("connecting as another user needs root")
    one = second_daemon()
    with Client(one.unix, stream=connect_as(one.unix, 65533)) as guesser, \
            Client(one.unix, stream=connect_as(one.unix, 65532)) as other:
        kinds = []
        while kinds[-1:] != ["rate_limited"]:
            assert len(kinds) < 100
            with pytest.raises(RpcError) as caught:
                guesser.call("auth.login", token="wrong")
            kinds.append(caught.value.kind)
        assert set(kinds) == {"unauthenticated", "rate_limited"}
        other.fails("unauthenticated", "auth.login", token="wrong")
        with one.client() as elsewhere:
            elsewhere.fails("unauthenticated", "auth.login", token="wrong")


def test_a_desk_may_invite_a_door_and_make_no_token(daemon, event):
    with daemon.client(event.token("desk")) as desk:
        assert desk.fails("forbidden", "token.create", role="door", label="L").data["needs"] == "organiser"
        assert desk.call("token.invite", role="door", label="L")["code"]
        desk.fails("forbidden", "token.invite", role="desk", label="L")


def test_an_invitation_becomes_a_token_once(second_daemon, admin, event, daemon):
    invited = admin.call("token.invite", role="desk", label="Front desk", event=event.slug)
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{8}", invited["code"])
    with daemon.client() as client:
        typed = invited["code"].lower()
        made = client.call("auth.enrol", code=f" {typed[:4]} {typed[4:]} ")
        assert (made["role"], made["label"], made["event"], made["checkpoints"]) == ("desk", "Front desk", event.slug, None)
        assert client.call("auth.whoami")["role"] == "public"
        client.fails("unauthenticated", "auth.enrol", code=invited["code"])
        assert client.call("auth.login", token=made["token"])["role"] == "desk"


def test_a_wrong_code_is_unauthenticated(second_daemon):
    with second_daemon().client() as client:
        client.fails("unauthenticated", "auth.enrol", code="00000000")


def test_a_revoked_invitation_is_worth_nothing(daemon, admin):
    invited = admin.call("token.invite", role="door", label="L")
    admin.call("token.revoke", id=invited["id"])
    with daemon.client() as client:
        client.fails("unauthenticated", "auth.enrol", code=invited["code"])


def test_wrong_codes_count_as_failed_logins(second_daemon):
    with second_daemon().client() as client:
        kinds = []
        for n in range(100):
            try:
                client.call("auth.enrol", code=f"{n:08}")
            except RpcError as error:
                kinds.append(error.kind)
                if error.kind == "rate_limited":
                    break
        assert kinds[0] == "unauthenticated" and kinds[-1] == "rate_limited"
        client.fails("rate_limited", "auth.login", token="wrong")


def test_an_unpublished_event_is_not_there_for_who_has_no_token(daemon, event):
    with daemon.client() as nobody:
        assert nobody.fails("not_found", "event.get", event=event.slug).data == {
            "kind": "not_found", "what": "event", "id": event.slug}
        assert event.slug not in [one["event"] for one in nobody.call("event.list", limit=1000)["events"]]
    with daemon.client(event.token("door")) as door:
        assert door.call("event.get", event=event.slug)["event"] == event.slug


def test_a_published_event_is_there_for_everybody(daemon, event):
    event.room()
    event.session()
    event.place()
    event.call("schedule.publish")
    with daemon.client() as nobody:
        assert nobody.call("event.get", event=event.slug)["event"] == event.slug
        assert [one["session"] for one in nobody.call("schedule.get", event=event.slug)["sessions"]] == ["talk"]
        nobody.fails("unauthenticated", "schedule.get", event=event.slug, version="draft")


def test_the_token_command_prints_a_secret_that_opens_the_running_daemon(daemon, event):
    secret = daemon.token_command("--role", "desk", "--event", event.slug, "--label", "From the command line")

    def login():
        try:
            with daemon.client(secret) as client:
                return client.login
        except RpcError:
            return None

    from harness.daemon import wait_until
    found = []
    wait_until(lambda: (found.append(login()) or found[-1]), what="the token")
    assert found[-1] == {"role": "desk", "label": "From the command line", "event": event.slug, "checkpoints": None}


def test_tokens_and_invitations_end_with_their_event(daemon, admin):
    event = Event(admin)
    token = event.token("organiser", event=event.slug)
    code = admin.call("token.invite", role="door", label="of an event that goes", event=event.slug)["code"]
    with daemon.client(token) as organiser:
        admin.call("event.delete", event=event.slug, confirm=event.slug)
        assert organiser.closing() == "revoked"
    Event(admin, event.slug)
    with daemon.client() as stranger:
        stranger.fails("unauthenticated", "auth.login", token=token)
        stranger.fails("unauthenticated", "auth.enrol", code=code)
